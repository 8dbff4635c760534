// The seam between a node and the network.
#pragma once

#include "codec/node_messages.hpp"
#include "core/frame.hpp"
#include "core/ids.hpp"
#include "core/result.hpp"
#include "transport/frame_format.hpp"

#include <caf/actor.hpp>
#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/message_handler.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace cohort::transport {

/// One connection, on one side of it. Never used again.
using link_id = strong_u64<struct link_tag>;

/// Where a peer listens. An address in numbers, or a name that is resolved at
/// every attempt to connect.
struct peer_address {
  std::string name; ///< of the node
  std::string host;
  std::uint16_t port = 0;
};

// -- what a transport tells its owner, as messages ----------------------------

/// The other side said who it is. To a link that it accepted, the owner answers
/// with admit() or refuse(); to one that it made, with admit() or close().
struct link_hello {
  link_id link;
  hello who;
};

/// Frames arrived on an admitted link, in the order of their lanes.
struct link_frames {
  link_id link;
  std::vector<frame> frames;
};

/// The other side does not want this node.
struct link_refused {
  link_id link;
  refusal why;
};

/// The link is gone, or never came to be. The last word about it.
struct link_closed {
  link_id link;
  std::string why;
};

/// Carries frames between nodes: at most once, each lane in order, as long as a
/// link lives. Owned by one actor (the hub), called from its behaviour only,
/// and tells it what happens by messages.
///
/// Implementations behave alike: tests/transport/conformance_test.cpp runs on
/// each.
class transport {
public:
  virtual ~transport() = default;

  /// Starts to accept links. Returns the port, if there is such a thing.
  virtual result<std::uint16_t> start() = 0;

  /// Starts to make a link and says `own` first. Ends in link_hello,
  /// link_refused or link_closed; the owner gives up with close().
  virtual link_id connect(const peer_address& to, const hello& own) = 0;

  /// Frames may pass from now on. On an accepted link says `own`.
  virtual void admit(link_id link, const hello& own) = 0;

  /// Tells why, and closes.
  virtual void refuse(link_id link, const refusal& why) = 0;

  virtual void close(link_id link) = 0;

  /// Queues a frame for an admitted link; a closed one drops it.
  virtual void send(link_id link, lane on, const frame& f) = 0;

  /// Sends what was queued.
  virtual void flush() = 0;

  /// Closes everything.
  virtual void stop() = 0;

  /// What of the owner's mailbox is for the transport.
  virtual caf::message_handler handlers() = 0;
};

} // namespace cohort::transport

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cohort::transport::link_hello)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cohort::transport::link_frames)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cohort::transport::link_refused)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cohort::transport::link_closed)
