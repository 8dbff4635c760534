// What a replica, its applier and its snapshot_keeper tell each other about
// snapshots: made and stored, sent and received, restored. None of them leaves
// the process.
#pragma once

#include "core/ids.hpp"
#include "core/result.hpp"
#include "replication/output.hpp"
#include "runtime/messages.hpp"

#include <caf/actor.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace cohort::runtime {

/// To the applier: store a cut of the present state, for peers.
struct make_snapshot {};

/// To the snapshot_keeper: a new snapshot begins. What follows are its pieces.
/// Ends in snapshot_stored or snapshot_failed.
struct store_snapshot {
  replication::log_base base;
  std::uint32_t machine_version = 0;
  std::string sessions;
  std::vector<replication::term_run> terms;
  caf::actor applier; ///< gives pieces, gets credit
};

struct snapshot_piece {
  std::string content;
  bool last = false;
};

/// From the keeper: one more piece may come.
struct piece_taken {};

/// The state up to `base` is durable: to the applier from the keeper, and from
/// the applier to the replica, whose log is not needed up to there any more.
struct snapshot_stored {
  replication::log_base base;
};

/// It is not; the next one will be tried later.
struct snapshot_failed {
  error why;
};

/// To the keeper: send a snapshot to `to`, the newest that there is. Ends in
/// snapshot_delivered.
struct send_snapshot {
  node_id to;
  term_t term;
  index_t at_least; ///< the log begins here: an older one is of no use
};

/// The peer holds everything up to `index`; 0: it failed.
struct snapshot_delivered {
  node_id to;
  index_t index;
};

/// From the keeper to the replica: none is there that could be sent; the
/// applier must make one.
struct snapshot_needed {};

/// From the keeper to the replica: a snapshot of `from` arrived and is durable.
struct snapshot_staged {
  node_id from;
  term_t term;
  replication::log_base base;
};

/// From the replica to the keeper: that one does not become the state.
struct snapshot_unused {
  index_t index;
};

/// To the applier: the staged snapshot becomes the state. Whatever comes after
/// waits until it is.
struct restore_snapshot {
  replication::log_base base;
};

/// To the keeper: its pieces, please. Ends in restore_end.
struct read_snapshot {
  replication::log_base base;
  caf::actor applier;
};

struct restore_end {
  replication::log_base base;
  std::uint32_t machine_version = 0;
  std::string sessions;
  std::vector<replication::term_run> terms;
  result<void> whole;
};

} // namespace cohort::runtime

COHORT_LOCAL_MESSAGE(make_snapshot)
COHORT_LOCAL_MESSAGE(store_snapshot)
COHORT_LOCAL_MESSAGE(snapshot_piece)
COHORT_LOCAL_MESSAGE(piece_taken)
COHORT_LOCAL_MESSAGE(snapshot_stored)
COHORT_LOCAL_MESSAGE(snapshot_failed)
COHORT_LOCAL_MESSAGE(send_snapshot)
COHORT_LOCAL_MESSAGE(snapshot_delivered)
COHORT_LOCAL_MESSAGE(snapshot_needed)
COHORT_LOCAL_MESSAGE(snapshot_staged)
COHORT_LOCAL_MESSAGE(snapshot_unused)
COHORT_LOCAL_MESSAGE(restore_snapshot)
COHORT_LOCAL_MESSAGE(read_snapshot)
COHORT_LOCAL_MESSAGE(restore_end)
