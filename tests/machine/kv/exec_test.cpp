// Rule K5: WATCH holds what names a key's last change; EXEC is one command.
#include "kv_driver.hpp"

#include <boost/test/unit_test.hpp>

#include <set>
#include <string>

using namespace cohort;
using namespace cohort::kv;
using namespace cohort::kv::tests;

namespace {

struct exec_driver : kv_driver {
  std::uint64_t changed(std::string_view key) {
    const auto reply = read(make(op::changed, key));
    return std::stoull(reply.substr(1));
  }

  /// Whether a transaction that watched `key` since `since` runs.
  bool runs(std::string_view key, std::uint64_t since) {
    return run(make_exec({make(op::get, key)}, {{key, since}})) != null;
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(transactions, exec_driver)

BOOST_AUTO_TEST_CASE(exec_answers_all_replies) {
  run(make(op::set, "text", "x"));
  const auto reply = run(make_exec(
    {make(op::set, "a", "1"), make(op::incr_by, "a", "", 1),
     make(op::incr_by, "text", "", 1), make(op::get, "none"),
     make(op::literal, "", "+PONG\r\n"), make_many(op::mget, {"a", "none"})}));
  BOOST_TEST(reply
             == "*6\r\n" + ok + number(2)
                  + "-ERR value is not an integer or out of range\r\n" + null
                  + "+PONG\r\n" + "*2\r\n" + bulk("2") + null);
  BOOST_TEST(run(make_exec({})) == "*0\r\n");
}

BOOST_AUTO_TEST_CASE(k5_exec_runs_if_nothing_changed) {
  BOOST_TEST(changed("a") == 0u);
  BOOST_TEST(runs("a", 0));
  run(make(op::set, "a", "1"));
  const auto since = changed("a");
  BOOST_TEST(since != 0u);
  BOOST_TEST(runs("a", since));
  BOOST_TEST(!runs("a", 0));
  run(make(op::set, "b", "1"));
  BOOST_TEST(runs("a", since));
}

BOOST_AUTO_TEST_CASE(k5_each_change_is_a_change) {
  run(make(op::set, "a", "1"));
  std::set<std::uint64_t> names{changed("a")};
  const std::vector<command> changes{
    make(op::set, "a", "1"),
    make(op::append, "a", ""),
    make(op::expire, "a", "", 1'000, flag::expiry_relative),
    make(op::persist, "a"),
    make(op::incr_by, "a", "", 0),
    make(op::setrange, "a", "1"),
    make_many(op::mset, {"a", "1"}),
    make(op::getex, "a", "", 1'000, flag::expiry_relative),
  };
  for (const auto& x : changes) {
    const auto before = changed("a");
    run(x);
    BOOST_TEST(!runs("a", before));
    BOOST_TEST(names.insert(changed("a")).second);
  }
}

BOOST_AUTO_TEST_CASE(k5_what_changes_nothing_is_no_change) {
  run(make(op::set, "a", "x"));
  const auto since = changed("a");
  run(make(op::set, "a", "y", 0, flag::if_absent));
  run(make(op::incr_by, "a", "", 1));
  run(make(op::persist, "a"));
  run(make(op::getex, "a", "", 0, flag::persist));
  run(make(op::copy, "none", "a", 0, flag::replace));
  run(make_exec({make(op::set, "a", "z")}, {{"none", 7}}));
  BOOST_TEST(runs("a", since));
  BOOST_TEST(get("a") == bulk("x"));
}

BOOST_AUTO_TEST_CASE(k5_changes_of_one_entry_differ) {
  run(make(op::set, "a", "1"));
  const auto before = changed("a");
  const auto replies = apply({make(op::set, "a", "2"), make(op::changed, "a"),
                              make(op::set, "a", "3"), make(op::changed, "a"),
                              make_many(op::del, {"a"}), make(op::changed, "a"),
                              make(op::set, "a", "4"), make(op::changed, "a")});
  BOOST_TEST(replies[5] == zero);
  const std::set<std::string> names{number(static_cast<std::int64_t>(before)),
                                    replies[1], replies[3], replies[5],
                                    replies[7]};
  BOOST_TEST(names.size() == 5u);
}

BOOST_AUTO_TEST_CASE(k5_a_deleted_and_made_key_is_another) {
  run(make(op::set, "a", "1"));
  const auto since = changed("a");
  run(make_exec({make_many(op::del, {"a"}), make(op::set, "a", "1")}));
  BOOST_TEST(!runs("a", since));
  run(make(op::flush));
  BOOST_TEST(changed("a") == 0u);
}

BOOST_AUTO_TEST_CASE(k5_an_expired_key_has_changed) {
  run(make(op::set, "a", "1", 100, flag::expiry_relative));
  const auto since = changed("a");
  now_ms += 100;
  BOOST_TEST(!runs("a", since));
  BOOST_TEST(runs("a", 0));
}

BOOST_AUTO_TEST_CASE(all_watches_count) {
  run(make(op::set, "a", "1"));
  run(make(op::set, "b", "1"));
  const auto a = changed("a");
  const auto b = changed("b");
  const auto exec = make_exec({make(op::set, "c", "1")}, {{"a", a}, {"b", b}});
  BOOST_TEST(run(exec) == "*1\r\n" + ok);
  run(make(op::set, "b", "1"));
  BOOST_TEST(run(exec) == null);
}

BOOST_AUTO_TEST_CASE(exec_that_reads_is_a_query) {
  run(make(op::set, "a", "1"));
  BOOST_TEST(read(make_exec({make(op::get, "a"), make(op::dbsize)}))
             == "*2\r\n" + bulk("1") + one);
  BOOST_TEST(read(make_exec({make(op::set, "a", "2")}))
             == "-ERR a query must not write\r\n");
}

BOOST_AUTO_TEST_SUITE_END()
