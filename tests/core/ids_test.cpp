#include "core/ids.hpp"

#include <boost/test/unit_test.hpp>

#include <type_traits>

using namespace cohort;

static_assert(!std::is_convertible_v<std::uint64_t, term_t>);
static_assert(!std::is_convertible_v<term_t, index_t>);
static_assert(!std::is_constructible_v<term_t, index_t>);

BOOST_AUTO_TEST_SUITE(ids_suite)

BOOST_AUTO_TEST_CASE(a_token_orders_by_epoch_then_term_then_index) {
  const token low{epoch_t{1}, term_t{9}, index_t{9}};
  const token middle{epoch_t{2}, term_t{1}, index_t{9}};
  const token high{epoch_t{2}, term_t{2}, index_t{1}};
  BOOST_TEST((low < middle));
  BOOST_TEST((middle < high));
}

BOOST_AUTO_TEST_CASE(a_cluster_id_reads_as_hexadecimal) {
  const cluster_id id{0x0123456789abcdef, 0xfedcba9876543210};
  BOOST_TEST(to_string(id) == "0123456789abcdeffedcba9876543210");
  BOOST_TEST(id.formed());
  BOOST_TEST(!cluster_id{}.formed());
}

BOOST_AUTO_TEST_SUITE_END()
