// A node's part in its cluster: forming, joining, and the meta set.
#include "runtime/supervisor.hpp"

#include "codec/peer_codec.hpp"

#include <utility>
#include <variant>

namespace cohort::runtime {

namespace {

std::string unwritten_state(const error& why) {
  return "the node's state cannot be written: " + to_string(why);
}

} // namespace

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
    forming_.joined(x.name, *joined);
  else if (const auto* join = std::get_if<join_request>(&body)) {
    help_to_join(x.name, *join);
    return carry_out_meta();
  } else if (const auto* asked = std::get_if<status_request>(&body)) {
    return report_self(x.name, asked->id);
  } else if (const auto* status = std::get_if<status_reply>(&body)) {
    return take_status(x.name, *status);
  } else if (const auto* refused = std::get_if<refusal>(&body)) {
    return on_refused({x.name, *refused});
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
      if (const auto kept = persist(*out.store); !kept)
        return fail(kept.err().message);
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
      if (const auto entered = enter_cluster(); !entered) {
        setup_->report->set(entered.err());
        return fail(to_string(entered.err()));
      }
    if (out.store || enters)
      send(hub_, introduce_as{own_hello()});
  }
  if (entered_)
    return;
  for (const auto& [number, gateway] : gateways_)
    tell_ready(gateway);
}

/// The identity is the last to be written: without it the rest means nothing.
result<void> supervisor::persist(const cluster_identity& x) {
  state_.replaces = x.replaces;
  state_.complete = x.complete;
  state_.coordinator = x.coordinator;
  state_.without = x.without;
  if (const auto written = directory_.write_state(state_); !written)
    return {written.err().code, unwritten_state(written.err())};
  const auto written =
    directory_.write_owner({x.cluster, options_.name, x.incarnation});
  if (!written)
    return {written.err().code,
            "the identity cannot be written: " + to_string(written.err())};
  return {};
}

/// Starts of peers, once this node is somebody itself. With a full disk they
/// are only known until there is room again: peers that come and go must not
/// stop it (D6).
void supervisor::keep_boots() {
  if (!directory_.identity())
    return;
  const auto written = directory_.write_state(state_);
  const bool full = !written && written.err().code == errc::no_space;
  if (!written && !full)
    return fail(unwritten_state(written.err()));
  if (full && !boots_unwritten_)
    say("cannot remember the starts of other nodes until there is space: "
          + written.err().message,
        severity::warning);
  boots_unwritten_ = full;
}

/// Only who keeps the meta set knows whose place it is. What it knows may be
/// old: then nothing is minted, and the node asks again.
void supervisor::help_to_join(const std::string& name,
                              const join_request& request) {
  if (entered_ && request.node == name && sets_.contains(meta_set))
    meta_.join(name, request, ids_of({name}).front(), now_ms());
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
    if (x.reply.incarnation != nobody)
      say(x.to + " joins as node " + to_string(x.reply.incarnation));
    to_node(x.to, codec::encode(self, x.reply));
  }
}

void supervisor::note_meta(const meta_state& x) {
  known_meta_ = x;
  send(hub_, bury_nodes{x.buried});
  for (const auto& [id, set] : sets_)
    send(set.replica, bury_nodes{x.buried});
  meta_.members(ids_of(meta_members_of(options_.plan)));
  tell_new_voters();
}

/// It is refused here from now on, and everywhere and for good once the meta
/// set knows.
void supervisor::note_regressed(const member_regressed& x) {
  say("the disk of node " + to_string(x.member)
        + " went back in time: it is refused from now on",
      severity::warning);
  send(hub_, bury_nodes{{x.member}});
  meta_.bury(x.member);
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
