#include "resp/keys_walk.hpp"

#include <bit>
#include <charconv>
#include <optional>

namespace cohort::resp {

namespace {

/// Keys looked at by one query.
constexpr std::int64_t keys_per_query = 1000;

/// Takes a header of `kind` with a number off the front of `from`.
std::optional<std::size_t> take_header(std::string_view& from, char kind) {
  const auto end = from.find("\r\n");
  if (end == std::string_view::npos || from.front() != kind)
    return std::nullopt;
  std::size_t result = 0;
  const auto [last, code] = std::from_chars(from.data() + 1, from.data() + end,
                                            result);
  if (code != std::errc{} || last != from.data() + end)
    return std::nullopt;
  from.remove_prefix(end + 2);
  return result;
}

/// Takes a bulk string off the front of `from`.
std::optional<std::string_view> take_bulk(std::string_view& from) {
  const auto size = take_header(from, '$');
  if (!size || *size > from.size() || from.size() - *size < 2)
    return std::nullopt;
  const auto result = from.substr(0, *size);
  from.remove_prefix(*size + 2);
  return result;
}

} // namespace

kv::command keys_walk::next_query() const {
  kv::command result;
  result.what = kv::op::scan;
  result.value = pattern_;
  result.number = std::bit_cast<std::int64_t>(cursor_);
  result.number2 = keys_per_query;
  return result;
}

bool keys_walk::fail(std::string_view error) {
  error_ = error;
  return false;
}

/// A reply to SCAN is the next cursor and an array of keys.
bool keys_walk::take(std::string_view reply) {
  if (!reply.empty() && reply.front() == '-')
    return fail(reply);
  constexpr std::string_view malformed =
    "-ERR the set's primary answered what is no reply to SCAN\r\n";
  if (take_header(reply, '*') != std::size_t{2})
    return fail(malformed);
  const auto cursor = take_bulk(reply);
  const auto count = cursor ? take_header(reply, '*') : std::nullopt;
  if (!count)
    return fail(malformed);
  const auto [last, code] =
    std::from_chars(cursor->data(), cursor->data() + cursor->size(), cursor_);
  if (code != std::errc{} || last != cursor->data() + cursor->size())
    return fail(malformed);
  count_ += *count;
  keys_ += reply; // what is left are the keys, as KEYS answers them
  if (keys_.size() > keys_reply_bytes_max)
    return fail("-ERR the keys are more than "
                + std::to_string(keys_reply_bytes_max)
                + " bytes; use SCAN instead of KEYS\r\n");
  return cursor_ != 0;
}

std::string keys_walk::answer() const {
  if (!error_.empty())
    return error_;
  return "*" + std::to_string(count_) + "\r\n" + keys_;
}

} // namespace cohort::resp
