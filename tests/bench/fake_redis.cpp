#include "bench/fake_redis.hpp"

#include "core/check.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdint>

namespace cohort::bench {

namespace {

/// Binds to any port on loopback, and says to which.
int bound_socket(endpoint& where) {
  const int result = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  COHORT_CHECK(result >= 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  COHORT_CHECK(bind(result, generic, size) == 0);
  COHORT_CHECK(getsockname(result, generic, &size) == 0);
  where = {"127.0.0.1", ntohs(address.sin_port)};
  return result;
}

} // namespace

fake_redis::fake_redis(const options& x)
  : options_(x),
    listener_(bound_socket(where_)),
    stop_(eventfd(0, EFD_CLOEXEC)) {
  COHORT_CHECK(stop_ >= 0);
  COHORT_CHECK(listen(listener_, 128) == 0);
  thread_ = std::thread{[this] { serve(); }};
}

fake_redis::~fake_redis() {
  const std::uint64_t one = 1;
  COHORT_CHECK(write(stop_, &one, sizeof one) == sizeof one);
  thread_.join();
  for (const auto& x : connections_)
    close(x.descriptor);
  close(listener_);
  close(stop_);
}

void fake_redis::serve() {
  for (;;) {
    std::vector<pollfd> watched{{stop_, POLLIN, 0}, {listener_, POLLIN, 0}};
    for (const auto& x : connections_)
      watched.push_back({x.descriptor, POLLIN, 0});
    COHORT_CHECK(poll(watched.data(), watched.size(), -1) > 0);
    if (watched[0].revents != 0)
      return;
    for (std::size_t i = connections_.size(); i > 0; --i)
      if (watched[i + 1].revents != 0 && !serve_one(connections_[i - 1])) {
        close(connections_[i - 1].descriptor);
        connections_.erase(connections_.begin()
                           + static_cast<std::ptrdiff_t>(i - 1));
      }
    if (watched[1].revents != 0)
      accept_one();
  }
}

void fake_redis::accept_one() {
  const int descriptor = accept(listener_, nullptr, nullptr);
  if (descriptor >= 0)
    connections_.push_back({descriptor, {}});
}

bool fake_redis::serve_one(connection& x) {
  std::array<char, 65536> buffer;
  const auto size = recv(x.descriptor, buffer.data(), buffer.size(), 0);
  if (size <= 0)
    return false;
  if (options_.lost > 0) {
    --options_.lost;
    return false;
  }
  x.input.append(buffer.data(), static_cast<std::size_t>(size));
  std::string output;
  for (; x.input.size() >= options_.command_bytes;
       x.input.erase(0, options_.command_bytes)) {
    const bool fails = options_.errors > 0;
    output += fails ? "-BUSY later\r\n" : "+OK\r\n";
    if (fails)
      --options_.errors;
    else
      ++answered_;
  }
  // What a test has in flight fits into the buffers of the kernel.
  return send(x.descriptor, output.data(), output.size(), MSG_NOSIGNAL)
         == static_cast<ssize_t>(output.size());
}

refusing_port::refusing_port() : descriptor_(bound_socket(where_)) {}

refusing_port::~refusing_port() {
  close(descriptor_);
}

} // namespace cohort::bench
