// Which seeds a test runs: COHORT_SEEDS=n runs so many, from COHORT_SEED on;
// COHORT_SEED=n that one alone, with a trace.
#pragma once

#include "testkit/seed_hunt.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

namespace cohort::testkit::seeds {

inline std::uint64_t number_in(const char* variable, std::uint64_t otherwise) {
  const auto* text = std::getenv(variable);
  return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

inline std::uint64_t first() {
  return number_in("COHORT_SEED", 1);
}

inline bool alone() {
  return std::getenv("COHORT_SEED") && !std::getenv("COHORT_SEEDS");
}

inline std::uint64_t count(std::uint64_t otherwise) {
  return alone() ? 1 : number_in("COHORT_SEEDS", otherwise);
}

inline std::function<void(const std::string&)> trace() {
  if (!alone())
    return {};
  return [](const std::string& line) { std::cout << line << '\n'; };
}

/// On all cores; but a trace is of one run.
inline seed_hunt_options how_to_hunt(std::uint64_t how_many) {
  seed_hunt_options result;
  result.first = first();
  result.count = how_many;
  result.jobs = std::max(1u, std::thread::hardware_concurrency());
  return result;
}

/// Fails the test for each; `again` is the command that replays one.
inline void report(const std::vector<bad_seed>& bad, const std::string& again) {
  for (const auto& x : bad) {
    std::string events;
    for (const auto& line : x.last_events)
      events += "  " + line + '\n';
    BOOST_ERROR("seed " << x.seed << ": " << x.why
                        << "; again, with a trace: COHORT_SEED=" << x.seed
                        << ' ' << again << '\n'
                        << events);
  }
}

} // namespace cohort::testkit::seeds
