#include "runtime/replica_actor.hpp"

#include "core/fault_point.hpp"
#include "core/mutant.hpp"
#include "runtime/snapshot_messages.hpp"

#include <utility>

namespace cohort::runtime {

using replication::role_kind;

namespace {

/// Acknowledgements, votes and other small answers give credit to those who
/// wait for them; what carries entries is data, and a heartbeat stays in order
/// with it (T2).
transport::lane lane_of(const replication::message& msg) {
  return std::holds_alternative<replication::append_request>(msg)
           ? transport::lane::data
           : transport::lane::control;
}

} // namespace

replica_actor::replica_actor(caf::scheduled_actor* self,
                             std::shared_ptr<const replica_setup> setup)
  : shell(self),
    setup_(std::move(setup)),
    core_(setup_->protocol, setup_->recovered),
    pins_(setup_->keeping) {
  applier_ = spawn_shell<applier>(system(), setup_->applier_runs,
                                  setup_->applying, setup_->machine, me());
  self->link_to(applier_);
  if (setup_->restore_first)
    send(applier_, restore_snapshot{setup_->recovered.base});
  wake();
}

caf::behavior replica_actor::behavior() {
  return {
    // The most frequent first: they are tried one after the other.
    [this](const tick&) { on_tick(); },
    [this](const end_turn&) {
      if (strikes(fault_point::turn_is_put_off))
        return send_self(end_turn{});
      awake_ = false;
      take_turn();
    },
    [this](const inbound& x) { on_frame(x); },
    [this](const log_written& x) { on_written(x.ticket); },
    [this](const log_full& x) { on_full(x.states); },
    [this](const make_room& x) { send(applier_, x); },
    [this](log_entries& x) {
      core_.fetched(x.request, std::move(x.entries));
      wake();
    },
    [this](const applied_up_to& x) {
      core_.applied(x.index);
      wake();
    },
    [this](const peer_up& x) {
      reachable_.insert(x.node);
      core_.reconnected(x.node);
      wake();
    },
    [this](const peer_down& x) { reachable_.erase(x.node); },
    [this](const move_time&) {
      core_.set_time(log_clock_.at(setup_->time->wall_ms(), now_ms()));
      if (core_.serves())
        (void) core_.propose_empty(); // refused: asked again
      wake();
    },
    [this](const snapshot_stored& x) {
      pins_.stored(x.base);
      consider_compaction();
      wake();
    },
    [this](const tell_durable& x) {
      durable_asked_ = x.at_least;
      answer_durable();
    },
    [this](const snapshot_needed&) { send(applier_, make_snapshot{}); },
    [this](const snapshot_delivered& x) {
      pins_.delivery_ends(x.to);
      consider_compaction();
      core_.snapshot_sent(x.to, x.index);
      wake();
    },
    [this](const snapshot_staged& x) {
      if (!core_.snapshot_received(x.from, x.term, x.base))
        send(setup_->keeper, snapshot_unused{x.base.index});
      wake();
    },
    [this](const bury_nodes& x) {
      buried_.insert(x.incarnations.begin(), x.incarnations.end());
    },
    [this](const hand_over&) {
      handing_over_ = true;
      wake();
    },
    [this](const report_status& x) { send(x.to, replica_report{status()}); },
  };
}

// -- inputs -------------------------------------------------------------------

std::int64_t replica_actor::now_ms() const {
  return setup_->time->monotonic_ns() / 1'000'000;
}

void replica_actor::on_frame(const inbound& x) {
  auto decoded = codec::decode_peer(x.content);
  if (!decoded)
    return say("dropped a frame: " + to_string(decoded.err()));
  auto& body = decoded->body;
  if (auto* msg = std::get_if<replication::message>(&body)) {
    core_.step(x.from, std::move(*msg));
    wake();
  } else if (auto* request = std::get_if<client_request>(&body)) {
    on_request(x.from, std::move(*request));
  } else if (const auto* join = std::get_if<join_set>(&body)) {
    joiners_.take(x.from, join->replaces);
  } else {
    send(setup_->keeper, x); // snapshots are its affair
  }
}

void replica_actor::on_tick() {
  bool due = core_.tick();
  check_waits();
  if (++ticks_ % setup_->housekeeping_ticks == 0) {
    keep_house();
    due = true;
  }
  if (due && !awake_) // most ticks find nothing else to do: no message for that
    take_turn();
}

void replica_actor::on_written(ticket_t ticket) {
  disk_full_ = false;
  while (!unwritten_.empty() && unwritten_.front().first <= ticket) {
    unwritten_bytes_ -= unwritten_.front().second;
    unwritten_.pop_front();
  }
  release_held(ticket);
  core_.persisted(ticket);
  answer_durable();
  wake();
}

/// The applier waits until what it has applied is durable here (D7): not for a
/// log that is full, which may be waiting for the snapshot that empties it.
void replica_actor::answer_durable() {
  if (!durable_asked_
      || (core_.durable_index() < *durable_asked_ && !disk_full_))
    return;
  send(applier_, may_store{*std::exchange(durable_asked_, std::nullopt)});
}

void replica_actor::consider_compaction() {
  if (const auto base = pins_.take_cut(disk_full_))
    core_.snapshot_taken(*base);
}

void replica_actor::release_held(ticket_t ticket) {
  while (!held_.empty() && held_.front().ticket <= ticket) {
    for (const auto& x : held_.front().messages)
      post(x);
    held_.pop_front();
  }
}

/// A full disk is an answer (D6): new entries are refused, a primary hands
/// over, votes go on, and what waits is written once there is space.
void replica_actor::on_full(ticket_t states) {
  release_held(states);
  if (mutated(mutant::full_disk_has_entries))
    core_.persisted(states);
  core_.state_persisted(states);
  if (!std::exchange(disk_full_, true))
    say("the disk is full: new entries are refused until there is space",
        severity::warning);
  handing_over_ = handing_over_ || core_.leads();
  answer_durable();
  consider_compaction();
  wake();
}

// -- outputs ------------------------------------------------------------------

/// Whatever arrives in this turn is carried out together.
void replica_actor::wake() {
  if (!std::exchange(awake_, true))
    send_self(end_turn{});
}

void replica_actor::take_turn() {
  core_.set_time(log_clock_.at(setup_->time->wall_ms(), now_ms()));
  carry_out(core_.drain());
}

void replica_actor::carry_out(replication::output out) {
  for (const auto& x : out.send)
    post(x);
  if (out.write)
    write(std::move(*out.write));
  if (!out.send_when_durable.empty())
    held_.push_back({out.durable_ticket, std::move(out.send_when_durable)});
  if (mutated(mutant::held_back_leaves))
    release_held(out.durable_ticket);
  if (out.restore)
    send(applier_, restore_snapshot{*out.restore});
  if (out.role)
    note_role(*out.role);
  apply(out);
  take_reads(out);
  for (const auto& request : out.fetch)
    send(setup_->log_reader, log_read{setup_->set, request, me()});
  for (auto peer : out.need_snapshot) {
    pins_.delivery_begins(peer);
    send(setup_->keeper,
         send_snapshot{peer, core_.term(), core_.log().base_index()});
  }
  for (auto peer : out.regressed)
    send(setup_->node, member_regressed{setup_->set, peer});
  if (out.transfer)
    finish_transfer(*out.transfer);
  if (out.membership_changed)
    send(setup_->node, membership_seen{setup_->set, core_.members().is_member(
                                                      setup_->protocol.self)});
}

void replica_actor::write(replication::write_request request) {
  std::size_t bytes = 0;
  for (const auto& x : request.entries)
    bytes += x.weight();
  unwritten_.emplace_back(request.ticket, bytes);
  unwritten_bytes_ += bytes;
  send(setup_->log_writer, log_write{setup_->set, std::move(request), me()});
}

void replica_actor::post(const replication::envelope& x) {
  send(setup_->hub,
       outbound{x.to, lane_of(x.body),
                codec::encode(setup_->set, setup_->protocol.self, x.body)});
}

void replica_actor::apply(replication::output& out) {
  if (!out.apply.empty()) {
    apply_entries batch;
    batch.durable = core_.durable_index();
    for (const auto& x : out.apply)
      pins_.handed(x.weight());
    const auto last = out.apply.back().index;
    while (!riding_.empty() && riding_.begin()->first <= last) {
      batch.riding.push_back(std::move(riding_.begin()->second));
      riding_.erase(riding_.begin());
    }
    batch.entries = std::move(out.apply);
    send(applier_, std::move(batch));
    consider_compaction();
  }
  if (out.acknowledged > told_acknowledged_) {
    told_acknowledged_ = out.acknowledged;
    send(applier_,
         acknowledge_up_to{out.acknowledged, core_.members().newest().epoch});
  }
}

void replica_actor::note_role(const replication::role_change& change) {
  say(std::string{to_string(change.role)} + " of term " + to_string(change.term)
      + (change.primary == nobody
           ? ", no primary known"
           : ", primary is node " + to_string(change.primary)));
  if (change.role != role_kind::primary
      && !mutated(mutant::askers_outlive_primary))
    refuse_all_pending();
  told_acknowledged_ = {};
  send(setup_->node, role_changed{setup_->set, change});
}

void replica_actor::finish_transfer(const replication::transfer_result& x) {
  say("handing over to node " + to_string(x.to)
      + (x.done ? " is done" : " was given up"));
  if (x.done && std::exchange(handing_over_, false))
    send(setup_->node, handed_over{setup_->set});
}

void replica_actor::say(const std::string& text, severity level) const {
  if (setup_->trace)
    setup_->trace(level, "set " + setup_->set_name + ": " + text);
}

} // namespace cohort::runtime
