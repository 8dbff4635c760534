#include "runtime/supervisor.hpp"

#include "codec/peer_codec.hpp"
#include "runtime/hub.hpp"
#include "transport/tcp_transport.hpp"

#include <caf/io/broker.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <utility>

namespace cohort::runtime {

namespace {

/// Slow ticks between two looks at what forming and joining need.
constexpr std::uint32_t forming_ticks = 2;

/// Slow ticks until what had no room on the disk is tried again.
constexpr std::uint32_t full_disk_ticks = 5;

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

std::unique_ptr<transport::transport>
make_transport(const node_options& options, caf::scheduled_actor* owner) {
  if (options.make_transport)
    return options.make_transport(owner);
  if (options.plan.transport == transport_kind::local)
    return transport::make_local_transport(options.network, options.name,
                                           caf::actor_cast<caf::actor>(owner));
  const auto& place = options.plan.find(options.name)->peer;
  transport::tcp_options tcp;
  tcp.listen_address = place.host;
  tcp.listen_port = place.port;
  tcp.insecure = options.plan.insecure;
  return transport::make_tcp_transport(static_cast<caf::io::broker*>(owner),
                                       tcp);
}

machine::sender_options meta_sending(std::uint64_t drawn) {
  machine::sender_options result;
  result.first_id = first_request_of(gateway_number::meta, drawn);
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
    meta_(meta_sending(setup_->boot_nonce)),
    state_(directory_.state()),
    started_ms_(now_ms()) {
  self->set_exit_handler([this](caf::exit_msg& x) { on_exit(x); });
  if (forming_.formed()) {
    if (const auto opened = open_log(); !opened) {
      setup_->report->set(opened.err());
      end_everything();
      return;
    }
  }
  start_hub();
  start_gateway();
  carry_out_forming();
}

caf::behavior supervisor::behavior() {
  return {
    [this](const tick&) { on_tick(); },
    [this](const time_is_up&) { look_at_deadlines(); },
    [this](const node_met& x) {
      met_[x.who.node] = x.who;
      forming_.met(x.who);
      carry_out_forming();
      tell_new_voters();
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
      keep_boots();
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
    [this](const member_regressed& x) { note_regressed(x); },
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

void supervisor::say(const std::string& text, severity level) const {
  if (options_.trace)
    options_.trace(level, text);
}

void supervisor::watch(const caf::actor& part, std::string name) {
  parts_[part.address()] = std::move(name);
  self()->link_to(part);
}

void supervisor::start_hub() {
  auto hub = std::make_shared<hub_options>();
  for (const auto& x : options_.plan.nodes)
    if (x.name != options_.name)
      hub->peers.push_back({x.name, x.peer.host, x.peer.port});
  hub->remembered = state_.boots;
  hub->own = own_hello();
  hub->time = options_.time;
  hub->tick_interval = std::chrono::milliseconds{options_.plan.timers.tick_ms};
  hub->seed = options_.seed;
  hub->trace = options_.trace;
  hub->node = me();
  hub->make_transport = [setup = setup_](caf::scheduled_actor* x) {
    auto made = make_transport(setup->options, x);
    setup->report->set(made->start());
    return made;
  };
  hub_ = spawn_shell<runtime::hub>(
    system(), options_.hub_runs,
    std::shared_ptr<const hub_options>{std::move(hub)});
  watch(hub_, "hub");
  send(hub_, serve_gateway{gateway_number::meta, me()});
}

void supervisor::on_tick() {
  if (ending_)
    return;
  ++ticks_;
  if (log_writer_)
    send(log_writer_, tick{});
  if (ticks_ % forming_ticks == 0) {
    forming_.tick();
    carry_out_forming();
  }
  if (ticks_ % full_disk_ticks == 0 && boots_unwritten_)
    keep_boots();
  meta_.tick(now_ms());
  carry_out_meta();
  look_at_deadlines();
}

/// Exactly when they are over, and on each tick: the clock that wakes is not
/// the one that is read.
void supervisor::look_at_deadlines() {
  finish_gatherings();
  consider_stop();
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
  say("stops: " + why, severity::error);
  if (options_.on_stopped)
    options_.on_stopped(why);
  setup_->report->set({errc::closed, why});
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
  send_self_after(std::chrono::milliseconds{patience_ms}, time_is_up{});
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

} // namespace cohort::runtime
