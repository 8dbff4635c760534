#include "node/value_text.hpp"

#include <boost/test/unit_test.hpp>

using namespace cohort;
using namespace cohort::config;

BOOST_AUTO_TEST_SUITE(value_text_suite)

BOOST_AUTO_TEST_CASE(endpoints_are_read) {
  for (const auto* text :
       {"127.0.0.1:1", "node-1.example:65535", "[::1]:7401"}) {
    const auto parsed = parse_endpoint(text);
    BOOST_REQUIRE(parsed.ok());
    BOOST_TEST(to_string(*parsed) == text);
  }
  BOOST_TEST(parse_endpoint("[::1]:7401").value().host == "::1");
}

BOOST_AUTO_TEST_CASE(what_is_no_endpoint_is_explained) {
  const std::vector<std::pair<const char*, const char*>> bad{
    {"127.0.0.1", "\"127.0.0.1\" has no port; write \"host:port\""},
    {"", "\"\" has no port; write \"host:port\""},
    {":7401", "\":7401\" has no host; write \"host:port\""},
    {"a b:1", "\"a b:1\" has no proper host; write \"host:port\""},
    {"a:", "\"a:\" has no proper port; write one from 1 to 65535"},
    {"a:0", "\"a:0\" has no proper port; write one from 1 to 65535"},
    {"a:65536", "\"a:65536\" has no proper port; write one from 1 to 65535"},
    {"a:-1", "\"a:-1\" has no proper port; write one from 1 to 65535"},
    {"a:1x", "\"a:1x\" has no proper port; write one from 1 to 65535"},
    {"::1:7401",
     "\"::1:7401\" is not clear; put an IPv6 address in brackets: "
     "\"[::1]:7401\""},
  };
  for (const auto& [text, expected] : bad) {
    const auto parsed = parse_endpoint(text);
    BOOST_REQUIRE(!parsed.ok());
    BOOST_TEST(parsed.err().message == expected);
  }
}

BOOST_AUTO_TEST_CASE(sizes_are_read) {
  const std::vector<std::pair<const char*, std::uint64_t>> good{
    {"0", 0},
    {"4096", 4096},
    {"10 B", 10},
    {"64KiB", 65536},
    {"64 MiB", 67'108'864},
    {"2 GiB", 2'147'483'648},
    {"1 TiB", 1'099'511'627'776},
    {"9223372036854775807", INT64_MAX},
  };
  for (const auto& [text, expected] : good)
    BOOST_TEST(parse_size(text).value() == expected);
}

BOOST_AUTO_TEST_CASE(what_is_no_size_is_refused) {
  for (const auto* text : {"", "MiB", "64 MB", "64 mib", "-1", "1.5 GiB",
                           "9223372036854775808", "8388608 TiB", "64  KiB x"})
    BOOST_TEST(!parse_size(text).ok());
}

BOOST_AUTO_TEST_CASE(the_nearest_word_is_found) {
  const std::vector<std::string> known{"name", "peer", "client", "data"};
  BOOST_TEST(nearest("nmae", known) == "name");
  BOOST_TEST(nearest("clients", known) == "client");
  BOOST_TEST(nearest("peers", known) == "peer");
  BOOST_TEST(nearest("directory", known) == "");
  BOOST_TEST(nearest(std::string(1'000'000, 'x'), known) == "");
}

BOOST_AUTO_TEST_CASE(alternatives_are_listed) {
  BOOST_TEST(alternatives({}) == "");
  BOOST_TEST(alternatives({"a"}) == "a");
  BOOST_TEST(alternatives({"a", "b", "c"}) == "a, b or c");
}

BOOST_AUTO_TEST_SUITE_END()
