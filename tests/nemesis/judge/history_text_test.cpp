#include "history_text.hpp"

#include <boost/test/unit_test.hpp>

using namespace cohort;
using namespace cohort::history;
using namespace cohort::judge;

namespace {

std::vector<operation> parsed(const std::string& lines) {
  return parse_history(std::string{first_line} + "\n" + lines).value();
}

bool refused(const std::string& text) {
  const auto found = parse_history(text);
  return !found && found.err().code == errc::malformed;
}

bool line_refused(const std::string& line) {
  return refused(std::string{first_line} + "\n" + line + "\n");
}

} // namespace

BOOST_AUTO_TEST_SUITE(history_text_suite)

BOOST_AUTO_TEST_CASE(every_kind_of_line_is_read) {
  const auto found = parsed(
    "# a comment\n"
    "\n"
    "3 10 20 completed read 7 -5 write 8 6\n"
    "4 11 21 refused expect 7 1 write 7 2\n"
    "5 12 - unknown add 9 -3 -\n"
    "6 13 23 failed read 7 -\n"
    "7 14 24 completed add 9 2 11\n");
  BOOST_REQUIRE(found.size() == 5u);
  BOOST_TEST(to_string(found[0])
             == "client 3: key 7 read -> -5, key 8 write 6 at [10, 20]");
  BOOST_TEST(to_string(found[1])
             == "client 4: key 7 expect 1, key 7 write 2 at [11, 21] "
                "(refused)");
  BOOST_TEST(to_string(found[2])
             == "client 5: key 9 add -3 at [12, open) (outcome unknown)");
  BOOST_TEST((found[3].ended == outcome::failed));
  BOOST_TEST(found[4].accesses[0].result == 11);
}

BOOST_AUTO_TEST_CASE(an_empty_history_is_one) {
  BOOST_TEST(parsed("").empty());
}

BOOST_AUTO_TEST_CASE(what_is_no_history_is_refused) {
  BOOST_TEST(refused(""));
  BOOST_TEST(refused("cohort-history 2\n"));
  BOOST_TEST(refused("cohort-history 1\n1 2 3 completed read 7 0"));
}

BOOST_AUTO_TEST_CASE(wrong_lines_are_refused) {
  for (const auto* line : {
         "x",
         "1 2 3 completed",
         "1 2 3 done read 7 0",
         "1 2 3 completed read 7",
         "1 2 3 completed read 7 -",
         "1 2 3 completed read 7 0x",
         "1 2 3 completed read  7 0",
         "1 2 3 completed read -7 0",
         "1 2 3 completed look 7 0",
         "1 2 3 completed write 7 99999999999999999999",
         "1 2 - completed write 7 1",
         "1 2 - refused expect 7 1",
         "1 2 x unknown write 7 1",
         "1 2 3 completed add 7 1 -",
         "1 -2 3 completed write 7 1",
         "1 2 3 completed write 7 1 read",
       })
    BOOST_TEST(line_refused(line), line);
}

BOOST_AUTO_TEST_CASE(an_operation_has_a_bound) {
  std::string line = "1 2 3 completed";
  for (std::size_t i = 0; i < accesses_max; ++i)
    line += " write 7 1";
  BOOST_TEST(!line_refused(line));
  BOOST_TEST(line_refused(line + " write 7 1"));
}

BOOST_AUTO_TEST_CASE(an_error_names_its_line) {
  const auto found = parse_history("cohort-history 1\n\n# two\nwhat\n");
  BOOST_REQUIRE(!found);
  BOOST_TEST(found.err().message.find("line 4") == 0u);
}

BOOST_AUTO_TEST_CASE(what_is_open_is_counted_by_component) {
  const auto count = [](const std::string& lines) {
    return most_open(parsed(lines)).most;
  };
  BOOST_TEST(count("1 10 20 completed write 1 5\n"
                   "2 21 30 completed write 1 6\n")
             == 1u);
  BOOST_TEST(count("1 10 20 completed write 1 5\n"
                   "2 20 30 completed write 1 6\n")
             == 2u);
  BOOST_TEST(count("1 10 20 completed write 1 5\n"
                   "2 11 30 completed write 2 6\n")
             == 1u);
  BOOST_TEST(count("1 10 20 completed write 1 5\n"
                   "2 11 30 completed write 2 6\n"
                   "3 40 50 completed write 1 7 write 2 8\n")
             == 2u);
  // Without an answer it stays open; what failed was never open.
  BOOST_TEST(count("1 10 - unknown write 1 5\n"
                   "2 11 - failed write 1 6\n"
                   "3 40 50 completed read 1 5\n")
             == 2u);
}

BOOST_AUTO_TEST_SUITE_END()
