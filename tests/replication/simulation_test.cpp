// Storms over whole groups, one seed each: faults of every kind, invariants
// after every step, and in the end a calm in which the group must recover.
#include "testkit/protocol/storm.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdlib>

using namespace cohort;
using namespace cohort::testkit::protocol;

namespace {

/// Tiny bounds, so that windows fill, caches miss and requests split.
void tiny_bounds(replication::options& opts) {
  opts.append_bytes_max = 200;
  opts.window = {2, 150, 400};
  opts.cache_bytes_max = 150;
  opts.unapplied_bytes_max = 400;
  opts.uncommitted_bytes_max = 600;
}

std::uint64_t seed_count() {
  const auto* text = std::getenv("COHORT_SEEDS");
  return text ? std::strtoull(text, nullptr, 10) : 300;
}

void run_seeds(const group::tweak& change, std::uint64_t first) {
  storm_report all;
  for (auto seed = first; seed < first + seed_count(); ++seed) {
    try {
      all += protocol_storm{{seed, 6000, change}}.run();
    } catch (const std::exception& e) {
      BOOST_ERROR(e.what());
    }
  }
  // A storm that nobody survives, or that changes nothing, proves nothing.
  BOOST_TEST(all.elections > 3 * seed_count());
  BOOST_TEST(all.commits > 30 * seed_count());
  BOOST_TEST(all.snapshots > seed_count() / 10);
  BOOST_TEST(all.reads > seed_count());
}

} // namespace

BOOST_AUTO_TEST_SUITE(simulation_suite)

BOOST_AUTO_TEST_CASE(C4_C6_C7_groups_survive_storms) {
  run_seeds(nullptr, 1);
}

BOOST_AUTO_TEST_CASE(T1_groups_survive_storms_with_tiny_bounds) {
  run_seeds(tiny_bounds, 1'000'000);
}

BOOST_AUTO_TEST_SUITE_END()
