#include "testkit/protocol/group.hpp"

#include "core/check.hpp"

#include <algorithm>
#include <utility>

namespace cohort::testkit::protocol {

using namespace replication;

group::group(std::size_t voter_count, std::uint64_t seed, tweak change,
             std::uint32_t copies)
  : seed_(seed),
    tweak_(std::move(change)) {
  for (std::uint64_t i = 1; i <= voter_count; ++i)
    initial_.current.voters.push_back(node_id{i});
  initial_.current.epoch = epoch_t{1};
  initial_.current.m = copies != 0 ? copies : default_m(voter_count);
  for (auto node : initial_.current.voters)
    start(node);
}

void group::start(node_id node) {
  COHORT_CHECK(node.value == members_.size() + 1);
  options opts;
  opts.self = node;
  opts.election_ticks = 5;
  opts.heartbeat_ticks = 2;
  opts.transfer_ticks = 30;
  opts.seed = seed_ * 1000 + node.value * 100;
  if (tweak_)
    tweak_(opts);
  members_.emplace_back(opts, initial_);
  all_.push_back(node);
  of(node).start(*this);
  note_running();
}

void group::note_running() {
  running_.clear();
  for (auto node : all_)
    if (up(node))
      running_.push_back(node);
}

// -- events -------------------------------------------------------------------

void group::tick(node_id node) {
  of(node).tick(*this);
}

void group::sync(node_id node) {
  of(node).sync(*this);
}

bool group::arrives(node_id from, node_id to) const {
  const auto* receiver = find(to);
  return receiver && receiver->up()
         && (cuts_.empty() || !cuts_.contains({from, to}));
}

void group::deliver(std::size_t i) {
  auto x = network_.take(i);
  if (arrives(x.from, x.to))
    of(x.to).step(x.from, std::move(x.body), *this);
}

void group::lose(std::size_t i) {
  (void) network_.take(i);
}

void group::repeat(std::size_t i) {
  network_.push(network_[i]);
}

void group::apply(node_id node) {
  of(node).apply(*this);
}

void group::snapshot(node_id node) {
  of(node).take_snapshot(*this);
}

void group::deliver_snapshot(bool arrived) {
  const auto x = snapshots_.pop();
  const bool lost = !arrived || !arrives(x.from, x.to);
  if (!lost)
    of(x.to).receive_snapshot(x, *this);
  if (up(x.from))
    of(x.from).snapshot_sent(x.to, lost ? index_t{} : x.content.base.index,
                             *this);
}

void group::crash(node_id node, bool keep_unsynced) {
  of(node).crash(keep_unsynced, *this);
  note_running();
}

void group::restart(node_id node) {
  of(node).start(*this);
  note_running();
  for (auto other : running_)
    if (other != node)
      of(other).reconnected(node, *this);
}

bool group::damage(node_id node) {
  const bool lost = of(node).lose_last_block(*this);
  note_running();
  return lost;
}

void group::replace_disk(node_id node, const disk& other) {
  of(node).replace_disk(other);
}

void group::propose(node_id node, std::string text) {
  of(node).propose(bytes::of(std::move(text)), *this);
}

void group::read(node_id node) {
  of(node).read(next_read_++, *this);
}

void group::set_clock(node_id node, std::int64_t wall_ms) {
  at(node).set_time(wall_ms);
}

void group::cut(node_id a, node_id b) {
  cuts_.insert({a, b});
}

void group::heal() {
  cuts_.clear();
}

void group::settle(int ticks) {
  for (int i = 0; i < ticks; ++i) {
    for (auto node : running_)
      tick(node);
    for (int round = 0; round < 40; ++round) {
      for (auto node : running_) {
        while (!of(node).unsynced().empty())
          sync(node);
        apply(node);
      }
      while (!snapshots_.empty())
        deliver_snapshot(true);
      if (network_.size() == 0)
        break;
      for (auto n = network_.size(); n > 0; --n)
        deliver(0);
    }
  }
}

void group::carry_out(node_id node) {
  of(node).carry_out(*this);
}

// -- surroundings -------------------------------------------------------------

const member* group::find(node_id node) const {
  const auto i = node.value - 1;
  return i < members_.size() ? &members_[i] : nullptr;
}

void group::post(packet x) {
  network_.push(std::move(x));
}

void group::post(snapshot_packet x) {
  snapshots_.push(std::move(x));
}

// -- looking ------------------------------------------------------------------

node_id group::primary() const {
  node_id result;
  term_t highest;
  for (auto node : running_) {
    const auto& core = of(node).core();
    if (core.leads() && core.term() > highest) {
      highest = core.term();
      result = node;
    }
  }
  return result;
}

std::vector<std::string> group::state_of(node_id node) const {
  std::vector<std::string> result;
  for (index_t i{1}; i <= of(node).state().index; ++i) {
    const auto& x = facts().committed_at(i); // equal: the judge has seen to it
    if (x.kind == entry_kind::command)
      result.emplace_back(x.payload.view());
  }
  return result;
}

bool group::acknowledged(std::string_view text) const {
  const auto& all = facts().acknowledged();
  return std::any_of(all.begin(), all.end(),
                     [&](const auto& x) { return x.second.view() == text; });
}

bool group::may_lose_a_tail() const {
  return std::none_of(members_.begin(), members_.end(), [&](const auto& x) {
    const auto& d = x.on_disk();
    return d.state.suspect || d.last() < d.state.vote_floor
           || d.base().members.current.voters.size() < 2;
  });
}

std::uint64_t group::snapshots_installed() const {
  std::uint64_t result = 0;
  for (const auto& x : members_)
    result += x.snapshots_installed();
  return result;
}

std::uint64_t group::inputs() const {
  std::uint64_t result = 0;
  for (const auto& x : members_)
    result += x.inputs();
  return result;
}

std::set<node_id> group::regressed() const {
  std::set<node_id> result;
  for (const auto& x : members_)
    result.insert(x.regressed().begin(), x.regressed().end());
  return result;
}

} // namespace cohort::testkit::protocol
