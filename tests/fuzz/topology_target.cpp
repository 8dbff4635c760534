// The topology file, which people write.
#include "fuzz/bytes_source.hpp"
#include "fuzz/fuzz_target.hpp"
#include "node/topology_file.hpp"

#include <cstdio>
#include <filesystem>

namespace cohort::fuzz::topology_fuzz {

namespace {

using runtime::topology;

/// A basic string of TOML.
std::string in_quotes(std::string_view text) {
  std::string result = "\"";
  for (const char x : text) {
    const auto code = static_cast<unsigned char>(x);
    char escaped[8];
    std::snprintf(escaped, sizeof escaped, "\\u%04x", code);
    if (x == '"' || x == '\\' || code < 0x20 || code == 0x7f)
      result += escaped;
    else
      result += x;
  }
  return result + "\"";
}

void line(std::string& to, const char* key, const std::string& value) {
  to += std::string{key} + " = " + value + "\n";
}

void write_nodes(std::string& to, const topology& x) {
  for (const auto& node : x.nodes) {
    to += "[[nodes]]\n";
    line(to, "name", in_quotes(node.name));
    if (node.peer.port != 0)
      line(to, "peer", in_quotes(to_string(node.peer)));
    if (node.client.port != 0)
      line(to, "client", in_quotes(to_string(node.client)));
    line(to, "data", in_quotes(node.directory));
  }
}

void write_sets(std::string& to, const topology& x) {
  for (const auto& set : x.sets) {
    to += "[[sets]]\n";
    line(to, "name", in_quotes(set.name));
    line(to, "mode", in_quotes(to_string(set.mode)));
    line(to, "engine", in_quotes(to_string(set.engine)));
    if (set.m)
      line(to, "m", std::to_string(*set.m));
    std::string members;
    for (const auto& name : set.members)
      members += (members.empty() ? "" : ", ") + in_quotes(name);
    if (!members.empty())
      line(to, "members", "[" + members + "]");
  }
}

/// The plan as a topology file.
std::string write(const topology& x) {
  std::string to = "[cluster]\n";
  line(to, "name", in_quotes(x.cluster_name));
  line(to, "transport", in_quotes(to_string(x.transport)));
  line(to, "insecure", x.insecure ? "true" : "false");
  write_nodes(to, x);
  write_sets(to, x);
  to += "[limits]\n";
  const auto size = [&](const char* key, std::uint64_t bytes) {
    line(to, key, std::to_string(bytes));
  };
  size("clients_max", x.limits.clients_max);
  size("client_output_bytes_max", x.limits.client_output_bytes_max);
  size("pending_bytes_max", x.limits.pending_bytes_max);
  size("segment_bytes", x.limits.segment_bytes);
  size("log_bytes_max", x.limits.log_bytes_max);
  size("log_bytes_limit", x.limits.log_bytes_limit);
  size("snapshot_log_bytes", x.limits.snapshot_log_bytes);
  size("disk_reserve_bytes", x.limits.disk_reserve_bytes);
  to += "[timers]\n";
  size("tick_ms", x.timers.tick_ms);
  size("heartbeat_ticks", x.timers.heartbeat_ticks);
  size("election_ticks", x.timers.election_ticks);
  size("request_patience_ms", x.timers.request_patience_ms);
  return to;
}

bool same(const topology& x, const topology& y) {
  const auto same_node = [](const auto& a, const auto& b) {
    return a.name == b.name && a.peer == b.peer && a.client == b.client
           && a.directory == b.directory;
  };
  const auto same_set = [](const auto& a, const auto& b) {
    return a.name == b.name && a.mode == b.mode && a.m == b.m
           && a.engine == b.engine && a.members == b.members;
  };
  return x.cluster_name == y.cluster_name && x.transport == y.transport
         && x.insecure == y.insecure && x.limits == y.limits
         && x.timers == y.timers
         && std::equal(x.nodes.begin(), x.nodes.end(), y.nodes.begin(),
                       y.nodes.end(), same_node)
         && std::equal(x.sets.begin(), x.sets.end(), y.sets.begin(),
                       y.sets.end(), same_set);
}

void check_texts(const std::vector<std::string>& texts) {
  for (const auto& x : texts)
    expect(x.starts_with("c.toml"), "a text says which file it is about");
}

/// What a good plan promises to all who use it.
void check_plan(const topology& x) {
  expect(problems_of(x).empty(), "a good file has a good plan");
  expect(log_options_of(x.limits).validate().ok(), "its log can be opened");
  for (const auto& set : x.sets)
    expect(!members_of(x, set).empty(), "a set has members");
  expect(!meta_members_of(x).empty(), "the meta set has members");
  const auto again = config::parse_topology(write(x), "c.toml");
  expect(again.problems.empty(), "a plan can be written as a file");
  expect(same(again.plan, x) && fingerprint(again.plan) == fingerprint(x),
         "a plan that is written is read as the same");
}

} // namespace

COHORT_FUZZ_TARGET(topology) {
  const auto read = config::parse_topology(input, "c.toml");
  check_texts(read.problems);
  check_texts(read.warnings);
  const auto again = config::parse_topology(input, "c.toml");
  expect(again.problems == read.problems && again.warnings == read.warnings,
         "a file is read the same again");
  if (!read.problems.empty())
    return false;
  check_plan(read.plan);
  return true;
}

} // namespace cohort::fuzz::topology_fuzz
