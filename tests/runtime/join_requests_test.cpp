#include "runtime/join_requests.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdint>

using namespace cohort;
using namespace cohort::runtime;

namespace {

replication::membership voters(std::vector<node_id> nodes) {
  replication::membership result;
  result.current.voters = std::move(nodes);
  return result;
}

const node_id old_one{2};
const node_id new_one{4};
const node_id newer_one{5};

} // namespace

BOOST_AUTO_TEST_SUITE(join_requests_suite)

BOOST_AUTO_TEST_CASE(D4_a_joiner_takes_the_place_it_asked_for_first) {
  join_requests asking;
  asking.take(new_one, old_one);
  asking.take(new_one, nobody);
  BOOST_TEST((asking.pending() == replication::joiners{{new_one, old_one}}));
}

BOOST_AUTO_TEST_CASE(D4_a_joiner_that_was_wiped_leaves_its_place_to_itself) {
  join_requests asking;
  asking.take(new_one, old_one);
  asking.take(newer_one, new_one);
  BOOST_TEST((asking.pending() == replication::joiners{{newer_one, old_one}}));
}

BOOST_AUTO_TEST_CASE(D4_who_votes_for_good_asks_no_more) {
  join_requests asking;
  asking.take(new_one, old_one);
  auto members = voters({node_id{1}, old_one, node_id{3}});
  asking.settle(members, {});
  BOOST_TEST(asking.pending().size() == 1u);
  // Between two configurations it may still be undone.
  members.next = voters({node_id{1}, node_id{3}, new_one}).current;
  asking.settle(members, {});
  BOOST_TEST(asking.pending().size() == 1u);
  asking.settle(voters({node_id{1}, node_id{3}, new_one}), {});
  BOOST_TEST(asking.pending().empty());
}

BOOST_AUTO_TEST_CASE(D4_who_is_silent_is_forgotten_and_may_ask_again) {
  join_requests asking;
  const auto members = voters({node_id{1}, old_one, node_id{3}});
  const auto wait = [&](std::uint32_t looks) {
    for (std::uint32_t i = 0; i < looks; ++i)
      asking.settle(members, {});
    return !asking.pending().empty();
  };
  asking.take(new_one, old_one);
  BOOST_TEST(wait(join_requests::silent_looks_max));
  asking.take(new_one, old_one);
  BOOST_TEST(wait(join_requests::silent_looks_max));
  BOOST_TEST(!wait(1));
  asking.take(new_one, old_one);
  BOOST_TEST((asking.pending() == replication::joiners{{new_one, old_one}}));
}

BOOST_AUTO_TEST_CASE(D4_a_voter_to_be_is_not_forgotten_before_it_is_one) {
  join_requests asking;
  asking.take(new_one, old_one);
  auto members = voters({node_id{1}, old_one, node_id{3}});
  members.next = voters({node_id{1}, node_id{3}, new_one}).current;
  for (std::uint32_t i = 0; i < 2 * join_requests::silent_looks_max; ++i)
    asking.settle(members, {});
  BOOST_TEST(!asking.pending().empty());
}

BOOST_AUTO_TEST_CASE(D4_who_is_over_asks_no_more) {
  join_requests asking;
  asking.take(new_one, old_one);
  asking.settle(voters({node_id{1}, old_one, node_id{3}}), {old_one});
  BOOST_TEST(asking.pending().size() == 1u);
  asking.settle(voters({node_id{1}, old_one, node_id{3}}), {old_one, new_one});
  BOOST_TEST(asking.pending().empty());
}

BOOST_AUTO_TEST_SUITE_END()
