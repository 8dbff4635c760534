// cohort-load: the load generator of the benchmarks.
#include "bench/generator.hpp"
#include "bench/protocols.hpp"
#include "bench/report.hpp"

#include <sys/resource.h>

#include <cstdio>
#include <iostream>
#include <string_view>
#include <vector>

using namespace cohort;
using namespace cohort::bench;

namespace {

/// Each client takes a descriptor: allow as many as the system lets us.
void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
    return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

/// Names the protocols of this build: callers ask before they use one.
int print_protocols() {
  std::cout << "resp" << (supported(protocol_kind::etcd) ? " etcd" : "")
            << '\n';
  return 0;
}

int run(const options& opts) {
  generator load{opts, [] { std::cerr << "measuring" << std::endl; }};
  if (const auto outcome = load.run(); !outcome) {
    std::cerr << "cohort-load: " << to_string(outcome.err()) << '\n';
    return 1;
  }
  std::cout << to_json(load.results(), load.own_cpu_ns()) << '\n';
  return 0;
}

} // namespace

int main(int argc, char** argv) {
  const std::vector<std::string_view> arguments{argv + 1, argv + argc};
  if (arguments.empty() || arguments.front() == "--help") {
    std::cout << usage();
    return arguments.empty() ? 2 : 0;
  }
  if (arguments.front() == "--protocols")
    return print_protocols();
  const auto opts = parse_options(arguments);
  if (!opts) {
    std::cerr << "cohort-load: " << to_string(opts.err()) << '\n';
    return 2;
  }
  raise_descriptor_limit();
  return run(*opts);
}
