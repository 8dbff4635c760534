#include "sim/instrument.hpp"

#include "testkit/protocol/storm.hpp"
#include "testkit/simulation.hpp"

#include <deque>
#include <exception>
#include <utility>

namespace cohort::sim {

void run_totals::add(const run_totals& x) {
  runs += x.runs;
  events += x.events;
  virtual_time += x.virtual_time;
  for (const auto& [name, count] : x.results.counts())
    results.add(name, count);
  for (const auto& [name, count] : x.faults.counts())
    faults.add(name, count);
  points.add(x.points);
}

instrument nodes_instrument() {
  return {"nodes", "whole nodes",
          [](std::uint64_t seed, run_totals& totals, const trace_sink& trace) {
            testkit::simulation_options options;
            options.seed = seed;
            options.trace = trace;
            testkit::simulation world{options};
            testkit::bad_seed outcome;
            try {
              const auto x = world.run();
              totals.events += x.events;
              totals.virtual_time += x.virtual_time;
              totals.results.add("elections", x.elections);
              totals.results.add("commands acknowledged", x.acknowledged);
              totals.results.add("commands unknown", x.unknown);
              totals.results.add("questions answered", x.answered);
              totals.results.add("packets", x.packets);
              for (const auto& [name, count] : x.faults)
                totals.faults.add(name, count);
              totals.points.add(x.points);
            } catch (const std::exception& e) {
              outcome.why = e.what();
              outcome.last_events = world.last_events();
            }
            return outcome;
          }};
}

namespace {

using testkit::protocol::protocol_storm;
using testkit::protocol::storm_options;

/// What happened before a seed failed: it is run again, watched.
std::vector<std::string> last_events_of(storm_options options) {
  constexpr std::size_t last_events_max = 40;
  std::deque<std::string> last;
  options.trace = [&](const std::string& line) {
    if (last.size() == last_events_max)
      last.pop_front();
    last.push_back(line);
  };
  try {
    protocol_storm{options}.run();
  } catch (const std::exception&) {
  }
  return {last.begin(), last.end()};
}

void add(run_totals& totals, const testkit::protocol::storm_report& x) {
  using testkit::protocol::event;
  totals.events += x.steps;
  totals.results.add("elections", x.elections);
  totals.results.add("commits", x.commits);
  totals.results.add("commands acknowledged", x.acknowledged);
  totals.results.add("reads", x.reads);
  totals.results.add("snapshots installed", x.snapshots);
  for (auto i = static_cast<std::size_t>(testkit::protocol::first_fault);
       i < x.events.size(); ++i)
    totals.faults.add(to_string(static_cast<event>(i)), x.events[i]);
}

} // namespace

instrument groups_instrument() {
  return {"groups", "groups of protocol cores",
          [](std::uint64_t seed, run_totals& totals, const trace_sink& trace) {
            storm_options options;
            options.seed = seed;
            options.trace = trace;
            testkit::bad_seed outcome;
            try {
              add(totals, protocol_storm{options}.run());
            } catch (const std::exception& e) {
              outcome.why = e.what();
              outcome.last_events = last_events_of(options);
            }
            return outcome;
          }};
}

} // namespace cohort::sim
