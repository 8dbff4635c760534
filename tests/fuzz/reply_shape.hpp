// Where a reply of the Redis protocol ends.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

namespace cohort::fuzz {

namespace detail {

inline constexpr int reply_depth_max = 8;

inline std::optional<std::int64_t> reply_number(std::string_view text) {
  std::int64_t result = 0;
  const auto* end = text.data() + text.size();
  const auto [stop, code] = std::from_chars(text.data(), end, result);
  if (code != std::errc{} || stop != end)
    return std::nullopt;
  return result;
}

inline std::optional<std::size_t>
string_end(std::string_view from, std::size_t at, std::int64_t size) {
  if (size == -1)
    return at;
  if (size < 0 || from.size() < at + 2
      || static_cast<std::uint64_t>(size) > from.size() - at - 2)
    return std::nullopt;
  const auto end = at + static_cast<std::size_t>(size);
  if (from.substr(end, 2) != "\r\n")
    return std::nullopt;
  return end + 2;
}

} // namespace detail

/// The bytes of the first reply in `from`, those in it included; nothing if it
/// is none, or cut off. Knows what RESP2 and RESP3 have, but for streams.
inline std::optional<std::size_t> reply_size(std::string_view from,
                                             int depth = 0) {
  const auto line = from.find("\r\n");
  if (line == std::string_view::npos || line == 0
      || depth > detail::reply_depth_max
      || from.substr(0, line).find_first_of("\r\n") != std::string_view::npos)
    return std::nullopt;
  const char kind = from.front();
  const auto text = from.substr(1, line - 1);
  const auto number = detail::reply_number(text);
  auto at = line + 2;
  switch (kind) {
    case '+':
    case '-':
    case ',':
    case '(':
      return at;
    case '_':
      return text.empty() ? std::optional{at} : std::nullopt;
    case '#':
      return text == "t" || text == "f" ? std::optional{at} : std::nullopt;
    case ':':
      return number ? std::optional{at} : std::nullopt;
    case '$':
    case '=':
      return number ? detail::string_end(from, at, *number) : std::nullopt;
    case '*':
    case '~':
    case '>':
    case '%':
      break;
    default:
      return std::nullopt;
  }
  if (!number || *number < -1)
    return std::nullopt;
  for (auto left = *number * (kind == '%' ? 2 : 1); left > 0; --left) {
    const auto size = reply_size(from.substr(at), depth + 1);
    if (!size)
      return std::nullopt;
    at += *size;
  }
  return at;
}

/// Whether it is one reply, and nothing else.
inline bool is_reply(std::string_view text) {
  return reply_size(text) == text.size();
}

} // namespace cohort::fuzz
