#include "node/value_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

namespace cohort::config {

namespace {

/// All of `text` as a decimal number.
template <class T>
std::optional<T> number(std::string_view text) {
  T value{};
  const auto* end = text.data() + text.size();
  const auto [stop, code] = std::from_chars(text.data(), end, value);
  if (text.empty() || code != std::errc{} || stop != end)
    return std::nullopt;
  return value;
}

std::string quoted(std::string_view text) {
  return "\"" + std::string{text} + "\"";
}

error no_endpoint(std::string_view text, const std::string& why) {
  return {errc::invalid, quoted(text) + " " + why};
}

/// How many letters have to be added, dropped, changed or swapped with their
/// neighbour to make one of the other.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> costs(
    a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i)
    for (std::size_t j = 0; j <= b.size(); ++j) {
      auto& cost = costs[i][j];
      if (i == 0 || j == 0) {
        cost = i + j;
        continue;
      }
      const std::size_t change = a[i - 1] == b[j - 1] ? 0 : 1;
      cost = std::min({costs[i - 1][j] + 1, costs[i][j - 1] + 1,
                       costs[i - 1][j - 1] + change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        cost = std::min(cost, costs[i - 2][j - 2] + 1);
    }
  return costs[a.size()][b.size()];
}

/// Longer words are not compared: they would be compared letter by letter.
constexpr std::size_t word_bytes_max = 64;

} // namespace

result<runtime::endpoint> parse_endpoint(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos)
    return no_endpoint(text, "has no port; write \"host:port\"");
  auto host = text.substr(0, colon);
  const bool bracketed = host.size() > 2 && host.front() == '['
                         && host.back() == ']';
  if (bracketed)
    host = host.substr(1, host.size() - 2);
  else if (host.find(':') != std::string_view::npos)
    return no_endpoint(text,
                       "is not clear; put an IPv6 address in brackets: "
                       "\"[::1]:7401\"");
  if (host.empty())
    return no_endpoint(text, "has no host; write \"host:port\"");
  if (host.find_first_of("[] \t/") != std::string_view::npos)
    return no_endpoint(text, "has no proper host; write \"host:port\"");
  const auto port = number<std::uint16_t>(text.substr(colon + 1));
  if (!port || *port == 0)
    return no_endpoint(text, "has no proper port; write one from 1 to 65535");
  return runtime::endpoint{std::string{host}, *port};
}

result<std::uint64_t> parse_size(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, unsigned>, 5> units{
    {{"KiB", 10}, {"MiB", 20}, {"GiB", 30}, {"TiB", 40}, {"B", 0}}};
  auto digits = text;
  unsigned shift = 0;
  for (const auto& [name, bits] : units)
    if (digits.ends_with(name)) {
      digits.remove_suffix(name.size());
      shift = bits;
      break;
    }
  while (digits.ends_with(' '))
    digits.remove_suffix(1);
  const auto value = number<std::uint64_t>(digits);
  // Sizes stay below 2^63, so that they fit the integers of a topology file.
  if (!value || *value > (std::uint64_t{INT64_MAX} >> shift))
    return {errc::invalid,
            quoted(text)
              + " is no size; write a number of bytes, or as \"64 MiB\" (B, "
                "KiB, MiB, GiB, TiB)"};
  return *value << shift;
}

std::string nearest(std::string_view word,
                    const std::vector<std::string>& known) {
  if (word.empty() || word.size() > word_bytes_max)
    return {};
  std::string result;
  auto best = std::max<std::size_t>(word.size() / 3, 1) + 1;
  for (const auto& candidate : known) {
    const auto d = candidate.starts_with(word) ? 1 : distance(word, candidate);
    if (d < best) {
      best = d;
      result = candidate;
    }
  }
  return result;
}

std::string alternatives(const std::vector<std::string>& words) {
  std::string result;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0)
      result += i + 1 == words.size() ? " or " : ", ";
    result += words[i];
  }
  return result;
}

} // namespace cohort::config
