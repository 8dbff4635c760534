// Frames between machines.
#pragma once

#include "transport/transport.hpp"

#include <caf/io/broker.hpp>

#include <cstdint>
#include <memory>
#include <string>

namespace cohort::transport {

struct tcp_options {
  std::string listen_address;
  std::uint16_t listen_port = 0;
  /// Listening beyond this machine without TLS needs these words of the user.
  bool insecure = false;
  /// Connections that have not said who they are.
  std::size_t strangers_max = 64;
  /// They are closed after this.
  std::int64_t hello_timeout_ms = 2000;
};

/// Links over TCP, owned by the broker `self`; see frame_link.hpp. Lives in the
/// loop's thread.
std::unique_ptr<transport> make_tcp_transport(caf::io::broker* self,
                                              const tcp_options& options);

} // namespace cohort::transport
