// The multiplexer's thread, called "the loop": what all that lives in it needs.
//
// Rules of CAF 0.17.6's loop that the code in this folder keeps:
//  1. add() and del() are queued until the present batch of events is over; an
//     event may still arrive after del(). Handlers keep flags of their own.
//  2. A handler holds one reference to itself per direction it is registered
//     for. If an add and a del meet in one turn they cancel out, and
//     removed_from_loop() is not called: drop the reference oneself.
//  3. removed_from_loop() calls neither add() nor del().
//  4. A descriptor goes to another handler only after the first left the loop.
//  5. What runs inside a broker's behaviour (flush) reports no error to that
//     broker: the next event of the loop does.
//  6. The loop ends when no handler is left in it.
#pragma once

#include <caf/actor_system.hpp>
#include <caf/io/middleman.hpp>
#include <caf/io/network/default_multiplexer.hpp>
#include <caf/io/network/event_handler.hpp>

namespace cohort::transport {

using caf::io::network::default_multiplexer;
using caf::io::network::event_handler;
using caf::io::network::native_socket;
using caf::io::network::operation;

inline default_multiplexer& loop_of(caf::actor_system& system) {
  return static_cast<default_multiplexer&>(system.middleman().backend());
}

} // namespace cohort::transport
