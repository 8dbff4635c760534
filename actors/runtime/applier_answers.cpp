// What clients hear: of writes when they are safe, of queries when they may be
// answered.
#include "runtime/applier.hpp"

#include "codec/peer_codec.hpp"
#include "core/mutant.hpp"

#include <cstdint>
#include <utility>

namespace cohort::runtime {

namespace {

packed_replies pack(const machine::reply_list& replies) {
  packed_replies result;
  result.data = bytes::of(replies.data());
  result.ends.reserve(replies.size());
  for (auto end : replies.ends())
    result.ends.push_back(static_cast<std::uint32_t>(end));
  return result;
}

} // namespace

// -- writes -------------------------------------------------------------------

void applier::answer(const riding_work& riding, machine::work_result result) {
  held_reply x{riding.index, riding.who.gateway, {}};
  x.reply.id = riding.who.request;
  x.reply.outcome = result.outcome;
  x.reply.at = {epoch_, machine_.applied_term(), riding.index};
  x.reply.replies = pack(result.replies);
  x.reply.query_replies = pack(result.query_replies);
  x.reply.lost = std::move(result.lost);
  held_replies_.push_back(std::move(x));
}

/// A write is answered when its own copies are enough, which may be later than
/// its commit (C4).
void applier::release_answers() {
  while (!held_replies_.empty()
         && held_replies_.front().index <= acknowledged_) {
    auto& x = held_replies_.front();
    x.reply.at.epoch = epoch_;
    reply(x.gateway, x.reply);
    held_replies_.pop_front();
  }
}

void applier::reply(node_id gateway, const client_reply& what) {
  send(options_.hub,
       outbound{{gateway},
                transport::lane::data,
                codec::encode(options_.set, options_.self, what)});
}

void applier::refuse_everybody(node_id primary) {
  client_reply refusal;
  refusal.outcome = client_outcome::not_primary;
  refusal.primary = primary;
  for (const auto& x : held_replies_) {
    refusal.id = x.reply.id;
    reply(x.gateway, refusal);
  }
  held_replies_.clear();
  for (const auto& x : queries_) {
    refusal.id = x.who.request;
    reply(x.who.gateway, refusal);
  }
  queries_.clear();
  time_asked_ = false;
}

// -- queries ------------------------------------------------------------------

void applier::take_query(answer_queries x) {
  if (!queries_.empty() || !try_query(x))
    queries_.push_back(std::move(x));
}

/// False: not yet.
bool applier::try_query(const answer_queries& x) {
  if (sink_
      || (machine_.applied() < x.index
          && !mutated(mutant::questions_run_ahead)))
    return false;
  machine::work_result result;
  switch (machine_.query(x.work, x.now_ms, result)) {
    case machine::query_outcome::time_must_advance:
      if (!std::exchange(time_asked_, true))
        send(replica_, move_time{});
      return false;
    case machine::query_outcome::work_must_be_done:
      schedule_work();
      return false;
    case machine::query_outcome::done:
      break;
  }
  check_machine();
  client_reply answer;
  answer.id = x.who.request;
  answer.outcome = result.outcome;
  answer.at = {epoch_, machine_.applied_term(), machine_.applied()};
  answer.query_replies = pack(result.query_replies);
  reply(x.who.gateway, answer);
  return true;
}

void applier::retry_queries() {
  time_asked_ = false;
  while (!queries_.empty() && try_query(queries_.front()))
    queries_.pop_front();
}

} // namespace cohort::runtime
