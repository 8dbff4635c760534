#include "resp/keys_walk.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

using namespace cohort;
using namespace cohort::resp;

BOOST_AUTO_TEST_SUITE(keys_walk_suite)

BOOST_AUTO_TEST_CASE(K5_asks_for_a_slice_at_a_time) {
  keys_walk walk{"a*"};
  const auto first = walk.next_query();
  BOOST_CHECK(first.what == kv::op::scan);
  BOOST_TEST(first.value == "a*");
  BOOST_TEST(first.number == 0);
  BOOST_TEST(first.number2 == 1000);
  BOOST_TEST(
    walk.take("*2\r\n$20\r\n18446744073709551615\r\n"
              "*2\r\n$2\r\na1\r\n$2\r\na2\r\n"));
  BOOST_TEST(walk.next_query().number == -1); // the same 64 bits
  BOOST_TEST(walk.take("*2\r\n$1\r\n9\r\n*0\r\n"));
  BOOST_TEST(!walk.take("*2\r\n$1\r\n0\r\n*1\r\n$4\r\na\r\n3\r\n"));
  BOOST_TEST(walk.answer() == "*3\r\n$2\r\na1\r\n$2\r\na2\r\n$4\r\na\r\n3\r\n");
}

BOOST_AUTO_TEST_CASE(finds_nothing) {
  keys_walk walk{"*"};
  BOOST_TEST(!walk.take("*2\r\n$1\r\n0\r\n*0\r\n"));
  BOOST_TEST(walk.answer() == "*0\r\n");
}

BOOST_AUTO_TEST_CASE(an_error_ends_it) {
  keys_walk walk{"*"};
  BOOST_TEST(walk.take("*2\r\n$1\r\n5\r\n*1\r\n$1\r\na\r\n"));
  BOOST_TEST(!walk.take("-CLUSTERDOWN gone\r\n"));
  BOOST_TEST(walk.answer() == "-CLUSTERDOWN gone\r\n");
}

BOOST_AUTO_TEST_CASE(what_is_no_reply_to_scan_ends_it) {
  for (const auto* bad :
       {"", "+OK\r\n", "*3\r\n", "*2\r\n", "*2\r\n$1\r\n", "*2\r\n$1\r\n0\r\n",
        "*2\r\n$9\r\n0\r\n*0\r\n", "*2\r\n$1\r\nx\r\n*0\r\n"}) {
    keys_walk walk{"*"};
    BOOST_TEST(!walk.take(bad));
    BOOST_TEST(walk.answer().starts_with("-ERR "), bad);
  }
}

BOOST_AUTO_TEST_CASE(T1_the_answer_is_bounded) {
  const std::string key(std::size_t{1} << 20, 'k');
  const auto reply = "*2\r\n$1\r\n7\r\n*1\r\n$" + std::to_string(key.size())
                     + "\r\n" + key + "\r\n";
  keys_walk walk{"*"};
  std::size_t slices = 0;
  while (walk.take(reply))
    ++slices;
  BOOST_TEST(slices == keys_reply_bytes_max / key.size() - 1);
  BOOST_TEST(walk.answer().starts_with("-ERR the keys are more than"));
}

BOOST_AUTO_TEST_SUITE_END()
