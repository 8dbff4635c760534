#include "runtime/node.hpp"

#include "core/rng.hpp"
#include "runtime/messages.hpp"
#include "runtime/supervisor.hpp"

#include <caf/send.hpp>

#include <future>
#include <utility>

namespace cohort::runtime {

struct node::parts {
  std::uint64_t boot_nonce = 0;
  caf::actor supervisor;
  std::shared_future<result<std::uint16_t>> started;
  std::shared_future<void> ended;
};

namespace {

result<void> check(const node_options& options) {
  const auto problems = problems_of(options.plan);
  if (!problems.empty())
    return error{errc::invalid,
                 problems.front().key + ": " + problems.front().message};
  if (!options.plan.find(options.name))
    return error{errc::invalid,
                 "the topology has no node '" + options.name + "'"};
  return {};
}

/// Runs when nothing of the supervisor's state is left.
struct supervisor_end {
  caf::actor_system& system;
  trace_sink trace;
  std::function<void(const std::string&)> on_stopped;
  std::shared_ptr<start_report> report;
  std::shared_ptr<std::promise<void>> ended;

  void operator()(const caf::error& reason) const {
    if (reason != caf::exit_reason::user_shutdown)
      broke(system.render(reason));
    report->set({errc::closed, "the node was stopped"});
    ended->set_value();
  }

  void broke(const std::string& reason) const {
    const auto why = "the supervisor broke: " + reason;
    if (trace)
      trace(severity::error, "stops: " + why);
    if (on_stopped)
      on_stopped(why);
    report->set({errc::closed, why});
  }
};

} // namespace

result<std::unique_ptr<node>> node::start(caf::actor_system& system,
                                          node_options options) {
  auto made = begin(system, std::move(options));
  if (!made)
    return made.err();
  if (const auto& port = (*made)->parts_->started.get(); !port)
    return port.err();
  return made;
}

result<std::unique_ptr<node>> node::begin(caf::actor_system& system,
                                          node_options options) {
  if (auto checked = check(options); !checked)
    return checked.err();
  const auto place = *options.plan.find(options.name);
  auto directory = storage::node_directory::open(*options.files,
                                                 place.directory);
  if (!directory)
    return directory.err();
  rng random{options.seed};
  supervisor_end at_end{system, options.trace, options.on_stopped,
                        std::make_shared<start_report>(),
                        std::make_shared<std::promise<void>>()};
  auto made = std::make_unique<parts>();
  made->started = at_end.report->outcome().share();
  made->ended = at_end.ended->get_future().share();
  made->boot_nonce = random.next();
  const auto where = options.supervisor_runs;
  auto setup = std::make_shared<supervisor_setup>(supervisor_setup{
    std::move(options), std::move(*directory), made->boot_nonce,
    cluster_id{random.next(), random.next()}, at_end.report});
  made->supervisor = spawn_shell<runtime::supervisor>(system, where,
                                                      std::move(setup));
  caf::actor_cast<caf::abstract_actor*>(made->supervisor)
    ->attach_functor(std::move(at_end));
  return std::unique_ptr<node>{new node{std::move(made)}};
}

node::node(std::unique_ptr<parts> x) : parts_(std::move(x)) {}

node::~node() {
  kill();
}

void node::stop(std::chrono::milliseconds patience) {
  begin_stop(patience);
  parts_->ended.wait();
}

void node::kill() {
  stop(std::chrono::milliseconds{0});
}

void node::begin_stop(std::chrono::milliseconds patience) {
  caf::anon_send(parts_->supervisor, stop_node{patience.count()});
}

bool node::ended() const {
  return parts_->ended.wait_for(std::chrono::seconds{0})
         == std::future_status::ready;
}

std::optional<result<std::uint16_t>> node::outcome() const {
  if (parts_->started.wait_for(std::chrono::seconds{0})
      != std::future_status::ready)
    return std::nullopt;
  return parts_->started.get();
}

std::uint16_t node::peer_port() const {
  return *parts_->started.get();
}

set_id node::served_set() const {
  return first_user_set;
}

std::uint64_t node::first_request_of(std::uint16_t gateway) const {
  return runtime::first_request_of(gateway, parts_->boot_nonce);
}

const caf::actor& node::supervisor() const {
  return parts_->supervisor;
}

} // namespace cohort::runtime
