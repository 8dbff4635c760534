// cohortd: one node of a cluster, as a process. docs/OPERATIONS.md describes
// its command line, its signals and its exit codes.
#include "node/arguments.hpp"
#include "node/lifetime.hpp"
#include "node/topology_file.hpp"
#include "node/trace.hpp"

#include "resp/kv_node.hpp"
#include "runtime/node.hpp"
#include "runtime/system_clock.hpp"
#include "storage/posix_file_system.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/atom.hpp>
#include <caf/io/middleman.hpp>

#include <fmt/core.h>
#include <spdlog/spdlog.h>

#include <cstdio>
#include <cstdlib>
#include <exception>

#include <malloc.h>

namespace {

using namespace cohort;

/// Prints all that is wrong, or not wise. False: it cannot work.
bool is_good(const config::topology_file& file) {
  for (const auto& text : file.problems)
    fmt::print(stderr, "{}\n", text);
  for (const auto& text : file.warnings)
    fmt::print(stderr, "{} (a warning)\n", text);
  return file.problems.empty();
}

bool can_run(const runtime::topology& plan, const daemon::arguments& args) {
  if (!args.node.empty() && !plan.find(args.node)) {
    std::string names;
    for (const auto& node : plan.nodes)
      names += " " + node.name;
    fmt::print(stderr, "{}: there is no node \"{}\"; its nodes are:{}\n",
               args.config, args.node, names);
    return false;
  }
  if (plan.transport != runtime::transport_kind::tcp) {
    fmt::print(stderr,
               "{}: cluster.transport: \"local\" is for nodes within one "
               "process; write \"tcp\" for cohortd\n",
               args.config);
    return false;
  }
  return true;
}

/// glibc keeps small freed pieces apart and joins all of them at once when a
/// large one is freed. A thread that frees a generation of keys in slices then
/// stalls for up to 100 ms, as measured; without those lists a slice takes 2 to
/// 8 ms. Threads' own caches of small pieces stay.
void free_small_pieces_at_once() {
  mallopt(M_MXFAST, 0);
}

/// As measured: this policy wakes its threads at once, and the network's loop
/// hands nothing over to workers of its own.
void configure(caf::actor_system_config& config, std::size_t threads) {
  config.set("scheduler.policy", caf::atom("sharing"));
  config.set("scheduler.max-threads", threads);
  config.set("middleman.workers", std::size_t{0});
  config.load<caf::io::middleman>();
}

runtime::node_options options_of(const runtime::topology& plan,
                                 const std::string& name,
                                 daemon::lifetime& life) {
  runtime::node_options result;
  result.plan = plan;
  result.name = name;
  result.version = COHORT_VERSION;
  result.files = std::make_shared<storage::posix_file_system>();
  result.time = std::make_shared<runtime::system_clock>();
  result.trace = daemon::node_trace();
  result.seed = daemon::random_seed();
  result.on_stopped = [&life](const std::string& why) { life.broke(why); };
  return resp::kv_node_options(std::move(result));
}

int run(const runtime::topology& plan, const daemon::arguments& args) {
  daemon::lifetime life;
  daemon::open_trace(args.node, args.trace_level);
  spdlog::info("cohortd " COHORT_VERSION " starts, with up to {} open files",
               daemon::raise_open_files());
  caf::actor_system_config config;
  configure(config, args.threads);
  caf::actor_system system{config};
  auto node = runtime::node::start(system, options_of(plan, args.node, life));
  if (!node) {
    spdlog::error("cannot start: {}", to_string(node.err()));
    return daemon::exit_code::failed;
  }
  spdlog::info("listens for peers on port {}", (*node)->peer_port());
  const auto code = life.wait([&] { (*node)->stop(args.stop_patience); },
                              [](const auto& text) { spdlog::info(text); });
  // What broke is not waited for (L4): the disk is as a crash would leave it.
  if (code != daemon::exit_code::stopped)
    std::_Exit(code);
  return code;
}

int run_or_explain(int argc, char** argv) {
  daemon::arguments args;
  if (const auto code = daemon::parse(args, argc, argv))
    return *code;
  const auto file = config::read_topology(args.config);
  if (!is_good(file) || !can_run(file.plan, args))
    return daemon::exit_code::usage;
  if (!args.check_config)
    return run(file.plan, args);
  fmt::print("{}: is good; nodes: {}\n", args.config, file.plan.nodes.size());
  return daemon::exit_code::stopped;
}

} // namespace

int main(int argc, char** argv) {
  free_small_pieces_at_once();
  try {
    return run_or_explain(argc, argv);
  } catch (const std::exception& e) {
    fmt::print(stderr, "cohortd: {}\n", e.what());
    return daemon::exit_code::failed;
  }
}
