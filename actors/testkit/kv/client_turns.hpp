// What the clients of all nodes say, on its way to the nodes' fronts.
#pragma once

#include "resp/gateway_messages.hpp"

#include <caf/actor.hpp>

#include <map>
#include <string>
#include <string_view>

namespace cohort::testkit {

/// Gathers what the connections of a node say into one turn, as a gateway's
/// broker does. For one thread.
class client_turns {
public:
  using kind = resp::client_turn::piece::kind;

  /// A node serves clients from now on.
  void opened(const std::string& node, const caf::actor& front) {
    gates_[node] = {front, {}};
  }

  /// It does not any more; connections to it are gone.
  void gone(const std::string& node) {
    gates_.erase(node);
  }

  bool serves(const std::string& node) const {
    return gates_.contains(node);
  }

  /// A new connection. Precondition: serves(node).
  resp::client_id connect(const std::string& node, const std::string& address);

  /// To one that is served, else nothing happens.
  void say(const std::string& node, resp::client_id client, kind what,
           std::string_view data = {});

  /// What was said leaves.
  void flush();

private:
  struct gate {
    caf::actor front;
    resp::client_turn turn;
  };

  std::map<std::string, gate> gates_;
  resp::client_id last_ = 0;
};

} // namespace cohort::testkit
