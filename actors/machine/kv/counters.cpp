// Strings that are numbers.
#include "codec/kv_float.hpp"
#include "machine/kv/reply.hpp"
#include "machine/kv/topics.hpp"

#include <charconv>
#include <cmath>
#include <limits>
#include <string>

namespace cohort::kv::topics {

namespace {

/// As Redis: no leading zeros, spaces or plus.
bool parse(std::string_view text, std::int64_t& to) {
  const auto digits = text.substr(text.starts_with('-') ? 1 : 0);
  if (digits.starts_with('0') && text.size() > 1)
    return false;
  const auto [end, code] = std::from_chars(text.data(),
                                           text.data() + text.size(), to);
  return code == std::errc{} && end == text.data() + text.size();
}

} // namespace

void incr_by(evaluation& e, const command& x) {
  const auto old = e.find(x.key);
  std::int64_t value = 0;
  if (old && !parse(old->value, value))
    return reply::error(e.out(), "ERR value is not an integer or out of range");
  std::int64_t sum = 0;
  if (__builtin_add_overflow(value, x.number, &sum))
    return reply::error(e.out(), "ERR increment or decrement would overflow");
  char buffer[std::numeric_limits<std::int64_t>::digits10 + 2];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, sum).ptr;
  e.put(x.key, {buffer, end}, old ? old->expires_ms : never);
  reply::integer(e.out(), sum);
}

void incr_by_float(evaluation& e, const command& x) {
  const auto old = e.find(x.key);
  const auto value = old ? float_of(old->value) : 0;
  const auto by = float_of(x.value);
  if (!value || !by)
    return reply::error(e.out(), "ERR value is not a valid float");
  const auto sum = *value + *by;
  if (!std::isfinite(sum))
    return reply::error(e.out(), "ERR increment would produce NaN or Infinity");
  const auto text = float_text(sum);
  e.put(x.key, text, old ? old->expires_ms : never);
  reply::bulk(e.out(), text);
}

} // namespace cohort::kv::topics
