#include "runtime/topology.hpp"

#include <boost/test/unit_test.hpp>

#include <functional>

using namespace cohort;
using namespace cohort::runtime;

namespace {

topology cluster_of(std::size_t n) {
  topology result;
  result.cluster_name = "main";
  for (std::size_t i = 1; i <= n; ++i) {
    const auto name = "n" + std::to_string(i);
    const auto port = static_cast<std::uint16_t>(i);
    result.nodes.push_back(
      {name,
       {"127.0.0.1", static_cast<std::uint16_t>(7400 + port)},
       {"127.0.0.1", static_cast<std::uint16_t>(6400 + port)},
       "/var/lib/cohort/" + name});
  }
  result.sets.resize(1);
  result.sets[0].name = "kv";
  return result;
}

std::string render(const std::vector<topology_problem>& problems) {
  std::string result;
  for (const auto& x : problems)
    result += x.key + ": " + x.message + "\n";
  return result;
}

/// A change to a good topology of three nodes, and all that is wrong then.
struct mistake {
  std::function<void(topology&)> make;
  const char* expected;
};

void check_all(const std::vector<mistake>& mistakes) {
  for (const auto& x : mistakes) {
    auto plan = cluster_of(3);
    x.make(plan);
    BOOST_TEST(render(problems_of(plan)) == x.expected);
  }
}

} // namespace

BOOST_AUTO_TEST_SUITE(topology_suite)

BOOST_AUTO_TEST_CASE(a_good_topology_has_no_problems) {
  for (std::size_t n = 1; n <= 7; ++n)
    BOOST_TEST(render(problems_of(cluster_of(n))) == "");
}

BOOST_AUTO_TEST_CASE(names_are_checked) {
  check_all({
    {[](auto& x) { x.cluster_name = ""; },
     "cluster.name: is empty; give it a name\n"},
    {[](auto& x) { x.cluster_name = std::string(64, 'x'); },
     "cluster.name: has 64 bytes; write at most 63\n"},
    {[](auto& x) { x.nodes[0].name = "../n1"; },
     "nodes[0].name: \"../n1\" is no name; use letters, digits, '-', '_' and "
     "'.', and begin with a letter or a digit\n"},
    {[](auto& x) { x.nodes[2].name = "n1"; },
     "nodes[2].name: \"n1\" is that of nodes[0].name, too; each needs its "
     "own\n"},
    {[](auto& x) { x.sets[0].name = "meta"; },
     "sets[0].name: \"meta\" is the set of the cluster's own facts; choose "
     "another name\n"},
  });
}

BOOST_AUTO_TEST_CASE(addresses_are_checked) {
  check_all({
    {[](auto& x) { x.nodes[1].peer.port = 0; },
     "nodes[1].peer: port 0 is none that others could find; write a port from "
     "1 to 65535\n"},
    {[](auto& x) { x.nodes[1].peer.host = ""; },
     "nodes[1].peer: has no host; write \"host:port\"\n"},
    {[](auto& x) { x.nodes[1].peer = x.nodes[0].client; },
     "nodes[1].peer: \"127.0.0.1:6401\" is that of nodes[0].client, too; each "
     "needs its own\n"},
    {[](auto& x) { x.nodes[1].client.port = 0; },
     "nodes[1].client: port 0 is none; write a port from 1 to 65535, or leave "
     "the key out to serve no clients\n"},
    {[](auto& x) { x.nodes[1].client.host = "10.0.0.1"; },
     "nodes[1].client: \"10.0.0.1\" can be reached from other machines, and "
     "there is no TLS yet; write insecure = true under [cluster] if the "
     "network is trusted\n"},
    {[](auto& x) { x.nodes[1].client.host = "localhost"; },
     "nodes[1].client: \"localhost\" is a name; write the address in numbers, "
     "\"127.0.0.1\" or \"::1\"\n"},
    {[](auto& x) {
       x.insecure = true;
       x.nodes[1].peer.host = "0.0.0.0";
       x.nodes[1].client.host = "0.0.0.0";
     },
     "nodes[1].peer: \"0.0.0.0\" is no address that others could connect to; "
     "write the one of this node\n"},
  });
}

BOOST_AUTO_TEST_CASE(a_node_may_serve_no_clients) {
  auto plan = cluster_of(3);
  plan.nodes[1].client = {};
  BOOST_TEST(render(problems_of(plan)) == "");
}

BOOST_AUTO_TEST_CASE(nodes_in_one_process_need_no_address) {
  auto plan = cluster_of(3);
  plan.transport = transport_kind::local;
  for (auto& node : plan.nodes) {
    node.peer = {};
    node.client = {};
  }
  BOOST_TEST(render(problems_of(plan)) == "");
}

BOOST_AUTO_TEST_CASE(directories_of_one_machine_are_apart) {
  check_all({
    {[](auto& x) { x.nodes[1].directory = ""; },
     "nodes[1].data: is empty; name the directory for all that the node "
     "keeps\n"},
    {[](auto& x) { x.nodes[1].directory = "/var/lib/x/../cohort/n1/"; },
     "nodes[1].data: \"/var/lib/x/../cohort/n1/\" is that of nodes[0], too; "
     "each needs its own\n"},
    {[](auto& x) { x.nodes[2].directory = "/var/lib/cohort/n2/log"; },
     "nodes[2].data: \"/var/lib/cohort/n2/log\" overlaps that of nodes[1], "
     "too; each needs its own\n"},
    {[](auto& x) {
       x.insecure = true;
       x.nodes[1].peer.host = "10.0.0.1";
       x.nodes[1].directory = x.nodes[0].directory;
     },
     ""},
  });
}

BOOST_AUTO_TEST_CASE(sets_are_checked) {
  using replication::sync_mode;
  check_all({
    {[](auto& x) { x.sets.clear(); },
     "sets: there is none; a cluster needs one\n"},
    {[](auto& x) {
       x.sets.push_back(x.sets[0]);
       x.sets[1].name = "other";
     },
     "sets[1]: is one too many; several sets are planned, and not in this "
     "release: keep one\n"},
    {[](auto& x) { x.sets[0].mode = sync_mode::semi_async; },
     "sets[0].mode: \"semi_async\" is planned, and not in this release; write "
     "\"primary_backup\"\n"},
    {[](auto& x) {
       x.sets[0].members = {"n1", "n9", "n1"};
     },
     "sets[0].members: \"n9\" is no node; list names of [[nodes]], or leave "
     "the key out to mean all of them\n"
     "sets[0].members: \"n1\" is listed twice; list it once\n"},
    {[](auto& x) { x.sets[0].m = 3; },
     "sets[0].m: 3 copies beyond the primary's need more than 3 nodes; write "
     "at most 2\n"},
    {[](auto& x) { x.sets[0].m = 0; },
     "sets[0].m: 0 copies beyond the primary's do not survive the loss of a "
     "minority of 3 nodes; write at least 1\n"},
    {[](auto& x) { x.sets[0].m = 2; }, ""},
  });
}

BOOST_AUTO_TEST_CASE(a_cluster_has_bounds) {
  topology none;
  none.cluster_name = "main";
  BOOST_TEST(render(problems_of(none))
             == "nodes: there are none; a cluster needs at least one\n"
                "sets: there is none; a cluster needs one\n");
  BOOST_TEST(render(problems_of(cluster_of(64))) == "");
  BOOST_TEST(render(problems_of(cluster_of(65)))
             == "nodes: there are 65; a cluster has at most 64\n");
}

BOOST_AUTO_TEST_CASE(limits_are_checked) {
  check_all({
    {[](auto& x) { x.limits.clients_max = 0; },
     "limits.clients_max: 0 is out of range; write 1 to 1000000\n"},
    {[](auto& x) { x.limits.pending_bytes_max = 1; },
     "limits.pending_bytes_max: 1 bytes are too few; write at least 65536\n"},
    {[](auto& x) { x.limits.segment_bytes = 1'000'000; },
     "limits.segment_bytes: must be a multiple of 4096, and at most 1 GiB\n"},
    {[](auto& x) { x.limits.segment_bytes = 4096; },
     "limits.segment_bytes: must be at least 65536\n"},
    {[](auto& x) { x.limits.log_bytes_max = 48 << 20; },
     "limits.log_bytes_max: must hold at least 4 segments\n"
     "limits.snapshot_log_bytes: is above log_bytes_max: the log would be full "
     "before the first snapshot; write at most 50331648\n"},
    {[](auto& x) { x.limits.log_bytes_limit = 1; },
     "limits.log_bytes_limit: must be at least log_bytes_max, and at most 4096 "
     "segments\n"},
    {[](auto& x) {
       x.limits.segment_bytes = 64 << 10;
       x.limits.log_bytes_max = x.limits.log_bytes_limit = 64 << 20;
     },
     ""},
  });
}

BOOST_AUTO_TEST_CASE(timers_fit_each_other) {
  check_all({
    {[](auto& x) { x.timers.tick_ms = 0; },
     "timers.tick_ms: 0 is out of range; write 1 to 1000\n"},
    {[](auto& x) { x.timers.election_ticks = 9; },
     "timers.election_ticks: one lost heartbeat would start an election; write "
     "at least twice heartbeat_ticks, 10\n"},
    {[](auto& x) { x.timers.request_patience_ms = 399; },
     "timers.request_patience_ms: a request would not outlive an election; "
     "write at least 2 * election_ticks * tick_ms, 400\n"},
    {[](auto& x) {
       x.timers.election_ticks = 1'000'000;
       x.timers.tick_ms = 1000;
     },
     "timers.request_patience_ms: a request would not outlive an election; "
     "write at least 2 * election_ticks * tick_ms, 2000000000\n"},
  });
}

BOOST_AUTO_TEST_CASE(what_is_not_wise_is_a_warning) {
  BOOST_TEST(render(warnings_of(cluster_of(3))) == "");
  BOOST_TEST(render(warnings_of(cluster_of(1)))
             == "sets[0].members: one node keeps this set: its loss is the "
                "loss of the data\n");
  BOOST_TEST(render(warnings_of(cluster_of(2)))
             == "sets[0].members: two nodes keep this set: it stops when "
                "either of them fails; three survive one failure\n");
  BOOST_TEST(render(warnings_of(cluster_of(4)))
             == "sets[0].members: 4 nodes survive no more failures than 3; an "
                "odd number is better\n");
  auto open = cluster_of(3);
  open.nodes[0].client.host = "0.0.0.0";
  BOOST_TEST(render(warnings_of(open))
             == "cluster.insecure: who reaches the ports of this cluster can "
                "read and change all it has: there is no TLS yet\n");
}

BOOST_AUTO_TEST_CASE(the_fingerprint_is_stable) {
  BOOST_TEST(fingerprint(cluster_of(3)) == 18143477339290485967u);
}

BOOST_AUTO_TEST_CASE(the_fingerprint_is_that_of_the_cluster) {
  const auto original = fingerprint(cluster_of(3));
  const std::vector<std::function<void(topology&)>> same{
    [](auto& x) { std::swap(x.nodes[0], x.nodes[2]); },
    [](auto& x) { x.nodes[0].peer.port = 1; },
    [](auto& x) { x.nodes[0].directory = "/elsewhere"; },
    [](auto& x) { x.limits.clients_max = 1; },
    [](auto& x) { x.sets[0].m = 1; },
    [](auto& x) {
      x.sets[0].members = {"n3", "n1", "n2"};
    },
  };
  for (const auto& change : same) {
    auto plan = cluster_of(3);
    change(plan);
    BOOST_TEST(fingerprint(plan) == original);
  }
  const std::vector<std::function<void(topology&)>> other{
    [](auto& x) { x.cluster_name = "other"; },
    [](auto& x) { x.nodes[0].name = "n9"; },
    [](auto& x) { x.nodes.pop_back(); },
    [](auto& x) { x.sets[0].name = "other"; },
    [](auto& x) { x.sets[0].m = 2; },
    [](auto& x) { x.sets[0].engine = engine_kind::memory; },
    [](auto& x) {
      x.sets[0].members = {"n1", "n2"};
    },
  };
  for (const auto& change : other) {
    auto plan = cluster_of(3);
    change(plan);
    BOOST_TEST(fingerprint(plan) != original);
  }
}

BOOST_AUTO_TEST_CASE(the_meta_set_is_on_the_first_nodes) {
  const std::vector<std::size_t> expected{1, 2, 3, 3, 5, 5, 5};
  for (std::size_t n = 1; n <= expected.size(); ++n)
    BOOST_TEST(meta_members_of(cluster_of(n)).size() == expected[n - 1]);
  auto turned = cluster_of(4);
  std::swap(turned.nodes[0], turned.nodes[3]);
  const std::vector<std::string> first{"n1", "n2", "n3"};
  BOOST_TEST(meta_members_of(turned) == first,
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_endpoint_reads_as_it_is_written) {
  BOOST_TEST(to_string(endpoint{"10.0.0.1", 80}) == "10.0.0.1:80");
  BOOST_TEST(to_string(endpoint{"::1", 80}) == "[::1]:80");
}

BOOST_AUTO_TEST_SUITE_END()
