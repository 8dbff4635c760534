#include "transport/byte_stream.hpp"

#include <sys/socket.h>

#include <cerrno>

namespace cohort::transport {

namespace {

io_result failure() {
  const bool later = errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
  return {later ? io_status::again : io_status::failed, 0};
}

} // namespace

io_result plain_stream::read(int socket, char* to, std::size_t size) {
  const auto count = ::recv(socket, to, size, 0);
  if (count > 0)
    return {io_status::ok, static_cast<std::size_t>(count)};
  return count == 0 ? io_result{io_status::closed, 0} : failure();
}

io_result plain_stream::write(int socket, const char* from, std::size_t size) {
  const auto count = ::send(socket, from, size, MSG_NOSIGNAL);
  if (count >= 0)
    return {io_status::ok, static_cast<std::size_t>(count)};
  return failure();
}

void plain_stream::finish(int socket) {
  ::shutdown(socket, SHUT_WR);
}

} // namespace cohort::transport
