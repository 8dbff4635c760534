// The gateways of a node: what clients reach its first set through.
#include "runtime/supervisor.hpp"

#include <utility>

namespace cohort::runtime {

void supervisor::start_gateway() {
  if (!options_.make_gateway)
    return;
  gateway_place place;
  place.set = first_user_set;
  place.set_name = options_.plan.sets.front().name;
  place.first_request = first_request_of(gateway_number::front,
                                         setup_->boot_nonce);
  place.hub = hub_;
  place.node = me();
  const auto made = options_.make_gateway(system(), place);
  if (!made)
    return fail("clients cannot be served: " + to_string(made.err()));
  watch(made->front, "front");
  if (made->connections)
    watch(made->connections, "gateway");
  attach({gateway_number::front, made->front, true});
}

void supervisor::attach(const attach_gateway& x) {
  if (ending_)
    return;
  send(hub_, serve_gateway{x.number, x.gateway, x.wants_ticks});
  if (!x.gateway) {
    gateways_.erase(x.number);
    return;
  }
  gateways_[x.number] = x.gateway;
  for (const auto& [name, who] : met_)
    if (who.incarnation != nobody)
      send(x.gateway, peer_up{who.incarnation, name});
  tell_ready(x.gateway);
}

std::vector<node_id> supervisor::voters_of_users() const {
  return ids_of(members_of(options_.plan, options_.plan.sets.front()));
}

/// Members that lost their disks are others now: who has no replica to ask
/// would not find the set.
void supervisor::tell_new_voters() {
  if (!entered_ || voters_of_users() == told_voters_)
    return;
  told_voters_ = voters_of_users();
  for (const auto& [number, gateway] : gateways_)
    tell_ready(gateway);
}

void supervisor::tell_ready(const caf::actor& gateway) const {
  if (!entered_)
    return send(gateway,
                not_ready{"the node waits for " + forming_.waiting_for()});
  set_ready ready;
  ready.set = first_user_set;
  ready.hub = hub_;
  ready.self = forming_.identity()->incarnation;
  ready.voters = voters_of_users();
  const auto hosted = sets_.find(first_user_set);
  if (hosted != sets_.end())
    ready.replica = hosted->second.replica;
  send(gateway, ready);
  if (hosted != sets_.end() && hosted->second.role)
    send(gateway, role_changed{first_user_set, *hosted->second.role});
}

} // namespace cohort::runtime
