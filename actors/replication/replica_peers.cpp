// Leading: what each peer has, as its answers tell, and what it is sent next.
#include "core/check.hpp"
#include "core/mutant.hpp"
#include "replication/replica.hpp"

#include <algorithm>
#include <utility>

namespace cohort::replication {

// -- answers of peers ---------------------------------------------------------

void replica::handle(primary& self, node_id from, const append_reply& answer) {
  const auto found = self.peers.find(from);
  if (found == self.peers.end())
    return; // no longer a member
  auto& peer = found->second;
  if (peer.regressed
      || (answer.boot < peer.boot
          && !mutated(mutant::answers_of_old_start_count)))
    return; // rolled back, or of before its restart
  if (answer.boot > peer.boot && answer.tail_cut
      && !mutated(mutant::match_outlives_tail))
    forget_match(peer, answer.boot);
  peer.contacted = peer.answered_lately = true;
  peer.round = std::max(peer.round, answer.round);
  note_suspect(self, peer, answer);
  switch (answer.verdict) {
    case append_verdict::accepted:
      on_match(peer, answer);
      advance_commit(self);
      break;
    case append_verdict::mismatch:
      on_mismatch(peer, from, answer);
      break;
    case append_verdict::busy:
      peer.state = progress::flow::probe;
      peer.next = peer.probe_from = peer.match.next();
      peer.probe_sent = true; // the next heartbeat asks again
      peer.window.clear();
      break;
  }
  advance_lifts(self);
  confirm_rounds(self);
}

/// The peer lost the end of its log, and knows it (D3).
void replica::forget_match(progress& peer, std::uint64_t boot) {
  peer.boot = boot;
  peer.match = {};
  peer.round = 0;
  if (peer.state != progress::flow::snapshot)
    peer.state = progress::flow::probe;
  peer.probe_sent = true; // the next heartbeat asks where the logs match
  peer.probe_from = std::min(peer.next, log_.last_index().next());
  peer.next = peer.probe_from;
  peer.fetching = false;
  peer.window.clear();
}

void replica::on_match(progress& peer, const append_reply& answer) {
  peer.match = std::max(peer.match, answer.match);
  peer.boot = std::max(peer.boot, answer.boot);
  peer.window.acknowledged(peer.match);
  peer.next = std::max(peer.next, peer.match.next());
  if (peer.state == progress::flow::probe) {
    peer.state = progress::flow::replicate;
    peer.probe_sent = false;
  } else if (peer.state == progress::flow::snapshot
             && peer.match >= log_.base_index()) {
    peer.state = progress::flow::replicate;
  }
}

void replica::on_mismatch(progress& peer, node_id from,
                          const append_reply& answer) {
  // Within a term only this primary cuts the peer's log, and never what was
  // acknowledged: a disk that starts without it went back in time.
  if (answer.boot > peer.boot && answer.hint.index < answer.refused
      && answer.refused <= peer.match) {
    peer.regressed = true;
    peer.match = {};
    out_.regressed.push_back(from);
    return;
  }
  if (peer.state == progress::flow::snapshot)
    return;
  const bool probing = peer.state == progress::flow::probe;
  if (probing && answer.refused != peer.probe_from.prev())
    return; // of an earlier probe
  if (!probing && answer.refused < peer.match)
    return; // overtaken by an acknowledgement
  // Where nothing above the base can agree, the peer needs a snapshot.
  const auto agreed = log_.may_agree(answer.hint);
  peer.state = progress::flow::probe;
  peer.next = peer.probe_from =
    agreed ? std::max(peer.match, agreed->index).next() : log_.base_index();
  peer.probe_sent = false;
  peer.fetching = false;
  peer.window.clear();
}

void replica::reconnected(node_id to) {
  auto* self = std::get_if<primary>(&role_);
  if (!self)
    return;
  const auto found = self->peers.find(to);
  if (found == self->peers.end())
    return;
  auto& peer = found->second;
  if (peer.state != progress::flow::snapshot)
    peer.state = progress::flow::probe;
  peer.next = peer.probe_from = peer.match.next();
  peer.probe_sent = peer.refused_snapshot = false;
  peer.fetching = false;
  peer.heartbeat_due = true;
  peer.window.clear();
}

void replica::snapshot_sent(node_id to, index_t index) {
  auto* self = std::get_if<primary>(&role_);
  if (!self)
    return;
  const auto found = self->peers.find(to);
  if (found == self->peers.end()
      || found->second.state != progress::flow::snapshot)
    return;
  auto& peer = found->second;
  peer.state = progress::flow::probe;
  peer.next = peer.probe_from = std::max(peer.match, index).next();
  peer.probe_sent = peer.refused_snapshot = index == index_t{}; // then it waits
}

// -- appends ------------------------------------------------------------------

append_request replica::make_append(const primary& self, index_t prev,
                                    std::vector<entry> entries) const {
  append_request result;
  result.term = state_.term;
  const auto prev_term = log_.term_at(prev);
  COHORT_CHECK(prev_term.has_value());
  result.prev = {*prev_term, prev};
  result.entries = std::move(entries);
  const auto covered = index_t{prev.value + result.entries.size()};
  result.commit_index = mutated(mutant::commit_beyond_request)
                          ? commit_
                          : std::min(commit_, covered);
  result.round = self.round.started();
  return result;
}

void replica::note_sent(progress& peer, const append_request& request) {
  std::size_t weight = 0;
  for (const auto& x : request.entries)
    weight += x.weight();
  if (!request.entries.empty()) {
    peer.next = request.entries.back().index.next();
    peer.window.sent(request.entries.back().index, weight);
  }
  peer.commit_told = std::max(peer.commit_told, request.commit_index);
  if (peer.state == progress::flow::probe)
    peer.probe_sent = true;
}

/// Sends the next entries, if there are any that may leave now. Peers at the
/// same index share one message.
bool replica::send_next(primary& self, node_id to, progress& peer) {
  if (peer.state == progress::flow::snapshot)
    return false;
  if (peer.next <= log_.base_index()) { // even if it waits: nothing else helps
    if (peer.refused_snapshot)
      return false;
    peer.state = progress::flow::snapshot;
    peer.fetching = false;
    peer.window.clear();
    out_.need_snapshot.push_back(to);
    return false;
  }
  const bool waits = peer.state == progress::flow::probe ? peer.probe_sent
                                                         : !peer.window.open();
  if (waits || peer.fetching || peer.next > log_.last_index())
    return false;
  if (peer.next < log_.memory_first()) {
    if (peer.state == progress::flow::probe) {
      // Where the logs match is asked without entries.
      peer.heartbeat_due = true;
    } else {
      peer.fetching = true;
      out_.fetch.push_back(
        {to, peer.next, std::min(log_.memory_first().prev(), log_.last_index()),
         options_.append_bytes_max});
    }
    return false;
  }
  for (auto& x : out_.send) {
    const auto* shared = std::get_if<append_request>(&x.body);
    if (shared && shared->prev.index.next() == peer.next
        && !shared->entries.empty() && shared->lift == 0) {
      x.to.push_back(to);
      note_sent(peer, *shared);
      return true;
    }
  }
  auto request = make_append(
    self, peer.next.prev(),
    log_.slice(peer.next, log_.last_index(), options_.append_bytes_max));
  note_sent(peer, request);
  send_now(to, std::move(request));
  return true;
}

/// Verifies where the logs match, tells the commit index, carries the round.
void replica::send_heartbeat(primary& self, node_id to, progress& peer) {
  peer.heartbeat_due = false;
  if (peer.state == progress::flow::probe) {
    peer.next = peer.probe_from;
    peer.window.clear();
  }
  const auto prev = peer.next.prev();
  append_request request;
  if (prev >= log_.base_index()) {
    request = make_append(self, prev, {});
  } else { // nothing to verify: the peer waits for a snapshot
    request.term = state_.term;
    request.round = self.round.started();
  }
  note_sent(peer, request);
  for (auto& x : out_.send) {
    const auto* shared = std::get_if<append_request>(&x.body);
    if (shared && shared->entries.empty() && shared->prev == request.prev
        && shared->lift == 0) {
      x.to.push_back(to);
      return;
    }
  }
  send_now(to, std::move(request));
}

void replica::replicate(primary& self) {
  for (auto& [to, peer] : self.peers) {
    if (peer.regressed)
      continue;
    while (send_next(self, to, peer)) {
      // as much as the window takes
    }
    if (peer.heartbeat_due)
      send_heartbeat(self, to, peer);
    send_lift(self, to, peer);
  }
}

void replica::refresh_peers(primary& self) {
  std::erase_if(self.peers,
                [&](const auto& x) { return !members().is_member(x.first); });
  for (auto node : members().members()) {
    if (node == options_.self || self.peers.contains(node))
      continue;
    auto& peer =
      self.peers.emplace(node, progress{options_.window}).first->second;
    peer.next = peer.probe_from = log_.last_index().next();
  }
}

} // namespace cohort::replication
