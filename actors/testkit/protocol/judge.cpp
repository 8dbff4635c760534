#include "testkit/protocol/judge.hpp"

#include "core/check.hpp"
#include "testkit/protocol/member.hpp"
#include "testkit/protocol/mix.hpp"

#include <algorithm>

namespace cohort::testkit::protocol {

using namespace replication;

namespace {

/// So many elect (C5).
std::size_t votes_needed(const configuration& x) {
  const auto n = x.voters.size();
  return std::max(n / 2 + 1, n - x.m);
}

/// Every vote set of the configuration has one of so many.
std::size_t meets_votes(const configuration& x) {
  return x.voters.size() - votes_needed(x) + 1;
}

template <class T>
T& slot(std::vector<T>& xs, std::uint64_t at) {
  if (at >= xs.size())
    xs.resize(at + 1);
  return xs[at];
}

} // namespace

// -- logs ---------------------------------------------------------------------

bool judge::is_committed(log_position position) const {
  const auto i = position.index.value;
  return i == 0
         || (i <= committed_.size() && committed_[i - 1].term == position.term);
}

const entry& judge::committed_at(index_t index) const {
  COHORT_CHECK(index.value > 0 && index.value <= committed_.size());
  return book_.at({committed_[index.value - 1].term, index});
}

/// What is committed and in a log stays there.
void judge::check_cut(const member& who, const write_request& x) const {
  const auto& log = who.log();
  const auto end = std::min(log.last().index, committed_up_to());
  for (auto i = x.entries.front().index; i <= end; ++i) {
    const auto had = log.term_at(i);
    if (!had || !is_committed({*had, i}))
      continue;
    const auto at = i - x.entries.front().index;
    COHORT_CHECK(at < x.entries.size() && x.entries[at].term == *had);
  }
}

/// A snapshot stands for what is committed; its configuration is the one there.
void judge::check_base(const log_base& x) const {
  COHORT_CHECK(is_committed({x.term, x.index}));
  const auto after = std::upper_bound(changes_.begin(), changes_.end(),
                                      x.index);
  if (after != changes_.begin())
    COHORT_CHECK(x.members == *committed_at(*std::prev(after)).members);
}

void judge::wrote(const member& who, const write_request& x) {
  auto previous = std::optional<term_t>{};
  if (x.base)
    check_base(*x.base);
  if (x.entries.empty())
    return;
  check_cut(who, x);
  const auto before = x.entries.front().index.prev();
  if (x.base && x.base->index == before)
    previous = x.base->term;
  else
    previous = who.log().term_at(before);
  COHORT_CHECK(previous.has_value());
  const bool led = who.led() || who.core().leads();
  for (const auto& e : x.entries) {
    book_.note(e, *previous, led && e.term == who.core().term());
    previous = e.term;
  }
}

// -- elections ----------------------------------------------------------------

node_id judge::vote_of(node_id voter, term_t term) const {
  if (voter.value >= votes_.size() || term.value >= votes_[voter.value].size())
    return nobody;
  return votes_[voter.value][term.value];
}

void judge::note_vote(node_id voter, term_t term, node_id candidate) {
  auto& vote = slot(slot(votes_, voter.value), term.value);
  COHORT_CHECK(vote == nobody || vote == candidate); // one vote in a term
  vote = candidate;
}

void judge::lost_blocks(const member& who) {
  if (who.id().value >= votes_.size())
    return;
  auto& votes = votes_[who.id().value];
  const auto& kept = who.on_disk().state;
  for (auto term = kept.term.value; term < votes.size(); ++term)
    if (votes[term] == who.id()
        && (term > kept.term.value || kept.voted_for != who.id())) {
      votes[term] = nobody;
    }
}

void judge::note_primary(const member& who) {
  const auto& core = who.core();
  const auto term = core.term();
  auto& primary = slot(primaries_, term.value);
  COHORT_CHECK(primary == nobody || primary == who.id());
  if (primary == who.id())
    return;
  primary = who.id();
  ++elections_;
  const auto& own = who.on_disk().state;
  COHORT_CHECK(own.term == term && own.voted_for == who.id());
  note_vote(who.id(), term, who.id());
  const auto elected_in = [&](const configuration& x) {
    const auto votes = std::count_if(
      x.voters.begin(), x.voters.end(),
      [&](node_id voter) { return vote_of(voter, term) == who.id(); });
    return static_cast<std::size_t>(votes) >= votes_needed(x);
  };
  COHORT_CHECK(elected_in(core.members().current));
  COHORT_CHECK(!core.members().next || elected_in(*core.members().next));
  // Leader completeness: with log matching, the newest speaks for all. It may
  // win late, when primaries of later terms have committed more.
  const auto after = std::partition_point(
    committed_.begin(), committed_.end(),
    [&](const committed_entry& x) { return x.committed_in < term; });
  const index_t last{static_cast<std::uint64_t>(after - committed_.begin())};
  COHORT_CHECK(last <= core.log().last_index());
  COHORT_CHECK(last <= core.log().base_index()
               || is_committed({*core.log().term_at(last), last}));
}

void judge::settled(const member& who, bool reconfigured) {
  const auto& core = who.core();
  COHORT_CHECK(core.log().base_index() <= core.commit_index());
  COHORT_CHECK(core.applied_index() <= core.commit_index());
  COHORT_CHECK(core.commit_index() <= core.log().last_index());
  COHORT_CHECK(core.durable_index() <= core.log().last_index());
  COHORT_CHECK(core.log().last() == who.log().last()); // all was written
  if (reconfigured)
    COHORT_CHECK(core.members() == *who.log().members());
  if (core.leads())
    note_primary(who);
}

/// Votes that were told are remembered, even by a disk that lost them: while it
/// is in doubt it gives none, and then its state makes up for it (D3). Who has
/// an entry of a term finds no candidate of that term fresh enough, so that its
/// vote there may be forgotten. The doubt ends when the disk has what it lost
/// and is committed by now, or a floor that stands for that.
void judge::state_written(const member& who, const hard_state& before) const {
  const auto& d = who.on_disk();
  const auto& kept = d.state;
  if (kept.suspect || who.rolled_back())
    return;
  if (who.id().value < votes_.size()) {
    const auto& votes = votes_[who.id().value];
    for (auto term = kept.term.value; term < votes.size(); ++term)
      COHORT_CHECK(votes[term] == nobody
                   || (term == kept.term.value && kept.voted_for != nobody)
                   || term <= d.last().term.value);
  }
  if (!before.suspect)
    return;
  for (const auto& x : who.lost())
    COHORT_CHECK(!is_committed(x) || d.covers(x) || kept.vote_floor >= x);
}

std::uint64_t judge::digest(const naming& names) const {
  auto hash = book_.digest();
  for (const auto primary : primaries_)
    hash = mixed(hash, names(primary));
  std::uint64_t votes = 0;
  for (std::uint64_t voter = 0; voter < votes_.size(); ++voter)
    for (std::uint64_t term = 0; term < votes_[voter].size(); ++term)
      if (const auto candidate = votes_[voter][term]; candidate != nobody)
        votes += mixed(names(node_id{voter}), term, names(candidate));
  hash = mixed(hash, votes);
  for (const auto& x : committed_)
    hash = mixed(hash, x.term, x.committed_in);
  for (const auto& [index, payload] : acknowledged_)
    hash = mixed(hash, index);
  return hash;
}

// -- clients ------------------------------------------------------------------

void judge::acknowledged(index_t index, bytes payload) {
  COHORT_CHECK(index <= committed_up_to());
  COHORT_CHECK(committed_at(index).payload == payload);
  highest_acknowledged_ = std::max(highest_acknowledged_, index);
  acknowledged_.emplace_back(index, std::move(payload));
}

void judge::handed_out(const entry& x) const {
  COHORT_CHECK(is_committed({x.term, x.index}));
}

void judge::applied(const applied_state& state) const {
  const auto i = state.index.value;
  COHORT_CHECK(i <= committed_.size());
  COHORT_CHECK(state.hash == (i == 0 ? 0 : committed_[i - 1].state_hash));
}

void judge::read_asked(const member& who, std::uint64_t id) {
  reads_.push_back({who.id(), id, highest_acknowledged_,
                    newest_round(asked_, who.id(), who.core().term()),
                    who.core().members_index()});
}

judge::waiting_read judge::take_read(const member& who, std::uint64_t id) {
  const auto at = std::find_if(
    reads_.begin(), reads_.end(),
    [&](const auto& x) { return x.node == who.id() && x.id == id; });
  COHORT_CHECK(at != reads_.end());
  const auto result = *at;
  reads_.erase(at);
  return result;
}

void judge::read_granted(const member& who, const read_grant& grant) {
  const auto asked = take_read(who, grant.id);
  COHORT_CHECK(grant.index >= asked.must_see); // linearizable
  COHORT_CHECK(asked.members != who.core().members_index()
               || confirmed_after(who, asked.round, meets_votes));
  ++reads_granted_;
}

/// Whether so many voters have answered a later round.
bool judge::confirmed_after(const member& who, std::uint64_t round,
                            std::size_t (*size)(const configuration&)) const {
  const auto answered = [&](node_id node) {
    return node == who.id()
           || newest_round(answered_, node, who.core().term()) > round;
  };
  const auto enough = [&](const configuration& x) {
    return static_cast<std::size_t>(
             std::count_if(x.voters.begin(), x.voters.end(), answered))
           >= size(x);
  };
  const auto& state = who.core().members();
  return enough(state.current) && (!state.next || enough(*state.next));
}

void judge::note_round(rounds_by_term& of, node_id node, term_t term,
                       std::uint64_t round) {
  if (round == 0)
    return; // what is not there is 0
  auto& newest = slot(slot(of, node.value), term.value);
  newest = std::max(newest, round);
}

std::uint64_t judge::newest_round(const rounds_by_term& of, node_id node,
                                  term_t term) {
  if (node.value >= of.size() || term.value >= of[node.value].size())
    return 0;
  return of[node.value][term.value];
}

void judge::started(const member& who) {
  applied(who.state());
  if (!asked_.empty())
    slot(before_start_, who.id().value) = asked_;
}

/// A primary that lifts a suspicion was confirmed after the suspect started:
/// what that acknowledged before is in its log (D3).
void judge::check_lift(const member& who, const member& suspect) const {
  const auto at = suspect.id().value;
  const auto before = at < before_start_.size() ? newest_round(
                        before_start_[at], who.id(), who.core().term())
                                                : 0;
  COHORT_CHECK(confirmed_after(who, before, votes_needed));
}

void judge::read_refused(const member& who, std::uint64_t id) {
  (void) take_read(who, id);
}

void judge::forget_reads(const member& who) {
  std::erase_if(reads_, [&](const auto& x) { return x.node == who.id(); });
}

// -- commit -------------------------------------------------------------------

namespace {

/// Copies of an entry, as its primary may count them.
struct copies {
  const member& leader;
  const surroundings& around;
  log_position position;

  /// A copy is durable, on a disk that is not in doubt. Until the primary can
  /// know that a disk lost what it had, it counts it: the promise covers that.
  bool on(node_id node) const {
    const auto* holder = around.find(node);
    if (!holder)
      return false;
    const auto& d = holder->on_disk();
    if (!knows_the_loss_of(*holder))
      return d.covers(position)
             || (holder->lost(position)
                 && (d.state.suspect || d.state.vote_floor >= position));
    return d.covers(position) && !d.state.suspect;
  }

  bool knows_the_loss_of(const member& holder) const {
    const auto* peers = leader.core().peers();
    if (holder.boot_of_loss() == 0 || !peers)
      return true;
    const auto peer = peers->find(holder.id());
    return peer == peers->end() || peer->second.regressed
           || peer->second.boot > holder.boot_of_loss();
  }

  std::size_t in(const configuration& x) const {
    return static_cast<std::size_t>(
      std::count_if(x.voters.begin(), x.voters.end(),
                    [&](node_id node) { return on(node); }));
  }
};

/// Section 3 of docs/PROTOCOL.md.
bool may_commit(const copies& held, entry_kind kind, const membership& state) {
  if (kind == entry_kind::membership) {
    const auto majority = [&](const configuration& x) {
      return held.in(x) >= x.voters.size() / 2 + 1;
    };
    return majority(state.current) && (!state.next || majority(*state.next));
  }
  if (held.in(state.newest()) < state.newest().m + 1)
    return false;
  return !state.next
         || (held.in(state.current) >= meets_votes(state.current)
             && held.in(*state.next) >= meets_votes(*state.next));
}

} // namespace

void judge::commit_first(const member& who, log_position position) {
  COHORT_CHECK(who.led() || who.core().leads());
  COHORT_CHECK(position.index.value == committed_.size() + 1);
  const auto state = committed_.empty() ? 0 : committed_.back().state_hash;
  committed_.push_back({position.term, who.core().term(),
                        mixed(state, protocol::digest(book_.at(position)))});
  if (committed_at(position.index).kind == entry_kind::membership)
    changes_.push_back(position.index);
}

void judge::committed(const member& who, index_t before,
                      const membership& former, const surroundings& around) {
  const auto top = who.core().commit_index();
  const auto known = committed_up_to();
  COHORT_CHECK(top > before); // it never falls
  for (auto i = before.next(); i <= top; ++i) {
    const auto term = who.log().term_at(i);
    if (!term)
      continue; // below the base of a snapshot
    if (i <= known)
      COHORT_CHECK(is_committed({*term, i})); // never another entry
    else
      commit_first(who, {*term, i});
  }
  if (top <= known)
    return;
  const log_position newest{committed_.back().term, top};
  COHORT_CHECK(newest.term == who.core().term()); // thesis 3.6.2
  const copies held{who, around, newest};
  const auto kind = book_.at(newest).kind;
  COHORT_CHECK(may_commit(held, kind, who.core().members())
               || may_commit(held, kind, former));
}

void judge::answers_up_to(const member& who, index_t index,
                          const membership& former,
                          const surroundings& around) {
  COHORT_CHECK(index <= who.core().commit_index());
  const auto term = who.log().term_at(index);
  if (!term)
    return; // in a snapshot
  const copies held{who, around, {*term, index}};
  const auto enough = [&](const membership& state) {
    return held.in(state.newest()) >= state.newest().m + 1;
  };
  COHORT_CHECK(enough(who.core().members()) || enough(former));
}

} // namespace cohort::testkit::protocol
