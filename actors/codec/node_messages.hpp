// What nodes say to each other beside the sets' protocols, as values.
#pragma once

#include "core/bytes.hpp"
#include "core/ids.hpp"
#include "replication/entry.hpp"

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace cohort {

/// The versions of peer frames that this release reads.
inline constexpr std::uint32_t oldest_peer_version = 1;
inline constexpr std::uint32_t newest_peer_version = 1;

/// Who is at one end of a connection (C2).
struct hello {
  std::uint32_t oldest_version = oldest_peer_version;
  std::uint32_t newest_version = newest_peer_version;
  std::string cluster_name;
  cluster_id cluster; ///< not formed: the disk is empty
  std::string node;
  node_id incarnation; ///< `nobody`: none yet
  std::uint64_t boot = 0;
  std::uint64_t boot_nonce = 0;
  bool formed = false;
  std::uint64_t topology = 0;

  bool operator==(const hello&) const = default;
};

enum class refusal_code : std::uint8_t {
  other_cluster,
  unknown_node,
  rolled_back,
  version,
  tombstone,
  topology,
};

struct refusal {
  refusal_code code{};
  std::string message;
};

using handshake = std::variant<hello, refusal>;

struct form_offer {
  cluster_id cluster;
  bool complete = false;
  node_id incarnation;
  std::vector<std::string> without;
};

struct form_answer {
  cluster_id cluster;
  bool complete = false;
};

/// A node with an empty disk wants an incarnation. Asked twice: with what it
/// was told that it would take the place of, it is known to be alive now, and
/// no request of an earlier life that was long on its way.
struct join_request {
  std::string node;
  std::uint64_t nonce = 0;
  node_id replaces; ///< `nobody`: it was not told yet
};

struct join_reply {
  cluster_id cluster;
  std::uint64_t nonce = 0;
  node_id incarnation; ///< `nobody`: ask again, in the place of `replaces`
  node_id replaces;
};

/// A replica under a new incarnation asks to be a member.
struct join_set {
  node_id replaces;
};

struct snapshot_chunk {
  term_t term;
  replication::log_position position;
  std::uint64_t offset = 0;
  std::uint64_t total = 0;
  bytes data;
};

enum class snapshot_verdict : std::uint8_t {
  wanted,
  done,
  refused,
};

struct snapshot_answer {
  term_t term;
  replication::log_position position;
  std::uint64_t received = 0;
  snapshot_verdict verdict = snapshot_verdict::wanted;
};

/// What a primary knows of another member.
struct backup_status {
  node_id node;
  index_t durable_index;
  bool online = false; ///< answered lately, and has what it needs from the log
};

/// The note of a replica whose set is between two configurations (C4).
inline constexpr const char* changing_members_note =
  "changing its configuration";

struct replica_status {
  set_id set;
  std::string set_name;
  std::string role;
  term_t term;
  node_id primary;
  index_t last_index;
  index_t durable_index;
  index_t commit_index;
  index_t applied_index;
  epoch_t epoch;
  std::vector<node_id> voters;
  std::vector<node_id> learners;
  std::string note; ///< why there is no primary, why it lags; may be empty
  std::vector<backup_status> backups; ///< on a primary
};

struct status_request {
  std::uint64_t id = 0;
};

struct status_reply {
  std::uint64_t id = 0;
  std::string node;
  node_id incarnation;
  std::uint64_t boot = 0;
  std::string version;
  std::vector<replica_status> replicas;
  std::uint64_t uptime_ms = 0;
};

} // namespace cohort
