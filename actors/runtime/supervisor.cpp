#include "runtime/supervisor.hpp"

#include "codec/peer_codec.hpp"
#include "transport/tcp_transport.hpp"

#include <caf/io/broker.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace cohort::runtime {

namespace {

/// Ticks between two looks at what forming and joining need.
constexpr std::uint32_t forming_ticks = 20;

/// Of the node's ticks, one in so many reaches the actors that have a thread of
/// their own: waking them costs more than they have to do.
constexpr std::uint32_t disk_ticks = 10;

std::vector<std::string> names_of(const topology& plan) {
  std::vector<std::string> result;
  for (const auto& x : plan.nodes)
    result.push_back(x.name);
  std::sort(result.begin(), result.end());
  return result;
}

forming_options options_of(const supervisor_setup& setup) {
  forming_options result;
  result.own_name = setup.options.name;
  result.names = names_of(setup.options.plan);
  result.topology = fingerprint(setup.options.plan);
  result.drawn = setup.drawn;
  result.nonce = setup.boot_nonce;
  return result;
}

std::optional<cluster_identity>
identity_in(const storage::node_directory& directory) {
  const auto& identity = directory.identity();
  if (!identity)
    return std::nullopt;
  const auto& state = directory.state();
  cluster_identity result;
  result.cluster = identity->owner.cluster;
  result.incarnation = identity->owner.incarnation;
  result.replaces = state.replaces;
  result.complete = state.complete;
  result.coordinator = state.coordinator;
  result.without = state.without;
  return result;
}

machine::sender_options meta_sending() {
  machine::sender_options result;
  result.first_id = first_request_of(gateway_number::meta);
  return result;
}

} // namespace

supervisor::supervisor(caf::scheduled_actor* self,
                       std::shared_ptr<supervisor_setup> setup)
  : shell(self),
    setup_(std::move(setup)),
    options_(setup_->options),
    directory_(setup_->directory),
    forming_(options_of(*setup_), identity_in(directory_)),
    meta_(meta_sending()),
    state_(directory_.state()),
    started_ms_(now_ms()) {
  self->set_exit_handler([this](caf::exit_msg& x) { on_exit(x); });
  if (forming_.formed()) {
    if (const auto opened = open_log(); !opened) {
      setup_->listening.set_value(opened.err());
      end_everything();
      return;
    }
  }
  start_hub();
  start_gateway();
  carry_out_forming();
  on_tick();
}

caf::behavior supervisor::behavior() {
  return {
    [this](const tick&) { on_tick(); },
    [this](const node_met& x) {
      met_[x.who.node] = x.who;
      forming_.met(x.who);
      carry_out_forming();
    },
    [this](const node_frame& x) { on_node_frame(x); },
    [this](const node_refused& x) { on_refused(x); },
    [this](const peer_up& x) { meta_.reconnected(x.node, now_ms()); },
    [this](const peer_down& x) {
      met_.erase(x.name);
      forming_.lost(x.name);
    },
    [this](const remember_boots& x) {
      state_.boots = x.boots;
      if (directory_.identity())
        write_state();
    },
    [this](const inbound& x) {
      const auto decoded = codec::decode_peer(x.content);
      if (!decoded)
        return;
      if (const auto* reply = std::get_if<client_reply>(&decoded->body))
        meta_.received(*reply, now_ms());
      carry_out_meta();
    },
    [this](const role_changed& x) { note_role(x); },
    [this](const meta_changed& x) { note_meta(x.state); },
    [this](const member_regressed& x) {
      say("the disk of node " + to_string(x.member)
          + " went back in time: it is refused from now on");
      send(hub_, bury_nodes{{x.member}});
    },
    [](const membership_seen&) {},
    [this](const handed_over& x) {
      sets_[x.set].handed_over = true;
      consider_stop();
    },
    [this](const replica_report& x) { take_report(x); },
    [this](const report_cluster& x) { gather(x); },
    [this](const form_without& x) {
      forming_.form_without(x.names);
      carry_out_forming();
    },
    [this](const attach_gateway& x) { attach(x); },
    [this](const stop_node& x) { begin_stop(x.patience_ms); },
  };
}

// -- lifecycle ----------------------------------------------------------------

std::int64_t supervisor::now_ms() const {
  return options_.time->monotonic_ns() / 1'000'000;
}

void supervisor::say(const std::string& text) const {
  if (options_.trace)
    options_.trace(text);
}

void supervisor::watch(const caf::actor& part, std::string name) {
  parts_[part.address()] = std::move(name);
  self()->link_to(part);
}

hello supervisor::own_hello() const {
  hello result;
  result.cluster_name = options_.plan.cluster_name;
  result.node = options_.name;
  result.boot = boot_;
  result.boot_nonce = setup_->boot_nonce;
  result.topology = fingerprint(options_.plan);
  if (const auto& identity = forming_.identity()) {
    result.cluster = identity->cluster;
    result.incarnation = identity->incarnation;
    result.formed = forming_.formed();
  }
  return result;
}

void supervisor::start_hub() {
  auto hub = std::make_shared<hub_options>();
  const auto* place = options_.plan.find(options_.name);
  for (const auto& x : options_.plan.nodes)
    if (x.name != options_.name)
      hub->peers.push_back({x.name, x.peer.host, x.peer.port});
  hub->remembered = state_.boots;
  hub->own = own_hello();
  hub->time = options_.time;
  hub->seed = options_.seed;
  hub->trace = options_.trace;
  hub->node = me();
  const bool local = options_.plan.transport == transport_kind::local;
  transport::tcp_options tcp;
  tcp.listen_address = place->peer.host;
  tcp.listen_port = place->peer.port;
  tcp.insecure = options_.plan.insecure;
  hub->make_transport = [setup = setup_, local, tcp](caf::scheduled_actor* x) {
    auto made =
      local
        ? transport::make_local_transport(setup->options.network,
                                          setup->options.name,
                                          caf::actor_cast<caf::actor>(x))
        : transport::make_tcp_transport(static_cast<caf::io::broker*>(x), tcp);
    setup->listening.set_value(made->start());
    return made;
  };
  hub_ = spawn_shell<runtime::hub>(
    system(), placement::loop,
    std::shared_ptr<const hub_options>{std::move(hub)});
  watch(hub_, "hub");
  send(hub_, serve_gateway{gateway_number::meta, me()});
}

void supervisor::start_gateway() {
  if (!options_.make_gateway)
    return;
  gateway_place place;
  place.set = first_user_set;
  place.set_name = options_.plan.sets.front().name;
  place.number = gateway_number::front;
  place.hub = hub_;
  place.node = me();
  const auto made = options_.make_gateway(system(), place);
  if (!made)
    return fail("clients cannot be served: " + to_string(made.err()));
  watch(made->front, "front");
  if (made->connections)
    watch(made->connections, "gateway");
  attach({place.number, made->front});
}

void supervisor::on_tick() {
  if (ending_)
    return;
  ++ticks_;
  send(hub_, tick{}); // and from there to replicas and gateways
  if (ticks_ % disk_ticks == 0) {
    if (log_writer_)
      send(log_writer_, tick{});
    for (const auto& [id, x] : sets_)
      send(x.keeper, tick{});
  }
  if (ticks_ % forming_ticks == 0) {
    forming_.tick();
    carry_out_forming();
  }
  meta_.tick(now_ms());
  carry_out_meta();
  finish_gatherings(true);
  consider_stop();
  send_self_after(std::chrono::milliseconds{options_.plan.timers.tick_ms},
                  tick{});
}

/// A part that ends by itself takes the node with it (L4).
void supervisor::on_exit(const caf::exit_msg& x) {
  const auto at = parts_.find(x.source);
  if (at == parts_.end()) {
    end_everything(); // somebody outside, or this actor itself, wants an end
  } else {
    const auto name = std::move(at->second);
    parts_.erase(at);
    if (!ending_)
      return fail(name + " ended: " + system().render(x.reason));
  }
  if (parts_.empty())
    self()->quit(caf::exit_reason::user_shutdown);
}

void supervisor::fail(const std::string& why) {
  if (ending_)
    return;
  say("stops: " + why);
  if (options_.on_stopped)
    options_.on_stopped(why);
  end_everything();
}

void supervisor::begin_stop(std::int64_t patience_ms) {
  if (ending_)
    return;
  stop_at_ms_ = now_ms() + patience_ms;
  if (patience_ms <= 0)
    return end_everything();
  say("hands over and stops");
  for (auto& [id, x] : sets_) {
    x.handed_over = false;
    send(x.replica, hand_over{});
  }
  consider_stop();
}

void supervisor::consider_stop() {
  if (!stop_at_ms_ || ending_)
    return;
  const bool all = std::all_of(sets_.begin(), sets_.end(), [](const auto& x) {
    return x.second.handed_over;
  });
  if (all || now_ms() >= *stop_at_ms_)
    end_everything();
}

void supervisor::end_everything() {
  if (std::exchange(ending_, true))
    return;
  gateways_.clear();
  for (const auto& [address, name] : parts_)
    if (auto part = caf::actor_cast<caf::actor>(address))
      // In nobody's name: an exit from a linked actor breaks the link first,
      // and the end of the part would not be heard of.
      caf::anon_send_exit(part, caf::exit_reason::user_shutdown);
  if (parts_.empty())
    self()->send_exit(me(), caf::exit_reason::user_shutdown);
}

// -- gateways -----------------------------------------------------------------

void supervisor::attach(const attach_gateway& x) {
  if (ending_)
    return;
  send(hub_, serve_gateway{x.number, x.gateway});
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

void supervisor::tell_ready(const caf::actor& gateway) const {
  if (!entered_)
    return send(gateway,
                not_ready{"the node waits for " + forming_.waiting_for()});
  set_ready ready;
  ready.set = first_user_set;
  ready.hub = hub_;
  ready.self = forming_.identity()->incarnation;
  ready.voters = ids_of(members_of(options_.plan, options_.plan.sets.front()));
  const auto hosted = sets_.find(first_user_set);
  if (hosted != sets_.end())
    ready.replica = hosted->second.replica;
  send(gateway, ready);
  if (hosted != sets_.end() && hosted->second.role)
    send(gateway, role_changed{first_user_set, *hosted->second.role});
}

// -- the cluster --------------------------------------------------------------

void supervisor::to_node(const std::string& name, const frame& f) const {
  send(hub_, node_frame{name, f});
}

void supervisor::on_node_frame(const node_frame& x) {
  const auto decoded = codec::decode_peer(x.content);
  if (!decoded)
    return say("dropped a frame of " + x.name + ": "
               + to_string(decoded.err()));
  const auto& body = decoded->body;
  if (const auto* offer = std::get_if<form_offer>(&body))
    forming_.offered(x.name, *offer);
  else if (const auto* answer = std::get_if<form_answer>(&body))
    forming_.answered(x.name, *answer);
  else if (const auto* joined = std::get_if<join_reply>(&body))
    forming_.joined(*joined);
  else if (const auto* join = std::get_if<join_request>(&body)) {
    if (entered_ && join->node == x.name)
      meta_.join(x.name, *join, now_ms());
    return carry_out_meta();
  } else if (const auto* asked = std::get_if<status_request>(&body)) {
    return report_self(x.name, asked->id);
  } else if (const auto* status = std::get_if<status_reply>(&body)) {
    return take_status(x.name, *status);
  }
  carry_out_forming();
}

/// What its peers remember of this node is more than its own disk does: it must
/// not serve.
void supervisor::on_refused(const node_refused& x) {
  if (x.why.code == refusal_code::rolled_back
      || x.why.code == refusal_code::tombstone)
    fail(x.name + " refuses this node: " + x.why.message);
}

void supervisor::carry_out_forming() {
  for (bool more = true; more && !ending_;) {
    const auto out = forming_.drain();
    for (const auto& line : out.trace)
      say(line);
    more = out.store.has_value();
    if (out.store) {
      persist(*out.store);
      forming_.stored();
    }
    const auto from = forming_.identity() ? forming_.identity()->incarnation
                                          : nobody;
    for (const auto& x : out.send)
      to_node(
        x.to,
        std::visit([&](const auto& body) { return codec::encode(from, body); },
                   x.body));
    const bool enters = out.formed && !entered_;
    if (enters)
      if (const auto entered = enter_cluster(); !entered)
        return fail(to_string(entered.err()));
    if (out.store || enters)
      send(hub_, introduce_as{own_hello()});
  }
  if (entered_)
    return;
  for (const auto& [number, gateway] : gateways_)
    tell_ready(gateway);
}

/// The identity is the last to be written: without it the rest means nothing.
void supervisor::persist(const cluster_identity& x) {
  state_.replaces = x.replaces;
  state_.complete = x.complete;
  state_.coordinator = x.coordinator;
  state_.without = x.without;
  write_state();
  const auto written =
    directory_.write_owner({x.cluster, options_.name, x.incarnation});
  if (!written)
    throw std::runtime_error{"the identity cannot be written: "
                             + to_string(written.err())};
}

void supervisor::write_state() {
  if (const auto written = directory_.write_state(state_); !written)
    throw std::runtime_error{"the node's state cannot be written: "
                             + to_string(written.err())};
}

void supervisor::carry_out_meta() {
  if (!entered_)
    return;
  const auto self = forming_.identity()->incarnation;
  for (const auto& x : meta_.take_outgoing())
    send(hub_, outbound{{x.to},
                        transport::lane::data,
                        codec::encode(meta_set, self, x.request)});
  for (auto& x : meta_.take_answers()) {
    x.reply.cluster = forming_.identity()->cluster;
    say(x.to + " joins as node " + to_string(x.reply.incarnation));
    to_node(x.to, codec::encode(self, x.reply));
  }
}

void supervisor::note_meta(const meta_state& x) {
  known_meta_ = x;
  send(hub_, bury_nodes{x.buried});
  meta_.members(ids_of(meta_members_of(options_.plan)));
}

void supervisor::note_role(const role_changed& x) {
  sets_[x.set].role = x.change;
  if (x.set == meta_set) {
    meta_.primary_is(x.change.primary, now_ms());
    return carry_out_meta();
  }
  for (const auto& [number, gateway] : gateways_)
    send(gateway, x);
}

} // namespace cohort::runtime
