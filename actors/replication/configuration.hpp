// Who keeps a set's copies, in which mode, and the sizes that follow (C4, C5).
#pragma once

#include "core/ids.hpp"
#include "core/result.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace cohort::replication {

/// How a set's copies are kept in step. A mode is data, not a subclass.
enum class sync_mode : std::uint8_t {
  primary_backup,
  semi_async,
  async,
  multi_primary,
};

const char* to_string(sync_mode mode);

/// The configuration of a set: one value, changed by one kind of entry under
/// one joint rule (C4).
struct configuration {
  /// Counts configurations; a change names the epoch it expects to replace.
  epoch_t epoch;
  /// Nodes that vote and whose copies count. Sorted, without duplicates.
  std::vector<node_id> voters;
  /// Nodes that receive and do not count. Sorted, disjoint from the voters.
  std::vector<node_id> learners;
  sync_mode mode = sync_mode::primary_backup;
  /// Copies beyond the primary's that an acknowledgement waits for.
  std::uint32_t m = 0;

  bool operator==(const configuration&) const = default;

  bool is_voter(node_id node) const;
  bool is_learner(node_id node) const;
  bool is_member(node_id node) const {
    return is_voter(node) || is_learner(node);
  }
};

/// Copies beyond the primary's that make an acknowledged write survive the loss
/// of any minority.
constexpr std::uint32_t default_m(std::size_t voter_count) {
  return static_cast<std::uint32_t>(voter_count / 2);
}

/// The sizes of C5. Any `ack` voters meet any `vote` voters, and so do any
/// `read` voters; `ack` >= `read`.
struct quorum_sizes {
  std::size_t n = 0; ///< voters
  std::size_t majority =
    0;                  ///< more than half; what a configuration entry needs
  std::size_t vote = 0; ///< v: votes that elect a primary
  std::size_t ack = 0;  ///< a: durable copies that acknowledge a write
  std::size_t read = 0; ///< r: voters that confirm a primary

  bool operator==(const quorum_sizes&) const = default;
};

/// Precondition: m < n.
quorum_sizes sizes(std::size_t n, std::uint32_t m);
quorum_sizes sizes(const configuration& config);

/// Refuses a configuration that cannot work, and says what to change.
result<void> validate(const configuration& config);

/// The configuration state of a log (C4): after a joint entry (J) both the old
/// and the new configuration, after its closing entry (K) only the new one.
struct membership {
  configuration current;
  std::optional<configuration> next; ///< set under J only

  bool operator==(const membership&) const = default;

  bool joint() const {
    return next.has_value();
  }
  const configuration& newest() const {
    return next ? *next : current;
  }
  bool is_voter(node_id node) const {
    return current.is_voter(node) || (next && next->is_voter(node));
  }
  bool is_member(node_id node) const {
    return current.is_member(node) || (next && next->is_member(node));
  }
  /// Voters and learners of both configurations; sorted.
  std::vector<node_id> members() const;
  /// Voters of both configurations; sorted.
  std::vector<node_id> voters() const;
};

} // namespace cohort::replication
