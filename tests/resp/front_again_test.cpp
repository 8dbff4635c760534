// Reads whose replies had no room in their batch.
#include "resp/fake_primary.hpp"

#include <boost/test/unit_test.hpp>

using namespace cohort;
using namespace cohort::resp;
using namespace cohort::resp::tests;

using strings = std::vector<std::string>;

namespace {

/// Values a and b of which a batch has room for one; what a client gets that
/// reads them, and x, which is small.
struct small_room : front_world {
  small_room() {
    primary.kv().replies_bytes_max = 200;
    for (const auto* key : {"a", "b"})
      BOOST_REQUIRE(ask(1, std::string{"SET "} + key + " " + large) == ok);
    BOOST_REQUIRE(ask(1, "SET x 1") == ok);
    primary.kv().effects.clear();
  }

  const std::string ok = "+OK\r\n";
  const std::string large = std::string(100, 'v');
  const std::string got_large = "$100\r\n" + large + "\r\n";
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(front_again_suite, small_room)

BOOST_AUTO_TEST_CASE(are_asked_again) {
  say(1, "GET a\nGET b\nGET a\nGET b");
  BOOST_TEST(sent.size() == 1);
  settle();
  BOOST_TEST(heard(1) == got_large + got_large + got_large + got_large);
  BOOST_TEST(!tested.waits_for_set());
}

/// What the client read later is not older.
BOOST_AUTO_TEST_CASE(K3_are_asked_again_with_those_behind_them) {
  connect(2);
  say(1, "GET a\nGET b\nGET x");
  say(1, "GET x\nPING");
  BOOST_TEST(sent.size() == 2);
  serve_sent(); // of which there is room for the first
  BOOST_TEST(ask(2, "SET b 2\nSET x 2") == ok + ok);
  settle();
  const std::string two = "$1\r\n2\r\n";
  const auto all = heard(1);
  BOOST_TEST(all.starts_with(got_large));
  const auto rest = all.substr(got_large.size());
  BOOST_TEST((rest == got_large + "$1\r\n1\r\n$1\r\n1\r\n+PONG\r\n"
              || rest == two + two + two + "+PONG\r\n"));
}

BOOST_AUTO_TEST_CASE(K3_writes_do_not_overtake_them) {
  say(1, "GET a\nGET a\nGET b");
  say(1, "SET a 3\nGET a");
  settle();
  BOOST_TEST(heard(1)
             == got_large + got_large + got_large + ok + "$1\r\n3\r\n");
}

/// Writes of its client may be behind a read that rides.
BOOST_AUTO_TEST_CASE(K2_reads_that_ride_are_not_asked_again) {
  BOOST_TEST(ask(1, "GET a\nGET b\nSET b 2\nGET b")
             == got_large + std::string{kv::no_room_reply} + ok
                  + "$1\r\n2\r\n");
}

BOOST_AUTO_TEST_CASE(other_clients_do_not_wait_for_them) {
  connect(2);
  pass(1, "GET a\nGET b\n");
  pass(2, "GET x\n");
  end_turn();
  serve_sent();
  BOOST_TEST(heard(1) == got_large);
  BOOST_TEST(heard(2) == "$1\r\n1\r\n");
  settle();
  BOOST_TEST(heard(1) == got_large);
}

BOOST_AUTO_TEST_CASE(are_forgotten_with_their_client) {
  say(1, "GET a\nGET b\nGET a");
  tested.closed(1);
  serve_sent();
  BOOST_TEST(sent.empty());
  BOOST_TEST(!tested.waits_for_set());
  connect(2);
  say(2, "GET a\nGET b\nGET a");
  serve_sent();
  BOOST_TEST(sent.size() == 1);
  tested.closed(2);
  settle();
  BOOST_TEST(!tested.waits_for_set());
}

BOOST_AUTO_TEST_CASE(end_with_the_patience_for_a_primary) {
  say(1, "GET a\nGET b");
  serve_sent();
  BOOST_TEST(heard(1) == got_large);
  sent.clear();
  pass_time(6000);
  BOOST_TEST(heard(1).starts_with("-CLUSTERDOWN "));
  BOOST_TEST(ask(1, "GET x") == "$1\r\n1\r\n");
}

BOOST_AUTO_TEST_CASE(keys_to_watch_are_known_in_order) {
  say(1, "GET a\nGET b");
  say(1, "WATCH x b");
  settle();
  BOOST_TEST(heard(1) == got_large + got_large + ok);
  BOOST_TEST(ask(1, "MULTI\nGET x\nEXEC")
             == ok + "+QUEUED\r\n*1\r\n$1\r\n1\r\n");
}

BOOST_AUTO_TEST_SUITE_END()
