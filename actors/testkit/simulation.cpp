#include "testkit/simulation.hpp"

#include "testkit/simulated_calm.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <utility>

namespace cohort::testkit {

namespace {

using std::chrono::milliseconds;

/// Fewer acknowledged commands prove nothing.
constexpr std::uint64_t acknowledged_min = 50;

/// Until then a storm may go on for so many times its length.
constexpr int longest_storm = 20;

} // namespace

simulation::simulation(simulation_options options)
  : options_(std::move(options)),
    random_(options_.seed),
    dice_(random_.next()),
    sky_(random_, options_.faults),
    witness_([this](const std::string& what) { cluster_.report_broken(what); }),
    cluster_(options_of_cluster()),
    load_(cluster_, witness_, options_of_load(), random_.next()),
    faults_(cluster_, sky_, random_.next()) {
  if (!options_.faults)
    dice_.rest();
  cluster_.note("seed " + std::to_string(options_.seed), sky_.text());
  cluster_.network().set_delay(sky_.delay);
  cluster_.network().repeat_one_in(sky_.repeat_one_in);
}

simulated_cluster_options simulation::options_of_cluster() {
  auto result = sky_.cluster;
  result.seed = random_.next();
  result.trace = options_.trace;
  result.make_machine = [this](const std::string& node) {
    return [this, node](const runtime::machine_request&)
             -> cohort::result<std::unique_ptr<machine::state_machine>> {
      return std::unique_ptr<machine::state_machine>{
        std::make_unique<witnessed_machine>(
          witness_, node,
          options_.make_machine ? options_.make_machine() : nullptr)};
    };
  };
  result.on_crash = [this](const std::string& node) {
    load_.take_answers();
    load_.forget(node);
    witness_.died(node);
  };
  witness_.on_apply(
    [this](const std::string& node, replication::log_position at) {
      cluster_.applies(node, user_set, at);
    });
  return result;
}

simulated_load_options simulation::options_of_load() const {
  auto result = sky_.load;
  result.make_command = options_.make_command;
  return result;
}

simulation_report simulation::run() {
  storm();
  calm();
  load_.check_refused();
  cluster_.finish();
  const auto result = report();
  check_it_proves_something(result);
  return result;
}

/// Goes on for longer where so much goes wrong that little was done.
void simulation::storm() {
  const auto goes_on = [this] {
    const auto now = cluster_.now();
    return now < options_.storm
           || (now < longest_storm * options_.storm
               && load_.counts().acknowledged < acknowledged_min);
  };
  while (goes_on()) {
    pass_time();
    if (random_.below(sky_.load_one_in) == 0)
      load_.give_at(draw_name());
    faults_.act();
  }
}

void simulation::pass_time() {
  const auto us = static_cast<std::int64_t>(random_.between(100, 10'000));
  cluster_.run_until(cluster_.now() + std::chrono::microseconds{us});
  load_.take_answers();
}

const std::string& simulation::draw_name() {
  const auto& names = cluster_.names();
  return names[random_.below(names.size())];
}

/// Everything runs and nothing is lost any more: every node must serve, be a
/// full member again, and in the end have the same state.
void simulation::calm() {
  dice_.rest();
  cluster_.end_faults();
  faults_.repair();
  std::map<std::string, std::uint64_t> before;
  for (const auto& name : cluster_.names())
    before[name] = load_.acknowledged_at(name);
  simulated_calm quiet{cluster_, options_.patience, [this] {
                         pass_time();
                         faults_.repair();
                       }};
  quiet.await("does not serve", [&](const std::string& name) {
    load_.give_at(name);
    return load_.acknowledged_at(name) > before.at(name);
  });
  quiet.await("has clients that wait",
              [&](const std::string&) { return load_.idle(); });
  quiet.await("is no full member",
              [&](const std::string& name) { return cluster_.whole(name); });
  quiet.await("has another state than others", [&](const std::string& name) {
    return !cluster_.hosts(name, user_set) || witness_.has_all(name);
  });
}

// -- the verdict --------------------------------------------------------------

simulation_report simulation::report() const {
  simulation_report x;
  x.trace_hash = cluster_.trace().value();
  x.nodes = cluster_.names().size();
  x.events = cluster_.events();
  x.virtual_time = std::chrono::duration_cast<milliseconds>(cluster_.now());
  x.elections = cluster_.elections();
  const auto& load = load_.counts();
  x.acknowledged = load.acknowledged;
  x.answered = load.answered;
  x.unknown = load.unknown;
  x.packets = cluster_.network().counts().delivered;
  const auto faults = faults_of(cluster_);
  x.faults.assign(faults.begin(), faults.end());
  x.points = dice_.counts();
  return x;
}

void simulation::check_it_proves_something(const simulation_report& x) const {
  if (x.acknowledged < acknowledged_min)
    throw invariant_broken{"void: only " + std::to_string(x.acknowledged)
                           + " commands were acknowledged"};
  const bool any =
    std::any_of(x.faults.begin(), x.faults.end(),
                [](const auto& fault) { return fault.second > 0; });
  if (options_.faults && !any)
    throw invariant_broken{"void: no fault took place"};
}

} // namespace cohort::testkit
