// The result of a run, for programs.
#pragma once

#include "bench/tally.hpp"

#include <cstdint>
#include <string>

namespace cohort::bench {

/// One JSON object on one line:
///
///   seconds               length of the measured window
///   operations            completed in it
///   operations_ever       completed in the run, warm-up included
///   per_second            operations / seconds
///   p50_us p99_us max_us  latency, from the first try of an operation
///   gap_ms                longest time without a completed operation
///   gap_began_ms          when that began, since the window opened
///   own_cpu_cores         processor time of the load over the window's length
///   errors                how often each kind of failure was met
///
/// Precondition: the window is closed.
std::string to_json(const tally& results, std::int64_t own_cpu_ns);

} // namespace cohort::bench
