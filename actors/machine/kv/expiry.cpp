// When keys go.
#include "machine/kv/reply.hpp"
#include "machine/kv/topics.hpp"

#include <algorithm>
#include <limits>

namespace cohort::kv::topics {

namespace {

/// NX, XX, GT and LT: a key without expiry counts as one that expires last.
bool may_expire(const command& x, const item& old, std::int64_t at_ms) {
  const bool expires = old.expires_ms != never;
  if (x.has(flag::if_absent) && expires)
    return false;
  if (x.has(flag::if_present) && !expires)
    return false;
  if (x.has(flag::if_later) && (!expires || at_ms <= old.expires_ms))
    return false;
  return !x.has(flag::if_sooner) || !expires || at_ms < old.expires_ms;
}

} // namespace

bool expiry_of(const evaluation& e, const command& x, std::int64_t& to_ms) {
  to_ms = x.number;
  return !x.has(flag::expiry_relative)
         || !__builtin_add_overflow(x.number, e.log_time_ms(), &to_ms);
}

/// A time that has passed deletes the key.
void expire(evaluation& e, const command& x) {
  std::int64_t at_ms = 0;
  if (!expiry_of(e, x, at_ms))
    return reply::error(e.out(), "ERR invalid expire time in 'expire' command");
  const auto old = e.find(x.key);
  if (!old || !may_expire(x, *old, at_ms))
    return reply::integer(e.out(), 0);
  if (at_ms <= e.log_time_ms()) {
    e.erase(x.key);
  } else {
    const std::string value{old->value};
    e.put(x.key, value, at_ms);
  }
  reply::integer(e.out(), 1);
}

void persist(evaluation& e, const command& x) {
  const auto old = e.find(x.key);
  if (!old || old->expires_ms == never)
    return reply::integer(e.out(), 0);
  const std::string value{old->value};
  e.put(x.key, value, never);
  reply::integer(e.out(), 1);
}

void ttl(evaluation& e, const command& x) {
  const auto found = e.find(x.key);
  if (!found)
    return reply::integer(e.out(), -2);
  if (found->expires_ms == never)
    return reply::integer(e.out(), -1);
  const auto ms = x.has(flag::absolute)
                    ? found->expires_ms
                    : std::max<std::int64_t>(
                      found->expires_ms - std::max(e.log_time_ms(), e.now_ms()),
                      0);
  reply::integer(e.out(), x.has(flag::in_seconds)
                            ? ms / 1000 + (ms % 1000 >= 500 ? 1 : 0)
                            : ms);
}

} // namespace cohort::kv::topics
