// What can be run seed by seed, and what it tells about a run.
#pragma once

#include "sim/tally.hpp"
#include "testkit/drawn_dice.hpp"
#include "testkit/seed_hunt.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

namespace cohort::sim {

/// What one run, or many together, amounted to.
struct run_totals {
  std::uint64_t runs = 0;
  std::uint64_t events = 0; ///< that were handled
  std::chrono::milliseconds virtual_time{0};
  tally results;
  tally faults;
  testkit::fault_point_counts points;

  void add(const run_totals& x);
};

/// Is given each line of a run that is watched.
using trace_sink = std::function<void(const std::string&)>;

/// A simulator: one seed decides a run.
struct instrument {
  std::string name; ///< of the command line
  std::string what; ///< for people
  /// Judges the run of a seed, and adds what happened to `totals`. Several
  /// threads call it. Throws, too, if something is wrong.
  std::function<testkit::bad_seed(std::uint64_t seed, run_totals& totals,
                                  const trace_sink& trace)>
    run;
};

/// Whole nodes, as they are shipped.
instrument nodes_instrument();

/// The same with the machine of keys, behind their fronts, and clients whose
/// histories are judged.
instrument clients_instrument();

/// The log protocol alone.
instrument groups_instrument();

} // namespace cohort::sim
