#include "resp/gateway_broker.hpp"

#include "transport/loop.hpp"
#include "transport/loop_actor.hpp"
#include "transport/socket_address.hpp"
#include "transport/stream_doorman.hpp"

#include <caf/io/middleman.hpp>
#include <caf/send.hpp>

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <chrono>
#include <future>
#include <memory>
#include <utility>

namespace cohort::resp {

namespace {

/// To itself: every readable connection of this turn was read.
struct turn_over {};

/// What a client may take to read what is left for it after a close.
constexpr std::chrono::seconds linger_max{10};

void tune(int socket) {
  const int on = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::setsockopt(socket, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
}

} // namespace

} // namespace cohort::resp

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cohort::resp::turn_over)

namespace cohort::resp {

gateway_broker::gateway_broker(caf::io::broker* self, gateway_options options,
                               caf::actor front)
  : self_(self),
    options_(std::move(options)),
    front_(std::move(front)) {}

result<std::uint16_t> gateway_broker::start() {
  if (!transport::is_loopback(options_.address) && !options_.insecure)
    return error{errc::invalid,
                 options_.address
                   + " is not a loopback address and there is no TLS yet: set "
                     "insecure = true to serve clients there all the same"};
  transport::stream_scribe::limits limits;
  limits.output_bytes_max = options_.output_bytes_max;
  // First of all: a client may be there before this returns.
  caf::anon_send(front_, serve_clients{caf::actor_cast<caf::actor>(self_)});
  return transport::listen(
    *self_, options_.address, options_.port,
    [this, limits](transport::default_multiplexer& loop, int socket) {
      tune(socket);
      accepted_ = caf::make_counted<transport::stream_scribe>(
        loop, socket, std::make_unique<transport::plain_stream>(), limits);
      return accepted_;
    });
}

caf::behavior gateway_broker::behavior() {
  return {
    [this](const caf::io::new_connection_msg& x) { on_opened(x.handle); },
    [this](const caf::io::new_data_msg& x) { on_data(x); },
    [this](const caf::io::connection_closed_msg& x) { on_closed(x.handle); },
    [](const caf::io::acceptor_closed_msg&) {},
    [this](turn_over) { caf::anon_send(front_, std::exchange(turn_, {})); },
    [this](const front_turn& x) { on_front(x); },
    [this](const linger_over& x) {
      if (const auto left = lingering_.extract(x.client))
        left.mapped()->abort();
    },
  };
}

/// The first event of a turn sends a message to this broker itself: by the time
/// that arrives, every readable connection has been read.
void gateway_broker::note(client_id client, client_turn::piece::kind what,
                          std::string_view data) {
  if (turn_.pieces.empty())
    self_->send(self_, turn_over{});
  turn_.pieces.push_back({client, what, data.size()});
  turn_.data += data;
}

/// The doorman made the scribe just before it told of it.
void gateway_broker::on_opened(caf::io::connection_handle handle) {
  const auto client = ++last_client_;
  connections_.emplace(client, connection{handle, std::move(accepted_)});
  clients_.emplace(handle, client);
  note(client, client_turn::piece::kind::opened,
       self_->remote_addr(handle) + ":"
         + std::to_string(self_->remote_port(handle)));
  self_->configure_read(handle, caf::io::receive_policy::at_most(1));
}

void gateway_broker::on_data(const caf::io::new_data_msg& x) {
  const auto at = clients_.find(x.handle);
  if (at != clients_.end())
    note(at->second, client_turn::piece::kind::data,
         {x.buf.data(), x.buf.size()});
}

void gateway_broker::on_closed(caf::io::connection_handle handle) {
  const auto at = clients_.find(handle);
  if (at == clients_.end())
    return;
  note(at->second, client_turn::piece::kind::closed, {});
  connections_.erase(at->second);
  clients_.erase(at);
}

void gateway_broker::on_front(const front_turn& x) {
  for (const auto& bytes : x.writes)
    write(bytes);
  for (auto client : x.halt)
    if (const auto at = connections_.find(client); at != connections_.end())
      self_->halt(at->second.handle);
  for (auto client : x.resume)
    if (const auto at = connections_.find(client); at != connections_.end())
      self_->trigger(at->second.handle);
}

void gateway_broker::write(const front_output::client_write& x) {
  const auto at = connections_.find(x.client);
  if (at == connections_.end())
    return;
  auto& out = self_->wr_buf(at->second.handle);
  out.insert(out.end(), x.bytes.begin(), x.bytes.end());
  self_->flush(at->second.handle);
  if (x.close)
    close(x.client);
}

/// What is left to write is still written, for a while.
void gateway_broker::close(client_id client) {
  const auto gone = connections_.extract(client);
  clients_.erase(gone.mapped().handle);
  if (gone.mapped().scribe->unsent_bytes() > 0) {
    lingering_.emplace(client, gone.mapped().scribe);
    self_->delayed_send(self_, linger_max, linger_over{client});
  }
  self_->close(gone.mapped().handle);
  note(client, client_turn::piece::kind::closed, {});
}

// -- spawning -----------------------------------------------------------------

result<std::pair<caf::actor, std::uint16_t>>
spawn_gateway(caf::actor_system& system, const gateway_options& options,
              const caf::actor& front) {
  struct holder {
    std::unique_ptr<gateway_broker> state;
  };
  auto started = std::make_shared<std::promise<result<std::uint16_t>>>();
  auto port = started->get_future();
  auto broker = system.middleman().spawn_broker(
    [options, front,
     started](caf::stateful_actor<holder, transport::loop_actor>* self) {
      self->state.state = std::make_unique<gateway_broker>(self, options,
                                                           front);
      auto listening = self->state.state->start();
      const bool failed = !listening;
      started->set_value(std::move(listening));
      if (failed)
        self->quit();
      return self->state.state->behavior();
    });
  auto listening = port.get();
  if (!listening)
    return listening.err();
  return std::pair{std::move(broker), *listening};
}

} // namespace cohort::resp
