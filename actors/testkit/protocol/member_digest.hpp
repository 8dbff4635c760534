// To know a replica's state again.
#pragma once

#include "testkit/protocol/member.hpp"
#include "testkit/protocol/mix.hpp"

#include <cstdint>

namespace cohort::testkit::protocol {

/// Of all that decides what a member does from now on, as long as
///
/// - it has applied what it was handed, and there are no snapshots, reads,
///   hand-overs, changes of the configuration and lost blocks;
/// - no bound on bytes or requests is reached;
/// - nobody refuses a vote because it hears a primary, and no primary checks
///   its quorum.
///
/// Numbers that only grow (tickets) and memory of what cannot happen again do
/// not count, so that many ways lead to the same state.
std::uint64_t digest(const member& x, const naming& names);

} // namespace cohort::testkit::protocol
