#include "runtime/cluster_report.hpp"

#include <boost/test/unit_test.hpp>

using namespace cohort;
using namespace cohort::runtime;

namespace {

status_reply answer_of(const std::string& name, std::uint64_t incarnation,
                       const std::string& role, std::uint64_t term,
                       std::uint64_t applied) {
  status_reply result;
  result.node = name;
  result.incarnation = node_id{incarnation};
  result.boot = 4;
  result.version = "1.2";
  result.uptime_ms = 61'000;
  replica_status set;
  set.set = set_id{1};
  set.set_name = "main";
  set.role = role;
  set.term = term_t{term};
  set.primary = node_id{1};
  set.durable_index = index_t{90};
  set.commit_index = index_t{applied};
  set.applied_index = index_t{applied};
  set.epoch = epoch_t{2};
  set.voters = {node_id{1}, node_id{2}, node_id{3}};
  result.replicas.push_back(set);
  return result;
}

cluster_view healthy() {
  cluster_view view;
  view.cluster_name = "shop";
  view.cluster = {1, 2};
  view.observer = "n2";
  view.names = {"n1", "n2", "n3"};
  view.answers["n1"] = answer_of("n1", 1, "primary", 7, 90);
  view.answers["n2"] = answer_of("n2", 2, "backup", 7, 88);
  view.answers["n3"] = answer_of("n3", 3, "backup", 7, 90);
  return view;
}

bool has(const std::string& text, const std::string& what) {
  return text.find(what) != std::string::npos;
}

} // namespace

BOOST_AUTO_TEST_SUITE(cluster_report_suite)

BOOST_AUTO_TEST_CASE(a_healthy_cluster) {
  const auto text = render(healthy());
  BOOST_TEST(has(text,
                 "cluster shop (00000000000000010000000000000002), "
                 "seen by n2\n"));
  BOOST_TEST(has(text, "n1    1   4      61 s  1.2\n"));
  BOOST_TEST(has(text, "set main, epoch 2, primary n1\n"));
  BOOST_TEST(has(text, "n2    backup   7     90       88         88       2"));
  BOOST_TEST(has(text,
                 "for writes 1 more, for linearizable reads 1 more, for "
                 "failover 1 more"));
}

BOOST_AUTO_TEST_CASE(C5_the_last_loss_that_can_be_borne_is_said) {
  auto view = healthy();
  view.answers.erase("n3");
  const auto text = render(view);
  BOOST_TEST(has(text, "n3    -   -      no answer  -\n"));
  BOOST_TEST(has(text, "for writes 0 more"));
}

BOOST_AUTO_TEST_CASE(C4_between_two_configurations_nothing_is_promised) {
  auto view = healthy();
  view.answers["n1"].replicas.front().note = changing_members_note;
  const auto text = render(view);
  BOOST_TEST(has(text, "its members are changing"));
  BOOST_TEST(!has(text, "for writes"));
}

BOOST_AUTO_TEST_CASE(no_primary_and_why) {
  auto view = healthy();
  view.answers.erase("n1");
  view.answers.erase("n3");
  const auto text = render(view);
  BOOST_TEST(has(text, "no primary: of 3 voters a majority must be up"));
  BOOST_TEST(has(text, "for writes none left"));
}

BOOST_AUTO_TEST_CASE(a_deposed_primary_does_not_count) {
  auto view = healthy();
  view.answers["n2"] = answer_of("n2", 2, "primary", 8, 90);
  view.answers["n2"].replicas.front().primary = node_id{2};
  BOOST_TEST(has(render(view), "set main, epoch 2, primary n2\n"));
}

BOOST_AUTO_TEST_CASE(C2_a_node_that_waits_says_for_whom) {
  auto view = healthy();
  view.cluster = {};
  view.answers.clear();
  view.answers["n2"] = {};
  view.waiting_for = "n1 to answer";
  const auto text = render(view);
  BOOST_TEST(has(text, "cluster shop (not formed), seen by n2\n"));
  BOOST_TEST(has(text, "waiting for n1 to answer\n"));
}

BOOST_AUTO_TEST_SUITE_END()
