// What the disk of a simulated replica holds, as values: no files.
#pragma once

#include "replication/replica.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace cohort::testkit::protocol {

/// What a state machine has applied: how far, and a hash of all of it.
struct applied_state {
  index_t index;
  std::int64_t log_time_ms = 0;
  std::uint64_t hash = 0;

  /// Precondition: x follows what was applied before.
  void apply(const replication::entry& x);

  bool operator==(const applied_state&) const = default;
};

/// A snapshot as a replica keeps it: its base and the state it stands for.
struct kept_snapshot {
  replication::log_base base;
  std::uint64_t state_hash = 0;
};

/// Hard state, log and snapshot: what is durable of one replica.
///
/// Invariant: entries are consecutive from base + 1.
class disk {
public:
  /// What one write replaced, so that it can be taken back.
  struct undo {
    replication::hard_state state;
    std::optional<replication::log_base> base; ///< if it was moved
    std::vector<replication::entry> below; ///< dropped, at or below its base
    std::vector<replication::entry> above; ///< dropped otherwise
    std::size_t added = 0;
  };

  replication::hard_state state;
  kept_snapshot snapshot;

  /// The log is empty behind `x`, and so is the snapshot.
  explicit disk(replication::log_base x = {})
    : snapshot{x, 0},
      base_(std::move(x)) {}

  /// The write becomes durable, as a whole.
  undo write(replication::write_request x);

  /// Takes back what was written last. Precondition: nothing but `state` and
  /// `snapshot` was changed since.
  void take_back(undo x);

  replication::recovered_state recover() const;

  const replication::log_base& base() const {
    return base_;
  }
  const std::vector<replication::entry>& entries() const {
    return entries_;
  }
  replication::log_position last() const;
  /// Nothing below the base and beyond the end.
  std::optional<term_t> term_at(index_t index) const;
  /// Whether the log has the entry there; at the base and below all is
  /// committed, and held in a snapshot.
  bool covers(replication::log_position position) const {
    return position.index <= base_.index
           || term_at(position.index) == position.term;
  }

private:
  void move_base(replication::write_request& x, undo& replaced);

  replication::log_base base_;
  std::vector<replication::entry> entries_;
};

} // namespace cohort::testkit::protocol
