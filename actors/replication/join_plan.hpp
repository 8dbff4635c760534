// How a replica under a new incarnation becomes a member again (D4). Pure.
#pragma once

#include "replication/configuration.hpp"
#include "replication/roles.hpp"

#include <map>
#include <optional>
#include <set>

namespace cohort::replication {

/// A node that asks to be a member, and whose place it takes; `nobody`: it is
/// an additional one.
using joiners = std::map<node_id, node_id>;

/// The next configuration on the way of the joiners, as the primary sees it: a
/// joiner becomes a learner first, and a voter once it has caught up to within
/// `lag_max` entries. Nothing: there is nothing to change now.
///
/// `buried` are incarnations that never come back. The one whose place a joiner
/// asks for may never have got it, wiped again before: then the joiner takes
/// the place of a buried voter that no other joiner asks for. Which of them
/// does not matter: each has no successor but those that ask. A voter that is
/// silent may be one whose burial is not known here yet, and so may another
/// joiner that is: the joiner waits until it is, or until they speak.
std::optional<configuration>
next_for_joiners(const membership& members,
                 const std::map<node_id, progress>& peers, index_t last,
                 const joiners& asking, const std::set<node_id>& buried,
                 std::uint64_t lag_max);

} // namespace cohort::replication
