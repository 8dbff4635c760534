#include "testkit/history/configuration_set.hpp"

#include <boost/test/unit_test.hpp>

using namespace cohort::history;

namespace {

using row = std::vector<std::uint64_t>;

constexpr std::uint64_t rows = 1000;

} // namespace

BOOST_AUTO_TEST_SUITE(configuration_set_suite)

BOOST_AUTO_TEST_CASE(rows_are_there_once_and_in_order) {
  configuration_set set{2};
  for (int round = 0; round < 3; ++round) {
    BOOST_TEST(set.empty());
    for (std::uint64_t i = 0; i < rows; ++i) {
      BOOST_REQUIRE(set.insert(row{i / 10, i % 10}));
      BOOST_REQUIRE(!set.insert(row{i / 20, i % 10}));
    }
    BOOST_REQUIRE(set.size() == rows);
    for (std::uint64_t i = 0; i < rows; ++i)
      BOOST_REQUIRE(set[i][0] * 10 + set[i][1] == i);
    set.clear();
  }
}

BOOST_AUTO_TEST_CASE(rows_become_wider) {
  configuration_set set{2};
  for (std::uint64_t i = 0; i < rows; ++i)
    set.insert(row{i, 7});
  set.widen(1, 2);
  BOOST_TEST(set.width() == 4u);
  BOOST_TEST(set.size() == rows);
  for (std::uint64_t i = 0; i < rows; ++i) {
    const row expected{i, 0, 0, 7};
    BOOST_TEST(std::equal(expected.begin(), expected.end(), set[i].begin()));
    BOOST_TEST(!set.insert(expected));
  }
}

BOOST_AUTO_TEST_SUITE_END()
