#include "runtime/log_writer.hpp"

#include "core/fault_point.hpp"
#include "core/mutant.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <stdexcept>
#include <utility>

namespace cohort::runtime {

log_writer::log_writer(caf::scheduled_actor* self, log_writer_options options)
  : shell(self),
    options_(std::move(options)) {}

caf::behavior log_writer::behavior() {
  return {
    [this](log_write& x) {
      replicas_.insert_or_assign(x.set, x.replica);
      jobs_.push_back({{x.set, std::move(x.request)}, std::move(x.replica)});
      if (strikes(fault_point::log_write_is_alone))
        return end_of_turn();
      if (!std::exchange(awake_, true))
        send_self(end_turn{});
    },
    [this](const end_turn&) { end_of_turn(); },
    [this](const tick&) { on_tick(); },
  };
}

void log_writer::end_of_turn() {
  if (awake_ && strikes(fault_point::log_write_waits))
    return send_self(end_turn{});
  awake_ = false;
  idle_ticks_ = 0;
  if (full_)
    write_states(); // entries wait for the next attempt
  else
    write_all();
}

/// One block, one sync, for all that came together. Where that is too much at
/// once, as much of its beginning as there is room for: a log may be emptied
/// while it is written.
void log_writer::write_all() {
  for (auto count = jobs_.size(); count > 0;) {
    if (const auto written = write_first(count)) {
      full_ = false;
      report_written(count);
      count = std::min(count, jobs_.size());
    } else if (written.err().code != errc::no_space
               && !mutated(mutant::failed_disk_is_full)) {
      give_up(written.err());
    } else if (count > 1) {
      count /= 2;
    } else {
      return await_room(written.err());
    }
  }
}

result<void> log_writer::write_first(std::size_t count) {
  batch_.clear();
  for (std::size_t i = 0; i < count; ++i)
    batch_.push_back(std::move(jobs_[i].write));
  auto written = options_.log->write(batch_);
  for (std::size_t i = 0; i < count; ++i)
    jobs_[i].write = std::move(batch_[i]);
  return written;
}

void log_writer::await_room(const error& why) {
  if (!std::exchange(full_, true) && options_.trace)
    options_.trace(severity::warning, "the log cannot grow: " + why.message);
  full_ticks_ = 0;
  for (const auto& [set, replica] : replicas_)
    send(replica, make_room{});
  write_states();
}

/// To each replica once: its newest ticket covers the older ones.
void log_writer::report_written(std::size_t count) {
  const auto end = jobs_.begin() + static_cast<std::ptrdiff_t>(count);
  std::map<set_id, const job*> newest;
  for (auto x = jobs_.begin(); x != end; ++x)
    newest[x->write.set] = &*x;
  for (const auto& [set, x] : newest)
    send(x->replica, log_written{x->write.request.ticket});
  jobs_.erase(jobs_.begin(), end);
  for (auto& x : jobs_)
    x.state_told = false; // for all its replica knows, there is room again
}

/// A base makes room: it does not wait behind what needs some, but goes to the
/// first request of its set, and what it replaces is dropped from all before
/// it. Older bases are below it.
void log_writer::move_bases_up() {
  std::map<set_id, std::size_t> first;
  for (std::size_t at = 0; at < jobs_.size(); ++at) {
    auto& x = jobs_[at].write;
    const auto [begin, fresh] = first.emplace(x.set, at);
    if (fresh || !x.request.base)
      continue;
    bool kept = x.request.keep_tail;
    for (auto before = begin->second; before < at; ++before)
      if (jobs_[before].write.set == x.set
          && drop_below(jobs_[before].write.request, x.request))
        kept = false; // the old end was replaced as well
    x.request.keep_tail = kept;
    auto& to = jobs_[begin->second].write.request;
    to.base = std::exchange(x.request.base, std::nullopt);
    to.keep_tail = std::exchange(x.request.keep_tail, false);
  }
}

/// Whether entries were dropped that stood at or below the base of `by`.
bool log_writer::drop_below(replication::write_request& before,
                            const replication::write_request& by) {
  auto& entries = before.entries;
  const auto above =
    std::find_if(entries.begin(), entries.end(),
                 [&](const auto& e) { return e.index > by.base->index; });
  const bool any = above != entries.begin();
  entries.erase(entries.begin(), by.keep_tail ? above : entries.end());
  return any;
}

/// A full disk still has room for votes, and for what makes room (D6). What is
/// written here is taken out of the requests, so that it never follows a newer
/// one.
void log_writer::write_states() {
  move_bases_up();
  batch_.clear();
  for (auto& x : jobs_) {
    const auto& request = x.write.request;
    if (!request.base && (x.state_told || !request.state))
      continue;
    replication::write_request bare;
    bare.ticket = request.ticket;
    bare.state = request.state;
    bare.base = request.base;
    bare.keep_tail = request.keep_tail;
    batch_.push_back({x.write.set, std::move(bare)});
  }
  if (!batch_.empty()) {
    const auto written = options_.log->write(batch_);
    if (!written && written.err().code != errc::no_space)
      give_up(written.err());
    if (!written && !mutated(mutant::full_disk_has_votes))
      return; // not even that: nobody is told anything
  }
  for (auto& x : jobs_) {
    x.write.request.state.reset();
    x.write.request.base.reset();
    if (!std::exchange(x.state_told, true))
      send(x.replica, log_full{x.write.request.ticket});
  }
}

void log_writer::on_tick() {
  if (full_ && ++full_ticks_ >= options_.retry_ticks) {
    full_ticks_ = 0;
    write_all();
  }
  if (++idle_ticks_ == options_.cover_ticks)
    if (const auto covered = options_.log->cover_tail();
        !covered && covered.err().code != errc::no_space)
      give_up(covered.err());
  keep_house();
}

/// Between writes: segments that hold little are freed, a step at a time (D5).
void log_writer::keep_house() {
  if (options_.log->spare_wanted())
    send(options_.spare_maker, make_spares{});
  if (!options_.log->reclaim_due())
    return;
  const auto more = options_.log->reclaim();
  if (!more && more.err().code != errc::no_space)
    give_up(more.err());
}

/// A disk that failed is not written again (D6).
void log_writer::give_up(const error& why) const {
  throw std::runtime_error{"the log cannot be written: " + to_string(why)};
}

} // namespace cohort::runtime
