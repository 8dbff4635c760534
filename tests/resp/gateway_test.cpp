// The broker and the front's actor with real connections.
#include "resp/gateway_broker.hpp"

#include "codec/peer_codec.hpp"
#include "resp/fake_primary.hpp"
#include "resp/front_actor.hpp"
#include "runtime/system_clock.hpp"
#include "transport/socket_address.hpp"

#include <boost/test/unit_test.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/io/middleman.hpp>
#include <caf/send.hpp>

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>

using namespace cohort;
using namespace cohort::resp;
using namespace cohort::resp::tests;

namespace {

constexpr std::size_t mebibyte = std::size_t{1} << 20;
constexpr set_id the_set{1};

/// Hub and primary in one: what is sent to the set comes back answered.
class answering_hub : public runtime::shell {
public:
  using shell::shell;

  caf::behavior behavior() override {
    return {
      [this](const runtime::outbound& x) {
        const auto decoded = codec::decode_peer(x.content);
        COHORT_CHECK(decoded.ok());
        const auto& request = std::get<client_request>(decoded->body);
        send(front_, runtime::inbound{first_node,
                                      codec::encode(the_set, first_node,
                                                    primary_.serve(request))});
      },
      [this](const runtime::serve_gateway& x) {
        front_ = x.gateway;
        send(front_,
             runtime::set_ready{the_set, first_node, me(), {}, {first_node}});
        send_self(runtime::tick{});
      },
      [this](const runtime::tick&) {
        send(front_, runtime::tick{});
        send_self_after(std::chrono::milliseconds{5}, runtime::tick{});
      },
    };
  }

private:
  fake_primary primary_;
  caf::actor front_;
};

struct io_config : caf::actor_system_config {
  io_config() {
    load<caf::io::middleman>();
  }
};

struct gateway_world {
  io_config config;
  caf::actor_system system{config};
  caf::actor hub;
  caf::actor front;
  caf::actor broker;
  std::uint16_t port = 0;

  gateway_world() {
    using runtime::placement;
    hub = runtime::spawn_shell<answering_hub>(system, placement::loop);
    auto setup = std::make_shared<front_setup>();
    setup->options.set = the_set;
    setup->options.node_name = "n1";
    setup->options.pending_bytes_max = 4 * mebibyte;
    setup->time = std::make_shared<runtime::system_clock>();
    setup->node = hub;
    front = runtime::spawn_shell<front_actor>(
      system, placement::loop, std::shared_ptr<const front_setup>{setup});
    gateway_options options;
    options.address = "127.0.0.1";
    options.output_bytes_max = 8 * mebibyte;
    auto started = spawn_gateway(system, options, front);
    BOOST_REQUIRE(started.ok());
    broker = started->first;
    port = started->second;
    caf::anon_send(hub, runtime::serve_gateway{1, front});
  }

  ~gateway_world() {
    for (const auto& x : {broker, front, hub})
      caf::anon_send_exit(x, caf::exit_reason::user_shutdown);
  }
};

/// A client that blocks.
class connection {
public:
  explicit connection(std::uint16_t port)
    : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const auto where = transport::parse_address("127.0.0.1", port);
    BOOST_REQUIRE_EQUAL(::connect(socket_, where->get(), where->size), 0);
    const timeval most{20, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof most);
    ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &most, sizeof most);
  }
  ~connection() {
    ::close(socket_);
  }
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;

  /// False: the other side takes no more.
  bool say(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto sent = ::send(socket_, bytes.data(), bytes.size(),
                               MSG_NOSIGNAL);
      if (sent <= 0)
        return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  /// Reads so many bytes, or less if the other side closes.
  std::string hear(std::size_t size) {
    std::string result(size, '\0');
    std::size_t filled = 0;
    while (filled < size) {
      const auto got = ::recv(socket_, result.data() + filled, size - filled,
                              0);
      if (got <= 0)
        break;
      filled += static_cast<std::size_t>(got);
    }
    result.resize(filled);
    return result;
  }

  bool is_closed() {
    char byte = 0;
    const auto got = ::recv(socket_, &byte, 1, 0);
    return got == 0 || (got < 0 && errno == ECONNRESET);
  }

  void ask(std::string_view request, std::string_view reply) {
    say(request);
    BOOST_TEST(hear(reply.size()) == reply);
  }

private:
  int socket_;
};

std::string set_of(std::string_view key, std::size_t bytes) {
  return "*3\r\n$3\r\nSET\r\n$" + std::to_string(key.size()) + "\r\n"
         + std::string{key} + "\r\n$" + std::to_string(bytes) + "\r\n"
         + std::string(bytes, 'v') + "\r\n";
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(gateway_suite, gateway_world)

BOOST_AUTO_TEST_CASE(serves_several_clients) {
  connection one{port};
  connection two{port};
  one.ask("PING\r\n", "+PONG\r\n");
  one.ask("SET a 1\r\nGET a\r\n", "+OK\r\n$1\r\n1\r\n");
  two.ask("GET a\r\nCLIENT ID\r\n", "$1\r\n1\r\n:2\r\n");
}

BOOST_AUTO_TEST_CASE(carries_large_values_both_ways) {
  connection client{port};
  const auto size = kv::value_bytes_max / 4; // under the bound on output
  client.say(set_of("a", size));
  client.ask("GET a\r\n",
             "+OK\r\n$4194304\r\n" + std::string(size, 'v') + "\r\n");
}

/// More than may be pending: the gateway stops reading, and goes on.
BOOST_AUTO_TEST_CASE(T1_a_clog_slows_a_client_down) {
  connection client{port};
  std::string replies;
  for (int i = 0; i < 32; ++i) {
    BOOST_REQUIRE(client.say(set_of("a" + std::to_string(i), mebibyte)));
    replies += "+OK\r\n";
  }
  BOOST_TEST(client.hear(replies.size()) == replies);
}

BOOST_AUTO_TEST_CASE(closes_after_the_last_reply) {
  connection client{port};
  client.ask("SET a 1\r\nQUIT\r\nPING\r\n", "+OK\r\n+OK\r\n");
  BOOST_TEST(client.is_closed());
  connection bad{port};
  bad.ask("*x\r\n", "-ERR Protocol error: invalid multibulk length\r\n");
  BOOST_TEST(bad.is_closed());
}

BOOST_AUTO_TEST_CASE(T1_a_client_that_does_not_read_is_cut_off) {
  connection client{port};
  client.say(set_of("a", mebibyte));
  client.hear(5);
  std::string gets;
  for (int i = 0; i < 32; ++i)
    gets += "GET a\r\n";
  client.say(gets);
  connection other{port};
  while (client.say("PING\r\n")) // until the gateway has hung up
    other.ask("PING\r\n", "+PONG\r\n");
  BOOST_TEST(client.hear(32 * mebibyte).size() < 32 * mebibyte);
}

BOOST_AUTO_TEST_CASE(clients_may_leave_at_any_time) {
  for (int i = 0; i < 50; ++i) {
    connection client{port};
    client.say("SET a 1\r\nGET a\r\nWATCH a\r\n");
  }
  connection client{port};
  client.ask("PING\r\n", "+PONG\r\n");
}

BOOST_AUTO_TEST_CASE(without_tls_only_this_machine_is_served) {
  gateway_options options;
  options.address = "0.0.0.0";
  const auto refused = spawn_gateway(system, options, front);
  BOOST_REQUIRE(!refused.ok());
  BOOST_CHECK(refused.err().code == errc::invalid);
}

BOOST_AUTO_TEST_SUITE_END()
