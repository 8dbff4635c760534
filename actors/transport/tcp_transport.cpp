#include "transport/tcp_transport.hpp"

#include "codec/peer_codec.hpp"
#include "transport/connector.hpp"
#include "transport/frame_link.hpp"
#include "transport/resolver.hpp"
#include "transport/socket_address.hpp"
#include "transport/stream_doorman.hpp"

#include <caf/send.hpp>

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <map>
#include <utility>

namespace cohort::transport {

namespace {

/// A socket is connected, or could not be.
struct tcp_connected {
  link_id link;
  ready_socket socket;
  std::string why;
};

/// Time is up for a connection that has not said who it is.
struct tcp_hello_due {
  link_id link;
};

} // namespace

} // namespace cohort::transport

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cohort::transport::tcp_connected)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cohort::transport::tcp_hello_due)

namespace cohort::transport {

namespace {

/// Deep enough for a round trip x rate of a fast network.
constexpr int socket_buffer_bytes = 4 << 20;

/// A peer that takes nothing for so long is gone: its link is closed and made
/// anew, instead of waiting for TCP's own patience of minutes.
constexpr unsigned silence_ms_max = 3000;

/// A link without traffic is probed so often: its peer may have gone without a
/// word, and may be back and wait for it.
constexpr int probe_seconds = 1;

void tune(native_socket socket) {
  const int on = 1;
  ::setsockopt(socket, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  ::setsockopt(socket, IPPROTO_TCP, TCP_KEEPIDLE, &probe_seconds,
               sizeof probe_seconds);
  ::setsockopt(socket, IPPROTO_TCP, TCP_KEEPINTVL, &probe_seconds,
               sizeof probe_seconds);
  ::setsockopt(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, &silence_ms_max,
               sizeof silence_ms_max);
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::setsockopt(socket, SOL_SOCKET, SO_SNDBUF, &socket_buffer_bytes,
               sizeof socket_buffer_bytes);
  ::setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &socket_buffer_bytes,
               sizeof socket_buffer_bytes);
}

/// Receives a link's frames: the first says who the other side is, the others
/// go to the owner. Runs in the loop, outside the owner's turn.
struct first_word {
  caf::actor owner;
  link_id link;
  default_multiplexer* loop;
  std::shared_ptr<bool> introduced;

  template <class Message>
  void tell(Message msg) const {
    owner->enqueue(nullptr, caf::make_message_id(),
                   caf::make_message(std::move(msg)), loop);
  }

  result<void> operator()(std::vector<frame> frames) const {
    if (!*introduced) {
      const auto said = codec::decode_handshake(frames.front());
      if (!said)
        return said.err();
      if (const auto* refused = std::get_if<refusal>(&*said)) {
        tell(link_refused{link, *refused});
        return {errc::refused, refused->message};
      }
      *introduced = true;
      tell(link_hello{link, std::get<hello>(*said)});
      frames.erase(frames.begin());
    }
    if (!frames.empty())
      tell(link_frames{link, std::move(frames)});
    return {};
  }
};

} // namespace

class tcp_transport : public transport {
public:
  tcp_transport(caf::io::broker* self, const tcp_options& options)
    : self_(self),
      options_(options) {}

  result<std::uint16_t> start() override {
    if (!is_loopback(options_.listen_address) && !options_.insecure)
      return error{
        errc::invalid,
              options_.listen_address
                + " is not a loopback address and there is no TLS yet: set "
                  "insecure = true to listen there all the same"};
    return listen(*self_, options_.listen_address, options_.listen_port,
                  [this](default_multiplexer&, native_socket socket) {
                    return make_link(++last_link_, socket);
                  });
  }

  link_id connect(const peer_address& to, const hello& own) override {
    const auto link = ++last_link_;
    auto& x = links_[link];
    x.made_here = true;
    x.first_words = codec::encode(handshake{own});
    resolve(
      self_->system(), to.host,
      [this_actor = caf::actor_cast<caf::actor>(self_), link, port = to.port,
       &loop = loop_of(self_->system())](const result<std::string>& address) {
        if (!address) {
          caf::anon_send(this_actor,
                         tcp_connected{link, {}, address.err().message});
          return;
        }
        loop.post([this_actor, link, port, &loop, address = *address] {
          connector::start(
            loop, address, port,
            [this_actor, link](ready_socket socket, std::string why) {
              caf::anon_send(this_actor, tcp_connected{link, socket, why});
            });
        });
      });
    return link;
  }

  void admit(link_id link, const hello& own) override {
    auto* x = find(link);
    if (!x || !x->connection)
      return;
    x->admitted = true;
    x->connection->trust();
    if (!x->made_here)
      put_now(*x, codec::encode(handshake{own}));
  }

  void refuse(link_id link, const refusal& why) override {
    auto* x = find(link);
    if (!x || !x->connection)
      return;
    put_now(*x, codec::encode(handshake{why}));
    close(link);
  }

  void close(link_id link) override {
    const auto at = links_.find(link);
    if (at == links_.end())
      return;
    if (at->second.connection) {
      handles_.erase(at->second.connection->hdl());
      self_->close(at->second.connection->hdl());
    }
    links_.erase(at);
  }

  void send(link_id link, lane on, const frame& f) override {
    auto* x = find(link);
    if (!x || !x->admitted)
      return;
    x->dirty = x->connection->put(on, f);
  }

  void flush() override {
    for (auto& [link, x] : links_)
      if (std::exchange(x.dirty, false))
        x.connection->flush();
  }

  void stop() override {
    self_->close_all();
    links_.clear();
    handles_.clear();
  }

  caf::message_handler handlers() override {
    return {
      [this](const caf::io::new_connection_msg& x) { on_accepted(x.handle); },
      [this](const caf::io::connection_closed_msg& x) { on_closed(x.handle); },
      [this](tcp_connected& x) { on_connected(x); },
      [this](const tcp_hello_due& x) { on_hello_due(x.link); },
      [](const caf::io::new_data_msg&) {},
      [](const caf::io::acceptor_closed_msg&) {},
    };
  }

private:
  struct connection_state {
    frame_link_ptr connection; ///< none while connecting
    frame first_words;         ///< sent once connected
    bool made_here = false;
    /// The other side said who it is; shared with the link.
    std::shared_ptr<bool> introduced = std::make_shared<bool>(false);
    bool admitted = false;
    bool dirty = false; ///< something was queued since the last flush
  };

  connection_state* find(link_id link) {
    const auto at = links_.find(link);
    return at == links_.end() ? nullptr : &at->second;
  }

  frame_link_ptr make_link(link_id link, native_socket socket) {
    tune(socket);
    auto& loop = loop_of(self_->system());
    auto& x = links_[link];
    auto result = caf::make_counted<frame_link>(
      loop, socket, std::make_unique<plain_stream>(),
      first_word{caf::actor_cast<caf::actor>(self_), link, &loop,
                 x.introduced});
    x.connection = result;
    handles_[result->hdl()] = link;
    return result;
  }

  void put_now(connection_state& x, const frame& f) {
    x.connection->put(lane::control, f);
    x.connection->flush();
  }

  std::size_t strangers() const {
    std::size_t result = 0;
    for (const auto& [link, x] : links_)
      result += !x.made_here && !*x.introduced;
    return result;
  }

  void on_accepted(caf::io::connection_handle handle) {
    const auto at = handles_.find(handle);
    if (at == handles_.end())
      return;
    const auto link = at->second;
    if (strangers() > options_.strangers_max)
      return close(link);
    self_->configure_read(handle, caf::io::receive_policy::at_most(1));
    await_hello(link);
  }

  void on_connected(tcp_connected& x) {
    auto* state = find(x.link);
    if (!state)
      return; // given up meanwhile: the socket closes itself
    const auto socket = x.socket.take();
    if (socket < 0) {
      links_.erase(x.link);
      tell(link_closed{x.link, x.why});
      return;
    }
    auto connection = make_link(x.link, socket);
    self_->add_scribe(connection);
    self_->configure_read(connection->hdl(),
                          caf::io::receive_policy::at_most(1));
    put_now(*state, state->first_words);
    await_hello(x.link);
  }

  void await_hello(link_id link) {
    self_->delayed_send(self_,
                        std::chrono::milliseconds{options_.hello_timeout_ms},
                        tcp_hello_due{link});
  }

  void on_hello_due(link_id link) {
    const auto* x = find(link);
    if (!x || *x->introduced)
      return;
    close(link);
    tell(link_closed{link, "no hello within the deadline"});
  }

  void on_closed(caf::io::connection_handle handle) {
    const auto at = handles_.find(handle);
    if (at == handles_.end())
      return;
    const auto link = at->second;
    auto why = links_.at(link).connection->complaint();
    handles_.erase(at);
    links_.erase(link);
    tell(link_closed{link, why.empty() ? "connection lost" : std::move(why)});
  }

  template <class Message>
  void tell(Message msg) {
    self_->send(self_, std::move(msg));
  }

  caf::io::broker* self_;
  tcp_options options_;
  link_id last_link_;
  std::map<link_id, connection_state> links_;
  std::map<caf::io::connection_handle, link_id> handles_;
};

std::unique_ptr<transport> make_tcp_transport(caf::io::broker* self,
                                              const tcp_options& options) {
  return std::make_unique<tcp_transport>(self, options);
}

} // namespace cohort::transport
