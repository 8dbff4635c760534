// Owns the connections of clients.
#pragma once

#include "core/result.hpp"
#include "resp/gateway_messages.hpp"
#include "transport/stream_scribe.hpp"

#include <caf/io/broker.hpp>

#include <cstdint>
#include <string>
#include <unordered_map>
#include <utility>

namespace cohort::resp {

struct gateway_options {
  std::string address;
  std::uint16_t port = 0;
  bool insecure = false; ///< may listen off loopback without TLS
  /// A client that lets more than this pile up is cut off (T1).
  std::size_t output_bytes_max = std::size_t{64} << 20;
};

/// To itself: a client that was told to go had the time to read what was left.
struct linger_over {
  client_id client = 0;
};

/// Gathers what all connections said in one turn of the loop into one message
/// for the front, and writes what that answers: one recv and one send per
/// request. Lives in the loop.
class gateway_broker {
public:
  gateway_broker(caf::io::broker* self, gateway_options options,
                 caf::actor front);

  /// Listens. Returns the port.
  result<std::uint16_t> start();

  caf::behavior behavior();

private:
  using scribe_ptr = caf::intrusive_ptr<transport::stream_scribe>;

  struct connection {
    caf::io::connection_handle handle;
    scribe_ptr scribe;
  };

  void on_opened(caf::io::connection_handle handle);
  void on_data(const caf::io::new_data_msg& x);
  void on_closed(caf::io::connection_handle handle);
  void on_front(const front_turn& x);
  void write(const front_output::client_write& x);
  void close(client_id client);
  void note(client_id client, client_turn::piece::kind what,
            std::string_view data);

  caf::io::broker* self_;
  gateway_options options_;
  caf::actor front_;
  client_id last_client_ = 0;
  scribe_ptr accepted_; ///< until the broker hears of it
  std::unordered_map<client_id, connection> connections_;
  std::unordered_map<caf::io::connection_handle, client_id> clients_;
  /// Closed, but with something to write left.
  std::unordered_map<client_id, scribe_ptr> lingering_;
  client_turn turn_;
};

/// Starts a broker that serves `front`. Waits until it listens.
result<std::pair<caf::actor, std::uint16_t>>
spawn_gateway(caf::actor_system& system, const gateway_options& options,
              const caf::actor& front);

} // namespace cohort::resp

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cohort::resp::linger_over)
