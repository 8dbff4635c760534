// Which operations of a history can be checked apart from the others. Pure.
#pragma once

#include "testkit/history/operation.hpp"

namespace cohort::history {

/// Indexes of operations, in the order of their calls.
using component = std::vector<std::uint32_t>;

/// A history is linearizable if and only if what it does to each key is
/// (Herlihy and Wing's locality; P-compositionality in Horn and Kroening,
/// "Faster linearizability checking via P-compositionality", 2015). Operations
/// on several keys join these keys. Failed operations are left out. Components
/// are in the order of their first calls. Time: n log n. Precondition: fewer
/// than 2^32 operations, each with an access.
std::vector<component> partition(std::span<const operation> operations);

} // namespace cohort::history
