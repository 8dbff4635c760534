// What is wrong with a topology, and what is not wise about it.
#include "runtime/topology.hpp"

#include "transport/socket_address.hpp"

#include <algorithm>
#include <filesystem>
#include <functional>
#include <set>
#include <utility>

namespace cohort::runtime {

namespace {

constexpr std::size_t buffer_bytes_min = std::size_t{64} << 10;
constexpr std::size_t clients_limit = 1'000'000;
constexpr std::uint64_t snapshot_log_bytes_min = std::uint64_t{1} << 20;
constexpr std::uint32_t tick_ms_max = 1000;
constexpr std::uint32_t ticks_max = 1'000'000;
constexpr std::uint32_t request_patience_ms_max = 600'000;

using problems = std::vector<topology_problem>;

std::string quoted(const std::string& text) {
  return "\"" + text + "\"";
}

std::string element(const char* list, std::size_t at) {
  return std::string{list} + "[" + std::to_string(at) + "]";
}

// -- names --------------------------------------------------------------------

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
         || (c >= '0' && c <= '9');
}

void check_name(problems& out, const std::string& key,
                const std::string& name) {
  const auto allowed = [](char c) {
    return is_letter_or_digit(c) || c == '-' || c == '_' || c == '.';
  };
  if (name.empty())
    out.push_back({key, "is empty; give it a name"});
  else if (name.size() > name_bytes_max)
    out.push_back({key, "has " + std::to_string(name.size())
                          + " bytes; write at most "
                          + std::to_string(name_bytes_max)});
  else if (!is_letter_or_digit(name.front())
           || !std::all_of(name.begin(), name.end(), allowed))
    out.push_back({key, quoted(name)
                          + " is no name; use letters, digits, '-', '_' and "
                            "'.', and begin with a letter or a digit"});
}

// -- nodes --------------------------------------------------------------------

/// Names what has had an address or a directory before.
struct place_seen {
  std::string what;
  std::string key;
};

void check_unique(problems& out, std::vector<place_seen>& seen,
                  const std::string& what, const std::string& key) {
  const auto before = std::find_if(seen.begin(), seen.end(),
                                   [&](auto& x) { return x.what == what; });
  if (before != seen.end())
    out.push_back({key, quoted(what) + " is that of " + before->key
                          + ", too; each needs its own"});
  else
    seen.push_back({what, key});
}

bool is_wildcard(const std::string& host) {
  return host == "0.0.0.0" || host == "::";
}

void check_reach(problems& out, const topology& x, const std::string& key,
                 const endpoint& where) {
  if (x.insecure || transport::is_loopback(where.host))
    return;
  if (where.host == "localhost")
    out.push_back({key,
                   "\"localhost\" is a name; write the address in numbers,"
                   " \"127.0.0.1\" or \"::1\""});
  else
    out.push_back({key, quoted(where.host)
                          + " can be reached from other machines, and there is "
                            "no TLS yet; write insecure = true under [cluster] "
                            "if the network is trusted"});
}

void check_peer(problems& out, const topology& x, const std::string& key,
                const endpoint& peer) {
  if (peer.host.empty())
    out.push_back({key, "has no host; write \"host:port\""});
  else if (peer.port == 0)
    out.push_back({key,
                   "port 0 is none that others could find; write a port "
                   "from 1 to 65535"});
  else if (is_wildcard(peer.host))
    out.push_back({key, quoted(peer.host)
                          + " is no address that others could connect to; "
                            "write the one of this node"});
  else
    check_reach(out, x, key, peer);
}

void check_client(problems& out, const topology& x, const std::string& key,
                  const endpoint& client) {
  if (client.port == 0 && client.host.empty())
    return;
  if (client.host.empty())
    out.push_back({key, "has no host; write \"host:port\""});
  else if (client.port == 0)
    out.push_back({key,
                   "port 0 is none; write a port from 1 to 65535, or "
                   "leave the key out to serve no clients"});
  else
    check_reach(out, x, key, client);
}

/// Whether `inner` is `outer` or lies within it.
bool is_within(const std::filesystem::path& inner,
               const std::filesystem::path& outer) {
  return std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end())
           .first
         == outer.end();
}

std::filesystem::path plain_path(const std::string& directory) {
  auto text = std::filesystem::path{directory}.lexically_normal().string();
  while (text.size() > 1 && text.back() == '/')
    text.pop_back();
  return text;
}

/// Nodes of one machine must not share files; those of different machines may
/// well use the same path.
void check_directory(problems& out, const topology& x, std::size_t at) {
  const auto& node = x.nodes[at];
  const auto key = element("nodes", at) + ".data";
  if (node.directory.empty()) {
    out.push_back({key,
                   "is empty; name the directory for all that the node "
                   "keeps"});
    return;
  }
  const auto own = plain_path(node.directory);
  for (std::size_t i = 0; i < at; ++i) {
    const auto& other = x.nodes[i];
    const bool same_machine = x.transport == transport_kind::local
                              || other.peer.host == node.peer.host;
    if (!same_machine || other.directory.empty())
      continue;
    const auto theirs = plain_path(other.directory);
    if (is_within(own, theirs) || is_within(theirs, own)) {
      const bool same = own == theirs;
      out.push_back({key, quoted(node.directory)
                            + (same ? " is that of " : " overlaps that of ")
                            + element("nodes", i)
                            + ", too; each needs its own"});
      return;
    }
  }
}

void check_nodes(problems& out, const topology& x) {
  if (x.nodes.empty())
    out.push_back({"nodes", "there are none; a cluster needs at least one"});
  if (x.nodes.size() > nodes_max)
    out.push_back({"nodes", "there are " + std::to_string(x.nodes.size())
                              + "; a cluster has at most "
                              + std::to_string(nodes_max)});
  std::vector<place_seen> names;
  std::vector<place_seen> addresses;
  for (std::size_t i = 0; i < x.nodes.size(); ++i) {
    const auto& node = x.nodes[i];
    const auto key = element("nodes", i);
    check_name(out, key + ".name", node.name);
    if (!node.name.empty())
      check_unique(out, names, node.name, key + ".name");
    if (x.transport == transport_kind::tcp) {
      check_peer(out, x, key + ".peer", node.peer);
      if (node.peer.port != 0)
        check_unique(out, addresses, to_string(node.peer), key + ".peer");
    }
    check_client(out, x, key + ".client", node.client);
    if (node.client.port != 0)
      check_unique(out, addresses, to_string(node.client), key + ".client");
    check_directory(out, x, i);
  }
}

// -- sets ---------------------------------------------------------------------

void check_members(problems& out, const topology& x, const set_plan& set,
                   const std::string& key) {
  std::set<std::string> seen;
  for (const auto& name : set.members)
    if (!seen.insert(name).second)
      out.push_back({key, quoted(name) + " is listed twice; list it once"});
    else if (!x.find(name))
      out.push_back({key, quoted(name)
                            + " is no node; list names of [[nodes]], or leave "
                              "the key out to mean all of them"});
  if (set.members.size() > voters_max)
    out.push_back({key, "has " + std::to_string(set.members.size())
                          + " nodes; a set has at most "
                          + std::to_string(voters_max)});
}

/// The copies that a set waits for, against the rule C5.
void check_copies(problems& out, const topology& x, const set_plan& set,
                  const std::string& key) {
  const auto n = members_of(x, set).size();
  if (!set.m || n == 0)
    return;
  const auto least = replication::default_m(n);
  if (*set.m >= n)
    out.push_back({key, std::to_string(*set.m)
                          + " copies beyond the primary's need more than "
                          + std::to_string(n) + " nodes; write at most "
                          + std::to_string(n - 1)});
  else if (*set.m < least)
    out.push_back({key, std::to_string(*set.m)
                          + " copies beyond the primary's do not survive the "
                            "loss of a minority of "
                          + std::to_string(n) + " nodes; write at least "
                          + std::to_string(least)});
}

void check_sets(problems& out, const topology& x) {
  if (x.sets.empty())
    out.push_back({"sets", "there is none; a cluster needs one"});
  for (std::size_t i = 0; i < x.sets.size(); ++i) {
    const auto& set = x.sets[i];
    const auto key = element("sets", i);
    if (i > 0)
      out.push_back({key,
                     "is one too many; several sets are planned, and not "
                     "in this release: keep one"});
    check_name(out, key + ".name", set.name);
    if (set.name == "meta")
      out.push_back({key + ".name",
                     "\"meta\" is the set of the cluster's own "
                     "facts; choose another name"});
    if (set.mode != replication::sync_mode::primary_backup)
      out.push_back(
        {key + ".mode", quoted(to_string(set.mode))
                          + " is planned, and not in this release; write "
                            "\"primary_backup\""});
    check_members(out, x, set, key + ".members");
    check_copies(out, x, set, key + ".m");
  }
}

// -- limits and timers --------------------------------------------------------

template <class T>
void check_range(problems& out, const std::string& key, T value,
                 std::pair<T, T> range) {
  if (value < range.first || value > range.second)
    out.push_back({key, std::to_string(value) + " is out of range; write "
                          + std::to_string(range.first) + " to "
                          + std::to_string(range.second)});
}

void check_log(problems& out, const node_limits& limits) {
  const auto valid = log_options_of(limits).validate();
  if (valid)
    return;
  // The message begins with the field's name. Blocks follow from segments.
  const auto& text = valid.err().message;
  const auto end = text.find(' ');
  auto field = text.substr(0, end);
  if (field == "block_bytes_max")
    out.push_back({"limits.segment_bytes", "must be at least 65536"});
  else
    out.push_back({"limits." + field, text.substr(end + 1)});
}

void check_limits(problems& out, const node_limits& x) {
  check_range<std::size_t>(out, "limits.clients_max", x.clients_max,
                           {1, clients_limit});
  const auto least = [&](const char* key, std::uint64_t value,
                         std::uint64_t bound) {
    if (value < bound)
      out.push_back({key, std::to_string(value)
                            + " bytes are too few; write at least "
                            + std::to_string(bound)});
  };
  least("limits.client_output_bytes_max", x.client_output_bytes_max,
        buffer_bytes_min);
  least("limits.pending_bytes_max", x.pending_bytes_max, buffer_bytes_min);
  check_log(out, x);
  least("limits.snapshot_log_bytes", x.snapshot_log_bytes,
        snapshot_log_bytes_min);
  if (x.snapshot_log_bytes > x.log_bytes_max)
    out.push_back({"limits.snapshot_log_bytes",
                   "is above log_bytes_max: the log would be full before the "
                   "first snapshot; write at most "
                     + std::to_string(x.log_bytes_max)});
}

void check_timers(problems& out, const node_timers& x) {
  const auto before = out.size();
  check_range(out, "timers.tick_ms", x.tick_ms, {1u, tick_ms_max});
  check_range(out, "timers.heartbeat_ticks", x.heartbeat_ticks,
              {1u, ticks_max});
  check_range(out, "timers.election_ticks", x.election_ticks, {1u, ticks_max});
  check_range(out, "timers.request_patience_ms", x.request_patience_ms,
              {1u, request_patience_ms_max});
  if (out.size() > before)
    return;
  if (x.election_ticks < 2 * x.heartbeat_ticks)
    out.push_back({"timers.election_ticks",
                   "one lost heartbeat would start an election; write at least "
                   "twice heartbeat_ticks, "
                     + std::to_string(2 * x.heartbeat_ticks)});
  const auto election_ms = std::uint64_t{2} * x.election_ticks
                           * std::uint64_t{x.tick_ms};
  if (x.request_patience_ms < election_ms)
    out.push_back({"timers.request_patience_ms",
                   "a request would not outlive an election; write at least 2 "
                   "* election_ticks * tick_ms, "
                     + std::to_string(election_ms)});
}

} // namespace

std::vector<topology_problem> problems_of(const topology& x) {
  problems result;
  check_name(result, "cluster.name", x.cluster_name);
  check_nodes(result, x);
  check_sets(result, x);
  check_limits(result, x.limits);
  check_timers(result, x.timers);
  return result;
}

std::vector<topology_problem> warnings_of(const topology& x) {
  problems result;
  const bool open =
    std::any_of(x.nodes.begin(), x.nodes.end(), [](const auto& node) {
      return (node.peer.port != 0 && !transport::is_loopback(node.peer.host))
             || (node.client.port != 0
                 && !transport::is_loopback(node.client.host));
    });
  if (open)
    result.push_back({"cluster.insecure",
                      "who reaches the ports of this cluster can read and "
                      "change all it has: there is no TLS yet"});
  for (std::size_t i = 0; i < x.sets.size(); ++i) {
    const auto n = members_of(x, x.sets[i]).size();
    const auto key = element("sets", i) + ".members";
    if (n == 1)
      result.push_back({key,
                        "one node keeps this set: its loss is the loss of "
                        "the data"});
    else if (n == 2)
      result.push_back({key,
                        "two nodes keep this set: it stops when either of "
                        "them fails; three survive one failure"});
    else if (n > 0 && n % 2 == 0)
      result.push_back(
        {key, std::to_string(n) + " nodes survive no more failures than "
                + std::to_string(n - 1) + "; an odd number is better"});
  }
  return result;
}

} // namespace cohort::runtime
