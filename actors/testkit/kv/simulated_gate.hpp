// Where the clients of a simulated node come in.
#pragma once

#include "resp/gateway_messages.hpp"
#include "runtime/node.hpp"

#include <functional>

namespace cohort::testkit {

/// In place of a gateway_broker: the front of a node is the one that is
/// shipped, and what it says to clients is handed over in the same thread, in
/// the turn of an actor of the node.
struct simulated_gate {
  /// A node has a front from now on: client_turns are sent there.
  std::function<void(const caf::actor& front)> opened;
  /// What the front wants done on connections.
  std::function<void(const resp::front_turn&)> answered;
};

/// For the node that `of` describes.
runtime::gateway_factory simulated_gateway(const runtime::node_options& of,
                                           simulated_gate gate);

} // namespace cohort::testkit
