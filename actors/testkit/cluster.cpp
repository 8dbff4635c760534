#include "testkit/cluster.hpp"

#include "runtime/messages.hpp"
#include "runtime/system_clock.hpp"
#include "storage/posix_file_system.hpp"

#include <caf/io/middleman.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <thread>
#include <utility>

namespace cohort::testkit {

namespace {

namespace fs = std::filesystem;

/// Between two looks at something that is waited for.
constexpr std::chrono::milliseconds look_again{5};

constexpr std::chrono::seconds stop_patience{5};

std::string make_temporary_directory() {
  auto pattern = (fs::temp_directory_path() / "cohort-XXXXXX").string();
  if (!::mkdtemp(pattern.data()))
    throw std::runtime_error{"no temporary directory can be made"};
  return pattern;
}

runtime::topology plan_of(const cluster_options& options,
                          const std::string& directory) {
  runtime::topology plan;
  plan.cluster_name = "test";
  plan.transport = runtime::transport_kind::local;
  for (std::size_t i = 1; i <= options.nodes; ++i) {
    runtime::node_place node;
    node.name = "n" + std::to_string(i);
    node.peer = {"127.0.0.1", static_cast<std::uint16_t>(i)}; // not listened at
    node.directory = (fs::path{directory} / node.name).string();
    plan.nodes.push_back(std::move(node));
  }
  runtime::set_plan set;
  set.name = "main";
  set.engine = options.engine;
  plan.sets.push_back(std::move(set));
  plan.limits = options.limits;
  plan.timers = options.timers;
  if (options.adjust)
    options.adjust(plan);
  return plan;
}

} // namespace

cluster::cluster(cluster_options options)
  : options_(std::move(options)),
    directory_(options_.directory),
    time_(std::make_shared<runtime::system_clock>()),
    network_(std::make_shared<transport::local_network>()) {
  if (directory_.empty()) {
    directory_ = make_temporary_directory();
    temporary_ = true;
  }
  if (!options_.files)
    options_.files = std::make_shared<storage::posix_file_system>();
  plan_ = plan_of(options_, directory_);
  config_.load<caf::io::middleman>();
  config_.set("scheduler.policy", caf::atom("sharing"));
  config_.set("scheduler.max-threads", std::size_t{2});
  config_.set("middleman.workers", std::size_t{0});
  system_ = std::make_unique<caf::actor_system>(config_);
}

result<std::unique_ptr<cluster>> cluster::start(cluster_options options) {
  std::unique_ptr<cluster> made{new cluster{std::move(options)}};
  for (const auto& name : made->names())
    if (auto started = made->restart(name); !started)
      return started.err();
  return made;
}

cluster::~cluster() {
  members_.clear();
  system_.reset();
  if (temporary_) {
    std::error_code ignored;
    fs::remove_all(directory_, ignored);
  }
}

std::vector<std::string> cluster::names() const {
  std::vector<std::string> result;
  for (const auto& x : plan_.nodes)
    result.push_back(x.name);
  return result;
}

std::vector<std::string> cluster::running_nodes() const {
  std::vector<std::string> result;
  for (const auto& [name, x] : members_)
    if (running(name))
      result.push_back(name);
  return result;
}

std::string cluster::directory_of(const std::string& name) const {
  return plan_.find(name)->directory;
}

// -- nodes --------------------------------------------------------------------

bool cluster::running(const std::string& name) const {
  return members_.contains(name) && stopped_because(name).empty();
}

std::string cluster::stopped_because(const std::string& name) const {
  const std::lock_guard guard{mutex_};
  const auto at = stopped_.find(name);
  return at == stopped_.end() ? "" : at->second;
}

void cluster::kill(const std::string& name) {
  members_.erase(name);
}

void cluster::stop(const std::string& name) {
  const auto at = members_.find(name);
  if (at == members_.end())
    return;
  at->second.client.reset();
  at->second.node->stop(stop_patience);
  members_.erase(at);
}

result<void> cluster::restart(const std::string& name) {
  members_.erase(name);
  {
    const std::lock_guard guard{mutex_};
    stopped_.erase(name);
  }
  runtime::node_options node;
  node.plan = plan_;
  node.name = name;
  node.version = "test";
  node.files = options_.files;
  node.time = time_;
  if (options_.trace)
    node.trace = [trace = options_.trace, name](runtime::severity level,
                                                const std::string& line) {
      trace(level, name + ": " + line);
    };
  node.seed = options_.seed * 1'000'003 + ++starts_;
  node.make_machine = options_.make_machine;
  if (options_.make_gateway)
    node.make_gateway = options_.make_gateway(plan_, name);
  node.network = network_;
  node.on_stopped = [this, name](const std::string& why) {
    const std::lock_guard guard{mutex_};
    stopped_[name] = why;
  };
  auto started = runtime::node::start(*system_, std::move(node));
  if (!started)
    return started.err();
  auto& x = members_[name];
  x.node = std::move(*started);
  x.client = std::make_unique<runtime::set_client>(*system_, *x.node, time_);
  return {};
}

void cluster::wipe(const std::string& name) {
  members_.erase(name);
  fs::remove_all(directory_of(name));
}

// -- the network --------------------------------------------------------------

void cluster::cut(const std::string& x, const std::string& y) {
  network_->cut(x, y);
  network_->cut(y, x);
}

void cluster::isolate(const std::string& name) {
  for (const auto& other : names())
    if (other != name)
      cut(name, other);
}

void cluster::heal() {
  network_->heal_all();
}

// -- questions ----------------------------------------------------------------

runtime::set_client& cluster::client(const std::string& name) {
  return *members_.at(name).client;
}

std::string cluster::status(const std::string& name) {
  const auto at = members_.find(name);
  if (at == members_.end())
    return "";
  caf::scoped_actor self{*system_};
  caf::anon_send(at->second.node->supervisor(),
                 runtime::report_cluster{caf::actor_cast<caf::actor>(self)});
  std::string text;
  self->receive([&](const runtime::cluster_report& x) { text = x.text; },
                caf::after(std::chrono::seconds{5}) >> [] {});
  return text;
}

result<std::string> cluster::primary(std::chrono::milliseconds patience) {
  std::string found;
  const std::string before = "set main, epoch ";
  const bool known = eventually(
    [&] {
      for (const auto& name : running_nodes()) {
        const auto text = status(name);
        const auto line = text.find(before);
        const auto at = text.find(", primary ", line);
        if (line == std::string::npos || at == std::string::npos
            || at > text.find('\n', line))
          continue;
        const auto begin = at + std::string{", primary "}.size();
        found = text.substr(begin, text.find('\n', begin) - begin);
        if (running(found))
          return true;
      }
      return false;
    },
    patience);
  if (!known)
    return error{errc::timed_out, "there is no primary"};
  return found;
}

bool cluster::eventually(const std::function<bool()>& holds,
                         std::chrono::milliseconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > deadline)
      return false;
    std::this_thread::sleep_for(look_again);
  }
  return true;
}

} // namespace cohort::testkit
