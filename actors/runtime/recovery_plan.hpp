// From what a disk kept to what a replica starts from (D7). Pure.
#pragma once

#include "core/result.hpp"
#include "replication/replica.hpp"

#include <optional>

namespace cohort::runtime {

/// What a node found of one set.
struct recovered_parts {
  replication::recovered_state log;
  /// What the engine had made durable; nothing if it keeps no state.
  std::optional<replication::log_base> engine;
  /// The newest snapshot file.
  std::optional<replication::log_base> snapshot;
};

struct recovery_plan {
  replication::recovered_state start; ///< its base is where the machine is
  /// The machine has to be restored from the snapshot file first.
  bool from_snapshot = false;
  /// The log is behind the machine: it has to restart at the base, durably,
  /// before the replica starts.
  bool restart_log = false;
  /// The log has more than the replica will ever ask for: its base is to move
  /// up to that of `start`, so that this is free (D5).
  bool shorten_log = false;
};

/// The machine continues from its engine if that is not behind the log's base,
/// else from the snapshot. What of the log is above that place is replayed; a
/// log that does not reach it, or has another term there, restarts at it.
///
/// Errors: corrupt if neither reaches the log's base.
result<recovery_plan> plan_recovery(recovered_parts found);

} // namespace cohort::runtime
