#include "resp/kv_node.hpp"

#include "machine/kv/kv_machine.hpp"
#include "machine/kv/kv_store.hpp"
#include "machine/kv/rocksdb_store.hpp"
#include "resp/front_actor.hpp"
#include "resp/gateway_broker.hpp"

#include <caf/send.hpp>

#include <utility>

namespace cohort::resp {

namespace {

/// The same on all replicas, so that a SCAN cursor means the same on each (K5).
std::uint64_t seed_of(const runtime::machine_request& request) {
  return request.cluster.high ^ request.cluster.low ^ request.id.value;
}

front_options front_options_of(const runtime::topology& plan,
                               const std::string& node,
                               const std::string& version, std::uint64_t seed,
                               const runtime::gateway_place& place) {
  front_options result;
  result.set = place.set;
  result.set_name = place.set_name;
  result.cluster_name = plan.cluster_name;
  result.node_name = node;
  result.version = version;
  for (const auto& x : plan.nodes)
    result.endpoints[x.name] = {x.client.host, x.client.port};
  result.sending.first_id = place.first_request;
  result.sending.patience_ms = plan.timers.request_patience_ms;
  result.pending_bytes_max = plan.limits.pending_bytes_max;
  result.clients_max = plan.limits.clients_max;
  result.seed = seed;
  return result;
}

gateway_options gateway_options_of(const runtime::topology& plan,
                                   const std::string& node) {
  const auto& place = *plan.find(node);
  gateway_options result;
  result.address = place.client.host;
  result.port = place.client.port;
  result.insecure = plan.insecure;
  result.output_bytes_max = plan.limits.client_output_bytes_max;
  return result;
}

} // namespace

runtime::machine_factory kv_machines() {
  return [](const runtime::machine_request& request)
           -> result<std::unique_ptr<machine::state_machine>> {
    if (request.set.engine == runtime::engine_kind::memory)
      return kv::make_kv_machine(kv::make_memory_store(seed_of(request)));
    auto store = kv::open_rocksdb_store(request.directory, seed_of(request),
                                        kv::rocksdb_options{});
    if (!store)
      return store.err();
    return kv::make_kv_machine(std::move(*store));
  };
}

std::shared_ptr<const front_setup>
front_setup_of(const runtime::topology& plan, const std::string& node,
               const std::string& version, std::shared_ptr<const clock> time,
               std::uint64_t seed, const runtime::gateway_place& place) {
  auto setup = std::make_shared<front_setup>();
  setup->options = front_options_of(plan, node, version, seed, place);
  setup->time = std::move(time);
  setup->node = place.node;
  return setup;
}

runtime::gateway_factory
redis_gateway(const runtime::topology& plan, const std::string& node,
              const std::string& version, std::shared_ptr<const clock> time,
              std::uint64_t seed) {
  return [=](caf::actor_system& system, const runtime::gateway_place& place)
           -> result<runtime::started_gateway> {
    runtime::started_gateway made;
    made.front = runtime::spawn_shell<front_actor>(
      system, runtime::placement::loop,
      front_setup_of(plan, node, version, time, seed, place));
    auto gateway = spawn_gateway(system, gateway_options_of(plan, node),
                                 made.front);
    if (!gateway) {
      caf::anon_send_exit(made.front, caf::exit_reason::user_shutdown);
      return gateway.err();
    }
    made.connections = std::move(gateway->first);
    return made;
  };
}

runtime::node_options kv_node_options(runtime::node_options options) {
  options.make_machine = kv_machines();
  const auto* place = options.plan.find(options.name);
  if (place && place->client.port != 0)
    options.make_gateway = redis_gateway(
      options.plan, options.name, options.version, options.time, options.seed);
  return options;
}

} // namespace cohort::resp
