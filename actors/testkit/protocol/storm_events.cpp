// What may happen in a storm, one by one.
#include "testkit/protocol/render.hpp"
#include "testkit/protocol/storm.hpp"

namespace cohort::testkit::protocol {

using namespace replication;

// -- drawing ------------------------------------------------------------------

node_id protocol_storm::any_of(const std::vector<node_id>& nodes_in_question) {
  return nodes_in_question[random_.below(nodes_in_question.size())];
}

/// Mostly in order, sometimes not. Precondition: there is one.
std::size_t protocol_storm::some_packet() {
  const auto i = random_.below(4) == 0 ? random_.below(group_.packets()) : 0;
  if (options_.trace) {
    const auto& x = group_.packet_at(i);
    tell("  from n" + std::to_string(x.from.value) + " to n"
         + std::to_string(x.to.value) + ": " + render(x.body));
  }
  return i;
}

/// One that believes to lead: a deposed one must neither acknowledge nor
/// answer reads. If there is none, `other`.
node_id protocol_storm::believer(node_id other) {
  std::uint64_t believers = 0;
  for (const auto node : group_.running())
    if (group_.at(node).leads() && random_.below(++believers) == 0)
      other = node;
  return other;
}

// -- everyday -----------------------------------------------------------------

bool protocol_storm::deliver(node_id) {
  if (group_.packets() == 0)
    return false;
  group_.deliver(some_packet());
  return true;
}

/// A network that falls ever further behind carries nothing but what is out of
/// date, and nobody is elected again: then time waits for it.
bool protocol_storm::tick(node_id node) {
  if (group_.packets() > crowd_max) {
    group_.deliver(some_packet());
    return false;
  }
  if (node == sleepy_ && random_.below(10) != 0)
    return false;
  group_.tick(node);
  return true;
}

bool protocol_storm::sync(node_id node) {
  const bool had = !group_.member_of(node).unsynced().empty();
  group_.sync(node);
  return had;
}

bool protocol_storm::propose(node_id node) {
  group_.propose(believer(node), "w" + std::to_string(++texts_));
  return true;
}

bool protocol_storm::apply(node_id node) {
  const bool had = group_.member_of(node).has_to_apply();
  group_.apply(node);
  return had;
}

bool protocol_storm::restart(node_id) {
  const auto node = any_of(group_.all());
  if (group_.up(node))
    return false;
  group_.restart(node);
  return true;
}

bool protocol_storm::read(node_id node) {
  group_.read(believer(node));
  return true;
}

bool protocol_storm::heal(node_id) {
  group_.heal();
  return true;
}

bool protocol_storm::snapshot(node_id node) {
  group_.snapshot(node);
  if (group_.snapshots_pending())
    group_.deliver_snapshot(random_.below(4) != 0);
  return true;
}

bool protocol_storm::transfer(node_id node) {
  const auto from = believer(node);
  const auto asked = group_.at(from).transfer(any_of(group_.all())).ok();
  group_.carry_out(from);
  return asked;
}

namespace {

configuration draw_configuration(rng& random, const std::vector<node_id>& of) {
  configuration result;
  for (const auto node : of) {
    const auto draw = random.below(4);
    if (draw < 2)
      result.voters.push_back(node);
    else if (draw == 2)
      result.learners.push_back(node);
  }
  if (result.voters.empty()) {
    result.voters.push_back(of.front());
    std::erase(result.learners, of.front());
  }
  result.m = default_m(result.voters.size());
  return result;
}

} // namespace

bool protocol_storm::reconfigure(node_id node) {
  const auto from = believer(node);
  auto& core = group_.at(from);
  const auto asked = core.reconfigure(
    core.members().current.epoch, draw_configuration(random_, group_.all()));
  group_.carry_out(from);
  return asked.ok();
}

// -- faults -------------------------------------------------------------------

bool protocol_storm::lose(node_id) {
  if (group_.packets() == 0)
    return false;
  group_.lose(some_packet());
  return true;
}

bool protocol_storm::repeat(node_id) {
  if (group_.packets() == 0 || group_.packets() >= packets_max)
    return false;
  group_.repeat(some_packet());
  return true;
}

bool protocol_storm::crash(node_id node) {
  group_.crash(node, random_.below(2) == 0);
  return true;
}

bool protocol_storm::dethrone(node_id) {
  return group_.primary() != nobody && crash(group_.primary());
}

/// Cuts a node off, in one direction or both, from some or all others. It may
/// not notice for long: its clock goes slowly.
bool protocol_storm::isolate_one(node_id node) {
  if (node == nobody)
    return false;
  if (random_.below(2) == 0)
    sleepy_ = node;
  const auto way = random_.below(3);
  const bool from_all = random_.below(2) == 0;
  for (const auto other : group_.all()) {
    if (!from_all && random_.below(3) == 0)
      continue;
    if (way != 1)
      group_.cut(node, other);
    if (way != 2)
      group_.cut(other, node);
  }
  return true;
}

bool protocol_storm::isolate(node_id) {
  return isolate_one(group_.primary());
}

/// Clocks of nodes differ, and may be set back.
bool protocol_storm::skew(node_id node) {
  group_.set_clock(node,
                   static_cast<std::int64_t>(random_.below(clock_max_ms)));
  return true;
}

bool protocol_storm::cut(node_id node) {
  group_.cut(node, any_of(group_.all()));
  return true;
}

/// The worst moment: whoever else has what is lost is cut off just then. A set
/// of one voter has no second copy.
bool protocol_storm::damage(node_id node) {
  if (!group_.may_lose_a_tail())
    return false;
  const auto primary = group_.primary();
  const bool lost = group_.damage(node);
  if (random_.below(2) == 0)
    group_.restart(node);
  if (primary != node && random_.below(2) == 0)
    isolate_one(primary);
  return lost;
}

} // namespace cohort::testkit::protocol
