#include "transport/connector.hpp"

#include "transport/socket_address.hpp"

#include <caf/io/network/interfaces.hpp>

#include <netinet/tcp.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

namespace cohort::transport {

struct ready_socket::holder {
  native_socket socket;

  explicit holder(native_socket x) : socket(x) {}
  holder(const holder&) = delete;
  holder& operator=(const holder&) = delete;

  ~holder() {
    if (socket >= 0)
      ::close(socket);
  }
};

ready_socket::ready_socket(native_socket socket)
  : holder_(std::make_shared<holder>(socket)) {}

native_socket ready_socket::take() {
  return holder_ ? std::exchange(holder_->socket, -1) : -1;
}

connector::connector(default_multiplexer& loop, native_socket socket,
                     callback done)
  : event_handler(loop, socket),
    done_(std::move(done)) {}

caf::intrusive_ptr<connector>
connector::start(default_multiplexer& loop, const std::string& address,
                 std::uint16_t port, callback done) {
  const auto fail = [&](std::string why) {
    loop.post([done = std::move(done), why = std::move(why)] {
      done(ready_socket{}, why);
    });
    return nullptr;
  };
  const auto where = parse_address(address, port);
  if (!where)
    return fail("not an address: " + address);
  const auto socket = ::socket(where->storage.ss_family,
                               SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (socket < 0)
    return fail(std::strerror(errno));
  if (::connect(socket, where->get(), where->size) != 0
      && errno != EINPROGRESS) {
    auto why = std::string{std::strerror(errno)};
    ::close(socket);
    return fail(std::move(why));
  }
  auto result = caf::make_counted<connector>(loop, socket, std::move(done));
  result->self_ = result;
  loop.add(operation::write, socket, result.get());
  return result;
}

void connector::give_up(std::string why) {
  finish(std::move(why));
}

void connector::handle_event(operation) {
  const caf::intrusive_ptr<connector> guard{this};
  int code = 0;
  socklen_t size = sizeof code;
  ::getsockopt(fd(), SOL_SOCKET, SO_ERROR, &code, &size);
  finish(code == 0 ? std::string{} : std::string{std::strerror(code)});
}

/// Only now may another handler have the descriptor (rule 4).
void connector::removed_from_loop(operation) {
  if (over_)
    hand_over();
}

void connector::graceful_shutdown() {
  finish("the node stops");
}

void connector::finish(std::string why) {
  if (over_)
    return;
  over_ = true;
  why_ = std::move(why);
  const bool registered = (eventbf() & caf::io::network::output_mask) != 0;
  backend().del(operation::write, fd(), this);
  if (!registered)
    hand_over(); // the add was still queued: both cancelled out
}

void connector::hand_over() {
  ready_socket socket;
  if (why_.empty())
    socket = ready_socket{std::exchange(fd_, -1)}; // else closed by our base
  backend().post([socket, why = std::move(why_), done = std::move(done_)] {
    done(socket, why);
  });
  const auto last = std::move(self_);
}

} // namespace cohort::transport
