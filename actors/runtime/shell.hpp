// What all actors of a node have in common: thin shells around pure code (L2).
#pragma once

#include "transport/loop_actor.hpp"

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/io/middleman.hpp>
#include <caf/stateful_actor.hpp>

#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <utility>

namespace cohort::runtime {

/// Where an actor runs. A setting, chosen by measurement.
enum class placement : std::uint8_t {
  loop,       ///< in the multiplexer's thread: must never block or compute long
  pool,       ///< on the scheduler's threads
  own_thread, ///< for what blocks
};

/// An actor's state with what it may do to the outside: send.
class shell {
public:
  explicit shell(caf::scheduled_actor* self) : self_(self) {}
  virtual ~shell() = default;

  shell(const shell&) = delete;
  shell& operator=(const shell&) = delete;

  /// What the actor does with each message.
  virtual caf::behavior behavior() = 0;

protected:
  caf::actor me() const {
    return caf::actor_cast<caf::actor>(self_);
  }
  caf::actor_system& system() const {
    return self_->system();
  }

  template <class Message>
  void send(const caf::actor& to, Message msg) const {
    if (to)
      to->eq_impl(caf::make_message_id(), self_->ctrl(), self_->context(),
                  std::move(msg));
  }

  /// Arrives behind everything that is in the mailbox now.
  template <class Message>
  void send_self(Message msg) const {
    self_->eq_impl(caf::make_message_id(), self_->ctrl(), self_->context(),
                   std::move(msg));
  }

  template <class Message>
  void send_self_after(std::chrono::milliseconds delay, Message msg) const {
    self_->clock().schedule_message(
      self_->clock().now() + delay, caf::strong_actor_ptr{self_->ctrl()},
      caf::make_mailbox_element(self_->ctrl(), caf::make_message_id(),
                                caf::mailbox_element::forwarding_stack{},
                                std::move(msg)));
  }

  caf::scheduled_actor* self() const {
    return self_;
  }

private:
  caf::scheduled_actor* self_;
};

namespace detail {

template <class Shell>
struct shell_host {
  std::unique_ptr<Shell> state;
};

/// A broken invariant ends the actor with what it said; whoever watches it
/// stops the node (L4).
inline caf::error reason_of(std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const std::exception& e) {
    return caf::make_error(caf::sec::runtime_error, e.what());
  } catch (...) {
    return caf::make_error(caf::sec::runtime_error, "unknown exception");
  }
}

template <class Shell, class Base, class... Ts>
caf::behavior
host(caf::stateful_actor<shell_host<Shell>, Base>* self, Ts... args) {
  self->set_exception_handler(
    [](caf::scheduled_actor*, std::exception_ptr& thrown) {
      return reason_of(thrown);
    });
  self->state.state = std::make_unique<Shell>(self, std::move(args)...);
  return self->state.state->behavior();
}

} // namespace detail

/// Starts a shell as an actor. `args` follow the actor's pointer in the
/// constructor of `Shell`.
template <class Shell, class... Ts>
caf::actor spawn_shell(caf::actor_system& system, placement where, Ts... args) {
  using detail::host;
  switch (where) {
    case placement::loop:
      return system.middleman().spawn_broker(
        host<Shell, transport::loop_actor, Ts...>, std::move(args)...);
    case placement::own_thread:
      return system.spawn<caf::detached>(
        host<Shell, caf::event_based_actor, Ts...>, std::move(args)...);
    case placement::pool:
      break;
  }
  return system.spawn(host<Shell, caf::event_based_actor, Ts...>,
                      std::move(args)...);
}

} // namespace cohort::runtime
