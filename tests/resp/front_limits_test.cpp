// What grows is bounded (T1).
#include "resp/fake_primary.hpp"

#include <boost/test/unit_test.hpp>

using namespace cohort;
using namespace cohort::resp;
using namespace cohort::resp::tests;

namespace {

constexpr std::size_t mebibyte = std::size_t{1} << 20;

std::string set_of(std::string_view key, std::size_t bytes) {
  const auto size = std::to_string(bytes);
  return "*3\r\n$3\r\nSET\r\n$" + std::to_string(key.size()) + "\r\n"
         + std::string{key} + "\r\n$" + size + "\r\n" + std::string(bytes, 'v')
         + "\r\n";
}

struct small_limits : front_world {
  small_limits()
    : front_world([](front_options& x) {
        x.pending_bytes_max = 4 * mebibyte;
        x.batch_bytes_max = mebibyte / 4;
        x.clients_max = 3;
      }) {}
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(front_limits_suite, small_limits)

BOOST_AUTO_TEST_CASE(T1_a_clog_stops_reading_and_clears) {
  connect(2);
  for (int i = 0; i < 8; ++i)
    pass(1, set_of("a" + std::to_string(i), mebibyte));
  pass(2, set_of("b", mebibyte) + set_of("c", mebibyte));
  end_turn();
  BOOST_TEST(halted.count(1) == 1);
  BOOST_TEST(halted.count(2) == 1);
  settle();
  BOOST_TEST(halted.empty());
  std::string all;
  for (int i = 0; i < 8; ++i)
    all += "+OK\r\n";
  BOOST_TEST(heard(1) == all);
  BOOST_TEST(heard(2) == "+OK\r\n+OK\r\n");
  BOOST_TEST(primary.kv().values.size() == 11);
}

BOOST_AUTO_TEST_CASE(T1_a_client_that_waits_is_not_read_for_ever) {
  network = false;
  say(1, "WAIT 1 100");
  pass(1, set_of("a", mebibyte));
  end_turn();
  BOOST_TEST(halted.count(1) == 1);
  network = true;
  pass_time(1200);
  BOOST_TEST(halted.empty());
  settle();
  BOOST_TEST(heard(1) == ":0\r\n+OK\r\n");
}

/// Small requests with large replies: a turn produces only so much, and what
/// is behind a slow reply is not piled up.
BOOST_AUTO_TEST_CASE(T1_replies_do_not_pile_up) {
  std::string lines;
  for (int i = 0; i < 2000; ++i)
    lines += "COMMAND\n";
  pass(1, lines);
  tested.end_of_turn(now_ms);
  const auto first = tested.drain();
  BOOST_REQUIRE(first.writes.size() == 1);
  const auto size_of_turn = first.writes.front().bytes.size();
  BOOST_TEST(size_of_turn > mebibyte);
  BOOST_TEST(size_of_turn < 2 * mebibyte);
  BOOST_TEST(first.unfinished);
  tested.go_on(now_ms);
  carry_out();
  const auto one = ask(1, "COMMAND");
  const auto total = size_of_turn + one.size();
  say(1, "COMMAND");
  const auto single = heard(1).size();
  BOOST_TEST(total == single * 2001);
}

BOOST_AUTO_TEST_CASE(T1_replies_behind_a_slow_one_are_bounded) {
  say(1, "SET a 1");
  std::string lines;
  for (int i = 0; i < 2000; ++i)
    lines += "COMMAND\n";
  say(1, lines);
  BOOST_TEST(heard(1).empty());
  say(1, std::string(2 * mebibyte, '\n'));
  BOOST_TEST(halted.count(1) == 1); // has more than it may keep
  settle();
  BOOST_TEST(halted.empty());
  const auto all = heard(1);
  say(1, "COMMAND");
  BOOST_TEST(all.size() == 5 + 2000 * heard(1).size());
}

BOOST_AUTO_TEST_CASE(T1_there_are_so_many_clients_at_most) {
  connect(2);
  connect(3);
  BOOST_TEST(closed.empty());
  connect(4);
  BOOST_TEST(heard(4) == "-ERR max number of clients reached\r\n");
  BOOST_TEST(closed.count(4) == 1);
  BOOST_TEST(ask(3, "PING") == "+PONG\r\n");
  BOOST_TEST(tested.client_count() == 3);
}

/// A batch that is full leaves in the middle of a turn.
BOOST_AUTO_TEST_CASE(batches_are_bounded) {
  for (int i = 0; i < 3; ++i)
    pass(1, set_of("a" + std::to_string(i), mebibyte / 2));
  end_turn();
  BOOST_TEST(sent.size() == 3);
  settle();
  BOOST_TEST(heard(1) == "+OK\r\n+OK\r\n+OK\r\n");
}

BOOST_AUTO_TEST_SUITE_END()
