#include "bench/histogram.hpp"

#include <boost/test/unit_test.hpp>
#include <rapidcheck.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

using namespace cohort::bench;

BOOST_AUTO_TEST_SUITE(histogram_suite)

BOOST_AUTO_TEST_CASE(nothing_counted_has_no_quantiles) {
  const histogram h;
  BOOST_TEST(h.count() == 0u);
  BOOST_TEST(h.quantile(0.5) == 0u);
  BOOST_TEST(h.max() == 0u);
}

BOOST_AUTO_TEST_CASE(small_values_are_exact) {
  histogram h;
  for (std::uint64_t i = 1; i <= 100; ++i)
    h.add(i);
  BOOST_TEST(h.quantile(0.01) == 1u);
  BOOST_TEST(h.quantile(0.5) == 50u);
  BOOST_TEST(h.quantile(0.99) == 99u);
  BOOST_TEST(h.quantile(1) == 100u);
}

BOOST_AUTO_TEST_CASE(the_whole_range_fits) {
  histogram h;
  h.add(0);
  h.add(UINT64_MAX);
  BOOST_TEST(h.quantile(0.5) == 0u);
  BOOST_TEST(h.quantile(1) == UINT64_MAX);
  BOOST_TEST(h.max() == UINT64_MAX);
}

BOOST_AUTO_TEST_CASE(a_batch_counts_as_often_as_it_has_operations) {
  histogram once;
  once.add(10);
  once.add(20, 3);
  BOOST_TEST(once.count() == 4u);
  BOOST_TEST(once.quantile(0.25) == 10u);
  BOOST_TEST(once.quantile(0.26) == 20u);
}

// The oracle sorts all values and takes the one at the rank.
BOOST_AUTO_TEST_CASE(quantiles_are_those_of_the_sorted_values_within_a_128th) {
  BOOST_TEST(rc::check([] {
    auto values = *rc::gen::nonEmpty<std::vector<std::uint64_t>>();
    // Spread the values over all magnitudes.
    for (auto& x : values)
      x >>= *rc::gen::inRange(0, 64);
    const auto percent = *rc::gen::inRange(1, 101);
    histogram h;
    for (const auto x : values)
      h.add(x);
    std::sort(values.begin(), values.end());
    const auto fraction = percent / 100.0;
    const auto rank = static_cast<std::size_t>(
      std::ceil(fraction * static_cast<double>(values.size())));
    const auto exact = values[rank - 1];
    const auto found = h.quantile(fraction);
    RC_ASSERT(found >= exact);
    RC_ASSERT(found - exact <= exact / 128);
    RC_ASSERT(h.max() == values.back());
  }));
}

BOOST_AUTO_TEST_SUITE_END()
