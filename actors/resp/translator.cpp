#include "resp/translator.hpp"

#include "core/check.hpp"
#include "resp/reply_writer.hpp"
#include "resp/request_parser.hpp"
#include "resp/translations.hpp"

#include <array>
#include <bit>

namespace cohort::resp {

namespace {

using args = std::span<const std::string_view>;
using translations::time_unit;

// -- commands without options -------------------------------------------------

enum class shape : std::uint8_t { special, key, key_value, keys };

struct plain_command {
  command_id id{};
  shape words = shape::special;
  kv::op what{};
  std::uint32_t flags = 0;
};

constexpr plain_command plain_commands[] = {
  {command_id::get, shape::key, kv::op::get, 0},
  {command_id::append, shape::key_value, kv::op::append, 0},
  {command_id::getdel, shape::key, kv::op::getdel, 0},
  {command_id::getset, shape::key_value, kv::op::set, kv::flag::return_old},
  {command_id::setnx, shape::key_value, kv::op::set,
   kv::flag::if_absent | kv::flag::answer_integer},
  {command_id::strlen, shape::key, kv::op::strlen, 0},
  {command_id::mget, shape::keys, kv::op::mget, 0},
  {command_id::del, shape::keys, kv::op::del, 0},
  {command_id::unlink, shape::keys, kv::op::del, 0},
  {command_id::exists, shape::keys, kv::op::exists, 0},
  {command_id::touch, shape::keys, kv::op::touch, 0},
  {command_id::type, shape::key, kv::op::type, 0},
  {command_id::rename, shape::key_value, kv::op::rename, 0},
  {command_id::renamenx, shape::key_value, kv::op::rename, kv::flag::if_absent},
  {command_id::dbsize, shape::key, kv::op::dbsize, 0},
  {command_id::persist, shape::key, kv::op::persist, 0},
  {command_id::ttl, shape::key, kv::op::ttl, kv::flag::in_seconds},
  {command_id::pttl, shape::key, kv::op::ttl, 0},
  {command_id::expiretime, shape::key, kv::op::ttl,
   kv::flag::in_seconds | kv::flag::absolute},
  {command_id::pexpiretime, shape::key, kv::op::ttl, kv::flag::absolute},
};

constexpr auto plain_by_id = [] {
  std::array<plain_command,
             static_cast<std::size_t>(command_id::cohort_status) + 1>
    result{};
  for (const auto& x : plain_commands)
    result[static_cast<std::size_t>(x.id)] = x;
  return result;
}();

// -- refusals -----------------------------------------------------------------

/// Of the words that are shown when a command is unknown.
constexpr std::size_t shown_bytes_max = 128;

void refuse_unknown(args words, translation& to) {
  std::string shown;
  for (std::size_t i = 1; i < words.size() && shown.size() < shown_bytes_max;
       ++i) {
    shown += '\'';
    shown += words[i].substr(0, shown_bytes_max - shown.size());
    shown += "' ";
  }
  to.refuse("ERR unknown command '"
            + std::string{words[0].substr(0, shown_bytes_max)}
            + "', with args beginning with: " + shown);
}

bool keys_fit(const command_info& info, args words) {
  bool result = true;
  for_each_key(info, words, [&](std::string_view key) {
    result = result && key.size() <= kv::key_bytes_max;
  });
  return result;
}

/// What a request takes in an entry; few words take little more than their
/// text, which is bounded already.
bool fits_entry(args words) {
  constexpr std::size_t few_words = 1024;
  constexpr std::size_t word_overhead = 16;
  if (words.size() <= few_words)
    return true;
  std::size_t bytes = 0;
  for (const auto& x : words)
    bytes += x.size() + word_overhead;
  return bytes <= request_bytes_max;
}

/// Makes the translation what a new one is, but keeps its memory.
void clear(translation& x) {
  x.info = nullptr;
  x.reply.clear();
  x.what.what = kv::op::get;
  x.what.key = {};
  x.what.value = {};
  x.what.more.clear();
  x.what.number = 0;
  x.what.number2 = 0;
  x.what.flags = 0;
}

} // namespace

void translation::refuse(std::string_view text) {
  to = route::refused;
  reply.clear();
  reply_writer{reply, protocol::resp3}.error(text);
}

const translation& translator::translate(args words) {
  clear(result_);
  result_.info = find_command(words[0]);
  if (!result_.info) {
    refuse_unknown(words, result_);
    return result_;
  }
  const auto& info = *result_.info;
  if (!info.takes(words.size())) {
    result_.refuse("ERR wrong number of arguments for '"
                   + std::string{info.name} + "' command");
    return result_;
  }
  if (!keys_fit(info, words)) {
    result_.refuse("ERR key is longer than " + std::to_string(kv::key_bytes_max)
                   + " bytes");
    return result_;
  }
  if (!fits_entry(words)) {
    result_.refuse("ERR request is larger than "
                   + std::to_string(request_bytes_max) + " bytes");
    return result_;
  }
  if (info.is_local()) {
    result_.to = route::local;
    return result_;
  }
  result_.to = (info.flags & command_flag::write) != 0 ? route::write
                                                       : route::read;
  dispatch(words);
  return result_;
}

/// Commands without options carry what the table says.
void translator::dispatch(args words) {
  auto& what = result_.what;
  if (result_.info->first_key == 1)
    what.key = words[1];
  const auto& plain = plain_by_id[static_cast<std::size_t>(result_.info->id)];
  switch (plain.words) {
    case shape::special:
      return dispatch_strings(words);
    case shape::keys:
      return translations::keys_only(words, plain.what, result_);
    case shape::key_value:
      what.value = words[2];
      break;
    case shape::key:
      break;
  }
  what.what = plain.what;
  what.flags = plain.flags;
}

void translator::dispatch_strings(args words) {
  using namespace translations;
  auto& to = result_;
  switch (to.info->id) {
    case command_id::set:
      return translations::set(words, to);
    case command_id::decr:
    case command_id::decrby:
      return increment(words, -1, to);
    case command_id::incr:
    case command_id::incrby:
      return increment(words, 1, to);
    case command_id::incrbyfloat:
      return increment_float(words, to);
    case command_id::getex:
      return getex(words, to);
    case command_id::getrange:
    case command_id::substr:
      return getrange(words, to);
    case command_id::setex:
      return set_with_expiry(words, time_unit::seconds, to);
    case command_id::psetex:
      return set_with_expiry(words, time_unit::milliseconds, to);
    case command_id::setrange:
      return setrange(words, to);
    case command_id::lcs:
      return lcs(words, to);
    case command_id::mset:
      return mset(words, 0, to);
    case command_id::msetnx:
      return mset(words, kv::flag::if_absent, to);
    default:
      return dispatch_keys(words);
  }
}

void translator::dispatch_keys(args words) {
  using namespace translations;
  using namespace kv::flag;
  auto& to = result_;
  switch (to.info->id) {
    case command_id::copy:
      return copy(words, to);
    case command_id::scan:
      return scan(words, to);
    case command_id::keys:
      to.to = route::walk;
      to.what.what = kv::op::scan;
      to.what.value = words[1];
      return;
    case command_id::randomkey:
      to.what.what = kv::op::randomkey;
      to.what.number = std::bit_cast<std::int64_t>(random_.next());
      return;
    case command_id::flushall:
    case command_id::flushdb:
      return flush(words, to);
    case command_id::expire:
      return expire(words, time_unit::seconds, expiry_relative, to);
    case command_id::pexpire:
      return expire(words, time_unit::milliseconds, expiry_relative, to);
    case command_id::expireat:
      return expire(words, time_unit::seconds, expiry_absolute, to);
    case command_id::pexpireat:
      return expire(words, time_unit::milliseconds, expiry_absolute, to);
    default:
      COHORT_CHECK(false); // the table has a command that nobody translates
  }
}

} // namespace cohort::resp
