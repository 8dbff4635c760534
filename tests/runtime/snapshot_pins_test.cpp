#include "runtime/snapshot_pins.hpp"

#include <boost/test/unit_test.hpp>

using namespace cohort;
using namespace cohort::runtime;

namespace {

replication::log_base base_at(std::uint64_t index) {
  replication::log_base result;
  result.index = index_t{index};
  result.term = term_t{1};
  return result;
}

struct fixture {
  snapshot_pins pins{{.kept_bytes = 100, .pinned_bytes = 1'000}};

  /// Where the log may begin; 0: where it did.
  std::uint64_t cut(bool full = false) {
    const auto base = pins.take_cut(full);
    return base ? base->index.value : 0;
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(snapshot_pins_suite, fixture)

BOOST_AUTO_TEST_CASE(D5_some_of_the_log_is_kept_for_those_a_little_behind) {
  pins.handed(5'000);
  pins.stored(base_at(10));
  BOOST_TEST(cut() == 0u);
  pins.handed(99);
  BOOST_TEST(cut() == 0u);
  pins.handed(1);
  BOOST_TEST(cut() == 10u);
  BOOST_TEST(cut() == 0u); // said once
}

BOOST_AUTO_TEST_CASE(D5_of_several_snapshots_the_newest_that_may_be_counts) {
  pins.stored(base_at(10));
  pins.handed(50);
  pins.stored(base_at(20));
  pins.handed(100);
  pins.stored(base_at(30));
  BOOST_TEST(cut() == 20u);
  pins.handed(100);
  BOOST_TEST(cut() == 30u);
}

BOOST_AUTO_TEST_CASE(D5_a_delivery_pins_the_log_up_to_a_bound) {
  pins.stored(base_at(10));
  pins.delivery_begins(node_id{2});
  pins.delivery_begins(node_id{3});
  pins.handed(999);
  BOOST_TEST(cut() == 0u);
  pins.delivery_ends(node_id{2});
  BOOST_TEST(cut() == 0u);
  pins.handed(1);
  BOOST_TEST(cut() == 10u);
}

BOOST_AUTO_TEST_CASE(D5_after_the_last_delivery_the_log_is_cut) {
  pins.stored(base_at(10));
  pins.delivery_begins(node_id{2});
  pins.handed(500);
  BOOST_TEST(cut() == 0u);
  pins.delivery_ends(node_id{2});
  BOOST_TEST(cut() == 10u);
}

// Found by the simulator of Redis clients: a log that takes nothing hands over
// nothing, either.
BOOST_AUTO_TEST_CASE(D6_a_full_log_is_cut_at_the_newest_snapshot) {
  pins.stored(base_at(10));
  pins.stored(base_at(20));
  pins.delivery_begins(node_id{2});
  BOOST_TEST(cut() == 0u);
  BOOST_TEST(cut(true) == 20u);
  BOOST_TEST(cut(true) == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
