// What a cluster is made of, as a value: the same on every host, whatever it
// was read from.
#pragma once

#include "core/result.hpp"
#include "replication/configuration.hpp"
#include "storage/log_options.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace cohort::runtime {

struct endpoint {
  std::string host; ///< an address in numbers, or a name to be resolved
  std::uint16_t port = 0;

  bool operator==(const endpoint&) const = default;
};

/// "host:port"; an IPv6 address stands in brackets.
std::string to_string(const endpoint& x);

enum class transport_kind : std::uint8_t {
  tcp,   ///< between machines
  local, ///< within this process
};

enum class engine_kind : std::uint8_t { memory, rocksdb };

const char* to_string(transport_kind kind);
const char* to_string(engine_kind kind);

/// Of nodes, sets and clusters: of letters, digits, '-', '_' and '.', the first
/// a letter or a digit.
inline constexpr std::size_t name_bytes_max = 63;

/// Voters of one set.
inline constexpr std::size_t voters_max = 64;

/// Nodes of one cluster.
inline constexpr std::size_t nodes_max = 64;

/// One node.
struct node_place {
  std::string name;
  endpoint peer;         ///< where the other nodes find it
  endpoint client;       ///< where it serves clients; port 0: it does not
  std::string directory; ///< everything it keeps
};

/// One replica set. Its id is its position, counted from 1; 0 is `meta`.
struct set_plan {
  std::string name;
  replication::sync_mode mode = replication::sync_mode::primary_backup;
  std::optional<std::uint32_t> m; ///< default: replication::default_m()
  engine_kind engine = engine_kind::rocksdb;
  std::vector<std::string> members; ///< names of nodes; empty: all
};

/// Everything that can grow has a bound here.
struct node_limits {
  std::size_t clients_max = 10'000;
  std::size_t client_output_bytes_max = std::size_t{64} << 20;
  std::size_t pending_bytes_max = std::size_t{16} << 20;
  std::uint64_t segment_bytes = std::uint64_t{16} << 20;
  std::uint64_t log_bytes_max = std::uint64_t{1} << 30;
  std::uint64_t log_bytes_limit = std::uint64_t{4} << 30;
  std::uint64_t snapshot_log_bytes = std::uint64_t{64} << 20;
  std::uint64_t disk_reserve_bytes = std::uint64_t{64} << 20;

  bool operator==(const node_limits&) const = default;
};

/// Times of the protocol; docs/PROTOCOL.md has the table and what must hold
/// between them.
struct node_timers {
  std::uint32_t tick_ms = 10;
  std::uint32_t heartbeat_ticks = 5;
  std::uint32_t election_ticks = 20;
  std::uint32_t request_patience_ms = 5000;

  bool operator==(const node_timers&) const = default;
};

struct topology {
  std::string cluster_name;
  transport_kind transport = transport_kind::tcp;
  /// Listening off loopback without TLS, in so many words.
  bool insecure = false;
  std::vector<node_place> nodes;
  std::vector<set_plan> sets;
  node_limits limits;
  node_timers timers;

  const node_place* find(const std::string& name) const;
};

/// A mistake, and which part of the topology it is in, as the topology file
/// calls it: "nodes[1].peer", counted from 0.
struct topology_problem {
  std::string key;
  std::string message; ///< what is wrong, and what to do
};

/// Everything that is wrong, in the order of the keys. Empty: it can work.
std::vector<topology_problem> problems_of(const topology& x);

/// What works, but is not wise: n = 1 or 2, an even number of voters, a network
/// without TLS.
std::vector<topology_problem> warnings_of(const topology& x);

/// The same for all who would form the same cluster: its name, its nodes'
/// names, its sets. The order of the nodes does not count, local settings do
/// not either. Stable: the same on every platform and in every release.
std::uint64_t fingerprint(const topology& x);

/// The nodes that keep a set, sorted by name.
std::vector<std::string> members_of(const topology& x, const set_plan& set);

/// The nodes that keep the meta set, sorted: by name the first 3, with 5 or
/// more nodes the first 5 (C1).
std::vector<std::string> meta_members_of(const topology& x);

/// What the log of a node may use.
storage::log_options log_options_of(const node_limits& limits);

} // namespace cohort::runtime
