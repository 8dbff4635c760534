// Keys as such.
#include "machine/kv/reply.hpp"
#include "machine/kv/topics.hpp"

namespace cohort::kv::topics {

namespace {

/// What is under one key goes under another as well, with its expiry.
void duplicate(evaluation& e, const item& from, std::string_view to) {
  const std::string value{from.value};
  e.put(to, value, from.expires_ms);
}

} // namespace

void del(evaluation& e, const command& x) {
  std::int64_t count = 0;
  for (const auto key : x.more)
    count += e.erase(key) ? 1 : 0;
  reply::integer(e.out(), count);
}

/// A key that is named twice counts twice.
void exists(evaluation& e, const command& x) {
  std::int64_t count = 0;
  for (const auto key : x.more)
    count += e.find(key) ? 1 : 0;
  reply::integer(e.out(), count);
}

void type(evaluation& e, const command& x) {
  reply::simple(e.out(), e.find(x.key) ? "string" : "none");
}

void rename(evaluation& e, const command& x) {
  const bool only_if_absent = x.has(flag::if_absent);
  if (!e.find(x.key))
    return reply::error(e.out(), "ERR no such key");
  if (only_if_absent && e.find(x.value)) // the same key, too
    return reply::integer(e.out(), 0);
  if (x.key != x.value) {
    duplicate(e, *e.find(x.key), x.value);
    e.erase(x.key);
  }
  if (only_if_absent)
    reply::integer(e.out(), 1);
  else
    reply::ok(e.out());
}

void copy(evaluation& e, const command& x) {
  if (x.key == x.value)
    return reply::error(e.out(),
                        "ERR source and destination objects are the same");
  if (!e.find(x.key) || (!x.has(flag::replace) && e.find(x.value)))
    return reply::integer(e.out(), 0);
  duplicate(e, *e.find(x.key), x.value);
  reply::integer(e.out(), 1);
}

void changed(evaluation& e, const command& x) {
  const auto found = e.find(x.key);
  reply::integer(e.out(),
                 found ? static_cast<std::int64_t>(found->changed) : 0);
}

void flush(evaluation& e, const command&) {
  e.store().clear();
  reply::ok(e.out());
}

} // namespace cohort::kv::topics
