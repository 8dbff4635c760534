#include "runtime/node.hpp"

#include "core/rng.hpp"
#include "runtime/supervisor.hpp"

#include <caf/send.hpp>

#include <future>
#include <utility>

namespace cohort::runtime {

struct node::parts {
  caf::actor supervisor;
  std::uint16_t peer_port = 0;
  std::future<void> ended;
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

/// A supervisor that breaks at its start leaves its promise unkept.
result<std::uint16_t> wait_for(std::future<result<std::uint16_t>>& listening) {
  try {
    return listening.get();
  } catch (const std::future_error&) {
    return error{errc::io_failed, "the node broke at its start"};
  }
}

} // namespace

result<std::unique_ptr<node>> node::start(caf::actor_system& system,
                                          node_options options) {
  if (auto checked = check(options); !checked)
    return checked.err();
  const auto place = *options.plan.find(options.name);
  auto directory = storage::node_directory::open(*options.files,
                                                 place.directory);
  if (!directory)
    return directory.err();
  rng random{options.seed};
  auto setup = std::make_shared<supervisor_setup>(
    supervisor_setup{std::move(options),
                     std::move(*directory),
                     random.next(),
                     cluster_id{random.next(), random.next()},
                     {}});
  auto listening = setup->listening.get_future();
  auto broke =
    [&system, trace = setup->options.trace,
     on_stopped = setup->options.on_stopped](const caf::error& reason) {
      const auto why = "the supervisor broke: " + system.render(reason);
      if (trace)
        trace(severity::error, "stops: " + why);
      if (on_stopped)
        on_stopped(why);
    };
  auto made = std::make_unique<parts>();
  made->supervisor = spawn_shell<runtime::supervisor>(
    system, placement::own_thread, std::move(setup));
  auto ended = std::make_shared<std::promise<void>>();
  made->ended = ended->get_future();
  // Runs when nothing of the supervisor's state is left.
  caf::actor_cast<caf::abstract_actor*>(made->supervisor)
    ->attach_functor([ended, broke](const caf::error& reason) {
      if (reason != caf::exit_reason::user_shutdown)
        broke(reason);
      ended->set_value();
    });
  const auto port = wait_for(listening);
  if (!port) {
    node failed{std::move(made)};
    return port.err();
  }
  made->peer_port = *port;
  return std::unique_ptr<node>{new node{std::move(made)}};
}

node::node(std::unique_ptr<parts> x) : parts_(std::move(x)) {}

node::~node() {
  kill();
}

void node::stop(std::chrono::milliseconds patience) {
  caf::anon_send(parts_->supervisor, stop_node{patience.count()});
  if (parts_->ended.valid())
    parts_->ended.get();
}

void node::kill() {
  stop(std::chrono::milliseconds{0});
}

std::uint16_t node::peer_port() const {
  return parts_->peer_port;
}

set_id node::served_set() const {
  return first_user_set;
}

const caf::actor& node::supervisor() const {
  return parts_->supervisor;
}

} // namespace cohort::runtime
