#include "resp/translator.hpp"

#include "core/check.hpp"
#include "resp/reply_writer.hpp"
#include "resp/request_parser.hpp"
#include "resp/translations.hpp"

#include <bit>

namespace cohort::resp {

namespace {

using args = std::span<const std::string_view>;
using translations::time_unit;

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

/// What most commands have: a key, and maybe a value.
void translator::dispatch(args words) {
  using namespace translations;
  auto& to = result_;
  auto& what = to.what;
  if (to.info->first_key == 1)
    what.key = words[1];
  switch (to.info->id) {
    case command_id::get:
      return;
    case command_id::set:
      return translations::set(words, to);
    case command_id::append:
      what.what = kv::op::append;
      what.value = words[2];
      return;
    case command_id::decr:
    case command_id::decrby:
      return increment(words, -1, to);
    case command_id::incr:
    case command_id::incrby:
      return increment(words, 1, to);
    case command_id::incrbyfloat:
      return increment_float(words, to);
    case command_id::getdel:
      what.what = kv::op::getdel;
      return;
    case command_id::getex:
      return getex(words, to);
    case command_id::getrange:
    case command_id::substr:
      return getrange(words, to);
    case command_id::getset:
      what.what = kv::op::set;
      what.value = words[2];
      what.flags = kv::flag::return_old;
      return;
    case command_id::setnx:
      what.what = kv::op::set;
      what.value = words[2];
      what.flags = kv::flag::if_absent | kv::flag::answer_integer;
      return;
    case command_id::setex:
      return set_with_expiry(words, time_unit::seconds, to);
    case command_id::psetex:
      return set_with_expiry(words, time_unit::milliseconds, to);
    case command_id::setrange:
      return setrange(words, to);
    case command_id::strlen:
      what.what = kv::op::strlen;
      return;
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
  auto& to = result_;
  auto& what = to.what;
  switch (to.info->id) {
    case command_id::mget:
      return keys_only(words, kv::op::mget, to);
    case command_id::del:
    case command_id::unlink:
      return keys_only(words, kv::op::del, to);
    case command_id::exists:
      return keys_only(words, kv::op::exists, to);
    case command_id::touch:
      return keys_only(words, kv::op::touch, to);
    case command_id::type:
      what.what = kv::op::type;
      return;
    case command_id::rename:
      return translations::rename(words, 0, to);
    case command_id::renamenx:
      return translations::rename(words, kv::flag::if_absent, to);
    case command_id::copy:
      return copy(words, to);
    case command_id::scan:
      return scan(words, to);
    case command_id::keys:
      to.to = route::walk;
      what.what = kv::op::scan;
      what.value = words[1];
      return;
    case command_id::randomkey:
      what.what = kv::op::randomkey;
      what.number = std::bit_cast<std::int64_t>(random_.next());
      return;
    case command_id::dbsize:
      what.what = kv::op::dbsize;
      return;
    case command_id::flushall:
    case command_id::flushdb:
      return flush(words, to);
    default:
      return dispatch_expiry(words);
  }
}

void translator::dispatch_expiry(args words) {
  using namespace translations;
  using namespace kv::flag;
  auto& what = result_.what;
  const auto ask = [&](std::uint32_t flags) {
    what.what = kv::op::ttl;
    what.flags = flags;
  };
  switch (result_.info->id) {
    case command_id::expire:
      return expire(words, time_unit::seconds, expiry_relative, result_);
    case command_id::pexpire:
      return expire(words, time_unit::milliseconds, expiry_relative, result_);
    case command_id::expireat:
      return expire(words, time_unit::seconds, expiry_absolute, result_);
    case command_id::pexpireat:
      return expire(words, time_unit::milliseconds, expiry_absolute, result_);
    case command_id::ttl:
      return ask(in_seconds);
    case command_id::pttl:
      return ask(0);
    case command_id::expiretime:
      return ask(in_seconds | absolute);
    case command_id::pexpiretime:
      return ask(absolute);
    case command_id::persist:
      what.what = kv::op::persist;
      return;
    default:
      COHORT_CHECK(false); // the table has a command that nobody translates
  }
}

} // namespace cohort::resp
