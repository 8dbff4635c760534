#include "resp/front_actor.hpp"

#include "codec/peer_codec.hpp"

#include <utility>

namespace cohort::resp {

namespace {

/// Whoever did not answer for so long is not the primary, or cannot be reached.
constexpr std::int64_t silence_ms_max = 300;

} // namespace

front_actor::front_actor(caf::scheduled_actor* self,
                         std::shared_ptr<const front_setup> setup)
  : shell(self),
    setup_(std::move(setup)),
    front_(setup_->options) {}

caf::behavior front_actor::behavior() {
  return {
    [this](const client_turn& x) { take_turn(x); },
    [this](const runtime::inbound& x) { take_reply(x); },
    [this](const runtime::tick&) {
      seek_primary();
      front_.tick(now_ms(), setup_->time->wall_ms());
      carry_out();
    },
    [this](const runtime::role_changed& x) { note_role(x); },
    [this](const runtime::peer_up& x) {
      front_.reconnected(x.node, x.name, now_ms());
      carry_out();
    },
    [this](const runtime::peer_down& x) {
      primary_lost_ = primary_lost_ || x.node == front_.primary();
    },
    [this](const runtime::set_ready& x) { serve_set(x); },
    [this](const runtime::not_ready& x) { front_.not_ready(x.why); },
    [this](const runtime::replica_report& x) {
      front_.reported({true, x.status}, setup_->time->wall_ms());
      carry_out();
    },
    [this](const runtime::cluster_report& x) {
      front_.cluster_reported(x.text);
      carry_out();
    },
    [this](const serve_clients& x) { broker_ = x.broker; },
    [this](const go_on&) {
      front_.go_on(now_ms());
      carry_out();
    },
  };
}

std::int64_t front_actor::now_ms() const {
  return setup_->time->monotonic_ns() / 1'000'000;
}

void front_actor::take_turn(const client_turn& x) {
  const auto now = now_ms();
  std::size_t at = 0;
  for (const auto& piece : x.pieces) {
    const auto bytes = std::string_view{x.data}.substr(at, piece.size);
    at += piece.size;
    switch (piece.what) {
      case client_turn::piece::kind::opened:
        front_.opened(piece.client, std::string{bytes}, now);
        break;
      case client_turn::piece::kind::data:
        front_.received(piece.client, bytes, now);
        break;
      case client_turn::piece::kind::closed:
        front_.closed(piece.client);
        break;
    }
  }
  front_.end_of_turn(now);
  carry_out();
}

void front_actor::take_reply(const runtime::inbound& x) {
  const auto decoded = codec::decode_peer(x.content);
  if (!decoded || decoded->set != setup_->options.set)
    return;
  const auto* reply = std::get_if<client_reply>(&decoded->body);
  if (!reply)
    return;
  silent_since_ms_ = now_ms();
  front_.replied(*reply, silent_since_ms_);
  carry_out();
}

void front_actor::note_role(const runtime::role_changed& x) {
  if (x.set != setup_->options.set)
    return;
  front_.primary_is(x.change.primary, now_ms());
  carry_out();
}

void front_actor::serve_set(const runtime::set_ready& x) {
  if (x.set != setup_->options.set)
    return;
  self_ = x.self;
  hub_ = x.hub;
  replica_ = x.replica;
  voters_ = x.voters;
  primary_lost_ = true;
  front_.reconnected(x.self, setup_->options.node_name, now_ms());
  front_.not_ready("");
  carry_out();
}

/// A node without a replica learns of the primary from the answer of any
/// member: when the one it asks is silent, it asks the next.
void front_actor::seek_primary() {
  if (replica_ || voters_.empty())
    return;
  const auto now = now_ms();
  if (!front_.waits_for_set())
    silent_since_ms_ = now; // nobody owes an answer
  if (front_.primary() != nobody && !primary_lost_
      && now - silent_since_ms_ <= silence_ms_max)
    return;
  primary_lost_ = false;
  silent_since_ms_ = now;
  front_.primary_is(voters_[next_voter_++ % voters_.size()], now);
}

void front_actor::carry_out() {
  auto out = front_.drain();
  for (const auto& x : out.requests)
    send(hub_, runtime::outbound{
                 {x.to},
                 transport::lane::data,
                 codec::encode(setup_->options.set, self_, x.request)});
  if (!out.writes.empty() || !out.halt.empty() || !out.resume.empty())
    send(broker_, front_turn{std::move(out.writes), std::move(out.halt),
                             std::move(out.resume)});
  if (out.wants_report) {
    if (replica_)
      send(replica_, runtime::report_status{me()});
    else
      front_.reported({}, setup_->time->wall_ms());
  }
  if (out.wants_cluster_report)
    send(setup_->node, runtime::report_cluster{me()});
  if (out.form_without)
    send(setup_->node, runtime::form_without{*out.form_without});
  if (out.unfinished)
    send_self(go_on{});
  if (out.wants_report && !replica_)
    carry_out();
}

} // namespace cohort::resp
