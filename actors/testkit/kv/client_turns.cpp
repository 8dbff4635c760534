#include "testkit/kv/client_turns.hpp"

#include <caf/send.hpp>

#include <utility>

namespace cohort::testkit {

resp::client_id client_turns::connect(const std::string& node,
                                      const std::string& address) {
  say(node, ++last_, kind::opened, address);
  return last_;
}

void client_turns::say(const std::string& node, resp::client_id client,
                       kind what, std::string_view data) {
  const auto at = gates_.find(node);
  if (at == gates_.end())
    return;
  auto& turn = at->second.turn;
  turn.pieces.push_back({client, what, data.size()});
  turn.data += data;
}

void client_turns::flush() {
  for (auto& [node, x] : gates_)
    if (!x.turn.pieces.empty())
      caf::anon_send(x.front, std::exchange(x.turn, {}));
}

} // namespace cohort::testkit
