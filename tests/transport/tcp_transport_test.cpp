// What only a network can do to a transport.
#include "transport/owner.hpp"

#include "core/rng.hpp"
#include "transport/connector.hpp"
#include "transport/socket_address.hpp"

#include <boost/test/unit_test.hpp>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <future>
#include <vector>

using namespace cohort;
using namespace cohort::transport;
using namespace cohort::transport::testing;

namespace {

struct listening {
  io_config config;
  caf::actor_system system{config};
  std::shared_ptr<event_queue> events = std::make_shared<event_queue>();
  std::unique_ptr<party> node;
  std::uint16_t port = 0;

  listening() {
    node = make("127.0.0.1", 0, false);
    node->run([this](auto& x) { port = x.start().value(); });
  }

  std::unique_ptr<party> make(const std::string& address, std::uint16_t at,
                              bool insecure) {
    using base = loop_actor;
    auto actor = system.middleman().spawn_broker(
      own<base>,
      std::function<std::unique_ptr<cohort::transport::transport>(base*)>{
        [=](base* self) {
          tcp_options options;
          options.listen_address = address;
          options.listen_port = at;
          options.insecure = insecure;
          options.hello_timeout_ms = 200;
          return make_tcp_transport(self, options);
        }},
      events);
    return std::make_unique<party>(system, actor, events);
  }
};

int option_of(int socket, int level, int name) {
  int value = 0;
  socklen_t size = sizeof value;
  ::getsockopt(socket, level, name, &value, &size);
  return value;
}

/// The sockets of this process that are connected with or at this port.
std::vector<int> connected_at(std::uint16_t port) {
  std::vector<int> result;
  for (int fd = 0; fd < 1024; ++fd) {
    sockaddr_in here{};
    sockaddr_in there{};
    socklen_t size = sizeof here;
    if (::getsockname(fd, reinterpret_cast<sockaddr*>(&here), &size) != 0)
      continue;
    size = sizeof there;
    if (::getpeername(fd, reinterpret_cast<sockaddr*>(&there), &size) != 0
        || there.sin_family != AF_INET)
      continue;
    if (ntohs(here.sin_port) == port || ntohs(there.sin_port) == port)
      result.push_back(fd);
  }
  return result;
}

/// A peer without manners: a blocking socket.
class rude {
public:
  explicit rude(std::uint16_t port)
    : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const auto where = parse_address("127.0.0.1", port);
    BOOST_REQUIRE_EQUAL(::connect(socket_, where->get(), where->size), 0);
    const timeval most{10, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof most);
  }
  ~rude() {
    ::close(socket_);
  }
  rude(const rude&) = delete;
  rude& operator=(const rude&) = delete;

  void say(const std::string& bytes) {
    (void) ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  }

  /// Whether the other side hangs up within ten seconds.
  bool is_cut_off() {
    char byte;
    for (;;) {
      const auto count = ::recv(socket_, &byte, 1, 0);
      if (count <= 0)
        return count == 0 || errno == ECONNRESET;
    }
  }

private:
  int socket_;
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(tcp_transport_suite, listening)

BOOST_AUTO_TEST_CASE(a_stranger_with_another_protocol_is_cut_off) {
  rude peer{port};
  peer.say("GET / HTTP/1.1\r\nHost: example\r\n\r\n");
  BOOST_TEST(peer.is_cut_off());
}

BOOST_AUTO_TEST_CASE(random_bytes_are_cut_off) {
  rng random{1};
  for (int i = 0; i < 20; ++i) {
    rude peer{port};
    std::string junk(random.between(24, 4000), '\0');
    for (auto& c : junk)
      c = static_cast<char>(random.next());
    peer.say(junk);
    BOOST_TEST(peer.is_cut_off());
  }
}

BOOST_AUTO_TEST_CASE(silence_is_cut_off_at_the_deadline) {
  rude peer{port};
  BOOST_TEST(peer.is_cut_off());
}

BOOST_AUTO_TEST_CASE(half_a_frame_is_cut_off_at_the_deadline) {
  rude peer{port};
  piece_header header;
  header.first = header.last = true;
  header.length = header.total = 800;
  const auto encoded = encode(header);
  peer.say(std::string{encoded.data(), encoded.size()} + "half");
  BOOST_TEST(peer.is_cut_off());
}

BOOST_AUTO_TEST_CASE(after_all_that_a_real_peer_is_served) {
  {
    rude silent{port};
    rude loud{port};
    loud.say(std::string(5000, 'x'));
    auto other_events = std::make_shared<event_queue>();
    const auto link = node->connect({"self", "127.0.0.1", port}, hello_of("x"));
    // The node talks to itself: one end accepted, one made.
    const auto knock = events->await<link_hello>();
    BOOST_TEST((knock.link != link));
    node->run([&](auto& x) { x.admit(knock.link, hello_of("y")); });
    const auto answer = events->await<link_hello>();
    BOOST_TEST((answer.link == link));
    BOOST_TEST(answer.who.node == "y");
  }
}

/// A host that lost its power says nothing, and nothing may be sent to it.
BOOST_AUTO_TEST_CASE(a_link_without_traffic_is_probed) {
  node->connect({"self", "127.0.0.1", port}, hello_of("x"));
  const auto knock = events->await<link_hello>();
  node->run([&](auto& x) { x.admit(knock.link, hello_of("y")); });
  events->await<link_hello>();
  const auto ends = connected_at(port);
  BOOST_TEST(ends.size() == 2u);
  for (const auto end : ends) {
    BOOST_TEST(option_of(end, SOL_SOCKET, SO_KEEPALIVE) == 1);
    BOOST_TEST(option_of(end, IPPROTO_TCP, TCP_KEEPIDLE) <= 3);
    BOOST_TEST(option_of(end, IPPROTO_TCP, TCP_KEEPINTVL) <= 3);
    BOOST_TEST(option_of(end, IPPROTO_TCP, TCP_USER_TIMEOUT) <= 5000);
  }
}

BOOST_AUTO_TEST_CASE(a_name_is_resolved_and_a_wrong_one_is_reported) {
  const auto good = node->connect({"self", "localhost", port}, hello_of("x"));
  BOOST_TEST((events->await<link_hello>().link != good));
  const auto bad = node->connect({"no", "no-such-host.invalid", port},
                                 hello_of("x"));
  const auto closed = events->await<link_closed>(std::chrono::seconds{60});
  BOOST_TEST((closed.link == bad));
  BOOST_TEST(closed.why.find("no-such-host.invalid") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(nothing_listens_off_loopback_unless_told_insecure) {
  auto other = make("0.0.0.0", 0, false);
  other->run([](auto& x) {
    const auto started = x.start();
    BOOST_REQUIRE(!started.ok());
    BOOST_TEST(started.err().message.find("insecure = true")
               != std::string::npos);
  });
  auto told = make("0.0.0.0", 0, true);
  told->run([](auto& x) { BOOST_TEST(x.start().ok()); });
}

BOOST_AUTO_TEST_CASE(a_port_in_use_is_an_error) {
  auto other = make("127.0.0.1", port, false);
  other->run([](auto& x) {
    const auto started = x.start();
    BOOST_REQUIRE(!started.ok());
    BOOST_TEST(started.err().message.find("in use") != std::string::npos);
  });
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(socket_address_suite)

BOOST_AUTO_TEST_CASE(loopback_is_told_from_the_world) {
  BOOST_TEST(is_loopback("127.0.0.1"));
  BOOST_TEST(is_loopback("127.8.9.1"));
  BOOST_TEST(is_loopback("::1"));
  BOOST_TEST(!is_loopback("0.0.0.0"));
  BOOST_TEST(!is_loopback("::"));
  BOOST_TEST(!is_loopback("10.0.0.1"));
  BOOST_TEST(!is_loopback("localhost"));
}

BOOST_AUTO_TEST_SUITE_END()
