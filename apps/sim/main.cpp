// cohort-sim: runs the simulators, seed by seed, and tells what they found.
// docs/TESTING.md describes its command line.
#include "sim/hunt_report.hpp"
#include "sim/mutant_table.hpp"

#include <CLI/CLI.hpp>
#include <fmt/core.h>

#include <algorithm>
#include <exception>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace cohort;
using namespace cohort::sim;

constexpr int exit_done = 0;
constexpr int exit_found = 1; ///< a seed failed, or a mutant lives
constexpr int exit_usage = 2;

/// The protocol alone is so much cheaper that it gets more seeds.
constexpr std::uint64_t groups_per_node_seed = 10;

struct arguments {
  hunt_plan plan;
  std::string only;
  bool mutants = false;
  std::vector<std::string> only_mutants;
  bool need_all_points = false;
};

void declare(CLI::App& app, arguments& args) {
  args.plan.jobs = std::max(1u, std::thread::hardware_concurrency());
  app
    .add_option("--seeds", args.plan.count,
                "seeds of whole nodes, and as many with Redis clients; "
                "groups run ten times as many")
    ->default_val(200)
    ->check(CLI::Range(std::uint64_t{1}, ~std::uint64_t{0} / 100));
  app.add_option("--seed", args.plan.first, "the first")->default_val(1);
  app.add_option("--jobs", args.plan.jobs, "threads")
    ->capture_default_str()
    ->check(CLI::Range(1, 256));
  app.add_option("--only", args.only, "nodes, clients or groups, one of them")
    ->check(CLI::IsMember({"nodes", "clients", "groups"}));
  app.add_flag("--trace", args.plan.trace, "print what every run does");
  app.add_flag("--all-points", args.need_all_points,
               "fail if a fault point never strikes");
  auto* const table =
    app.add_flag("--mutants", args.mutants,
                 "show which known bugs are found, in how many seeds");
  app.add_option("--mutant", args.only_mutants, "of those, these alone")
    ->needs(table);
}

int run_hunts(const arguments& args) {
  bool good = true;
  run_totals all;
  for (const auto& what :
       {nodes_instrument(), clients_instrument(), groups_instrument()}) {
    auto plan = args.plan;
    if (!args.only.empty() && args.only != what.name)
      continue;
    if (args.only.empty() && what.name == "groups")
      plan.count *= groups_per_node_seed;
    const auto outcome = hunt(what, plan);
    print(what, plan, outcome);
    all.add(outcome.totals);
    good = good && outcome.bad.empty();
  }
  if (args.need_all_points)
    good = all_points_struck(all) && good;
  return good ? exit_done : exit_found;
}

/// Of the build that this program is of.
std::string tests_beside(const char* program) {
  return std::filesystem::path{program}.parent_path() / "../../tests";
}

} // namespace

int main(int argc, char** argv) {
  CLI::App app{"Runs the simulators of Cohort, seed by seed."};
  arguments args;
  declare(app, args);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? exit_done : exit_usage;
  }
  try {
    if (args.mutants) {
      const mutant_plan plan{args.only_mutants, args.plan.jobs,
                             tests_beside(argv[0])};
      return print_mutants(plan) ? exit_done : exit_found;
    }
    return run_hunts(args);
  } catch (const std::exception& e) {
    fmt::print(stderr, "cohort-sim: {}\n", e.what());
    return exit_found;
  }
}
