// MULTI, EXEC, DISCARD, WATCH (K5).
#include "resp/front.hpp"

#include <utility>

namespace cohort::resp {

namespace {

/// What one client may watch.
constexpr std::size_t watched_keys_max = 1024;
constexpr std::size_t watched_bytes_max = std::size_t{1} << 20;

} // namespace

// -- between MULTI and EXEC ---------------------------------------------------

/// The transaction will not run; what it holds is of no use.
void front::spoil(client& c) {
  c.multi->spoilt = true;
  c.multi->queued = {};
}

void front::queue(client& c, const kv::command& what) {
  auto& multi = *c.multi;
  if (multi.spoilt)
    return answer(c, "+QUEUED\r\n");
  multi.queued.append(what);
  if (multi.queued.size() <= kv::commands_max
      && multi.queued.frame_bytes() <= request_bytes_max)
    return answer(c, "+QUEUED\r\n");
  spoil(c);
  answer_error(c, "ERR a transaction has at most "
                    + std::to_string(kv::commands_max) + " commands and "
                    + std::to_string(request_bytes_max) + " bytes");
}

/// Commands are kept, not run. What needs no machine is kept with its reply.
void front::enqueue_in_transaction(client& c, const translation& t) {
  switch (t.to) {
    case route::local:
      COHORT_CHECK(false); // handle_local() serves it
    case route::refused:
      spoil(c);
      return answer(c, t.reply);
    case route::walk: // would hold the applier up
      spoil(c);
      return answer_error(
        c, "ERR KEYS is not allowed inside a transaction; use SCAN");
    case route::answered:
      return queue_reply(c, t.reply);
    case route::write:
    case route::read:
      return queue(c, t.what);
  }
}

/// A command whose reply is known already.
void front::queue_reply(client& c, std::string_view reply) {
  kv::command literal;
  literal.what = kv::op::literal;
  literal.value = reply;
  queue(c, literal);
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
  std::vector<kv::watch> watches;
  for (const auto& x : watched)
    watches.push_back({x.key, x.changed});
  begin_batch();
  const reply_ref ref{c.id, reserve(c, null_style::array),
                      reply_ref::kind::client};
  if (multi->queued.read_only()) {
    place_query(c);
    queries_.append_exec(multi->queued, watches);
    refs_.queries.push_back(ref);
  } else {
    commands_.append_exec(multi->queued, watches);
    refs_.writes.push_back(ref);
    ++c.writes_in_flight;
  }
  consider_batch();
}

// -- WATCH --------------------------------------------------------------------

/// Asks which command changed each key last, in one batch; until that is known,
/// the client's next requests wait.
void front::watch(client& c, args words) {
  if (!not_ready_.empty())
    return answer_error(c, "LOADING " + not_ready_);
  std::size_t bytes = 0;
  for (const auto& x : c.watched)
    bytes += x.key.size();
  for (const auto& x : words.subspan(1))
    bytes += x.size();
  if (c.watched.size() + words.size() - 1 > watched_keys_max
      || bytes > watched_bytes_max)
    return answer_error(c, "ERR a client watches at most "
                             + std::to_string(watched_keys_max) + " keys and "
                             + std::to_string(watched_bytes_max) + " bytes");
  c.watching.assign(words.begin() + 1, words.end());
  c.watching_left = c.watching.size();
  start_waiting(c, wait_kind::watch);
  kv::command ask;
  ask.what = kv::op::changed;
  for (const auto& key : c.watching) {
    ask.key = key;
    enqueue_query(c, ask, reply_ref::kind::watch);
  }
  consider_batch();
}

} // namespace cohort::resp
