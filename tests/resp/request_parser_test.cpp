#include "resp/request_parser.hpp"

#include "codec/kv_commands.hpp"

#include <boost/test/unit_test.hpp>
#include <rapidcheck.h>

#include <string>
#include <vector>

using namespace cohort;
using namespace cohort::resp;

namespace {

using status = request_parser::status;

/// What a parser made of a stream: requests, and how it failed if it did.
struct outcome {
  std::vector<std::vector<std::string>> requests;
  std::string problem;
  std::size_t left = 0; ///< bytes of an incomplete request

  bool operator==(const outcome&) const = default;
};

/// Feeds a stream in pieces of the given sizes, over and over, keeping what is
/// not consumed as a connection does.
outcome parse_in_pieces(std::string_view stream,
                        const std::vector<std::size_t>& sizes) {
  outcome result;
  request_parser parser;
  std::string kept;
  std::size_t piece = 0;
  while (!stream.empty() && result.problem.empty()) {
    const auto size = std::min(stream.size(), sizes[piece++ % sizes.size()]);
    kept += stream.substr(0, size);
    stream.remove_prefix(size);
    std::size_t used = 0;
    for (;;) {
      const auto found = parser.parse(std::string_view{kept}.substr(used));
      used += parser.consumed();
      if (found == status::more)
        break;
      if (found == status::failed) {
        result.problem = parser.problem();
        break;
      }
      result.requests.emplace_back(parser.args().begin(), parser.args().end());
    }
    kept = std::string{kept.substr(used)}; // lies elsewhere now
  }
  result.left = result.problem.empty() ? kept.size() : 0;
  return result;
}

outcome parse_at_once(std::string_view stream) {
  return parse_in_pieces(stream, {stream.size() + 1});
}

std::vector<std::string> parse_one(std::string_view stream) {
  const auto found = parse_at_once(stream);
  BOOST_REQUIRE_MESSAGE(found.requests.size() == 1, stream);
  BOOST_TEST(found.left == 0);
  return found.requests.front();
}

std::string problem_of(std::string_view stream) {
  const auto found = parse_at_once(stream);
  BOOST_TEST(found.requests.empty());
  BOOST_TEST(found.problem == parse_in_pieces(stream, {1}).problem);
  return found.problem;
}

using words = std::vector<std::string>;

std::string encode(const words& request) {
  std::string result = "*" + std::to_string(request.size()) + "\r\n";
  for (const auto& x : request)
    result += "$" + std::to_string(x.size()) + "\r\n" + x + "\r\n";
  return result;
}

} // namespace

BOOST_AUTO_TEST_SUITE(request_parser_suite)

BOOST_AUTO_TEST_CASE(reads_arrays_of_bulk_strings) {
  BOOST_TEST(parse_one("*1\r\n$4\r\nPING\r\n") == (words{"PING"}));
  BOOST_TEST(parse_one("*3\r\n$3\r\nSET\r\n$0\r\n\r\n$4\r\na\r\nb\r\n")
             == (words{"SET", "", "a\r\nb"}));
  const auto found = parse_at_once("*1\r\n$1\r\na\r\n*1\r\n$1\r\nb\r\n*1\r\n$");
  BOOST_TEST(found.requests.size() == 2);
  BOOST_TEST(found.left == 5);
}

BOOST_AUTO_TEST_CASE(passes_over_empty_requests) {
  BOOST_TEST(parse_one("\r\n*0\r\n*-1\r\n\n  \r\nPING\r\n") == (words{"PING"}));
}

BOOST_AUTO_TEST_CASE(reads_lines_with_quotes_as_redis_does) {
  BOOST_TEST(parse_one("SET  a\tb \r\n") == (words{"SET", "a", "b"}));
  BOOST_TEST(parse_one("GET a\n") == (words{"GET", "a"}));
  BOOST_TEST(parse_one("SET a \"b c\"\r\n") == (words{"SET", "a", "b c"}));
  BOOST_TEST(parse_one("SET a \"\\x41\\n\\t\\\"\\q\\xZ\"\r\n")
             == (words{"SET", "a", "A\n\t\"qxZ"}));
  BOOST_TEST(parse_one("SET a 'b\\'c \\n'\r\n")
             == (words{"SET", "a", "b'c \\n"}));
  BOOST_TEST(parse_one("SET a \"\"\r\n") == (words{"SET", "a", ""}));
  for (const auto* bad :
       {"SET a \"b\r\n", "SET a 'b\r\n", "SET a \"b\"c\r\n", "SET a 'b'c\r\n"})
    BOOST_TEST(problem_of(bad)
               == "-ERR Protocol error: unbalanced quotes in request\r\n");
}

BOOST_AUTO_TEST_CASE(K5_refuses_at_the_header) {
  const std::string bad_bulk = "-ERR Protocol error: invalid bulk length\r\n";
  const std::string bad_count =
    "-ERR Protocol error: invalid multibulk length\r\n";
  BOOST_TEST(problem_of("*1\r\n$1073741824\r\n") == bad_bulk);
  BOOST_TEST(problem_of("*1\r\n$16777217\r\n") == bad_bulk);
  BOOST_TEST(problem_of("*1\r\n$-1\r\n") == bad_bulk);
  BOOST_TEST(problem_of("*1\r\n$x\r\n") == bad_bulk);
  BOOST_TEST(problem_of("*1\r\n$1\rx") == bad_bulk);
  BOOST_TEST(problem_of("*1\r\n$" + std::string(40, '1')) == bad_bulk);
  BOOST_TEST(problem_of("*1048577\r\n") == bad_count);
  BOOST_TEST(problem_of("*99999999999999999999\r\n") == bad_count);
  BOOST_TEST(problem_of("*x\r\n") == bad_count);
  BOOST_TEST(problem_of("*1\r\nx")
             == "-ERR Protocol error: expected '$', got 'x'\r\n");
  BOOST_TEST(problem_of("*1\r\n\x01")
             == "-ERR Protocol error: expected '$', got '?'\r\n");
  BOOST_TEST(problem_of("*1\r\n$1\r\nabc")
             == "-ERR Protocol error: expected a line end after a bulk "
                "string\r\n");
  BOOST_TEST(problem_of(std::string(inline_bytes_max, 'a'))
             == "-ERR Protocol error: too big inline request\r\n");
}

BOOST_AUTO_TEST_CASE(takes_what_is_just_within_the_bounds) {
  const std::string value(kv::value_bytes_max, 'v');
  BOOST_TEST(parse_one(encode({"SET", "k", value})).back().size()
             == kv::value_bytes_max);
  const std::string line(inline_bytes_max - 2, 'a');
  BOOST_TEST(parse_one(line + "\r\n").front() == line);
}

BOOST_AUTO_TEST_CASE(K5_a_request_as_a_whole_is_bounded) {
  const std::string value(kv::value_bytes_max, 'v');
  const auto two = encode({"MSET", "a", value, "b", value});
  const auto last_header = two.rfind("$16777216\r\n");
  request_parser parser;
  const auto head = two.substr(0, last_header + 11);
  BOOST_CHECK(parser.parse(head) == status::failed);
  BOOST_TEST(parser.problem() == "-ERR Protocol error: too big request\r\n");
}

/// A large value that arrives byte by byte must not be looked at again with
/// each byte: this would take hours.
BOOST_AUTO_TEST_CASE(takes_time_linear_in_the_size) {
  const std::string value(std::size_t{8} << 20, 'v');
  const auto stream = encode({"SET", "k", value});
  request_parser parser;
  std::size_t parses = 0;
  for (std::size_t size = 1; size < stream.size(); ++size, ++parses)
    BOOST_REQUIRE(parser.parse(std::string_view{stream}.substr(0, size))
                  == status::more);
  BOOST_CHECK(parser.parse(stream) == status::ready);
  BOOST_TEST(parser.consumed() == stream.size());
  BOOST_CHECK(parser.args()[2].data() >= stream.data()
              && parser.args()[2].data() < stream.data() + stream.size());
}

BOOST_AUTO_TEST_CASE(cutting_a_stream_changes_nothing) {
  const bool holds = rc::check("requests in pieces", [] {
    const auto requests =
      *rc::gen::container<std::vector<words>>(rc::gen::nonEmpty(
        rc::gen::container<words>(rc::gen::arbitrary<std::string>())));
    std::string stream;
    for (const auto& x : requests)
      stream += encode(x);
    const auto sizes = *rc::gen::nonEmpty(
      rc::gen::container<std::vector<std::size_t>>(rc::gen::inRange(1, 9)));
    const auto found = parse_in_pieces(stream, sizes);
    RC_ASSERT(found.requests == requests);
    RC_ASSERT(found.problem.empty() && found.left == 0);
  });
  BOOST_TEST(holds);
}

BOOST_AUTO_TEST_CASE(any_bytes_mean_the_same_however_they_are_cut) {
  const bool holds = rc::check("bytes in pieces", [] {
    const auto letters = rc::gen::element('*', '$', '1', '2', '0', '-', '\r',
                                          '\n', '"', '\'', '\\', 'x', 'a', ' ',
                                          '\0');
    const auto lines = rc::gen::element<std::string>(
      "*2\r\n", "*1\r\n", "$1\r\n", "$3\r\n", "a\r\n", "abc\r\n", "\"a b\" ",
      "\r\n", "*");
    const auto bytes = *rc::gen::container<std::vector<std::string>>(
      rc::gen::oneOf(lines, rc::gen::map(letters, [](char x) {
                       return std::string(1, x);
                     })));
    std::string stream;
    for (const auto& x : bytes)
      stream += x;
    const auto at_once = parse_at_once(stream);
    RC_ASSERT(parse_in_pieces(stream, {1}) == at_once);
    RC_ASSERT(parse_in_pieces(stream, {3, 2}) == at_once);
  });
  BOOST_TEST(holds);
}

BOOST_AUTO_TEST_SUITE_END()
