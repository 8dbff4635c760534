// Every order of events in a small group: not a test, since larger bounds take
// hours.
//
//     explore_protocol [--in-order] [NODES TERMS COMMANDS CRASHES CAMPAIGNS
//                                    HEARTBEATS REPEATS [STATES_MAX]]
#include "testkit/protocol/explorer.hpp"

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <string_view>

using namespace cohort::testkit::protocol;

int main(int argc, char** argv) {
  exploration_bounds bounds;
  std::uint64_t states_max = 100'000'000; // a GiB
  std::uint64_t* const numbers[] = {
    &bounds.nodes,     &bounds.terms,      &bounds.commands, &bounds.crashes,
    &bounds.campaigns, &bounds.heartbeats, &bounds.repeats,  &states_max};
  bounds.in_order = argc > 1 && std::string_view{argv[1]} == "--in-order";
  const int first = bounds.in_order ? 2 : 1;
  for (int i = first; i < argc && i < first + 8; ++i)
    *numbers[i - first] = std::strtoull(argv[i], nullptr, 10);
  const auto start = std::clock();
  try {
    const auto report = explore(bounds, states_max);
    std::printf("%s: %s, %.1f s of CPU\n", describe(bounds).c_str(),
                describe(report).c_str(),
                static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC);
    return report.exhausted ? 0 : 1; // what was left out proves nothing
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
  }
}
