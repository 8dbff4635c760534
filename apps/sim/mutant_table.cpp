#include "sim/mutant_table.hpp"

#include "core/mutant.hpp"

#include <fmt/core.h>

#ifdef COHORT_FAULT_POINTS

#  include "sim/instrument.hpp"
#  include "testkit/mutant_hunt.hpp"

#  include <algorithm>
#  include <chrono>
#  include <cstdio>
#  include <cstdlib>
#  include <optional>
#  include <stdexcept>
#  include <string>
#  include <vector>

namespace cohort::sim {

namespace {

using testkit::mutant_instrument;
using testkit::mutant_verdict;

std::optional<std::string> verdict_of(const instrument& what,
                                      std::uint64_t seed) {
  run_totals ignored;
  const auto bad = what.run(seed, ignored, {});
  if (bad.why.empty())
    return {};
  return bad.why;
}

mutant_instrument simulator(const instrument& what, std::uint64_t seeds,
                            std::uint64_t per_turn) {
  mutant_instrument x;
  x.name = what.name;
  x.seeds_max = seeds;
  x.seeds_per_turn = per_turn;
  x.run = [what](std::uint64_t seed) { return verdict_of(what, seed); };
  return x;
}

/// A whole test takes most of a minute where other things run.
constexpr std::chrono::seconds test_patience{300};

/// A test of this build, with its arguments: it fails, or it does not.
mutant_instrument test(const mutant_plan& plan, const std::string& name,
                       const std::string& command) {
  mutant_instrument x;
  x.name = name;
  x.seed_patience = test_patience;
  x.run = [line = plan.tests + '/' + command + " >/dev/null 2>&1"](
            std::uint64_t) -> std::optional<std::string> {
    if (std::system(line.c_str()) == 0)
      return {};
    return "a test fails";
  };
  return x;
}

/// The cheap ones take the first turns.
std::vector<mutant_instrument> instruments_of(const mutant_plan& plan) {
  return {
    simulator(groups_instrument(), 4000, 500),
    simulator(nodes_instrument(), 600, 50),
    simulator(clients_instrument(), 300, 50),
    test(plan, "scenarios",
         "testkit/test_simulation_nodes --run_test=simulated_cluster_suite"),
    test(plan, "images", "storage/test_crash_images"),
    test(plan, "sessions", "machine/test_machine"),
    test(plan, "actors", "runtime/test_runtime"),
  };
}

std::string_view name_of(mutant x) {
  return mutants[static_cast<std::size_t>(x)].name;
}

/// For this process, and for the tests that it starts.
void become(mutant x) {
  choose_mutant(x);
  setenv("COHORT_MUTANT", std::string{name_of(x)}.c_str(), 1);
}

void print_verdict(const mutant_verdict& x) {
  const auto found = x.killed() ? x.killed_by : std::string{"NOTHING"};
  auto why = x.why.substr(0, x.why.find('\n'));
  if (why.size() > 90)
    why = why.substr(0, 90) + "...";
  fmt::print("{:<30} {:<9} {:>6}  {}\n", name_of(x.what), found, x.seeds, why);
  std::fflush(stdout);
}

mutant named(const std::string& name) {
  for (const auto& x : mutants)
    if (x.what != mutant::none && x.name == name)
      return x.what;
  throw std::runtime_error{"there is no mutant '" + name + "'"};
}

std::vector<mutant> targets_of(const mutant_plan& plan) {
  std::vector<mutant> result;
  for (const auto& name : plan.only)
    result.push_back(named(name));
  if (!plan.only.empty())
    return result;
  for (const auto& x : mutants)
    if (x.what != mutant::none)
      result.push_back(x.what);
  return result;
}

} // namespace

bool print_mutants(const mutant_plan& plan) {
  testkit::mutant_hunt_options options;
  options.choose = become;
  options.targets = targets_of(plan);
  options.jobs = plan.jobs;
  options.told = print_verdict;
  const auto instruments = instruments_of(plan);
  fmt::print("{:<30} {:<9} {:>6}  {}\n", "mutant", "found by", "seeds", "as");
  const auto verdicts = testkit::hunt_mutants(options, instruments);
  if (verdicts.size() == 1) {
    fmt::print("FAILED: the right code does not pass\n");
    return false;
  }
  const auto alive = std::count_if(
    verdicts.begin(), verdicts.end(),
    [](const auto& x) { return x.what != mutant::none && !x.killed(); });
  fmt::print("{} of {} mutants were found\n",
             static_cast<std::ptrdiff_t>(verdicts.size()) - 1 - alive,
             verdicts.size() - 1);
  return alive == 0;
}

} // namespace cohort::sim

#else

namespace cohort::sim {

bool print_mutants(const mutant_plan&) {
  fmt::print("this build has no mutants: use the preset sim\n");
  return false;
}

} // namespace cohort::sim

#endif
