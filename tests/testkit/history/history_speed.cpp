// How many operations a second the checkers judge, for each workload: not a
// test, since what a machine is worth differs.
//
//     history_speed [OPERATIONS]
#include "sample.hpp"

#include "testkit/history/linearizability.hpp"

#include <chrono>
#include <cstdio>
#include <cstdlib>

using namespace cohort;
using namespace cohort::history;

namespace {

const char* to_string(answer x) {
  return x == answer::linearizable ? "linearizable"
         : x == answer::impossible ? "impossible"
                                   : "unknown";
}

template <class Judge>
void measure(const char* name, std::size_t operations, Judge judge) {
  const auto begin = std::chrono::steady_clock::now();
  const verdict found = judge();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now()
                                             - begin;
  std::printf(
    "%-28s %9zu operations %7.3f s %10.0f/s, %s, at most %zu "
    "configurations\n",
    name, operations, took.count(),
    static_cast<double>(operations) / took.count(), to_string(found.is),
    found.configurations);
}

} // namespace

int main(int argc, char** argv) {
  const auto operations = argc > 1 ? std::strtoull(argv[1], nullptr, 10)
                                   : 1'000'000;
  struct {
    const char* name;
    sample_options options;
  } const runs[] = {
    {"registers, one key", {workload::registers, 0, 5, 1, 3, 0}},
    {"counters, one key", {workload::counters, 0, 5, 1, 3, 0}},
    {"compare-and-set, one key", {workload::compare_and_set, 0, 5, 1, 3, 0}},
    {"compare-and-set, 8 clients", {workload::compare_and_set, 0, 8, 1, 0, 0}},
    {"registers, 1000 keys", {workload::registers, 0, 500, 1000, 3, 0}},
    {"transactions, 3 keys", {workload::transactions, 0, 5, 3, 1, 0}},
  };
  for (const auto& [name, wanted] : runs) {
    rng random{1};
    auto options = wanted;
    options.operations = operations;
    const auto [history, places] = make_sample(random, options);
    measure(name, history.size(), [&] { return check(history).value(); });
    measure("  with the log's order", history.size(),
            [&] { return check_log_order(history, places).value(); });
  }
}
