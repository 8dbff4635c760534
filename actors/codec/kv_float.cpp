#include "codec/kv_float.hpp"

#include <charconv>
#include <cmath>
#include <cstddef>

namespace cohort::kv {

namespace {

/// Redis takes no longer text for a number.
constexpr std::size_t text_max = 5 * 1024;

constexpr int decimals = 17;

} // namespace

std::optional<long double> float_of(std::string_view text) {
  if (text.size() > 1 && text[0] == '+' && text[1] != '-')
    text.remove_prefix(1);
  if (text.size() > text_max)
    return std::nullopt;
  // Behind "nan" and "inf", libstdc++ 12 reads on: here is an end to stop at.
  const std::string ended{text};
  const auto* const last = ended.data() + ended.size();
  long double result = 0;
  const auto [end, code] = std::from_chars(ended.data(), last, result);
  if (code != std::errc{} || end != last || std::isnan(result))
    return std::nullopt;
  return result;
}

std::string float_text(long double x) {
  char buffer[text_max];
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

} // namespace cohort::kv
