#include "core/bytes.hpp"
#include "core/frame.hpp"

#include <boost/test/unit_test.hpp>

#include <cstring>
#include <utility>

using namespace cohort;

BOOST_AUTO_TEST_SUITE(bytes_suite)

BOOST_AUTO_TEST_CASE(a_slice_shares_and_keeps_the_memory_alive) {
  bytes tail;
  {
    const auto whole = bytes::of("key and value");
    tail = whole.slice(8, 5);
    BOOST_TEST(tail.data() == whole.data() + 8);
  }
  BOOST_TEST(tail.view() == "value");
}

BOOST_AUTO_TEST_CASE(a_frame_keeps_its_aliases_alive) {
  bytes inside;
  {
    frame_buffer buffer{2};
    std::memcpy(buffer.data(), "0123456789abcdef", 16);
    const frame f{std::move(buffer)};
    BOOST_TEST(f.size() == 16u);
    inside = f.alias(f.data() + 10, 6);
  }
  BOOST_TEST(inside.view() == "abcdef");
}

BOOST_AUTO_TEST_SUITE_END()
