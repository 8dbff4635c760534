#include "testkit/simulation.hpp"

#include <algorithm>
#include <utility>

namespace cohort::testkit {

namespace {

using std::chrono::milliseconds;

/// Fewer acknowledged commands prove nothing.
constexpr std::uint64_t acknowledged_min = 50;

/// The changes of a disk that a crash in a write may wait for.
constexpr std::uint64_t changes_ahead_max = 200;

simulated_cluster_options options_of_cluster(const simulation_options& options,
                                             const simulated_weather& sky,
                                             rng& random) {
  simulated_cluster_options result;
  result.seed = random.next();
  result.nodes = sky.nodes;
  result.skew_ms_max = sky.skew_ms_max;
  result.disk_us_max = sky.disk_us_max;
  result.trace = options.trace;
  result.limits.segment_bytes = std::uint64_t{1} << 20;
  result.limits.snapshot_log_bytes = std::uint64_t{1} << 20;
  return result;
}

} // namespace

simulated_weather::simulated_weather(rng& random, bool faults) {
  const auto some = [&](std::uint64_t most) {
    return random.below(2) == 0 ? 0 : random.between(1, most);
  };
  none = 2000;
  crash = some(15);
  crash_in_write = some(15);
  cut = some(15);
  isolate = some(10);
  break_link = some(20);
  slow = some(10);
  pause = some(10);
  resume = random.between(10, 40);
  start = random.between(10, 60);
  heal = random.between(5, 30);
  if (crash + crash_in_write + cut + isolate + break_link < 10)
    crash_in_write += 10;
  delay.most_us = static_cast<std::int64_t>(random.between(100, 3000));
  if (random.below(2) == 0) {
    delay.spike_one_in = random.between(20, 500);
    delay.spike_us = static_cast<std::int64_t>(random.between(1000, 200'000));
  }
  slow_delay = {10'000, 50'000 + delay.most_us, 0, 0};
  skew_ms_max = static_cast<std::int64_t>(some(10'000));
  disk_us_max = static_cast<std::int64_t>(some(20'000));
  nodes = random.below(3) == 0 ? 5 : 3;
  if (faults)
    return;
  crash = crash_in_write = cut = isolate = break_link = slow = pause = 0;
  delay.spike_one_in = 0;
  disk_us_max = 0;
}

simulation::simulation(simulation_options options)
  : options_(std::move(options)),
    random_(options_.seed),
    sky_(random_, options_.faults),
    witness_([this](const std::string& what) { cluster_.report_broken(what); }),
    cluster_([this] {
      auto result = options_of_cluster(options_, sky_, random_);
      result.make_machine = [this](const std::string& node) {
        return [this, node](const runtime::machine_request&)
                 -> cohort::result<std::unique_ptr<machine::state_machine>> {
          return std::unique_ptr<machine::state_machine>{
            std::make_unique<witnessed_machine>(witness_, node)};
        };
      };
      result.on_crash = [this](const std::string& node) {
        load_.take_answers();
        load_.forget(node);
        witness_.died(node);
      };
      return result;
    }()),
    load_(cluster_, witness_, random_.next()) {
  cluster_.network().set_delay(sky_.delay);
  witness_.on_apply(
    [this](const std::string& node, replication::log_position at) {
      cluster_.applies(node, witnessed_set, at);
    });
}

simulation_report simulation::run() {
  storm();
  calm();
  load_.check_refused();
  const auto result = report();
  check_it_proves_something(result);
  return result;
}

// -- the storm ----------------------------------------------------------------

void simulation::storm() {
  while (cluster_.now() < options_.storm) {
    pass_time();
    load_.give_at(draw_name());
    fault();
  }
}

void simulation::pass_time() {
  const auto us = static_cast<std::int64_t>(random_.between(100, 10'000));
  cluster_.run_until(cluster_.now() + std::chrono::microseconds{us});
  load_.take_answers();
}

std::string simulation::draw_name() {
  const auto& names = cluster_.names();
  return names[random_.below(names.size())];
}

void simulation::fault() {
  auto draw = random_.below(sky_.total());
  const auto is = [&](std::uint64_t weight) {
    const bool hit = draw < weight;
    draw -= hit ? 0 : weight;
    return hit;
  };
  if (is(sky_.none))
    return;
  auto& network = cluster_.network();
  const auto one = draw_name();
  const auto other = draw_name();
  if (is(sky_.crash))
    crash(one, false);
  else if (is(sky_.crash_in_write))
    crash(one, true);
  else if (is(sky_.start))
    start_one();
  else if (is(sky_.cut))
    network.cut(one, other);
  else if (is(sky_.pause))
    cluster_.pause(one);
  else if (is(sky_.resume))
    cluster_.resume(one);
  else if (is(sky_.isolate))
    isolate(one);
  else if (is(sky_.heal))
    network.heal_all();
  else if (is(sky_.break_link))
    network.break_links(one, other);
  else
    network.set_delay(one, other, sky_.slow_delay);
}

void simulation::crash(const std::string& name, bool in_a_write) {
  if (!cluster_.up(name))
    return;
  const simulated_cluster::crash_kind how{random_.below(2) == 0,
                                          random_.below(4) != 0};
  if (!in_a_write)
    return cluster_.crash(name, how);
  cluster_.crash_during(name, random_.between(1, changes_ahead_max), how);
}

void simulation::start_one() {
  for (const auto& name : cluster_.names())
    if (!cluster_.up(name))
      return cluster_.start(name);
}

/// In one direction or in both, from everybody.
void simulation::isolate(const std::string& name) {
  const auto way = random_.below(3);
  for (const auto& other : cluster_.names()) {
    if (other == name)
      continue;
    if (way != 1)
      cluster_.network().cut(name, other);
    if (way != 2)
      cluster_.network().cut(other, name);
  }
}

// -- the calm -----------------------------------------------------------------

/// Everything runs and nothing is lost any more: every node must serve, and in
/// the end have the same state.
void simulation::calm() {
  cluster_.network().heal_all();
  cluster_.end_faults();
  for (const auto& name : cluster_.names())
    if (!cluster_.up(name))
      cluster_.start(name);
  std::map<std::string, std::uint64_t> before;
  for (const auto& name : cluster_.names())
    before[name] = load_.acknowledged_at(name);
  const auto deadline = cluster_.now() + options_.patience;
  const auto must_hold_soon = [&](const char* what, const auto& holds) {
    while (!holds()) {
      if (cluster_.now() > deadline)
        throw invariant_broken{std::string{what} + " after "
                               + std::to_string(options_.patience.count())
                               + " ms without faults"};
      pass_time();
    }
  };
  must_hold_soon("not every node serves", [&] {
    load_.give_at(draw_name());
    return std::all_of(before.begin(), before.end(), [&](const auto& x) {
      return load_.acknowledged_at(x.first) > x.second;
    });
  });
  must_hold_soon("clients wait", [&] { return load_.idle(); });
  must_hold_soon("replicas differ", [&] {
    const auto& names = cluster_.names();
    return std::all_of(names.begin(), names.end(), [&](const auto& name) {
      return witness_.has_all(name);
    });
  });
}

// -- the verdict --------------------------------------------------------------

simulation_report simulation::report() const {
  simulation_report x;
  x.trace_hash = cluster_.trace().value();
  x.events = cluster_.events();
  x.virtual_time = std::chrono::duration_cast<milliseconds>(cluster_.now());
  const auto& network = cluster_.network().counts();
  x.packets = network.delivered;
  x.packets_lost = network.lost;
  x.links_broken = network.links_broken;
  x.elections = cluster_.elections();
  x.pauses = cluster_.pauses();
  x.crashes = cluster_.crashes();
  x.crashes_in_a_write = cluster_.crashes_in_a_write();
  const auto& load = load_.counts();
  x.acknowledged = load.acknowledged;
  x.answered = load.answered;
  x.unknown = load.unknown;
  return x;
}

void simulation::check_it_proves_something(const simulation_report& x) const {
  if (x.acknowledged < acknowledged_min)
    throw invariant_broken{"void: only " + std::to_string(x.acknowledged)
                           + " commands were acknowledged"};
  if (options_.faults && x.crashes + x.packets_lost + x.links_broken == 0)
    throw invariant_broken{"void: no fault took place"};
}

} // namespace cohort::testkit
