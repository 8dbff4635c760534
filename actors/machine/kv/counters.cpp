// Strings that are numbers.
#include "machine/kv/reply.hpp"
#include "machine/kv/topics.hpp"

#include <charconv>
#include <cmath>
#include <limits>
#include <string>

namespace cohort::kv::topics {

namespace {

/// Redis takes no longer text for a number.
constexpr std::size_t float_text_max = 5 * 1024;

/// Decimals of INCRBYFLOAT.
constexpr int decimals = 17;

/// As Redis: no leading zeros, spaces or plus.
bool parse(std::string_view text, std::int64_t& to) {
  const auto digits = text.substr(text.starts_with('-') ? 1 : 0);
  if (digits.starts_with('0') && text.size() > 1)
    return false;
  const auto [end, code] = std::from_chars(text.data(),
                                           text.data() + text.size(), to);
  return code == std::errc{} && end == text.data() + text.size();
}

bool parse(std::string_view text, long double& to) {
  if (text.size() > 1 && text[0] == '+' && text[1] != '-')
    text.remove_prefix(1);
  if (text.size() > float_text_max)
    return false;
  const auto [end, code] = std::from_chars(text.data(),
                                           text.data() + text.size(), to);
  return code == std::errc{} && end == text.data() + text.size()
         && !std::isnan(to);
}

/// As Redis: fixed notation without trailing zeros.
std::string to_text(long double x) {
  char buffer[float_text_max];
  auto* end = std::to_chars(buffer, buffer + sizeof buffer, x,
                            std::chars_format::fixed, decimals)
                .ptr;
  while (end[-1] == '0')
    --end;
  if (end[-1] == '.')
    --end;
  const std::string result{buffer, end};
  return result == "-0" ? "0" : result;
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

/// In long double, as Redis does. All replicas of a set must have the same one:
/// it is one processor architecture.
void incr_by_float(evaluation& e, const command& x) {
  const auto old = e.find(x.key);
  long double value = 0;
  long double by = 0;
  if ((old && !parse(old->value, value)) || !parse(x.value, by))
    return reply::error(e.out(), "ERR value is not a valid float");
  const auto sum = value + by;
  if (!std::isfinite(sum))
    return reply::error(e.out(), "ERR increment would produce NaN or Infinity");
  const auto text = to_text(sum);
  e.put(x.key, text, old ? old->expires_ms : never);
  reply::bulk(e.out(), text);
}

} // namespace cohort::kv::topics
