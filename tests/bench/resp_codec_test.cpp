#include "bench/resp_codec.hpp"

#include "bench/workload.hpp"

#include <boost/test/unit_test.hpp>
#include <rapidcheck.h>

using namespace cohort;
using namespace cohort::bench;
using resp::reply_kind;

namespace {

resp::reply parsed(std::string_view input) {
  const auto result = resp::parse(input);
  BOOST_REQUIRE(result.ok());
  BOOST_REQUIRE(result->has_value());
  return **result;
}

bool incomplete(std::string_view input) {
  const auto result = resp::parse(input);
  return result.ok() && !result->has_value();
}

bool refused(std::string_view input) {
  return !resp::parse(input).ok();
}

/// A reply as a server would write it.
rc::Gen<std::string> any_reply() {
  return rc::gen::exec([]() -> std::string {
    const auto line =
      *rc::gen::container<std::string>(rc::gen::inRange<char>(' ', '~'));
    switch (*rc::gen::inRange(0, 5)) {
      case 0:
        return '+' + line + "\r\n";
      case 1:
        return '-' + line + "\r\n";
      case 2:
        return ':' + std::to_string(*rc::gen::arbitrary<std::int64_t>())
               + "\r\n";
      case 3:
        return "$-1\r\n";
      default: {
        const auto value = *rc::gen::arbitrary<std::string>();
        return '$' + std::to_string(value.size()) + "\r\n" + value + "\r\n";
      }
    }
  });
}

} // namespace

BOOST_AUTO_TEST_SUITE(resp_codec_suite)

BOOST_AUTO_TEST_CASE(commands_are_spelled_as_the_ceiling_probe_parses_them) {
  std::string out;
  resp::append(out, {operation_kind::set, key_of(42), "value"});
  BOOST_TEST(out
             == "*3\r\n$3\r\nSET\r\n$16\r\nkey:000000000042\r\n"
                "$5\r\nvalue\r\n");
  out.clear();
  resp::append(out, {operation_kind::get, key_of(42), {}});
  BOOST_TEST(out == "*2\r\n$3\r\nGET\r\n$16\r\nkey:000000000042\r\n");
  out.clear();
  resp::append_wait(out, 1, 1000);
  BOOST_TEST(out == "*3\r\n$4\r\nWAIT\r\n$1\r\n1\r\n$4\r\n1000\r\n");
}

BOOST_AUTO_TEST_CASE(each_kind_of_reply_is_told_apart) {
  auto x = parsed("+OK\r\n+OK\r\n");
  BOOST_TEST((x.kind == reply_kind::status));
  BOOST_TEST(x.text == "OK");
  BOOST_TEST(x.size == 5u);
  x = parsed("-READONLY You cannot write\r\n");
  BOOST_TEST((x.kind == reply_kind::error));
  BOOST_TEST(resp::error_kind(x.text) == "READONLY");
  x = parsed(":-12\r\n");
  BOOST_TEST((x.kind == reply_kind::integer));
  BOOST_TEST(x.integer == -12);
  x = parsed("$4\r\na\r\nb\r\n");
  BOOST_TEST((x.kind == reply_kind::bulk));
  BOOST_TEST(x.text == "a\r\nb");
  x = parsed("$-1\r\n");
  BOOST_TEST((x.kind == reply_kind::nil));
  x = parsed("$0\r\n\r\n");
  BOOST_TEST((x.kind == reply_kind::bulk));
  BOOST_TEST(x.text.empty());
}

BOOST_AUTO_TEST_CASE(bytes_that_are_no_reply_are_refused) {
  BOOST_TEST(refused("?\r\n"));
  BOOST_TEST(refused("*1\r\n"));
  BOOST_TEST(refused("\r\n"));
  BOOST_TEST(refused(":\r\n"));
  BOOST_TEST(refused(":1x\r\n"));
  BOOST_TEST(refused("$x\r\n"));
  BOOST_TEST(refused("$-2\r\n"));
  BOOST_TEST(refused("$1\r\nabc"));
  BOOST_TEST(refused("$999999999999\r\n"));
  BOOST_TEST(refused('+' + std::string(10'000, 'a')));
}

BOOST_AUTO_TEST_CASE(a_long_kind_of_error_is_shortened) {
  BOOST_TEST(resp::error_kind(std::string(100, 'x')).size() == 32u);
  BOOST_TEST(resp::error_kind("").empty());
}

BOOST_AUTO_TEST_CASE(a_reply_is_taken_whole_and_only_whole) {
  BOOST_TEST(rc::check([] {
    const auto reply = *any_reply();
    const auto cut = *rc::gen::inRange<std::size_t>(0, reply.size());
    RC_ASSERT(incomplete(std::string_view{reply}.substr(0, cut)));
    const auto whole = resp::parse(reply + *rc::gen::arbitrary<std::string>());
    RC_ASSERT(whole.ok() && whole->has_value());
    RC_ASSERT((*whole)->size == reply.size());
  }));
}

BOOST_AUTO_TEST_CASE(any_bytes_are_a_reply_or_the_start_of_one_or_refused) {
  BOOST_TEST(rc::check([] {
    // From an alphabet in which replies are not rare.
    const auto input = *rc::gen::container<std::string>(
      rc::gen::elementOf(std::string{"+-:$*0123456789\r\n\r\n\r\na"}));
    const auto result = resp::parse(input);
    if (result.ok() && result->has_value())
      RC_ASSERT((*result)->size > 0u && (*result)->size <= input.size());
  }));
}

BOOST_AUTO_TEST_SUITE_END()
