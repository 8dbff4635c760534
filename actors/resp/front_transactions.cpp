// MULTI, EXEC, DISCARD, WATCH (K5).
#include "resp/front.hpp"

#include <utility>

namespace cohort::resp {

/// Between MULTI and EXEC commands are kept, not run. What needs no machine is
/// kept with its reply.
void front::enqueue_in_transaction(client& c, const translation& t) {
  switch (t.to) {
    case route::refused:
    case route::local:
      c.multi->spoilt = true;
      return answer(c, t.reply);
    case route::answered: {
      kv::command literal;
      literal.what = kv::op::literal;
      literal.value = t.reply;
      c.multi->queued.append(literal);
      break;
    }
    case route::write:
    case route::read:
    case route::walk:
      c.multi->queued.append(t.what);
      break;
  }
  answer(c, "+QUEUED\r\n");
}

void front::multi(client& c) {
  if (c.multi)
    return answer_error(c, "ERR MULTI calls can not be nested");
  c.multi = std::make_unique<transaction>();
  answer(c, "+OK\r\n");
}

void front::discard(client& c) {
  if (!c.multi)
    return answer_error(c, "ERR DISCARD without MULTI");
  c.multi.reset();
  c.watched.clear();
  answer(c, "+OK\r\n");
}

/// One command with all that was queued, and what was watched.
void front::exec(client& c) {
  if (!c.multi)
    return answer_error(c, "ERR EXEC without MULTI");
  const auto multi = std::exchange(c.multi, nullptr);
  const auto watched = std::exchange(c.watched, {});
  if (multi->spoilt)
    return answer_error(
      c, "EXECABORT Transaction discarded because of previous errors.");
  if (!not_ready_.empty())
    return answer_error(c, "LOADING " + not_ready_);
  if (multi->queued.frame_bytes() > request_bytes_max)
    return answer_error(c, "ERR transaction is larger than "
                             + std::to_string(request_bytes_max) + " bytes");
  std::vector<kv::watch> watches;
  for (const auto& x : watched)
    watches.push_back({x.key, x.changed});
  if (batch_is_empty())
    batch_since_ms_ = now_ms_;
  const reply_ref ref{c.id, c.replies.reserve(), null_style::array,
                      reply_ref::kind::client};
  if (multi->queued.read_only()) {
    query_after_.push_back(static_cast<std::uint32_t>(commands_.size()));
    queries_.append_exec(multi->queued, watches);
    refs_.queries.push_back(ref);
    after_own_writes_ = after_own_writes_ || c.writes_in_flight > 0;
  } else {
    commands_.append_exec(multi->queued, watches);
    refs_.writes.push_back(ref);
    ++c.writes_in_flight;
  }
  consider_batch();
}

/// Asks which command changed each key last; until that is known, the client's
/// next requests wait.
void front::watch(client& c, args words) {
  if (!not_ready_.empty())
    return answer_error(c, "LOADING " + not_ready_);
  c.watching.assign(words.begin() + 1, words.end());
  c.waits_for = wait_kind::watch;
  c.waiting_place = c.replies.reserve();
  for (const auto& key : std::vector<std::string>{c.watching}) {
    kv::command ask;
    ask.what = kv::op::changed;
    ask.key = key;
    enqueue_query(c, ask, reply_ref::kind::watch, null_style::string);
  }
}

} // namespace cohort::resp
