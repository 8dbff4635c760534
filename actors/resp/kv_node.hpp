// A node as most want it: keys and values behind the Redis protocol.
#pragma once

#include "runtime/node.hpp"

namespace cohort::resp {

/// The machine of keys with the engine that a set's plan names.
runtime::machine_factory kv_machines();

/// Serves Redis clients at the address that `plan` gives to `node`.
/// Precondition: the plan has the node, and a client address for it.
runtime::gateway_factory
redis_gateway(const runtime::topology& plan, const std::string& node,
              const std::string& version, std::shared_ptr<const clock> time,
              std::uint64_t seed);

/// Completes options with both.
runtime::node_options kv_node_options(runtime::node_options options);

} // namespace cohort::resp
