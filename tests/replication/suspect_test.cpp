// D3: replicas whose disks lost an ambiguous tail.
#include "replication/three_nodes.hpp"

#include <boost/test/unit_test.hpp>

using namespace cohort;
using namespace cohort::replication;
using namespace cohort::replication::tests;
using namespace cohort::testkit::protocol;

BOOST_FIXTURE_TEST_SUITE(suspect_suite, three_nodes)

BOOST_AUTO_TEST_CASE(
  D3_a_suspect_does_not_vote_for_a_log_without_what_it_lost) {
  elect(n1);
  isolate(n3);
  g.propose(n1, "a"); // on n1 and n2
  spread();
  BOOST_REQUIRE(g.acknowledged("a"));
  g.heal();
  g.damage(n2);
  g.crash(n1, false);
  g.restart(n2);
  for (int i = 0; i < 200; ++i) {
    g.tick(n2);
    g.tick(n3);
    spread();
    BOOST_REQUIRE((g.primary() == nobody));
  }
  g.restart(n1);
  g.settle(60);
  BOOST_TEST((g.primary() == n1));
  BOOST_TEST(!g.at(n2).suspect());
  BOOST_TEST(has(n2, "a"));
}

BOOST_AUTO_TEST_CASE(D3_a_confirmed_primary_lifts_the_suspicion) {
  elect(n1);
  g.propose(n1, "a");
  spread();
  g.damage(n2);
  g.crash(n3, false);
  g.restart(n2);
  g.propose(n1, "b");
  for (int i = 0; i < 4; ++i) {
    g.tick(n1);
    spread();
  }
  // One other voter is no vote quorum of others, and the suspect's copy does
  // not count.
  BOOST_TEST(g.at(n2).suspect());
  BOOST_TEST(!g.acknowledged("b"));
  g.restart(n3);
  g.settle(10);
  BOOST_TEST(!g.at(n2).suspect());
  BOOST_TEST(has(n2, "b"));
}

BOOST_AUTO_TEST_CASE(
  D3_a_log_that_restarts_at_a_snapshot_answers_with_its_base) {
  elect(n1);
  g.crash(n3, false);
  for (int i = 0; i < 5; ++i)
    g.propose(n1, "w" + std::to_string(i));
  spread();
  g.snapshot(n1);
  g.restart(n3);
  for (int i = 0; i < 20 && !g.snapshots_pending(); ++i) {
    g.tick(n1);
    spread();
  }
  g.deliver_snapshot(true);
  BOOST_REQUIRE((g.at(n3).durable_index() < g.at(n3).log().base_index()));
  lose_all();
  g.at(n3).step(n2, state_query{g.at(n3).term(), 7});
  g.carry_out(n3);
  BOOST_REQUIRE(g.packets() == 1u);
  const auto* answer = std::get_if<state_answer>(&g.packet_at(0).body);
  BOOST_REQUIRE(answer);
  BOOST_TEST((answer->last == g.at(n3).log().last()));
}

BOOST_AUTO_TEST_CASE(D3_when_all_answered_the_vote_counts_as_given) {
  elect(n1);
  g.propose(n1, "a");
  spread();
  g.crash(n1, false);
  g.crash(n3, false);
  g.damage(n2);
  g.restart(n1);
  g.restart(n2);
  g.restart(n3);
  for (int i = 0; i < 3; ++i) { // only n2 asks; nobody campaigns yet
    g.tick(n2);
    spread();
  }
  BOOST_TEST(!g.at(n2).suspect());
  BOOST_TEST((g.at(n2).durable_state().voted_for == forgotten_vote));
  g.settle(60);
  BOOST_TEST((g.primary() != nobody));
  BOOST_TEST(has(n2, "a"));
}

BOOST_AUTO_TEST_SUITE_END()
