// The roles of a replica, as a variant: what only a primary knows cannot exist
// on a backup (L2).
#pragma once

#include "replication/output.hpp"
#include "replication/rounds.hpp"
#include "replication/send_window.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <variant>
#include <vector>

namespace cohort::replication {

/// Follows a primary, or waits for one.
struct backup {
  node_id primary; ///< `nobody` until one is heard in this term
  /// The log is known to match the primary's up to here.
  index_t verified;
  /// The newest round of the primary that reached this replica.
  std::uint64_t round = 0;
  /// An answer waits until what it covers is durable.
  bool ack_owed = false;
};

/// Votes of one round.
struct ballot {
  std::set<node_id> granted;
  std::set<node_id> refused;
};

/// Asks whether it would be elected, without disturbing anybody.
struct pre_candidate {
  ballot votes;
};

/// Asks to be elected.
struct candidate {
  ballot votes;
  bool transfer = false; ///< the former primary asked for it
};

/// What a primary knows of one peer.
struct progress {
  enum class flow : std::uint8_t {
    probe,     ///< where the logs match is not known: one request at a time
    replicate, ///< requests follow each other without waiting
    snapshot,  ///< the peer needs what is no longer in the log
  };

  explicit progress(const send_window::limits& limits) : window(limits) {}

  flow state = flow::probe;
  index_t match; ///< durable on the peer and equal to this log
  /// The start of the peer's node that acknowledged `match`.
  std::uint64_t boot = 0;
  index_t next; ///< the first entry to send
  /// In probe: the entry behind the position that is being asked for.
  index_t probe_from;
  bool probe_sent = false;
  bool refused_snapshot = false; ///< lately: it is not sent another yet
  bool fetching = false;         ///< entries for it are being read from disk
  bool heartbeat_due = false;   ///< send something even if there is nothing new
  bool is_new = true;           ///< has until the next quorum check to answer
  bool contacted = false;       ///< answered since the last quorum check
  bool answered_lately = false; ///< answered before it, or since
  std::uint64_t round = 0;      ///< the newest round it answered
  index_t commit_told;          ///< the commit_index it was last told
  send_window window;

  /// It denied what it had acknowledged: its disk went back in time. Nothing it
  /// says counts any more (C2).
  bool regressed = false;
  /// Not 0: the peer is suspect since this start of its node (D3).
  std::uint64_t suspect = 0;
  std::uint64_t lift_round = 0;    ///< a vote quorum of others must answer this
  std::optional<index_t> lift_end; ///< the own log's end once they did
};

/// Orders the set's writes.
struct primary {
  std::map<node_id, progress> peers; ///< all members but this node
  rounds round;
  index_t term_start; ///< the empty entry of this term
  std::size_t uncommitted_bytes = 0;
  std::uint32_t heartbeat_ticks = 0;
  std::uint32_t quorum_ticks = 0;
  index_t acknowledged;

  /// A hand-over in progress: the write gate is closed (E3).
  struct hand_over {
    node_id to;
    std::uint32_t ticks_left = 0;
    bool told = false;
  };
  std::optional<hand_over> transfer;
};

using role = std::variant<backup, pre_candidate, candidate, primary>;

} // namespace cohort::replication
