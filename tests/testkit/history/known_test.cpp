#include "testkit/history/linearizability.hpp"

#include "shorthand.hpp"

#include <boost/test/unit_test.hpp>

using namespace cohort;
using namespace cohort::history;

namespace {

void good(const std::vector<operation>& operations) {
  const auto found = check(operations).value();
  BOOST_TEST((found.is == answer::linearizable));
  BOOST_TEST(!found.why.has_value());
}

contradiction bad(const std::vector<operation>& operations) {
  const auto found = check(operations).value();
  BOOST_REQUIRE((found.is == answer::impossible));
  return *found.why;
}

} // namespace

BOOST_AUTO_TEST_SUITE(history_known_suite)

BOOST_AUTO_TEST_CASE(overlapping_writes_take_effect_in_any_order) {
  for (value_t seen : {1, 2})
    good({done({0, 10}, {write(7, 1)}), done({5, 15}, {write(7, 2)}),
          done({20, 30}, {read(7, seen)})});
  bad({done({0, 10}, {write(7, 1)}), done({11, 15}, {write(7, 2)}),
       done({20, 30}, {read(7, 1)})});
}

BOOST_AUTO_TEST_CASE(equal_times_overlap) {
  good({done({0, 10}, {write(7, 1)}), done({10, 15}, {write(7, 2)}),
        done({20, 30}, {read(7, 1)})});
}

// Lamport's regular register allows it, an atomic one does not.
BOOST_AUTO_TEST_CASE(a_new_value_is_not_followed_by_an_old_one) {
  const auto why =
    bad({done({0, 100}, {write(7, 1)}), done({10, 20}, {read(7, 1)}),
         done({30, 40}, {read(7, 0)}), done({50, 60}, {read(7, 1)})});
  BOOST_TEST(why.key == 7u);
  BOOST_TEST(why.operation == 2u);
  BOOST_TEST(why.prefix_end == 40u);
  BOOST_TEST(why.prefix_operations == 3u);
  BOOST_TEST(why.overlapping == std::vector<std::size_t>{0},
             boost::test_tools::per_element());
  BOOST_TEST(why.text
             == "key 7: nothing explains\n"
                "  client 0: key 7 read -> 0 at [30, 40]\n"
                "Then, key 7 can hold only 1\n"
                "The first 3 of 4 operations, up to time 40, are impossible; "
                "fewer are not.\n"
                "It overlaps:\n"
                "  client 0: key 7 write 1 at [0, 100]");
}

// Figure 1 (b) of Horn and Kroening 2015 is of this shape.
BOOST_AUTO_TEST_CASE(two_readers_agree_on_the_order_of_writes) {
  const auto writes = std::vector{done({0, 100}, {write(7, 1)}),
                                  done({0, 100}, {write(7, 2)})};
  auto history = writes;
  history.push_back(done({10, 20}, {read(7, 1)}));
  history.push_back(done({15, 40}, {read(7, 2)}));
  history.push_back(done({41, 50}, {read(7, 2)}));
  good(history);
  history.push_back(done({51, 60}, {read(7, 1)}));
  bad(history);
}

// Each key is right on its own, and they are of different components.
BOOST_AUTO_TEST_CASE(keys_are_apart) {
  good({done({0, 10}, {write(1, 5)}), done({0, 10}, {write(2, 6)}),
        done({20, 30}, {read(1, 5)}), done({20, 30}, {read(2, 6)})});
  const auto why =
    bad({done({0, 10}, {write(1, 5)}), done({0, 10}, {write(2, 6)}),
         done({20, 30}, {read(1, 5)}), done({20, 30}, {read(2, 0)})});
  BOOST_TEST(why.key == 2u);
  BOOST_TEST(why.prefix_operations == 2u);
}

BOOST_AUTO_TEST_CASE(what_timed_out_may_take_effect_late_or_never) {
  const auto late = open(0, {write(7, 1)});
  good({late, done({10, 20}, {read(7, 0)}), done({30, 40}, {read(7, 0)})});
  good({late, done({10, 20}, {read(7, 0)}), done({30, 40}, {read(7, 1)})});
  bad({late, done({10, 20}, {read(7, 1)}), done({30, 40}, {read(7, 0)})});
}

BOOST_AUTO_TEST_CASE(what_timed_out_takes_effect_once) {
  const auto late = open(0, {add(7, 1, 0)});
  good({late, done({10, 20}, {read(7, 1)})});
  bad({late, done({10, 20}, {read(7, 2)})});
  good({late, late, done({10, 20}, {read(7, 2)})});
  bad({late, done({10, 20}, {read(7, 1)}), done({21, 30}, {add(7, 1, 3)})});
}

BOOST_AUTO_TEST_CASE(what_timed_out_does_nothing_before_its_call) {
  bad({done({0, 10}, {read(7, 1)}), open(11, {write(7, 1)})});
}

BOOST_AUTO_TEST_CASE(what_failed_is_never_seen) {
  good({failed(0, {write(7, 1)}), done({10, 20}, {read(7, 0)})});
  bad({failed(0, {write(7, 1)}), done({10, 20}, {read(7, 1)})});
}

BOOST_AUTO_TEST_CASE(counters_count_each_increment_once) {
  good({done({0, 10}, {add(7, 1, 2)}), done({0, 10}, {add(7, 1, 1)}),
        done({5, 20}, {read(7, 1)}), done({11, 20}, {read(7, 2)})});
  bad({done({0, 10}, {add(7, 1, 1)}), done({0, 10}, {add(7, 1, 1)})});
  good({done({0, 10}, {add(7, INT64_MAX, INT64_MAX)}),
        done({11, 20}, {add(7, 1, INT64_MIN)})});
}

BOOST_AUTO_TEST_CASE(only_one_compare_and_set_of_two_succeeds) {
  const auto first = done({0, 10}, {expect(7, 0), write(7, 1)});
  good({first, refused({0, 10}, {expect(7, 0), write(7, 2)})});
  const auto why = bad({first, done({0, 11}, {expect(7, 0), write(7, 2)})});
  BOOST_TEST(why.operation == 1u);
  bad({refused({0, 10}, {expect(7, 0), write(7, 1)})});
}

// A write that no answer names still makes a condition fail.
BOOST_AUTO_TEST_CASE(refusals_show_writes_that_nobody_read) {
  const auto cas = refused({20, 30}, {expect(7, 1), write(7, 3)});
  const auto base = done({0, 10}, {write(7, 1)});
  bad({base, cas});
  good({base, open(5, {write(7, 2)}), cas});
  good({base, done({5, 40}, {write(7, 2)}), cas});
  good({base, done({5, 40}, {write(7, 2)}), cas, done({41, 50}, {read(7, 2)})});
  bad({base, done({5, 40}, {write(7, 2)}), cas, done({41, 50}, {read(7, 1)})});
}

// Jepsen's bank: transfers move 5 from one account to the other.
BOOST_AUTO_TEST_CASE(transactions_are_seen_whole) {
  const auto begin = done({0, 10}, {write(1, 50), write(2, 50)});
  const auto move = done({20, 40}, {add(1, -5, 45), add(2, 5, 55)});
  for (value_t moved : {0, 5})
    good({begin, move,
          done({25, 30}, {read(1, 50 - moved), //
                          read(2, 50 + moved)})});
  const auto why =
    bad({begin, move, done({25, 30}, {read(1, 45), read(2, 50)})});
  BOOST_TEST(why.operation == 2u);
}

// Write skew: both saw the other's key untouched.
BOOST_AUTO_TEST_CASE(snapshot_isolation_is_not_enough) {
  bad({done({0, 10}, {read(1, 0), read(2, 0), write(1, 1)}),
       done({0, 10}, {read(1, 0), read(2, 0), write(2, 1)})});
  good({done({0, 10}, {read(1, 0), read(2, 0), write(1, 1)}),
        done({0, 10}, {read(1, 1), read(2, 0), write(2, 1)})});
}

// Conditions are tested before, reads within a transaction see its writes.
BOOST_AUTO_TEST_CASE(transactions_see_their_own_writes) {
  good({done({0, 10}, {write(1, 4), expect(1, 0), read(1, 4), add(1, 1, 5)})});
  bad({done({0, 10}, {write(1, 4), expect(1, 4), read(1, 4)})});
}

// Until it returns, the increment could still explain what was read.
BOOST_AUTO_TEST_CASE(an_answer_counts_from_its_return_on) {
  const auto why =
    bad({done({0, 50}, {add(1, 1, 5)}), //
         done({10, 20}, {read(1, 1)}), done({60, 70}, {read(1, 1)})});
  BOOST_TEST(why.operation == 0u);
  BOOST_TEST(why.prefix_end == 50u);
  BOOST_TEST(why.prefix_operations == 2u);
}

// The increment is only wrong at 50, however much returns before and after.
BOOST_AUTO_TEST_CASE(the_shortest_prefix_is_found_amid_others) {
  std::vector history{done({0, 50}, {add(1, 1, 5)}),
                      done({10, 20}, {read(1, 1)})};
  for (time_point end : {25, 30, 35, 40, 45, 60, 70, 80})
    history.push_back(done({22, end}, {read(1, 1)}));
  BOOST_TEST(bad(history).prefix_end == 50u);
}

// Nobody reads 9, but it hides 6.
BOOST_AUTO_TEST_CASE(unread_writes_hide_what_their_own_key_held) {
  const auto both = done({0, 10}, {write(1, 5), write(2, 6)});
  bad({both, done({20, 40}, {write(2, 9)}), done({20, 30}, {write(1, 7)}),
       done({50, 60}, {read(2, 6)}), done({50, 60}, {read(1, 7)})});
}

BOOST_AUTO_TEST_CASE(the_first_value_is_a_matter_of_options) {
  const std::vector history{done({0, 10}, {read(7, 3)})};
  BOOST_TEST((check(history).value().is == answer::impossible));
  BOOST_TEST(
    (check(history, {.initial = 3}).value().is == answer::linearizable));
}

BOOST_AUTO_TEST_CASE(malformed_histories_are_errors) {
  const std::vector<operation> wrong[] = {{done({10, 5}, {write(7, 1)})},
                                          {done({0, 10}, {})},
                                          {refused({0, 10}, {write(7, 1)})}};
  for (const auto& x : wrong)
    BOOST_TEST((check(x).err().code == errc::invalid));
}

// 64 increments in flight with different deltas: any sum would do.
BOOST_AUTO_TEST_CASE(beyond_the_bound_the_answer_is_unknown) {
  std::vector<operation> history;
  for (int i = 0; i < 70; ++i)
    history.push_back(open(0, {add(7, value_t{3} << (i % 60), 0)}));
  history.push_back(done({10, 20}, {read(7, 1)}));
  const auto found = check(history).value();
  BOOST_TEST((found.is == answer::unknown));
  BOOST_TEST(found.configurations > std::size_t{1} << 15);
  // What is impossible elsewhere stays so.
  history.push_back(done({10, 20}, {read(8, 1)}));
  BOOST_TEST((check(history).value().is == answer::impossible));
}

// Equal open operations count, whichever they are.
BOOST_AUTO_TEST_CASE(many_open_twins_are_no_burden) {
  std::vector<operation> history;
  for (time_point i = 0; i < 200; ++i)
    history.push_back(open(i, {add(7, 1, 0)}));
  history.push_back(done({300, 310}, {read(7, 150)}));
  history.push_back(done({311, 320}, {read(7, 200)}));
  const auto found = check(history).value();
  BOOST_TEST((found.is == answer::linearizable));
  BOOST_TEST(found.configurations < 500u);
  history.push_back(done({321, 330}, {read(7, 201)}));
  BOOST_TEST((check(history).value().is == answer::impossible));
}

BOOST_AUTO_TEST_SUITE_END()
