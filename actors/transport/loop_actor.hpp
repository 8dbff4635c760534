// An actor in the loop's thread; what CAF calls a broker, without a flaw of it.
#pragma once

#include <caf/io/broker.hpp>

#include <utility>

namespace cohort::transport {

/// A broker whose mailbox closes when it ends.
///
/// In CAF 0.17.6 `abstract_broker::cleanup` skips that of `scheduled_actor`:
/// whatever is still sent to an ended broker stays in its mailbox, and keeps
/// alive whom it came from. Two that had talked kept each other for ever, and
/// with them a thread for which `~actor_system` waited.
class loop_actor : public caf::io::broker {
public:
  using caf::io::broker::broker;

protected:
  bool cleanup(caf::error&& reason, caf::execution_unit* host) override {
    close_all();
    return caf::scheduled_actor::cleanup(std::move(reason), host);
  }
};

} // namespace cohort::transport
