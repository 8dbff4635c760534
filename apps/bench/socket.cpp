#include "bench/socket.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace cohort::bench {

namespace {

error last_error(const char* what) {
  const auto code = errno == ECONNREFUSED ? errc::refused : errc::closed;
  return {code, std::string{what} + ": " + std::strerror(errno)};
}

bool would_block() {
  return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

} // namespace

socket::socket(socket&& other) noexcept
  : descriptor_(std::exchange(other.descriptor_, -1)) {}

socket& socket::operator=(socket&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

result<socket> socket::connect(const endpoint& to) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(to.port);
  if (inet_pton(AF_INET, to.host.c_str(), &address.sin_addr) != 1)
    return {errc::invalid, to.host + " is no numeric IPv4 address"};
  socket result{
    ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
  if (!result.is_open())
    return last_error("socket");
  const int on = 1;
  setsockopt(result.descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::connect(result.descriptor_, reinterpret_cast<sockaddr*>(&address),
                sizeof address)
        != 0
      && errno != EINPROGRESS)
    return last_error("connect");
  return result;
}

result<void> socket::connected() const {
  int code = 0;
  socklen_t size = sizeof code;
  if (getsockopt(descriptor_, SOL_SOCKET, SO_ERROR, &code, &size) != 0)
    return last_error("getsockopt");
  if (code == 0)
    return {};
  errno = code;
  return last_error("connect");
}

result<std::size_t> socket::send(std::string_view data) const {
  const auto sent = ::send(descriptor_, data.data(), data.size(), MSG_NOSIGNAL);
  if (sent >= 0)
    return static_cast<std::size_t>(sent);
  if (would_block())
    return std::size_t{0};
  return last_error("send");
}

result<std::string_view> socket::receive(std::span<char> buffer) const {
  const auto size = ::recv(descriptor_, buffer.data(), buffer.size(), 0);
  if (size > 0)
    return std::string_view{buffer.data(), static_cast<std::size_t>(size)};
  if (size < 0 && would_block())
    return std::string_view{};
  if (size < 0)
    return last_error("recv");
  return {errc::closed, "recv: end of stream"};
}

void socket::close() {
  if (is_open())
    ::close(std::exchange(descriptor_, -1));
}

} // namespace cohort::bench
