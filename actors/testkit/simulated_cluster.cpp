#include "testkit/simulated_cluster.hpp"

#include "runtime/messages.hpp"

#include <caf/atom.hpp>

#include <algorithm>
#include <utility>

namespace cohort::testkit {

namespace {

using std::chrono::microseconds;

/// Messages without time passing: more is a loop.
constexpr std::uint64_t events_per_moment_max = 1'000'000;

runtime::topology plan_of(const simulated_cluster_options& options,
                          const std::vector<std::string>& names) {
  runtime::topology plan;
  plan.cluster_name = "simulated";
  plan.transport = runtime::transport_kind::local;
  for (const auto& name : names) {
    runtime::node_place node;
    node.name = name;
    const auto port = static_cast<std::uint16_t>(plan.nodes.size() + 1);
    node.peer = {"127.0.0.1", port}; // not listened at
    node.directory = "/" + name;
    plan.nodes.push_back(std::move(node));
  }
  runtime::set_plan set;
  set.name = "main";
  set.engine = runtime::engine_kind::memory;
  plan.sets.push_back(std::move(set));
  plan.limits = options.limits;
  plan.timers = options.timers;
  return plan;
}

std::vector<std::string> names_of(std::size_t count) {
  std::vector<std::string> result;
  for (std::size_t i = 1; i <= count; ++i)
    result.push_back("n" + std::to_string(i));
  return result;
}

/// Asked for every event: a dynamic_cast would cost more than most of them.
caf::actor_id id_of(caf::resumable* job) {
  if (job->subtype() != caf::resumable::scheduled_actor)
    return caf::invalid_actor_id;
  return static_cast<caf::scheduled_actor*>(job)->id();
}

} // namespace

simulated_cluster::one_thread::one_thread() {
  set("scheduler.policy", caf::atom("testing"));
}

simulated_cluster::simulated_cluster(simulated_cluster_options options)
  : options_(std::move(options)),
    names_(names_of(options_.nodes)),
    random_(options_.seed),
    plan_(plan_of(options_, names_)),
    system_(std::make_unique<caf::actor_system>(config_)),
    logs_([this](const std::string& what) { report_broken(what); }),
    disks_(logs_, [this](const std::string& what) { report_broken(what); }),
    network_(random_.next(), scheduler().clock(), trace_) {
  network_.listen({
    [this](const std::string& from, node_id to, const frame& f) {
      disks_.sends(from, to, f);
    },
    [this](const std::string& from, const hello& who) {
      disks_.greets(from, who);
    },
  });
  run_ready();
  const auto skew = static_cast<std::uint64_t>(options_.skew_ms_max);
  for (const auto& name : names_) {
    auto& x = members_[name];
    x.disk = std::make_shared<faulty_file_system>();
    x.time = std::make_shared<virtual_clock>(
      scheduler().clock(),
      static_cast<std::int64_t>(random_.below(2 * skew + 1))
        - options_.skew_ms_max);
    start(name);
  }
}

/// Ends the actors first: timers that set themselves anew would keep the actor
/// system alive.
simulated_cluster::~simulated_cluster() {
  for (auto& [name, x] : members_)
    if (x.node)
      end(x);
  members_.clear();
  system_.reset();
}

/// The one that `one_thread` asks for.
caf::scheduler::test_coordinator& simulated_cluster::scheduler() const {
  return static_cast<caf::scheduler::test_coordinator&>(system_->scheduler());
}

// -- time ---------------------------------------------------------------------

microseconds simulated_cluster::now() const {
  return std::chrono::duration_cast<microseconds>(
    scheduler().clock().now().time_since_epoch());
}

/// One message, of an actor that is drawn.
bool simulated_cluster::run_one() {
  auto& jobs = scheduler().jobs;
  if (jobs.empty())
    return false;
  if (jobs.size() > 1)
    std::swap(jobs.front(), jobs[random_.below(jobs.size())]);
  auto* const job = jobs.front();
  if (hold(job)) {
    jobs.pop_front();
    return true;
  }
  const auto actor = id_of(job);
  auto* const owner = owner_of(actor);
  const auto changes = owner ? owner->disk->changes() : 0;
  scheduler().run_once();
  ++events_;
  own_new_actors(owner);
  if (owner && owner->disk->changes() != changes && options_.disk_us_max > 0)
    busy_.insert(actor);
  return true;
}

simulated_cluster::member*
simulated_cluster::owner_of(caf::actor_id actor) const {
  return actor < owners_.size() ? owners_[actor] : nullptr;
}

/// Actors are of the node whose actor made them.
void simulated_cluster::own_new_actors(member* owner) {
  owners_.resize(system_->latest_actor_id() + 1, owner);
}

bool simulated_cluster::hold(caf::resumable* job) {
  auto* const owner = owner_of(id_of(job));
  const bool busy = busy_.erase(id_of(job)) > 0;
  if (!owner || !owner->lives)
    return false;
  auto until = caf::actor_clock::time_point::max();
  if (!owner->paused) {
    if (!busy)
      return false;
    const auto most = static_cast<std::uint64_t>(options_.disk_us_max);
    until = scheduler().clock().now()
            + microseconds{static_cast<std::int64_t>(random_.below(most) + 1)};
  }
  held_.push_back({job, owner, until});
  return true;
}

void simulated_cluster::release_due() {
  const auto now = scheduler().clock().now();
  std::erase_if(held_, [&](const held_job& x) {
    if (x.until > now)
      return false;
    scheduler().jobs.push_back(x.job);
    return true;
  });
}

void simulated_cluster::release(const member& owner) {
  std::erase_if(held_, [&](const held_job& x) {
    if (x.owner != &owner)
      return false;
    scheduler().jobs.push_back(x.job);
    return true;
  });
}

void simulated_cluster::run_ready() {
  const auto last = events_ + events_per_moment_max;
  while (run_one()) {
    check();
    if (events_ > last)
      throw invariant_broken{"messages without end"};
  }
}

void simulated_cluster::run_until(microseconds when) {
  auto& clock = scheduler().clock();
  const caf::actor_clock::time_point end{when};
  for (;;) {
    run_ready();
    const auto& timers = clock.schedule();
    auto next = caf::actor_clock::time_point::max();
    if (!timers.empty())
      next = timers.begin()->first;
    const bool timer = next <= end;
    for (const auto& x : held_)
      next = std::min(next, x.until);
    if (next > end)
      break;
    clock.current_time = std::max(clock.current_time, next);
    release_due();
    if (timer && timers.begin()->first <= clock.current_time)
      clock.trigger_timeout();
  }
  clock.current_time = std::max(clock.current_time, end);
}

// -- invariants ---------------------------------------------------------------

void simulated_cluster::report_broken(const std::string& what) {
  if (broken_.empty())
    broken_ = what;
}

void simulated_cluster::check() {
  for (auto& [name, x] : members_)
    if (x.lives)
      check_member(name, x);
  if (!broken_.empty())
    throw invariant_broken{broken_};
}

void simulated_cluster::check_member(const std::string& name, member& x) {
  if (x.crashes_by_disk && x.disk->stopped()) {
    ++crashes_in_a_write_;
    return crash(name, x.crash_by_disk);
  }
  if (x.started)
    return;
  if (const auto outcome = x.node->outcome()) {
    x.started = true;
    if (!*outcome)
      report_broken(name + " cannot start: " + to_string(outcome->err()));
  }
}

// -- nodes --------------------------------------------------------------------

bool simulated_cluster::up(const std::string& name) const {
  return members_.at(name).lives;
}

std::vector<std::string> simulated_cluster::running() const {
  std::vector<std::string> result;
  for (const auto& name : names_)
    if (up(name))
      result.push_back(name);
  return result;
}

runtime::node_options simulated_cluster::options_of(const std::string& name,
                                                    member& x) {
  runtime::node_options result;
  result.plan = plan_;
  result.name = name;
  result.version = "simulated";
  result.files = x.disk;
  result.time = x.time;
  result.trace = [this, name, start = x.starts](runtime::severity level,
                                                const std::string& line) {
    take_trace(name, start, level, line);
  };
  result.seed = random_.next();
  result.make_machine = options_.make_machine(name);
  result.supervisor_runs = runtime::placement::pool;
  result.hub_runs = runtime::placement::pool;
  result.replica_runs = runtime::placement::pool;
  result.applier_runs = runtime::placement::pool;
  result.disk_runs = runtime::placement::pool;
  result.make_transport = [this, name](caf::scheduled_actor* owner) {
    return make_simulated_transport(network_, name,
                                    caf::actor_cast<caf::actor>(owner));
  };
  return result;
}

void simulated_cluster::start(const std::string& name) {
  auto& x = members_.at(name);
  ++x.starts;
  x.lives = true;
  x.started = false;
  x.paused = false;
  x.crashes_by_disk = false;
  own_new_actors(nullptr);
  disks_.starts(name, *x.disk, runtime::log_options_of(plan_.limits));
  auto made = runtime::node::begin(*system_, options_of(name, x));
  if (!made)
    throw invariant_broken{name + " cannot start: " + to_string(made.err())};
  x.node = std::move(*made);
  runtime::set_client::options reaching;
  reaching.number = runtime::gateway_number::first_client;
  x.client = std::make_unique<runtime::set_client>(*system_, *x.node, x.time,
                                                   reaching);
  own_new_actors(&x);
}

void simulated_cluster::crash_during(const std::string& name,
                                     std::uint64_t change,
                                     const crash_kind& how) {
  auto& x = members_.at(name);
  x.disk->stop_during(change);
  x.crashes_by_disk = true;
  x.crash_by_disk = how;
}

void simulated_cluster::pause(const std::string& name) {
  auto& x = members_.at(name);
  if (x.lives && !std::exchange(x.paused, true))
    ++pauses_;
}

void simulated_cluster::resume(const std::string& name) {
  auto& x = members_.at(name);
  if (std::exchange(x.paused, false))
    release(x);
}

void simulated_cluster::end_faults() {
  for (auto& [name, x] : members_) {
    resume(name);
    if (x.lives && x.crashes_by_disk)
      crash(name, x.crash_by_disk);
  }
}

/// What its actors still do while they end reaches nobody, and a disk that is
/// never looked at again.
void simulated_cluster::crash(const std::string& name, const crash_kind& how) {
  if (options_.on_crash)
    options_.on_crash(name);
  auto& x = members_.at(name);
  ++crashes_;
  x.lives = false;
  disks_.stops(name);
  auto left = x.disk->crash([&](std::uint64_t outcomes) {
    return how.lose_writes ? random_.below(outcomes) : outcomes - 1;
  });
  network_.vanish(name, how.host_too);
  trace_.add("crash " + name);
  if (options_.trace)
    options_.trace(std::to_string(now().count()) + " " + name + ": crashes");
  end(x);
  x.disk = std::move(left);
}

void simulated_cluster::end(member& x) {
  x.lives = false;
  release(x);
  x.client.reset();
  x.node->begin_stop(std::chrono::milliseconds{0});
  while (!x.node->ended())
    if (!run_one())
      throw invariant_broken{"a node does not end"};
  x.node.reset();
}

// -- what nodes say -----------------------------------------------------------

void simulated_cluster::take_trace(const std::string& name, std::uint64_t start,
                                   runtime::severity level,
                                   const std::string& line) {
  const auto& x = members_.at(name);
  if (!x.lives || x.starts != start)
    return;
  if (options_.trace)
    options_.trace(std::to_string(now().count()) + " " + name + ": " + line);
  trace_.add(static_cast<std::uint64_t>(now().count()));
  trace_.add(name);
  trace_.add(line);
  if (level == runtime::severity::error && !x.disk->stopped())
    report_broken(name + " " + line);
  note_primary(name, line);
}

/// "set main: primary of term 3, ..."
void simulated_cluster::note_primary(const std::string& name,
                                     const std::string& line) {
  const auto at = line.find(": primary of term ");
  if (at == std::string::npos)
    return;
  const auto [known, fresh] = primaries_.emplace(line.substr(0, line.find(',')),
                                                 name);
  if (!fresh && known->second != name)
    report_broken(known->second + " and " + name
                  + " are both primary: " + line);
}

} // namespace cohort::testkit
