// Whether a history could have happened one operation at a time. Pure.
#pragma once

#include "testkit/history/verdict.hpp"

namespace cohort::history {

struct check_options {
  value_t initial = 0; ///< what each key holds before the first operation
  /// Bounds what a step of the search holds; beyond it the answer for that
  /// component is unknown. With at most 8 operations at a time on a key,
  /// unknown outcomes included, a component of one key that is written with
  /// values that are unique, or that is added to, needs no more than 2 x 2^8
  /// x 16.
  std::size_t configurations_max = std::size_t{1} << 15;
};

/// Linearizability (Herlihy and Wing, 1990) of registers, counters and
/// compare-and-set, and strict serializability of transactions over several
/// keys: all operations take effect one after the other, each between its call
/// and its return. Operations that return at the time of a call overlap it.
///
/// Each component of the history (see partition.hpp) is searched on its own
/// (see search.hpp). If several are impossible, `why` is about the one that
/// begins first; an impossible one outweighs an unknown one. Deterministic.
///
/// Time: n log n, and for each operation the configurations of its component at
/// that time, which are few if little is in flight on a key. If impossible, a
/// number of further searches of that component, logarithmic in its length.
/// Errors: those of validate(); `too_large` from 2^32 operations on.
result<verdict> check(std::span<const operation> operations,
                      const check_options& options = {});

} // namespace cohort::history
