#include "kv_driver.hpp"

#include <boost/test/unit_test.hpp>

#include <limits>
#include <string>

using namespace cohort;
using namespace cohort::kv;
using namespace cohort::kv::tests;

namespace {

constexpr auto largest = std::numeric_limits<std::int64_t>::max();
constexpr auto smallest = std::numeric_limits<std::int64_t>::min();

} // namespace

BOOST_FIXTURE_TEST_SUITE(counters, kv_driver)

BOOST_AUTO_TEST_CASE(an_absent_counter_is_zero) {
  BOOST_TEST(run(make(op::incr_by, "a", "", 1)) == one);
  BOOST_TEST(run(make(op::incr_by, "a", "", -11)) == number(-10));
  BOOST_TEST(get("a") == bulk("-10"));
}

BOOST_AUTO_TEST_CASE(counters_do_not_overflow) {
  const std::string refused = "-ERR increment or decrement would overflow\r\n";
  BOOST_TEST(run(make(op::incr_by, "a", "", largest)) == number(largest));
  BOOST_TEST(run(make(op::incr_by, "a", "", 1)) == refused);
  BOOST_TEST(get("a") == bulk("9223372036854775807"));
  run(make(op::set, "a", "-9223372036854775808"));
  BOOST_TEST(run(make(op::incr_by, "a", "", -1)) == refused);
  BOOST_TEST(run(make(op::incr_by, "a", "", smallest)) == refused);
  BOOST_TEST(run(make(op::incr_by, "a", "", largest)) == number(-1));
}

BOOST_AUTO_TEST_CASE(what_is_no_integer_is_refused) {
  for (const auto* value :
       {"", " 1", "1 ", "+1", "01", "-0", "-", "1.0", "0x1", "abc",
        "9223372036854775808", "-9223372036854775809"}) {
    run(make(op::set, "a", value));
    BOOST_TEST(run(make(op::incr_by, "a", "", 1))
               == "-ERR value is not an integer or out of range\r\n");
    BOOST_TEST(get("a") == bulk(value));
  }
}

BOOST_AUTO_TEST_CASE(counting_keeps_the_expiry) {
  run(make(op::set, "a", "1", 500, flag::expiry_relative));
  run(make(op::incr_by, "a", "", 1));
  run(make(op::incr_by_float, "a", "1"));
  BOOST_TEST(get("a") == bulk("3"));
  BOOST_TEST(read(make(op::ttl, "a")) == number(500));
}

BOOST_AUTO_TEST_CASE(floats_are_written_as_redis_does) {
  const auto add = [this](const char* to, const char* by) {
    run(make(op::set, "a", to));
    const auto reply = run(make(op::incr_by_float, "a", by));
    BOOST_TEST(reply == get("a"));
    return reply;
  };
  BOOST_TEST(run(make(op::incr_by_float, "none", "0.1")) == bulk("0.1"));
  BOOST_TEST(add("10.50", "0.1") == bulk("10.6"));
  BOOST_TEST(add("10.6", "-5") == bulk("5.6"));
  BOOST_TEST(add("5.0e3", "2.0e2") == bulk("5200"));
  BOOST_TEST(add("3", "1.000000000000000000001") == bulk("4"));
  BOOST_TEST(add("1", "-1") == bulk("0"));
  BOOST_TEST(add("-0", "-0") == bulk("0"));
  BOOST_TEST(add("+1.5", "1e3") == bulk("1001.5"));
  BOOST_TEST(add("100", "0") == bulk("100"));
}

BOOST_AUTO_TEST_CASE(what_is_no_float_is_refused) {
  for (const auto* value : {"", " 1", "1 ", "abc", "1,5", "nan", "+-1", "1e"}) {
    run(make(op::set, "a", value));
    BOOST_TEST(run(make(op::incr_by_float, "a", "1"))
               == "-ERR value is not a valid float\r\n");
  }
  run(make(op::set, "a", "1"));
  BOOST_TEST(run(make(op::incr_by_float, "a", "x"))
             == "-ERR value is not a valid float\r\n");
  BOOST_TEST(run(make(op::incr_by_float, "a", "inf"))
             == "-ERR increment would produce NaN or Infinity\r\n");
  BOOST_TEST(get("a") == bulk("1"));
}

BOOST_AUTO_TEST_SUITE_END()
