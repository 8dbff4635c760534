// SET and GETEX with their options, numbers, ranges.
#include "codec/kv_float.hpp"
#include "resp/translations.hpp"

#include <cmath>
#include <limits>

namespace cohort::resp::translations {

using namespace kv::flag;

namespace {

struct expiry_option {
  std::string_view name;
  time_unit unit;
  std::uint32_t how;
};

constexpr expiry_option expiry_options[] = {
  {"ex", time_unit::seconds, expiry_relative},
  {"px", time_unit::milliseconds, expiry_relative},
  {"exat", time_unit::seconds, expiry_absolute},
  {"pxat", time_unit::milliseconds, expiry_absolute},
};

constexpr std::uint32_t any_expiry = expiry_relative | expiry_absolute;

const expiry_option* find_expiry(std::string_view word) {
  for (const auto& x : expiry_options)
    if (same_word(x.name, word))
      return &x;
  return nullptr;
}

/// The time that an option named.
struct chosen_expiry {
  const expiry_option* option = nullptr;
  std::string_view number;
};

/// Times of SET and GETEX lie in the future.
bool apply_expiry(const chosen_expiry& x, translation& to) {
  if (!x.option)
    return true;
  std::int64_t number = 0;
  if (!read_integer(x.number, number, to))
    return false;
  if (number <= 0) {
    refuse_expiry(to);
    return false;
  }
  return set_expiry(number, x.option->unit, x.option->how, to);
}

/// Reads the expiry option at `i`; false: it is none, or one too many.
bool take_expiry(args words, std::size_t& i, std::uint32_t& flags,
                 chosen_expiry& to) {
  const auto* option = find_expiry(words[i]);
  if (!option || (flags & (any_expiry | keep_expiry | persist)) != 0
      || i + 1 >= words.size())
    return false;
  flags |= option->how;
  to = {option, words[++i]};
  return true;
}

/// SET's options that are one word, with what they exclude.
struct set_option {
  std::string_view name;
  std::uint32_t flag;
  std::uint32_t excludes;
};

constexpr set_option set_options[] = {
  {"nx", if_absent, if_present},
  {"xx", if_present, if_absent},
  {"get", return_old, 0},
  {"keepttl", keep_expiry, any_expiry},
};

bool take_set_option(std::string_view word, std::uint32_t& flags) {
  for (const auto& x : set_options)
    if (same_word(x.name, word)) {
      const bool allowed = (flags & x.excludes) == 0;
      flags |= x.flag;
      return allowed;
    }
  return false;
}

} // namespace

/// SET key value [NX | XX] [GET] [EX s | PX ms | EXAT s | PXAT ms | KEEPTTL]
void set(args words, translation& to) {
  to.what.what = kv::op::set;
  to.what.value = words[2];
  std::uint32_t flags = 0;
  chosen_expiry expiry;
  for (std::size_t i = 3; i < words.size(); ++i)
    if (!take_set_option(words[i], flags)
        && !take_expiry(words, i, flags, expiry))
      return to.refuse(syntax_error);
  to.what.flags = flags;
  apply_expiry(expiry, to);
}

/// SETEX key seconds value, PSETEX key milliseconds value
void set_with_expiry(args words, time_unit unit, translation& to) {
  to.what.what = kv::op::set;
  to.what.value = words[3];
  std::int64_t number = 0;
  if (!read_integer(words[2], number, to))
    return;
  if (number <= 0)
    return refuse_expiry(to);
  set_expiry(number, unit, expiry_relative, to);
}

/// GETEX key [EX s | PX ms | EXAT s | PXAT ms | PERSIST]
void getex(args words, translation& to) {
  to.what.what = kv::op::getex;
  std::uint32_t flags = 0;
  chosen_expiry expiry;
  for (std::size_t i = 2; i < words.size(); ++i) {
    if (same_word(words[i], "persist") && (flags & any_expiry) == 0)
      flags |= persist;
    else if (!take_expiry(words, i, flags, expiry))
      return to.refuse(syntax_error);
  }
  to.what.flags = flags;
  if (flags == 0)
    to.to = route::read;
  else
    apply_expiry(expiry, to);
}

/// INCR key, DECR key, INCRBY key n, DECRBY key n
void increment(args words, std::int64_t sign, translation& to) {
  to.what.what = kv::op::incr_by;
  std::int64_t by = 1;
  if (words.size() > 2 && !read_integer(words[2], by, to))
    return;
  if (sign < 0 && by == std::numeric_limits<std::int64_t>::min())
    return to.refuse("ERR decrement would overflow");
  to.what.number = sign * by;
}

void increment_float(args words, translation& to) {
  to.what.what = kv::op::incr_by_float;
  const auto text = words[2];
  const auto by = kv::float_of(text);
  if (!by)
    return to.refuse("ERR value is not a valid float");
  if (std::isinf(*by))
    return to.refuse("ERR increment would produce NaN or Infinity");
  to.what.value = text.substr(text.starts_with('+') ? 1 : 0);
}

/// GETRANGE key first last, also called SUBSTR
void getrange(args words, translation& to) {
  to.what.what = kv::op::getrange;
  if (read_integer(words[2], to.what.number, to))
    read_integer(words[3], to.what.number2, to);
}

void setrange(args words, translation& to) {
  to.what.what = kv::op::setrange;
  to.what.value = words[3];
  if (!read_integer(words[2], to.what.number, to))
    return;
  if (to.what.number < 0)
    return to.refuse("ERR offset is out of range");
  constexpr auto max = static_cast<std::int64_t>(kv::value_bytes_max);
  const auto size = static_cast<std::int64_t>(words[3].size());
  if (size > 0 && to.what.number > max - size)
    to.refuse(
      "ERR string exceeds maximum allowed size "
      "(proto-max-bulk-len)");
}

/// LCS key key [LEN] [IDX] [MINMATCHLEN n] [WITHMATCHLEN]
void lcs(args words, translation& to) {
  to.what.what = kv::op::lcs;
  to.what.value = words[2];
  std::uint32_t flags = 0;
  for (std::size_t i = 3; i < words.size(); ++i) {
    if (same_word(words[i], "len"))
      flags |= lcs_length;
    else if (same_word(words[i], "idx"))
      flags |= lcs_matches;
    else if (same_word(words[i], "withmatchlen"))
      flags |= lcs_match_length;
    else if (!same_word(words[i], "minmatchlen") || i + 1 >= words.size())
      return to.refuse(syntax_error);
    else if (!read_integer(words[++i], to.what.number, to))
      return;
  }
  if ((flags & lcs_length) != 0 && (flags & lcs_matches) != 0)
    return to.refuse(
      "ERR If you want both the length and indexes, please just use IDX.");
  if (to.what.number < 0)
    to.what.number = 0;
  to.what.flags = flags;
}

/// MSET key value [key value ...], MSETNX
void mset(args words, std::uint32_t flags, translation& to) {
  if (words.size() % 2 == 0)
    return to.refuse("ERR wrong number of arguments for '"
                     + std::string{to.info->name} + "' command");
  to.what.what = kv::op::mset;
  to.what.key = {};
  to.what.flags = flags;
  to.what.more.assign(words.begin() + 1, words.end());
}

} // namespace cohort::resp::translations
