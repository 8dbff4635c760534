// Connects without blocking.
#pragma once

#include "transport/loop.hpp"

#include <caf/ref_counted.hpp>

#include <cstdint>
#include <functional>
#include <string>

namespace cohort::transport {

/// A connected socket that is closed unless taken. Copies share it, so that it
/// can travel in a message.
class ready_socket {
public:
  ready_socket() = default;
  explicit ready_socket(native_socket socket);

  /// Gives the socket away; -1 if there is none.
  native_socket take();

private:
  struct holder;
  std::shared_ptr<holder> holder_;
};

/// One attempt to connect to an address (not a name: resolving blocks). Lives
/// in the loop's thread.
class connector : public caf::ref_counted, public event_handler {
public:
  /// Called once, in the loop's thread and outside of any event: with a socket,
  /// or with the reason why there is none.
  using callback = std::function<void(ready_socket, std::string why)>;

  /// Returns nullptr if the attempt ended at once; `done` is called all the
  /// same.
  static caf::intrusive_ptr<connector> start(default_multiplexer& loop,
                                             const std::string& address,
                                             std::uint16_t port, callback done);

  connector(default_multiplexer& loop, native_socket socket, callback done);

  /// Ends the attempt, if it is not over yet.
  void give_up(std::string why);

  void handle_event(operation op) override;
  void removed_from_loop(operation op) override;
  void graceful_shutdown() override;

private:
  void finish(std::string why);
  void hand_over();

  callback done_;
  std::string why_;
  bool over_ = false;
  caf::intrusive_ptr<connector> self_; ///< while in the loop
};

} // namespace cohort::transport
