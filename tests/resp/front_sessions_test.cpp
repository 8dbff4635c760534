// WAIT, sessions of clients, reports.
#include "resp/fake_primary.hpp"

#include <boost/test/unit_test.hpp>

using namespace cohort;
using namespace cohort::resp;
using namespace cohort::resp::tests;

BOOST_FIXTURE_TEST_SUITE(front_sessions_suite, front_world)

// -- WAIT ---------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(K5_wait_asks_about_the_last_write) {
  primary.copies = 2;
  say(1, "SET a 1\nWAIT 2 1000\nPING");
  settle();
  BOOST_TEST(heard(1) == "+OK\r\n:2\r\n+PONG\r\n");
  const auto& body = std::get<wait_request>(primary.last.body);
  BOOST_TEST(body.index.value == 3u); // its session, a first write, this one
  BOOST_TEST(body.copies == 2u);
  BOOST_TEST(primary.last.patience_ms == 1000u);
}

BOOST_AUTO_TEST_CASE(waiting_clients_do_not_hold_up_others) {
  for (client_id id = 2; id < 20; ++id) {
    connect(id);
    say(id, "WAIT 5 0\nPING");
  }
  sent.clear(); // nobody answers them
  BOOST_TEST(ask_while_others_wait(1, "SET a 1") == "+OK\r\n");
  BOOST_TEST(heard(2).empty());
}

BOOST_AUTO_TEST_CASE(wait_refuses_what_redis_refuses) {
  BOOST_TEST(ask(1, "WAIT x 1")
             == "-ERR value is not an integer or out of range\r\n");
  BOOST_TEST(ask(1, "WAIT 1 x")
             == "-ERR timeout is not an integer or out of range\r\n");
  BOOST_TEST(ask(1, "WAIT 1 -1") == "-ERR timeout is negative\r\n");
}

BOOST_AUTO_TEST_CASE(a_wait_that_nobody_answers_ends) {
  network = false;
  say(1, "WAIT 1 100");
  pass_time(1200);
  BOOST_TEST(heard(1) == ":0\r\n");
}

// -- COHORT.SESSION and COHORT.DO ---------------------------------------------

BOOST_AUTO_TEST_CASE(K3_a_write_by_another_session_does_not_overtake_reads) {
  BOOST_TEST(ask(1, "COHORT.SESSION OPEN") == "$3\r\n3.3\r\n");
  say(1, "GET a\nCOHORT.DO 3.3 1 APPEND a x");
  serve_newest_first();
  settle();
  BOOST_TEST(heard(1) == "$-1\r\n:1\r\n");
}

BOOST_AUTO_TEST_CASE(K1_a_client_has_its_own_session) {
  const auto opened = ask(1, "COHORT.SESSION OPEN");
  BOOST_TEST(opened == "$3\r\n3.3\r\n");
  BOOST_TEST(ask(1, "COHORT.DO 3.3 1 APPEND a x") == ":1\r\n");
  connect(2);
  BOOST_TEST(ask(2, "COHORT.DO 3.3 1 APPEND a x") == ":1\r\n"); // once
  BOOST_TEST(ask(2, "COHORT.DO 3.3 2 APPEND a x") == ":2\r\n");
  BOOST_TEST(ask(2, "COHORT.DO 3.3 4 APPEND a x").starts_with("-GAP "));
  BOOST_TEST(ask(1, "COHORT.SESSION CLOSE 3.3") == "+OK\r\n");
  BOOST_TEST(ask(1, "COHORT.DO 3.3 3 APPEND a x").starts_with("-EXPIRED "));
  BOOST_TEST(ask(1, "GET a") == "$2\r\nxx\r\n");
}

BOOST_AUTO_TEST_CASE(K2_an_unknown_outcome_names_the_clients_session) {
  network = false;
  say(1, "COHORT.DO 7.2 9 SET a 1\nPING");
  BOOST_TEST(heard(1).empty());
  pass_time(6000);
  const auto text = heard(1);
  BOOST_TEST(text.starts_with("-UNKNOWN 1:5:7.2:9 "));
  BOOST_TEST(text.ends_with("+PONG\r\n"));
}

BOOST_AUTO_TEST_CASE(takes_only_what_writes) {
  BOOST_TEST(ask(1, "COHORT.DO 1.1 1 GET a")
             == "-ERR COHORT.DO takes commands that write\r\n");
  BOOST_TEST(ask(1, "COHORT.DO 1.1 1 PING")
             == "-ERR COHORT.DO takes commands that write\r\n");
  BOOST_TEST(ask(1, "COHORT.DO 1.1 1 FOO").starts_with("-ERR unknown command"));
  BOOST_TEST(ask(1, "COHORT.DO 1.1 1 SET a").starts_with("-ERR wrong number"));
  for (const auto* bad : {"x 1", "1 1", "1.x 1", "1.1 0", "1.1 x"})
    BOOST_TEST(ask(1, std::string{"COHORT.DO "} + bad + " SET a 1")
                 .starts_with("-ERR expected <session> <sequence>"));
  BOOST_TEST(ask(1, "COHORT.SESSION FOO").starts_with("-ERR syntax error"));
  BOOST_TEST(ask(1, "COHORT.SESSION CLOSE x").starts_with("-ERR syntax error"));
  BOOST_TEST(sent.empty());
}

// -- reports ------------------------------------------------------------------

namespace {

front_report report_of(const std::string& role) {
  front_report result;
  result.hosts_replica = true;
  result.status.role = role;
  result.status.last_index = index_t{9};
  result.status.durable_index = index_t{8};
  result.status.backups = {{second_node, index_t{7}, true}};
  return result;
}

} // namespace

BOOST_AUTO_TEST_CASE(info_waits_for_the_replica) {
  say(1, "INFO\nPING");
  BOOST_TEST(wants_report);
  BOOST_TEST(heard(1).empty());
  tested.reported(report_of("primary"), 5);
  carry_out();
  const auto text = heard(1);
  for (const auto* expected :
       {"redis_version:7.0.0\r\n", "tcp_port:7001\r\n", "role:master\r\n",
        "connected_slaves:1\r\n",
        "slave0:ip=10.0.0.2,port=7002,state=online,offset=7,lag=0\r\n",
        "connected_clients:1\r\n", "cohort_set:main\r\n", "# Keyspace\r\n",
        "uptime_in_seconds:0\r\n"})
    BOOST_TEST(text.find(expected) != std::string::npos, expected);
  BOOST_TEST(text.ends_with("\r\n+PONG\r\n"));
}

BOOST_AUTO_TEST_CASE(info_of_a_backup_names_the_primary) {
  say(1, "INFO replication");
  tested.reported(report_of("backup"), 5);
  carry_out();
  const auto text = heard(1);
  for (const auto* expected :
       {"role:slave\r\n", "master_host:10.0.0.1\r\n", "master_port:7001\r\n",
        "master_link_status:up\r\n", "cohort_role:backup\r\n"})
    BOOST_TEST(text.find(expected) != std::string::npos, expected);
  BOOST_TEST(text.find("# Server") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(tells_its_role) {
  say(1, "ROLE");
  tested.reported(report_of("primary"), 5);
  carry_out();
  BOOST_TEST(heard(1)
             == "*3\r\n$6\r\nmaster\r\n:9\r\n*1\r\n*3\r\n$8\r\n10.0.0.2\r\n"
                "$4\r\n7002\r\n$1\r\n7\r\n");
  say(1, "ROLE");
  tested.reported(report_of("backup"), 5);
  carry_out();
  BOOST_TEST(heard(1)
             == "*5\r\n$5\r\nslave\r\n$8\r\n10.0.0.1\r\n:7001\r\n"
                "$9\r\nconnected\r\n:8\r\n");
}

BOOST_AUTO_TEST_CASE(the_clusters_status_is_a_report_of_its_own) {
  connect(2);
  say(1, "COHORT.STATUS");
  say(2, "ROLE");
  BOOST_TEST(wants_cluster_report);
  tested.cluster_reported("all is well");
  carry_out();
  BOOST_TEST(heard(1) == "$11\r\nall is well\r\n");
  BOOST_TEST(heard(2).empty());
  tested.reported(report_of("backup"), 5);
  carry_out();
  BOOST_TEST(heard(2).starts_with("*5\r\n"));
}

BOOST_AUTO_TEST_CASE(a_report_that_does_not_come_is_an_error) {
  say(1, "INFO\nPING");
  pass_time(6000);
  BOOST_TEST(heard(1) == "-ERR no report arrived in time\r\n+PONG\r\n");
  tested.reported(report_of("backup"), 5); // too late
  carry_out();
  BOOST_TEST(heard(1).empty());
}

BOOST_AUTO_TEST_CASE(C2_an_operator_forms_the_cluster) {
  BOOST_TEST(ask(1, "COHORT.FORM WITHOUT n3")
             == "-ERR the cluster is formed already\r\n");
  tested.not_ready("nodes are missing");
  BOOST_TEST(ask(1, "COHORT.FORM WITH n3")
             == "-ERR expected WITHOUT <node...>\r\n");
  BOOST_TEST(ask(1, "COHORT.FORM WITHOUT n3") == "+OK\r\n");
  BOOST_TEST(form_without == (std::vector<std::string>{"n3"}));
}

BOOST_AUTO_TEST_SUITE_END()
