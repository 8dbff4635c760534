#include "machine/session_table.hpp"

#include "core/check.hpp"
#include "core/mutant.hpp"

#include <algorithm>
#include <iterator>
#include <limits>
#include <utility>

namespace cohort::machine {

namespace {

/// Of the first `count` replies.
std::size_t kept_bytes_of(const session_state& x, std::size_t count) {
  std::size_t result = 0;
  for (std::size_t i = 0; i < count; ++i)
    result += x.replies[i] ? x.replies[i]->size() : 0;
  return result;
}

/// How long before `now_ms` that was, whatever the two are: a snapshot may say
/// anything.
std::uint64_t since(std::int64_t then_ms, std::int64_t now_ms) {
  return then_ms < now_ms ? static_cast<std::uint64_t>(now_ms)
                              - static_cast<std::uint64_t>(then_ms)
                          : 0;
}

} // namespace

void session_table::open(const session_id& id, std::int64_t log_time_ms) {
  expire(log_time_ms);
  if (sessions_.size() >= limits_.sessions_max) {
    const auto idle_longest = std::min_element(
      sessions_.begin(), sessions_.end(), [](const auto& x, const auto& y) {
        return x.second.last_active_ms < y.second.last_active_ms;
      });
    erase(idle_longest);
  }
  session_state opened;
  opened.last_active_ms = log_time_ms;
  sessions_.emplace(id, std::move(opened));
  next_expiry_ms_ = 0;
}

void session_table::close(const session_id& id) {
  if (const auto at = sessions_.find(id); at != sessions_.end())
    erase(at);
}

session_table::sessions::iterator session_table::erase(sessions::iterator at) {
  kept_bytes_ -= kept_bytes_of(at->second, at->second.replies.size());
  return sessions_.erase(at);
}

void session_table::replace(sessions from) {
  sessions_ = std::move(from);
  next_expiry_ms_ = 0;
  kept_bytes_ = 0;
  for (const auto& [id, x] : sessions_)
    kept_bytes_ += kept_bytes_of(x, x.replies.size());
}

void session_table::renew_all(std::int64_t log_time_ms) {
  for (auto& [id, x] : sessions_)
    x.last_active_ms = std::max(x.last_active_ms, log_time_ms);
}

/// Looks at all sessions only when one may have become due.
void session_table::expire(std::int64_t log_time_ms) {
  if (log_time_ms < next_expiry_ms_)
    return;
  const auto idle_max = static_cast<std::uint64_t>(limits_.idle_ms_max);
  for (auto at = sessions_.begin(); at != sessions_.end();)
    at = since(at->second.last_active_ms, log_time_ms) > idle_max
           ? erase(at)
           : std::next(at);
  auto oldest = log_time_ms;
  for (const auto& [id, x] : sessions_)
    oldest = std::min(oldest, x.last_active_ms);
  constexpr auto end_of_time = std::numeric_limits<std::int64_t>::max();
  next_expiry_ms_ = oldest < end_of_time - limits_.idle_ms_max
                      ? oldest + limits_.idle_ms_max + 1
                      : end_of_time;
}

void session_table::forget(session_state& x, std::uint64_t up_to) {
  if (up_to <= x.answered_up_to)
    return;
  const auto count = std::min<std::uint64_t>(up_to - x.answered_up_to,
                                             x.replies.size());
  kept_bytes_ -= kept_bytes_of(x, count);
  x.replies.erase(x.replies.begin(),
                  x.replies.begin() + static_cast<std::ptrdiff_t>(count));
  x.answered_up_to = up_to;
  x.highest_applied = std::max(x.highest_applied, up_to);
}

admission session_table::admit(const session_batch& batch,
                               std::int64_t log_time_ms) {
  expire(log_time_ms);
  auto at = sessions_.find(batch.session);
  if (at == sessions_.end() && mutated(mutant::sessions_come_back))
    at = sessions_.try_emplace(batch.session).first;
  if (at == sessions_.end())
    return {admission::verdict::expired, 0};
  auto& x = at->second;
  x.last_active_ms = std::max(x.last_active_ms, log_time_ms);
  // Sequences count from 1. Sums are avoided where a client's numbers could
  // make them wrap around.
  const auto before = batch.first_sequence - 1;
  if (batch.first_sequence == 0 || batch.count > ~before)
    return {admission::verdict::beyond, 0};
  if (before > std::max(x.highest_applied, batch.answered_up_to)
      && !mutated(mutant::gaps_run))
    return {admission::verdict::gap, 0};
  const auto last = before + batch.count;
  const auto mark = std::max(x.answered_up_to, batch.answered_up_to);
  if (last > mark && last - mark > limits_.window)
    return {admission::verdict::beyond, 0};
  forget(x, batch.answered_up_to);
  const auto applied = x.highest_applied > before
                           && !mutated(mutant::resent_runs_again)
                         ? x.highest_applied - before
                         : 0;
  return {
    admission::verdict::run,
    static_cast<std::uint32_t>(std::min<std::uint64_t>(applied, batch.count))};
}

const std::string* session_table::reply_to(const session_id& id,
                                           std::uint64_t sequence) const {
  const auto* x = find(id);
  if (!x || sequence <= x->answered_up_to || sequence > x->highest_applied)
    return nullptr;
  const auto& reply = x->replies[sequence - x->answered_up_to - 1];
  return reply ? &*reply : nullptr;
}

void session_table::record(const session_id& id, std::string_view reply) {
  const auto at = sessions_.find(id);
  COHORT_CHECK(at != sessions_.end());
  auto& x = at->second;
  ++x.highest_applied;
  if (reply.size() <= limits_.kept_reply_bytes_max
      && kept_bytes_ + reply.size() <= limits_.kept_bytes_max) {
    x.replies.emplace_back(std::string{reply});
    kept_bytes_ += reply.size();
  } else {
    x.replies.emplace_back();
  }
  COHORT_CHECK(x.replies.size() == x.highest_applied - x.answered_up_to);
}

const session_state* session_table::find(const session_id& id) const {
  const auto at = sessions_.find(id);
  return at == sessions_.end() ? nullptr : &at->second;
}

} // namespace cohort::machine
