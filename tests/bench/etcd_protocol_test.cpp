#include "bench/etcd_protocol.hpp"

#include "bench/fake_etcd.hpp"
#include "bench/grpc_codec.hpp"
#include "bench/workload.hpp"

#include <boost/test/unit_test.hpp>

using namespace cohort;
using namespace cohort::bench;

namespace {

const operation a_write{operation_kind::set, key_of(1), "value"};
const operation a_read{operation_kind::get, key_of(1), {}};

using outcomes = std::vector<std::pair<std::size_t, std::string>>;

/// A client and a server, and the bytes between them.
struct fixture {
  fixture() {
    client.start(to_server);
    BOOST_REQUIRE(exchange().ok());
  }

  void submit(std::size_t slot, const operation& op) {
    client.submit(slot, std::span{&op, 1}, to_server);
    BOOST_REQUIRE(exchange().ok());
  }

  /// Carries bytes both ways until nobody has more to say.
  result<void> exchange() {
    for (;;) {
      const auto to_client = server.exchange(std::exchange(to_server, {}));
      if (to_client.empty())
        return {};
      std::vector<completion> done;
      auto outcome = client.receive(to_client, to_server, done);
      for (auto& x : done)
        ended.emplace_back(x.slot, x.error);
      if (!outcome)
        return outcome;
    }
  }

  etcd_protocol client;
  fake_etcd server;
  std::string to_server;
  outcomes ended;
};

/// A RangeResponse with one key.
std::string found() {
  std::string message;
  grpc::append_bytes_field(message, 1, "header");
  grpc::append_bytes_field(message, grpc::range_response_kvs, "pair");
  return fake_etcd::framed(message);
}

std::string not_found() {
  std::string message;
  grpc::append_bytes_field(message, 1, "header");
  return fake_etcd::framed(message);
}

} // namespace

BOOST_AUTO_TEST_SUITE(etcd_protocol_suite)

BOOST_AUTO_TEST_CASE(a_write_arrives_as_a_put) {
  fixture f;
  f.submit(0, a_write);
  BOOST_REQUIRE(f.server.requests.size() == 1u);
  const auto& request = f.server.requests.front();
  BOOST_TEST(request.path == "/etcdserverpb.KV/Put");
  BOOST_TEST(request.content_type == "application/grpc");
  BOOST_TEST(request.body == grpc::put_request(a_write.key_view(), "value"));
  f.server.reply(0, not_found(), "0");
  BOOST_TEST(f.exchange().ok());
  BOOST_TEST((f.ended == outcomes{{0, ""}}));
}

BOOST_AUTO_TEST_CASE(a_read_must_find_something) {
  fixture f;
  f.submit(0, a_read);
  f.submit(1, a_read);
  BOOST_TEST(f.server.requests[0].path == "/etcdserverpb.KV/Range");
  f.server.reply(0, found(), "0");
  f.server.reply(1, not_found(), "0");
  BOOST_TEST(f.exchange().ok());
  BOOST_TEST((f.ended == outcomes{{0, ""}, {1, "missing"}}));
}

BOOST_AUTO_TEST_CASE(replies_may_come_in_any_order_and_slots_serve_again) {
  fixture f;
  for (std::size_t i = 0; i < 3; ++i)
    f.submit(i, a_write);
  f.server.reply(2, not_found(), "0");
  f.server.reply(0, not_found(), "0");
  BOOST_TEST(f.exchange().ok());
  BOOST_TEST((f.ended == outcomes{{2, ""}, {0, ""}}));
  f.submit(2, a_write);
  f.server.reply(3, not_found(), "0");
  f.server.reply(1, not_found(), "0");
  BOOST_TEST(f.exchange().ok());
  BOOST_TEST((f.ended == outcomes{{2, ""}, {0, ""}, {2, ""}, {1, ""}}));
}

BOOST_AUTO_TEST_CASE(a_large_value_passes_flow_control) {
  fixture f;
  const std::string value(300'000, 'v');
  f.submit(0, {operation_kind::set, key_of(1), value});
  BOOST_REQUIRE(f.server.requests.size() == 1u);
  BOOST_TEST(f.server.requests.front().body.size() > value.size());
}

BOOST_AUTO_TEST_CASE(a_failed_call_is_counted_by_its_status) {
  fixture f;
  f.submit(0, a_write);
  f.server.reply(0, "", "14");
  BOOST_TEST(f.exchange().ok());
  BOOST_TEST((f.ended == outcomes{{0, "grpc 14"}}));
}

BOOST_AUTO_TEST_CASE(a_reset_stream_fails_one_request) {
  fixture f;
  f.submit(0, a_write);
  f.server.reset(0);
  BOOST_TEST(f.exchange().ok());
  BOOST_TEST((f.ended == outcomes{{0, "http2 2"}}));
}

BOOST_AUTO_TEST_CASE(a_server_that_goes_away_ends_the_connection) {
  fixture f;
  f.submit(0, a_write);
  f.server.go_away();
  const auto outcome = f.exchange();
  BOOST_REQUIRE(!outcome.ok());
  BOOST_TEST((outcome.err().code == errc::closed));
}

BOOST_AUTO_TEST_CASE(bytes_that_are_not_http2_end_the_connection) {
  etcd_protocol client;
  std::string out;
  client.start(out);
  std::vector<completion> done;
  BOOST_TEST(
    !client.receive("HTTP/1.1 400 Bad Request\r\n\r\n", out, done).ok());
}

BOOST_AUTO_TEST_SUITE_END()
