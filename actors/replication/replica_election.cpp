// Elections: pre-votes, votes, terms (C5, C6, E1, E2; thesis chapters 3 and 9).
#include "core/check.hpp"
#include "core/mutant.hpp"
#include "replication/quorum.hpp"
#include "replication/replica.hpp"

#include <utility>

namespace cohort::replication {

// -- terms --------------------------------------------------------------------

bool replica::hears_primary() const {
  if (leads())
    return true;
  const auto* self = std::get_if<backup>(&role_);
  return self && self->primary != nobody && ticks_ < options_.election_ticks;
}

/// Whoever lives in an older term is told of this one, so that it does not stay
/// behind for ever.
void replica::answer_older_term(node_id from, const message& msg) {
  if (const auto* request = std::get_if<vote_request>(&msg)) {
    answer_vote(from, *request, false);
  } else if (const auto* append = std::get_if<append_request>(&msg)) {
    refuse_append(from, append_verdict::mismatch, *append);
  }
}

void replica::adopt_term(term_t term) {
  COHORT_CHECK(term > state_.term);
  auto next = state_;
  next.term = term;
  next.voted_for = nobody;
  set_hard_state(next);
  become_backup(nobody);
}

void replica::redraw_timeout() {
  const auto low = options_.election_ticks;
  timeout_ = static_cast<std::uint32_t>(rng_.between(low, 2 * low - 1));
}

// -- role changes -------------------------------------------------------------

void replica::become_backup(node_id leader) {
  if (auto* self = std::get_if<primary>(&role_)) {
    out_.refused_reads = self->round.take_all_reads();
    for (const auto& grant : grants_)
      out_.refused_reads.push_back(grant.id);
    grants_.clear();
    if (self->transfer)
      out_.transfer = transfer_result{self->transfer->to, true};
    ticks_ = 0;
    redraw_timeout();
  }
  role_ = backup{leader, {}, 0, false};
}

void replica::become_pre_candidate() {
  auto& self = role_.emplace<pre_candidate>();
  self.votes.granted.insert(options_.self);
  vote_request request;
  request.term = state_.term.next();
  request.pre = true;
  request.last = log_.last();
  for (auto node : members().voters())
    if (node != options_.self)
      send_now(node, request);
  judge_pre_votes(self);
}

void replica::become_candidate(bool transfer) {
  auto next = state_;
  next.term = state_.term.next();
  next.voted_for = options_.self;
  set_hard_state(next);
  auto& self = role_.emplace<candidate>();
  self.transfer = transfer;
  vote_request request;
  request.term = state_.term;
  request.transfer = transfer;
  request.last = log_.last();
  for (auto node : members().voters())
    if (node != options_.self)
      promise(node, request);
}

void replica::become_primary() {
  auto& self = role_.emplace<primary>();
  self.term_start = log_.last_index().next();
  for (auto i = std::max(commit_.next(), log_.memory_first());
       i <= log_.last_index(); ++i)
    self.uncommitted_bytes += log_.at(i).weight();
  refresh_peers(self);
  append_own(self, {});
}

bool replica::may_campaign() const {
  return !state_.suspect && may_be_needed() && log_.last() >= state_.vote_floor;
}

void replica::campaign() {
  ticks_ = 0;
  redraw_timeout();
  if (may_campaign())
    become_pre_candidate();
  else
    become_backup(nobody);
}

bool replica::tick_election() {
  if (++ticks_ < timeout_)
    return false;
  campaign();
  return true;
}

// -- counting votes -----------------------------------------------------------

void replica::count(ballot& votes, node_id from, bool granted) {
  (granted ? votes.granted : votes.refused).insert(from);
}

/// The own vote counts once it is durable.
void replica::count_own_vote() {
  auto& self = std::get<candidate>(role_);
  if (!state_is_durable() || self.votes.granted.contains(options_.self))
    return;
  self.votes.granted.insert(options_.self);
  judge_votes(self);
}

namespace {

bool won(const membership& state, const ballot& votes) {
  return reached(state, &quorum_sizes::vote,
                 [&](node_id node) { return votes.granted.contains(node); });
}

bool lost(const membership& state, const ballot& votes) {
  return !reached(state, &quorum_sizes::vote,
                  [&](node_id node) { return !votes.refused.contains(node); });
}

} // namespace

void replica::judge_pre_votes(const pre_candidate& self) {
  if (won(members(), self.votes))
    become_candidate(false);
  else if (lost(members(), self.votes))
    become_backup(nobody);
}

void replica::judge_votes(const candidate& self) {
  if (won(members(), self.votes))
    become_primary();
  else if (lost(members(), self.votes))
    become_backup(nobody);
}

// -- giving votes -------------------------------------------------------------

namespace {

bool may_vote(const hard_state& state) {
  return !state.suspect || mutated(mutant::suspect_votes);
}

} // namespace

/// C6, and the floor of D3: by (last term, last index), in this order.
bool replica::fresh_enough(const vote_request& request) const {
  if (log_.last() < state_.vote_floor && request.last < state_.vote_floor)
    return false;
  if (mutated(mutant::votes_by_length))
    return request.last.index >= log_.last_index();
  return request.last >= log_.last();
}

void replica::answer_vote(node_id from, const vote_request& request,
                          bool granted) {
  vote_reply answer;
  answer.term = granted ? request.term : state_.term;
  answer.pre = request.pre;
  answer.granted = granted;
  if (request.pre)
    send_now(from, answer); // promises nothing
  else
    promise(from, answer);
}

void replica::consider_pre_vote(node_id from, const vote_request& request) {
  answer_vote(from, request,
              may_vote(state_) && !hears_primary() && request.term > state_.term
                && fresh_enough(request));
}

void replica::consider_vote(node_id from, const vote_request& request) {
  COHORT_CHECK(request.term == state_.term);
  const bool free = state_.voted_for == nobody || state_.voted_for == from
                    || mutated(mutant::votes_twice);
  const bool granted = free && may_vote(state_) && fresh_enough(request);
  if (granted) {
    if (state_.voted_for == nobody) {
      auto next = state_;
      next.voted_for = from;
      set_hard_state(next);
    }
    ticks_ = 0;
    if (std::holds_alternative<pre_candidate>(role_))
      become_backup(nobody);
  }
  answer_vote(from, request, granted);
}

// -- handlers -----------------------------------------------------------------

void replica::handle(backup&, node_id from, const vote_request& request) {
  if (request.pre)
    consider_pre_vote(from, request);
  else
    consider_vote(from, request);
}

/// Ties are broken among pre-candidates (E1): the one with the smaller id goes
/// on, the other drops its own round; an older log gives way to a newer.
void replica::handle(pre_candidate&, node_id from,
                     const vote_request& request) {
  if (!request.pre)
    return consider_vote(from, request);
  const bool gives_way = request.term > state_.term && fresh_enough(request)
                         && (from < options_.self
                             || request.last > log_.last());
  answer_vote(from, request, gives_way);
  if (gives_way) {
    ticks_ = 0;
    become_backup(nobody);
  }
}

void replica::handle(candidate&, node_id from, const vote_request& request) {
  answer_vote(from, request, false);
}

void replica::handle(primary&, node_id from, const vote_request& request) {
  answer_vote(from, request, false);
}

void replica::handle(backup&, node_id, const vote_reply&) {
  // Of a round that is over.
}

void replica::handle(pre_candidate& self, node_id from,
                     const vote_reply& answer) {
  const auto asked = state_.term.next();
  if (!answer.pre || (answer.granted && answer.term != asked))
    return;
  count(self.votes, from, answer.granted);
  judge_pre_votes(self);
}

void replica::handle(candidate& self, node_id from, const vote_reply& answer) {
  if (answer.pre)
    return;
  count(self.votes, from, answer.granted || mutated(mutant::refusals_elect));
  judge_votes(self);
}

void replica::handle(primary&, node_id, const vote_reply&) {
  // Won already.
}

void replica::handle(backup& self, node_id from, const timeout_now&) {
  if (from == self.primary && may_campaign())
    become_candidate(true);
}

void replica::handle(pre_candidate&, node_id, const timeout_now&) {
  // The primary that sent it was given up on.
}

void replica::handle(candidate&, node_id, const timeout_now&) {
  // Campaigns already.
}

void replica::handle(primary&, node_id, const timeout_now&) {
  // Leads already.
}

} // namespace cohort::replication
