#include "runtime/snapshot_keeper.hpp"

#include "core/check.hpp"
#include "core/fault_point.hpp"

#include <algorithm>
#include <iterator>
#include <stdexcept>
#include <utility>

namespace cohort::runtime {

snapshot_keeper::snapshot_keeper(caf::scheduled_actor* self,
                                 snapshot_keeper_options options)
  : shell(self),
    options_(std::move(options)) {}

caf::behavior snapshot_keeper::behavior() {
  return {
    [this](const serve_set& x) { replica_ = x.replica; },
    [this](const store_snapshot& x) { store(x); },
    [this](const snapshot_piece& x) { take_piece(x); },
    [this](const send_snapshot& x) { start_delivery(x); },
    [this](const inbound& x) { on_frame(x); },
    [this](const tick&) { on_tick(); },
    [this](const read_snapshot& x) { start_reading(x); },
    [this](const snapshot_unused& x) { drop_staged(x.index); },
    [this](const piece_taken&) {
      if (!reading_)
        return;
      ++reading_->credit;
      send_pieces();
    },
  };
}

void snapshot_keeper::give_up(const error& why) const {
  throw std::runtime_error{"snapshots: " + to_string(why)};
}

void snapshot_keeper::say(const std::string& text, severity level) const {
  if (options_.trace)
    options_.trace(level, text);
}

void snapshot_keeper::on_frame(const inbound& x) {
  const auto decoded = codec::decode_peer(x.content);
  if (!decoded)
    return say("dropped a frame: " + to_string(decoded.err()));
  if (const auto* chunk = std::get_if<snapshot_chunk>(&decoded->body))
    take_chunk(x.from, *chunk);
  else if (const auto* reply = std::get_if<snapshot_answer>(&decoded->body))
    take_answer(x.from, *reply);
}

// -- storing ------------------------------------------------------------------

void snapshot_keeper::store(const store_snapshot& x) {
  applier_ = x.applier;
  writing_ = x.base;
  codec::snapshot_head head;
  head.set = options_.set;
  head.base = x.base;
  head.machine_version = x.machine_version;
  head.terms = x.terms;
  auto begun = options_.store->begin(head, x.sessions);
  if (!begun)
    return fail_storing(begun.err());
  writer_ = std::move(*begun);
}

void snapshot_keeper::take_piece(const snapshot_piece& x) {
  if (!writer_)
    return; // of one that failed
  if (const auto added = writer_->append(x.content); !added)
    return fail_storing(added.err());
  if (!x.last)
    return send(applier_, piece_taken{});
  if (const auto ended = writer_->finish(); !ended)
    return fail_storing(ended.err());
  writer_.reset();
  send(applier_, snapshot_stored{writing_});
  grant_wishes();
}

/// A full disk is an answer: the log stays as it is, and a later snapshot may
/// fit (D6).
void snapshot_keeper::fail_storing(const error& why) {
  if (why.code != errc::no_space)
    give_up(why);
  say("no snapshot is stored: " + why.message, severity::warning);
  writer_.reset();
  send(applier_, snapshot_failed{why});
  for (const auto& [to, x] : std::exchange(wishes_, {}))
    end_delivery(to, {});
}

// -- sending ------------------------------------------------------------------

void snapshot_keeper::grant_wishes() {
  for (const auto& [to, x] : std::exchange(wishes_, {}))
    start_delivery({to, x.term, x.at_least});
}

void snapshot_keeper::start_delivery(const send_snapshot& x) {
  auto newest = options_.store->open_newest(options_.set);
  if (!newest)
    give_up(newest.err());
  if (!*newest || (*newest)->head().base.index < x.at_least) {
    wishes_[x.to] = {x.term, x.at_least};
    return send(replica_, snapshot_needed{});
  }
  delivery made;
  made.term = x.term;
  made.file =
    std::make_unique<storage::snapshot_file_reader>(std::move(**newest));
  const auto& base = made.file->head().base;
  made.position = {base.term, base.index};
  say("sends its snapshot at index " + to_string(base.index) + " to node "
      + to_string(x.to));
  auto& placed = deliveries_[x.to] = std::move(made);
  deliver(x.to, placed);
  keep_ticking();
}

/// As many chunks as the window takes.
void snapshot_keeper::deliver(node_id to, delivery& x) {
  const auto total = x.file->file_bytes();
  while (x.sent < total && x.sent - x.received < options_.window_bytes) {
    auto data = x.file->read_raw(x.sent, options_.chunk_bytes);
    if (!data)
      give_up(data.err());
    snapshot_chunk chunk;
    chunk.term = x.term;
    chunk.position = x.position;
    chunk.offset = x.sent;
    chunk.total = total;
    x.sent += data->size();
    chunk.data = bytes::of(std::move(*data));
    send(options_.hub,
         outbound{{to},
                  transport::lane::data,
                  codec::encode(options_.set, options_.self, chunk)});
  }
}

void snapshot_keeper::take_answer(node_id from, const snapshot_answer& x) {
  const auto at = deliveries_.find(from);
  if (at == deliveries_.end() || at->second.position != x.position)
    return;
  auto& to = at->second;
  switch (x.verdict) {
    case snapshot_verdict::done:
      return end_delivery(from, x.position.index);
    case snapshot_verdict::refused:
      return end_delivery(from, {});
    case snapshot_verdict::wanted:
      break;
  }
  if (x.received < to.received) { // it began anew
    to.sent = to.received = x.received;
  } else if (x.received > to.received) {
    to.received = std::min(x.received, to.sent);
    to.quiet_ticks = 0;
    to.total_quiet_ticks = 0;
  }
  deliver(from, to);
}

void snapshot_keeper::end_delivery(node_id to, index_t index) {
  deliveries_.erase(to);
  send(replica_, snapshot_delivered{to, index});
}

/// A thread that has nothing to do is not woken.
void snapshot_keeper::keep_ticking() {
  if (!deliveries_.empty() && !std::exchange(ticking_, true))
    send_self_after(options_.tick_interval, tick{});
}

/// What was lost on the way is sent again; who stays silent is given up.
void snapshot_keeper::on_tick() {
  ticking_ = false;
  std::vector<node_id> silent;
  for (auto& [to, x] : deliveries_) {
    if (++x.total_quiet_ticks > options_.patience_ticks) {
      silent.push_back(to);
    } else if (++x.quiet_ticks > options_.resend_ticks) {
      x.quiet_ticks = 0;
      x.sent = x.received;
      deliver(to, x);
    }
  }
  for (auto to : silent) {
    say("node " + to_string(to) + " does not take its snapshot");
    end_delivery(to, {});
  }
  keep_ticking();
}

// -- receiving ----------------------------------------------------------------

void snapshot_keeper::take_chunk(node_id from, const snapshot_chunk& x) {
  if (strikes(fault_point::snapshot_chunk_is_dropped))
    return;
  const bool known = arrival_ && arrival_->from == from
                     && arrival_->term == x.term
                     && arrival_->position == x.position;
  if (!known && !begin_arrival(from, x))
    return;
  auto& file = *arrival_->file;
  if (x.offset <= file.received()) {
    if (const auto added = file.append(x.offset, x.data.view()); !added) {
      say("a snapshot is refused: " + to_string(added.err()));
      if (added.err().code == errc::io_failed)
        give_up(added.err());
      arrival_.reset();
      return answer(from, x, 0, snapshot_verdict::refused);
    }
  }
  if (file.received() < x.total)
    return answer(from, x, file.received(), snapshot_verdict::wanted);
  finish_arrival();
}

/// A snapshot of an older primary never replaces one of a newer.
bool snapshot_keeper::begin_arrival(node_id from, const snapshot_chunk& x) {
  if (arrival_ && x.term < arrival_->term)
    return false;
  arrival_.reset();
  auto newest = options_.store->newest(options_.set);
  if (!newest)
    give_up(newest.err());
  if (*newest && **newest == x.position) { // it arrived, the answer did not
    arrival done{from, x.term, x.position, nullptr};
    arrival_ = std::move(done);
    finish_arrival();
    return false;
  }
  if (staged_.size() >= options_.staged_max
      || strikes(fault_point::snapshot_is_refused)) {
    answer(from, x, 0, snapshot_verdict::refused);
    return false;
  }
  if (x.offset != 0) { // of one that was given up here: from the start
    answer(from, x, 0, snapshot_verdict::wanted);
    return false;
  }
  auto begun = options_.store->receive(options_.set, x.position, x.total);
  if (!begun) {
    say("a snapshot is refused: " + to_string(begun.err()));
    if (begun.err().code == errc::io_failed)
      give_up(begun.err());
    answer(from, x, 0, snapshot_verdict::refused);
    return false;
  }
  arrival_ = arrival{from, x.term, x.position, std::move(*begun)};
  return true;
}

/// Every byte is checked before the replica hears of it.
void snapshot_keeper::finish_arrival() {
  auto done = std::move(*arrival_);
  arrival_.reset();
  snapshot_chunk of;
  of.term = done.term;
  of.position = done.position;
  if (done.file) {
    const auto received = done.file->received();
    if (const auto whole = done.file->finish(); !whole) {
      if (whole.err().code == errc::io_failed)
        give_up(whole.err());
      say("a snapshot is refused: " + to_string(whole.err()));
      return answer(done.from, of, 0, snapshot_verdict::refused);
    }
    of.total = received;
  }
  auto newest = options_.store->open_newest(options_.set);
  if (!newest)
    give_up(newest.err());
  COHORT_CHECK(newest->has_value());
  const auto base = (*newest)->head().base;
  say("received a snapshot at index " + to_string(base.index) + " from node "
      + to_string(done.from));
  send(replica_, snapshot_staged{done.from, done.term, base});
  staged_.push_back(
    std::make_unique<storage::snapshot_file_reader>(std::move(**newest)));
  answer(done.from, of, of.total, snapshot_verdict::done);
}

void snapshot_keeper::answer(node_id to, const snapshot_chunk& x,
                             std::uint64_t received, snapshot_verdict verdict) {
  snapshot_answer reply;
  reply.term = x.term;
  reply.position = x.position;
  reply.received = received;
  reply.verdict = verdict;
  send(options_.hub,
       outbound{{to},
                transport::lane::control,
                codec::encode(options_.set, options_.self, reply)});
}

// -- restoring ----------------------------------------------------------------

/// The last one, if it arrived more than once.
void snapshot_keeper::drop_staged(index_t index) {
  const auto at =
    std::find_if(staged_.rbegin(), staged_.rend(),
                 [&](const auto& x) { return x->head().base.index == index; });
  if (at != staged_.rend())
    staged_.erase(std::next(at).base());
}

/// None: it did not come from a peer. Those before it will not be read.
std::unique_ptr<storage::snapshot_file_reader>
snapshot_keeper::take_staged(const replication::log_base& base) {
  const auto at = std::find_if(
    staged_.begin(), staged_.end(),
    [&](const auto& x) { return x->head().base.index == base.index; });
  if (at == staged_.end())
    return nullptr;
  auto result = std::move(*at);
  staged_.erase(staged_.begin(), std::next(at));
  return result;
}

void snapshot_keeper::start_reading(const read_snapshot& x) {
  auto file = take_staged(x.base);
  if (!file) {
    auto newest = options_.store->open_newest(options_.set);
    if (!newest)
      give_up(newest.err());
    if (!*newest || (*newest)->head().base.index != x.base.index)
      give_up({errc::not_found, "the snapshot at index "
                                  + to_string(x.base.index) + " is gone"});
    file = std::make_unique<storage::snapshot_file_reader>(std::move(**newest));
  }
  reading_ = reading{x.applier, std::move(file), options_.pieces_in_flight_max};
  send_pieces();
}

void snapshot_keeper::send_pieces() {
  while (reading_->credit > 0) {
    --reading_->credit;
    snapshot_piece piece;
    const auto more = reading_->file->next(piece.content);
    if (more && *more) {
      send(reading_->applier, std::move(piece));
      continue;
    }
    const auto& head = reading_->file->head();
    restore_end end{head.base,
                    head.machine_version,
                    reading_->file->attachment(),
                    head.terms,
                    {}};
    if (!more)
      end.whole = more.err();
    send(reading_->applier, std::move(end));
    reading_.reset();
    return;
  }
}

} // namespace cohort::runtime
