// Who asks a primary for membership (D4). Pure.
#pragma once

#include "replication/configuration.hpp"
#include "replication/join_plan.hpp"

#include <cstdint>
#include <map>
#include <set>

namespace cohort::runtime {

/// What a primary remembers of nodes under a new incarnation until they are
/// voters. They ask again and again: nothing of this has to be durable.
///
/// Not thread-safe. Holds no more than the nodes that have a link.
class join_requests {
public:
  /// `joiner` asks for the place of `replaces`. A node that was wiped again
  /// before it was promoted takes the place that its last incarnation was to
  /// take.
  void take(node_id joiner, node_id replaces);

  /// One look at who asks. Who is a voter for good asks no more, and neither
  /// does who is over. Who was silent for `silent_looks_max` is forgotten, so
  /// that others need not wait for it; it may ask again. While two
  /// configurations hold, nothing is forgotten: either may be undone.
  void settle(const replication::membership& members,
              const std::set<node_id>& buried);

  static constexpr std::uint32_t silent_looks_max = 40;

  const replication::joiners& pending() const {
    return pending_;
  }

private:
  replication::joiners pending_;
  std::map<node_id, std::uint32_t> silent_looks_; ///< of those that are pending
};

} // namespace cohort::runtime
