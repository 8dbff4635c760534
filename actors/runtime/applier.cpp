#include "runtime/applier.hpp"

#include "codec/session_codec.hpp"
#include "core/check.hpp"
#include "core/fault_point.hpp"
#include "core/mutant.hpp"

#include <caf/send.hpp>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace cohort::runtime {

namespace {

/// To itself: one more slice of the open snapshot.
struct slice_due {};

/// To itself: a slice of the machine's deferred work.
struct work_due {};

/// To itself: there may be room on the disk again.
struct room_due {};

/// From the engine's thread.
struct flush_ended {
  replication::log_base base;
  result<void> outcome;
};

} // namespace

} // namespace cohort::runtime

COHORT_LOCAL_MESSAGE(slice_due)
COHORT_LOCAL_MESSAGE(work_due)
COHORT_LOCAL_MESSAGE(room_due)
COHORT_LOCAL_MESSAGE(flush_ended)

namespace cohort::runtime {

namespace {

/// Terms whose beginnings a snapshot tells.
constexpr std::size_t terms_kept_max = 1024;

/// After a full disk had no room for a snapshot or a flush. Not a number of
/// entries: a log that is full takes none until there is a snapshot.
constexpr std::chrono::milliseconds time_until_retry{5000};

} // namespace

applier::applier(caf::scheduled_actor* self, applier_options options,
                 std::shared_ptr<applier_start> start, caf::actor replica)
  : shell(self),
    options_(std::move(options)),
    replica_(std::move(replica)),
    machine_(std::move(start->machine), options_.sessions),
    members_(start->base.members),
    terms_(std::move(start->terms)) {
  const auto restored = machine_.restored(start->base, start->sessions);
  if (!restored)
    throw std::runtime_error{to_string(restored.err())};
  acknowledged_ = start->base.index;
  durable_ = start->base.index;
}

caf::behavior applier::behavior() {
  return {
    [this](apply_entries& x) {
      behind_.push_back(std::move(x));
      if (strikes(fault_point::applier_falls_behind))
        return schedule_work();
      go_on();
    },
    [this](const may_store& x) {
      durable_ = std::max(durable_, x.index);
      awaits_durable_ = false;
      consider_snapshot();
      go_on();
    },
    [this](const acknowledge_up_to& x) {
      acknowledged_ = x.index;
      epoch_ = x.epoch;
      release_answers();
    },
    [this](answer_queries& x) { take_query(std::move(x)); },
    [this](const stepped_down& x) { refuse_everybody(x.primary); },
    [this](const check_time& x) {
      if (!sink_ && machine_.user().time_is_due(x.now_ms))
        send(replica_, move_time{});
    },
    [this](const make_snapshot&) { want_snapshot(snapshot_wanted_); },
    [this](const make_room&) { want_snapshot(room_wanted_); },
    [this](const piece_taken&) {
      ++credit_;
      send_slices();
    },
    [this](slice_due) { send_slices(); },
    [this](work_due) { do_deferred_work(); },
    [this](const snapshot_stored& x) {
      storing_ = false;
      if (!machine_.user().persistent())
        send(replica_, x);
      consider_snapshot();
      go_on();
    },
    [this](const snapshot_failed&) {
      source_.reset();
      storing_ = false;
      await_room();
    },
    [this](room_due) { look_for_room(); },
    [this](const flush_ended& x) {
      storing_ = false;
      flushing_ = false;
      if (x.outcome)
        send(replica_, snapshot_stored{x.base});
      else if (x.outcome.err().code == errc::no_space) // that is an answer (D6)
        await_room();
      else
        throw std::runtime_error{"the engine cannot be flushed: "
                                 + to_string(x.outcome.err())};
      if (restore_due_)
        begin_restore(*std::exchange(restore_due_, std::nullopt));
      consider_snapshot();
      go_on();
    },
    [this](const restore_snapshot& x) { await_restore(x); },
    [this](const snapshot_piece& x) { take_piece(x); },
    [this](const restore_end& x) { end_restore(x); },
  };
}

// -- entries ------------------------------------------------------------------

void applier::apply(const apply_entries& x) {
  auto riding = x.riding.begin();
  for (const auto& entry : x.entries) {
    const bool rides = riding != x.riding.end()
                       && (riding->index == entry.index
                           || mutated(mutant::replies_go_astray));
    apply_one(entry, rides ? &*riding : nullptr);
    if (rides)
      ++riding;
    bytes_since_snapshot_ += entry.weight();
  }
  check_machine();
  release_answers();
  retry_queries();
  send(replica_, applied_up_to{machine_.applied()});
  durable_ = std::max(durable_, x.durable);
  consider_snapshot();
  schedule_work();
}

/// Applies what waits, unless the state must stay or become another first.
void applier::go_on() {
  while (!behind_.empty() && !sink_ && !restore_due_ && !awaits_durable_) {
    const auto next = std::move(behind_.front());
    behind_.pop_front();
    apply(next);
  }
}

void applier::apply_one(const replication::entry& x,
                        const riding_work* riding) {
  if (x.term != machine_.applied_term()) {
    if (terms_.size() == terms_kept_max)
      terms_.erase(terms_.begin());
    terms_.push_back({x.index, x.term});
  }
  auto result = machine_.apply(x, riding ? &riding->work : nullptr);
  if (x.members)
    members_ = *x.members;
  if (riding)
    answer(*riding, std::move(result));
}

// -- snapshots ----------------------------------------------------------------

replication::log_base applier::base_now() const {
  return {machine_.applied(), machine_.applied_term(), machine_.log_time_ms(),
          members_};
}

bool applier::snapshot_is_due() {
  if (lacks_room_)
    return false;
  auto& user = machine_.user();
  if (snapshot_wanted_ || (room_wanted_ && bytes_since_snapshot_ > 0))
    return true;
  if (user.persistent())
    return user.unflushed_bytes() >= options_.flush_bytes
           || bytes_since_snapshot_ >= options_.snapshot_log_bytes_min;
  const auto worth_it = std::min(user.approximate_bytes(),
                                 options_.snapshot_log_bytes_max);
  return bytes_since_snapshot_
         >= std::max(options_.snapshot_log_bytes_min, worth_it);
}

void applier::want_snapshot(bool& who) {
  who = true;
  consider_snapshot();
}

/// It stays due: a log at its limit takes nothing that would make it due anew.
void applier::await_room() {
  bytes_since_snapshot_ += std::exchange(bytes_being_stored_, 0);
  lacks_room_ = true;
  send_self_after(time_until_retry, room_due{});
}

void applier::look_for_room() {
  lacks_room_ = false;
  consider_snapshot();
}

/// What is stored does not reach beyond the log on this disk, unless that is
/// full (D7): until it may be, nothing more is applied.
void applier::consider_snapshot() {
  if (storing_ || sink_ || restore_due_ || awaits_durable_
      || !snapshot_is_due())
    return;
  if (durable_ < machine_.applied()) {
    awaits_durable_ = true;
    return send(replica_, tell_durable{machine_.applied()});
  }
  if (machine_.user().persistent() && !snapshot_wanted_)
    begin_flush();
  else
    begin_snapshot();
}

void applier::begin_snapshot() {
  storing_ = true;
  snapshot_wanted_ = false;
  bytes_being_stored_ = 0;
  if (!machine_.user().persistent()) { // else for peers: the log stays
    bytes_being_stored_ = std::exchange(bytes_since_snapshot_, 0);
    room_wanted_ = false;
  }
  source_ = machine_.user().begin_snapshot();
  credit_ = options_.slices_in_flight_max;
  send(options_.keeper, store_snapshot{base_now(), machine_.user().version(),
                                       machine_.sessions(), terms_, me()});
  if (mutated(mutant::log_is_cut_early))
    send(replica_, snapshot_stored{base_now()});
  send_self(slice_due{});
}

/// One slice, then whatever else waits, then the next.
void applier::send_slices() {
  if (!source_ || credit_ == 0)
    return;
  --credit_;
  snapshot_piece piece;
  piece.last = !source_->next(piece.content, options_.slice_bytes);
  if (piece.last)
    source_.reset();
  send(options_.keeper, std::move(piece));
  if (source_ && credit_ > 0)
    send_self(slice_due{});
}

void applier::begin_flush() {
  storing_ = true;
  flushing_ = true;
  room_wanted_ = false;
  bytes_being_stored_ = std::exchange(bytes_since_snapshot_, 0);
  const auto base = base_now();
  machine_.user().begin_flush(
    base.index, base.term, codec::encode({base, machine_.sessions()}),
    [target = me(), base](result<void> outcome) {
      caf::anon_send(target, flush_ended{base, std::move(outcome)});
    });
}

/// The snapshot holds what still waits to be applied.
void applier::await_restore(const restore_snapshot& x) {
  if (!mutated(mutant::waiting_outlives_restore))
    behind_.clear();
  if (flushing_)
    restore_due_ = x;
  else
    begin_restore(x);
}

void applier::begin_restore(const restore_snapshot& x) {
  source_.reset();
  storing_ = false;
  awaits_durable_ = false;
  sink_ = machine_.user().begin_restore();
  send(options_.keeper, read_snapshot{x.base, me()});
}

void applier::take_piece(const snapshot_piece& x) {
  if (!sink_)
    return;
  if (const auto written = sink_->write(x.content); !written)
    throw std::runtime_error{"a snapshot cannot be restored: "
                             + to_string(written.err())};
  send(options_.keeper, piece_taken{});
}

void applier::end_restore(const restore_end& x) {
  if (!sink_)
    return;
  auto whole = x.whole;
  if (whole && x.machine_version != machine_.user().version())
    whole = error{errc::unsupported,
                  "it is of version " + std::to_string(x.machine_version)
                    + " of the state machine, this release has "
                    + std::to_string(machine_.user().version())};
  if (whole)
    whole = sink_->finish();
  sink_.reset();
  if (whole)
    whole = machine_.restored(x.base, x.sessions);
  if (!whole)
    throw std::runtime_error{"a snapshot cannot be restored: "
                             + to_string(whole.err())};
  members_ = x.base.members;
  terms_ = x.terms;
  bytes_since_snapshot_ = 0;
  bytes_being_stored_ = 0;
  acknowledged_ = std::max(acknowledged_, x.base.index);
  durable_ = std::max(durable_, x.base.index);
  send(replica_, applied_up_to{machine_.applied()});
  go_on();
  retry_queries();
}

// -- the machine's own affairs ------------------------------------------------

void applier::schedule_work() {
  if (!std::exchange(work_scheduled_, true))
    send_self(work_due{});
}

void applier::do_deferred_work() {
  work_scheduled_ = false;
  go_on();
  if (sink_)
    return;
  if (machine_.user().work())
    schedule_work();
  else
    retry_queries();
}

/// A machine whose disk failed must not answer (D6).
void applier::check_machine() {
  if (const auto failed = machine_.user().failed(); !failed)
    throw std::runtime_error{to_string(failed.err())};
}

} // namespace cohort::runtime
