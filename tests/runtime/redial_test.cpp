#include "runtime/redial.hpp"

#include <boost/test/unit_test.hpp>

#include <set>

using namespace cohort;
using cohort::runtime::redial;

namespace {

std::int64_t delay_after_failure(redial& again, rng& random) {
  again.failed(0, random);
  std::int64_t now = 0;
  while (!again.due(now))
    ++now;
  return now;
}

} // namespace

BOOST_AUTO_TEST_SUITE(redial_suite)

BOOST_AUTO_TEST_CASE(tries_for_ever_and_ever_less_often_up_to_a_bound) {
  rng random{1};
  redial again{{20, 500}};
  BOOST_TEST(again.due(0));
  std::int64_t most = 0;
  for (int i = 0; i < 100; ++i) {
    const auto delay = delay_after_failure(again, random);
    BOOST_TEST(delay >= 10);
    BOOST_TEST(delay <= 500);
    most = std::max(most, delay);
  }
  BOOST_TEST(most > 400);
  again.succeeded();
  BOOST_TEST(delay_after_failure(again, random) <= 20);
}

BOOST_AUTO_TEST_CASE(two_nodes_do_not_keep_step) {
  std::set<std::int64_t> delays;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    rng random{seed};
    redial again{{1000, 1000}};
    delays.insert(delay_after_failure(again, random));
  }
  BOOST_TEST(delays.size() > 15u);
}

BOOST_AUTO_TEST_SUITE_END()
