// Whole nodes under faults, in virtual time: the same seed is the same run.
#include "testkit/seed_hunt.hpp"
#include "testkit/simulation.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

using namespace cohort;
using namespace cohort::testkit;

namespace {

std::uint64_t number_in(const char* variable, std::uint64_t otherwise) {
  const auto* text = std::getenv(variable);
  return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

/// COHORT_SEEDS=n runs so many, from COHORT_SEED on; COHORT_SEED=n that one
/// alone, with a trace.
std::uint64_t first_seed() {
  return number_in("COHORT_SEED", 1);
}

bool alone() {
  return std::getenv("COHORT_SEED") && !std::getenv("COHORT_SEEDS");
}

std::uint64_t seed_count() {
  return alone() ? 1 : number_in("COHORT_SEEDS", 2000);
}

/// On all cores; but a trace is of one run.
seed_hunt_options how_to_hunt() {
  seed_hunt_options result;
  result.first = first_seed();
  result.count = seed_count();
  result.jobs = std::max(1u, std::thread::hardware_concurrency());
  return result;
}

simulation_options options_of(std::uint64_t seed) {
  simulation_options result;
  result.seed = seed;
  if (alone())
    result.trace = [](const std::string& line) { std::cout << line << '\n'; };
  return result;
}

simulation_report run(const simulation_options& options) {
  return simulation{options}.run();
}

struct totals {
  std::map<std::string, std::uint64_t> faults;
  std::uint64_t elections = 0;
  std::uint64_t acknowledged = 0;
  std::uint64_t unknown = 0;
  std::uint64_t events = 0;
  std::chrono::milliseconds virtual_time{0};

  void add(const simulation_report& x) {
    for (const auto& [name, count] : x.faults)
      faults[name] += count;
    elections += x.elections;
    acknowledged += x.acknowledged;
    unknown += x.unknown;
    events += x.events;
    virtual_time += x.virtual_time;
  }
};

void print(const totals& x, std::chrono::duration<double> took) {
  const auto virtual_seconds =
    std::chrono::duration<double>{x.virtual_time}.count();
  std::cout << seed_count() << " seeds in " << took.count()
            << " s: " << virtual_seconds / took.count()
            << " virtual seconds and "
            << static_cast<double>(x.events) / took.count()
            << " events per second; " << x.acknowledged << " acknowledged, "
            << x.unknown << " unknown, " << x.elections << " elections";
  for (const auto& [name, count] : x.faults)
    std::cout << ", " << count << " x " << name;
  std::cout << '\n';
}

/// Each kind strikes in half of the seeds or so; a storm in which it never
/// does proves nothing about it.
constexpr std::array every_fault{
  "crash in a write",  "crash of a host", "crash of a process",
  "damaged disk",      "failed disk",     "full disk",
  "jump of a clock",   "link broken",     "little space",
  "node stops itself", "packet clogged",  "packet late",
  "packet lost",       "packet repeated", "pause",
  "wiped disk",
};

std::string text_of(const std::vector<std::string>& lines) {
  std::string result;
  for (const auto& x : lines)
    result += "  " + x + '\n';
  return result;
}

} // namespace

BOOST_AUTO_TEST_SUITE(simulation_nodes_suite)

BOOST_AUTO_TEST_CASE(a_healthy_cluster_serves) {
  auto options = options_of(first_seed());
  options.faults = false;
  options.storm = std::chrono::seconds{3};
  const auto done = run(options);
  for (const auto& [name, count] : done.faults)
    BOOST_TEST(count == 0u, name);
  BOOST_TEST(done.elections == 2u); // of the meta set and the other one
  BOOST_TEST(done.unknown == 0u);
}

BOOST_AUTO_TEST_CASE(the_same_seed_is_the_same_run) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    auto options = options_of(seed);
    options.storm = std::chrono::seconds{12};
    const auto once = run(options);
    const auto again = run(options);
    BOOST_TEST(once.trace_hash == again.trace_hash);
    BOOST_TEST(once.events == again.events);
    options.seed = seed + 100;
    BOOST_TEST(run(options).trace_hash != once.trace_hash);
  }
}

BOOST_AUTO_TEST_CASE(K1_E1_D1_nodes_survive_storms) {
  totals all;
  std::mutex guards_totals;
  const auto began = std::chrono::steady_clock::now();
  const auto bad = hunt(how_to_hunt(), [&](std::uint64_t seed) {
    simulation world{options_of(seed)};
    bad_seed outcome;
    try {
      const auto done = world.run();
      const std::lock_guard guard{guards_totals};
      all.add(done);
    } catch (const std::exception& e) {
      outcome.why = e.what();
      outcome.last_events = world.last_events();
    }
    return outcome;
  });
  for (const auto& x : bad)
    BOOST_ERROR("seed " << x.seed << ": " << x.why
                        << "; again, with a trace: COHORT_SEED=" << x.seed
                        << " test_simulation_nodes --run_test='*/K1_*'\n"
                        << text_of(x.last_events));
  print(all, std::chrono::steady_clock::now() - began);
  if (seed_count() < 60)
    return;
  for (const auto* name : every_fault)
    BOOST_TEST(all.faults[name] > 0u, name << " never happened");
  BOOST_TEST(all.elections > 3 * seed_count());
  BOOST_TEST(all.acknowledged > 200 * seed_count());
}

BOOST_AUTO_TEST_SUITE_END()
