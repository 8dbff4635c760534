// Runs many seeds of an instrument and tells people about it.
#pragma once

#include "sim/instrument.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace cohort::sim {

struct hunt_plan {
  std::uint64_t first = 1;
  std::uint64_t count = 1;
  std::size_t jobs = 1;
  bool trace = false; ///< prints each line of each run
};

struct hunt_outcome {
  run_totals totals;
  std::vector<testkit::bad_seed> bad;
  std::chrono::duration<double> took{};
};

hunt_outcome hunt(const instrument& what, const hunt_plan& plan);

void print(const instrument& what, const hunt_plan& plan,
           const hunt_outcome& x);

/// Whether each fault point struck in some run. Prints those that never did.
bool all_points_struck(const run_totals& x);

} // namespace cohort::sim
