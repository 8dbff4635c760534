#include "node/topology_file.hpp"

#include "support/temporary_directory.hpp"

#include <boost/test/unit_test.hpp>

#include <fstream>

using namespace cohort;
using namespace cohort::config;

namespace {

std::string joined(const std::vector<std::string>& lines) {
  std::string result;
  for (const auto& line : lines)
    result += line + "\n";
  return result;
}

/// Two nodes and a set, from line 3 on, after two lines of a test's own.
const std::string body = R"([cluster]
name = "main"
[[nodes]]
name = "n1"
peer = "127.0.0.1:7401"
client = "127.0.0.1:6401"
data = "/d/n1"
[[nodes]]
name = "n2"
peer = "127.0.0.1:7402"
client = "127.0.0.1:6402"
data = "/d/n2"
[[nodes]]
name = "n3"
peer = "127.0.0.1:7403"
client = "127.0.0.1:6403"
data = "/d/n3"
[[sets]]
name = "kv"
mode = "primary_backup"
engine = "memory"
)";

/// A good file with one piece replaced, and all that is said of it.
struct mistake {
  const char* piece;
  const char* instead;
  const char* expected;
};

std::string with(const mistake& x) {
  auto result = body;
  const auto at = result.find(x.piece);
  BOOST_REQUIRE(at != std::string::npos);
  result.replace(at, std::string{x.piece}.size(), x.instead);
  return result;
}

void check_all(const std::vector<mistake>& mistakes) {
  for (const auto& x : mistakes)
    BOOST_TEST(joined(parse_topology(with(x), "c.toml").problems)
               == x.expected);
}

} // namespace

BOOST_AUTO_TEST_SUITE(topology_file_suite)

BOOST_AUTO_TEST_CASE(a_plain_file_is_read) {
  const auto read = parse_topology(body, "c.toml");
  BOOST_TEST(joined(read.problems) == "");
  BOOST_TEST(joined(read.warnings) == "");
  const auto& plan = read.plan;
  BOOST_TEST(plan.cluster_name == "main");
  BOOST_REQUIRE(plan.nodes.size() == 3);
  BOOST_TEST(plan.nodes[1].name == "n2");
  BOOST_TEST(to_string(plan.nodes[1].peer) == "127.0.0.1:7402");
  BOOST_TEST(to_string(plan.nodes[1].client) == "127.0.0.1:6402");
  BOOST_TEST(plan.nodes[1].directory == "/d/n2");
  BOOST_REQUIRE(plan.sets.size() == 1);
  BOOST_TEST(plan.sets[0].name == "kv");
  BOOST_CHECK(plan.sets[0].engine == runtime::engine_kind::memory);
  BOOST_CHECK(plan.limits == runtime::node_limits{});
  BOOST_CHECK(plan.timers == runtime::node_timers{});
}

BOOST_AUTO_TEST_CASE(every_key_is_read) {
  const auto read = parse_topology(R"(
[cluster]
name = "main"
transport = "local"
insecure = true
[[nodes]]
name = "n1"
data = "n1"
[[sets]]
name = "kv"
m = 0
members = ["n1"]
[limits]
clients_max = 1
client_output_bytes_max = "1 MiB"
pending_bytes_max = "2 MiB"
segment_bytes = "4 MiB"
log_bytes_max = "64 MiB"
log_bytes_limit = "128 MiB"
snapshot_log_bytes = "8 MiB"
disk_reserve_bytes = 9
[timers]
tick_ms = 20
heartbeat_ticks = 3
election_ticks = 30
request_patience_ms = 7000
)",
                                   "/etc/cohort/c.toml");
  BOOST_TEST(joined(read.problems) == "");
  const auto& plan = read.plan;
  BOOST_CHECK(plan.transport == runtime::transport_kind::local);
  BOOST_TEST(plan.insecure);
  BOOST_TEST(plan.nodes.at(0).directory == "/etc/cohort/n1");
  BOOST_TEST(plan.nodes.at(0).client.port == 0);
  BOOST_TEST(plan.sets.at(0).m.value() == 0u);
  BOOST_TEST(plan.sets.at(0).members.at(0) == "n1");
  BOOST_CHECK(plan.sets.at(0).engine == runtime::engine_kind::rocksdb);
  const runtime::node_limits limits{1,        1 << 20,   2 << 20, 4 << 20,
                                    64 << 20, 128 << 20, 8 << 20, 9};
  BOOST_CHECK(plan.limits == limits);
  const runtime::node_timers timers{20, 3, 30, 7000};
  BOOST_CHECK(plan.timers == timers);
}

BOOST_AUTO_TEST_CASE(unknown_keys_are_named) {
  check_all({
    {"[cluster]\n", "[cluster]\nnmae = 1\n",
     "c.toml:2: cluster.nmae: is not known; did you mean name?\n"},
    {"[cluster]\n", "[cluster]\nwibble = 1\n",
     "c.toml:2: cluster.wibble: is not known; known here: name, transport or "
     "insecure\n"},
    {"client = \"127.0.0.1:6402\"", "clients = \"127.0.0.1:6402\"",
     "c.toml:11: nodes[1].clients: is not known; did you mean client?\n"},
    {"[[sets]]", "[timer]\n[[sets]]",
     "c.toml:18: timer: is not known; did you mean timers?\n"},
    {"[[sets]]", "[limits]\nlog_bytes = 1\n[[sets]]",
     "c.toml:19: limits.log_bytes: is not known; did you mean "
     "log_bytes_max?\n"},
  });
}

BOOST_AUTO_TEST_CASE(missing_values_are_named) {
  check_all({
    {"name = \"main\"\n", "",
     "c.toml:1: cluster.name: is missing; write name = \"main\"\n"},
    {"name = \"n2\"\n", "",
     "c.toml:8: nodes[1].name: is missing; write name = \"n1\"\n"},
    {"peer = \"127.0.0.1:7402\"\n", "",
     "c.toml:8: nodes[1].peer: is missing; write peer = "
     "\"127.0.0.1:7401\"\n"},
    {"data = \"/d/n2\"\n", "",
     "c.toml:8: nodes[1].data: is missing; write data = "
     "\"/var/lib/cohort/n1\"\n"},
    {"name = \"kv\"\n", "",
     "c.toml:18: sets[0].name: is missing; write name = \"main\"\n"},
  });
}

BOOST_AUTO_TEST_CASE(an_empty_file_lacks_everything) {
  BOOST_TEST(joined(parse_topology("", "c.toml").problems)
             == "c.toml: cluster.name: is missing; write name = \"main\"\n"
                "c.toml: nodes: there are none; a cluster needs at least one\n"
                "c.toml: sets: there is none; a cluster needs one\n");
}

BOOST_AUTO_TEST_CASE(wrong_types_are_named) {
  check_all({
    {"name = \"main\"", "name = 7",
     "c.toml:2: cluster.name: is a number; write a text in quotes\n"},
    {"[cluster]\n", "[cluster]\ninsecure = \"yes\"\n",
     "c.toml:2: cluster.insecure: is a text; write true or false, without "
     "quotes\n"},
    {"peer = \"127.0.0.1:7402\"", "peer = 7402",
     "c.toml:10: nodes[1].peer: is a number; write a text in quotes\n"},
    {"engine = \"memory\"", "m = \"1\"",
     "c.toml:21: sets[0].m: is a text; write a whole number, without "
     "quotes\n"},
    {"engine = \"memory\"", "members = \"n1\"",
     "c.toml:21: sets[0].members: is a text; write a list of texts: [\"n1\", "
     "\"n2\"]\n"},
    {"engine = \"memory\"", "members = [\"n1\", 2]",
     "c.toml:21: sets[0].members: holds something else than texts; write "
     "[\"n1\", \"n2\"]\n"},
    {"engine = \"memory\"", "members = []",
     "c.toml:21: sets[0].members: is empty; leave it out to mean all\n"},
    {"[[sets]]", "[sets]",
     "c.toml:18: sets: is a table; write one table for each: [[sets]]\n"},
    {"[cluster]\nname = \"main\"", "cluster = \"main\"",
     "c.toml:1: cluster: is a text; write a table: [cluster]\n"},
    {"[[sets]]", "[limits]\nsegment_bytes = 1.5\n[[sets]]",
     "c.toml:19: limits.segment_bytes: is a fraction; write a number of bytes, "
     "or as \"64 MiB\"\n"},
  });
}

BOOST_AUTO_TEST_CASE(wrong_values_are_named) {
  check_all({
    {"127.0.0.1:7402", "127.0.0.1",
     "c.toml:10: nodes[1].peer: \"127.0.0.1\" has no port; write "
     "\"host:port\"\n"},
    {"engine = \"memory\"", "engine = \"rocks\"",
     "c.toml:21: sets[0].engine: \"rocks\" is not known; write \"memory\" or "
     "\"rocksdb\"\n"},
    {"primary_backup", "sync",
     "c.toml:20: sets[0].mode: \"sync\" is not known; write "
     "\"primary_backup\", \"semi_async\", \"async\" or \"multi_primary\"\n"},
    {"primary_backup", "multi_primary",
     "c.toml:20: sets[0].mode: \"multi_primary\" is planned, and not in this "
     "release; write \"primary_backup\"\n"},
    {"[cluster]\n", "[cluster]\ntransport = \"basp\"\n",
     "c.toml:2: cluster.transport: \"basp\" is not known; write \"tcp\" or "
     "\"local\"\n"},
    {"data = \"/d/n2\"", "data = \"\"",
     "c.toml:12: nodes[1].data: is empty; name the directory for all that the "
     "node keeps\n"},
    {"[[sets]]", "[limits]\nsegment_bytes = \"64 MB\"\n[[sets]]",
     "c.toml:19: limits.segment_bytes: \"64 MB\" is no size; write a number of "
     "bytes, or as \"64 MiB\" (B, KiB, MiB, GiB, TiB)\n"},
    {"[[sets]]", "[limits]\nsegment_bytes = -1\n[[sets]]",
     "c.toml:19: limits.segment_bytes: is below 0; write a number of bytes, or "
     "as \"64 MiB\"\n"},
    {"[[sets]]", "[timers]\ntick_ms = -1\n[[sets]]",
     "c.toml:19: timers.tick_ms: -1 is out of range; write 0 to 4294967295\n"},
    {"[[sets]]", "[timers]\nelection_ticks = 9\n[[sets]]",
     "c.toml:19: timers.election_ticks: one lost heartbeat would start an "
     "election; write at least twice heartbeat_ticks, 10\n"},
    {"engine = \"memory\"", "m = 3",
     "c.toml:21: sets[0].m: 3 copies beyond the primary's need more than 3 "
     "nodes; write at most 2\n"},
  });
}

BOOST_AUTO_TEST_CASE(duplicates_are_named) {
  check_all({
    {"name = \"n2\"", "name = \"n1\"",
     "c.toml:9: nodes[1].name: \"n1\" is that of nodes[0].name, too; each "
     "needs its own\n"},
    {"127.0.0.1:6402", "127.0.0.1:7401",
     "c.toml:11: nodes[1].client: \"127.0.0.1:7401\" is that of nodes[0].peer, "
     "too; each needs its own\n"},
    {"/d/n2", "/d/n1",
     "c.toml:12: nodes[1].data: \"/d/n1\" is that of nodes[0], too; each needs "
     "its own\n"},
  });
}

BOOST_AUTO_TEST_CASE(what_is_no_toml_is_named_with_its_line) {
  const auto read = parse_topology("[cluster]\nname = \"main\nx", "c.toml");
  BOOST_REQUIRE(read.problems.size() == 1);
  BOOST_TEST(read.problems[0].starts_with("c.toml:2: "));
  BOOST_TEST(!parse_topology("a = 1\na = 2", "c.toml").problems.empty());
}

BOOST_AUTO_TEST_CASE(all_problems_are_listed_by_line) {
  auto text = body;
  text.replace(text.find("memory"), 6, "disk");
  text.replace(text.find("main"), 4, "");
  text.replace(text.find("127.0.0.1:7403"), 14, "10.0.0.3:7403");
  text += "[timers]\ntick = 5\n";
  BOOST_TEST(joined(parse_topology(text, "c.toml").problems)
             == "c.toml:2: cluster.name: is empty; give it a name\n"
                "c.toml:15: nodes[2].peer: \"10.0.0.3\" can be reached from "
                "other machines, and there is no TLS yet; write insecure = "
                "true under [cluster] if the network is trusted\n"
                "c.toml:21: sets[0].engine: \"disk\" is not known; write "
                "\"memory\" or \"rocksdb\"\n"
                "c.toml:23: timers.tick: is not known; did you mean "
                "tick_ms?\n");
}

BOOST_AUTO_TEST_CASE(warnings_name_the_line) {
  auto text = body;
  text += "members = [\"n1\", \"n2\"]\n";
  BOOST_TEST(joined(parse_topology(text, "c.toml").warnings)
             == "c.toml:22: sets[0].members: two nodes keep this set: it stops "
                "when either of them fails; three survive one failure\n");
}

BOOST_AUTO_TEST_CASE(files_are_read) {
  const temporary_directory directory;
  const auto path = directory.path() + "/c.toml";
  std::ofstream{path} << body;
  BOOST_TEST(joined(read_topology(path).problems) == "");
  const auto missing = directory.path() + "/none.toml";
  BOOST_TEST(joined(read_topology(missing).problems)
             == missing + ": cannot be read: No such file or directory\n");
  BOOST_TEST(!read_topology(directory.path()).problems.empty());
  std::ofstream{path} << std::string((1 << 20) + 1, '#');
  BOOST_TEST(joined(read_topology(path).problems)
             == path
                  + ": is larger than 1048576 bytes; is it the topology "
                    "file?\n");
}

BOOST_AUTO_TEST_SUITE_END()
