#include "bench/timers.hpp"

#include <boost/test/unit_test.hpp>
#include <rapidcheck.h>

#include <algorithm>
#include <vector>

using namespace cohort::bench;

BOOST_AUTO_TEST_SUITE(timers_suite)

BOOST_AUTO_TEST_CASE(nothing_is_due_early) {
  timers<int> x;
  BOOST_TEST(!x.next_ns());
  x.add(10, 1);
  BOOST_TEST(*x.next_ns() == 10);
  BOOST_TEST(!x.take_due(9));
  BOOST_TEST(*x.take_due(10) == 1);
  BOOST_TEST(!x.take_due(10));
}

BOOST_AUTO_TEST_CASE(events_come_by_time_and_then_in_the_order_added) {
  BOOST_TEST(rc::check([] {
    const auto dues =
      *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 10));
    timers<std::pair<int, std::size_t>> x;
    std::vector<std::pair<int, std::size_t>> expected;
    for (std::size_t i = 0; i < dues.size(); ++i) {
      x.add(dues[i], {dues[i], i});
      expected.emplace_back(dues[i], i);
    }
    std::sort(expected.begin(), expected.end());
    std::vector<std::pair<int, std::size_t>> taken;
    while (const auto event = x.take_due(100))
      taken.push_back(*event);
    RC_ASSERT(taken == expected);
  }));
}

BOOST_AUTO_TEST_SUITE_END()
