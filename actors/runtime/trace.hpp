// What a node tells people while it runs.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace cohort::runtime {

enum class severity : std::uint8_t {
  info,    ///< what happens
  warning, ///< it goes on, but somebody should look
  error,   ///< the node stops
};

/// Traces a line. Called from any thread.
using trace_sink = std::function<void(severity, const std::string&)>;

} // namespace cohort::runtime
