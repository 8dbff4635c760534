#include "testkit/cluster.hpp"

#include "core/check.hpp"
#include "runtime/messages.hpp"
#include "runtime/system_clock.hpp"
#include "storage/posix_file_system.hpp"

#include <caf/io/middleman.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include <algorithm>
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

/// Nodes answer sooner, also if others do not answer them.
constexpr std::chrono::seconds status_patience{5};

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

/// The primary of the set in a status; empty: there is none.
std::string primary_in(const std::string& status) {
  const auto line = status.find("set main, epoch ");
  if (line == std::string::npos)
    return "";
  const std::string before = ", primary ";
  const auto end = status.find('\n', line);
  const auto at = status.find(before, line);
  if (at >= end)
    return "";
  const auto begin = at + before.size();
  return status.substr(begin, end - begin);
}

/// One that is not among those who were asked is about to be replaced.
bool all_see_one_of_them(const std::map<std::string, std::string>& seen) {
  if (seen.empty())
    return false;
  const auto& first = seen.begin()->second;
  return seen.contains(first)
         && std::all_of(seen.begin(), seen.end(),
                        [&](const auto& x) { return x.second == first; });
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
  const auto at = members_.find(name);
  COHORT_CHECK(at != members_.end());
  return *at->second.client;
}

runtime::set_client& cluster::client() {
  const auto running = running_nodes();
  COHORT_CHECK(!running.empty());
  return client(running.front());
}

std::string cluster::status(const std::string& name) {
  return status(name, std::chrono::steady_clock::now() + status_patience);
}

std::string cluster::status(const std::string& name, time_point deadline) {
  const auto at = members_.find(name);
  const auto left = deadline - std::chrono::steady_clock::now();
  if (at == members_.end() || left.count() <= 0)
    return "";
  caf::scoped_actor self{*system_};
  caf::anon_send(at->second.node->supervisor(),
                 runtime::report_cluster{caf::actor_cast<caf::actor>(self)});
  std::string text;
  self->receive([&](const runtime::cluster_report& x) { text = x.text; },
                caf::after(left) >> [] {});
  return text;
}

bool cluster::cut_off(const std::string& name) const {
  const auto all = names();
  const auto met = std::count_if(all.begin(), all.end(), [&](const auto& x) {
    return x == name
           || (network_->reaches(name, x) && network_->reaches(x, name));
  });
  return 2 * static_cast<std::size_t>(met) <= all.size();
}

/// By who sees it; empty where a node sees none.
std::map<std::string, std::string>
cluster::primaries_seen(time_point deadline) {
  std::map<std::string, std::string> result;
  for (const auto& name : running_nodes())
    if (!cut_off(name))
      result[name] = primary_in(status(name, deadline));
  return result;
}

result<std::string> cluster::primary(std::chrono::milliseconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  std::map<std::string, std::string> seen;
  const bool agreed = eventually(
    [&] {
      auto now = primaries_seen(deadline);
      if (std::chrono::steady_clock::now() > deadline)
        return false; // and some had no time left to say what they see
      seen = std::move(now);
      return all_see_one_of_them(seen);
    },
    patience);
  if (agreed)
    return seen.begin()->second;
  std::string text = "there is no primary that all see";
  for (const auto& [name, primary] : seen)
    text += "; " + name + " sees " + (primary.empty() ? "none" : primary);
  return error{errc::timed_out, std::move(text)};
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
