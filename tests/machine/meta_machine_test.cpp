// Rule C1: the cluster's own facts.
#include "machine/meta_machine.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

using namespace cohort;
using namespace cohort::machine;

namespace {

struct fixture {
  meta_reply mint(const std::string& node, std::uint64_t nonce,
                  node_id replaces = nobody) {
    const auto reply = codec::decode_meta_reply(
      machine.apply({}, codec::encode(mint_command{node, nonce, replaces})));
    BOOST_REQUIRE(reply.ok());
    return *reply;
  }

  meta_reply bury(std::uint64_t incarnation) {
    const auto reply = codec::decode_meta_reply(
      machine.apply({}, codec::encode(bury_command{node_id{incarnation}})));
    BOOST_REQUIRE(reply.ok());
    return *reply;
  }

  int told = 0;
  meta_machine machine{{"c", "a", "b"}, [this](const meta_state&) { ++told; }};
};

} // namespace

BOOST_AUTO_TEST_SUITE(meta_machine_suite)

BOOST_AUTO_TEST_CASE(c1_the_formation_numbers_nodes_by_name) {
  const meta_machine machine{{"c", "a", "b"}, {}};
  const auto& state = machine.state();
  BOOST_TEST((state.nodes.at("a").incarnation == node_id{1}));
  BOOST_TEST((state.nodes.at("b").incarnation == node_id{2}));
  BOOST_TEST((state.nodes.at("c").incarnation == node_id{3}));
  BOOST_TEST((state.last_incarnation == node_id{3}));
}

BOOST_AUTO_TEST_CASE(c1_a_wiped_node_gets_a_new_incarnation) {
  fixture f;
  const auto first = f.mint("b", 77);
  BOOST_TEST((first.incarnation == node_id{4}));
  BOOST_TEST((first.replaces == node_id{2}));
  BOOST_TEST(first.refused.empty());
  BOOST_TEST((f.machine.state().buried == std::vector<node_id>{node_id{2}}));
  const auto second = f.mint("b", 78);
  BOOST_TEST((second.incarnation == node_id{5}));
  BOOST_TEST((second.replaces == node_id{4}));
  BOOST_TEST(f.told == 2);
}

BOOST_AUTO_TEST_CASE(c1_asking_again_mints_nothing_new) {
  fixture f;
  const auto first = f.mint("b", 77);
  const auto again = f.mint("b", 77);
  BOOST_TEST((again.incarnation == first.incarnation));
  BOOST_TEST((again.replaces == first.replaces));
  BOOST_TEST((f.machine.state().last_incarnation == node_id{4}));
}

// Found by the simulator: a node that was paused passed on what another had
// asked for two empty disks ago, and the one that lived by then was buried.
BOOST_AUTO_TEST_CASE(c2_a_late_request_does_not_end_a_later_life) {
  fixture f;
  const auto second = f.mint("b", 78, node_id{2});
  BOOST_TEST((second.incarnation == node_id{4}));
  const auto late = f.mint("b", 77, node_id{2});
  BOOST_TEST((late.incarnation == nobody));
  BOOST_TEST(late.refused.find("an earlier life") != std::string::npos);
  BOOST_TEST((f.machine.state().buried == std::vector<node_id>{node_id{2}}));
  BOOST_TEST((f.mint("b", 78, node_id{2}).incarnation == node_id{4}));
  BOOST_TEST((f.mint("b", 79, node_id{4}).incarnation == node_id{5}));
}

// The formation leaves the nonce 0: nobody can pass for the first incarnation.
BOOST_AUTO_TEST_CASE(c1_a_nonce_of_zero_always_mints) {
  fixture f;
  BOOST_TEST((f.mint("a", 0).incarnation == node_id{4}));
  BOOST_TEST((f.mint("a", 0).incarnation == node_id{5}));
}

BOOST_AUTO_TEST_CASE(c1_a_stranger_is_refused) {
  fixture f;
  const auto before = f.machine.state();
  const auto reply = f.mint("nobody we know", 1);
  BOOST_TEST((reply.incarnation == nobody));
  BOOST_TEST(reply.refused.find("nobody we know") != std::string::npos);
  BOOST_TEST((f.machine.state() == before));
}

BOOST_AUTO_TEST_CASE(c2_an_incarnation_is_buried_once) {
  fixture f;
  const std::vector<node_id> over{node_id{2}};
  BOOST_TEST(f.bury(2).refused.empty());
  BOOST_TEST(f.bury(2).refused.empty());
  BOOST_TEST((f.machine.state().buried == over));
  BOOST_TEST(f.told == 2);
  // Its node comes back as every other that lost its disk.
  const auto minted = f.mint("b", 77);
  BOOST_TEST((minted.incarnation == node_id{4}));
  BOOST_TEST((minted.replaces == node_id{2}));
  BOOST_TEST((f.machine.state().buried == over));
}

BOOST_AUTO_TEST_CASE(c2_only_an_incarnation_that_is_current_is_buried) {
  fixture f;
  f.mint("b", 77);
  const auto before = f.machine.state();
  for (const std::uint64_t unknown : {2, 9})
    BOOST_TEST(f.bury(unknown).refused.find(std::to_string(unknown))
               != std::string::npos);
  BOOST_TEST((f.machine.state() == before));
}

BOOST_AUTO_TEST_CASE(a_command_that_cannot_be_read_is_refused) {
  fixture f;
  const auto reply = codec::decode_meta_reply(f.machine.apply({}, "nonsense"));
  BOOST_REQUIRE(reply.ok());
  BOOST_TEST(!reply->refused.empty());
  BOOST_TEST((reply->incarnation == nobody));
}

BOOST_AUTO_TEST_CASE(the_state_is_saved_and_loaded) {
  fixture f;
  f.mint("b", 77);
  meta_machine other{{"x"}, {}};
  BOOST_REQUIRE(other.load(f.machine.save()).ok());
  BOOST_TEST((other.state() == f.machine.state()));
  BOOST_TEST(other.query("anything") == f.machine.save());
  BOOST_TEST(!other.load("nonsense").ok());
  BOOST_TEST((other.state() == f.machine.state()));
}

BOOST_AUTO_TEST_SUITE_END()
