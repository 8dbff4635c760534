// MULTI, EXEC, WATCH (K5).
#include "resp/fake_primary.hpp"

#include <boost/test/unit_test.hpp>

using namespace cohort;
using namespace cohort::resp;
using namespace cohort::resp::tests;

namespace {

const std::string aborted =
  "-EXECABORT Transaction discarded because of previous errors.\r\n";

} // namespace

BOOST_FIXTURE_TEST_SUITE(front_transactions_suite, front_world)

BOOST_AUTO_TEST_CASE(runs_what_was_queued_as_one) {
  BOOST_TEST(ask(1, "MULTI\nSET a 1\nPING\nGET b\nSCAN 0 TYPE hash\nEXEC\nPING")
             == "+OK\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n"
                "*4\r\n+OK\r\n+PONG\r\n$-1\r\n*2\r\n$1\r\n0\r\n*0\r\n"
                "+PONG\r\n");
}

BOOST_AUTO_TEST_CASE(reads_only_are_no_entry) {
  say(1, "MULTI\nGET a\nGET first\nEXEC");
  BOOST_REQUIRE(sent.size() == 1);
  BOOST_TEST(std::get<work_request>(sent.front().request.body).command.empty());
  settle();
  BOOST_TEST(heard(1).ends_with("*2\r\n$-1\r\n$1\r\n1\r\n"));
}

BOOST_AUTO_TEST_CASE(an_empty_transaction_answers_an_empty_array) {
  BOOST_TEST(ask(1, "MULTI\nEXEC") == "+OK\r\n*0\r\n");
}

BOOST_AUTO_TEST_CASE(a_refused_command_spoils_it) {
  for (const auto* bad :
       {"FOO", "GET", "SET a 1 FOO", "PING a b c d e f g", "ECHO", "KEYS *",
        "INFO", "WAIT 1 1", "HELLO 3", "CLIENT SETNAME x"}) {
    const auto heard_all =
      ask(1, std::string{"MULTI\nSET a 1\n"} + bad + "\nSET a 2\nEXEC");
    if (std::string_view{bad}.starts_with("PING"))
      continue; // its error is its reply
    BOOST_TEST(heard_all.ends_with("+QUEUED\r\n" + aborted), bad);
  }
  BOOST_TEST(ask(1, "GET a\nCLIENT GETNAME").ends_with("$-1\r\n"));
}

BOOST_AUTO_TEST_CASE(can_be_discarded) {
  BOOST_TEST(ask(1, "MULTI\nSET a 1\nDISCARD\nGET a")
             == "+OK\r\n+QUEUED\r\n+OK\r\n$-1\r\n");
  BOOST_TEST(ask(1, "EXEC") == "-ERR EXEC without MULTI\r\n");
  BOOST_TEST(ask(1, "DISCARD") == "-ERR DISCARD without MULTI\r\n");
  BOOST_TEST(ask(1, "MULTI\nMULTI\nDISCARD")
             == "+OK\r\n-ERR MULTI calls can not be nested\r\n+OK\r\n");
  BOOST_TEST(ask(1, "MULTI\nRESET\nEXEC")
             == "+OK\r\n+RESET\r\n-ERR EXEC without MULTI\r\n");
}

BOOST_AUTO_TEST_CASE(K5_exec_does_nothing_if_a_watched_key_changed) {
  connect(2);
  BOOST_TEST(ask(1, "WATCH a b") == "+OK\r\n");
  BOOST_TEST(ask(2, "SET b 1") == "+OK\r\n");
  BOOST_TEST(ask(1, "MULTI\nSET a 1\nEXEC") == "+OK\r\n+QUEUED\r\n*-1\r\n");
  BOOST_TEST(ask(1, "GET a") == "$-1\r\n");
  BOOST_TEST(ask(1, "MULTI\nSET a 1\nEXEC") // watches are over
             == "+OK\r\n+QUEUED\r\n*1\r\n+OK\r\n");
}

BOOST_AUTO_TEST_CASE(K5_exec_runs_if_no_watched_key_changed) {
  BOOST_TEST(ask(1, "WATCH a first\nMULTI\nSET a 1\nEXEC")
             == "+OK\r\n+OK\r\n+QUEUED\r\n*1\r\n+OK\r\n");
}

BOOST_AUTO_TEST_CASE(unwatch_and_discard_forget) {
  connect(2);
  ask(1, "WATCH a\nUNWATCH");
  ask(2, "SET a 1");
  BOOST_TEST(ask(1, "MULTI\nGET a\nEXEC").ends_with("*1\r\n$1\r\n1\r\n"));
  ask(1, "WATCH a\nMULTI\nDISCARD");
  ask(2, "SET a 2");
  BOOST_TEST(ask(1, "MULTI\nGET a\nEXEC").ends_with("*1\r\n$1\r\n2\r\n"));
}

/// Inside a transaction it is too late.
BOOST_AUTO_TEST_CASE(unwatch_inside_multi_does_not_save_it) {
  connect(2);
  ask(1, "WATCH a\nMULTI\nUNWATCH\nSET a 3");
  ask(2, "SET a 1");
  BOOST_TEST(ask(1, "EXEC") == "*-1\r\n");
  BOOST_TEST(ask(1, "MULTI\nWATCH a\nDISCARD")
             == "+OK\r\n-ERR WATCH inside MULTI is not allowed\r\n+OK\r\n");
}

/// A watch that could not be asked for must not let EXEC run unguarded.
BOOST_AUTO_TEST_CASE(a_watch_that_fails_is_an_error) {
  network = false;
  say(1, "WATCH a b");
  pass_time(6000);
  BOOST_TEST(heard(1).starts_with("-CLUSTERDOWN "));
  network = true;
  BOOST_TEST(ask(1, "PING") == "+PONG\r\n");
}

BOOST_AUTO_TEST_CASE(T1_what_is_queued_is_bounded) {
  ask(1, "MULTI");
  std::string gets;
  for (std::size_t i = 0; i < kv::commands_max; ++i)
    gets += "GET a\n";
  BOOST_TEST(ask(1, gets).ends_with("+QUEUED\r\n"));
  BOOST_TEST(ask(1, "GET a").starts_with("-ERR a transaction has at most"));
  BOOST_TEST(ask(1, "EXEC") == aborted);
}

BOOST_AUTO_TEST_CASE(T1_what_is_watched_is_bounded) {
  std::string watch = "WATCH";
  for (int i = 0; i < 1000; ++i)
    watch += " k" + std::to_string(i);
  BOOST_TEST(ask(1, watch) == "+OK\r\n");
  BOOST_TEST(ask(1, watch).starts_with("-ERR a client watches at most"));
  BOOST_TEST(ask(1, "UNWATCH") == "+OK\r\n");
  BOOST_TEST(ask(1, watch) == "+OK\r\n");
}

BOOST_AUTO_TEST_SUITE_END()
