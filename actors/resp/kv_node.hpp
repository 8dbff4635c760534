// A node as most want it: keys and values behind the Redis protocol.
#pragma once

#include "runtime/node.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace cohort::resp {

/// The machine of keys with the engine that a set's plan names.
runtime::machine_factory kv_machines();

struct front_setup;

/// What the front of `node` needs, whoever brings its clients.
/// Precondition: the plan has the node.
std::shared_ptr<const front_setup>
front_setup_of(const runtime::topology& plan, const std::string& node,
               const std::string& version, std::shared_ptr<const clock> time,
               std::uint64_t seed, const runtime::gateway_place& place);

/// Serves Redis clients at the address that `plan` gives to `node`.
/// Precondition: the plan has the node, and a client address for it.
runtime::gateway_factory
redis_gateway(const runtime::topology& plan, const std::string& node,
              const std::string& version, std::shared_ptr<const clock> time,
              std::uint64_t seed);

/// Completes options with both.
runtime::node_options kv_node_options(runtime::node_options options);

} // namespace cohort::resp
