#include "testkit/kv/redis_simulation.hpp"

#include "testkit/history/linearizability.hpp"
#include "testkit/simulated_calm.hpp"
#include "testkit/trace_hash.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace cohort::testkit {

namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

/// Fewer operations prove nothing.
constexpr std::uint64_t completed_min = 100;

/// Until then a storm may go on for so many times its length.
constexpr int longest_storm = 20;

/// With so little, long values make fronts stop reading.
constexpr std::size_t pending_bytes_least = 65'536;

constexpr std::array<std::int64_t, 4> think_ms{1, 10, 40, 100};

} // namespace

redis_simulation::redis_simulation(redis_simulation_options options)
  : options_(std::move(options)),
    random_(options_.seed),
    dice_(random_.next()),
    sky_(random_, options_.faults),
    witness_([this](const std::string& what) { cluster_.report_broken(what); },
             [this](const std::string& node, index_t index, term_t term) {
               cluster_.applies(node, user_set, {term, index});
             }),
    load_(cluster_, options_of_load(), random_.next()),
    cluster_(options_of_cluster()),
    faults_(cluster_, sky_, random_.next()) {
  if (!options_.faults)
    dice_.rest();
  cluster_.note("seed " + std::to_string(options_.seed), sky_.text());
  cluster_.network().set_delay(sky_.delay);
  cluster_.network().repeat_one_in(sky_.repeat_one_in);
  load_.begin();
}

simulated_cluster_options redis_simulation::options_of_cluster() {
  auto result = sky_.cluster;
  result.seed = random_.next();
  result.trace = options_.trace;
  if (random_.below(3) == 0)
    result.limits.pending_bytes_max = pending_bytes_least;
  result.make_machine = [this](const std::string& node) {
    return witness_.machine_of(node);
  };
  result.make_gateway = [this](const runtime::node_options& of) {
    return load_.gateway_of(of);
  };
  result.on_crash = [this](const std::string& node) {
    load_.crashed(node);
    witness_.died(node);
  };
  return result;
}

redis_load_options redis_simulation::options_of_load() {
  redis_load_options result;
  result.roaming = random_.between(1, 6);
  result.of_kind = random_.between(1, 2);
  result.padding_max = sky_.load.padding_max;
  result.think_max = milliseconds{think_ms[random_.below(think_ms.size())]};
  const auto patience_ms = static_cast<std::int64_t>(random_.below(8000));
  result.patience = milliseconds{300 + patience_ms};
  result.spoil = options_.spoil;
  return result;
}

redis_simulation_report redis_simulation::run() {
  storm();
  calm();
  judge();
  cluster_.finish();
  const auto result = report();
  check_it_proves_something(result);
  return result;
}

/// Goes on for longer where so much goes wrong that little was done.
void redis_simulation::storm() {
  const auto goes_on = [this] {
    const auto now = cluster_.now();
    return now < options_.storm
           || (now < longest_storm * options_.storm
               && load_.journal().counts().completed < completed_min);
  };
  while (goes_on()) {
    pass_time();
    faults_.act();
  }
}

void redis_simulation::pass_time() {
  const auto us = static_cast<std::int64_t>(random_.between(100, 10'000));
  cluster_.run_until(cluster_.now() + microseconds{us});
  load_.act();
}

/// Everything runs and nothing is lost any more: every node must serve its
/// client, be a full member again, and in the end have the same keys.
void redis_simulation::calm() {
  dice_.rest();
  cluster_.end_faults();
  faults_.repair();
  const auto& journal = load_.journal();
  std::map<std::string, std::uint64_t> before;
  for (const auto& name : cluster_.names())
    before[name] = journal.completed_at(name);
  const auto begin = [this] {
    return simulated_calm{cluster_, options_.patience, [this] {
                            pass_time();
                            faults_.repair();
                          }};
  };
  auto quiet = begin();
  quiet.await("does not serve", [&](const std::string& name) {
    return journal.completed_at(name) > before.at(name);
  });
  load_.stop();
  const auto idle = [&](const std::string&) { return load_.idle(); };
  quiet.await("has clients that wait", idle);
  quiet.await("is no full member",
              [&](const std::string& name) { return cluster_.whole(name); });
  for (const auto& name : cluster_.names()) {
    load_.read_all_at(name);
    begin().await("has keys that cannot be read", idle); // they may be many
  }
  begin().await("has another state than others", [&](const std::string& name) {
    return !cluster_.hosts(name, user_set) || same_as_others(name);
  });
}

bool redis_simulation::same_as_others(const std::string& name) const {
  const auto& names = cluster_.names();
  const auto first = std::find_if(
    names.begin(), names.end(),
    [&](const std::string& x) { return cluster_.hosts(x, user_set); });
  return witness_.same(name, *first, load_.journal().keys());
}

// -- the verdict --------------------------------------------------------------

void redis_simulation::judge() const {
  if (options_.trace)
    for (const auto& x : load_.journal().operations())
      options_.trace(to_string(x));
  const auto verdict = history::check(load_.journal().operations());
  if (!verdict)
    throw invariant_broken{"no history: " + verdict.err().message};
  if (verdict->is == history::answer::unknown)
    throw invariant_broken{"the judge has no answer: too much is in doubt"};
  if (verdict->is == history::answer::impossible)
    throw invariant_broken{"what clients saw is impossible: "
                           + verdict->why->text};
}

redis_simulation_report redis_simulation::report() const {
  redis_simulation_report x;
  trace_hash hash;
  hash.add(cluster_.trace().value());
  for (const auto& operation : load_.journal().operations())
    hash.add(to_string(operation));
  x.trace_hash = hash.value();
  x.events = cluster_.events();
  x.virtual_time = std::chrono::duration_cast<milliseconds>(cluster_.now());
  x.packets = cluster_.network().counts().delivered;
  x.elections = cluster_.elections();
  x.clients = load_.journal().counts();
  x.operations = load_.journal().operations().size();
  x.keys = load_.journal().keys().size();
  x.faults = faults_of(cluster_);
  x.points = dice_.counts();
  return x;
}

void redis_simulation::check_it_proves_something(
  const redis_simulation_report& x) const {
  if (x.clients.completed < completed_min)
    throw invariant_broken{"void: only " + std::to_string(x.clients.completed)
                           + " operations were completed"};
  const bool any =
    std::any_of(x.faults.begin(), x.faults.end(),
                [](const auto& fault) { return fault.second > 0; });
  if (options_.faults && !any)
    throw invariant_broken{"void: no fault took place"};
}

} // namespace cohort::testkit
