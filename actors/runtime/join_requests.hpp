// Who asks a primary for membership (D4). Pure.
#pragma once

#include "replication/configuration.hpp"
#include "replication/join_plan.hpp"

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

  /// Who is a voter for good asks no more, and neither does who is over.
  void settle(const replication::membership& members,
              const std::set<node_id>& buried);

  const replication::joiners& pending() const {
    return pending_;
  }

private:
  replication::joiners pending_;
};

} // namespace cohort::runtime
