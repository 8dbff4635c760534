#include "resp/translator.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

using namespace cohort;
using namespace cohort::resp;

namespace {

/// Words of a request, separated by spaces; "''" is an empty one.
std::vector<std::string_view> split(std::string_view line) {
  std::vector<std::string_view> result;
  while (!line.empty()) {
    const auto end = std::min(line.find(' '), line.size());
    const auto word = line.substr(0, end);
    result.push_back(word == "''" ? std::string_view{} : word);
    line.remove_prefix(std::min(end + 1, line.size()));
  }
  return result;
}

/// A command as text: what the tables below compare.
std::string render(const translation& t) {
  switch (t.to) {
    case route::refused:
    case route::answered:
      return t.reply.substr(0, t.reply.size() - 2);
    case route::local:
      return "local";
    default:
      break;
  }
  std::string result = t.to == route::write  ? "write"
                       : t.to == route::read ? "read"
                                             : "walk";
  const auto& what = t.what;
  result += " op=" + std::to_string(static_cast<int>(what.what));
  if (!what.key.empty())
    result += " key=" + std::string{what.key};
  if (!what.value.empty())
    result += " value=" + std::string{what.value};
  for (const auto& x : what.more)
    result += " more=" + std::string{x};
  if (what.number != 0)
    result += " n=" + std::to_string(what.number);
  if (what.number2 != 0)
    result += " m=" + std::to_string(what.number2);
  if (what.flags != 0)
    result += " flags=" + std::to_string(what.flags);
  return result;
}

struct row {
  std::string request;
  std::string expected;
};

void check(const std::vector<row>& rows) {
  translator t{rng{1}};
  for (const auto& x : rows) {
    const auto words = split(x.request);
    BOOST_TEST_CONTEXT(x.request) {
      BOOST_TEST(render(t.translate(words)) == x.expected);
    }
  }
}

std::string line(const char* route, kv::op what, const std::string& rest,
                 std::uint32_t flags = 0) {
  return std::string{route} + " op=" + std::to_string(static_cast<int>(what))
         + (rest.empty() ? "" : " " + rest)
         + (flags == 0 ? "" : " flags=" + std::to_string(flags));
}

std::string writes(kv::op what, const std::string& rest,
                   std::uint32_t flags = 0) {
  return line("write", what, rest, flags);
}

std::string reads(kv::op what, const std::string& rest,
                  std::uint32_t flags = 0) {
  return line("read", what, rest, flags);
}

using namespace kv::flag;
using kv::op;

const std::string syntax = "-ERR syntax error";
const std::string not_integer = "-ERR value is not an integer or out of range";

std::string bad_expiry(const std::string& command) {
  return "-ERR invalid expire time in '" + command + "' command";
}

} // namespace

BOOST_AUTO_TEST_SUITE(translator_suite)

BOOST_AUTO_TEST_CASE(strings) {
  check({
    {"GET k", reads(op::get, "key=k")},
    {"get k", reads(op::get, "key=k")},
    {"APPEND k v", writes(op::append, "key=k value=v")},
    {"INCR k", writes(op::incr_by, "key=k n=1")},
    {"DECR k", writes(op::incr_by, "key=k n=-1")},
    {"INCRBY k -5", writes(op::incr_by, "key=k n=-5")},
    {"DECRBY k 5", writes(op::incr_by, "key=k n=-5")},
    {"DECRBY k -9223372036854775808", "-ERR decrement would overflow"},
    {"INCRBY k 9223372036854775808", not_integer},
    {"INCRBY k 1x", not_integer},
    {"INCRBY k +1", not_integer},
    {"INCRBY k 01", not_integer},
    {"INCRBY k -0", not_integer},
    {"INCRBY k ''", not_integer},
    {"INCRBYFLOAT k 1.5e3", writes(op::incr_by_float, "key=k value=1.5e3")},
    {"INCRBYFLOAT k +2", writes(op::incr_by_float, "key=k value=2")},
    {"INCRBYFLOAT k x", "-ERR value is not a valid float"},
    {"INCRBYFLOAT k nan", "-ERR value is not a valid float"},
    {"INCRBYFLOAT k +-1", "-ERR value is not a valid float"},
    {"INCRBYFLOAT k ++1", "-ERR value is not a valid float"},
    {"INCRBYFLOAT k +", "-ERR value is not a valid float"},
    {"INCRBYFLOAT k inf", "-ERR increment would produce NaN or Infinity"},
    {"GETDEL k", writes(op::getdel, "key=k")},
    {"GETSET k v", writes(op::set, "key=k value=v", return_old)},
    {"SETNX k v", writes(op::set, "key=k value=v", if_absent | answer_integer)},
    {"STRLEN k", reads(op::strlen, "key=k")},
    {"GETRANGE k 1 -2", reads(op::getrange, "key=k n=1 m=-2")},
    {"SUBSTR k 1 -2", reads(op::getrange, "key=k n=1 m=-2")},
    {"GETRANGE k x 1", not_integer},
    {"GETRANGE k 1 x", not_integer},
    {"SETRANGE k 5 v", writes(op::setrange, "key=k value=v n=5")},
    {"SETRANGE k -1 v", "-ERR offset is out of range"},
    {"SETRANGE k x v", not_integer},
    {"SETRANGE k 16777215 v", writes(op::setrange, "key=k value=v n=16777215")},
    {"SETRANGE k 16777216 v",
     "-ERR string exceeds maximum allowed size (proto-max-bulk-len)"},
    {"SETRANGE k 16777216 ''", writes(op::setrange, "key=k n=16777216")},
    {"MGET a b", reads(op::mget, "more=a more=b")},
    {"MSET a 1 b 2", writes(op::mset, "more=a more=1 more=b more=2")},
    {"MSETNX a 1", writes(op::mset, "more=a more=1", if_absent)},
    {"MSET a 1 b", "-ERR wrong number of arguments for 'mset' command"},
    {"MSETNX a 1 b", "-ERR wrong number of arguments for 'msetnx' command"},
    {"LCS a b", reads(op::lcs, "key=a value=b")},
    {"LCS a b LEN", reads(op::lcs, "key=a value=b", lcs_length)},
    {"LCS a b idx minmatchlen 3 withmatchlen",
     reads(op::lcs, "key=a value=b n=3", lcs_matches | lcs_match_length)},
    {"LCS a b MINMATCHLEN -3", reads(op::lcs, "key=a value=b")},
    {"LCS a b MINMATCHLEN x", not_integer},
    {"LCS a b MINMATCHLEN", syntax},
    {"LCS a b LEN IDX",
     "-ERR If you want both the length and indexes, please just use IDX."},
    {"LCS a b FOO", syntax},
  });
}

BOOST_AUTO_TEST_CASE(set_and_its_options) {
  const auto plain = std::string{"key=k value=v"};
  check({
    {"SET k v", writes(op::set, plain)},
    {"SET k v NX", writes(op::set, plain, if_absent)},
    {"SET k v xx get", writes(op::set, plain, if_present | return_old)},
    {"SET k v NX GET", writes(op::set, plain, if_absent | return_old)},
    {"SET k v KEEPTTL", writes(op::set, plain, keep_expiry)},
    {"SET k v EX 10", writes(op::set, plain + " n=10000", expiry_relative)},
    {"SET k v px 10", writes(op::set, plain + " n=10", expiry_relative)},
    {"SET k v EXAT 10", writes(op::set, plain + " n=10000", expiry_absolute)},
    {"SET k v PXAT 10 NX",
     writes(op::set, plain + " n=10", expiry_absolute | if_absent)},
    {"SET k v NX XX", syntax},
    {"SET k v XX NX", syntax},
    {"SET k v EX", syntax},
    {"SET k v EX 10 PX 10", syntax},
    {"SET k v EX 10 KEEPTTL", syntax},
    {"SET k v KEEPTTL EX 10", syntax},
    {"SET k v FOO", syntax},
    {"SET k v PERSIST", syntax},
    {"SET k v EX x", not_integer},
    {"SET k v EX 0", bad_expiry("set")},
    {"SET k v PX -1", bad_expiry("set")},
    {"SET k v EXAT 0", bad_expiry("set")},
    {"SET k v EX 9223372036854775807", bad_expiry("set")},
    {"SET k v PX 9223372036854775807", bad_expiry("set")},
    {"SET k v PXAT 9223372036854775807",
     writes(op::set, plain + " n=9223372036854775807", expiry_absolute)},
    {"SETEX k 10 v", writes(op::set, plain + " n=10000", expiry_relative)},
    {"PSETEX k 10 v", writes(op::set, plain + " n=10", expiry_relative)},
    {"SETEX k 0 v", bad_expiry("setex")},
    {"PSETEX k -1 v", bad_expiry("psetex")},
    {"SETEX k x v", not_integer},
    {"GETEX k", reads(op::getex, "key=k")},
    {"GETEX k PERSIST", writes(op::getex, "key=k", persist)},
    {"GETEX k EX 1", writes(op::getex, "key=k n=1000", expiry_relative)},
    {"GETEX k PXAT 7", writes(op::getex, "key=k n=7", expiry_absolute)},
    {"GETEX k EX 1 PERSIST", syntax},
    {"GETEX k PERSIST EX 1", syntax},
    {"GETEX k KEEPTTL", syntax},
    {"GETEX k EX 0", bad_expiry("getex")},
  });
}

BOOST_AUTO_TEST_CASE(keys) {
  check({
    {"DEL a b", writes(op::del, "more=a more=b")},
    {"UNLINK a", writes(op::del, "more=a")},
    {"EXISTS a a", reads(op::exists, "more=a more=a")},
    {"TOUCH a", reads(op::touch, "more=a")},
    {"TYPE k", reads(op::type, "key=k")},
    {"RENAME a b", writes(op::rename, "key=a value=b")},
    {"RENAMENX a b", writes(op::rename, "key=a value=b", if_absent)},
    {"COPY a b", writes(op::copy, "key=a value=b")},
    {"COPY a b DB 0 REPLACE", writes(op::copy, "key=a value=b", replace)},
    {"COPY a b DB 1", "-ERR DB index is out of range"},
    {"COPY a b DB x", not_integer},
    {"COPY a b DB", syntax},
    {"COPY a a", "-ERR source and destination objects are the same"},
    {"KEYS a*", line("walk", op::scan, "value=a*")},
    {"SCAN 0", reads(op::scan, "value=* m=10")},
    {"SCAN 18446744073709551615 MATCH a* COUNT 5",
     reads(op::scan, "value=a* n=-1 m=5")},
    {"SCAN 0 COUNT 100000000", reads(op::scan, "value=* m=10000")},
    {"SCAN 0 TYPE string", reads(op::scan, "value=* m=10")},
    {"SCAN 0 TYPE hash", "*2\r\n$1\r\n0\r\n*0"},
    {"SCAN x", "-ERR invalid cursor"},
    {"SCAN -1", "-ERR invalid cursor"},
    {"SCAN 18446744073709551616", "-ERR invalid cursor"},
    {"SCAN 0 COUNT 0", syntax},
    {"SCAN 0 COUNT x", not_integer},
    {"SCAN 0 COUNT", syntax},
    {"SCAN 0 FOO 1", syntax},
    {"DBSIZE", reads(op::dbsize, "")},
    {"FLUSHALL", writes(op::flush, "")},
    {"FLUSHDB ASYNC", writes(op::flush, "")},
    {"FLUSHALL sync", writes(op::flush, "")},
    {"FLUSHALL now", syntax},
  });
}

BOOST_AUTO_TEST_CASE(randomkey_draws_anew_each_time) {
  translator t{rng{1}};
  const auto words = split("RANDOMKEY");
  const auto first = t.translate(words).what.number;
  BOOST_TEST(t.translate(words).what.number != first);
  BOOST_CHECK(t.translate(words).what.what == op::randomkey);
  translator same{rng{1}};
  BOOST_TEST(same.translate(words).what.number == first);
}

BOOST_AUTO_TEST_CASE(expiry) {
  const std::string nx =
    "-ERR NX and XX, GT or LT options at the same time are not compatible";
  check({
    {"EXPIRE k 10", writes(op::expire, "key=k n=10000", expiry_relative)},
    {"PEXPIRE k 10", writes(op::expire, "key=k n=10", expiry_relative)},
    {"EXPIREAT k 10", writes(op::expire, "key=k n=10000", expiry_absolute)},
    {"PEXPIREAT k 10", writes(op::expire, "key=k n=10", expiry_absolute)},
    {"EXPIRE k -1", writes(op::expire, "key=k n=-1000", expiry_relative)},
    {"EXPIRE k 1 NX",
     writes(op::expire, "key=k n=1000", expiry_relative | if_absent)},
    {"EXPIRE k 1 xx",
     writes(op::expire, "key=k n=1000", expiry_relative | if_present)},
    {"EXPIRE k 1 GT",
     writes(op::expire, "key=k n=1000", expiry_relative | if_later)},
    {"EXPIRE k 1 XX LT", writes(op::expire, "key=k n=1000",
                                expiry_relative | if_present | if_sooner)},
    {"EXPIRE k 1 NX GT", nx},
    {"EXPIRE k 1 XX NX", nx},
    {"EXPIRE k 1 GT LT",
     "-ERR GT and LT options at the same time are not compatible"},
    {"EXPIRE k 1 FOO", "-ERR Unsupported option FOO"},
    {"EXPIRE k x", not_integer},
    {"EXPIRE k 9223372036854775807", bad_expiry("expire")},
    {"EXPIRE k -9223372036854775808", bad_expiry("expire")},
    {"PEXPIRE k 9223372036854775807", bad_expiry("pexpire")},
    {"EXPIREAT k 9223372036854775807", bad_expiry("expireat")},
    {"TTL k", reads(op::ttl, "key=k", in_seconds)},
    {"PTTL k", reads(op::ttl, "key=k")},
    {"EXPIRETIME k", reads(op::ttl, "key=k", in_seconds | absolute)},
    {"PEXPIRETIME k", reads(op::ttl, "key=k", absolute)},
    {"PERSIST k", writes(op::persist, "key=k")},
  });
}

BOOST_AUTO_TEST_CASE(unknown_commands_as_redis_tells_them) {
  check({
    {"foo", "-ERR unknown command 'foo', with args beginning with: "},
    {"foo a b",
     "-ERR unknown command 'foo', with args beginning with: 'a' 'b' "},
    {"LOLWUT", "-ERR unknown command 'LOLWUT', with args beginning with: "},
  });
  translator t{rng{1}};
  const std::string name(1000, 'n');
  const std::vector<std::string_view> words{name, name, name};
  BOOST_TEST(t.translate(words).reply.size() < 400);
}

BOOST_AUTO_TEST_CASE(every_command_refuses_a_wrong_number_of_words) {
  translator t{rng{1}};
  for (const auto& x : all_commands()) {
    const auto arity = static_cast<std::size_t>(x.arity < 0 ? -x.arity
                                                            : x.arity);
    std::vector<std::string_view> words(arity - 1, "1");
    const auto refusal = "-ERR wrong number of arguments for '"
                         + std::string{x.name} + "' command\r\n";
    if (!words.empty()) {
      words[0] = x.name;
      BOOST_TEST(t.translate(words).reply == refusal);
    }
    words.assign(arity + 1, "1");
    words[0] = x.name;
    const auto& longer = t.translate(words);
    BOOST_TEST((longer.reply == refusal)
                 == (x.arity > 0 || x.name == "mset" || x.name == "msetnx"),
               x.name);
  }
}

BOOST_AUTO_TEST_CASE(every_command_is_translated) {
  translator t{rng{1}};
  for (const auto& x : all_commands()) {
    const auto arity = static_cast<std::size_t>(x.arity < 0 ? -x.arity
                                                            : x.arity);
    std::vector<std::string_view> words(arity, "1");
    words[0] = x.name;
    const auto& found = t.translate(words);
    BOOST_TEST(found.info == &x);
    BOOST_CHECK((found.to == route::local) == x.is_local());
  }
}

BOOST_AUTO_TEST_CASE(K5_keys_are_bounded) {
  translator t{rng{1}};
  const std::string longest(kv::key_bytes_max, 'k');
  const std::string longer = longest + "k";
  const std::string refusal = "-ERR key is longer than 65536 bytes\r\n";
  using words = std::vector<std::string_view>;
  BOOST_CHECK(t.translate(words{"GET", longest}).to == route::read);
  BOOST_TEST(t.translate(words{"GET", longer}).reply == refusal);
  BOOST_TEST(t.translate(words{"DEL", "a", longer}).reply == refusal);
  BOOST_TEST(t.translate(words{"RENAME", "a", longer}).reply == refusal);
  BOOST_TEST(t.translate(words{"MSET", "a", "1", longer, "2"}).reply
             == refusal);
  BOOST_CHECK(t.translate(words{"MSET", "a", longer}).to == route::write);
}

BOOST_AUTO_TEST_CASE(K5_many_words_count_for_what_they_take_in_an_entry) {
  translator t{rng{1}};
  const std::string word(25, 'w');
  const std::vector<std::string_view> words(std::size_t{1} << 20, word);
  auto request = words;
  request[0] = "DEL";
  BOOST_TEST(t.translate(request).reply
             == "-ERR request is larger than 33554432 bytes\r\n");
  request.resize(words.size() / 2);
  BOOST_CHECK(t.translate(request).to == route::write);
}

/// Nothing of one request is left in the next.
BOOST_AUTO_TEST_CASE(translations_do_not_mix) {
  check({
    {"SET k v EX 10 NX",
     writes(op::set, "key=k value=v n=10000", expiry_relative | if_absent)},
    {"GET k", reads(op::get, "key=k")},
    {"MSET a 1", writes(op::mset, "more=a more=1")},
    {"FOO", "-ERR unknown command 'FOO', with args beginning with: "},
    {"DBSIZE", reads(op::dbsize, "")},
  });
}

BOOST_AUTO_TEST_SUITE_END()
