// Single rules, each in the smallest group that shows it.
#include "replication/three_nodes.hpp"

#include <boost/test/unit_test.hpp>

using namespace cohort;
using namespace cohort::replication;
using namespace cohort::replication::tests;
using namespace cohort::testkit::protocol;

BOOST_FIXTURE_TEST_SUITE(scenario_suite, three_nodes)

BOOST_AUTO_TEST_CASE(a_write_is_acknowledged_and_reaches_everybody) {
  elect(n1);
  g.propose(n1, "a");
  spread();
  BOOST_TEST(g.acknowledged("a"));
  g.settle(5);
  for (auto node : g.all())
    BOOST_TEST(has(node, "a"));
}

BOOST_AUTO_TEST_CASE(C7_nothing_is_acknowledged_before_it_is_durable) {
  elect(n1);
  g.propose(n1, "a");
  for (int i = 0; i < 20; ++i) // messages travel, no disk moves
    for (auto n = g.packets(); n > 0; --n)
      g.deliver(0);
  BOOST_TEST(!g.acknowledged("a"));
  g.sync(n2);
  for (auto n = g.packets(); n > 0; --n)
    g.deliver(0);
  BOOST_TEST(!g.acknowledged("a")); // one copy of three
  g.sync(n1);
  BOOST_TEST(g.acknowledged("a"));
}

BOOST_AUTO_TEST_CASE(the_primary_counts_like_any_other_disk) {
  elect(n1);
  g.propose(n1, "a");
  for (int i = 0; i < 4; ++i) {
    g.sync(n2);
    g.sync(n3);
    for (auto n = g.packets(); n > 0; --n)
      g.deliver(0);
  }
  BOOST_TEST(g.acknowledged("a")); // two backups, not the primary
}

BOOST_AUTO_TEST_CASE(C6_an_older_log_is_not_elected) {
  elect(n1);
  isolate(n3);
  g.propose(n1, "a");
  spread();
  BOOST_REQUIRE(g.acknowledged("a"));
  g.heal();
  g.crash(n1, false);
  for (int i = 0; i < 100; ++i) {
    g.tick(n3);
    spread();
    BOOST_REQUIRE(!g.at(n3).leads());
  }
  elect(n2);
  BOOST_TEST(has(n2, "a"));
}

BOOST_AUTO_TEST_CASE(a_pre_vote_changes_no_term) {
  elect(n1);
  const auto term = g.at(n1).term();
  isolate(n3);
  for (int i = 0; i < 200; ++i)
    g.tick(n3);
  BOOST_TEST((g.at(n3).term() == term));
  g.heal();
  g.settle(10);
  BOOST_TEST(g.at(n1).leads());
  BOOST_TEST((g.at(n1).term() == term));
}

BOOST_AUTO_TEST_CASE(E2_a_voter_that_hears_the_primary_refuses) {
  elect(n1);
  g.tick(n1);
  spread();
  g.at(n2).step(
    n3, vote_request{
          g.at(n2).term().next(), false, false, {term_t{9}, index_t{99}}});
  g.carry_out(n2);
  spread();
  BOOST_TEST(g.at(n1).leads());
}

BOOST_AUTO_TEST_CASE(a_primary_that_reaches_nobody_steps_down) {
  elect(n1);
  isolate(n1);
  for (int i = 0; i < 12; ++i)
    g.tick(n1);
  BOOST_TEST(!g.at(n1).leads());
}

// Found by the simulator: the time that a new primary gives to others was taken
// for an answer, and so a wiped voter for alive.
BOOST_AUTO_TEST_CASE(D4_who_never_answered_has_not_answered_lately) {
  g.crash(n3, false);
  elect(n1);
  for (int i = 0; i < 60; ++i) {
    g.tick(n1);
    spread();
    BOOST_REQUIRE(g.at(n1).leads());
    BOOST_TEST(!g.at(n1).peers()->at(n3).answered_lately);
  }
  BOOST_TEST(g.at(n1).peers()->at(n2).answered_lately);
}

// Thesis figure 3.7: an entry of an older term on a majority is not committed.
BOOST_AUTO_TEST_CASE(entries_of_older_terms_do_not_commit_by_counting) {
  g = group{3, 1, [](options& opts) { opts.append_bytes_max = 1; }};
  elect(n1);
  g.propose(n1, "old"); // on n1 only
  g.sync(n1);
  const auto old = g.disk_of(n1).last();
  g.crash(n1, false);
  lose_all();
  elect_quietly(n2); // the empty entry of its term is on n2 only
  g.sync(n2);
  g.crash(n2, false);
  lose_all();
  g.restart(n1);
  elect_quietly(n1);
  // "old" reaches n3, and n1 learns it; nothing of n1's own term does.
  for (int i = 0; i < 40 && g.disk_of(n3).last() < old; ++i) {
    if (g.packets() > 0)
      g.deliver(0);
    g.sync(n1);
    g.sync(n3);
  }
  BOOST_REQUIRE((g.disk_of(n3).last() == old));
  BOOST_REQUIRE((old.term < g.at(n1).term()));
  for (auto n = g.packets(); n > 0; --n) {
    if (g.packet_at(0).to == n1)
      g.deliver(0);
    else
      g.lose(0);
  }
  BOOST_TEST((g.at(n1).commit_index() < old.index));
  g.crash(n1, false);
  lose_all();
  g.restart(n2);
  g.settle(60); // n2's log is newer: what n1 had committed would be lost now
  BOOST_TEST((g.primary() == n2));
}

BOOST_AUTO_TEST_CASE(E4_a_read_waits_for_a_round_that_began_after_it) {
  elect(n1);
  while (g.packets() > 0)
    g.deliver(0);
  isolate(n1);
  g.read(n1);
  g.tick(n1);
  spread();
  BOOST_TEST(g.facts().reads_granted() == 0u);
  g.heal();
  g.settle(3);
  BOOST_TEST(g.facts().reads_granted() == 1u);
}

BOOST_AUTO_TEST_CASE(E3_a_hand_over_loses_nothing_and_takes_no_timeout) {
  elect(n1);
  g.propose(n1, "a");
  BOOST_REQUIRE(g.at(n1).transfer(n2).ok());
  BOOST_TEST(!g.at(n1).propose(bytes::of("late")).ok());
  g.carry_out(n1);
  spread();
  BOOST_TEST(g.at(n2).leads());
  BOOST_TEST(g.acknowledged("a"));
}

BOOST_AUTO_TEST_CASE(E3_a_hand_over_to_a_dead_node_is_given_up) {
  elect(n1);
  g.crash(n2, false);
  BOOST_REQUIRE(g.at(n1).transfer(n2).ok());
  for (int i = 0; i < 40; ++i) {
    g.tick(n1);
    g.tick(n3);
    spread();
  }
  g.propose(n1, "after");
  spread();
  BOOST_TEST(g.acknowledged("after"));
}

BOOST_AUTO_TEST_CASE(T1_proposals_beyond_the_bound_are_refused) {
  const auto tight = [](options& opts) { opts.uncommitted_bytes_max = 300; };
  g = group{3, 1, tight};
  elect(n1);
  isolate(n1);
  result<index_t> last{index_t{}};
  for (int i = 0; i < 10 && last.ok(); ++i)
    last = g.at(n1).propose(bytes::of("0123456789"));
  BOOST_REQUIRE(!last.ok());
  BOOST_TEST((last.err().code == errc::busy));
}

BOOST_AUTO_TEST_CASE(a_backup_behind_the_base_gets_a_snapshot) {
  elect(n1);
  g.crash(n3, false);
  for (int i = 0; i < 10; ++i)
    g.propose(n1, "w" + std::to_string(i));
  spread();
  g.snapshot(n1);
  g.snapshot(n2);
  g.restart(n3);
  g.settle(20);
  BOOST_TEST(g.snapshots_installed() == 1u);
  BOOST_TEST(g.state_of(n3) == g.state_of(n1),
             boost::test_tools::per_element());
}

// Found by the simulator: a backup whose disk was full was sent a snapshot as
// often as it could refuse one.
BOOST_AUTO_TEST_CASE(T1_a_refused_snapshot_is_sent_again_after_a_time) {
  elect(n1);
  g.crash(n3, false);
  for (int i = 0; i < 10; ++i)
    g.propose(n1, "w" + std::to_string(i));
  spread();
  g.snapshot(n1);
  g.restart(n3);
  spread();
  BOOST_REQUIRE(g.snapshots_pending());
  g.deliver_snapshot(false);
  spread();
  BOOST_TEST(!g.snapshots_pending());
  g.settle(40);
  BOOST_TEST(g.snapshots_installed() == 1u);
}

// Found by the simulator: what was not committed filled the log, where the next
// primaries counted none of it.
BOOST_AUTO_TEST_CASE(T1_a_new_primary_counts_what_it_found) {
  const auto tight = [](options& opts) { opts.uncommitted_bytes_max = 300; };
  g = group{3, 1, tight};
  elect(n1);
  g.cut(n2, n1);
  g.cut(n3, n1);
  for (int i = 0; i < 10; ++i)
    (void) g.at(n1).propose(bytes::of("0123456789"));
  g.carry_out(n1);
  g.deliver(0); // to n2: nobody hears of it
  g.sync(n2);
  lose_all();
  g.crash(n1, false);
  elect_quietly(n2);
  BOOST_TEST(!g.at(n2).propose(bytes::of("0123456789")).ok());
}

BOOST_AUTO_TEST_CASE(C4_a_learner_becomes_a_voter_and_a_voter_leaves) {
  elect(n1);
  g.propose(n1, "a");
  g.start(n4);
  auto wanted = g.at(n1).members().current;
  wanted.learners = {n4};
  BOOST_REQUIRE(g.at(n1).reconfigure(wanted.epoch, wanted).ok());
  g.carry_out(n1);
  g.settle(10);
  BOOST_TEST(has(n4, "a"));
  BOOST_TEST((g.at(n1).members().current.epoch == epoch_t{2}));
  wanted.learners = {};
  wanted.voters = {n2, n3, n4};
  // The epoch that the caller read is no longer the newest.
  BOOST_TEST(!g.at(n1).reconfigure(epoch_t{1}, wanted).ok());
  BOOST_REQUIRE(g.at(n1).reconfigure(epoch_t{2}, wanted).ok());
  g.carry_out(n1);
  g.settle(60);
  BOOST_TEST(!g.at(n1).leads());
  const auto primary = g.primary();
  BOOST_REQUIRE((primary != nobody));
  g.propose(primary, "b");
  g.settle(10);
  BOOST_TEST(g.acknowledged("b"));
  BOOST_TEST(has(n4, "b"));
}

BOOST_AUTO_TEST_CASE(
  C2_a_member_that_denies_what_it_acknowledged_is_found_out) {
  elect(n1);
  for (int i = 0; i < 5; ++i)
    g.propose(n1, "w" + std::to_string(i));
  spread();
  const auto old_disk = g.disk_of(n2);
  for (int i = 5; i < 9; ++i)
    g.propose(n1, "w" + std::to_string(i));
  spread();
  g.crash(n2, false);
  g.replace_disk(n2, old_disk);
  g.restart(n2);
  g.settle(10);
  BOOST_TEST(g.regressed().contains(n2));
}

BOOST_AUTO_TEST_SUITE_END()
