#include "testkit/kv/redis_load.hpp"

#include "testkit/kv/simulated_gate.hpp"

#include <algorithm>
#include <utility>

namespace cohort::testkit {

void redis_load::begin() {
  for (const auto& name : cluster_.names())
    add_client(name);
  for (std::size_t i = 0; i < options_.roaming; ++i)
    add_client({});
}

void redis_load::add_client(const std::string& home) {
  redis_client_options how;
  how.number = clients_.size() + 1;
  how.home = home;
  how.seed = random_.next();
  how.think_max = options_.think_max;
  how.patience = options_.patience;
  clients_.push_back(
    std::make_unique<redis_client>(std::move(how), journal_, turns_));
}

/// What a front says while its node ends reaches nobody.
runtime::gateway_factory
redis_load::gateway_of(const runtime::node_options& of) {
  const auto life = ++lives_[of.name];
  const auto lives = [this, node = of.name, life] {
    return lives_.at(node) == life;
  };
  simulated_gate gate;
  gate.opened = [this, node = of.name, lives](const caf::actor& front) {
    if (lives())
      turns_.opened(node, front);
  };
  gate.answered = [this, node = of.name, lives](const resp::front_turn& x) {
    if (lives())
      take(node, x);
  };
  return simulated_gateway(of, std::move(gate));
}

void redis_load::crashed(const std::string& node) {
  ++lives_[node];
  turns_.gone(node);
  journal_.forget(node);
  for (const auto& x : clients_)
    if (x->node() == node)
      x->lose(cluster_.now());
}

void redis_load::act() {
  for (const auto& x : clients_)
    x->act(cluster_.now(), cluster_.names());
  turns_.flush();
}

void redis_load::stop() {
  for (const auto& x : clients_)
    x->stop();
}

bool redis_load::idle() const {
  return std::all_of(clients_.begin(), clients_.end(),
                     [](const auto& x) { return x->idle(); });
}

void redis_load::read_all_at(const std::string& node) {
  const auto& names = cluster_.names();
  const auto at = std::find(names.begin(), names.end(), node) - names.begin();
  clients_[static_cast<std::size_t>(at)]->read(journal_.keys());
}

redis_client* redis_load::find(const std::string& node,
                               resp::client_id connection) {
  const auto at =
    std::find_if(clients_.begin(), clients_.end(), [&](const auto& x) {
      return x->connection() == connection && x->node() == node;
    });
  return at == clients_.end() ? nullptr : at->get();
}

/// As a gateway's broker would.
void redis_load::take(const std::string& node, const resp::front_turn& x) {
  for (const auto& bytes : x.writes)
    write(node, bytes);
  for (const auto client : x.halt)
    if (auto* const who = find(node, client))
      who->halt(true);
  for (const auto client : x.resume)
    if (auto* const who = find(node, client))
      who->halt(false);
}

void redis_load::write(const std::string& node,
                       const resp::front_output::client_write& x) {
  auto* const who = find(node, x.client);
  if (!who)
    return;
  auto bytes = x.bytes;
  if (options_.spoil)
    options_.spoil(bytes);
  if (const auto heard = who->hear(cluster_.now(), bytes); !heard)
    cluster_.report_broken("a client of " + node + ": " + heard.err().message);
  if (!x.close)
    return;
  turns_.say(node, x.client, client_turns::kind::closed);
  who->lose(cluster_.now());
}

} // namespace cohort::testkit
