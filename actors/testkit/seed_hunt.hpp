// Many seeds on several threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace cohort::testkit {

/// What was wrong with a seed, and what happened before.
struct bad_seed {
  std::uint64_t seed = 0;
  std::string why;
  std::vector<std::string> last_events;
};

struct seed_hunt_options {
  std::uint64_t first = 1;
  std::uint64_t count = 1;
  std::size_t jobs = 1; ///< threads
  /// After so many bad seeds no new one is begun.
  std::size_t bad_max = 5;
};

/// Runs one seed; is called from several threads, each time in one. Throws or
/// returns what is wrong, which is empty if all is well.
using seed_run = std::function<bad_seed(std::uint64_t seed)>;

/// The bad ones, sorted. Which seeds are run does not depend on the number of
/// threads, unless bad ones end the hunt.
std::vector<bad_seed> hunt(const seed_hunt_options& options,
                           const seed_run& run);

} // namespace cohort::testkit
