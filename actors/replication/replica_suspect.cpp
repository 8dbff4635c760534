// A replica whose disk lost an ambiguous tail (D3): it may have acknowledged,
// or voted for, what it no longer knows. Until that is settled it takes entries
// but neither votes, campaigns nor acknowledges.
#include "core/check.hpp"
#include "core/mutant.hpp"
#include "replication/quorum.hpp"
#include "replication/replica.hpp"

#include <algorithm>

namespace cohort::replication {

// -- the suspect's side -------------------------------------------------------

void replica::lift_suspicion() {
  auto next = state_;
  next.suspect = false;
  set_hard_state(next);
  answers_.clear();
}

void replica::tick_suspect() {
  ++ticks_;
  if (query_ticks_++ % options_.heartbeat_ticks == 0) {
    state_query query;
    query.term = state_.term;
    query.boot = options_.boot;
    for (auto node : members().voters())
      if (node != options_.self)
        send_now(node, query);
  }
  lift_by_answers();
}

/// An answer also promises not to count what the asker acknowledged before its
/// restart and may still be on its way: it may have lost just that.
void replica::on_state_query(node_id from, const state_query& query) {
  if (auto* self = std::get_if<primary>(&role_)) {
    const auto peer = self->peers.find(from);
    if (peer != self->peers.end() && peer->second.boot < query.boot)
      forget_match(peer->second, query.boot);
  }
  state_answer answer;
  answer.term = state_.term;
  answer.boot = query.boot;
  // What a crash could take back must not become a floor for others. A base is
  // committed, even while the log that restarts there is not durable.
  const auto end = std::max(durable_, log_.base_index());
  answer.last = {*log_.term_at(end), end};
  promise(from, answer);
}

void replica::on_state_answer(node_id from, const state_answer& answer) {
  if (!state_.suspect || answer.boot != options_.boot
      || !members().is_voter(from))
    return;
  answers_[from] = answer;
  lift_by_answers();
}

/// The second way: all voters answered after this restart. The term becomes the
/// highest answered, its vote counts as given, and the freshest answer becomes
/// the floor.
void replica::lift_by_answers() {
  const auto voters = members().voters();
  const bool all = std::all_of(voters.begin(), voters.end(), [&](node_id x) {
    return x == options_.self || answers_.contains(x);
  });
  if (!state_.suspect || !all)
    return;
  auto next = state_;
  next.voted_for = mutated(mutant::lifted_vote_is_free) ? nobody
                                                        : forgotten_vote;
  next.vote_floor = log_.last();
  for (const auto& [node, answer] : answers_) {
    next.term = std::max(next.term, answer.term);
    if (!mutated(mutant::lifted_without_floor))
      next.vote_floor = std::max(next.vote_floor, answer.last);
  }
  const bool newer = next.term > state_.term;
  set_hard_state(next);
  lift_suspicion();
  if (newer)
    become_backup(nobody);
}

// -- the primary's side -------------------------------------------------------

void replica::note_suspect(primary& self, progress& peer,
                           const append_reply& answer) {
  const auto suspect = answer.suspect ? answer.boot : 0;
  if (suspect == peer.suspect)
    return;
  peer.suspect = suspect;
  peer.lift_end.reset();
  peer.lift_round = suspect != 0 ? self.round.request() : 0;
}

/// A vote quorum of others that answered a round begun after the suspect's
/// restart proves that this log holds whatever the suspect acknowledged.
void replica::advance_lifts(primary& self) {
  for (auto& [suspect, peer] : self.peers) {
    if (peer.suspect == 0 || peer.lift_end)
      continue;
    const auto round = peer.lift_round;
    const bool confirmed =
      reached(members(), &quorum_sizes::vote, [&](node_id node) {
        if (node == options_.self)
          return true;
        const auto other = self.peers.find(node);
        return other != self.peers.end() && other->second.suspect == 0
               && !other->second.regressed && other->second.round >= round;
      });
    if (confirmed || mutated(mutant::lifted_unconfirmed))
      peer.lift_end = log_.last_index();
  }
}

void replica::send_lift(primary& self, node_id to, progress& peer) {
  if (peer.suspect == 0 || !peer.lift_end || peer.match < *peer.lift_end
      || peer.match < log_.base_index())
    return;
  auto request = make_append(self, peer.match, {});
  request.lift = peer.suspect;
  peer.lift_end.reset(); // if this one is lost, the next answer asks again
  send_now(to, std::move(request));
}

} // namespace cohort::replication
