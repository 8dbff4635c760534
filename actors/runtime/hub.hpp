// The door between a node and the others.
#pragma once

#include "codec/peer_codec.hpp"
#include "core/clock.hpp"
#include "core/rng.hpp"
#include "runtime/messages.hpp"
#include "runtime/peer_book.hpp"
#include "runtime/redial.hpp"
#include "runtime/shell.hpp"
#include "runtime/trace.hpp"
#include "transport/transport.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace cohort::runtime {

struct hub_options {
  std::vector<transport::peer_address> peers; ///< the other nodes
  std::map<node_id, known_boot> remembered;
  hello own;
  /// Made inside the hub's actor, which owns it.
  std::function<std::unique_ptr<transport::transport>(caf::scheduled_actor*)>
    make_transport;
  std::shared_ptr<const clock> time;
  std::uint64_t seed = 0;
  redial::limits redial_limits;
  std::int64_t connect_timeout_ms = 2000;
  std::chrono::milliseconds tick_interval{10};
  trace_sink trace;
  /// Learns who was met, and gets frames between nodes and slow ticks.
  caf::actor node;
};

/// The one actor of a node that other nodes talk to: keeps one link to each of
/// them, judges who comes, and hands frames to where they belong. Of two nodes,
/// the one with the smaller name makes the link. It is the node's clock, too.
///
/// Where the transport needs sockets, it lives in the loop.
class hub : public shell {
public:
  hub(caf::scheduled_actor* self, std::shared_ptr<const hub_options> options);

  caf::behavior behavior() override;

private:
  struct peer {
    transport::peer_address address;
    redial again;
    std::optional<transport::link_id> link; ///< made or being made
    std::int64_t tried_ms = 0;
    bool up = false;
    node_id incarnation;
  };
  struct gateway {
    caf::actor who;
    bool wants_ticks = false;
  };

  // -- time -------------------------------------------------------------------
  void on_tick();

  // -- links ------------------------------------------------------------------
  void look_after_links();
  void dial(peer& x);
  void on_hello(const transport::link_hello& x);
  void refuse(const transport::link_hello& met, const refusal& why);
  void welcome(peer& x, const transport::link_hello& met);
  void on_closed(const transport::link_closed& x);
  void lose(peer& x, const std::string& why);
  void on_refused(const transport::link_refused& x);
  void introduce(const introduce_as& x);
  void bury(const bury_nodes& x);
  peer* find_by_name(const std::string& name);
  peer* find_by_link(transport::link_id link);
  bool makes_link_to(const peer& x) const;

  // -- frames -----------------------------------------------------------------
  void on_frames(const transport::link_frames& x);
  void dispatch(const peer& from, const frame& f);
  void deliver(const codec::frame_address& where, const std::string& name,
               const frame& f);
  void on_outbound(const outbound& x);
  void on_node_frame(const node_frame& x);
  void transmit(const peer& to, transport::lane on, const frame& f);
  template <class Message>
  void tell_all(const Message& msg);
  void say_once(const std::string& text);
  void say(const std::string& text) const;

  std::shared_ptr<const hub_options> options_;
  peer_book book_;
  rng random_;
  std::unique_ptr<transport::transport> transport_;
  std::vector<peer> peers_;
  std::map<node_id, std::size_t> by_incarnation_;
  std::map<set_id, caf::actor> replicas_;
  std::map<std::uint16_t, gateway> gateways_;
  std::set<std::string> said_; ///< by say_once()
  std::uint32_t ticks_ = 0;
  bool flush_pending_ = false;
};

} // namespace cohort::runtime
