// Requests and replies between clients and the set.
#include "resp/fake_primary.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>

using namespace cohort;
using namespace cohort::resp;
using namespace cohort::resp::tests;

using strings = std::vector<std::string>;

BOOST_FIXTURE_TEST_SUITE(front_suite, front_world)

BOOST_AUTO_TEST_CASE(serves_reads_and_writes) {
  BOOST_TEST(ask(1, "GET a") == "$-1\r\n");
  BOOST_TEST(ask(1, "SET a 1") == "+OK\r\n");
  BOOST_TEST(ask(1, "GET a") == "$1\r\n1\r\n");
  BOOST_TEST(ask(1, "FOO a").starts_with("-ERR unknown command 'FOO'"));
  BOOST_TEST(ask(1, "GET").starts_with("-ERR wrong number of arguments"));
}

BOOST_AUTO_TEST_CASE(K3_a_pipeline_keeps_its_order) {
  BOOST_TEST(ask(1, "SET a 1\nGET a\nPING\nSET a 2\nGET a\nECHO x\nFOO")
               .starts_with("+OK\r\n$1\r\n1\r\n+PONG\r\n+OK\r\n$1\r\n2\r\n"
                            "$1\r\nx\r\n-ERR unknown"));
  BOOST_TEST(primary.kv().effects
             == (strings{"set a 1", "get a", "set a 2", "get a"}));
}

BOOST_AUTO_TEST_CASE(a_turn_over_all_connections_is_one_request) {
  connect(2);
  pass(1, "SET a 1\nGET a\n");
  pass(2, "SET b 1\n");
  pass(1, "SET a 2\n");
  end_turn();
  BOOST_TEST(sent.size() == 1);
  settle();
  BOOST_TEST(heard(1) == "+OK\r\n$1\r\n1\r\n+OK\r\n");
  BOOST_TEST(heard(2) == "+OK\r\n");
}

BOOST_AUTO_TEST_CASE(requests_come_in_pieces) {
  for (const char x : std::string{"*2\r\n$3\r\nGET\r\n$1\r\na\r\n"}) {
    pass(1, std::string(1, x));
    end_turn();
  }
  settle();
  BOOST_TEST(heard(1) == "$-1\r\n");
}

/// A later request that is answered first waits.
BOOST_AUTO_TEST_CASE(K3_replies_wait_for_earlier_ones) {
  say(1, "SET a 1");
  say(1, "SET b 2\nPING");
  BOOST_TEST(sent.size() == 2);
  const auto first = sent.front();
  sent.pop_front();
  auto early = primary.serve(first.request);
  serve_sent();
  BOOST_TEST(heard(1).empty());
  tested.replied(early, now_ms);
  carry_out();
  BOOST_TEST(heard(1) == "+OK\r\n+OK\r\n+PONG\r\n");
}

/// Reads that left alone may be evaluated late: the write is not sent before
/// they were.
BOOST_AUTO_TEST_CASE(K3_a_write_does_not_overtake_reads) {
  connect(2);
  say(1, "GET a");
  say(1, "SET a 2\nGET a");
  say(2, "SET b 1");
  BOOST_TEST(sent.size() == 2); // the read, and the other's write
  serve_sent(true);
  settle();
  BOOST_TEST(heard(1) == "$-1\r\n+OK\r\n$1\r\n2\r\n");
  const strings of_a{"get a", "set a 2", "get a"};
  strings found;
  for (const auto& x : primary.kv().effects)
    if (x.find(" a") != std::string::npos)
      found.push_back(x);
  BOOST_TEST(found == of_a);
}

/// Which rides with a write of somebody else: the later one asks to be behind
/// it.
BOOST_AUTO_TEST_CASE(K3_a_read_is_not_older_than_one_that_rides) {
  connect(2);
  for (const auto* later : {"GET a", "WATCH a"}) {
    pass(2, "SET a 1\n");
    pass(1, "GET a\n");
    end_turn();
    say(1, later);
    BOOST_TEST(sent.size() == 2);
    const auto& body = std::get<work_request>(sent.back().request.body);
    BOOST_TEST(body.command.empty());
    BOOST_TEST(body.after_sequence > 0);
    settle();
  }
}

/// Which left alone, and may be evaluated late.
BOOST_AUTO_TEST_CASE(K3_a_read_is_not_older_than_one_that_left_alone) {
  connect(2);
  for (const auto* before : {"", "APPEND a x\n"})
    for (const auto* later : {"GET a\n", "MULTI\nGET a\nEXEC\n"}) {
      say(1, "GET a");
      pass(2, before);
      pass(1, later);
      pass(2, "APPEND a x\n");
      end_turn();
      serve_newest_first();
      settle();
      const auto seen = heard(1);
      const auto value = seen.substr(0, seen.find('\n', 4) + 1);
      BOOST_TEST(seen.ends_with(value), seen);
    }
}

/// Those of one client are behind others that left alone, and so leave alone,
/// too: what another client reads with them must not be overtaken either.
BOOST_AUTO_TEST_CASE(K3_a_write_does_not_overtake_reads_that_may_not_ride) {
  connect(2);
  BOOST_TEST(ask(2, "SET a 1") == "+OK\r\n");
  for (const auto* write : {"SET a 2\n", "MULTI\nSET a 2\nEXEC\n"}) {
    say(1, "GET b");
    pass(1, "GET b\n");
    pass(2, std::string{"GET a\n"} + write);
    end_turn();
    serve_newest_first();
    settle();
    BOOST_TEST(heard(2).starts_with("$1\r\n1\r\n+OK"));
    BOOST_TEST(ask(2, "SET a 1") == "+OK\r\n");
  }
}

BOOST_AUTO_TEST_CASE(reads_behind_own_writes_say_so) {
  say(1, "SET a 1");
  say(1, "GET a");
  const auto& body = std::get<work_request>(sent.back().request.body);
  BOOST_TEST(body.command.empty());
  BOOST_TEST(body.session.valid());
  BOOST_TEST(body.after_sequence == 2);
}

/// Reads need no session, and do not wait for one.
BOOST_AUTO_TEST_CASE(a_new_front_sends_at_once) {
  front fresh{front_options{}};
  fresh.not_ready("");
  fresh.primary_is(first_node, now_ms);
  fresh.opened(1, "", now_ms);
  for (int i = 0; i < 3; ++i) {
    fresh.received(1, "GET a\n", now_ms);
    fresh.end_of_turn(now_ms);
    BOOST_TEST(fresh.drain().requests.size() == 1u);
  }
  fresh.opened(2, "", now_ms);
  fresh.received(2, "SET a 1\n", now_ms);
  fresh.end_of_turn(now_ms);
  BOOST_TEST(fresh.drain().requests.size() == 1u); // opens the session
}

// -- RESP3 and the connection -------------------------------------------------

BOOST_AUTO_TEST_CASE(speaks_what_the_client_speaks) {
  const auto hello = ask(1, "HELLO 3 AUTH default x SETNAME me");
  BOOST_TEST(hello.starts_with("%7\r\n$6\r\nserver\r\n$5\r\nredis\r\n"));
  BOOST_TEST(hello.find("proto\r\n:3\r\n") != std::string::npos);
  BOOST_TEST(ask(1, "GET a") == "_\r\n");
  BOOST_TEST(ask(1, "CLIENT GETNAME") == "$2\r\nme\r\n");
  BOOST_TEST(ask(1, "HELLO 2").starts_with("*14\r\n"));
  BOOST_TEST(ask(1, "GET a") == "$-1\r\n");
  BOOST_TEST(ask(1, "HELLO 4") == "-NOPROTO unsupported protocol version\r\n");
  BOOST_TEST(ask(1, "HELLO 3 AUTH other x").starts_with("-WRONGPASS"));
  BOOST_TEST(ask(1, "GET a") == "$-1\r\n");
}

/// What was asked in RESP2 is answered in RESP2, though HELLO came meanwhile.
BOOST_AUTO_TEST_CASE(a_reply_has_the_form_of_its_request) {
  const auto heard_all = ask(1, "GET a\nHELLO 3\nGET a");
  BOOST_TEST(heard_all.starts_with("$-1\r\n%7\r\n"));
  BOOST_TEST(heard_all.ends_with("_\r\n"));
}

BOOST_AUTO_TEST_CASE(replies_can_be_turned_off) {
  BOOST_TEST(ask(1,
                 "GET a\nCLIENT REPLY OFF\nGET a\nPING\nSET a 1\n"
                 "CLIENT REPLY ON\nGET a")
             == "$-1\r\n+OK\r\n$1\r\n1\r\n");
  BOOST_TEST(ask(1, "CLIENT REPLY SKIP\nGET a\nPING") == "+PONG\r\n");
  BOOST_TEST(ask(1,
                 "CLIENT REPLY OFF\nCLIENT REPLY SKIP\nCLIENT REPLY ON\n"
                 "PING")
             == "+OK\r\n+PONG\r\n");
  BOOST_TEST(ask(1, "CLIENT REPLY MAYBE") == "-ERR syntax error\r\n");
}

BOOST_AUTO_TEST_CASE(local_commands) {
  BOOST_TEST(ask(1, "PING") == "+PONG\r\n");
  BOOST_TEST(ask(1, "PING x") == "$1\r\nx\r\n");
  BOOST_TEST(ask(1, "PING x y").starts_with("-ERR wrong number"));
  BOOST_TEST(ask(1, "SELECT 0") == "+OK\r\n");
  BOOST_TEST(ask(1, "SELECT 1") == "-ERR DB index is out of range\r\n");
  BOOST_TEST(ask(1, "AUTH x").starts_with("-ERR AUTH <password> called"));
  BOOST_TEST(ask(1, "AUTH default x") == "+OK\r\n");
  BOOST_TEST(ask(1, "AUTH me x").starts_with("-WRONGPASS"));
  BOOST_TEST(ask(1, "TIME").starts_with("*2\r\n$10\r\n1700000"));
  BOOST_TEST(ask(1, "COMMAND COUNT").starts_with(":"));
  BOOST_TEST(ask(1, "CLUSTER INFO").starts_with("-ERR This instance"));
  BOOST_TEST(ask(1, "CONFIG GET save append*")
             == "*6\r\n$10\r\nappendonly\r\n$3\r\nyes\r\n$11\r\nappendfsync\r\n"
                "$6\r\nalways\r\n$4\r\nsave\r\n$0\r\n\r\n");
  BOOST_TEST(ask(1, "CONFIG SET save x").starts_with("-ERR settings are"));
  BOOST_TEST(ask(1, "CLIENT ID") == ":1\r\n");
  BOOST_TEST(ask(1, "CLIENT SETNAME a\nCLIENT SETINFO LIB-NAME lib")
             == "+OK\r\n+OK\r\n");
  const auto list = ask(1, "CLIENT LIST");
  BOOST_TEST(list.find("id=1 addr=1.2.3.4:1 name=a ") != std::string::npos);
  BOOST_TEST(list.find("lib-name=lib") != std::string::npos);
  BOOST_TEST(ask(1, "CLIENT FOO").starts_with("-ERR unknown subcommand"));
  BOOST_TEST(ask(1, "RESET\nCLIENT GETNAME") == "+RESET\r\n$-1\r\n");
}

BOOST_AUTO_TEST_CASE(a_connection_closes_after_its_last_reply) {
  say(1, "SET a 1\nQUIT\nSET a 2");
  BOOST_TEST(closed.empty());
  settle();
  BOOST_TEST(heard(1) == "+OK\r\n+OK\r\n");
  BOOST_TEST(closed.count(1) == 1);
  BOOST_TEST(tested.client_count() == 0);
  BOOST_TEST(primary.kv().effects == (strings{"set a 1"}));
}

BOOST_AUTO_TEST_CASE(bad_bytes_close_the_connection) {
  say(1, "SET a 1\n*x\r\n");
  settle();
  BOOST_TEST(heard(1)
             == "+OK\r\n-ERR Protocol error: invalid multibulk length\r\n");
  BOOST_TEST(closed.count(1) == 1);
}

BOOST_AUTO_TEST_CASE(a_client_may_leave_with_requests_on_their_way) {
  say(1, "SET a 1\nGET a\nWATCH b\nPING");
  tested.closed(1);
  settle();
  BOOST_TEST(heard(1).empty());
  connect(2);
  BOOST_TEST(ask(2, "GET a") == "$1\r\n1\r\n");
}

// -- the set ------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(K2_not_ready_means_not_done) {
  tested.not_ready("it is joining");
  BOOST_TEST(ask(1, "GET a\nSET a 1\nKEYS *\nWATCH a\nWAIT 1 1\nPING")
             == "-LOADING it is joining\r\n-LOADING it is joining\r\n"
                "-LOADING it is joining\r\n-LOADING it is joining\r\n"
                "-LOADING it is joining\r\n+PONG\r\n");
  BOOST_TEST(sent.empty());
}

BOOST_AUTO_TEST_CASE(K1_another_primary_gets_the_same_numbers) {
  say(1, "APPEND a x");
  const auto first = sent.front();
  serve_sent_silently();
  tested.primary_is(second_node, now_ms);
  carry_out();
  BOOST_REQUIRE(sent.size() == 1);
  BOOST_CHECK(sent.front().to == second_node);
  BOOST_TEST(sent.front().request.id == first.request.id);
  settle();
  BOOST_TEST(heard(1) == ":1\r\n"); // once
}

BOOST_AUTO_TEST_CASE(K2_an_unknown_outcome_is_said_aloud) {
  network = false;
  say(1, "SET a 1\nGET a\nSET a 2");
  pass_time(6000);
  const auto text = heard(1);
  BOOST_TEST(text.starts_with("-UNKNOWN 1:5:1.3:2 "));
  BOOST_TEST(text.find("\r\n-CLUSTERDOWN ") != std::string::npos);
  BOOST_TEST(text.find("\r\n-UNKNOWN 1:5:1.3:3 ") != std::string::npos);
  BOOST_TEST(closed.empty());
  network = true;
  BOOST_TEST(ask(1, "PING") == "+PONG\r\n");
}

BOOST_AUTO_TEST_CASE(K2_without_a_primary_nothing_is_done) {
  tested.primary_is(nobody, now_ms);
  say(1, "SET a 1\nGET a");
  pass_time(60);
  pass_time(6000);
  const std::string down =
    "-CLUSTERDOWN The set has no primary at the moment; nothing was done\r\n";
  BOOST_TEST(heard(1) == down + down);
  BOOST_TEST(sent.empty());
}

BOOST_AUTO_TEST_CASE(D6_a_full_disk_is_an_answer) {
  say(1, "SET a 1");
  client_reply reply;
  reply.id = sent.front().request.id;
  reply.outcome = client_outcome::disk_full;
  reply.message = "node n1 has no space";
  tested.replied(reply, now_ms);
  carry_out();
  BOOST_TEST(heard(1)
             == "-DISKFULL node n1 has no space; nothing was written\r\n");
}

BOOST_AUTO_TEST_CASE(a_reply_that_was_not_kept_is_told) {
  say(1, "SET a 1\nSET b 2");
  auto reply = primary.serve(sent.front().request);
  sent.clear();
  reply.lost = {1};
  tested.replied(reply, now_ms);
  carry_out();
  BOOST_TEST(heard(1).starts_with("+OK\r\n-REPLYLOST "));
}

BOOST_AUTO_TEST_CASE(keys_come_slice_by_slice) {
  std::string sets;
  for (int i = 0; i < 1500; ++i)
    sets += "SET k" + std::to_string(i) + " 1\n";
  ask(1, sets);
  say(1, "KEYS *\nPING");
  settle();
  const auto answer = heard(1);
  BOOST_TEST(answer.starts_with("*1501\r\n$5\r\nfirst\r\n"));
  BOOST_TEST(answer.ends_with("\r\n+PONG\r\n"));
}

BOOST_AUTO_TEST_SUITE_END()
