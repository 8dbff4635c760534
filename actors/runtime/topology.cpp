#include "runtime/topology.hpp"

#include <algorithm>

namespace cohort::runtime {

namespace {

/// FNV-1a over 64 bits.
std::uint64_t hash_of(const std::string& text) {
  std::uint64_t result = 0xcbf29ce484222325;
  for (const char c : text) {
    result ^= static_cast<unsigned char>(c);
    result *= 0x100000001b3;
  }
  return result;
}

std::vector<std::string> sorted_names(const topology& x) {
  std::vector<std::string> result;
  for (const auto& node : x.nodes)
    result.push_back(node.name);
  std::sort(result.begin(), result.end());
  return result;
}

/// A set as all nodes have to see it.
std::string canonical_text(const topology& x, const set_plan& set) {
  const auto members = members_of(x, set);
  const auto m = set.m.value_or(replication::default_m(members.size()));
  std::string result = "set " + set.name + " mode " + to_string(set.mode)
                       + " m " + std::to_string(m) + " engine "
                       + to_string(set.engine) + " members";
  for (const auto& name : members)
    result += " " + name;
  return result + "\n";
}

} // namespace

std::string to_string(const endpoint& x) {
  const auto host = x.host.find(':') == std::string::npos ? x.host
                                                          : "[" + x.host + "]";
  return host + ":" + std::to_string(x.port);
}

const char* to_string(transport_kind kind) {
  switch (kind) {
    case transport_kind::tcp:
      return "tcp";
    case transport_kind::local:
      return "local";
  }
  return "unknown";
}

const char* to_string(engine_kind kind) {
  switch (kind) {
    case engine_kind::memory:
      return "memory";
    case engine_kind::rocksdb:
      return "rocksdb";
  }
  return "unknown";
}

const node_place* topology::find(const std::string& name) const {
  const auto at = std::find_if(nodes.begin(), nodes.end(),
                               [&](const auto& x) { return x.name == name; });
  return at == nodes.end() ? nullptr : &*at;
}

std::uint64_t fingerprint(const topology& x) {
  std::string text = "cohort topology 1\ncluster " + x.cluster_name + "\n";
  for (const auto& name : sorted_names(x))
    text += "node " + name + "\n";
  for (const auto& set : x.sets)
    text += canonical_text(x, set);
  return hash_of(text);
}

std::vector<std::string> members_of(const topology& x, const set_plan& set) {
  if (set.members.empty())
    return sorted_names(x);
  auto result = set.members;
  std::sort(result.begin(), result.end());
  return result;
}

std::vector<std::string> meta_members_of(const topology& x) {
  auto result = sorted_names(x);
  const std::size_t most = result.size() < 5 ? 3 : 5;
  if (result.size() > most)
    result.resize(most);
  return result;
}

storage::log_options log_options_of(const node_limits& limits) {
  storage::log_options result;
  result.segment_bytes = limits.segment_bytes;
  result.log_bytes_max = limits.log_bytes_max;
  result.log_bytes_limit = limits.log_bytes_limit;
  result.disk_reserve_bytes = limits.disk_reserve_bytes;
  // Small segments need smaller blocks: a quarter, in whole pages.
  const auto quarter = limits.segment_bytes / 4 / storage::page_bytes
                       * storage::page_bytes;
  result.block_bytes_max = std::min(result.block_bytes_max, quarter);
  return result;
}

} // namespace cohort::runtime
