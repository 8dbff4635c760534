// The table of known bugs: what finds each, in how many seeds.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace cohort::sim {

struct mutant_plan {
  std::vector<std::string> only; ///< their names; empty: all
  std::size_t jobs = 1;
  /// Where the tests of this build are: those of disks, of sessions and of
  /// single actors are instruments, too.
  std::string tests;
};

/// Hunts them and prints the table. False: one lives, or the right code does
/// not pass, or this build has none.
bool print_mutants(const mutant_plan& plan);

} // namespace cohort::sim
