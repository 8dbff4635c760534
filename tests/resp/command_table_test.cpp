#include "resp/command_table.hpp"

#include "resp/command_reply.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <string>
#include <vector>

using namespace cohort::resp;

namespace {

using words = std::vector<std::string_view>;

std::string command(const words& request) {
  std::string out;
  reply_writer reply{out, protocol::resp3};
  reply_to_command(request, reply);
  return out;
}

} // namespace

BOOST_AUTO_TEST_SUITE(command_table_suite)

BOOST_AUTO_TEST_CASE(finds_every_command_in_any_case) {
  for (const auto& x : all_commands()) {
    BOOST_TEST(find_command(x.name) == &x);
    std::string upper{x.name};
    std::transform(upper.begin(), upper.end(), upper.begin(), [](char c) {
      return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    });
    BOOST_TEST(find_command(upper) == &x);
    BOOST_TEST(find_command(upper.substr(1)) != &x);
  }
}

BOOST_AUTO_TEST_CASE(finds_nothing_else) {
  for (const auto* x : {"", "g", "gett", "get ", "ge\0", "lolwut",
                        "averyveryverylongnamethatnobodyhas"})
    BOOST_TEST(find_command(x) == nullptr);
}

BOOST_AUTO_TEST_CASE(words_are_the_same_but_for_case) {
  BOOST_TEST(same_word("GeT", "gEt"));
  BOOST_TEST(!same_word("get", "gets"));
  BOOST_TEST(!same_word("@", "`")); // differ in the bit of case
}

BOOST_AUTO_TEST_CASE(a_command_serves_the_front_or_the_set) {
  for (const auto& x : all_commands()) {
    const int kinds = (x.is_local() ? 1 : 0)
                      + ((x.flags & command_flag::write) != 0 ? 1 : 0)
                      + ((x.flags & command_flag::readonly) != 0 ? 1 : 0);
    BOOST_TEST(kinds == 1, x.name);
  }
}

BOOST_AUTO_TEST_CASE(answers_command) {
  const auto count = std::to_string(all_commands().size());
  BOOST_TEST(command({"COMMAND"}).starts_with("*" + count + "\r\n*10\r\n"));
  BOOST_TEST(command({"COMMAND", "COUNT"}) == ":" + count + "\r\n");
  BOOST_TEST(command({"COMMAND", "DOCS"}) == "%0\r\n");
  BOOST_TEST(command({"command", "list"}).starts_with("*" + count + "\r\n$"));
  BOOST_TEST(command({"COMMAND", "INFO", "get", "nothing"})
             == "*2\r\n*10\r\n$3\r\nget\r\n:2\r\n~2\r\n+readonly\r\n+fast\r\n"
                ":1\r\n:1\r\n:1\r\n~0\r\n*0\r\n*0\r\n*0\r\n_\r\n");
  BOOST_TEST(command({"COMMAND", "HELLO"}).starts_with("-ERR unknown"));
}

BOOST_AUTO_TEST_CASE(names_the_keys_of_a_request) {
  BOOST_TEST(command({"COMMAND", "GETKEYS", "MSET", "a", "1", "b", "2"})
             == "*2\r\n$1\r\na\r\n$1\r\nb\r\n");
  BOOST_TEST(command({"COMMAND", "GETKEYS", "DEL", "a", "b"})
             == "*2\r\n$1\r\na\r\n$1\r\nb\r\n");
  BOOST_TEST(command({"COMMAND", "GETKEYS", "RENAME", "a", "b"})
             == "*2\r\n$1\r\na\r\n$1\r\nb\r\n");
  BOOST_TEST(command({"COMMAND", "GETKEYS", "SET", "a", "b"})
             == "*1\r\n$1\r\na\r\n");
  BOOST_TEST(command({"COMMAND", "GETKEYS", "PING"})
             == "-ERR The command has no key arguments\r\n");
  BOOST_TEST(command({"COMMAND", "GETKEYS", "GET"})
             == "-ERR Invalid number of arguments specified for command\r\n");
  BOOST_TEST(command({"COMMAND", "GETKEYS", "NOTHING"})
             == "-ERR Invalid command specified\r\n");
}

BOOST_AUTO_TEST_SUITE_END()
