#include "transport/stream_doorman.hpp"

#include "transport/socket_address.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace cohort::transport {

stream_doorman::stream_doorman(default_multiplexer& loop, native_socket socket,
                               factory make)
  : doorman_impl(loop, socket),
    make_(std::move(make)) {}

bool stream_doorman::new_connection() {
  const auto socket = acceptor_.accepted_socket();
  if (detached()) {
    ::close(socket);
    return false;
  }
  auto scribe = make_(acceptor_.backend(), socket);
  const auto handle = scribe->hdl();
  parent()->add_scribe(std::move(scribe));
  return doorman::new_connection(&acceptor_.backend(), handle);
}

/// CAF's waits for an event of the socket, which a loop that ends as well never
/// sees: then the acceptor keeps the doorman, of which it is a part.
void stream_doorman::graceful_shutdown() {
  const caf::intrusive_ptr<stream_doorman> guard{this};
  doorman_impl::graceful_shutdown();
  remove_from_loop();
  if (acceptor_.eventbf() == 0)
    acceptor_.removed_from_loop(operation::read); // rule 2
}

namespace {

error cannot_listen(const std::string& address, std::uint16_t port) {
  return {errc::io_failed, "cannot listen on " + address + ":"
                             + std::to_string(port) + ": "
                             + std::strerror(errno)};
}

result<native_socket> open_listener(const std::string& address,
                                    std::uint16_t port) {
  const auto where = parse_address(address, port);
  if (!where)
    return error{errc::invalid, "not an address: " + address};
  const auto socket = ::socket(where->storage.ss_family,
                               SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (socket < 0)
    return cannot_listen(address, port);
  const int on = 1;
  ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (::bind(socket, where->get(), where->size) != 0
      || ::listen(socket, 1024) != 0) {
    const auto failed = cannot_listen(address, port);
    ::close(socket);
    return failed;
  }
  return socket;
}

} // namespace

result<std::uint16_t> listen(caf::io::abstract_broker& broker,
                             const std::string& address, std::uint16_t port,
                             stream_doorman::factory make) {
  const auto socket = open_listener(address, port);
  if (!socket)
    return socket.err();
  auto doorman = caf::make_counted<stream_doorman>(loop_of(broker.system()),
                                                   *socket, std::move(make));
  const auto bound = doorman->port();
  broker.add_doorman(std::move(doorman));
  return bound;
}

} // namespace cohort::transport
