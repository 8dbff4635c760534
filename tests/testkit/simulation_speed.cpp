// How fast simulated nodes are, with everything checked: not a test, since what
// a machine is worth differs.
//
//     simulation_speed [SEEDS [FIRST]]
#include "testkit/simulation.hpp"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <map>
#include <memory>
#include <string>

using namespace cohort;
using namespace cohort::testkit;

namespace {

/// Of the run without anything to do.
constexpr std::chrono::seconds idle_time{200};

double cpu_seconds() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

struct amount {
  double virtual_s = 0;
  double cpu_s = 0;
  double events = 0;
  std::uint64_t acknowledged = 0;

  void add(const amount& x) {
    virtual_s += x.virtual_s;
    cpu_s += x.cpu_s;
    events += x.events;
    acknowledged += x.acknowledged;
  }
};

void print(const std::string& what, const amount& x) {
  std::printf(
    "%-22s %8.1f virtual s in %6.2f s of CPU: %5.0f virtual s/s, "
    "%8.0f events/s, %6.0f events per virtual s, %llu commands\n",
    what.c_str(), x.virtual_s, x.cpu_s, x.virtual_s / x.cpu_s,
    x.events / x.cpu_s, x.events / x.virtual_s,
    static_cast<unsigned long long>(x.acknowledged));
}

/// Three healthy nodes that nobody asks for anything.
void idle() {
  simulated_cluster_options options;
  apply_witness witness{[](const std::string& what) {
    std::fprintf(stderr, "%s\n", what.c_str());
  }};
  options.make_machine = [&](const std::string& node) {
    return [&, node](const runtime::machine_request&)
             -> result<std::unique_ptr<machine::state_machine>> {
      return std::unique_ptr<machine::state_machine>{
        std::make_unique<witnessed_machine>(witness, node, nullptr)};
    };
  };
  simulated_cluster cluster{options};
  while (!cluster.formed())
    cluster.run_until(cluster.now() + std::chrono::milliseconds{10});
  const auto from = cluster.now();
  const auto events = cluster.events();
  const auto start = cpu_seconds();
  cluster.run_until(from + idle_time);
  print("idle", {std::chrono::duration<double>{idle_time}.count(),
                 cpu_seconds() - start,
                 static_cast<double>(cluster.events() - events), 0});
}

amount storm(std::uint64_t seed, std::size_t& nodes) {
  simulation_options options;
  options.seed = seed;
  const auto start = cpu_seconds();
  const auto x = simulation{options}.run();
  nodes = x.nodes;
  return {std::chrono::duration<double>{x.virtual_time}.count(),
          cpu_seconds() - start, static_cast<double>(x.events), x.acknowledged};
}

/// Storms, each with the weather of its seed, and the calm after it.
bool storms(std::uint64_t seeds, std::uint64_t first) {
  std::map<std::size_t, amount> by_nodes;
  bool passed = true;
  for (auto seed = first; seed < first + seeds; ++seed)
    try {
      std::size_t nodes = 0;
      const auto x = storm(seed, nodes);
      by_nodes[nodes].add(x);
      print("seed " + std::to_string(seed)
              + ", nodes: " + std::to_string(nodes),
            x);
    } catch (const std::exception& e) {
      std::fprintf(stderr, "seed %llu: %s\n",
                   static_cast<unsigned long long>(seed), e.what());
      passed = false;
    }
  for (const auto& [nodes, x] : by_nodes)
    print("storms, nodes: " + std::to_string(nodes), x);
  return passed;
}

} // namespace

int main(int argc, char** argv) {
  std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);
  const auto seeds = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 10;
  const auto first = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1;
  idle();
  return storms(seeds, first) ? 0 : 1;
}
