// Every order of events in a small group, up to bounds.
#pragma once

#include "testkit/protocol/situation.hpp"

#include <cstdint>
#include <string>

namespace cohort::testkit::protocol {

struct exploration_report {
  std::uint64_t states = 0;      ///< different ones, the first included
  std::uint64_t transitions = 0; ///< steps that were taken
  std::uint64_t depth = 0;       ///< of the longest way
  std::uint64_t committed = 0;   ///< states in which something is
  bool exhausted = false;        ///< nothing within the bounds is left
};

/// For people, on one line.
std::string describe(const exploration_bounds& x);
std::string describe(const exploration_report& x);

/// Depth first, from a group that has done nothing yet. States are known again
/// by 64 bits of a hash; at most `states_max` are kept in mind, and then the
/// exploration ends. Throws invariant_broken with the whole way there.
exploration_report explore(const exploration_bounds& bounds,
                           std::uint64_t states_max);

} // namespace cohort::testkit::protocol
