// How much of the log stays although a snapshot covers it (D5). Pure.
#pragma once

#include "core/ids.hpp"
#include "replication/entry.hpp"

#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <utility>

namespace cohort::runtime {

/// Follows the snapshots that are durable here, and says when the log may begin
/// at one of them: some of what lies below it is kept for peers that are a
/// little behind, and more while one of them gets a snapshot, up to a bound.
///
/// Not thread-safe.
class snapshot_pins {
public:
  struct limits {
    /// Of the log below the newest snapshot, in bytes of entries.
    std::uint64_t kept_bytes = std::uint64_t{16} << 20;
    /// The same while a peer gets a snapshot.
    std::uint64_t pinned_bytes = std::uint64_t{512} << 20;
  };

  explicit snapshot_pins(const limits& most) : limits_(most) {}

  /// So much more was handed to the applier.
  void handed(std::uint64_t bytes) {
    handed_bytes_ += bytes;
  }

  /// Of all that was handed to the applier, a snapshot at `base` is durable.
  void stored(replication::log_base base);

  void delivery_begins(node_id to) {
    deliveries_.insert(to);
  }
  void delivery_ends(node_id to) {
    deliveries_.erase(to);
  }

  /// Where the log may begin, if that has moved since the last call. Nothing
  /// is kept for peers by a log that is full.
  std::optional<replication::log_base> take_cut(bool full);

private:
  limits limits_;
  /// With how much had been handed over when they became durable; oldest first.
  std::deque<std::pair<replication::log_base, std::uint64_t>> bases_;
  std::uint64_t handed_bytes_ = 0;
  std::set<node_id> deliveries_; ///< peers that get a snapshot
};

} // namespace cohort::runtime
