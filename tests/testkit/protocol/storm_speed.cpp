// How fast storms are, with everything checked: not a test, since what a
// machine is worth differs.
//
//     storm_speed [SEEDS [FIRST]]
#include "testkit/protocol/storm.hpp"

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <exception>

using namespace cohort::testkit::protocol;

namespace {

void print(const storm_report& x, double seconds) {
  const auto steps = static_cast<double>(x.steps);
  std::printf(
    "%llu runs, %llu weathers, %llu steps in %.2f s of CPU: %.2f million "
    "steps/s\n",
    static_cast<unsigned long long>(x.runs),
    static_cast<unsigned long long>(x.weathers),
    static_cast<unsigned long long>(x.steps), seconds, steps / seconds / 1e6);
  std::printf(
    "elections %llu, commits %llu, acknowledged %llu, reads %llu, "
    "snapshots %llu, faults %llu\n",
    static_cast<unsigned long long>(x.elections),
    static_cast<unsigned long long>(x.commits),
    static_cast<unsigned long long>(x.acknowledged),
    static_cast<unsigned long long>(x.reads),
    static_cast<unsigned long long>(x.snapshots),
    static_cast<unsigned long long>(x.faults()));
  for (std::size_t i = 0; i < x.events.size(); ++i)
    std::printf("  %-12s %10llu\n", to_string(static_cast<event>(i)),
                static_cast<unsigned long long>(x.events[i]));
}

} // namespace

int main(int argc, char** argv) {
  const auto seeds = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 300;
  const auto first = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1;
  storm_report all;
  const auto start = std::clock();
  try {
    for (auto seed = first; seed < first + seeds; ++seed)
      all += protocol_storm{{seed, 6000, nullptr}}.run();
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
  }
  print(all, static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC);
  return 0;
}
