#include "runtime/recovery_plan.hpp"

#include <boost/test/unit_test.hpp>

using namespace cohort;
using namespace cohort::runtime;
using replication::log_base;
using replication::term_run;

namespace {

log_base base_at(std::uint64_t index, std::uint64_t term) {
  log_base result;
  result.index = index_t{index};
  result.term = term_t{term};
  result.log_time_ms = static_cast<std::int64_t>(index * 10);
  result.members.current.voters = {node_id{1}, node_id{2}, node_id{3}};
  return result;
}

/// Base 10 of term 1; entries 11 to 20 of term 2, 21 to 30 of term 3;
/// configurations at 15 and 25.
recovered_parts log_to_30() {
  recovered_parts found;
  found.log.base = base_at(10, 1);
  found.log.runs = {{index_t{11}, term_t{2}}, {index_t{21}, term_t{3}}};
  found.log.last = index_t{30};
  found.log.state.term = term_t{3};
  found.log.state.voted_for = node_id{2};
  found.log.members = {{index_t{15}, {}}, {index_t{25}, {}}};
  return found;
}

} // namespace

BOOST_AUTO_TEST_SUITE(recovery_plan_suite)

BOOST_AUTO_TEST_CASE(D7_a_new_set_starts_with_nothing) {
  recovered_parts found;
  found.log.base.members.current.voters = {node_id{1}};
  const auto plan = plan_recovery(found);
  BOOST_REQUIRE(plan.ok());
  BOOST_TEST(!plan->from_snapshot);
  BOOST_TEST(!plan->restart_log);
  BOOST_TEST(plan->start.base.index.value == 0u);
}

BOOST_AUTO_TEST_CASE(D7_what_is_above_the_snapshot_is_replayed) {
  auto found = log_to_30();
  found.snapshot = base_at(18, 2);
  const auto plan = plan_recovery(found);
  BOOST_REQUIRE(plan.ok());
  BOOST_TEST(plan->from_snapshot);
  BOOST_TEST(!plan->restart_log);
  BOOST_TEST(plan->shorten_log);
  BOOST_TEST(plan->start.base.index.value == 18u);
  BOOST_TEST(plan->start.last.value == 30u);
  const std::vector<term_run> runs{{index_t{19}, term_t{2}},
                                   {index_t{21}, term_t{3}}};
  BOOST_TEST((plan->start.runs == runs));
  BOOST_REQUIRE(plan->start.members.size() == 1u);
  BOOST_TEST(plan->start.members.front().first.value == 25u);
}

BOOST_AUTO_TEST_CASE(D7_runs_begin_behind_a_base_between_terms) {
  auto found = log_to_30();
  found.snapshot = base_at(20, 2);
  const auto plan = plan_recovery(found);
  BOOST_REQUIRE(plan.ok());
  const std::vector<term_run> runs{{index_t{21}, term_t{3}}};
  BOOST_TEST((plan->start.runs == runs));
}

// Found by the simulator: a log at its limit kept what its snapshot covered,
// and had no room for the entries that would have led to the next.
BOOST_AUTO_TEST_CASE(D5_what_the_machine_has_is_freed_if_there_is_any) {
  auto found = log_to_30();
  found.engine = base_at(12, 2);
  BOOST_TEST(plan_recovery(found)->shorten_log);
  found.engine = base_at(10, 1);
  BOOST_TEST(!plan_recovery(found)->shorten_log);
  found.engine = base_at(40, 3);
  BOOST_TEST(!plan_recovery(found)->shorten_log); // restarts
}

BOOST_AUTO_TEST_CASE(D7_a_base_at_the_end_leaves_nothing_to_replay) {
  auto found = log_to_30();
  found.snapshot = base_at(30, 3);
  const auto plan = plan_recovery(found);
  BOOST_REQUIRE(plan.ok());
  BOOST_TEST(!plan->restart_log);
  BOOST_TEST(plan->start.runs.empty());
  BOOST_TEST(plan->start.last.value == 30u);
}

BOOST_AUTO_TEST_CASE(D7_the_engine_goes_before_the_snapshot) {
  auto found = log_to_30();
  found.engine = base_at(12, 2);
  found.snapshot = base_at(18, 2);
  const auto plan = plan_recovery(found);
  BOOST_REQUIRE(plan.ok());
  BOOST_TEST(!plan->from_snapshot);
  BOOST_TEST(plan->start.base.index.value == 12u);
}

BOOST_AUTO_TEST_CASE(D7_an_engine_behind_the_log_is_restored) {
  auto found = log_to_30();
  found.engine = base_at(7, 1);
  found.snapshot = base_at(10, 1);
  const auto plan = plan_recovery(found);
  BOOST_REQUIRE(plan.ok());
  BOOST_TEST(plan->from_snapshot);
  BOOST_TEST(plan->start.base.index.value == 10u);
}

BOOST_AUTO_TEST_CASE(D7_an_engine_ahead_restarts_the_log_there) {
  auto found = log_to_30();
  found.engine = base_at(40, 5);
  const auto plan = plan_recovery(found);
  BOOST_REQUIRE(plan.ok());
  BOOST_TEST(plan->restart_log);
  BOOST_TEST(plan->start.base.index.value == 40u);
  BOOST_TEST(plan->start.last.value == 40u);
  BOOST_TEST(plan->start.runs.empty());
  BOOST_TEST(plan->start.members.empty());
  // The log lost what it voted in that term: it votes no more there.
  BOOST_TEST(plan->start.state.term.value == 5u);
  BOOST_TEST((plan->start.state.voted_for == replication::forgotten_vote));
}

BOOST_AUTO_TEST_CASE(D7_another_term_at_the_place_restarts_the_log) {
  auto found = log_to_30();
  found.snapshot = base_at(18, 3);
  const auto plan = plan_recovery(found);
  BOOST_REQUIRE(plan.ok());
  BOOST_TEST(plan->restart_log);
  BOOST_TEST(plan->start.last.value == 18u);
  BOOST_TEST(plan->start.state.term.value == 3u);
  BOOST_TEST((plan->start.state.voted_for == node_id{2}));
}

BOOST_AUTO_TEST_CASE(D7_a_log_that_nothing_reaches_is_damaged) {
  auto found = log_to_30();
  found.engine = base_at(9, 1);
  const auto plan = plan_recovery(found);
  BOOST_REQUIRE(!plan.ok());
  BOOST_TEST((plan.err().code == errc::corrupt));
  BOOST_TEST(plan.err().message.find("index 10") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
