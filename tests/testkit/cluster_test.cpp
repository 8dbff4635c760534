// Whole clusters in one process: forming, failover, recovery.
#include "testkit/cluster.hpp"

#include "testkit/counters.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>

namespace {

using namespace cohort;
using namespace std::chrono_literals;
using testkit::cluster;

testkit::cluster_options options_for(std::size_t nodes = 3) {
  testkit::cluster_options options;
  options.nodes = nodes;
  options.make_machine = test::make_counters();
  options.limits.segment_bytes = std::uint64_t{1} << 20;
  if (std::getenv("COHORT_TRACE"))
    options.trace = [](runtime::severity, const std::string& line) {
      std::cerr << line << '\n';
    };
  return options;
}

std::unique_ptr<cluster> started(testkit::cluster_options options) {
  auto made = cluster::start(std::move(options));
  BOOST_REQUIRE_MESSAGE(made.ok(),
                        (made ? std::string{} : to_string(made.err())));
  return std::move(*made);
}

/// Increments once, whatever happens; says so if the outcome is not known.
std::string increment(runtime::set_client& client, const std::string& name) {
  const auto answer = client.execute(name).get();
  return answer ? *answer : to_string(answer.err());
}

std::string value_of(runtime::set_client& client, const std::string& name) {
  const auto answer = client.query(name).get();
  return answer ? *answer : to_string(answer.err());
}

} // namespace

BOOST_AUTO_TEST_SUITE(cluster_suite)

BOOST_AUTO_TEST_CASE(every_node_takes_commands_and_questions) {
  auto nodes = started(options_for());
  BOOST_REQUIRE(nodes->primary().ok());
  int expected = 0;
  for (const auto& name : nodes->names()) {
    BOOST_TEST(increment(nodes->client(name), "x")
               == std::to_string(++expected));
    for (const auto& other : nodes->names())
      BOOST_TEST(value_of(nodes->client(other), "x")
                 == std::to_string(expected));
  }
}

BOOST_AUTO_TEST_CASE(one_node_alone_serves) {
  auto nodes = started(options_for(1));
  BOOST_TEST(increment(nodes->client("n1"), "x") == "1");
  nodes->kill("n1");
  BOOST_REQUIRE(nodes->restart("n1").ok());
  BOOST_TEST(value_of(nodes->client("n1"), "x") == "1");
}

BOOST_AUTO_TEST_CASE(what_was_acknowledged_survives_the_primary) {
  auto nodes = started(options_for());
  for (int round = 1; round <= 5; ++round) {
    auto primary = nodes->primary();
    BOOST_REQUIRE(primary.ok());
    BOOST_TEST(increment(nodes->client(*primary), "x")
               == std::to_string(2 * round - 1));
    nodes->kill(*primary);
    BOOST_TEST(increment(nodes->client(), "x") == std::to_string(2 * round));
    BOOST_REQUIRE(nodes->restart(*primary).ok());
    BOOST_TEST(value_of(nodes->client(*primary), "x")
               == std::to_string(2 * round));
  }
}

BOOST_AUTO_TEST_CASE(all_nodes_can_be_killed_at_once) {
  auto nodes = started(options_for());
  for (int i = 1; i <= 20; ++i)
    BOOST_TEST(increment(nodes->client("n2"), "x") == std::to_string(i));
  for (const auto& name : nodes->names())
    nodes->kill(name);
  for (const auto& name : nodes->names())
    BOOST_REQUIRE(nodes->restart(name).ok());
  BOOST_TEST(value_of(nodes->client("n3"), "x") == "20");
}

BOOST_AUTO_TEST_CASE(a_cut_off_primary_neither_writes_nor_answers) {
  auto nodes = started(options_for());
  auto old = nodes->primary();
  BOOST_REQUIRE(old.ok());
  BOOST_TEST(increment(nodes->client(*old), "x") == "1");
  nodes->isolate(*old);
  auto lost = nodes->client(*old).execute("x");
  std::string other;
  for (const auto& name : nodes->names())
    if (name != *old)
      other = name;
  BOOST_TEST(increment(nodes->client(other), "y") == "1");
  nodes->heal();
  const auto outcome = lost.get();
  BOOST_TEST(increment(nodes->client(other), "y") == "2");
  // Exactly once if it was acknowledged, at most once if not (K1).
  const auto x = value_of(nodes->client(*old), "x");
  if (outcome)
    BOOST_TEST(x == "2");
  else
    BOOST_TEST((x == "1" || x == "2"));
}

BOOST_AUTO_TEST_CASE(a_status_has_all_answers_however_long_a_tick_is) {
  auto options = options_for();
  options.timers.tick_ms = 600;
  options.timers.heartbeat_ticks = 1;
  options.timers.election_ticks = 2;
  auto nodes = started(std::move(options));
  BOOST_TEST(cluster::eventually([&] {
    const auto text = nodes->status("n1");
    return text.find("n3") != std::string::npos
           && text.find("no answer") == std::string::npos;
  }));
}

BOOST_AUTO_TEST_CASE(a_wiped_node_joins_anew) {
  auto nodes = started(options_for());
  BOOST_TEST(increment(nodes->client("n1"), "x") == "1");
  nodes->wipe("n3");
  BOOST_REQUIRE(nodes->restart("n3").ok());
  BOOST_TEST(increment(nodes->client("n1"), "x") == "2");
  // It is a voter again: with it, the cluster survives the loss of another.
  BOOST_TEST(cluster::eventually([&] {
    const auto text = nodes->status("n1");
    return text.find("for failover 1 more") != std::string::npos
           && text.find("learner") == std::string::npos
           && text.find("members are changing") == std::string::npos
           && text.find("no answer") == std::string::npos;
  }));
  nodes->kill("n1");
  BOOST_TEST(increment(nodes->client("n3"), "x") == "3");
}

BOOST_AUTO_TEST_CASE(two_wiped_nodes_never_form_a_second_cluster) {
  auto nodes = started(options_for());
  BOOST_TEST(increment(nodes->client("n1"), "x") == "1");
  for (const auto& name : nodes->names())
    nodes->kill(name);
  nodes->wipe("n1");
  nodes->wipe("n2");
  BOOST_REQUIRE(nodes->restart("n1").ok());
  BOOST_REQUIRE(nodes->restart("n2").ok());
  // Alone with each other they wait for n3, however long.
  BOOST_TEST(cluster::eventually([&] {
    const auto text = nodes->status("n1");
    return text.find("not formed") != std::string::npos
           && text.find("waiting for n3") != std::string::npos;
  }));
  BOOST_REQUIRE(nodes->restart("n3").ok());
  BOOST_TEST(cluster::eventually([&] {
    return nodes->status("n1").find("not formed") != std::string::npos
           && nodes->status("n3").find("no primary") != std::string::npos;
  }));
}

BOOST_AUTO_TEST_CASE(D7_a_wiped_backup_catches_up_by_snapshot) {
  auto options = options_for();
  options.limits.snapshot_log_bytes = std::uint64_t{1} << 20;
  auto nodes = started(std::move(options));
  // Long names: the log outgrows several snapshots.
  const std::string padding(8000, 'x');
  const auto write = [&](int count) {
    for (; count > 0; count -= 50) {
      std::vector<std::future<result<std::string>>> answers;
      for (int i = 0; i < 50; ++i)
        answers.push_back(
          nodes->client("n1").execute(padding + std::to_string(i % 10)));
      for (auto& x : answers)
        BOOST_TEST(x.get().ok());
    }
  };
  write(1000);
  nodes->wipe("n3");
  write(500);
  BOOST_REQUIRE(nodes->restart("n3").ok());
  write(500);
  BOOST_TEST(cluster::eventually([&] {
    const auto text = nodes->status("n1");
    return text.find("for failover 1 more") != std::string::npos
           && text.find("members are changing") == std::string::npos
           && text.find("learner") == std::string::npos;
  }));
  nodes->kill("n2");
  BOOST_TEST(value_of(nodes->client("n3"), padding + "7") == "200");
  // And what it has restored, it has durably.
  nodes->kill("n3");
  BOOST_REQUIRE(nodes->restart("n3").ok());
  BOOST_TEST(value_of(nodes->client("n3"), padding + "7") == "200");
}

BOOST_AUTO_TEST_CASE(E3_a_node_that_stops_hands_over_first) {
  auto nodes = started(options_for());
  auto primary = nodes->primary();
  BOOST_REQUIRE(primary.ok());
  BOOST_TEST(increment(nodes->client(*primary), "x") == "1");
  nodes->stop(*primary);
  const auto next = nodes->primary();
  BOOST_REQUIRE(next.ok());
  BOOST_TEST(*next != *primary);
  BOOST_TEST(increment(nodes->client(), "x") == "2");
}

BOOST_AUTO_TEST_CASE(C2_a_rolled_back_disk_is_refused) {
  namespace fs = std::filesystem;
  auto nodes = started(options_for());
  BOOST_TEST(increment(nodes->client("n1"), "x") == "1");
  nodes->kill("n3");
  const auto kept = nodes->directory_of("n3") + "-kept";
  fs::copy(nodes->directory_of("n3"), kept, fs::copy_options::recursive);
  BOOST_REQUIRE(nodes->restart("n3").ok());
  BOOST_TEST(increment(nodes->client("n3"), "x") == "2");
  nodes->wipe("n3");
  fs::rename(kept, nodes->directory_of("n3"));
  BOOST_REQUIRE(nodes->restart("n3").ok());
  BOOST_TEST(cluster::eventually([&] { return !nodes->running("n3"); }));
  const auto why = nodes->stopped_because("n3");
  BOOST_TEST(why.find("rolled back") != std::string::npos, why);
  BOOST_TEST(increment(nodes->client("n1"), "x") == "3");
}

// Its starts were counted on, so that its boot counter does not give it away.
BOOST_AUTO_TEST_CASE(C2_a_member_that_went_back_in_time_is_refused_for_good) {
  namespace fs = std::filesystem;
  auto options = options_for();
  // The primary has to stay: another would not know what the victim had. A busy
  // machine may stop for longer than the usual 200 ms.
  options.timers.election_ticks = 100;
  auto nodes = started(std::move(options));
  const auto primary = nodes->primary();
  BOOST_REQUIRE(primary.ok());
  std::vector<std::string> backups;
  for (const auto& name : nodes->names())
    if (name != *primary)
      backups.push_back(name);
  const auto &victim = backups[0], &other = backups[1];
  const auto refused = [&](const std::string& by) {
    BOOST_TEST(cluster::eventually([&] { return !nodes->running(victim); }));
    const auto why = nodes->stopped_because(victim);
    BOOST_TEST(why.find(by + " refuses this node") != std::string::npos, why);
    BOOST_TEST(why.find("is over") != std::string::npos, why);
  };
  nodes->kill(victim);
  const auto kept = nodes->directory_of(victim) + "-kept";
  fs::copy(nodes->directory_of(victim), kept, fs::copy_options::recursive);
  BOOST_REQUIRE(nodes->restart(victim).ok());
  BOOST_TEST(cluster::eventually([&] {
    return nodes->status(*primary).find("for failover 1 more")
           != std::string::npos;
  }));
  // Without the other node, the victim acknowledges this.
  nodes->kill(other);
  BOOST_TEST(increment(nodes->client(*primary), "x") == "1");
  BOOST_REQUIRE(nodes->restart(other).ok());
  BOOST_TEST(cluster::eventually([&] {
    return nodes->status(*primary).find("for failover 1 more")
           != std::string::npos;
  }));
  nodes->wipe(victim);
  fs::rename(kept, nodes->directory_of(victim));
  nodes->isolate(victim);
  for (int i = 0; i < 2; ++i)
    BOOST_REQUIRE(nodes->restart(victim).ok());
  nodes->heal();
  refused(*primary);
  // The other node has it from the meta set.
  nodes->cut(victim, *primary);
  BOOST_REQUIRE(nodes->restart(victim).ok());
  refused(other);
  nodes->heal();
  // And nobody forgets it.
  for (const auto& name : {*primary, other})
    nodes->kill(name);
  for (const auto& name : {*primary, other})
    BOOST_REQUIRE(nodes->restart(name).ok());
  BOOST_TEST(increment(nodes->client(*primary), "x") == "2");
  BOOST_REQUIRE(nodes->restart(victim).ok());
  refused("");
}

BOOST_AUTO_TEST_CASE(D7_a_node_with_a_damaged_snapshot_says_so_and_stops) {
  namespace fs = std::filesystem;
  auto nodes = started(options_for(1));
  BOOST_TEST(increment(nodes->client("n1"), "x") == "1");
  nodes->kill("n1");
  const auto set = fs::path{nodes->directory_of("n1")} / "snapshots"
                   / "0000000000000001";
  const std::string name = "snapshot-0000000000000001-0000000000000002";
  fs::create_directories(set);
  std::ofstream{set / name} << "damaged";
  const auto again = nodes->restart("n1");
  BOOST_TEST(
    cluster::eventually([&] { return !nodes->stopped_because("n1").empty(); }));
  const auto why = nodes->stopped_because("n1");
  BOOST_TEST(why.find(name) != std::string::npos, why);
  // It may have listened before it came to that.
  if (!again)
    BOOST_TEST(to_string(again.err()) == why);
}

BOOST_AUTO_TEST_SUITE_END()
