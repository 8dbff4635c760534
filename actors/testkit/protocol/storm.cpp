#include "testkit/protocol/storm.hpp"

#include "core/check.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace cohort::testkit::protocol {

using namespace replication;

// -- the weather --------------------------------------------------------------

struct protocol_storm::kind {
  event what;
  const char* name;
  weight_range weights;
  handler happen;
};

const std::array<protocol_storm::kind, event_count> protocol_storm::kinds{{
  {event::deliver, "deliver", always(60, 160), &protocol_storm::deliver},
  {event::tick, "tick", always(20, 120), &protocol_storm::tick},
  {event::sync, "sync", always(30, 120), &protocol_storm::sync},
  {event::propose, "propose", always(5, 40), &protocol_storm::propose},
  {event::apply, "apply", always(5, 30), &protocol_storm::apply},
  {event::restart, "restart", always(4, 20), &protocol_storm::restart},
  {event::read, "read", always(1, 10), &protocol_storm::read},
  {event::heal, "heal", always(1, 6), &protocol_storm::heal},
  {event::snapshot, "snapshot", sometimes(1, 7), &protocol_storm::snapshot},
  {event::transfer, "transfer", sometimes(1, 3), &protocol_storm::transfer},
  {event::reconfigure, "reconfigure", sometimes(1, 4),
   &protocol_storm::reconfigure},
  {event::lose, "lose", sometimes(1, 19), &protocol_storm::lose},
  {event::repeat, "repeat", sometimes(1, 19), &protocol_storm::repeat},
  {event::crash, "crash", sometimes(1, 5), &protocol_storm::crash},
  {event::dethrone, "dethrone", sometimes(1, 15), &protocol_storm::dethrone},
  {event::isolate, "isolate", sometimes(1, 5), &protocol_storm::isolate},
  {event::cut, "cut", sometimes(1, 2), &protocol_storm::cut},
  {event::skew, "skew", sometimes(1, 3), &protocol_storm::skew},
  {event::damage, "damage", sometimes(1, 7), &protocol_storm::damage},
}};

const char* to_string(event x) {
  return protocol_storm::kinds[static_cast<std::size_t>(x)].name;
}

void protocol_storm::draw_weather(bool faults) {
  weather_ = {};
  for (const auto& x : kinds) {
    const auto weight = faults ? x.weights.draw(random_) : x.weights.low;
    if (x.what != never_ && (faults || x.what < first_fault))
      weather_.add(x.what, weight);
  }
  sleepy_ = random_.below(2) == 0 ? node_id{random_.between(1, 3)} : nobody;
  ++weathers_;
}

protocol_storm::protocol_storm(storm_options opts)
  : options_(std::move(opts)),
    random_(options_.seed),
    never_(random_.below(2) == 0 ? event::damage : event::reconfigure),
    group_([&] {
      const auto voters = random_.between(1, voters_max);
      // One more than usual, in some runs; of four voters that would be all.
      const auto copies =
        voters / 2 + (voters % 2 == 1 && voters > 1 && random_.below(4) == 0);
      return group{voters, options_.seed, options_.change,
                   static_cast<std::uint32_t>(copies)};
    }()) {
  for (auto i = group_.all().size() + 1; i <= nodes; ++i)
    group_.start(node_id{i}); // spare nodes, for reconfigurations
}

// -- a run --------------------------------------------------------------------

/// In some weathers nobody can be elected, and some have no fault that can meet
/// this group: then another follows, the last a mild one without faults.
storm_report protocol_storm::run() {
  const auto name = "seed " + std::to_string(options_.seed);
  try {
    for (int i = weathers_max; i > 0 && !proves_something(); --i)
      storm(i > 1);
    if (!proves_something())
      throw void_run(name
                     + " proves nothing: nobody was elected, nothing was "
                       "committed, or nothing failed"
                     + group_.describe());
    calm();
  } catch (const invariant_broken& e) {
    throw invariant_broken(name + ": " + e.what() + group_.describe());
  }
  return report();
}

bool protocol_storm::proves_something() const {
  const auto so_far = report();
  return so_far.elections > 0 && so_far.commits > 0 && so_far.faults() > 0;
}

void protocol_storm::storm(bool faults) {
  draw_weather(faults);
  for (std::uint64_t i = 0; i < options_.events; ++i) {
    if (group_.running().empty())
      group_.restart(any_of(group_.all()));
    const auto what = static_cast<std::size_t>(weather_.draw(random_));
    const auto node = any_of(group_.running());
    if (options_.trace)
      tell(std::string{kinds[what].name} + ", n" + std::to_string(node.value));
    if ((this->*kinds[what].happen)(node))
      ++happened_[what];
  }
}

void protocol_storm::tell(const std::string& what) const {
  options_.trace(std::to_string(group_.inputs()) + ' ' + what);
}

void protocol_storm::require(bool holds, const char* what) const {
  if (!holds)
    throw invariant_broken(what);
}

/// Everything runs, and nothing is lost any more.
void protocol_storm::calm() {
  if (options_.trace)
    tell("the storm is over");
  group_.heal();
  for (const auto node : group_.all())
    if (!group_.up(node))
      group_.restart(node);
  group_.settle(200);
  const auto primary = group_.primary();
  require(primary != nobody, "nobody leads after the storm");
  const std::string last = "the last one";
  const auto reads = group_.facts().reads_granted();
  group_.propose(primary, last);
  group_.read(primary);
  group_.settle(40);
  require(group_.acknowledged(last), "no write was taken after the storm");
  require(group_.facts().reads_granted() > reads,
          "no read was answered after the storm");
  check_states();
}

/// All members are equal. That what was acknowledged is in there follows: the
/// judge saw that it is what was committed at its index, and is applied there.
void protocol_storm::check_states() const {
  const auto& core = group_.member_of(group_.primary()).core();
  const auto& truth = group_.member_of(group_.primary()).state();
  require(truth.index == group_.facts().committed_up_to(),
          "the primary has not applied everything");
  for (const auto node : core.members().members())
    require(group_.member_of(node).state() == truth,
            "members differ after the storm");
}

// -- what happened ------------------------------------------------------------

std::uint64_t storm_report::faults() const {
  return std::accumulate(events.begin() + static_cast<int>(first_fault),
                         events.end(), std::uint64_t{0});
}

storm_report& storm_report::operator+=(const storm_report& other) {
  runs += other.runs;
  weathers += other.weathers;
  steps += other.steps;
  elections += other.elections;
  commits += other.commits;
  acknowledged += other.acknowledged;
  reads += other.reads;
  snapshots += other.snapshots;
  for (std::size_t i = 0; i < events.size(); ++i)
    events[i] += other.events[i];
  return *this;
}

storm_report protocol_storm::report() const {
  const auto& facts = group_.facts();
  storm_report result;
  result.runs = 1;
  result.weathers = weathers_;
  result.steps = group_.inputs();
  result.elections = facts.elections();
  result.commits = facts.committed_up_to().value;
  result.acknowledged = facts.acknowledged().size();
  result.reads = facts.reads_granted();
  result.snapshots = group_.snapshots_installed();
  result.events = happened_;
  return result;
}

} // namespace cohort::testkit::protocol
