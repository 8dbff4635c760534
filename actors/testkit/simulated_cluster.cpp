#include "testkit/simulated_cluster.hpp"

#include "runtime/messages.hpp"

#include <caf/atom.hpp>

#include <algorithm>
#include <utility>

namespace cohort::testkit {

namespace {

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
  set.members = options.members;
  set.m = options.m;
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

/// Whoever runs a node does what it says.
bool asks_for_an_empty_disk(const std::string& why) {
  return why.find("Empty its data directory") != std::string::npos;
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
  for (const auto& name : names_) {
    make_member(name);
    start(name);
  }
}

/// A node on an empty disk, with clocks of its own.
void simulated_cluster::make_member(const std::string& name) {
  auto& x = members_[name];
  x.name = name;
  const auto around = [this](std::int64_t most) {
    return static_cast<std::int64_t>(
             random_.below(2 * static_cast<std::uint64_t>(most) + 1))
           - most;
  };
  x.disk = make_disk();
  const auto skew_ms = around(options_.skew_ms_max);
  x.time = std::make_shared<virtual_clock>(scheduler().clock(), skew_ms,
                                           around(options_.rate_ppm_max));
  const auto spread = std::min(options_.tick_ms_spread,
                               plan_.timers.tick_ms - 1);
  x.tick_ms = plan_.timers.tick_ms - spread
              + static_cast<std::uint32_t>(random_.below(2 * spread + 1));
}

std::unique_ptr<faulty_file_system> simulated_cluster::make_disk() const {
  faulty_file_system::options how;
  how.durable_writes = options_.durable_writes;
  how.copies_on_write = options_.copies_on_write;
  return std::make_unique<faulty_file_system>(how);
}

/// Ends the actors first: timers that set themselves anew would keep the actor
/// system alive, and so would those that have not heard yet that their node has
/// ended.
simulated_cluster::~simulated_cluster() {
  for (auto& [name, x] : members_)
    if (x.node)
      end(x);
  while (run_one()) {
    // Nothing of any node is left that could go on for ever.
  }
  members_.clear();
  system_.reset();
}

/// The one that `one_thread` asks for.
caf::scheduler::test_coordinator& simulated_cluster::scheduler() const {
  return static_cast<caf::scheduler::test_coordinator&>(system_->scheduler());
}

// -- invariants ---------------------------------------------------------------

void simulated_cluster::report_broken(const std::string& what) {
  if (broken_.empty())
    broken_ = what;
}

/// After something of this one ran.
void simulated_cluster::check(member* x) {
  if (x && x->lives && (x->fell || !x->started || x->crashes_by_disk))
    check_member(*x);
  if (!broken_.empty())
    throw invariant_broken{broken_};
}

/// Nobody makes a second change of a disk that failed him, and his node ends
/// soon (D6). Until it has, others may not have heard of it.
void simulated_cluster::check_failed_disk(caf::actor_id actor, member& x) {
  if (!x.lives || x.disk->failed_writes() == 0)
    return;
  if (x.failed_by == caf::invalid_actor_id) {
    x.failed_by = actor;
    x.ends_from = std::max(x.ends_from, now());
  } else if (x.failed_by == actor) {
    report_broken(x.name + " goes on writing to a disk that failed");
  }
}

void simulated_cluster::check_member(member& x) {
  if (x.crashes_by_disk && x.disk->stopped()) {
    count("crash in a write");
    return crash(x.name, x.crash_by_disk);
  }
  if (!x.started)
    if (const auto outcome = x.node->outcome()) {
      x.refused = !*outcome;
      if (x.refused)
        fall(x.name, x, "cannot start: " + to_string(outcome->err()));
      x.started = true;
    }
  if (x.fell)
    crash(x.name, {false, random_.below(2) == 0});
}

/// A node has a right to stop when its disk gave it a reason: with no space
/// while it starts, with little while it opens a log that needs more of it; at
/// any time if what is overwritten needs space, too. But nothing that a disk
/// does makes a check of its code fail.
bool simulated_cluster::may_fall(const std::string& name, const member& x,
                                 const std::string& why) const {
  if (why.find("invariant broken") != std::string::npos)
    return false;
  return x.disk->stopped() || x.disk->failed_changes() > 0 || x.damaged
         || (x.was_full && !x.started)
         || (x.was_limited
             && (options_.copies_on_write || !disks_.has_log(name)));
}

void simulated_cluster::fall(const std::string& name, member& x,
                             const std::string& why) {
  if (!may_fall(name, x, why))
    return report_broken(name + " " + why);
  x.fell = true;
  x.refused = x.refused || asks_for_an_empty_disk(why);
  ++x.falls;
  count("node stops itself");
}

void simulated_cluster::finish() {
  for (const auto& name : running())
    disks_.stops(name);
  check(nullptr);
}

// -- questions ----------------------------------------------------------------

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

std::vector<set_id> simulated_cluster::hosted(const std::string& name) const {
  const auto in = [&](const std::vector<std::string>& members) {
    return std::find(members.begin(), members.end(), name) != members.end();
  };
  std::vector<set_id> result;
  if (in(runtime::meta_members_of(plan_)))
    result.push_back(meta_set);
  if (in(runtime::members_of(plan_, plan_.sets.front())))
    result.push_back(user_set);
  return result;
}

bool simulated_cluster::hosts(const std::string& name, set_id set) const {
  const auto sets = hosted(name);
  return std::find(sets.begin(), sets.end(), set) != sets.end();
}

std::string simulated_cluster::lack_of(const std::string& name) const {
  return up(name) ? disks_.lack_of(name, hosted(name)) : "life";
}

// -- lives of nodes -----------------------------------------------------------

runtime::node_options simulated_cluster::options_of(const std::string& name,
                                                    member& x) {
  runtime::node_options result;
  result.plan = plan_;
  result.plan.timers.tick_ms = x.tick_ms;
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
  if (options_.make_gateway)
    result.make_gateway = options_.make_gateway(result);
  result.supervisor_runs = runtime::placement::pool;
  result.hub_runs = runtime::placement::pool;
  result.replica_runs = runtime::placement::pool;
  result.applier_runs = runtime::placement::pool;
  result.disk_runs = runtime::placement::pool;
  result.make_transport = [this, name](caf::scheduled_actor* owner) {
    return make_simulated_transport(network_, name, owner);
  };
  return result;
}

void simulated_cluster::start(const std::string& name) {
  auto& x = members_.at(name);
  ++x.starts;
  x.started = false;
  x.paused = false;
  x.fell = false;
  x.crashes_by_disk = false;
  x.was_limited = x.limited;
  x.was_full = x.full;
  x.failed_by = caf::invalid_actor_id;
  x.ends_from = {};
  own_new_actors(nullptr);
  disks_.starts(name, *x.disk, runtime::log_options_of(plan_.limits));
  note(name, "starts");
  auto made = runtime::node::begin(*system_, options_of(name, x));
  x.refused = !made;
  if (!made) {
    fall(name, x, "cannot start: " + to_string(made.err()));
    note(name, "cannot start: " + to_string(made.err()));
    disks_.stops(name);
    x.disk = x.disk->crash_losing_nothing();
    return;
  }
  x.lives = true;
  x.node = std::move(*made);
  runtime::set_client::options reaching;
  reaching.number = runtime::gateway_number::first_client;
  x.client = std::make_unique<runtime::set_client>(*system_, *x.node, x.time,
                                                   reaching);
  own_new_actors(&x);
}

/// What its actors still do while they end reaches nobody, and a disk that is
/// never looked at again.
void simulated_cluster::crash(const std::string& name, const crash_kind& how) {
  if (options_.on_crash)
    options_.on_crash(name);
  auto& x = members_.at(name);
  count(how.host_too ? "crash of a host" : "crash of a process");
  note(name, "crashes");
  if (x.disk->failed_changes() > 0)
    count("failed disk");
  x.lives = false;
  disks_.stops(name);
  auto left = x.disk->crash([&](std::uint64_t outcomes) {
    return how.lose_writes ? random_.below(outcomes) : outcomes - 1;
  });
  network_.vanish(name, how.host_too);
  end(x);
  x.disk = std::move(left);
}

void simulated_cluster::end(member& x) {
  x.lives = false;
  release(x);
  x.client.reset();
  x.node->begin_stop(std::chrono::milliseconds{0});
  unchecked_ = true; // others run, too
  while (!x.node->ended())
    if (!run_one())
      throw invariant_broken{"a node does not end"};
  x.node.reset();
  if (x.disk.use_count() > 1)
    report_broken("a node has ended, and something of it still uses its disk");
}

// -- what nodes say -----------------------------------------------------------

void simulated_cluster::note(const std::string& who, const std::string& line) {
  trace_.add(static_cast<std::uint64_t>(now().count()));
  trace_.add(who);
  trace_.add(line);
  auto text = std::to_string(now().count()) + " " + who + ": " + line;
  if (options_.trace)
    options_.trace(text);
  if (last_events_.size() == last_events_max)
    last_events_.pop_front();
  last_events_.push_back(std::move(text));
}

void simulated_cluster::take_trace(const std::string& name, std::uint64_t start,
                                   runtime::severity level,
                                   const std::string& line) {
  auto& x = members_.at(name);
  if (!x.lives || x.starts != start)
    return;
  note(name, line);
  if (level == runtime::severity::error && !x.disk->stopped())
    fall(name, x, line);
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
