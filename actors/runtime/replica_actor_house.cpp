// What a replica does now and then: membership, handing over, its state.
#include "runtime/replica_actor.hpp"

#include "core/fault_point.hpp"
#include "runtime/snapshot_messages.hpp"

#include <utility>

namespace cohort::runtime {

void replica_actor::keep_house() {
  if (core_.serves())
    send(applier_,
         check_time{log_clock_.at(setup_->time->wall_ms(), now_ms())});
  ask_to_join();
  help_joiners();
  if (strikes(fault_point::snapshot_is_made_early))
    send(applier_, make_snapshot{});
  if (strikes(fault_point::primary_hands_over))
    handing_over_ = handing_over_ || core_.leads();
  if (!handing_over_)
    return;
  const bool alone = core_.members().newest().voters.size() == 1;
  if (core_.leads() && !alone)
    return hand_over_to_best();
  handing_over_ = false;
  send(setup_->node, handed_over{setup_->set});
}

/// To whoever holds most of the log.
void replica_actor::hand_over_to_best() {
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

/// Whoever can be reached is asked; the one that leads acts on it. Until the
/// entry that makes this node a voter is committed, it may be lost, also if it
/// was there when this node started.
void replica_actor::ask_to_join() {
  if (joined_)
    return;
  if (core_.members().is_voter(setup_->protocol.self)) {
    joined_ = core_.members_index() <= core_.commit_index();
    if (joined_ && has_asked_)
      say("is a voter now");
    return;
  }
  has_asked_ = true;
  send(setup_->hub, outbound{{reachable_.begin(), reachable_.end()},
                             transport::lane::control,
                             codec::encode(setup_->set, setup_->protocol.self,
                                           join_set{setup_->replaces})});
}

/// Incarnations that never come back. If all other nodes are linked to this
/// one, that is everybody else, also where the meta set is not kept.
std::set<node_id> replica_actor::over() const {
  auto result = buried_;
  if (reachable_.size() < setup_->others)
    return result;
  for (auto voter : core_.members().voters())
    if (voter != setup_->protocol.self && !reachable_.contains(voter))
      result.insert(voter);
  return result;
}

void replica_actor::help_joiners() {
  if (joiners_.pending().empty() || !core_.serves())
    return;
  joiners_.settle(core_.members(), buried_);
  auto next = replication::next_for_joiners(
    core_.members(), *core_.peers(), core_.log().last_index(),
    joiners_.pending(), over(), setup_->join_lag_max);
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
           && !core_.members().newest().is_voter(setup_->protocol.self))
    result.role = "learner"; // or nothing yet: it has asked to be one
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

} // namespace cohort::runtime
