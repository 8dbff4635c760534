// Between the broker that owns the connections and the front that speaks with
// them. Both live in the loop; nothing here leaves the process.
#pragma once

#include "resp/client.hpp"
#include "resp/front.hpp"

#include <caf/actor.hpp>
#include <caf/allowed_unsafe_message_type.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace cohort::resp {

/// What happened on all connections in one turn of the loop, in order.
struct client_turn {
  struct piece {
    enum class kind : std::uint8_t { opened, data, closed };

    client_id client = 0;
    kind what = kind::data;
    std::size_t size = 0; ///< bytes of `data`, or of the address
  };

  std::vector<piece> pieces;
  std::string data; ///< of all pieces, one after another
};

/// What the front wants done on connections.
struct front_turn {
  std::vector<front_output::client_write> writes;
  std::vector<client_id> halt;
  std::vector<client_id> resume;
};

/// Where the front sends its turns.
struct serve_clients {
  caf::actor broker;
};

/// From a front to itself: others had their turn.
struct go_on {};

} // namespace cohort::resp

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cohort::resp::client_turn)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cohort::resp::front_turn)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cohort::resp::serve_clients)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cohort::resp::go_on)
