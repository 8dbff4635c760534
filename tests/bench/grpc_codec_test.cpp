#include "bench/grpc_codec.hpp"

#include <boost/test/unit_test.hpp>
#include <rapidcheck.h>

#include <set>

using namespace cohort;
using namespace cohort::bench;

namespace {

std::string varint(std::uint64_t value) {
  std::string out;
  grpc::append_varint(out, value);
  return out;
}

/// Appends a field of any wire type, and returns its number.
std::uint32_t append_any_field(std::string& out) {
  const auto field = *rc::gen::inRange<std::uint32_t>(1, 20);
  const auto tag = [&](std::uint32_t type) {
    grpc::append_varint(out, field << 3 | type);
  };
  switch (*rc::gen::inRange(0, 4)) {
    case 0:
      tag(0);
      grpc::append_varint(out, *rc::gen::arbitrary<std::uint64_t>());
      break;
    case 1:
      tag(1);
      out += std::string(8, 'x');
      break;
    case 2:
      tag(5);
      out += std::string(4, 'x');
      break;
    default:
      grpc::append_bytes_field(out, field, *rc::gen::arbitrary<std::string>());
  }
  return field;
}

} // namespace

BOOST_AUTO_TEST_SUITE(grpc_codec_suite)

// 300 is the example of the protocol buffers encoding guide.
BOOST_AUTO_TEST_CASE(varints_put_the_least_significant_group_first) {
  BOOST_TEST(varint(0) == std::string(1, '\0'));
  BOOST_TEST(varint(127) == "\x7f");
  BOOST_TEST(varint(300) == "\xac\x02");
  BOOST_TEST(varint(UINT64_MAX).size() == 10u);
}

BOOST_AUTO_TEST_CASE(requests_have_the_bytes_that_etcd_expects) {
  using namespace std::string_literals;
  BOOST_TEST(grpc::put_request("k", "vv")
             == "\0\0\0\0\x07\x0a\x01k\x12\x02vv"s);
  BOOST_TEST(grpc::range_request("key") == "\0\0\0\0\x05\x0a\x03key"s);
}

BOOST_AUTO_TEST_CASE(a_frame_gives_back_its_message) {
  const auto body = grpc::range_request(std::string(300, 'k'));
  const auto message = grpc::unframe(body);
  BOOST_REQUIRE(message.ok());
  BOOST_TEST(message->size() == body.size() - grpc::frame_header_bytes);
  BOOST_TEST(grpc::has_field(*message, 1).value());
  BOOST_TEST(!grpc::has_field(*message, 2).value());
}

BOOST_AUTO_TEST_CASE(a_body_that_is_not_one_whole_frame_is_refused) {
  auto body = grpc::range_request("key");
  BOOST_TEST(!grpc::unframe("").ok());
  BOOST_TEST(!grpc::unframe(std::string_view{body}.substr(0, 4)).ok());
  BOOST_TEST(!grpc::unframe(std::string_view{body}.substr(0, 6)).ok());
  BOOST_TEST(!grpc::unframe(body + 'x').ok());
  body[0] = 1; // compressed
  BOOST_TEST((grpc::unframe(body).err().code == errc::unsupported));
}

BOOST_AUTO_TEST_CASE(fields_are_found_among_all_wire_types) {
  BOOST_TEST(rc::check([] {
    std::string message;
    std::set<std::uint32_t> fields;
    const auto count = *rc::gen::inRange(0, 10);
    for (int i = 0; i < count; ++i)
      fields.insert(append_any_field(message));
    for (std::uint32_t field = 1; field < 20; ++field) {
      const auto found = grpc::has_field(message, field);
      RC_ASSERT(found.ok());
      RC_ASSERT(found.value() == fields.contains(field));
    }
  }));
}

BOOST_AUTO_TEST_CASE(a_message_that_ends_within_a_field_is_refused) {
  BOOST_TEST(rc::check([] {
    std::string message;
    append_any_field(message);
    const auto cut = *rc::gen::inRange<std::size_t>(1, message.size());
    RC_ASSERT(!grpc::has_field(message.substr(0, cut), 1).ok());
  }));
}

BOOST_AUTO_TEST_CASE(groups_and_endless_varints_are_refused) {
  BOOST_TEST(!grpc::has_field("\x0b", 1).ok());
  BOOST_TEST(!grpc::has_field(std::string(11, '\xff'), 1).ok());
}

BOOST_AUTO_TEST_SUITE_END()
