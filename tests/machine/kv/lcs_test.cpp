#include "kv_driver.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

using namespace cohort;
using namespace cohort::kv;
using namespace cohort::kv::tests;

namespace {

struct lcs_driver : kv_driver {
  lcs_driver() {
    run(make_many(op::mset, {"a", "ohmytext", "b", "mynewtext"}));
  }

  std::string lcs(std::uint32_t flags, std::int64_t length_min = 0) {
    return read(make(op::lcs, "a", "b", length_min, flags));
  }
};

std::string range(int begin, int end) {
  return "*2\r\n" + number(begin) + number(end);
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(subsequences, lcs_driver)

BOOST_AUTO_TEST_CASE(lcs_answers_as_redis_documents) {
  BOOST_TEST(lcs(0) == bulk("mytext"));
  BOOST_TEST(lcs(flag::lcs_length) == number(6));
  const auto head = "%2\r\n" + bulk("matches");
  const auto tail = bulk("len") + number(6);
  BOOST_TEST(lcs(flag::lcs_matches)
             == head + "*2\r\n" + "*2\r\n" + range(4, 7) + range(5, 8)
                  + "*2\r\n" + range(2, 3) + range(0, 1) + tail);
  BOOST_TEST(lcs(flag::lcs_matches, 4)
             == head + "*1\r\n" + "*2\r\n" + range(4, 7) + range(5, 8) + tail);
  BOOST_TEST(lcs(flag::lcs_matches | flag::lcs_match_length, 4)
             == head + "*1\r\n" + "*3\r\n" + range(4, 7) + range(5, 8)
                  + number(4) + tail);
}

BOOST_AUTO_TEST_CASE(absent_keys_are_empty) {
  BOOST_TEST(read(make(op::lcs, "a", "none")) == bulk(""));
  BOOST_TEST(read(make(op::lcs, "x", "y", 0, flag::lcs_length)) == zero);
  BOOST_TEST(read(make(op::lcs, "x", "y", 0, flag::lcs_matches))
             == "%2\r\n" + bulk("matches") + "*0\r\n" + bulk("len") + zero);
}

BOOST_AUTO_TEST_CASE(a_key_has_itself_in_common) {
  BOOST_TEST(read(make(op::lcs, "a", "a")) == bulk("ohmytext"));
}

BOOST_AUTO_TEST_CASE(the_table_has_a_bound) {
  const std::string large(3'000, 'x');
  run(make(op::set, "large", large));
  BOOST_TEST(read(make(op::lcs, "large", "large"))
             == "-ERR Insufficient memory, transient memory for LCS exceeds "
                "proto-max-bulk-len\r\n");
  BOOST_TEST(read(make(op::lcs, "large", "a", 0, flag::lcs_length)) == one);
}

BOOST_AUTO_TEST_SUITE_END()
