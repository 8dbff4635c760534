// GET, SET and their kin.
#include "machine/kv/reply.hpp"
#include "machine/kv/topics.hpp"

#include "core/check.hpp"

namespace cohort::kv::topics {

namespace {

constexpr auto any_expiry = flag::expiry_relative | flag::expiry_absolute;

/// Options of SET for which the item that is there counts.
constexpr auto asks_for_old = flag::if_absent | flag::if_present
                              | flag::return_old | flag::answer_integer
                              | flag::keep_expiry;

void value_or_null(std::string& to, const std::optional<item>& x) {
  if (x)
    reply::bulk(to, x->value);
  else
    reply::null(to);
}

/// Times of SET and GETEX must be positive.
bool read_expiry(const evaluation& e, const command& x, std::int64_t& to_ms) {
  return x.number > 0 && expiry_of(e, x, to_ms);
}

/// A time that has passed already leaves no key behind.
void put_until(evaluation& e, std::string_view key, std::string_view value,
               std::int64_t expires_ms) {
  if (expires_ms != never && expires_ms <= e.log_time_ms())
    e.erase(key);
  else
    e.put(key, value, expires_ms);
}

} // namespace

void get(evaluation& e, const command& x) {
  value_or_null(e.out(), e.find(x.key));
}

void set(evaluation& e, const command& x) {
  auto expires_ms = never;
  if (x.has(any_expiry) && !read_expiry(e, x, expires_ms))
    return reply::error(e.out(), "ERR invalid expire time in 'set' command");
  if (!x.has(asks_for_old)) { // an engine may have to read the disk for it
    put_until(e, x.key, x.value, expires_ms);
    return reply::ok(e.out());
  }
  const auto old = e.find(x.key);
  const bool sets = old ? !x.has(flag::if_absent) : !x.has(flag::if_present);
  if (x.has(flag::return_old))
    value_or_null(e.out(), old);
  else if (x.has(flag::answer_integer))
    reply::integer(e.out(), sets ? 1 : 0);
  else if (sets)
    reply::ok(e.out());
  else
    reply::null(e.out());
  if (old && x.has(flag::keep_expiry))
    expires_ms = old->expires_ms;
  if (sets)
    put_until(e, x.key, x.value, expires_ms);
}

void getdel(evaluation& e, const command& x) {
  const auto old = e.find(x.key);
  value_or_null(e.out(), old);
  if (old)
    e.erase(x.key);
}

void getex(evaluation& e, const command& x) {
  auto expires_ms = never;
  if (x.has(any_expiry) && !read_expiry(e, x, expires_ms))
    return reply::error(e.out(), "ERR invalid expire time in 'getex' command");
  const auto old = e.find(x.key);
  value_or_null(e.out(), old);
  const bool changes = x.has(any_expiry)
                       || (x.has(flag::persist) && old
                           && old->expires_ms != never);
  if (!old || !changes)
    return;
  const std::string value{old->value};
  put_until(e, x.key, value, expires_ms);
}

void mget(evaluation& e, const command& x) {
  reply::array(e.out(), x.more.size());
  for (const auto key : x.more)
    if (!e.reply_is_too_large())
      value_or_null(e.out(), e.find(key));
}

void mset(evaluation& e, const command& x) {
  COHORT_CHECK(x.more.size() % 2 == 0);
  bool sets = true;
  if (x.has(flag::if_absent))
    for (std::size_t i = 0; i < x.more.size(); i += 2)
      sets = sets && !e.find(x.more[i]);
  if (sets)
    for (std::size_t i = 0; i < x.more.size(); i += 2)
      e.put(x.more[i], x.more[i + 1], never);
  if (x.has(flag::if_absent))
    reply::integer(e.out(), sets ? 1 : 0);
  else
    reply::ok(e.out());
}

} // namespace cohort::kv::topics
