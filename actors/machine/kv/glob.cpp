#include "machine/kv/glob.hpp"

#include <algorithm>
#include <cstddef>

namespace cohort::kv {

namespace {

constexpr auto none = std::string_view::npos;

/// Matches `c` against the class that begins behind `at`, which moves behind
/// the class. A class that is not closed ends with the pattern.
bool matches_class(std::string_view pattern, std::size_t& at, char c) {
  const bool negated = at < pattern.size() && pattern[at] == '^';
  if (negated)
    ++at;
  bool found = false;
  const auto code = static_cast<unsigned char>(c);
  while (at < pattern.size() && pattern[at] != ']') {
    const auto left = pattern.size() - at;
    if (pattern[at] == '\\' && left >= 2) {
      found = found || pattern[at + 1] == c;
      at += 2;
    } else if (left >= 3 && pattern[at + 1] == '-') {
      const auto first = static_cast<unsigned char>(pattern[at]);
      const auto last = static_cast<unsigned char>(pattern[at + 2]);
      found = found
              || (std::min(first, last) <= code
                  && code <= std::max(first, last));
      at += 3;
    } else {
      found = found || pattern[at] == c;
      ++at;
    }
  }
  if (at < pattern.size())
    ++at;
  return found != negated;
}

/// Matches one character. `at` moves behind what it was matched against.
bool matches_one(std::string_view pattern, std::size_t& at, char c) {
  switch (pattern[at++]) {
    case '?':
      return true;
    case '[':
      return matches_class(pattern, at, c);
    case '\\':
      if (at < pattern.size())
        return pattern[at++] == c;
      return c == '\\';
    default:
      return pattern[at - 1] == c;
  }
}

} // namespace

/// On a mismatch the last star takes one character more; earlier stars need
/// not.
bool matches_glob(std::string_view pattern, std::string_view text) {
  std::size_t at = 0;
  std::size_t done = 0;
  auto star = none;
  std::size_t star_ends = 0;
  while (done < text.size()) {
    if (at < pattern.size() && pattern[at] == '*') {
      star = at++;
      star_ends = done;
      continue;
    }
    auto next = at;
    if (at < pattern.size() && matches_one(pattern, next, text[done])) {
      at = next;
      ++done;
    } else if (star != none) {
      at = star + 1;
      done = ++star_ends;
    } else {
      return false;
    }
  }
  while (at < pattern.size() && pattern[at] == '*')
    ++at;
  return at == pattern.size();
}

} // namespace cohort::kv
