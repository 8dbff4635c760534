#include "runtime/log_clock.hpp"

#include <boost/test/unit_test.hpp>

using cohort::runtime::log_clock;

BOOST_AUTO_TEST_SUITE(log_clock_suite)

BOOST_AUTO_TEST_CASE(K4_follows_the_wall_clock) {
  log_clock clock;
  BOOST_TEST(clock.at(1'000'000, 0) == 1'000'000);
  BOOST_TEST(clock.at(1'000'250, 250) == 1'000'250);
}

BOOST_AUTO_TEST_CASE(K4_never_goes_back) {
  log_clock clock;
  clock.at(1'000'000, 0);
  BOOST_TEST(clock.at(400'000, 100) == 1'000'000);
  BOOST_TEST(clock.at(1'000'050, 200) == 1'000'050);
}

BOOST_AUTO_TEST_CASE(K4_a_jump_ahead_is_caught_up_with_at_twice_the_speed) {
  log_clock clock;
  clock.at(1'000'000, 0);
  BOOST_TEST(clock.at(9'000'000, 100) == 1'000'200);
  BOOST_TEST(clock.at(9'000'100, 200) == 1'000'400);
}

BOOST_AUTO_TEST_SUITE_END()
