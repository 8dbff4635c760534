#include "node/arguments.hpp"

#include "node/lifetime.hpp"

#include <CLI/CLI.hpp>

namespace cohort::daemon {

std::optional<int> parse(arguments& out, int argc, char** argv) {
  CLI::App app{"Runs one node of a Cohort cluster."};
  app.set_version_flag("--version", "cohortd " COHORT_VERSION);
  app.add_option("--config", out.config, "the topology file")->required();
  auto* node = app.add_option("--node", out.node,
                              "which node of the topology this is");
  app.add_flag("--check-config", out.check_config,
               "only say whether the topology file is good");
  app
    .add_option("--trace", out.trace_level,
                "what goes to standard error, from this level on")
    ->check(CLI::IsMember({"info", "warning", "error", "off"}))
    ->capture_default_str();
  std::int64_t patience_ms = out.stop_patience.count();
  app
    .add_option("--stop-patience-ms", patience_ms,
                "how long a hand-over may take when the node is stopped")
    ->check(CLI::Range(0, 600'000))
    ->capture_default_str();
  app.add_option("--threads", out.threads, "threads of the scheduler")
    ->check(CLI::Range(1, 64))
    ->capture_default_str();
  try {
    app.parse(argc, argv);
    if (!out.check_config && node->empty())
      throw CLI::RequiredError("--node");
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? exit_code::stopped : exit_code::usage;
  }
  out.stop_patience = std::chrono::milliseconds{patience_ms};
  return std::nullopt;
}

} // namespace cohort::daemon
