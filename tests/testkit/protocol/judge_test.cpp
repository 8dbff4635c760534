// That the judge sees what is wrong: groups are made to do it.
#include "core/check.hpp"
#include "testkit/protocol/group.hpp"

#include <boost/test/unit_test.hpp>

using namespace cohort;
using namespace cohort::replication;
using namespace cohort::testkit::protocol;

namespace {

constexpr node_id n1{1};
constexpr node_id n2{2};
constexpr node_id n3{3};

struct three_nodes {
  group g{3, 1};
  node_id primary;
  node_id one;   ///< a backup
  node_id other; ///< the other

  three_nodes() {
    g.settle(20);
    primary = g.primary();
    BOOST_REQUIRE((primary != nobody));
    one = primary == n1 ? n2 : n1;
    other = primary == n3 ? n2 : n3;
    if (other == one)
      other = n3;
    g.propose(primary, "a");
    g.settle(3);
    BOOST_REQUIRE(g.acknowledged("a"));
  }

  /// The text of the check that fails in `act`.
  template <class Act>
  std::string broken_by(Act act) {
    try {
      act();
    } catch (const invariant_broken& e) {
      return e.what();
    }
    return "nothing";
  }

  void deliver_all() {
    for (auto n = g.packets(); n > 0; --n)
      g.deliver(0);
  }
};

bool says(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(judge_suite, three_nodes)

BOOST_AUTO_TEST_CASE(a_disk_that_loses_what_is_committed_loses_the_election) {
  const auto empty = [&](node_id node) {
    g.crash(node, false);
    disk fresh{g.disk_of(node).base()};
    g.replace_disk(node, fresh);
  };
  g.crash(primary, false);
  empty(one);
  empty(other);
  g.restart(one);
  g.restart(other);
  const auto what = broken_by([&] { g.settle(60); });
  // A second primary in the first one's term, or one without what is there.
  BOOST_TEST((says(what, "primary == nobody")
              || says(what, "vote == nobody || vote == candidate")
              || says(what, "last <= core.log().last_index()")),
             what);
}

BOOST_AUTO_TEST_CASE(C7_an_acknowledgement_of_what_is_not_durable) {
  g.propose(primary, "b");
  deliver_all();
  BOOST_REQUIRE(!g.member_of(one).unsynced().empty());
  const auto ticket = g.member_of(one).unsynced().front().ticket;
  g.at(one).persisted(ticket); // the disk has not done it
  const auto what = broken_by([&] { g.carry_out(one); });
  BOOST_TEST(says(what, "d.last().index >= x.match"), what);
}

BOOST_AUTO_TEST_CASE(C7_a_commit_that_counts_what_is_not_durable) {
  g.propose(primary, "b");
  const auto ticket = g.member_of(primary).unsynced().front().ticket;
  append_reply answer; // of a node that has nothing
  answer.term = g.at(primary).term();
  answer.match = g.at(primary).log().last_index();
  answer.boot = 1;
  g.at(primary).persisted(ticket);
  g.at(primary).step(one, answer);
  const auto what = broken_by([&] { g.carry_out(primary); });
  BOOST_TEST(says(what, "may_commit(held, kind"), what);
}

BOOST_AUTO_TEST_CASE(C6_a_vote_that_is_not_durable) {
  vote_request request;
  request.term = g.at(one).term() + 7;
  request.transfer = true;
  request.last = g.at(one).log().last();
  g.at(one).step(other, request);
  g.carry_out(one);
  const auto ticket = g.member_of(one).unsynced().front().ticket;
  g.at(one).persisted(ticket);
  g.at(one).step(other, request); // asks again: now it leaves at once
  const auto what = broken_by([&] { g.carry_out(one); });
  BOOST_TEST(says(what, "has_vote(d, vote->term, to)"), what);
}

BOOST_AUTO_TEST_CASE(a_primary_that_was_not_elected) {
  g.at(one).step(primary, timeout_now{g.at(one).term()});
  g.carry_out(one);
  while (!g.member_of(one).unsynced().empty())
    g.sync(one);
  const vote_reply vote{g.at(one).term(), false, true};
  g.at(one).step(other, vote); // nobody sent it
  const auto what = broken_by([&] { g.carry_out(one); });
  BOOST_TEST(says(what, "elected_in("), what);
}

BOOST_AUTO_TEST_CASE(log_matching_is_broken_by_another_entry_in_its_place) {
  append_request forged;
  forged.term = g.at(one).term();
  forged.prev = g.at(one).log().last();
  forged.entries.emplace_back();
  forged.entries.back().term = forged.term;
  forged.entries.back().index = forged.prev.index.next();
  forged.entries.back().kind = entry_kind::command;
  forged.entries.back().payload = bytes::of("forged");
  g.propose(primary, "b");
  g.at(one).step(primary, forged);
  const auto what = broken_by([&] { g.carry_out(one); });
  BOOST_TEST(says(what, "same_content(x, entries[at])"), what);
}

BOOST_AUTO_TEST_CASE(an_entry_that_its_primary_did_not_make) {
  append_request forged;
  forged.term = g.at(one).term();
  forged.prev = g.at(one).log().last();
  forged.entries.emplace_back();
  forged.entries.back().term = forged.term;
  forged.entries.back().index = forged.prev.index.next();
  g.at(one).step(primary, forged);
  const auto what = broken_by([&] { g.carry_out(one); });
  BOOST_TEST(says(what, "by_its_primary"), what);
}

BOOST_AUTO_TEST_CASE(a_committed_entry_is_not_cut) {
  append_request forged;
  forged.term = g.at(one).term() + 1;
  forged.prev = {};
  forged.entries.emplace_back();
  forged.entries.back().term = forged.term;
  forged.entries.back().index = index_t{1};
  g.crash(one, false);
  auto other_disk = disk{g.disk_of(one).base()};
  const auto kept = g.disk_of(one);
  g.replace_disk(one, kept);
  g.restart(one); // its commit index is forgotten, so that it may be cut
  g.at(one).step(other, forged);
  const auto what = broken_by([&] { g.carry_out(one); });
  BOOST_TEST(says(what, "at < x.entries.size()"), what);
}

BOOST_AUTO_TEST_CASE(a_read_at_a_deposed_primary) {
  for (const auto node : {one, other}) {
    g.cut(primary, node);
    g.cut(node, primary);
  }
  for (int i = 0; i < 60 && (g.at(one).leads() == g.at(other).leads()); ++i) {
    g.tick(one);
    g.tick(other);
    for (int round = 0; round < 8; ++round) {
      g.sync(one);
      g.sync(other);
      deliver_all();
    }
  }
  const auto next = g.at(one).leads() ? one : other;
  g.propose(next, "b");
  for (int round = 0; round < 8; ++round) {
    g.sync(one);
    g.sync(other);
    deliver_all();
  }
  BOOST_REQUIRE(g.acknowledged("b"));
  BOOST_REQUIRE(g.at(primary).leads());
  g.read(primary);
  append_reply answer; // to a round that it never got
  answer.term = g.at(primary).term();
  answer.boot = 1;
  answer.round = 1;
  g.at(primary).step(one, answer);
  const auto what = broken_by([&] { g.carry_out(primary); });
  BOOST_TEST(says(what, "grant.index >= asked.must_see"), what);
}

BOOST_AUTO_TEST_SUITE_END()
