// What must be durable before what is sent (docs/PROTOCOL.md, section 4).
#include "core/check.hpp"
#include "testkit/protocol/judge.hpp"
#include "testkit/protocol/member.hpp"

namespace cohort::testkit::protocol {

using namespace replication;

namespace {

/// The term, and in it the vote for `candidate`: a later term on the disk says
/// that this one's votes were durable, and are over.
bool has_vote(const disk& x, term_t term, node_id candidate) {
  return x.state.term > term
         || (x.state.term == term && x.state.voted_for == candidate);
}

} // namespace

/// Term and copy are durable, and what is acknowledged is the primary's.
void judge::check_append_reply(const member& who, node_id to,
                               const append_reply& x,
                               const surroundings& around) const {
  const auto& d = who.on_disk();
  COHORT_CHECK(d.state.term >= x.term);
  COHORT_CHECK(d.last().index >= x.match);
  const auto term = d.term_at(x.match);
  const auto* primary = around.find(to);
  if (!term || d.state.term != x.term || !primary || !primary->up()
      || !primary->core().leads() || primary->core().term() != x.term)
    return;
  const auto& log = primary->core().log();
  COHORT_CHECK(x.match <= log.base_index() || log.term_at(x.match) == *term);
}

void judge::sends(const member& who, node_id to, const message& msg,
                  const surroundings& around) {
  const auto& d = who.on_disk();
  if (const auto* reply = std::get_if<append_reply>(&msg)) {
    check_append_reply(who, to, *reply, around);
    note_round(answered_, who.id(), reply->term, reply->round);
  } else if (const auto* append = std::get_if<append_request>(&msg)) {
    COHORT_CHECK(d.state.term >= append->term);
    const auto* suspect = append->lift != 0 ? around.find(to) : nullptr;
    if (suspect && suspect->boot() == append->lift) // else it is too late
      check_lift(who, *suspect);
    note_round(asked_, who.id(), append->term, append->round);
    COHORT_CHECK(append->commit_index <= committed_up_to());
  } else if (const auto* vote = std::get_if<vote_reply>(&msg)) {
    if (!vote->granted || vote->pre)
      return;
    COHORT_CHECK(has_vote(d, vote->term, to));
    note_vote(who.id(), vote->term, to);
  } else if (const auto* request = std::get_if<vote_request>(&msg)) {
    if (request->pre)
      return;
    COHORT_CHECK(has_vote(d, request->term, who.id()));
    note_vote(who.id(), request->term, who.id());
  } else if (const auto* answer = std::get_if<state_answer>(&msg)) {
    COHORT_CHECK(d.state.term >= answer->term);
    COHORT_CHECK(d.covers(answer->last) || is_committed(answer->last));
  }
}

} // namespace cohort::testkit::protocol
