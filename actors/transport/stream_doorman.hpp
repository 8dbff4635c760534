// Accepts connections for a broker.
#pragma once

#include "core/result.hpp"
#include "transport/loop.hpp"

#include <caf/io/abstract_broker.hpp>
#include <caf/io/network/doorman_impl.hpp>

#include <cstdint>
#include <functional>
#include <string>

namespace cohort::transport {

/// Lets `make` build the scribe for each accepted socket; the broker gets
/// new_connection_msg as usual.
class stream_doorman : public caf::io::network::doorman_impl {
public:
  using factory =
    std::function<caf::io::scribe_ptr(default_multiplexer&, native_socket)>;

  stream_doorman(default_multiplexer& loop, native_socket socket, factory make);

  bool new_connection() override;
  void graceful_shutdown() override;

private:
  factory make_;
};

/// Listens on `address`:`port` (0: any free port) and serves `broker`. Returns
/// the port. Call it from the broker.
result<std::uint16_t> listen(caf::io::abstract_broker& broker,
                             const std::string& address, std::uint16_t port,
                             stream_doorman::factory make);

} // namespace cohort::transport
