// Rule K1 under seeds: loss, duplicates, reordering, lost tails, new primaries
// with other clocks, deadlines. Exactly once, the right reply, the order of
// each connection.
#include "session_world.hpp"

#include <boost/test/unit_test.hpp>

using namespace cohort;
using namespace cohort::machine::tests;

namespace {

/// Runs seeds and adds up what happened in them.
session_world::tally run_seeds(std::uint64_t first, std::uint64_t count,
                               const world_options& options) {
  session_world::tally sum;
  for (auto seed = first; seed < first + count; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      session_world world{seed, options};
      world.run();
      const auto& x = world.counts();
      sum.done += x.done;
      sum.unknown += x.unknown;
      sum.not_taken += x.not_taken;
      sum.replayed += x.replayed;
      sum.expired += x.expired;
      sum.gaps += x.gaps;
      sum.lost_entries += x.lost_entries;
    }
  }
  return sum;
}

} // namespace

BOOST_AUTO_TEST_SUITE(session_simulation_suite)

BOOST_AUTO_TEST_CASE(k1_exactly_once_the_right_reply_in_order) {
  const auto sum = run_seeds(1, 2'000, {});
  BOOST_TEST(sum.done > 20'000u);
  BOOST_TEST(sum.unknown > 100u);
  BOOST_TEST(sum.not_taken > 100u);
  BOOST_TEST(sum.replayed > 1'000u);
  BOOST_TEST(sum.gaps > 100u);
  BOOST_TEST(sum.lost_entries > 100u);
  BOOST_TEST(sum.expired == 0u);
}

// A new primary's clock may be far ahead: it expires nobody.
BOOST_AUTO_TEST_CASE(k1_a_new_clock_expires_no_session) {
  world_options options;
  options.clock_jump_ms = 60'000;
  const auto sum = run_seeds(10'001, 600, options);
  BOOST_TEST(sum.done > 3'000u);
  BOOST_TEST(sum.expired == 0u);
}

BOOST_AUTO_TEST_CASE(k1_expired_sessions_leave_unknown_never_twice) {
  world_options options;
  options.sessions_expire = true;
  const auto sum = run_seeds(20'001, 1'000, options);
  BOOST_TEST(sum.done > 1'000u);
  BOOST_TEST(sum.expired > 100u);
}

BOOST_AUTO_TEST_CASE(k1_evicted_sessions_leave_unknown_never_twice) {
  world_options options;
  options.sessions_max = 1;
  const auto sum = run_seeds(30'001, 600, options);
  BOOST_TEST(sum.done > 500u);
  BOOST_TEST(sum.expired > 100u);
}

BOOST_AUTO_TEST_SUITE_END()
