// Leading: proposals, commit, rounds, the quorum, hand-over.
#include "core/mutant.hpp"
#include "replication/quorum.hpp"
#include "replication/replica.hpp"

#include <algorithm>
#include <utility>

namespace cohort::replication {

// -- proposals ----------------------------------------------------------------

result<void> replica::accepts_proposals(std::size_t weight) const {
  const auto* self = std::get_if<primary>(&role_);
  if (!self)
    return {errc::not_primary, "this replica does not lead its set"};
  if (self->transfer)
    return {errc::busy, "the primary hands over"};
  if (commit_.next() < log_.memory_first()) // it was there at the last start
    return {errc::busy, "it is not known yet how much is not committed"};
  const auto held = self->uncommitted_bytes + unapplied_bytes_;
  if (held > 0 && held + weight > options_.uncommitted_bytes_max)
    return {errc::busy, "uncommitted_bytes_max is reached"};
  return {};
}

index_t replica::append_own(primary& self, entry x) {
  x.term = state_.term;
  x.index = log_.last_index().next();
  x.log_time_ms = mutated(mutant::log_time_goes_back)
                    ? now_ms_
                    : std::max(last_log_time_ms_, now_ms_);
  self.uncommitted_bytes += x.weight();
  append_to_log(std::move(x));
  return log_.last_index();
}

result<index_t> replica::propose_entry(entry x) {
  if (auto accepted = accepts_proposals(x.weight()); !accepted)
    return accepted.err();
  return append_own(std::get<primary>(role_), std::move(x));
}

result<index_t> replica::propose(bytes payload) {
  entry x;
  x.kind = entry_kind::command;
  x.payload = std::move(payload);
  return propose_entry(std::move(x));
}

result<index_t> replica::propose_empty() {
  return propose_entry({});
}

// -- commit -------------------------------------------------------------------

void replica::advance_commit(primary& self) {
  const auto bounds = bounds_of(members(), [&](node_id node) {
    if (node == options_.self && mutated(mutant::commits_before_own_sync))
      return log_.last_index();
    if (node == options_.self)
      return state_.suspect ? index_t{} : durable_;
    const auto peer = self.peers.find(node);
    return peer == self.peers.end()
               || (peer->second.suspect != 0
                   && !mutated(mutant::suspect_copies_count))
             ? index_t{}
             : peer->second.match;
  });
  // The highest entry whose own requirement is met; a configuration entry asks
  // for majorities, never for more (C4).
  auto target = bounds.ordinary;
  for (auto i = members_.rbegin(); i != members_.rend(); ++i) {
    if (i->first <= bounds.configuration) {
      target = std::max(target, i->first);
      break;
    }
    if (i->first == target)
      target = target.prev();
  }
  // Only entries of the own term commit by counting (thesis 3.6.2).
  if (target > commit_
      && (log_.term_at(target) == state_.term
          || mutated(mutant::old_terms_commit)))
    commit_up_to(target);
  self.acknowledged = mutated(mutant::committed_is_acknowledged)
                        ? commit_
                        : std::max(self.acknowledged,
                                   std::min(commit_, bounds.acknowledged));
}

// -- rounds and reads ---------------------------------------------------------

void replica::read(std::uint64_t id) {
  if (auto* self = std::get_if<primary>(&role_))
    self->round.add_read(id);
  else
    out_.refused_reads.push_back(id);
}

void replica::confirm_rounds(primary& self) {
  const auto answered = [&](std::uint64_t round) {
    return reached(members(), &quorum_sizes::read, [&](node_id node) {
      if (node == options_.self)
        return true;
      const auto peer = self.peers.find(node);
      return peer != self.peers.end() && peer->second.suspect == 0
             && !peer->second.regressed && peer->second.round >= round;
    });
  };
  if (answered(self.round.started()))
    self.round.confirm(self.round.started());
}

void replica::release_reads(primary& self) {
  if (self.round.start())
    for (auto& [node, peer] : self.peers)
      peer.heartbeat_due = true;
  confirm_rounds(self);
  if (commit_ < self.term_start && !mutated(mutant::reads_before_empty_entry))
    return; // committed entries of earlier terms may not be known yet (E3)
  for (auto id : self.round.take_confirmed_reads())
    grants_.push_back({id, commit_});
}

// -- time ---------------------------------------------------------------------

void replica::tick_primary(primary& self) {
  for (auto& [node, peer] : self.peers)
    if (peer.commit_told < commit_ && peer.state == progress::flow::replicate)
      peer.heartbeat_due = true;
  if (++self.heartbeat_ticks >= options_.heartbeat_ticks) {
    self.heartbeat_ticks = 0;
    for (auto& [node, peer] : self.peers)
      peer.heartbeat_due = true;
  }
  if (self.transfer && --self.transfer->ticks_left == 0)
    finish_transfer(self, false);
  if (++self.quorum_ticks >= options_.election_ticks) {
    self.quorum_ticks = 0;
    check_quorum(self);
  }
}

/// A primary that a read quorum has not answered for an election timeout steps
/// down (C5): others may lead already.
void replica::check_quorum(primary& self) {
  const bool heard = reached(members(), &quorum_sizes::read, [&](node_id node) {
    if (node == options_.self)
      return true;
    const auto peer = self.peers.find(node);
    return peer != self.peers.end()
           && (peer->second.contacted || peer->second.is_new);
  });
  for (auto& [node, peer] : self.peers) {
    peer.answered_lately = std::exchange(peer.contacted, false);
    peer.is_new = false;
    peer.refused_snapshot = false;
  }
  if (!heard)
    become_backup(nobody);
}

// -- hand-over (E3) -----------------------------------------------------------

result<void> replica::transfer(node_id to) {
  auto* self = std::get_if<primary>(&role_);
  if (!self)
    return {errc::not_primary, "this replica does not lead its set"};
  if (self->transfer)
    return {errc::busy, "the primary hands over already"};
  if (to == options_.self || !members().is_voter(to))
    return {errc::invalid, "node " + to_string(to) + " is no other voter"};
  self->transfer = primary::hand_over{to, options_.transfer_ticks, false};
  return {};
}

void replica::advance_transfer(primary& self) {
  if (!self.transfer || self.transfer->told)
    return;
  const auto peer = self.peers.find(self.transfer->to);
  if (peer == self.peers.end())
    return finish_transfer(self, false);
  if (peer->second.match < log_.last_index() || peer->second.suspect != 0)
    return;
  self.transfer->told = true;
  timeout_now request;
  request.term = state_.term;
  send_now(self.transfer->to, request);
}

void replica::finish_transfer(primary& self, bool done) {
  out_.transfer = transfer_result{self.transfer->to, done};
  self.transfer.reset();
}

} // namespace cohort::replication
