#include "testkit/protocol/member.hpp"

#include "core/check.hpp"

#include <algorithm>

namespace cohort::testkit::protocol {

using namespace replication;

namespace {

/// Nobody has to do anything.
bool is_silent(const output& x) {
  return !x.write && x.send.empty() && x.send_when_durable.empty() && !x.restore
         && x.apply.empty() && x.reads.empty() && x.refused_reads.empty()
         && !x.role && x.fetch.empty() && x.need_snapshot.empty() && !x.transfer
         && x.regressed.empty() && !x.membership_changed;
}

} // namespace

// -- process and disk ---------------------------------------------------------

member::member(const options& opts, const membership& initial)
  : options_(opts),
    disk_([&] {
      log_base empty;
      empty.members = initial;
      return disk{std::move(empty)};
    }()),
    log_(disk_) {
  options_.boot = 0;
}

/// A snapshot may be ahead of the log's base: the log restarts there (D7).
void member::adopt_snapshot() {
  const auto& base = disk_.snapshot.base;
  if (base.index <= disk_.base().index)
    return;
  write_request move;
  move.base = base;
  move.keep_tail = disk_.term_at(base.index) == base.term;
  if (disk_.state.term < base.term)
    move.state = hard_state{base.term, nobody, disk_.state.suspect, {}};
  (void) disk_.write(std::move(move));
  last_write_.reset();
}

void member::start(surroundings& around) {
  ++options_.boot;
  ++options_.seed;
  adopt_snapshot();
  const auto& base = disk_.snapshot.base;
  state_ = {base.index, base.log_time_ms, disk_.snapshot.state_hash};
  around.facts.started(*this);
  log_ = written_log{disk_};
  commit_ = base.index;
  answered_ = {};
  led_ = false;
  core_.emplace(options_, disk_.recover());
  core_->set_time(1000);
  carry_out(around);
}

void member::crash(bool keep_unsynced, surroundings& around) {
  while (keep_unsynced && !unsynced_.empty())
    last_write_ = disk_.write(unsynced_.pop());
  core_.reset();
  unsynced_.clear();
  held_.clear();
  to_apply_.clear();
  proposed_.clear();
  staged_.reset();
  around.facts.forget_reads(*this);
}

void member::note_lost(const disk& before) {
  boot_of_loss_ = options_.boot;
  for (const auto& x : before.entries())
    if (!disk_.covers({x.term, x.index}))
      lost_.push_back({x.term, x.index});
}

bool member::lost(log_position position) const {
  return std::find(lost_.begin(), lost_.end(), position) != lost_.end();
}

bool member::lose_last_block(surroundings& around) {
  crash(false, around);
  if (!last_write_)
    return false;
  const auto before = disk_;
  disk_.take_back(*std::exchange(last_write_, std::nullopt));
  disk_.state.suspect = true;
  note_lost(before);
  around.facts.lost_blocks(*this);
  return true;
}

void member::replace_disk(disk x) {
  COHORT_CHECK(!up());
  const auto before = std::exchange(disk_, std::move(x));
  last_write_.reset();
  rolled_back_ = true;
  note_lost(before);
}

// -- inputs -------------------------------------------------------------------

void member::tick(surroundings& around) {
  if (core_->tick())
    return carry_out(around);
  ++inputs_;
  COHORT_CHECK(is_silent(core_->drain()));
}

void member::step(node_id from, message msg, surroundings& around) {
  core_->step(from, std::move(msg));
  carry_out(around);
}

void member::sync(surroundings& around) {
  if (unsynced_.empty())
    return;
  auto write = unsynced_.pop();
  const auto ticket = write.ticket;
  last_write_ = disk_.write(std::move(write));
  if (disk_.state != last_write_->state)
    around.facts.state_written(*this, last_write_->state);
  while (!held_.empty() && held_.front().first <= ticket)
    post(held_.pop().second, around);
  core_->persisted(ticket);
  carry_out(around);
}

void member::apply(surroundings& around) {
  if (to_apply_.empty())
    return;
  while (!to_apply_.empty()) {
    state_.apply(to_apply_.pop());
    around.facts.applied(state_);
  }
  core_->applied(state_.index);
  carry_out(around);
}

void member::take_snapshot(surroundings& around) {
  apply(around);
  if (state_.index <= core_->log().base_index()
      || core_->durable_index() < state_.index)
    return;
  auto base = core_->base_at(state_.index);
  base.log_time_ms = state_.log_time_ms;
  disk_.snapshot = {base, state_.hash};
  last_write_.reset(); // a snapshot file is not part of a block
  core_->snapshot_taken(base);
  carry_out(around);
}

void member::receive_snapshot(const snapshot_packet& x, surroundings& around) {
  staged_ = x.content;
  core_->snapshot_received(x.from, x.term, x.content.base);
  carry_out(around);
}

void member::snapshot_sent(node_id to, index_t index, surroundings& around) {
  core_->snapshot_sent(to, index);
  carry_out(around);
}

void member::reconnected(node_id peer, surroundings& around) {
  core_->reconnected(peer);
  carry_out(around);
}

void member::propose(bytes payload, surroundings& around) {
  if (const auto index = core_->propose(payload))
    proposed_.push({*index, std::move(payload)});
  carry_out(around);
}

void member::read(std::uint64_t id, surroundings& around) {
  around.facts.read_asked(*this, id);
  core_->read(id);
  carry_out(around);
}

// -- outputs ------------------------------------------------------------------

void member::carry_out(surroundings& around) {
  for (bool again = true; again;) {
    ++inputs_;
    auto out = core_->drain();
    again = !out.fetch.empty();
    carry_out(out, around);
  }
}

/// In the order of the output's fields.
void member::carry_out(output& out, surroundings& around) {
  auto& facts = around.facts;
  const auto former = log_.members();
  if (out.write) {
    facts.wrote(*this, *out.write);
    log_.write(*out.write);
    unsynced_.push(*std::move(out.write));
  }
  facts.settled(*this, former != log_.members());
  if (core_->commit_index() != commit_) {
    facts.committed(*this, commit_, *former, around);
    commit_ = core_->commit_index();
  }
  for (const auto& x : out.send)
    post(x, around);
  for (auto& x : out.send_when_durable)
    held_.push({out.durable_ticket, std::move(x)});
  if (out.restore)
    restore(*out.restore, around);
  for (auto& x : out.apply) {
    facts.handed_out(x);
    to_apply_.push(std::move(x));
  }
  answer_clients(out, *former, around);
  for (const auto peer : out.need_snapshot)
    around.post(snapshot_packet{id(), peer, core_->term(), disk_.snapshot});
  regressed_.insert(regressed_.end(), out.regressed.begin(),
                    out.regressed.end());
  for (const auto& want : out.fetch)
    fetch(want);
  led_ = core_->leads();
}

void member::post(const envelope& x, surroundings& around) {
  for (const auto to : x.to) {
    around.facts.sends(*this, to, x.body, around);
    around.post(packet{id(), to, x.body});
  }
}

void member::restore(const log_base& base, surroundings& around) {
  COHORT_CHECK(staged_ && staged_->base.index == base.index);
  to_apply_.clear();
  disk_.snapshot = *std::exchange(staged_, std::nullopt);
  last_write_.reset();
  state_ = {base.index, disk_.snapshot.base.log_time_ms,
            disk_.snapshot.state_hash};
  around.facts.applied(state_);
  ++snapshots_installed_;
  core_->applied(base.index);
}

void member::answer_clients(const output& out, const membership& former,
                            surroundings& around) {
  auto& facts = around.facts;
  if (out.acknowledged > answered_) {
    answered_ = out.acknowledged;
    facts.answers_up_to(*this, answered_, former, around);
  }
  while (!proposed_.empty() && proposed_.front().first <= out.acknowledged) {
    auto [index, payload] = proposed_.pop();
    facts.acknowledged(index, std::move(payload));
  }
  if (out.role && out.role->role != role_kind::primary)
    proposed_.clear();
  for (const auto& grant : out.reads)
    facts.read_granted(*this, grant);
  for (const auto refused : out.refused_reads)
    facts.read_refused(*this, refused);
}

void member::fetch(const log_fetch& want) {
  std::vector<entry> found;
  const auto& base = disk_.base().index;
  const auto& entries = disk_.entries();
  for (auto i = std::max(want.first, base.next());
       i <= want.last && i <= disk_.last().index; ++i)
    found.push_back(entries[i - base.next()]);
  core_->fetched(want, std::move(found));
}

} // namespace cohort::testkit::protocol
