#include "testkit/kv/simulated_gate.hpp"

#include "resp/front_actor.hpp"
#include "resp/kv_node.hpp"
#include "runtime/shell.hpp"

#include <caf/send.hpp>

#include <memory>
#include <utility>

namespace cohort::testkit {

namespace {

class gate_actor : public runtime::shell {
public:
  gate_actor(caf::scheduled_actor* self, simulated_gate gate)
    : shell(self),
      gate_(std::move(gate)) {}

  caf::behavior behavior() override {
    return {[this](const resp::front_turn& x) { gate_.answered(x); }};
  }

private:
  simulated_gate gate_;
};

} // namespace

runtime::gateway_factory simulated_gateway(const runtime::node_options& of,
                                           simulated_gate gate) {
  return
    [plan = of.plan, node = of.name, version = of.version, time = of.time,
     seed = of.seed, gate = std::move(gate)](
      caf::actor_system& system,
      const runtime::gateway_place& place) -> result<runtime::started_gateway> {
      runtime::started_gateway made;
      made.front = runtime::spawn_shell<resp::front_actor>(
        system, runtime::placement::pool,
        resp::front_setup_of(plan, node, version, time, seed, place));
      made.connections = runtime::spawn_shell<gate_actor>(
        system, runtime::placement::pool, gate);
      caf::anon_send(made.front, resp::serve_clients{made.connections});
      gate.opened(made.front);
      return made;
    };
}

} // namespace cohort::testkit
