// What the daemon tells people.
#pragma once

#include "runtime/trace.hpp"

#include <string>

namespace cohort::daemon {

/// Sends traces to standard error: time (UTC), level, node, text. `level`:
/// "info", "warning", "error" or "off".
void open_trace(const std::string& node, const std::string& level);

/// A sink for the traces of a node. Thread-safe.
runtime::trace_sink node_trace();

} // namespace cohort::daemon
