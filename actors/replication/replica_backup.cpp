// Following a primary: log matching, durability before acknowledgement (C7).
#include "core/check.hpp"
#include "core/mutant.hpp"
#include "replication/replica.hpp"

#include <algorithm>
#include <utility>

namespace cohort::replication {

void replica::refuse_append(node_id to, append_verdict verdict,
                            const append_request& request) {
  append_reply answer;
  answer.term = state_.term;
  answer.verdict = verdict;
  answer.round = request.term == state_.term ? request.round : 0;
  answer.match = {};
  answer.refused = request.prev.index;
  answer.hint = log_.may_agree(request.prev).value_or(log_position{});
  answer.boot = options_.boot;
  answer.suspect = state_.suspect;
  answer.tail_cut = tail_cut_;
  promise(to, answer);
}

/// Tells the primary what is durable here of what is known to match its log.
void replica::acknowledge(backup& self) {
  append_reply answer;
  answer.term = state_.term;
  answer.round = self.round;
  answer.match = std::min(durable_, self.verified);
  if (mutated(mutant::acks_unverified))
    answer.match = durable_;
  if (mutated(mutant::acks_before_sync))
    answer.match = self.verified;
  answer.boot = options_.boot;
  answer.suspect = state_.suspect;
  answer.tail_cut = tail_cut_;
  self.ack_owed = answer.match < self.verified;
  promise(self.primary, answer);
}

/// Takes the entries that this log lacks, and cuts what contradicts them.
void replica::take_entries(backup& self, append_request& request) {
  bool cut = false;
  for (auto& x : request.entries) {
    if (x.index <= log_.base_index())
      continue; // in a snapshot, hence committed and equal
    if (x.index <= log_.last_index()) {
      if (log_.term_at(x.index) == x.term
          && !mutated(mutant::repeated_request_cuts))
        continue;
      truncate_log(x.index);
      cut = true;
    }
    append_to_log(std::move(x));
  }
  if (cut)
    self.verified = std::min(self.verified, log_.last_index());
}

void replica::follow(node_id from, append_request& request) {
  auto* self = std::get_if<backup>(&role_);
  if (!self || self->primary != from) {
    COHORT_CHECK(!self || self->primary == nobody); // one primary per term
    become_backup(from);
    self = &std::get<backup>(role_);
  }
  ticks_ = 0;
  if (!request.entries.empty()
      && unapplied_bytes_ >= options_.unapplied_bytes_max)
    return refuse_append(from, append_verdict::busy, request);
  if (request.prev.index > log_.base_index() && !log_.holds(request.prev))
    return refuse_append(from, append_verdict::mismatch, request);
  const bool has_entries = !request.entries.empty();
  const auto covered =
    index_t{request.prev.index.value + request.entries.size()};
  take_entries(*self, request);
  self->verified = std::max(self->verified, covered);
  self->round = std::max(self->round, request.round);
  COHORT_CHECK(request.commit_index <= std::max(covered, commit_));
  commit_up_to(mutated(mutant::stored_is_committed) ? covered
                                                    : request.commit_index);
  if (request.lift == options_.boot && state_.suspect)
    lift_suspicion();
  if (has_entries && durable_ < self->verified)
    self->ack_owed = true; // persisted() answers
  else
    acknowledge(*self);
}

void replica::handle(backup&, node_id from, append_request& request) {
  follow(from, request);
}

void replica::handle(pre_candidate&, node_id from, append_request& request) {
  follow(from, request);
}

void replica::handle(candidate&, node_id from, append_request& request) {
  follow(from, request);
}

void replica::handle(primary&, node_id, append_request&) {
  constexpr bool two_primaries_in_one_term = true;
  COHORT_CHECK(!two_primaries_in_one_term);
}

void replica::handle(backup&, node_id, const append_reply&) {
  // To the primary this replica was earlier in this term.
}

void replica::handle(pre_candidate&, node_id, const append_reply&) {
  // As above.
}

void replica::handle(candidate&, node_id, const append_reply&) {
  // As above.
}

bool replica::snapshot_received(node_id from, term_t term,
                                const log_base& base) {
  if (term < state_.term)
    return false;
  if (term > state_.term)
    adopt_term(term);
  COHORT_CHECK(!leads());
  auto* self = std::get_if<backup>(&role_);
  if (!self || self->primary != from) {
    become_backup(from);
    self = &std::get<backup>(role_);
  }
  ticks_ = 0;
  const bool newer = base.index > commit_
                     || mutated(mutant::snapshot_goes_back);
  if (newer) {
    move_base(base, log_.holds({base.term, base.index})
                      && !mutated(mutant::snapshot_drops_tail));
    commit_ = base.index;
    handed_out_ = base.index;
    fetching_to_apply_ = false;
    out_.apply.clear();
    out_.restore = base;
    out_.membership_changed = true;
  }
  self->verified = std::max(self->verified, base.index);
  acknowledge(*self);
  return newer;
}

} // namespace cohort::replication
