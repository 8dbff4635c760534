// Rule K4: a key is gone when log time says so, whatever was removed yet.
#include "kv_driver.hpp"

#include <boost/test/unit_test.hpp>

#include <limits>
#include <string>

using namespace cohort;
using namespace cohort::kv;
using namespace cohort::kv::tests;
using cohort::machine::query_outcome;

namespace {

struct expiry_driver : kv_driver {
  std::string expire(std::int64_t number, std::uint32_t flags) {
    return run(make(op::expire, "a", "", number, flags));
  }

  std::string ttl(std::uint32_t flags = 0) {
    return read(make(op::ttl, "a", "", 0, flags));
  }

  /// Keys that all expire at once.
  void add_expiring(int count) {
    std::vector<std::string> names;
    std::vector<command> commands;
    for (int i = 0; i < count; ++i)
      names.push_back("key" + std::to_string(i));
    for (const auto& name : names)
      commands.push_back(make(op::set, name, "1", 100, flag::expiry_relative));
    apply(commands);
  }

  query_outcome outcome(const command& x, std::int64_t at_ms) {
    std::vector<std::string> replies;
    const auto result = query(x, at_ms, replies);
    BOOST_TEST(replies.empty() == (result != query_outcome::done));
    return result;
  }
};

constexpr auto in = flag::expiry_relative;
constexpr auto at = flag::expiry_absolute;

} // namespace

BOOST_FIXTURE_TEST_SUITE(expiry, expiry_driver)

BOOST_AUTO_TEST_CASE(k4_a_key_goes_when_log_time_reaches_it) {
  run(make(op::set, "a", "1", 100, in));
  advance_to(now_ms + 99);
  BOOST_TEST(get("a") == bulk("1"));
  BOOST_TEST(ttl() == one);
  advance_to(now_ms + 1);
  BOOST_TEST(get("a") == null);
  BOOST_TEST(ttl() == number(-2));
}

BOOST_AUTO_TEST_CASE(k4_commands_see_the_time_of_their_entry) {
  run(make(op::set, "a", "1", 100, in));
  now_ms += 100;
  BOOST_TEST(run(make(op::set, "a", "2", 0, flag::if_present)) == null);
  BOOST_TEST(run(make(op::append, "a", "x")) == one);
  BOOST_TEST(ttl() == number(-1));
}

BOOST_AUTO_TEST_CASE(k4_log_time_never_goes_back) {
  run(make(op::set, "a", "1", 100, in));
  advance_to(now_ms + 100);
  now_ms -= 50;
  run(make(op::set, "b", "1"));
  BOOST_TEST(get("a") == null);
}

BOOST_AUTO_TEST_CASE(expire_answers_whether_it_did) {
  BOOST_TEST(expire(100, in) == zero);
  run(make(op::set, "a", "1"));
  BOOST_TEST(expire(100, in) == one);
  BOOST_TEST(ttl() == number(100));
  BOOST_TEST(expire(now_ms + 7'000, at) == one);
  BOOST_TEST(ttl() == number(7'000));
  BOOST_TEST(run(make(op::persist, "a")) == one);
  BOOST_TEST(run(make(op::persist, "a")) == zero);
  BOOST_TEST(run(make(op::persist, "b")) == zero);
  BOOST_TEST(ttl() == number(-1));
  BOOST_TEST(get("a") == bulk("1"));
}

BOOST_AUTO_TEST_CASE(a_time_that_passed_deletes) {
  for (const auto& [number, how] :
       {std::pair{std::int64_t{0}, in},
        {-5, in},
        {0, at},
        {now_ms, at},
        {std::numeric_limits<std::int64_t>::min(), at}}) {
    run(make(op::set, "a", "1"));
    BOOST_TEST(expire(number, how) == one);
    BOOST_TEST(get("a") == null);
  }
  run(make(op::set, "a", "1"));
  BOOST_TEST(expire(std::numeric_limits<std::int64_t>::max(), in)
             == "-ERR invalid expire time in 'expire' command\r\n");
  BOOST_TEST(get("a") == bulk("1"));
}

BOOST_AUTO_TEST_CASE(expire_obeys_its_conditions) {
  run(make(op::set, "a", "1"));
  BOOST_TEST(expire(100, in | flag::if_present) == zero);
  BOOST_TEST(expire(100, in | flag::if_later) == zero);
  BOOST_TEST(expire(100, in | flag::if_sooner) == one);
  BOOST_TEST(expire(50, in | flag::if_absent) == zero);
  BOOST_TEST(expire(100, in | flag::if_later) == zero);
  BOOST_TEST(expire(101, in | flag::if_later) == one);
  BOOST_TEST(expire(101, in | flag::if_sooner) == zero);
  BOOST_TEST(expire(99, in | flag::if_sooner | flag::if_present) == one);
  BOOST_TEST(ttl() == number(99));
  run(make(op::persist, "a"));
  BOOST_TEST(expire(50, in | flag::if_absent) == one);
}

BOOST_AUTO_TEST_CASE(ttl_rounds_seconds_as_redis) {
  run(make(op::set, "a", "1", 1'499, in));
  BOOST_TEST(ttl(flag::in_seconds) == one);
  BOOST_TEST(ttl(flag::absolute) == number(now_ms + 1'499));
  run(make(op::set, "a", "1", 1'500, in));
  BOOST_TEST(ttl(flag::in_seconds) == number(2));
  BOOST_TEST(ttl(flag::in_seconds | flag::absolute)
             == number((now_ms + 1'500 + 500) / 1'000));
}

BOOST_AUTO_TEST_CASE(k4_a_read_that_meets_a_due_key_waits) {
  run(make(op::set, "a", "1", 100, in));
  run(make(op::set, "b", "1"));
  const auto due_ms = now_ms + 100;
  const auto get_a = make(op::get, "a");
  BOOST_TEST((outcome(get_a, due_ms - 1) == query_outcome::done));
  BOOST_TEST((outcome(get_a, due_ms) == query_outcome::time_must_advance));
  BOOST_TEST((outcome(make(op::get, "b"), due_ms) == query_outcome::done));
  BOOST_TEST((outcome(make(op::dbsize), due_ms - 1) == query_outcome::done));
  BOOST_TEST(
    (outcome(make(op::dbsize), due_ms) == query_outcome::time_must_advance));
  BOOST_TEST((outcome(make_many(op::mget, {"b", "a"}), due_ms)
              == query_outcome::time_must_advance));
  BOOST_TEST(get("a") == bulk("1")); // present log time will do
  BOOST_TEST(machine->time_is_due(due_ms));
  BOOST_TEST(!machine->time_is_due(due_ms - 1));
  advance_to(due_ms);
  BOOST_TEST((outcome(get_a, due_ms) == query_outcome::done));
  BOOST_TEST(!machine->time_is_due(due_ms + 1));
}

BOOST_AUTO_TEST_CASE(a_query_counts_down_from_now) {
  run(make(op::set, "a", "1", 100, in));
  std::vector<std::string> replies;
  query(make(op::ttl, "a"), now_ms + 30, replies);
  BOOST_TEST(replies.at(0) == number(70));
}

BOOST_AUTO_TEST_CASE(k4_due_keys_are_hidden_before_they_are_removed) {
  add_expiring(3'000);
  run(make(op::set, "a", "1"));
  advance_to(now_ms + 100);
  const auto still_there = machine->approximate_bytes();
  BOOST_TEST(still_there > 100'000u);
  BOOST_TEST(get("key2999") == null);
  BOOST_TEST(read(make_many(op::exists, {"key1", "key2", "a"})) == one);
  BOOST_TEST(
    (outcome(make(op::dbsize), now_ms) == query_outcome::work_must_be_done));
  BOOST_TEST((outcome(make(op::get, "key1"), now_ms) == query_outcome::done));
  while (machine->work()) {
  }
  BOOST_TEST(machine->approximate_bytes() < 1'000u);
  BOOST_TEST((outcome(make(op::dbsize), now_ms) == query_outcome::done));
  BOOST_TEST(read(make(op::dbsize)) == one);
}

BOOST_AUTO_TEST_CASE(k4_whole_counts_do_not_wait_for_slices) {
  add_expiring(3'000);
  run(make(op::set, "a", "1"));
  advance_to(now_ms + 100);
  BOOST_TEST(read(make(op::dbsize)) == one);
  add_expiring(3'000);
  now_ms += 100;
  BOOST_TEST(run(make_exec({make(op::dbsize), make(op::randomkey)}))
             == "*2\r\n" + one + bulk("a"));
}

BOOST_AUTO_TEST_CASE(each_entry_removes_more_than_it_adds) {
  for (int round = 0; round < 100; ++round) {
    add_expiring(100);
    now_ms += 100;
  }
  BOOST_TEST(machine->approximate_bytes() < 40'000u);
}

BOOST_AUTO_TEST_SUITE_END()
