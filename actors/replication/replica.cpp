#include "replication/replica.hpp"

#include "core/check.hpp"
#include "core/mutant.hpp"

#include <algorithm>
#include <iterator>
#include <type_traits>
#include <utility>

namespace cohort::replication {

namespace {

term_t term_of(const message& msg) {
  return std::visit([](const auto& x) { return x.term; }, msg);
}

/// A term that nobody has reached yet, named in a question or in the answer to
/// one.
bool names_future_term(const message& msg) {
  if (const auto* request = std::get_if<vote_request>(&msg))
    return request->pre;
  if (const auto* answer = std::get_if<vote_reply>(&msg))
    return answer->pre && answer->granted;
  return false;
}

} // namespace

const char* to_string(role_kind kind) {
  switch (kind) {
    case role_kind::backup:
      return "backup";
    case role_kind::pre_candidate:
      return "pre-candidate";
    case role_kind::candidate:
      return "candidate";
    case role_kind::primary:
      return "primary";
  }
  return "unknown";
}

result<void> options::validate() const {
  if (self == nobody)
    return {errc::invalid, "self: a replica needs a node id"};
  if (heartbeat_ticks == 0 || election_ticks <= heartbeat_ticks)
    return {errc::invalid,
            "election_ticks must be above heartbeat_ticks, and that above 0"};
  if (append_bytes_max == 0 || window.requests_max == 0
      || window.bytes_start == 0 || window.bytes_max < window.bytes_start)
    return {errc::invalid, "window: bounds must be above 0 and in order"};
  if (transfer_ticks == 0)
    return {errc::invalid, "transfer_ticks: a hand-over needs time"};
  if (boot == 0)
    return {errc::invalid, "boot: starts are counted from 1"};
  return {};
}

replica::replica(const options& opts, recovered_state state)
  : options_(opts),
    rng_(opts.seed),
    state_(state.state),
    log_({state.base.term, state.base.index}, std::move(state.runs),
         state.last),
    role_(backup{}),
    base_(std::move(state.base)),
    members_(std::move(state.members)),
    last_log_time_ms_(std::max(state.last_log_time_ms, base_.log_time_ms)),
    durable_(state.last),
    commit_(base_.index),
    handed_out_(base_.index),
    applied_(base_.index),
    tail_cut_(state.state.suspect),
    told_role_{role_kind::backup, state.state.term, nobody} {
  const auto valid = opts.validate();
  COHORT_CHECK(valid.ok());
  COHORT_CHECK(log_.last_term() <= state_.term);
  redraw_timeout();
}

// -- dispatch -----------------------------------------------------------------

void replica::step(node_id from, message msg) {
  if (const auto* query = std::get_if<state_query>(&msg))
    return on_state_query(from, *query);
  if (const auto* answer = std::get_if<state_answer>(&msg))
    return on_state_answer(from, *answer);
  const auto term = term_of(msg);
  if (term < state_.term && !mutated(mutant::old_terms_count))
    return answer_older_term(from, msg);
  if (term > state_.term && !names_future_term(msg)) {
    const auto* request = std::get_if<vote_request>(&msg);
    if (request && !request->transfer && hears_primary())
      return; // stickiness: the term is not even looked at (thesis 4.2.3)
    adopt_term(term);
  }
  std::visit(
    [&](auto& r, auto& m) {
      using message_type = std::decay_t<decltype(m)>;
      if constexpr (
        !std::is_same_v<
          message_type,
          state_query> && !std::is_same_v<message_type, state_answer>)
        handle(r, from, m);
    },
    role_, msg);
}

bool replica::tick() {
  if (state_.suspect) {
    tick_suspect();
    return true;
  }
  if (auto* self = std::get_if<primary>(&role_)) {
    tick_primary(*self);
    return true;
  }
  return tick_election();
}

// -- the log ------------------------------------------------------------------

void replica::append_to_log(entry x) {
  last_log_time_ms_ = std::max(last_log_time_ms_, x.log_time_ms);
  if (!first_unwritten_)
    first_unwritten_ = x.index;
  note_membership(x);
  log_.append(std::move(x));
}

void replica::truncate_log(index_t first) {
  COHORT_CHECK(first > commit_);
  log_.truncate_from(first);
  if (!mutated(mutant::cut_keeps_change))
    cut_membership(first);
  const auto end = first.prev();
  durable_ = std::min(durable_, end);
  if (!mutated(mutant::cut_writes_count))
    for (auto& [ticket, written] : writes_)
      written = std::min(written, end);
  if (first_unwritten_ && *first_unwritten_ > first)
    first_unwritten_ = first;
}

void replica::move_base(const log_base& base, bool keep_tail) {
  std::erase_if(members_, [&](const auto& x) {
    return x.first <= base.index || !keep_tail;
  });
  if (keep_tail) {
    log_.compact({base.term, base.index});
    if (first_unwritten_ && *first_unwritten_ <= base.index)
      first_unwritten_ = base.index < log_.last_index()
                           ? std::optional{base.index.next()}
                           : std::nullopt;
  } else {
    log_.reset({base.term, base.index});
    first_unwritten_.reset();
    const auto end = base.index.prev();
    durable_ = std::min(durable_, end);
    for (auto& [ticket, written] : writes_)
      written = std::min(written, end);
  }
  base_ = base;
  last_log_time_ms_ = std::max(last_log_time_ms_, base.log_time_ms);
  base_to_write_.emplace(base, keep_tail);
}

void replica::commit_up_to(index_t index) {
  if (index <= commit_)
    return;
  COHORT_CHECK(index <= log_.last_index());
  if (auto* self = std::get_if<primary>(&role_))
    for (auto i = commit_.next(); i <= index; ++i) {
      const auto weight = i < log_.memory_first() ? std::size_t{0}
                                                  : log_.at(i).weight();
      self->uncommitted_bytes -= std::min(self->uncommitted_bytes, weight);
    }
  commit_ = index;
}

void replica::snapshot_taken(const log_base& base) {
  COHORT_CHECK(base.index <= applied_);
  if (base.index > log_.base_index())
    move_base(base, true);
}

log_base replica::base_at(index_t index) const {
  COHORT_CHECK(index <= applied_);
  log_base result;
  result.index = index;
  const auto term = log_.term_at(index);
  COHORT_CHECK(term.has_value());
  result.term = *term;
  result.members = base_.members;
  for (const auto& [at, state] : members_)
    if ((at <= index || mutated(mutant::snapshot_runs_ahead))
        && !mutated(mutant::snapshot_forgets_change))
      result.members = state;
  return result;
}

// -- durability ---------------------------------------------------------------

void replica::set_hard_state(const hard_state& x) {
  COHORT_CHECK(x.term >= state_.term);
  state_ = x;
  state_changed_ = true;
}

bool replica::state_is_durable() const {
  return !state_changed_ && state_ticket_ <= durable_state_;
}

void replica::persisted(ticket_t ticket) {
  COHORT_CHECK(ticket <= last_ticket_);
  durable_state_ = std::max(durable_state_, ticket);
  while (!writes_.empty() && writes_.front().first <= ticket) {
    durable_ = writes_.front().second;
    writes_.pop_front();
  }
  if (auto* self = std::get_if<backup>(&role_)) {
    if (self->ack_owed)
      acknowledge(*self);
  } else if (std::holds_alternative<candidate>(role_)) {
    count_own_vote();
  } else if (auto* leader = std::get_if<primary>(&role_)) {
    advance_commit(*leader);
  }
}

void replica::state_persisted(ticket_t ticket) {
  COHORT_CHECK(ticket <= last_ticket_);
  durable_state_ = std::max(durable_state_, ticket);
  if (std::holds_alternative<candidate>(role_))
    count_own_vote();
}

void replica::request_write() {
  if (!state_changed_ && !base_to_write_ && !first_unwritten_)
    return;
  auto& write = out_.write.emplace();
  write.ticket = ++last_ticket_;
  if (state_changed_) {
    write.state = state_;
    if (mutated(mutant::vote_stays_in_memory))
      write.state->voted_for = nobody;
    state_ticket_ = write.ticket;
    state_changed_ = false;
  }
  if (base_to_write_) {
    write.base = std::move(base_to_write_->first);
    write.keep_tail = base_to_write_->second;
    base_to_write_.reset();
  }
  if (first_unwritten_ && *first_unwritten_ <= log_.last_index())
    write.entries = log_.slice(*first_unwritten_, log_.last_index(),
                               ~std::size_t{0});
  first_unwritten_.reset();
  writes_.emplace_back(write.ticket, log_.last_index());
}

// -- applying -----------------------------------------------------------------

void replica::hand_out(std::vector<entry> entries) {
  for (auto& x : entries) {
    COHORT_CHECK(x.index == handed_out_.next());
    ++handed_out_;
    unapplied_bytes_ += x.weight();
    unapplied_.emplace_back(x.index, x.weight());
    out_.apply.push_back(std::move(x));
  }
}

void replica::hand_out_committed() {
  while (handed_out_ < commit_ && !fetching_to_apply_
         && unapplied_bytes_ < options_.unapplied_bytes_max) {
    const auto first = handed_out_.next();
    if (first < log_.memory_first()) {
      const auto last = std::min(commit_, log_.memory_first().prev());
      out_.fetch.push_back({nobody, first, last, options_.append_bytes_max});
      fetching_to_apply_ = true;
    } else {
      hand_out(log_.slice(first, commit_,
                          options_.unapplied_bytes_max - unapplied_bytes_));
    }
  }
}

void replica::applied(index_t index) {
  COHORT_CHECK(index <= handed_out_);
  applied_ = std::max(applied_, index);
  while (!unapplied_.empty() && unapplied_.front().first <= index) {
    unapplied_bytes_ -= unapplied_.front().second;
    unapplied_.pop_front();
  }
}

void replica::fetched(const log_fetch& request, std::vector<entry> entries) {
  if (request.peer == nobody) {
    fetching_to_apply_ = false;
    if (request.first == handed_out_.next() && !entries.empty()
        && entries.back().index <= commit_)
      hand_out(std::move(entries));
    return;
  }
  auto* self = std::get_if<primary>(&role_);
  if (!self)
    return;
  const auto peer = self->peers.find(request.peer);
  if (peer == self->peers.end() || !peer->second.fetching)
    return;
  auto& p = peer->second;
  p.fetching = false;
  if (entries.empty() || p.next != request.first
      || p.state != progress::flow::replicate)
    return;
  // What was read may have been replaced meanwhile.
  for (const auto& x : entries)
    if (log_.term_at(x.index) != x.term)
      return;
  auto append = make_append(*self, request.first.prev(), std::move(entries));
  note_sent(p, append);
  send_now(request.peer, std::move(append));
}

// -- output -------------------------------------------------------------------

void replica::send_now(node_id to, message msg) {
  out_.send.push_back({{to}, std::move(msg)});
}

void replica::promise(node_id to, message msg) {
  if (state_is_durable() || mutated(mutant::promises_before_sync))
    send_now(to, std::move(msg));
  else
    out_.send_when_durable.push_back({{to}, std::move(msg)});
}

void replica::release_grants() {
  const auto ready = std::stable_partition(
    grants_.begin(), grants_.end(),
    [&](const read_grant& x) { return x.index <= handed_out_; });
  out_.reads.insert(out_.reads.end(), grants_.begin(), ready);
  grants_.erase(grants_.begin(), ready);
}

void replica::note_role() {
  const role_change now{kind(), state_.term, primary_hint()};
  if (now.role == told_role_.role && now.term == told_role_.term
      && now.primary == told_role_.primary)
    return;
  told_role_ = now;
  out_.role = now;
}

output replica::drain() {
  if (auto* self = std::get_if<primary>(&role_)) {
    advance_commit(*self);
    close_joint(*self);
  }
  if (auto* self = std::get_if<primary>(&role_)) {
    release_reads(*self);
    replicate(*self);
    advance_transfer(*self);
    out_.acknowledged = self->acknowledged;
  }
  hand_out_committed();
  release_grants();
  request_write();
  if (state_is_durable()) { // by now: what was held back need not wait
    std::move(out_.send_when_durable.begin(), out_.send_when_durable.end(),
              std::back_inserter(out_.send));
    out_.send_when_durable.clear();
  }
  out_.durable_ticket = state_ticket_;
  note_role();
  log_.evict(std::min(handed_out_, durable_), options_.cache_bytes_max);
  return std::exchange(out_, {});
}

// -- observers ----------------------------------------------------------------

role_kind replica::kind() const {
  return static_cast<role_kind>(role_.index());
}

node_id replica::primary_hint() const {
  if (leads())
    return options_.self;
  const auto* self = std::get_if<backup>(&role_);
  return self ? self->primary : nobody;
}

const std::map<node_id, progress>* replica::peers() const {
  const auto* self = std::get_if<primary>(&role_);
  return self ? &self->peers : nullptr;
}

std::size_t replica::copies(index_t index) const {
  const auto* self = std::get_if<primary>(&role_);
  if (!self)
    return 0;
  return static_cast<std::size_t>(
    std::count_if(self->peers.begin(), self->peers.end(), [&](const auto& x) {
      return x.second.match >= index && x.second.suspect == 0
             && !x.second.regressed;
    }));
}

bool replica::serves() const {
  const auto* self = std::get_if<primary>(&role_);
  return self && commit_ >= self->term_start && !self->transfer;
}

} // namespace cohort::replication
