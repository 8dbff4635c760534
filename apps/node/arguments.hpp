// The command line of the daemon.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

namespace cohort::daemon {

struct arguments {
  std::string config;
  std::string node;
  bool check_config = false;
  std::string trace_level = "info";
  std::chrono::milliseconds stop_patience{5000};
  /// Of the actors' scheduler. What must not wait lives in the network's loop,
  /// and what blocks has threads of its own.
  std::size_t threads = 1;
};

/// Reads the command line. Returns an exit code if the process has to end now:
/// after --help or --version, or since the command line is wrong; what there is
/// to say was printed.
std::optional<int> parse(arguments& out, int argc, char** argv);

} // namespace cohort::daemon
