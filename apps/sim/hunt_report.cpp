#include "sim/hunt_report.hpp"

#include <fmt/core.h>

#include <cstdio>
#include <exception>
#include <mutex>
#include <string>

namespace cohort::sim {

namespace {

/// 1234567 as 1,234,567.
std::string grouped(std::uint64_t x) {
  auto text = std::to_string(x);
  for (auto at = text.size(); at > 3; at -= 3)
    text.insert(at - 3, ",");
  return text;
}

void line(const std::string& what, const std::string& value) {
  fmt::print("  {:<30}{}\n", what, value);
}

std::string list_of(const tally& x) {
  std::string result;
  for (const auto& [name, count] : x.counts())
    result += (result.empty() ? "" : ", ") + name + " " + grouped(count);
  return result.empty() ? "none" : result;
}

void print_points(const testkit::fault_point_counts& x) {
  for (std::size_t i = 0; i < fault_point_count; ++i)
    if (x.of[i].reached > 0)
      line("  " + std::string{fault_point_names[i]},
           fmt::format("{} of {}", grouped(x.of[i].struck),
                       grouped(x.of[i].reached)));
}

void print(const instrument& what, const testkit::bad_seed& x) {
  fmt::print("FAILED: {}, seed {}: {}\n", what.name, x.seed, x.why);
  fmt::print("  again: ./dev sim --only {} --seed {} --seeds 1 --trace\n",
             what.name, x.seed);
  if (!x.last_events.empty())
    fmt::print("  the last events:\n");
  for (const auto& event : x.last_events)
    fmt::print("    {}\n", event);
}

testkit::bad_seed run_one(const instrument& what, std::uint64_t seed,
                          run_totals& totals, const trace_sink& trace) {
  try {
    return what.run(seed, totals, trace);
  } catch (const std::exception& e) {
    return {seed, e.what(), {}};
  }
}

/// Says on stderr how far a long hunt is, and what fails when it fails. Not
/// thread-safe.
class progress {
public:
  progress(const instrument& what, const hunt_plan& plan)
    : what_(what),
      plan_(plan) {}

  void take(std::uint64_t seed, const std::string& why) {
    ++done_;
    if (!why.empty()) {
      ++failed_;
      fmt::print(stderr, "{}, seed {}: {}\n", what_.name, seed, why);
    }
    const auto now = clock::now();
    if (now < next_)
      return;
    next_ = now + pause;
    fmt::print(stderr, "{}: {} of {} seeds, {} failed\n", what_.name,
               grouped(done_), grouped(plan_.count), failed_);
  }

private:
  using clock = std::chrono::steady_clock;
  static constexpr std::chrono::seconds pause{30};

  const instrument& what_;
  const hunt_plan& plan_;
  std::uint64_t done_ = 0;
  std::uint64_t failed_ = 0;
  clock::time_point next_ = clock::now() + pause;
};

} // namespace

hunt_outcome hunt(const instrument& what, const hunt_plan& plan) {
  hunt_outcome result;
  std::mutex guards_both;
  progress so_far{what, plan};
  trace_sink trace;
  if (plan.trace)
    trace = [](const std::string& text) { fmt::print("{}\n", text); };
  const auto began = std::chrono::steady_clock::now();
  result.bad = testkit::hunt({plan.first, plan.count, plan.jobs},
                             [&](std::uint64_t seed) {
                               run_totals own;
                               own.runs = 1;
                               auto bad = run_one(what, seed, own, trace);
                               const std::lock_guard guard{guards_both};
                               result.totals.add(own);
                               so_far.take(seed, bad.why);
                               return bad;
                             });
  result.took = std::chrono::steady_clock::now() - began;
  return result;
}

void print(const instrument& what, const hunt_plan& plan,
           const hunt_outcome& x) {
  using hours = std::chrono::duration<double, std::ratio<3600>>;
  using seconds = std::chrono::duration<double>;
  const auto took = x.took.count();
  const auto& totals = x.totals;
  fmt::print("{}: {} seeds from {} on {} threads in {:.1f} s\n", what.what,
             totals.runs, plan.first, plan.jobs, took);
  if (totals.virtual_time.count() > 0)
    line("virtual hours",
         fmt::format("{:.2f} ({:.0f} virtual seconds per second)",
                     hours{totals.virtual_time}.count(),
                     seconds{totals.virtual_time}.count() / took));
  line("events", fmt::format("{} ({} per second)", grouped(totals.events),
                             grouped(static_cast<std::uint64_t>(
                               static_cast<double>(totals.events) / took))));
  for (const auto& [name, count] : totals.results.counts())
    line(name, grouped(count));
  line("faults", list_of(totals.faults));
  print_points(totals.points);
  for (const auto& bad : x.bad)
    print(what, bad);
  std::fflush(stdout);
}

bool all_points_struck(const run_totals& x) {
  bool all = true;
  for (std::size_t i = 0; i < fault_point_count; ++i)
    if (x.points.of[i].struck == 0) {
      fmt::print("FAILED: the fault point {} never struck\n",
                 fault_point_names[i]);
      all = false;
    }
  return all;
}

} // namespace cohort::sim
