// The judge of what replicas apply notices what is wrong.
#include "testkit/witnessed_machine.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <string_view>

using namespace cohort;
using namespace cohort::testkit;

namespace {

struct court {
  std::string verdict; ///< empty: nothing is wrong
  apply_witness witness{[this](const std::string& what) { verdict = what; }};
  witnessed_machine first{witness, "n1"};
  witnessed_machine second{witness, "n2"};

  bool says(std::string_view part) const {
    return verdict.find(part) != std::string::npos;
  }
};

std::string apply(witnessed_machine& to, std::string_view command) {
  return to.apply(machine::apply_context{}, command);
}

} // namespace

BOOST_AUTO_TEST_SUITE(witnessed_machine_suite)

BOOST_AUTO_TEST_CASE(equal_replicas_are_in_order) {
  court x;
  for (auto* replica : {&x.first, &x.second}) {
    BOOST_TEST(apply(*replica, "a") == "1");
    BOOST_TEST(apply(*replica, "b") == "2");
  }
  BOOST_TEST(x.verdict == "");
  BOOST_TEST(x.witness.length() == 2u);
  BOOST_TEST(x.witness.position_of("b") == 2u);
  BOOST_TEST(x.witness.position_of("c") == 0u);
  BOOST_TEST(x.witness.has_all("n2"));
}

BOOST_AUTO_TEST_CASE(another_command_at_a_place_is_noticed) {
  court x;
  apply(x.first, "a");
  apply(x.second, "b");
  BOOST_TEST(x.says("n2 differs"));
}

BOOST_AUTO_TEST_CASE(another_order_is_noticed) {
  court x;
  apply(x.first, "a");
  apply(x.first, "b");
  apply(x.second, "b");
  BOOST_TEST(x.says("n2 differs"));
}

BOOST_AUTO_TEST_CASE(K1_a_command_that_ran_twice_is_noticed) {
  court x;
  apply(x.first, "a");
  apply(x.first, "a");
  BOOST_TEST(x.says("twice"));
}

BOOST_AUTO_TEST_CASE(a_replica_behind_has_not_all) {
  court x;
  apply(x.first, "a");
  BOOST_TEST(x.witness.has_all("n1"));
  BOOST_TEST(!x.witness.has_all("n2"));
}

BOOST_AUTO_TEST_CASE(a_snapshot_brings_the_state) {
  court x;
  apply(x.first, "a");
  BOOST_REQUIRE(x.second.load(x.first.save()).ok());
  BOOST_TEST(x.verdict == "");
  BOOST_TEST(apply(x.second, "b") == "2");
  BOOST_TEST(x.verdict == "");
}

BOOST_AUTO_TEST_CASE(a_snapshot_may_come_before_the_first_command) {
  court x;
  const auto empty = x.first.save();
  apply(x.first, "a");
  BOOST_REQUIRE(x.second.load(empty).ok());
  BOOST_TEST(x.verdict == "");
  BOOST_TEST(apply(x.second, "a") == "1");
  BOOST_TEST(x.verdict == "");
}

BOOST_AUTO_TEST_CASE(a_snapshot_of_another_history_is_noticed) {
  court x;
  court other;
  apply(x.first, "a");
  apply(other.first, "b");
  BOOST_REQUIRE(x.second.load(other.first.save()).ok());
  BOOST_TEST(x.says("snapshot"));
}

BOOST_AUTO_TEST_CASE(half_a_snapshot_is_an_error) {
  court x;
  apply(x.first, "a");
  const auto saved = x.first.save();
  BOOST_TEST(!x.second.load(saved.substr(0, saved.size() / 2)).ok());
}

BOOST_AUTO_TEST_SUITE_END()
