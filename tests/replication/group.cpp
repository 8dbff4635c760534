#include "replication/group.hpp"

#include "core/check.hpp"

#include <algorithm>

namespace cohort::replication::testing {

// -- disk ---------------------------------------------------------------------

void disk::write(const write_request& x) {
  if (x.state)
    state = *x.state;
  if (x.base) {
    std::erase_if(entries, [&](const entry& e) {
      return e.index <= x.base->index || !x.keep_tail;
    });
    base = *x.base;
  }
  if (x.entries.empty())
    return;
  const auto first = x.entries.front().index;
  std::erase_if(entries, [&](const entry& e) { return e.index >= first; });
  COHORT_CHECK(first == last().index.next());
  entries.insert(entries.end(), x.entries.begin(), x.entries.end());
}

log_position disk::last() const {
  if (entries.empty())
    return {base.term, base.index};
  return {entries.back().term, entries.back().index};
}

recovered_state disk::recover() const {
  recovered_state result;
  result.state = state;
  result.base = base;
  result.last = last().index;
  for (const auto& x : entries) {
    if (result.runs.empty() || result.runs.back().term != x.term)
      result.runs.push_back({x.index, x.term});
    if (x.kind == entry_kind::membership)
      result.members.emplace_back(x.index, *x.members);
    result.last_log_time_ms = x.log_time_ms;
  }
  return result;
}

// -- group --------------------------------------------------------------------

group::group(std::size_t voter_count, std::uint64_t seed, tweak change)
  : seed_(seed),
    tweak_(change) {
  for (std::uint64_t i = 1; i <= voter_count; ++i)
    initial_.current.voters.push_back(node_id{i});
  initial_.current.epoch = epoch_t{1};
  initial_.current.m = default_m(voter_count);
  for (auto node : initial_.current.voters)
    start(node);
}

void group::start(node_id node) {
  auto& x = nodes_[node];
  x.on_disk.base.members = initial_;
  x.on_disk.snapshot.base = x.on_disk.base;
  boot(node);
}

void group::boot(node_id node) {
  auto& x = nodes_.at(node);
  options opts;
  opts.self = node;
  opts.election_ticks = 5;
  opts.heartbeat_ticks = 2;
  opts.transfer_ticks = 30;
  opts.seed = seed_ * 1000 + node.value * 100 + x.restarts;
  opts.boot = ++x.restarts;
  if (tweak_)
    tweak_(opts);
  x.state = x.on_disk.snapshot.state;
  x.applied = x.on_disk.snapshot.base;
  // A snapshot may be ahead of the log's base: the log restarts there (D7).
  auto& d = x.on_disk;
  if (d.snapshot.base.index > d.base.index) {
    write_request move;
    move.base = d.snapshot.base;
    const auto held = std::any_of(d.entries.begin(), d.entries.end(),
                                  [&](const entry& e) {
                                    return e.index == d.snapshot.base.index
                                           && e.term == d.snapshot.base.term;
                                  });
    move.keep_tail = held;
    d.write(move);
    if (d.state.term < d.snapshot.base.term)
      d.state = {d.snapshot.base.term, nobody, d.state.suspect, {}};
    x.before_last_sync.reset();
  }
  x.core = std::make_unique<replica>(opts, d.recover());
  x.core->set_time(1000);
  carry_out(node);
}

std::vector<node_id> group::all() const {
  std::vector<node_id> result;
  for (const auto& [node, x] : nodes_)
    result.push_back(node);
  return result;
}

std::vector<node_id> group::running() const {
  std::vector<node_id> result;
  for (const auto& [node, x] : nodes_)
    if (x.core)
      result.push_back(node);
  return result;
}

node_id group::primary() const {
  node_id result;
  term_t highest;
  for (const auto& [node, x] : nodes_)
    if (x.core && x.core->leads() && x.core->term() > highest) {
      highest = x.core->term();
      result = node;
    }
  return result;
}

std::string group::describe() const {
  std::string result;
  for (const auto& [node, x] : nodes_) {
    result += "\n  n" + to_string(node) + ": ";
    if (!x.core) {
      result += "down";
      continue;
    }
    const auto& core = *x.core;
    result += std::string{to_string(core.kind())} + " of term "
              + to_string(core.term()) + ", log ("
              + to_string(core.log().base_index()) + ", "
              + to_string(core.log().last_index()) + "] of term "
              + to_string(core.log().last_term()) + ", durable "
              + to_string(core.durable_index()) + ", committed "
              + to_string(core.commit_index()) + ", applied "
              + to_string(core.applied_index()) + ", texts "
              + std::to_string(x.state.size()) + ", voters";
    for (auto voter : core.members().voters())
      result += " " + to_string(voter);
    result += core.members().joint() ? " (joint)" : "";
    const auto& state = core.durable_state();
    result += ", vote " + to_string(state.voted_for)
              + (state.suspect ? ", suspect" : "") + ", floor "
              + to_string(state.vote_floor.term) + "/"
              + to_string(state.vote_floor.index);
    if (const auto* peers = core.peers())
      for (const auto& [peer, p] : *peers)
        result += "; peer " + to_string(peer) + " flow "
                  + std::to_string(static_cast<int>(p.state)) + " match "
                  + to_string(p.match) + " next " + to_string(p.next)
                  + (p.regressed ? " regressed" : "");
  }
  return result;
}

// -- events -------------------------------------------------------------------

void group::tick(node_id node) {
  at(node).tick();
  carry_out(node);
}

void group::sync(node_id node) {
  auto& x = nodes_.at(node);
  if (x.unsynced.empty())
    return;
  const auto ticket = x.unsynced.front().ticket;
  x.before_last_sync = x.on_disk;
  x.on_disk.write(x.unsynced.front());
  x.unsynced.pop_front();
  while (!x.held.empty() && x.held.front().first <= ticket) {
    post(node, x.held.front().second);
    x.held.pop_front();
  }
  x.core->persisted(ticket);
  carry_out(node);
}

void group::deliver(std::size_t i) {
  const auto p = std::move(network_[i]);
  network_.erase(network_.begin() + static_cast<std::ptrdiff_t>(i));
  if (cuts_.contains({p.from, p.to}) || !nodes_.contains(p.to) || !up(p.to))
    return;
  at(p.to).step(p.from, p.body);
  carry_out(p.to);
}

void group::lose(std::size_t i) {
  network_.erase(network_.begin() + static_cast<std::ptrdiff_t>(i));
}

void group::repeat(std::size_t i) {
  network_.push_back(network_[i]);
}

void group::apply(node_id node) {
  auto& x = nodes_.at(node);
  while (!x.to_apply.empty()) {
    const auto& e = x.to_apply.front();
    COHORT_CHECK(e.index == x.applied.index.next());
    if (e.kind == entry_kind::command)
      x.state.emplace_back(e.payload.view());
    x.applied.index = e.index;
    x.applied.log_time_ms = e.log_time_ms;
    x.to_apply.pop_front();
  }
  x.core->applied(x.applied.index);
  carry_out(node);
}

void group::snapshot(node_id node) {
  auto& x = nodes_.at(node);
  apply(node);
  if (x.applied.index <= x.core->log().base_index()
      || x.core->durable_index() < x.applied.index)
    return;
  auto base = x.core->base_at(x.applied.index);
  base.log_time_ms = x.applied.log_time_ms;
  x.on_disk.snapshot = {base, x.state};
  x.before_last_sync.reset(); // a snapshot file is not part of a block
  x.core->snapshot_taken(base);
  carry_out(node);
}

void group::deliver_snapshot(bool arrives) {
  auto s = std::move(snapshots_.front());
  snapshots_.pop_front();
  const bool lost = !arrives || cuts_.contains({s.from, s.to})
                    || !nodes_.contains(s.to) || !up(s.to);
  if (!lost) {
    auto& x = nodes_.at(s.to);
    x.staged = s.content;
    x.core->snapshot_received(s.from, s.term, s.content.base);
    carry_out(s.to);
  }
  if (up(s.from)) {
    at(s.from).snapshot_sent(s.to, lost ? index_t{} : s.content.base.index);
    carry_out(s.from);
  }
}

void group::crash(node_id node, bool keep_unsynced) {
  auto& x = nodes_.at(node);
  if (keep_unsynced)
    for (const auto& w : x.unsynced) {
      x.before_last_sync = x.on_disk;
      x.on_disk.write(w);
    }
  x.core.reset();
  x.unsynced.clear();
  x.held.clear();
  x.to_apply.clear();
  x.reads.clear();
  x.proposed.clear();
}

void group::replace_disk(node_id node, const disk& other) {
  nodes_.at(node).on_disk = other;
  nodes_.at(node).before_last_sync.reset();
}

void group::restart(node_id node) {
  boot(node);
  for (auto other : running())
    if (other != node) {
      at(other).reconnected(node);
      carry_out(other);
    }
}

/// The last block turns out damaged: what it held is cut, and the replica is
/// suspect (D3).
void group::damage(node_id node) {
  auto& x = nodes_.at(node);
  crash(node, false);
  if (!x.before_last_sync)
    return;
  x.on_disk = *std::exchange(x.before_last_sync, std::nullopt);
  x.on_disk.state.suspect = true;
}

bool group::may_lose_a_tail() const {
  return std::none_of(nodes_.begin(), nodes_.end(), [&](const auto& x) {
    const auto& d = x.second.on_disk;
    return d.state.suspect || d.last() < d.state.vote_floor
           || d.base.members.current.voters.size() < 2;
  });
}

void group::propose(node_id node, const std::string& text) {
  auto& x = nodes_.at(node);
  if (const auto index = x.core->propose(bytes::of(text)))
    x.proposed[*index] = text;
  carry_out(node);
}

void group::read(node_id node) {
  const auto id = next_read_++;
  nodes_.at(node).reads[id] = highest_acknowledged_;
  at(node).read(id);
  carry_out(node);
}

void group::cut(node_id a, node_id b) {
  cuts_.insert({a, b});
}

void group::heal() {
  cuts_.clear();
}

void group::settle(int ticks) {
  for (int i = 0; i < ticks; ++i) {
    for (auto node : running())
      tick(node);
    for (int round = 0; round < 40; ++round) {
      for (auto node : running()) {
        while (!nodes_.at(node).unsynced.empty())
          sync(node);
        apply(node);
      }
      while (!snapshots_.empty())
        deliver_snapshot(true);
      if (network_.empty())
        break;
      for (auto n = network_.size(); n > 0; --n)
        deliver(0);
    }
  }
}

// -- outputs ------------------------------------------------------------------

void group::post(node_id from, const envelope& x) {
  check_promise(from, x.body);
  for (auto to : x.to)
    network_.push_back({from, to, x.body});
}

void group::carry_out(node_id node) {
  for (bool again = true; again;) {
    auto out = at(node).drain();
    again = !out.fetch.empty();
    note_output(node, out);
  }
}

void group::note_output(node_id node, output& out) {
  auto& x = nodes_.at(node);
  if (out.write)
    x.unsynced.push_back(*out.write);
  for (const auto& m : out.send)
    post(node, m);
  for (const auto& m : out.send_when_durable)
    x.held.emplace_back(out.durable_ticket, m);
  if (out.restore) {
    COHORT_CHECK(x.staged.base.index == out.restore->index);
    x.to_apply.clear();
    x.on_disk.snapshot = x.staged;
    x.before_last_sync.reset();
    x.state = x.staged.state;
    x.applied = x.staged.base;
    ++snapshots_installed_;
    x.core->applied(x.applied.index);
  }
  for (auto& e : out.apply) {
    check_apply(e);
    x.to_apply.push_back(e);
  }
  for (auto i = x.proposed.begin();
       i != x.proposed.end() && i->first <= out.acknowledged;) {
    acknowledged_.insert(i->second);
    acknowledged_at_[i->first] = x.core->term();
    highest_acknowledged_ = std::max(highest_acknowledged_, i->first);
    i = x.proposed.erase(i);
  }
  if (out.role && out.role->role != role_kind::primary)
    x.proposed.clear();
  for (const auto& grant : out.reads) {
    COHORT_CHECK(grant.index >= x.reads.at(grant.id)); // linearizable
    x.reads.erase(grant.id);
    ++reads_served_;
  }
  for (auto peer : out.need_snapshot)
    snapshots_.push_back({node, peer, x.core->term(), x.on_disk.snapshot});
  for (auto peer : out.regressed)
    regressed_.insert(peer);
  for (const auto& want : out.fetch) {
    std::vector<entry> found;
    for (const auto& e : x.on_disk.entries)
      if (e.index >= want.first && e.index <= want.last)
        found.push_back(e);
    x.core->fetched(want, std::move(found));
  }
  check_primary(node);
}

// -- invariants ---------------------------------------------------------------

/// Votes and acks leave only when durable (C7): the disk is asked.
void group::check_promise(node_id from, const message& msg) const {
  const auto& d = nodes_.at(from).on_disk;
  if (const auto* vote = std::get_if<vote_reply>(&msg)) {
    if (vote->granted && !vote->pre)
      COHORT_CHECK(d.state.term >= vote->term);
  } else if (const auto* ack = std::get_if<append_reply>(&msg)) {
    COHORT_CHECK(d.state.term >= ack->term);
    COHORT_CHECK(d.last().index >= ack->match);
  } else if (const auto* request = std::get_if<vote_request>(&msg)) {
    if (!request->pre)
      COHORT_CHECK(d.state.term >= request->term);
  }
}

/// State machine safety: everybody applies the same entry at an index.
void group::check_apply(const entry& x) {
  const std::pair<term_t, std::string> what{x.term,
                                            std::string{x.payload.view()}};
  const auto [at, added] = committed_.emplace(x.index, what);
  COHORT_CHECK(at->second == what);
}

/// Election safety, and leader completeness for what was acknowledged.
void group::check_primary(node_id node) {
  const auto& core = at(node);
  COHORT_CHECK(core.applied_index() <= core.commit_index());
  COHORT_CHECK(core.commit_index() <= core.log().last_index());
  COHORT_CHECK(core.durable_index() <= core.log().last_index());
  if (!core.leads())
    return;
  const auto [at, added] = primaries_.emplace(core.term(), node);
  COHORT_CHECK(at->second == node);
  if (!added)
    return;
  for (const auto& [index, what] : committed_)
    if (index > core.log().base_index())
      COHORT_CHECK(core.log().term_at(index) == what.first);
}

} // namespace cohort::replication::testing
