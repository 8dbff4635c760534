// Commands about keys as such.
#include "resp/translations.hpp"

#include <algorithm>
#include <bit>
#include <charconv>

namespace cohort::resp::translations {

namespace {

/// What one SCAN may look at; who asks for more gets less at a time.
constexpr std::int64_t scan_count_max = 10'000;

constexpr std::int64_t scan_count_default = 10;

/// SCAN of a type of which there are no keys.
constexpr std::string_view nothing_found = "*2\r\n$1\r\n0\r\n*0\r\n";

bool read_cursor(std::string_view text, std::int64_t& to) {
  std::uint64_t cursor = 0;
  const auto [end, code] = std::from_chars(text.data(),
                                           text.data() + text.size(), cursor);
  to = std::bit_cast<std::int64_t>(cursor);
  return code == std::errc{} && end == text.data() + text.size();
}

} // namespace

std::optional<std::int64_t> to_integer(std::string_view text) {
  std::int64_t result = 0;
  const auto digits = text.substr(text.starts_with('-') ? 1 : 0);
  if (digits.starts_with('0') && text.size() > 1)
    return std::nullopt;
  const auto [end, code] = std::from_chars(text.data(),
                                           text.data() + text.size(), result);
  if (code != std::errc{} || end != text.data() + text.size())
    return std::nullopt;
  return result;
}

bool read_integer(std::string_view text, std::int64_t& number,
                  translation& to) {
  const auto found = to_integer(text);
  if (!found) {
    to.refuse(not_an_integer);
    return false;
  }
  number = *found;
  return true;
}

/// Commands whose words are keys.
void keys_only(args words, kv::op what, translation& to) {
  to.what.what = what;
  to.what.key = {};
  to.what.more.assign(words.begin() + 1, words.end());
}

/// COPY from to [DB 0] [REPLACE]
void copy(args words, translation& to) {
  to.what.what = kv::op::copy;
  to.what.value = words[2];
  for (std::size_t i = 3; i < words.size(); ++i) {
    if (same_word(words[i], "replace")) {
      to.what.flags |= kv::flag::replace;
    } else if (same_word(words[i], "db") && i + 1 < words.size()) {
      std::int64_t database = 0;
      if (!read_integer(words[++i], database, to))
        return;
      if (database != 0)
        return to.refuse("ERR DB index is out of range");
    } else {
      return to.refuse(syntax_error);
    }
  }
  if (words[1] == words[2])
    to.refuse("ERR source and destination objects are the same");
}

/// SCAN cursor [MATCH pattern] [COUNT n] [TYPE type]
void scan(args words, translation& to) {
  to.what.what = kv::op::scan;
  to.what.value = "*";
  to.what.number2 = scan_count_default;
  if (!read_cursor(words[1], to.what.number))
    return to.refuse("ERR invalid cursor");
  bool strings = true; // all values are
  for (std::size_t i = 2; i < words.size(); i += 2) {
    if (i + 1 >= words.size())
      return to.refuse(syntax_error);
    const auto value = words[i + 1];
    if (same_word(words[i], "match")) {
      to.what.value = value;
    } else if (same_word(words[i], "count")) {
      if (!read_integer(value, to.what.number2, to))
        return;
      if (to.what.number2 < 1)
        return to.refuse(syntax_error);
    } else if (same_word(words[i], "type")) {
      strings = same_word(value, "string");
    } else {
      return to.refuse(syntax_error);
    }
  }
  to.what.number2 = std::min(to.what.number2, scan_count_max);
  if (!strings) {
    to.to = route::answered;
    to.reply = nothing_found;
  }
}

/// FLUSHALL [ASYNC | SYNC], FLUSHDB: there is one database.
void flush(args words, translation& to) {
  to.what.what = kv::op::flush;
  if (words.size() > 2
      || (words.size() == 2 && !same_word(words[1], "async")
          && !same_word(words[1], "sync")))
    to.refuse(syntax_error);
}

} // namespace cohort::resp::translations
