// Which simulators and tests find a known bug (core/mutant.hpp), and how soon.
#pragma once

#include "core/mutant.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace cohort::testkit {

/// Something that may find a bug, seed by seed.
struct mutant_instrument {
  std::string name;
  std::uint64_t first_seed = 1;
  std::uint64_t seeds_max = 1;
  /// Seeds that run before the other instruments have their turn. So that what
  /// is cheap does not wait for what is not.
  std::uint64_t seeds_per_turn = 1;
  /// A seed that takes longer does not end any more: the mutant is dead.
  std::chrono::seconds seed_patience{60};
  /// Says what is wrong, if anything; what it throws is wrong, too. Called in a
  /// process of its own for each mutant, in one thread.
  std::function<std::optional<std::string>(std::uint64_t seed)> run;
};

struct mutant_verdict {
  mutant what = mutant::none;
  std::string killed_by; ///< an instrument; empty if it lives
  /// Of that instrument, up to the one that found it; for one that lives: of
  /// all together.
  std::uint64_t seeds = 0;
  std::string why; ///< what was found

  bool killed() const {
    return !killed_by.empty();
  }
};

struct mutant_hunt_options {
  /// Makes this process have the bug: choose_mutant(), where that is built.
  std::function<void(mutant)> choose;
  /// The right code is hunted first, whatever this says.
  std::vector<mutant> targets;
  std::size_t jobs = 1; ///< processes at the same time
  /// All seeds of all instruments of a mutant together. Then it lives.
  std::chrono::seconds patience{600};
  std::uint64_t memory_bytes_max = std::uint64_t{4} << 30; ///< of a process
  /// Is told each verdict as it comes.
  std::function<void(const mutant_verdict&)> told;
};

/// Runs the instruments with one mutant after the other, each in a process of
/// its own: one that crashes, hangs, or eats all memory is found, too. What is
/// started in there ends with that. The first verdict is that of the right
/// code. If that is not found innocent, it is the only one: then instruments
/// prove nothing about mutants.
///
/// The same seeds give the same verdicts, unless a time limit ends them. To be
/// called while the process has one thread and no children.
std::vector<mutant_verdict>
hunt_mutants(const mutant_hunt_options& options,
             std::span<const mutant_instrument> instruments);

} // namespace cohort::testkit
