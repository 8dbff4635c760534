// Names to addresses, without blocking the caller.
#pragma once

#include "core/result.hpp"

#include <caf/actor_system.hpp>

#include <functional>
#include <string>

namespace cohort::transport {

/// Calls `done` with an address of `host` in numbers: at once if it is one
/// already, else from a thread of its own, since asking may take seconds.
void resolve(caf::actor_system& system, const std::string& host,
             std::function<void(const result<std::string>&)> done);

} // namespace cohort::transport
