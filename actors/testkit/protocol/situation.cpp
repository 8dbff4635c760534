#include "testkit/protocol/situation.hpp"

#include "core/check.hpp"
#include "testkit/protocol/describe.hpp"
#include "testkit/protocol/member_digest.hpp"
#include "testkit/protocol/mix.hpp"
#include "testkit/protocol/render.hpp"

#include <algorithm>
#include <utility>

namespace cohort::testkit::protocol {

using namespace replication;

namespace {

/// Above the heartbeats of any exploration: no primary checks its quorum.
constexpr std::uint32_t election_ticks = 64;

/// All ways to call three nodes; with two, the first two of them.
constexpr std::array<naming, 6> namings{
  naming{{1, 2, 3}}, naming{{2, 1, 3}}, naming{{1, 3, 2}},
  naming{{3, 2, 1}}, naming{{2, 3, 1}}, naming{{3, 1, 2}},
};

/// The node itself, and all others.
naming nameless(node_id self) {
  std::array<std::uint64_t, naming::nodes_max> names{};
  names[self.value - 1] = 1;
  return naming{names};
}

std::uint64_t digest_of(const member& x, const naming& names) {
  return digest(x, names);
}

std::uint64_t digest_of(const packet& x, const naming& names) {
  return mixed(names(x.from), names(x.to), digest(x.body));
}

/// Lanes of a link: what carries entries, or could, is data (T2).
struct packet_lane {
  node_id from;
  node_id to;
  bool data = false;

  bool operator==(const packet_lane&) const = default;
};

packet_lane lane_of(const packet& x) {
  return {x.from, x.to, std::holds_alternative<append_request>(x.body)};
}

/// Computed once.
template <class Known>
std::uint64_t digest_of(const Known& x, std::size_t naming) {
  auto& result = x.digests[naming];
  if (result == 0)
    result = digest_of(x.value, namings[naming]);
  return result;
}

} // namespace

situation::situation(const exploration_bounds& bounds) : left_(bounds) {
  COHORT_CHECK(bounds.nodes > 1 && bounds.nodes <= naming::nodes_max);
  COHORT_CHECK(bounds.heartbeats < election_ticks);
  COHORT_CHECK(!bounds.in_order || bounds.repeats == 0);
  membership initial;
  initial.current.epoch = epoch_t{1};
  initial.current.m = default_m(bounds.nodes);
  for (std::uint64_t i = 1; i <= bounds.nodes; ++i)
    initial.current.voters.push_back(node_id{i});
  options opts;
  opts.election_ticks = election_ticks;
  opts.heartbeat_ticks = 1;
  for (const auto node : initial.current.voters) {
    opts.self = node;
    members_.push_back(std::make_shared<const known_member>(
      known_member{member{opts, initial}, 0, {}}));
  }
  for (const auto node : initial.current.voters)
    change(node, [&](member& who) { who.start(*this); });
}

template <class Act>
void situation::change(node_id node, Act act) {
  auto& slot = members_[node.value - 1];
  const auto copy = std::make_shared<known_member>(*slot);
  slot = copy; // others look at it meanwhile
  act(copy->value);
  copy->nameless = protocol::digest(copy->value, nameless(node));
  copy->digests = {};
}

// -- what may happen ----------------------------------------------------------

void situation::add_packet_choices(std::vector<choice>& to) const {
  for (std::size_t i = 0; i < packets_.size(); ++i) {
    const auto& x = packets_[i]->value;
    to.push_back({choice::kind::deliver, x.to, i});
    if (left_.repeats > 0)
      to.push_back({choice::kind::repeat, x.to, i});
  }
}

void situation::add_node_choices(std::vector<choice>& to,
                                 const member& who) const {
  const auto& core = who.core();
  const auto add = [&](choice::kind what, bool possible) {
    if (possible)
      to.push_back({what, who.id()});
  };
  add(choice::kind::sync, !who.unsynced().empty());
  add(choice::kind::campaign,
      left_.campaigns > 0 && !core.leads() && core.term().value < left_.terms);
  add(choice::kind::heartbeat, left_.heartbeats > 0 && core.leads());
  add(choice::kind::propose, left_.commands > 0 && core.leads());
  add(choice::kind::crash, left_.crashes > 0);
}

std::vector<choice> situation::choices() const {
  std::vector<choice> result;
  add_packet_choices(result);
  for (const auto& x : members_)
    add_node_choices(result, x->value);
  return result;
}

// -- it happens ---------------------------------------------------------------

/// Where order counts, those before it in its lane are lost.
packet situation::take(std::size_t i, bool keep) {
  const auto taken = packets_[i];
  const auto lane = lane_of(taken->value);
  std::size_t place = 0;
  std::erase_if(packets_, [&](const auto& x) {
    const bool earlier = place++ < i;
    if (x == taken)
      return !keep;
    return left_.in_order && earlier && lane_of(x->value) == lane;
  });
  return taken->value;
}

/// Its time is over, and all others grant it the pre-vote.
void situation::campaign(member& who) {
  auto& core = who.core();
  const auto before = packets_.size();
  for (std::uint32_t i = 0;
       i < 2 * election_ticks && core.kind() != role_kind::pre_candidate; ++i)
    core.tick();
  who.carry_out(*this);
  packets_.resize(before); // it need not ask
  const vote_reply granted{core.term().next(), true, true};
  for (const auto& x : members_)
    if (core.kind() == role_kind::pre_candidate)
      core.step(x->value.id(), granted);
  COHORT_CHECK(core.kind() == role_kind::candidate);
  who.carry_out(*this);
}

/// All others learn that the connection to it is new.
void situation::restart(member& who) {
  who.crash(false, *this);
  if (left_.disks_lie)
    who.replace_disk(disk{who.on_disk().base()});
  if (left_.in_order)
    std::erase_if(packets_,
                  [&](const auto& x) { return x->value.to == who.id(); });
  who.start(*this);
  for (const auto& x : members_)
    if (x->value.id() != who.id() && x->value.core().leads())
      change(x->value.id(),
             [&](member& other) { other.reconnected(who.id(), *this); });
}

void situation::act(const choice& x, member& who) {
  switch (x.what) {
    case choice::kind::deliver:
    case choice::kind::repeat: {
      const bool again = x.what == choice::kind::repeat;
      left_.repeats -= again;
      auto p = take(x.packet, again);
      who.step(p.from, std::move(p.body), *this);
      break;
    }
    case choice::kind::sync:
      who.sync(*this);
      break;
    case choice::kind::campaign:
      --left_.campaigns;
      campaign(who);
      break;
    case choice::kind::heartbeat:
      --left_.heartbeats;
      who.tick(*this);
      break;
    case choice::kind::propose:
      who.propose(bytes::of("w" + std::to_string(left_.commands--)), *this);
      break;
    case choice::kind::crash:
      --left_.crashes;
      restart(who);
      break;
  }
}

void situation::happen(const choice& x) {
  change(x.node, [&](member& who) {
    act(x, who);
    who.apply(*this);
  });
  std::erase_if(packets_,
                [&](const auto& p) { return is_of_no_use(p->value); });
}

bool situation::is_of_no_use(const packet& x) const {
  const auto& receiver = of(x.to);
  const auto& core = receiver.core();
  const auto reached = receiver.on_disk().state.term;
  const auto nobody_waits = [&](term_t term, role_kind waiting) {
    return term <= reached // it does not say a new term
           && !(core.term() == term && core.kind() == waiting);
  };
  const auto is_answered_in_vain = [&](term_t term) {
    const auto& sender = of(x.from);
    return term < reached && sender.core().kind() == role_kind::backup
           && sender.on_disk().state.term.value >= left_.terms;
  };
  if (const auto* vote = std::get_if<vote_reply>(&x.body))
    return nobody_waits(vote->term, role_kind::candidate);
  if (const auto* answer = std::get_if<append_reply>(&x.body))
    return nobody_waits(answer->term, role_kind::primary);
  if (const auto* request = std::get_if<vote_request>(&x.body))
    return is_answered_in_vain(request->term);
  const auto* request = std::get_if<append_request>(&x.body);
  return request && is_answered_in_vain(request->term);
}

// -- surroundings -------------------------------------------------------------

const member* situation::find(node_id node) const {
  const auto i = node.value - 1;
  return i < members_.size() ? &members_[i]->value : nullptr;
}

void situation::post(packet x) {
  if (auto* request = std::get_if<vote_request>(&x.body))
    request->transfer = true; // nobody minds that it hears a primary
  const auto added =
    std::make_shared<const known_packet>(known_packet{std::move(x), 0, {}});
  const bool there =
    std::any_of(packets_.begin(), packets_.end(), [&](const auto& other) {
      return digest_of(*other, 0) == digest_of(*added, 0);
    });
  if (!there || left_.in_order)
    packets_.push_back(added);
}

void situation::post(snapshot_packet) {
  constexpr bool a_log_has_a_base = false; // nobody takes snapshots
  COHORT_CHECK(a_log_has_a_base);
}

// -- looking ------------------------------------------------------------------

/// The order of messages matters within a lane, if at all.
std::uint64_t situation::digest_of_packets(std::size_t naming) const {
  constexpr auto names = naming::nodes_max + 1;
  std::array<std::uint64_t, 2 * names * names> lanes{};
  std::uint64_t result = 0;
  for (const auto& x : packets_) {
    const auto on = lane_of(x->value);
    auto& before = lanes[2 * (names * on.from.value + on.to.value) + on.data];
    auto hash = digest_of(*x, naming);
    if (left_.in_order)
      hash = before = mixed(before, hash);
    result += hash;
  }
  return result;
}

/// The order of members does not matter.
std::uint64_t situation::digest(std::size_t naming) const {
  std::uint64_t members = 0;
  for (const auto& x : members_)
    members += digest_of(*x, naming);
  return mixed(facts().digest(namings[naming]), digest_of_packets(naming),
               members, left_.commands, left_.crashes, left_.campaigns,
               left_.heartbeats, left_.repeats);
}

/// Of the naming in which members are in the order of what they are without
/// names; where that leaves a choice, the least.
std::uint64_t situation::digest() const {
  auto result = ~std::uint64_t{0};
  for (std::size_t i = 0; i < namings.size(); ++i) {
    std::array<std::uint64_t, naming::nodes_max + 1> ordered{};
    bool possible = true;
    for (const auto& x : members_) {
      const auto name = namings[i](x->value.id());
      possible &= name <= members_.size();
      ordered[name] = x->nameless;
    }
    if (possible
        && std::is_sorted(ordered.begin() + 1,
                          ordered.begin() + 1
                            + static_cast<std::ptrdiff_t>(members_.size())))
      result = std::min(result, digest(i));
  }
  return result;
}

std::string situation::describe() const {
  std::string result;
  for (const auto& x : members_)
    result += "\n  " + protocol::describe(x->value);
  return result;
}

std::string situation::describe(const choice& x) const {
  const auto node = "n" + to_string(x.node);
  const auto arrives = [&](const char* how) {
    const auto& p = packets_[x.packet]->value;
    return node + how + "n" + to_string(p.from) + ": " + render(p.body);
  };
  switch (x.what) {
    case choice::kind::deliver:
      return arrives(" receives of ");
    case choice::kind::repeat:
      return arrives(" receives a copy of ");
    case choice::kind::sync:
      return node + " has a write durable";
    case choice::kind::campaign:
      return node + " campaigns";
    case choice::kind::heartbeat:
      return node + " sends heartbeats";
    case choice::kind::propose:
      return node + " is given a command";
    case choice::kind::crash:
      return node + " crashes and starts again";
  }
  return node;
}

} // namespace cohort::testkit::protocol
