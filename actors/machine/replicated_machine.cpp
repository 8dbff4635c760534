#include "machine/replicated_machine.hpp"

#include "codec/peer_codec.hpp"
#include "codec/session_codec.hpp"
#include "core/check.hpp"
#include "core/mutant.hpp"

#include <algorithm>
#include <utility>

namespace cohort::machine {

replicated_machine::replicated_machine(std::unique_ptr<state_machine> user,
                                       const session_limits& limits)
  : user_(std::move(user)),
    sessions_(limits) {}

work_result replicated_machine::apply(const replication::entry& x,
                                      const work_request* riding) {
  COHORT_CHECK(x.index == applied_.next());
  const apply_context context{x.index, x.term, x.log_time_ms};
  work_result result;
  if (x.term != applied_term_ && !mutated(mutant::new_clock_expires_sessions))
    sessions_.renew_all(x.log_time_ms);
  applied_ = x.index;
  applied_term_ = x.term;
  log_time_ms_ = x.log_time_ms;
  if (x.kind != replication::entry_kind::command) {
    user_->advance_time(context);
    return result;
  }
  const auto body = codec::decode_command(x.payload);
  if (!body) { // the same on every replica
    user_->advance_time(context);
    result.outcome = client_outcome::refused;
    return result;
  }
  if (const auto* batch = std::get_if<session_batch>(&*body)) {
    apply_batch(context, *batch, riding, result);
    return result;
  }
  user_->advance_time(context);
  if (const auto* close = std::get_if<close_session>(&*body))
    sessions_.close(close->session);
  else
    sessions_.open({x.index, x.term}, x.log_time_ms);
  return result;
}

void replicated_machine::apply_batch(const apply_context& context,
                                     const session_batch& batch,
                                     const work_request* riding,
                                     work_result& result) {
  const auto admitted = sessions_.admit(batch, context.log_time_ms);
  switch (admitted.what) {
    case admission::verdict::expired:
      result.outcome = client_outcome::expired;
      break;
    case admission::verdict::gap:
      result.outcome = client_outcome::gap;
      break;
    case admission::verdict::beyond:
      result.outcome = client_outcome::refused;
      break;
    case admission::verdict::run:
      answer_from_table(batch, admitted.first_to_run, result);
      return run(context, batch, admitted.first_to_run, riding, result);
  }
  user_->advance_time(context);
}

void replicated_machine::answer_from_table(const session_batch& batch,
                                           std::uint32_t count,
                                           work_result& result) const {
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto* reply = sessions_.reply_to(batch.session,
                                           batch.first_sequence + i);
    result.replies.add(reply ? std::string_view{*reply} : std::string_view{});
    if (!reply)
      result.lost.push_back(i);
  }
}

/// Runs the commands from `first` on; queries between them, each at its place.
void replicated_machine::run(const apply_context& context,
                             const session_batch& batch, std::uint32_t first,
                             const work_request* riding, work_result& result) {
  const auto apply_range = [&](std::uint32_t from, std::uint32_t to) {
    if (from >= to)
      return;
    const auto before = result.replies.size();
    user_->apply(context, batch.commands, from, to, result.replies);
    COHORT_CHECK(result.replies.size() == before + (to - from));
    for (auto i = before; i < result.replies.size(); ++i)
      sessions_.record(batch.session, result.replies[i]);
  };
  if (first == batch.count)
    user_->advance_time(context);
  // What follows in the session ran already: its effects must not be seen here.
  const bool overtaken = first == batch.count
                         && sessions_.find(batch.session)->highest_applied
                              > batch.first_sequence - 1 + batch.count;
  auto next = first;
  const auto queries =
    riding ? static_cast<std::uint32_t>(riding->query_after.size()) : 0;
  for (std::uint32_t q = 0; q < queries;) {
    const auto place = riding->query_after[q];
    auto last = q + 1;
    while (last < queries && riding->query_after[last] == place)
      ++last;
    if ((place < first || overtaken)
        && !mutated(mutant::riding_query_sees_later)) {
      for (; q < last; ++q)
        result.query_replies.add(place_is_gone);
      continue;
    }
    apply_range(next, std::min(place, batch.count));
    next = std::max(next, std::min(place, batch.count));
    auto outcome = user_->query(riding->queries, q, last, 0,
                                result.query_replies);
    while (outcome == query_outcome::work_must_be_done && user_->work())
      outcome = user_->query(riding->queries, q, last, 0, result.query_replies);
    COHORT_CHECK(outcome == query_outcome::done);
    q = last;
  }
  apply_range(next, batch.count);
}

query_outcome replicated_machine::query(const work_request& work,
                                        std::int64_t now_ms,
                                        work_result& result) {
  if (work.after_sequence > 0 && !mutated(mutant::own_writes_are_not_seen)) {
    const auto* x = sessions_.find(work.session);
    if (!x || x->highest_applied < work.after_sequence) {
      result.outcome = x ? client_outcome::gap : client_outcome::expired;
      return query_outcome::done;
    }
  }
  return user_->query(work.queries, 0,
                      static_cast<std::uint32_t>(work.query_after.size()),
                      now_ms, result.query_replies);
}

std::string replicated_machine::sessions() const {
  return codec::encode_sessions(sessions_.all());
}

result<void> replicated_machine::restored(const replication::log_base& base,
                                          std::string_view sessions) {
  if (sessions.empty() // nobody has spoken yet
      || mutated(mutant::snapshot_forgets_sessions)) {
    sessions_.replace({});
  } else {
    auto decoded = codec::decode_sessions(sessions);
    if (!decoded)
      return decoded.err();
    sessions_.replace(std::move(*decoded));
  }
  applied_ = base.index;
  applied_term_ = base.term;
  log_time_ms_ = base.log_time_ms;
  return {};
}

} // namespace cohort::machine
