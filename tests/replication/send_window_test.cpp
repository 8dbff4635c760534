#include "replication/send_window.hpp"

#include <boost/test/unit_test.hpp>

using namespace cohort;
using namespace cohort::replication;

BOOST_AUTO_TEST_SUITE(send_window_suite)

BOOST_AUTO_TEST_CASE(T1_bounds_requests_and_bytes) {
  send_window window{{2, 100, 1000}};
  BOOST_TEST(window.open());
  window.sent(index_t{1}, 10);
  window.sent(index_t{2}, 10);
  BOOST_TEST(!window.open()); // two requests
  window.acknowledged(index_t{1});
  BOOST_TEST(window.open());
  window.sent(index_t{3}, 100);
  window.acknowledged(index_t{2});
  BOOST_TEST(!window.open()); // a hundred bytes
  window.clear();
  BOOST_TEST(window.open());
  BOOST_TEST(window.bytes() == 0u);
}

BOOST_AUTO_TEST_CASE(T1_the_bound_follows_what_a_round_trip_carries) {
  send_window window{{64, 100, 1000}};
  // Every round trip delivers whatever is in flight: the bound grows to what
  // the path takes, and no further than its limit.
  std::uint64_t index = 0;
  for (int round = 0; round < 8; ++round) {
    while (window.open())
      window.sent(index_t{++index}, 50);
    window.acknowledged(index_t{index});
  }
  BOOST_TEST(window.bytes_limit() == 1000u);
  // A path that carries one small request in a round trip brings it down.
  for (int i = 0; i < 3; ++i) {
    window.sent(index_t{++index}, 10);
    window.acknowledged(index_t{index});
  }
  BOOST_TEST(window.bytes_limit() == 100u);
}

BOOST_AUTO_TEST_SUITE_END()
