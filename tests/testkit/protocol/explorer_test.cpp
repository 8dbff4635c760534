#include "testkit/protocol/explorer.hpp"

#include "core/check.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

using namespace cohort;
using namespace cohort::testkit::protocol;

namespace {

/// Nodes, terms, commands, crashes, campaigns, heartbeats, repeats.
constexpr exploration_bounds two_terms{3, 2, 0, 0, 2, 0, 0};
constexpr exploration_bounds a_crash{3, 1, 0, 1, 1, 0, 0};
constexpr exploration_bounds a_command_and_a_crash{3, 1, 1, 1, 1, 0, 0};
constexpr exploration_bounds two_commands{3, 1, 2, 0, 1, 0, 0};
constexpr exploration_bounds a_repetition{3, 1, 0, 0, 1, 0, 1};
constexpr exploration_bounds a_pair{2, 2, 1, 1, 2, 0, 0};

constexpr exploration_bounds in_order(exploration_bounds x) {
  x.in_order = true;
  return x;
}

/// What may come next, whatever the order.
std::uint64_t digest_of_successors(const situation& x) {
  std::uint64_t result = 0;
  for (const auto& what : x.choices()) {
    auto next = x;
    next.happen(what);
    result += next.digest() * 0x9e3779b97f4a7c15;
  }
  return result;
}

/// Goes everywhere, and looks at every second way into a state whether it leads
/// on to the same states as the first did.
struct comparison {
  std::unordered_map<std::uint64_t, std::uint64_t> successors;
  std::uint64_t compared = 0;

  void visit(situation first) {
    std::vector<situation> open;
    open.push_back(std::move(first));
    while (!open.empty()) {
      const auto x = std::move(open.back());
      open.pop_back();
      const auto next = digest_of_successors(x);
      const auto [at, added] = successors.emplace(x.digest(), next);
      if (!added) {
        ++compared;
        BOOST_REQUIRE(at->second == next);
        continue;
      }
      for (const auto& what : x.choices()) {
        open.push_back(x);
        open.back().happen(what);
      }
    }
  }
};

} // namespace

BOOST_AUTO_TEST_SUITE(explorer_suite)

BOOST_AUTO_TEST_CASE(C4_C6_C7_hold_in_every_order_of_events) {
  for (const auto& bounds :
       {two_terms, a_command_and_a_crash, two_commands, a_repetition, a_pair,
        in_order(a_command_and_a_crash), in_order({3, 2, 1, 0, 2, 0, 0})}) {
    const auto report = explore(bounds, 10'000'000);
    BOOST_TEST_MESSAGE(describe(bounds) << ": " << describe(report));
    BOOST_TEST(report.exhausted);
    BOOST_TEST(report.states > 100u);
    BOOST_TEST(report.committed > report.states / 10);
  }
}

BOOST_AUTO_TEST_CASE(states_with_one_digest_lead_to_the_same_states) {
  for (const auto& bounds : {exploration_bounds{3, 1, 1, 0, 1, 0, 0}, a_crash,
                             exploration_bounds{2, 2, 1, 0, 2, 0, 0},
                             in_order({2, 2, 1, 1, 2, 0, 0})}) {
    comparison all;
    all.visit(situation{bounds});
    BOOST_TEST(all.compared > all.successors.size() / 2);
  }
}

BOOST_AUTO_TEST_CASE(T2_what_was_overtaken_in_its_lane_never_arrives) {
  const exploration_bounds bounds{2, 1, 1, 0, 1, 1, 0};
  const auto any_order = explore(bounds, 1'000'000);
  const auto ordered = explore(in_order(bounds), 1'000'000);
  BOOST_TEST(ordered.exhausted);
  BOOST_TEST(ordered.states < any_order.states);
  BOOST_TEST(ordered.committed > 0u);
}

BOOST_AUTO_TEST_CASE(nodes_are_known_again_under_another_name) {
  const situation first{two_terms};
  std::vector<std::uint64_t> digests;
  for (const auto& what : first.choices()) {
    auto next = first;
    next.happen(what);
    digests.push_back(next.digest());
  }
  BOOST_REQUIRE(digests.size() == 3u); // somebody campaigns
  BOOST_TEST(digests[0] == digests[1]);
  BOOST_TEST(digests[0] == digests[2]);
  BOOST_TEST(digests[0] != first.digest());
}

BOOST_AUTO_TEST_CASE(a_way_to_what_is_wrong_is_found_and_told) {
  auto bounds = a_pair;
  bounds.nodes = 3;
  bounds.disks_lie = true;
  BOOST_CHECK_EXCEPTION(explore(bounds, 10'000'000), invariant_broken,
                        [](const invariant_broken& e) {
                          const std::string text{e.what()};
                          return text.find("n1 campaigns") != text.npos
                                 && text.find("crashes and starts again")
                                      != text.npos
                                 && text.find("\n  n3: ") != text.npos;
                        });
}

BOOST_AUTO_TEST_CASE(T1_the_number_of_states_has_a_bound) {
  const auto report = explore(two_terms, 1000);
  BOOST_TEST(!report.exhausted);
  BOOST_TEST(report.states == 1000u);
}

BOOST_AUTO_TEST_SUITE_END()
