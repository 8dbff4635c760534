#include "bench/tally.hpp"

#include <boost/test/unit_test.hpp>

using namespace cohort::bench;

BOOST_AUTO_TEST_SUITE(tally_suite)

BOOST_AUTO_TEST_CASE(the_warm_up_counts_only_towards_the_whole_run) {
  tally x;
  x.completed(0, 10, 5);
  x.open(100);
  x.completed(90, 110, 16);
  x.close(200);
  x.completed(150, 210, 1);
  BOOST_TEST(x.operations() == 16u);
  BOOST_TEST(x.operations_ever() == 22u);
  BOOST_TEST(x.latencies().max() == 20u);
  BOOST_TEST(x.window_ns() == 100);
}

BOOST_AUTO_TEST_CASE(the_gap_is_the_longest_time_between_two_completions) {
  tally x;
  x.open(1000);
  x.completed(1000, 1010, 1);
  x.completed(1000, 1015, 1);
  x.completed(1000, 1055, 1);
  x.completed(1000, 1060, 1);
  x.close(1070);
  BOOST_TEST(x.longest_gap().length_ns == 40);
  BOOST_TEST(x.longest_gap().began_ns == 15);
}

BOOST_AUTO_TEST_CASE(the_gap_reaches_from_the_opening_and_to_the_closing) {
  tally first;
  first.open(1000);
  first.completed(1000, 1500, 1);
  first.close(1600);
  BOOST_TEST(first.longest_gap().length_ns == 500);
  BOOST_TEST(first.longest_gap().began_ns == 0);
  tally last;
  last.open(1000);
  last.completed(1000, 1100, 1);
  last.close(2000);
  BOOST_TEST(last.longest_gap().length_ns == 900);
  BOOST_TEST(last.longest_gap().began_ns == 100);
}

BOOST_AUTO_TEST_CASE(failures_do_not_end_a_gap) {
  tally x;
  x.open(0);
  x.failed("closed");
  x.close(100);
  BOOST_TEST(x.longest_gap().length_ns == 100);
  BOOST_TEST(x.operations() == 0u);
}

BOOST_AUTO_TEST_CASE(failures_are_counted_by_kind_and_kinds_are_bounded) {
  tally x;
  for (int i = 0; i < 1000; ++i)
    x.failed("kind " + std::to_string(i));
  x.failed("kind 0");
  BOOST_TEST(x.errors().size() == tally::error_kinds_max);
  BOOST_TEST(x.errors().at("kind 0") == 2u);
  BOOST_TEST(x.errors().at("other") == 1000 - (tally::error_kinds_max - 1));
}

BOOST_AUTO_TEST_SUITE_END()
