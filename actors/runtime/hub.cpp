#include "runtime/hub.hpp"

#include "core/fault_point.hpp"
#include "core/mutant.hpp"

#include <algorithm>
#include <utility>

namespace cohort::runtime {

namespace {

/// Refusals that are not traced again, at the same time.
constexpr std::size_t said_max = 64;

std::vector<std::string> names_of(const hub_options& options) {
  std::vector<std::string> result;
  for (const auto& x : options.peers)
    result.push_back(x.name);
  return result;
}

} // namespace

hub::hub(caf::scheduled_actor* self, std::shared_ptr<const hub_options> options)
  : shell(self),
    options_(std::move(options)),
    book_(names_of(*options_), options_->remembered),
    random_(options_->seed),
    transport_(options_->make_transport(self)) {
  book_.own(options_->own);
  for (const auto& x : options_->peers)
    peers_.push_back({x, redial{options_->redial_limits}, {}, 0, false, {}});
  send_self(tick{});
}

caf::behavior hub::behavior() {
  // The most frequent first: they are tried one after the other.
  caf::message_handler own_messages{
    [this](const outbound& x) { on_outbound(x); },
    [this](const end_turn&) {
      flush_pending_ = false;
      transport_->flush();
    },
    [this](const transport::link_frames& x) { on_frames(x); },
    [this](const tick&) { on_tick(); },
    [this](const node_frame& x) { on_node_frame(x); },
    [this](const transport::link_hello& x) { on_hello(x); },
    [this](const transport::link_closed& x) { on_closed(x); },
    [this](const transport::link_refused& x) { on_refused(x); },
    [this](const introduce_as& x) { introduce(x); },
    [this](const bury_nodes& x) { bury(x); },
    [this](const serve_set& x) {
      if (x.replica)
        replicas_[x.set] = x.replica;
      else
        replicas_.erase(x.set);
      for (const auto& [node, at] : by_incarnation_)
        send(x.replica, peer_up{node, peers_[at].address.name});
    },
    [this](const serve_gateway& x) {
      if (x.gateway)
        gateways_[x.number] = {x.gateway, x.wants_ticks};
      else
        gateways_.erase(x.number);
    },
  };
  return own_messages.or_else(transport_->handlers());
}

// -- time ---------------------------------------------------------------------

void hub::on_tick() {
  look_after_links();
  for (const auto& [set, replica] : replicas_)
    send(replica, tick{});
  for (const auto& [number, x] : gateways_)
    if (x.wants_ticks)
      send(x.who, tick{});
  if (++ticks_ % slow_ticks == 0)
    send(options_->node, tick{});
  send_self_after(options_->tick_interval, tick{});
}

// -- links --------------------------------------------------------------------

bool hub::makes_link_to(const peer& x) const {
  return book_.own().node < x.address.name;
}

void hub::look_after_links() {
  const auto now_ms = options_->time->monotonic_ns() / 1'000'000;
  for (auto& x : peers_) {
    if (x.up && strikes(fault_point::link_is_given_up)) {
      transport_->close(*x.link);
      lose(x, "given up");
    }
    if (x.up || !makes_link_to(x))
      continue;
    if (!x.link) {
      if (x.again.due(now_ms))
        dial(x);
    } else if (now_ms - x.tried_ms > options_->connect_timeout_ms) {
      transport_->close(*x.link);
      lose(x, "no answer within the deadline");
    }
  }
}

void hub::dial(peer& x) {
  x.tried_ms = options_->time->monotonic_ns() / 1'000'000;
  x.link = transport_->connect(x.address, book_.own());
}

hub::peer* hub::find_by_name(const std::string& name) {
  const auto at =
    std::find_if(peers_.begin(), peers_.end(),
                 [&](const peer& x) { return x.address.name == name; });
  return at == peers_.end() ? nullptr : &*at;
}

hub::peer* hub::find_by_link(transport::link_id link) {
  const auto at = std::find_if(peers_.begin(), peers_.end(),
                               [&](const peer& x) { return x.link == link; });
  return at == peers_.end() ? nullptr : &*at;
}

void hub::on_hello(const transport::link_hello& met) {
  if (const auto refused = book_.judge(met.who))
    return refuse(met, *refused);
  auto* x = find_by_name(met.who.node);
  auto* made = find_by_link(met.link);
  if (made && made != x) { // somebody else lives at that address
    transport_->close(met.link);
    return lose(*made, "the node there is " + met.who.node);
  }
  // Given up before the answer was here.
  if (!made && makes_link_to(*x) && !mutated(mutant::dead_link_is_welcome))
    return transport_->close(met.link);
  if (!made && x->link) { // it knows better that the old one is dead
    const auto old = *x->link;
    lose(*x, "replaced by a new link");
    transport_->close(old);
  }
  welcome(*x, met);
}

/// A handshake can be refused by the side that answers; who made the link has
/// said hello before, and says no in a frame of its own.
void hub::refuse(const transport::link_hello& met, const refusal& why) {
  say_once("refused a peer: " + why.message);
  auto* made = find_by_link(met.link);
  if (!made)
    return transport_->refuse(met.link, why);
  transport_->admit(met.link, book_.own());
  transport_->send(met.link, transport::lane::control,
                   codec::encode(book_.own().incarnation, why));
  transport_->flush();
  transport_->close(met.link);
  lose(*made, why.message);
}

void hub::welcome(peer& x, const transport::link_hello& met) {
  x.link = met.link;
  x.up = true;
  x.incarnation = met.who.incarnation;
  x.again.succeeded();
  transport_->admit(met.link, book_.own());
  if (book_.remember(met.who))
    send(options_->node, remember_boots{book_.boots()});
  say("linked to " + x.address.name + ", start "
      + std::to_string(met.who.boot));
  send(options_->node, node_met{met.who});
  if (x.incarnation == nobody)
    return;
  by_incarnation_[x.incarnation] = static_cast<std::size_t>(&x - peers_.data());
  tell_all(peer_up{x.incarnation, x.address.name});
}

void hub::on_closed(const transport::link_closed& x) {
  if (auto* lost = find_by_link(x.link))
    lose(*lost, x.why);
}

void hub::lose(peer& x, const std::string& why) {
  const auto now_ms = options_->time->monotonic_ns() / 1'000'000;
  const bool was_up = std::exchange(x.up, false);
  x.link.reset();
  x.again.failed(now_ms, random_);
  if (!was_up)
    return;
  say("lost the link to " + x.address.name + ": " + why);
  by_incarnation_.erase(x.incarnation);
  const peer_down msg{x.incarnation, x.address.name};
  if (x.incarnation != nobody)
    tell_all(msg);
  else
    send(options_->node, msg);
}

void hub::on_refused(const transport::link_refused& x) {
  const auto* refusing = find_by_link(x.link);
  if (!refusing)
    return;
  say_once(refusing->address.name + " refused this node: " + x.why.message);
  send(options_->node, node_refused{refusing->address.name, x.why});
}

/// What was replaced, or went back in time, is cut off and never let in again.
void hub::bury(const bury_nodes& x) {
  for (auto incarnation : x.incarnations) {
    book_.bury(incarnation);
    const auto at = by_incarnation_.find(incarnation);
    if (at == by_incarnation_.end())
      continue;
    auto& buried = peers_[at->second];
    const auto link = *buried.link;
    lose(buried, "its incarnation is over");
    transport_->close(link);
  }
}

/// Everybody is to hear it: links are made anew.
void hub::introduce(const introduce_as& x) {
  book_.own(x.own);
  for (auto& known : peers_) {
    if (!known.link)
      continue;
    transport_->close(*known.link);
    lose(known, "this node has a new identity");
    known.again.succeeded();
  }
}

// -- frames -------------------------------------------------------------------

void hub::on_frames(const transport::link_frames& x) {
  const auto* from = find_by_link(x.link);
  if (!from || !from->up)
    return;
  for (const auto& f : x.frames)
    dispatch(*from, f);
}

void hub::dispatch(const peer& from, const frame& f) {
  const auto where = codec::address_of(f);
  if (!where)
    return say("dropped a frame from " + from.address.name + ": "
               + to_string(where.err()));
  if (where->from != from.incarnation)
    return say("dropped a frame from " + from.address.name
               + " that names another sender");
  deliver(*where, from.address.name, f);
}

void hub::deliver(const codec::frame_address& where, const std::string& name,
                  const frame& f) {
  using target = codec::frame_address::target;
  switch (where.to) {
    case target::replica: {
      const auto at = replicas_.find(where.set);
      if (at != replicas_.end())
        send(at->second, inbound{where.from, f});
      return;
    }
    case target::gateway: {
      const auto number =
        static_cast<std::uint16_t>(where.request >> gateway_shift);
      const auto at = gateways_.find(number);
      if (at != gateways_.end())
        send(at->second.who, inbound{where.from, f});
      return;
    }
    case target::node:
      return send(options_->node, node_frame{name, f});
  }
}

void hub::on_outbound(const outbound& x) {
  for (auto to : x.to) {
    if (to == book_.own().incarnation) {
      if (const auto where = codec::address_of(x.content))
        deliver(*where, book_.own().node, x.content);
      continue;
    }
    const auto at = by_incarnation_.find(to);
    if (at != by_incarnation_.end())
      transmit(peers_[at->second], x.on, x.content);
  }
}

void hub::on_node_frame(const node_frame& x) {
  const auto* to = find_by_name(x.name);
  if (to && to->up)
    transmit(*to, transport::lane::control, x.content);
}

/// All that is queued in one turn leaves with one call.
void hub::transmit(const peer& to, transport::lane on, const frame& f) {
  transport_->send(*to.link, on, f);
  if (strikes(fault_point::frame_leaves_alone))
    transport_->flush();
  if (!std::exchange(flush_pending_, true))
    send_self(end_turn{});
}

template <class Message>
void hub::tell_all(const Message& msg) {
  for (const auto& [set, replica] : replicas_)
    send(replica, msg);
  for (const auto& [number, x] : gateways_)
    send(x.who, msg);
  send(options_->node, msg);
}

/// Who was refused comes again and again, for the same reasons.
void hub::say_once(const std::string& text) {
  if (said_.size() >= said_max)
    said_.clear();
  if (said_.insert(text).second)
    say(text);
}

void hub::say(const std::string& text) const {
  if (options_->trace)
    options_->trace(severity::info, text);
}

} // namespace cohort::runtime
