// Internet addresses in the form that socket calls want.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <optional>
#include <string>

namespace cohort::transport {

struct socket_address {
  sockaddr_storage storage{};
  socklen_t size = 0;

  const sockaddr* get() const {
    return reinterpret_cast<const sockaddr*>(&storage);
  }
};

/// An IPv4 or IPv6 address in numbers; nothing for anything else.
std::optional<socket_address> parse_address(const std::string& address,
                                            std::uint16_t port);

/// Whether only this machine can connect to `address`.
bool is_loopback(const std::string& address);

} // namespace cohort::transport
