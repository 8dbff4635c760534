#include "core/result.hpp"

#include <boost/test/unit_test.hpp>

#include <memory>
#include <string>

using namespace cohort;

BOOST_AUTO_TEST_SUITE(result_suite)

BOOST_AUTO_TEST_CASE(holds_a_value_or_an_error) {
  const result<int> good{7};
  BOOST_TEST(good.ok());
  BOOST_TEST(*good == 7);
  const result<int> bad{errc::not_found, "no such set"};
  BOOST_TEST(!bad.ok());
  BOOST_TEST(to_string(bad.err()) == "not found: no such set");
}

BOOST_AUTO_TEST_CASE(carries_what_cannot_be_copied) {
  result<std::unique_ptr<int>> r{std::make_unique<int>(3)};
  auto taken = std::move(r).value();
  BOOST_TEST(*taken == 3);
}

BOOST_AUTO_TEST_CASE(asking_for_the_wrong_side_is_a_bug) {
  const result<int> bad{errc::busy, "later"};
  BOOST_CHECK_THROW((void) bad.value(), invariant_broken);
  const result<void> good;
  BOOST_CHECK_THROW((void) good.err(), invariant_broken);
}

BOOST_AUTO_TEST_SUITE_END()
