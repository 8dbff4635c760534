#include "runtime/replica_actor.hpp"

#include "core/check.hpp"

#include <algorithm>
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

constexpr std::uint32_t busy_retry_ms = 20;

/// Of one entry (K5): more would not fit into a frame.
constexpr std::size_t entry_bytes_max = std::size_t{32} << 20;

} // namespace

replica_actor::replica_actor(caf::scheduled_actor* self,
                             std::shared_ptr<const replica_setup> setup)
  : shell(self),
    setup_(std::move(setup)),
    core_(setup_->protocol, setup_->recovered),
    joined_(!setup_->joining) {
  applier_ = spawn_shell<applier>(system(), setup_->applier_runs,
                                  setup_->applying, setup_->machine, me());
  self->link_to(applier_);
  if (setup_->restore_first)
    send(applier_, restore_snapshot{setup_->recovered.base});
  wake();
}

caf::behavior replica_actor::behavior() {
  return {
    [this](const inbound& x) { on_frame(x); },
    [this](const log_written& x) { on_written(x.ticket); },
    [this](const log_full& x) { on_full(x.states); },
    [this](log_entries& x) {
      core_.fetched(x.request, std::move(x.entries));
      wake();
    },
    [this](const applied_up_to& x) {
      core_.applied(x.index);
      wake();
    },
    [this](const tick&) { on_tick(); },
    [this](const end_turn&) {
      awake_ = false;
      core_.set_time(log_clock_.at(setup_->time->wall_ms(), now_ms()));
      carry_out(core_.drain());
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
      bases_.push_back({x.base, handed_bytes_});
      consider_compaction();
      wake();
    },
    [this](const tell_durable& x) {
      durable_asked_ = x.at_least;
      answer_durable();
    },
    [this](const snapshot_needed&) { send(applier_, make_snapshot{}); },
    [this](const snapshot_delivered& x) {
      deliveries_.erase(x.to);
      consider_compaction();
      core_.snapshot_sent(x.to, x.index);
      wake();
    },
    [this](const snapshot_staged& x) {
      core_.snapshot_received(x.from, x.term, x.base);
      wake();
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
    take_joiner(x.from, join->replaces);
  } else {
    send(setup_->keeper, x); // snapshots are its affair
  }
}

/// A node that was wiped again before it was promoted takes the place that its
/// last incarnation was to take.
void replica_actor::take_joiner(node_id joiner, node_id replaces) {
  if (const auto last = joiners_.find(replaces); last != joiners_.end()) {
    joiners_[joiner] = last->second;
    joiners_.erase(last);
  } else {
    joiners_.try_emplace(joiner, replaces);
  }
}

void replica_actor::on_request(node_id gateway, client_request request) {
  const asker who{gateway, request.id};
  if (!core_.leads())
    return refuse(who, client_outcome::not_primary);
  if (const auto* wait = std::get_if<wait_request>(&request.body))
    return on_wait(who, *wait, request.patience_ms);
  on_work(who, std::get<work_request>(std::move(request.body)));
}

void replica_actor::on_work(asker who, work_request work) {
  if (work.command.empty()) {
    const auto id = ++last_query_;
    const auto after = work.after_sequence > 0 ? core_.log().last_index()
                                               : index_t{};
    queries_.emplace(id, pending_query{who, std::move(work), after});
    core_.read(id);
    return wake();
  }
  if (disk_full_)
    return refuse(who, client_outcome::disk_full);
  if (work.command.size() > entry_bytes_max)
    return refuse(who, client_outcome::refused);
  if (unwritten_bytes_ > setup_->unwritten_bytes_max)
    return refuse(who, client_outcome::busy);
  core_.set_time(log_clock_.at(setup_->time->wall_ms(), now_ms()));
  const auto index = core_.propose(work.command);
  if (!index)
    return refuse(who, index.err().code == errc::busy
                         ? client_outcome::busy
                         : client_outcome::not_primary);
  riding_.emplace(*index, riding_work{*index, who, std::move(work)});
  wake();
}

void replica_actor::on_wait(const asker& who, const wait_request& wait,
                            std::uint32_t patience_ms) {
  waits_.push_back({who, wait, now_ms() + patience_ms});
  check_waits();
}

void replica_actor::on_tick() {
  core_.tick();
  check_waits();
  if (++ticks_ % setup_->housekeeping_ticks == 0)
    keep_house();
  wake();
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

/// The applier waits until what it has applied is durable here (D7).
void replica_actor::answer_durable() {
  if (!durable_asked_ || core_.durable_index() < *durable_asked_)
    return;
  durable_asked_.reset();
  send(applier_, durable_up_to{core_.durable_index()});
}

/// The log is cut where a snapshot reaches, but some of it is kept for peers
/// that are a little behind, and more while one of them gets a snapshot (D5).
void replica_actor::consider_compaction() {
  const auto keep = deliveries_.empty() ? setup_->log_kept_bytes
                                        : setup_->log_pinned_bytes;
  std::optional<replication::log_base> base;
  while (!bases_.empty() && handed_bytes_ - bases_.front().second >= keep) {
    base = std::move(bases_.front().first);
    bases_.pop_front();
  }
  if (base)
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
  core_.state_persisted(states);
  if (!std::exchange(disk_full_, true))
    say("the disk is full: new entries are refused until there is space");
  handing_over_ = handing_over_ || core_.leads();
  wake();
}

// -- outputs ------------------------------------------------------------------

/// Whatever arrives in this turn is carried out together.
void replica_actor::wake() {
  if (!std::exchange(awake_, true))
    send_self(end_turn{});
}

void replica_actor::carry_out(replication::output out) {
  for (const auto& x : out.send)
    post(x);
  if (out.write)
    write(std::move(*out.write));
  if (!out.send_when_durable.empty())
    held_.push_back({out.durable_ticket, std::move(out.send_when_durable)});
  if (out.restore)
    send(applier_, restore_snapshot{*out.restore});
  if (out.role)
    note_role(*out.role);
  apply(out);
  for (const auto& grant : out.reads) {
    const auto at = queries_.find(grant.id);
    if (at == queries_.end())
      continue;
    auto& query = at->second;
    send(applier_,
         answer_queries{std::max(grant.index, query.after),
                        log_clock_.at(setup_->time->wall_ms(), now_ms()),
                        query.who, std::move(query.work)});
    queries_.erase(at);
  }
  for (auto id : out.refused_reads) {
    const auto at = queries_.find(id);
    if (at == queries_.end())
      continue;
    refuse(at->second.who, client_outcome::not_primary);
    queries_.erase(at);
  }
  for (const auto& request : out.fetch)
    send(setup_->log_reader, log_read{setup_->set, request, me()});
  for (auto peer : out.need_snapshot) {
    deliveries_.insert(peer);
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
      handed_bytes_ += x.weight();
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
  if (change.role != role_kind::primary)
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

// -- answers ------------------------------------------------------------------

void replica_actor::reply(const asker& who, client_reply answer) {
  answer.id = who.request;
  send(setup_->hub,
       outbound{{who.gateway},
                transport::lane::control,
                codec::encode(setup_->set, setup_->protocol.self, answer)});
}

void replica_actor::refuse(const asker& who, client_outcome outcome) {
  client_reply answer;
  answer.outcome = outcome;
  answer.primary = core_.primary_hint();
  answer.retry_after_ms = busy_retry_ms;
  if (outcome == client_outcome::disk_full)
    answer.message = "the disk of the primary is full";
  if (outcome == client_outcome::refused)
    answer.message = "a batch of commands is larger than "
                     + std::to_string(entry_bytes_max) + " bytes";
  reply(who, std::move(answer));
}

void replica_actor::refuse_all_pending() {
  for (const auto& [index, x] : riding_)
    refuse(x.who, client_outcome::not_primary);
  riding_.clear();
  for (const auto& [id, x] : queries_)
    refuse(x.who, client_outcome::not_primary);
  queries_.clear();
  for (const auto& x : waits_)
    refuse(x.who, client_outcome::not_primary);
  waits_.clear();
  send(applier_, stepped_down{core_.primary_hint()});
}

/// A wait ends when enough backups hold the entry, or at the end of patience
/// with as many as do (K5).
void replica_actor::check_waits() {
  std::erase_if(waits_, [&](const pending_wait& x) {
    const auto copies = core_.copies(x.wait.index);
    if (copies < x.wait.copies && now_ms() < x.deadline_ms)
      return false;
    client_reply answer;
    answer.copies = static_cast<std::uint32_t>(copies);
    reply(x.who, std::move(answer));
    return true;
  });
}

// -- housekeeping -------------------------------------------------------------

void replica_actor::keep_house() {
  if (core_.serves())
    send(applier_,
         check_time{log_clock_.at(setup_->time->wall_ms(), now_ms())});
  ask_to_join();
  help_joiners();
  if (!handing_over_)
    return;
  const bool alone = core_.members().newest().voters.size() == 1;
  if (!core_.leads() || alone) {
    handing_over_ = false;
    return send(setup_->node, handed_over{setup_->set});
  }
  // To whoever holds most of the log.
  const auto* peers = core_.peers();
  node_id best;
  index_t most;
  for (const auto& [node, peer] : *peers)
    if (core_.members().is_voter(node) && peer.contacted
        && (best == nobody || peer.match > most)) {
      best = node;
      most = peer.match;
    }
  if (best != nobody)
    (void) core_.transfer(best); // refused: it is under way
}

/// Whoever can be reached is asked; the one that leads acts on it.
void replica_actor::ask_to_join() {
  if (joined_)
    return;
  if (core_.members().is_voter(setup_->protocol.self)) {
    joined_ = true;
    return say("is a voter now");
  }
  send(setup_->hub, outbound{{reachable_.begin(), reachable_.end()},
                             transport::lane::control,
                             codec::encode(setup_->set, setup_->protocol.self,
                                           join_set{setup_->replaces})});
}

void replica_actor::help_joiners() {
  if (joiners_.empty() || !core_.serves())
    return;
  std::erase_if(joiners_, [&](const auto& x) {
    return core_.members().is_voter(x.first) && !core_.members().joint();
  });
  auto next = replication::next_for_joiners(core_.members(), *core_.peers(),
                                            core_.log().last_index(), joiners_,
                                            setup_->join_lag_max);
  if (next
      && core_.reconfigure(core_.members().current.epoch, std::move(*next)))
    wake();
}

replica_status replica_actor::status() const {
  replica_status result;
  result.set = setup_->set;
  result.set_name = setup_->set_name;
  result.role = to_string(core_.kind());
  if (core_.suspect())
    result.role = "suspect";
  else if (!core_.leads()
           && core_.members().newest().is_learner(setup_->protocol.self))
    result.role = "learner";
  result.term = core_.term();
  result.primary = core_.primary_hint();
  result.last_index = core_.log().last_index();
  result.durable_index = core_.durable_index();
  result.commit_index = core_.commit_index();
  result.applied_index = core_.applied_index();
  result.epoch = core_.members().newest().epoch;
  result.voters = core_.members().newest().voters;
  result.learners = core_.members().newest().learners;
  if (const auto* peers = core_.peers())
    for (const auto& [node, peer] : *peers)
      result.backups.push_back(
        {node, peer.match,
         peer.answered_lately
           && peer.state == replication::progress::flow::replicate});
  if (disk_full_)
    result.note = "disk full";
  else if (core_.members().joint())
    result.note = changing_members_note;
  return result;
}

void replica_actor::say(const std::string& text) const {
  if (setup_->trace)
    setup_->trace("set " + setup_->set_name + ": " + text);
}

} // namespace cohort::runtime
