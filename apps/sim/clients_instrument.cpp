#include "sim/instrument.hpp"

#include "testkit/kv/redis_simulation.hpp"

#include <exception>

namespace cohort::sim {

namespace {

void add_run(run_totals& totals, const testkit::redis_simulation_report& x) {
  totals.events += x.events;
  totals.virtual_time += x.virtual_time;
  totals.results.add("elections", x.elections);
  totals.results.add("operations completed", x.clients.completed);
  totals.results.add("operations refused", x.clients.refused);
  totals.results.add("operations in doubt", x.clients.unknown);
  totals.results.add("connections lost", x.clients.connections_lost);
  totals.results.add("packets", x.packets);
  for (const auto& [name, count] : x.faults)
    totals.faults.add(name, count);
  totals.points.add(x.points);
}

} // namespace

instrument clients_instrument() {
  return {"clients", "Redis clients of whole nodes",
          [](std::uint64_t seed, run_totals& totals, const trace_sink& trace) {
            testkit::redis_simulation_options options;
            options.seed = seed;
            options.trace = trace;
            testkit::redis_simulation world{options};
            testkit::bad_seed outcome;
            try {
              add_run(totals, world.run());
            } catch (const std::exception& e) {
              outcome.why = e.what();
              outcome.last_events = world.last_events();
            }
            return outcome;
          }};
}

} // namespace cohort::sim
