// cohortctl: asks the nodes of a cluster, and tells them what an operator
// wants. docs/OPERATIONS.md describes its command line and its exit codes.
#include "ctl/connection.hpp"
#include "node/topology_file.hpp"
#include "node/value_text.hpp"

#include <CLI/CLI.hpp>
#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <exception>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace cohort;

constexpr int exit_done = 0;
constexpr int exit_failed = 1; ///< nobody answered, or the answer is no
constexpr int exit_usage = 2;

struct arguments {
  std::string config;
  std::string node;
  std::string address;
  std::vector<std::string> without;
  int timeout_ms = 5000;
};

/// A node that can be asked.
struct target {
  std::string name; ///< for people
  runtime::endpoint at;
};

using targets = std::vector<target>;

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

result<targets> targets_of(const arguments& args) {
  if (!args.address.empty()) {
    auto at = config::parse_endpoint(args.address);
    if (!at)
      return error{errc::invalid, "--address: " + at.err().message};
    return targets{{args.address, *at}};
  }
  const auto file = config::read_topology(args.config);
  if (!file.problems.empty()) {
    std::string text;
    for (const auto& x : file.problems)
      text += (text.empty() ? "" : "\n") + x;
    return {errc::invalid, text};
  }
  for (const auto& name : args.without)
    if (!file.plan.find(name))
      return {errc::invalid,
              "--without: there is no node \"" + name + "\" in " + args.config};
  targets found;
  for (const auto& x : file.plan.nodes) {
    const bool meant = args.node.empty() ? !contains(args.without, x.name)
                                         : args.node == x.name;
    if (meant && x.client.port != 0)
      found.push_back(
        {"node " + x.name + " at " + to_string(x.client), x.client});
  }
  if (found.empty())
    return {errc::invalid, args.config
                             + (args.node.empty() ? ": no node serves clients"
                                                  : ": no node \"" + args.node
                                                      + "\" serves clients")};
  return found;
}

/// What came of asking one node.
enum class verdict { answered, refused, unreachable, in_doubt };

verdict ask(const target& whom, const std::vector<std::string>& words,
            int timeout_ms) {
  const auto deadline = std::chrono::steady_clock::now()
                        + std::chrono::milliseconds{timeout_ms};
  auto open = ctl::connection::open(whom.at, deadline);
  if (!open) {
    fmt::print(stderr, "{}: {}\n", whom.name, open.err().message);
    return verdict::unreachable;
  }
  const auto reply = open->ask(words, deadline);
  if (!reply) {
    fmt::print(stderr, "{}: {}\n", whom.name, reply.err().message);
    return verdict::in_doubt;
  }
  if (reply->refused) {
    fmt::print(stderr, "{}: {}\n", whom.name, reply->text);
    return verdict::refused;
  }
  const bool ends_line = reply->text.ends_with('\n');
  fmt::print("{}{}", reply->text, ends_line ? "" : "\n");
  return verdict::answered;
}

/// Any node will do: the next is asked if one does not answer.
int status(const targets& nodes, const arguments& args) {
  for (const auto& x : nodes)
    if (ask(x, {"COHORT.STATUS"}, args.timeout_ms) == verdict::answered)
      return exit_done;
  fmt::print(stderr, "no node answered\n");
  return exit_failed;
}

/// One node is told, once: a second one could form a second cluster.
int form(const targets& nodes, const arguments& args) {
  std::vector<std::string> words{"COHORT.FORM", "WITHOUT"};
  words.insert(words.end(), args.without.begin(), args.without.end());
  for (const auto& x : nodes)
    switch (ask(x, words, args.timeout_ms)) {
      case verdict::answered:
        return exit_done;
      case verdict::refused:
        return exit_failed;
      case verdict::in_doubt:
        fmt::print(stderr,
                   "whether it was told is not known: see what "
                   "cohortctl status says\n");
        return exit_failed;
      case verdict::unreachable:
        break;
    }
  fmt::print(stderr, "no node answered\n");
  return exit_failed;
}

void add_common(CLI::App& command, arguments& args) {
  auto* config = command.add_option("--config", args.config,
                                    "the topology file");
  auto* node = command.add_option("--node", args.node, "ask only this node");
  auto* address = command.add_option("--address", args.address,
                                     "ask this client port: \"host:port\"");
  node->needs(config);
  address->excludes(config);
  command.add_option("--timeout-ms", args.timeout_ms, "for each node")
    ->check(CLI::Range(1, 600'000))
    ->capture_default_str();
}

int run(int argc, char** argv) {
  arguments args;
  CLI::App app{"Asks the nodes of a Cohort cluster."};
  app.set_version_flag("--version", "cohortctl " COHORT_VERSION);
  app.require_subcommand(1);
  auto* asks = app.add_subcommand("status", "says how the cluster is");
  add_common(*asks, args);
  auto* forms = app.add_subcommand(
    "form", "forms a cluster for the first time although nodes are missing");
  add_common(*forms, args);
  forms->add_option("--without", args.without, "nodes that are missing")
    ->required();
  try {
    app.parse(argc, argv);
    if (args.config.empty() && args.address.empty())
      throw CLI::RequiredError("--config or --address");
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? exit_done : exit_usage;
  }
  const auto nodes = targets_of(args);
  if (!nodes) {
    fmt::print(stderr, "{}\n", nodes.err().message);
    return exit_usage;
  }
  return asks->parsed() ? status(*nodes, args) : form(*nodes, args);
}

} // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& e) {
    fmt::print(stderr, "cohortctl: {}\n", e.what());
    return exit_failed;
  }
}
