#include "transport/socket_address.hpp"

#include <arpa/inet.h>

namespace cohort::transport {

std::optional<socket_address> parse_address(const std::string& address,
                                            std::uint16_t port) {
  socket_address result;
  auto* v4 = reinterpret_cast<sockaddr_in*>(&result.storage);
  if (::inet_pton(AF_INET, address.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    result.size = sizeof *v4;
    return result;
  }
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&result.storage);
  if (::inet_pton(AF_INET6, address.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    result.size = sizeof *v6;
    return result;
  }
  return std::nullopt;
}

bool is_loopback(const std::string& address) {
  const auto parsed = parse_address(address, 0);
  if (!parsed)
    return false;
  if (parsed->storage.ss_family == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(&parsed->storage);
    return ntohl(v4->sin_addr.s_addr) >> 24 == 127;
  }
  const auto* v6 = reinterpret_cast<const sockaddr_in6*>(&parsed->storage);
  return IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
}

} // namespace cohort::transport
