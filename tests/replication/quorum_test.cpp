#include "replication/quorum.hpp"

#include <boost/test/unit_test.hpp>

#include <bit>

using namespace cohort;
using namespace cohort::replication;

namespace {

std::size_t size_of(unsigned set) {
  return static_cast<std::size_t>(std::popcount(set));
}

configuration config_of(unsigned voters, std::uint32_t m) {
  configuration result;
  for (unsigned i = 0; i < 8; ++i)
    if ((voters >> i & 1) != 0)
      result.voters.push_back(node_id{i + 1});
  result.m = m;
  return result;
}

} // namespace

BOOST_AUTO_TEST_SUITE(quorum_suite)

// C5: by brute force over all sets of up to seven voters and every m.
BOOST_AUTO_TEST_CASE(C5_any_quorums_that_must_meet_do_meet) {
  for (unsigned n = 1; n <= 7; ++n)
    for (std::uint32_t m = 0; m < n; ++m) {
      const auto s = sizes(n, m);
      const unsigned all = (1u << n) - 1;
      BOOST_TEST(s.ack >= s.read);
      BOOST_TEST(s.ack <= n);
      BOOST_TEST(s.vote <= n);
      BOOST_TEST(s.majority >= s.read);
      for (unsigned x = 1; x <= all; ++x)
        for (unsigned y = 1; y <= all; ++y) {
          const bool meet = (x & y) != 0;
          if (size_of(x) >= s.vote && size_of(y) >= s.vote)
            BOOST_REQUIRE(meet); // two votes
          if (size_of(x) >= s.ack && size_of(y) >= s.vote)
            BOOST_REQUIRE(meet); // an acknowledged write and a vote
          if (size_of(x) >= s.read && size_of(y) >= s.vote)
            BOOST_REQUIRE(meet); // a confirmed primary and a vote
          if (size_of(x) >= s.majority && size_of(y) >= s.vote)
            BOOST_REQUIRE(meet); // a configuration entry and a vote
        }
    }
}

BOOST_AUTO_TEST_CASE(C5_the_sizes_of_common_sets) {
  BOOST_TEST((sizes(1, 0) == quorum_sizes{1, 1, 1, 1, 1}));
  BOOST_TEST((sizes(3, 1) == quorum_sizes{3, 2, 2, 2, 2}));
  BOOST_TEST((sizes(4, 2) == quorum_sizes{4, 3, 3, 3, 2}));
  BOOST_TEST((sizes(5, 2) == quorum_sizes{5, 3, 3, 3, 3}));
  BOOST_TEST((sizes(5, 4) == quorum_sizes{5, 3, 3, 5, 3}));
  BOOST_TEST((sizes(5, 1) == quorum_sizes{5, 3, 4, 2, 2}));
}

// C4: what commits under an old configuration or under J meets every vote under
// that one and under J; likewise from J to the new one.
BOOST_AUTO_TEST_CASE(C4_commits_and_votes_meet_across_a_change) {
  for (unsigned old_set = 1; old_set < 32; ++old_set)
    for (unsigned new_set = 1; new_set < 32; ++new_set) {
      const auto m_old = default_m(size_of(old_set));
      const auto m_new = default_m(size_of(new_set));
      const membership before{config_of(old_set, m_old), {}};
      const membership joint{config_of(old_set, m_old),
                             config_of(new_set, m_new)};
      const membership after{config_of(new_set, m_new), {}};
      const auto votes = [](const membership& state, unsigned set) {
        return reached(state, &quorum_sizes::vote, [&](node_id x) {
          return (set >> (x.value - 1) & 1) != 0;
        });
      };
      const auto commits = [](const membership& state, unsigned set) {
        return bounds_of(
                 state,
                 [&](node_id x) { return index_t{set >> (x.value - 1) & 1}; })
                 .ordinary
               == index_t{1};
      };
      for (unsigned x = 0; x < 32; ++x)
        for (unsigned y = 0; y < 32; ++y) {
          if ((x & y) != 0)
            continue;
          BOOST_REQUIRE(!(votes(before, x) && votes(joint, y)));
          BOOST_REQUIRE(!(votes(joint, x) && votes(after, y)));
          BOOST_REQUIRE(!(commits(before, x) && votes(before, y)));
          BOOST_REQUIRE(!(commits(before, x) && votes(joint, y)));
          BOOST_REQUIRE(!(commits(joint, x) && votes(before, y)));
          BOOST_REQUIRE(!(commits(joint, x) && votes(joint, y)));
          BOOST_REQUIRE(!(commits(joint, x) && votes(after, y)));
          BOOST_REQUIRE(!(commits(after, x) && votes(after, y)));
        }
    }
}

BOOST_AUTO_TEST_CASE(the_index_that_enough_voters_hold) {
  const auto config = config_of(0b11111, 2);
  const std::uint64_t held[] = {9, 3, 7, 1, 5};
  const auto at = [&](node_id x) { return index_t{held[x.value - 1]}; };
  BOOST_TEST((held_by(config, 1, at) == index_t{9}));
  BOOST_TEST((held_by(config, 3, at) == index_t{5}));
  BOOST_TEST((held_by(config, 5, at) == index_t{1}));
}

BOOST_AUTO_TEST_CASE(
  a_configuration_that_cannot_work_is_refused_with_a_reason) {
  auto config = config_of(0b111, 1);
  BOOST_TEST(validate(config).ok());
  config.m = 0;
  BOOST_TEST(!validate(config).ok());
  config.m = 3;
  BOOST_TEST(!validate(config).ok());
  config = config_of(0b111, 1);
  config.learners = {node_id{2}};
  BOOST_TEST(!validate(config).ok());
  config.learners = {node_id{5}, node_id{4}};
  BOOST_TEST(!validate(config).ok());
  BOOST_TEST(!validate(configuration{}).ok());
}

BOOST_AUTO_TEST_SUITE_END()
