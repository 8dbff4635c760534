#include "kv_driver.hpp"

#include <boost/test/unit_test.hpp>

#include <limits>
#include <string>

using namespace cohort;
using namespace cohort::kv;
using namespace cohort::kv::tests;

BOOST_FIXTURE_TEST_SUITE(strings, kv_driver)

BOOST_AUTO_TEST_CASE(what_was_set_is_got) {
  BOOST_TEST(get("a") == null);
  BOOST_TEST(run(make(op::set, "a", "1")) == ok);
  BOOST_TEST(get("a") == bulk("1"));
  BOOST_TEST(run(make(op::set, "a", "")) == ok);
  BOOST_TEST(get("a") == bulk(""));
  BOOST_TEST(run(make(op::set, "", "empty key")) == ok);
  BOOST_TEST(get("") == bulk("empty key"));
}

BOOST_AUTO_TEST_CASE(set_obeys_its_conditions) {
  BOOST_TEST(run(make(op::set, "a", "1", 0, flag::if_present)) == null);
  BOOST_TEST(get("a") == null);
  BOOST_TEST(run(make(op::set, "a", "1", 0, flag::if_absent)) == ok);
  BOOST_TEST(run(make(op::set, "a", "2", 0, flag::if_absent)) == null);
  BOOST_TEST(get("a") == bulk("1"));
  BOOST_TEST(run(make(op::set, "a", "2", 0, flag::if_present)) == ok);
  BOOST_TEST(get("a") == bulk("2"));
}

BOOST_AUTO_TEST_CASE(setnx_answers_a_number) {
  const auto flags = flag::if_absent | flag::answer_integer;
  BOOST_TEST(run(make(op::set, "a", "1", 0, flags)) == one);
  BOOST_TEST(run(make(op::set, "a", "2", 0, flags)) == zero);
  BOOST_TEST(get("a") == bulk("1"));
}

BOOST_AUTO_TEST_CASE(set_with_get_answers_what_was_there) {
  BOOST_TEST(run(make(op::set, "a", "1", 0, flag::return_old)) == null);
  BOOST_TEST(run(make(op::set, "a", "2", 0, flag::return_old)) == bulk("1"));
  BOOST_TEST(run(make(op::set, "a", "3", 0, flag::return_old | flag::if_absent))
             == bulk("2"));
  BOOST_TEST(get("a") == bulk("2"));
  BOOST_TEST(run(make(op::set, "b", "3", 0, flag::return_old | flag::if_absent))
             == null);
  BOOST_TEST(get("b") == bulk("3"));
}

BOOST_AUTO_TEST_CASE(set_clears_the_expiry_unless_told) {
  run(make(op::set, "a", "1", 5'000, flag::expiry_relative));
  run(make(op::set, "a", "2", 0, flag::keep_expiry));
  BOOST_TEST(read(make(op::ttl, "a")) == ":5000\r\n");
  run(make(op::set, "a", "3"));
  BOOST_TEST(read(make(op::ttl, "a")) == ":-1\r\n");
}

BOOST_AUTO_TEST_CASE(set_refuses_impossible_times) {
  const std::string refused = "-ERR invalid expire time in 'set' command\r\n";
  constexpr auto far = std::numeric_limits<std::int64_t>::max();
  for (const std::int64_t number : {std::int64_t{0}, std::int64_t{-1}, far})
    BOOST_TEST(run(make(op::set, "a", "1", number, flag::expiry_relative))
               == refused);
  BOOST_TEST(run(make(op::set, "a", "1", 0, flag::expiry_absolute)) == refused);
  BOOST_TEST(get("a") == null);
}

BOOST_AUTO_TEST_CASE(set_with_a_time_that_passed_leaves_nothing) {
  run(make(op::set, "a", "1"));
  BOOST_TEST(run(make(op::set, "a", "2", now_ms, flag::expiry_absolute)) == ok);
  BOOST_TEST(get("a") == null);
}

BOOST_AUTO_TEST_CASE(getdel_takes_the_key_along) {
  run(make(op::set, "a", "1"));
  BOOST_TEST(run(make(op::getdel, "a")) == bulk("1"));
  BOOST_TEST(run(make(op::getdel, "a")) == null);
}

BOOST_AUTO_TEST_CASE(getex_changes_the_expiry) {
  BOOST_TEST(run(make(op::getex, "a", "", 5, flag::expiry_relative)) == null);
  run(make(op::set, "a", "1"));
  BOOST_TEST(run(make(op::getex, "a", "", 700, flag::expiry_relative))
             == bulk("1"));
  BOOST_TEST(read(make(op::ttl, "a")) == ":700\r\n");
  BOOST_TEST(read(make(op::getex, "a")) == bulk("1"));
  BOOST_TEST(run(make(op::getex, "a", "", 0, flag::persist)) == bulk("1"));
  BOOST_TEST(read(make(op::ttl, "a")) == ":-1\r\n");
  BOOST_TEST(run(make(op::getex, "a", "", 1, flag::expiry_absolute))
             == bulk("1"));
  BOOST_TEST(get("a") == null);
  BOOST_TEST(run(make(op::getex, "a", "", 0, flag::expiry_relative))
             == "-ERR invalid expire time in 'getex' command\r\n");
}

BOOST_AUTO_TEST_CASE(many_are_set_and_got) {
  BOOST_TEST(run(make_many(op::mset, {"a", "1", "b", "2", "a", "3"})) == ok);
  BOOST_TEST(read(make_many(op::mget, {"a", "b", "c", "a"}))
             == "*4\r\n" + bulk("3") + bulk("2") + null + bulk("3"));
  BOOST_TEST(run(make_many(op::mset, {"c", "1", "b", "9"}, flag::if_absent))
             == zero);
  BOOST_TEST(get("c") == null);
  BOOST_TEST(run(make_many(op::mset, {"c", "1", "d", "9"}, flag::if_absent))
             == one);
  BOOST_TEST(get("d") == bulk("9"));
}

BOOST_AUTO_TEST_CASE(append_grows_a_value) {
  BOOST_TEST(run(make(op::append, "a", "Hello")) == ":5\r\n");
  BOOST_TEST(run(make(op::append, "a", " World")) == ":11\r\n");
  BOOST_TEST(get("a") == bulk("Hello World"));
  BOOST_TEST(read(make(op::strlen, "a")) == ":11\r\n");
  BOOST_TEST(read(make(op::strlen, "b")) == zero);
  BOOST_TEST(run(make(op::append, "b", "")) == zero);
  BOOST_TEST(get("b") == bulk(""));
}

BOOST_AUTO_TEST_CASE(getrange_cuts_as_redis_documents) {
  run(make(op::set, "a", "This is a string"));
  const auto range = [this](std::int64_t first, std::int64_t last) {
    auto x = make(op::getrange, "a", "", first);
    x.number2 = last;
    return read(x);
  };
  BOOST_TEST(range(0, 3) == bulk("This"));
  BOOST_TEST(range(-3, -1) == bulk("ing"));
  BOOST_TEST(range(0, -1) == bulk("This is a string"));
  BOOST_TEST(range(10, 100) == bulk("string"));
  BOOST_TEST(range(5, 3) == bulk(""));
  BOOST_TEST(range(-1, -3) == bulk(""));
  BOOST_TEST(range(-100, 0) == bulk("T"));
  BOOST_TEST(range(100, 200) == bulk(""));
  BOOST_TEST(range(std::numeric_limits<std::int64_t>::min(),
                   std::numeric_limits<std::int64_t>::max())
             == bulk("This is a string"));
  BOOST_TEST(read(make(op::getrange, "none")) == bulk(""));
}

BOOST_AUTO_TEST_CASE(setrange_overwrites_and_pads) {
  run(make(op::set, "a", "Hello World"));
  BOOST_TEST(run(make(op::setrange, "a", "Redis", 6)) == ":11\r\n");
  BOOST_TEST(get("a") == bulk("Hello Redis"));
  BOOST_TEST(run(make(op::setrange, "b", "Redis", 6)) == ":11\r\n");
  BOOST_TEST(get("b") == bulk(std::string(6, '\0') + "Redis"));
  BOOST_TEST(run(make(op::setrange, "c", "", 6)) == zero);
  BOOST_TEST(get("c") == null);
  BOOST_TEST(run(make(op::setrange, "a", "x", -1))
             == "-ERR offset is out of range\r\n");
}

BOOST_AUTO_TEST_CASE(values_have_a_bound) {
  const std::string refused =
    "-ERR string exceeds maximum allowed size (proto-max-bulk-len)\r\n";
  const std::string largest(value_bytes_max, 'x');
  BOOST_TEST(run(make(op::set, "a", largest)) == ok);
  BOOST_TEST(run(make(op::append, "a", "x")) == refused);
  BOOST_TEST(run(make(op::setrange, "b", "x", value_bytes_max)) == refused);
  BOOST_TEST(
    run(make(op::setrange, "b", "x", std::numeric_limits<std::int64_t>::max()))
    == refused);
  BOOST_TEST(run(make(op::setrange, "a", "x", value_bytes_max - 1))
             == ":16777216\r\n");
}

BOOST_AUTO_TEST_SUITE_END()
