#include "machine/session_sender.hpp"

#include "codec/peer_codec.hpp"
#include "core/mutant.hpp"

#include <algorithm>
#include <utility>

namespace cohort::machine {

namespace {

/// What the answer to a wait may take after the wait is over.
constexpr std::int64_t wait_answer_ms_max = 1000;

/// Of the growth of delays between redirects.
constexpr std::int64_t retry_factor_max = 10;

bytes to_bytes(const frame& f) {
  return f.alias(f.data(), f.size());
}

} // namespace

bool session_sender::item::waits_for_copies() const {
  return std::holds_alternative<wait_request>(request.body);
}

bool session_sender::item::in_doubt() const {
  const auto* body = std::get_if<work_request>(&request.body);
  if (mutated(mutant::refusal_ends_doubt))
    return false;
  return attempts > 1 && body && !body->command.empty();
}

// -- submitting ---------------------------------------------------------------

bool session_sender::has_room() const {
  return in_flight_.size() - waits_in_flight_ < options_.requests_in_flight_max;
}

bool session_sender::ready() const {
  return primary_ != nobody && !opening_ && queued_.empty() && has_room()
         && in_flight_bytes_ < options_.bytes_in_flight_max;
}

std::uint64_t session_sender::submit(work_batch work, bool after_own_writes,
                                     std::int64_t now_ms) {
  item x;
  x.id = ++last_id_;
  x.patience_ms = options_.patience_ms;
  x.deadline_ms = now_ms + x.patience_ms;
  x.weight = work.weight();
  x.count = work.count;
  x.work = std::move(work);
  x.after_own_writes = after_own_writes;
  return enqueue(std::move(x), now_ms);
}

std::uint64_t
session_sender::submit_raw(std::variant<work_request, wait_request> body,
                           std::int64_t patience_ms, std::int64_t now_ms) {
  item x;
  x.id = ++last_id_;
  x.what = kind::raw;
  x.patience_ms = patience_ms;
  x.deadline_ms = now_ms + patience_ms;
  x.weight = 64;
  if (const auto* work = std::get_if<work_request>(&body))
    x.weight += work->command.size();
  x.request.body = std::move(body);
  if (x.waits_for_copies()) // ends by itself: the answer may be on its way
    x.deadline_ms += wait_answer_ms_max;
  return enqueue(std::move(x), now_ms);
}

/// Sending may take ids too, so the id is kept.
std::uint64_t session_sender::enqueue(item x, std::int64_t now_ms) {
  const auto id = x.id;
  queued_bytes_ += x.weight;
  queued_.push_back(std::move(x));
  pump(now_ms);
  return id;
}

// -- sending ------------------------------------------------------------------

/// Everything at or below was answered, one way or the other.
std::uint64_t session_sender::mark() const {
  for (const auto& x : in_flight_)
    if (x.count > 0 && !mutated(mutant::mark_runs_ahead))
      return x.batch.first_sequence - 1;
  return last_sequence_;
}

bool session_sender::may_send(const item& x) const {
  if (x.waits_for_copies())
    return true;
  if (!has_room()
      || (in_flight_bytes_ > 0
          && in_flight_bytes_ + x.weight > options_.bytes_in_flight_max))
    return false;
  return x.count == 0 || last_sequence_ + x.count <= mark() + options_.window;
}

/// Gives work its place in the session.
void session_sender::number(item& x) {
  work_request body;
  if (x.count > 0) {
    x.batch.session = session_;
    x.batch.first_sequence = last_sequence_ + 1;
    x.batch.count = x.count;
    x.batch.commands = std::move(x.work.commands);
    last_sequence_ += x.count;
  } else if (x.after_own_writes && mark() < last_sequence_) {
    body.session = session_;
    body.after_sequence = last_sequence_;
  }
  body.queries = std::move(x.work.queries);
  body.query_after = std::move(x.work.query_after);
  x.request.body = std::move(body);
}

/// Commands are encoded anew each time: with the present mark, so that what was
/// given up before them leaves no gap.
void session_sender::send(item& x) {
  ++x.attempts;
  x.request.id = x.id;
  x.request.patience_ms = static_cast<std::uint32_t>(x.patience_ms);
  if (x.count > 0) {
    x.batch.answered_up_to = mark();
    std::get<work_request>(x.request.body).command =
      to_bytes(codec::encode(command_body{x.batch}));
  }
  outgoing_.push_back({primary_, x.request});
}

void session_sender::open_session(std::int64_t now_ms) {
  opening_ = true;
  item x;
  x.id = ++last_id_;
  x.what = kind::open;
  x.patience_ms = options_.patience_ms;
  x.deadline_ms = now_ms + x.patience_ms;
  work_request body;
  body.command = to_bytes(codec::encode(command_body{cohort::open_session{}}));
  x.request.body = std::move(body);
  in_flight_.push_front(std::move(x));
  send(in_flight_.front());
}

void session_sender::pump(std::int64_t now_ms) {
  if (primary_ == nobody || resend_at_ms_)
    return;
  while (!queued_.empty()) {
    auto& next = queued_.front();
    if (next.what == kind::work && next.count > 0) {
      const bool may_have_expired = now_ms - last_command_ms_
                                      > options_.session_idle_ms
                                    && in_flight_.empty();
      if (opening_)
        return;
      if (!session_.valid() || may_have_expired) {
        last_command_ms_ = now_ms;
        return open_session(now_ms);
      }
      last_command_ms_ = now_ms;
    }
    if (!may_send(next))
      return;
    if (next.what == kind::work)
      number(next);
    queued_bytes_ -= next.weight;
    in_flight_bytes_ += next.weight;
    waits_in_flight_ += next.waits_for_copies() ? 1 : 0;
    in_flight_.push_back(std::move(next));
    queued_.pop_front();
    send(in_flight_.back());
  }
}

void session_sender::resend_all() {
  resend_at_ms_.reset();
  outgoing_.clear();
  for (auto& x : in_flight_)
    send(x);
}

void session_sender::resend_later(std::int64_t delay_ms, std::int64_t now_ms) {
  const auto at = now_ms + std::max<std::int64_t>(delay_ms, 1);
  if (!resend_at_ms_ || *resend_at_ms_ > at)
    resend_at_ms_ = at;
}

// -- what happens -------------------------------------------------------------

void session_sender::primary_is(node_id primary, std::int64_t now_ms) {
  if (primary == primary_)
    return;
  redirects_ = 0;
  follow(primary, now_ms);
}

void session_sender::follow(node_id primary, std::int64_t now_ms) {
  primary_ = primary;
  if (primary_ == nobody)
    return;
  resend_all();
  pump(now_ms);
}

std::int64_t session_sender::redirect_delay_ms() const {
  auto factor = std::int64_t{1};
  for (auto i = redirects_; i > 2 && factor < retry_factor_max; --i)
    factor *= 2;
  return options_.retry_ms * std::min(factor, retry_factor_max);
}

/// The first redirect is followed at once. Where that leads to another, nodes
/// may name each other until they know better.
void session_sender::redirected(node_id to, std::int64_t now_ms) {
  if (to != nobody && to != primary_) {
    if (++redirects_ == 1)
      return follow(to, now_ms);
    primary_ = to;
  }
  resend_later(redirect_delay_ms(), now_ms);
}

void session_sender::reconnected(node_id node, std::int64_t now_ms) {
  if (node != primary_ || primary_ == nobody)
    return;
  resend_all();
  pump(now_ms);
}

std::deque<session_sender::item>::iterator
session_sender::find_in_flight(std::uint64_t id) {
  return std::find_if(in_flight_.begin(), in_flight_.end(),
                      [&](const item& x) { return x.id == id; });
}

void session_sender::finish(std::deque<item>::iterator at, work_fate fate,
                            client_reply reply) {
  if (at->what != kind::open)
    finished_.push_back(
      {at->id, fate, std::move(reply), session_, at->batch.first_sequence});
  in_flight_bytes_ -= at->weight;
  waits_in_flight_ -= at->waits_for_copies() ? 1 : 0;
  in_flight_.erase(at);
}

void session_sender::session_opened(const client_reply& reply) {
  opening_ = false;
  session_ = {reply.at.index, reply.at.term};
  last_sequence_ = 0;
}

/// Nor can what waits for it be done: it hears the same, and what comes later
/// tries again.
void session_sender::session_refused(const client_reply& reply) {
  opening_ = false;
  if (queued_.empty() || queued_.front().what != kind::work
      || queued_.front().count == 0)
    return; // it was given up
  auto told = reply;
  told.id = queued_.front().id;
  finished_.push_back(
    {queued_.front().id, work_fate::refused, std::move(told), {}, 0});
  queued_bytes_ -= queued_.front().weight;
  queued_.pop_front();
}

/// What was sent under the old session may have taken effect; it is never sent
/// under another.
void session_sender::session_lost(std::int64_t now_ms) {
  for (auto at = in_flight_.begin(); at != in_flight_.end();) {
    if (at->what != kind::work) {
      ++at;
      continue;
    }
    const auto offset = at - in_flight_.begin();
    const bool doubt = at->count > 0 && !mutated(mutant::expired_did_nothing);
    finish(at, doubt ? work_fate::unknown : work_fate::not_taken, {});
    at = in_flight_.begin() + offset;
  }
  session_ = {};
  pump(now_ms);
}

void session_sender::received(const client_reply& reply, std::int64_t now_ms) {
  const auto at = find_in_flight(reply.id);
  if (at == in_flight_.end())
    return; // answered before, or given up
  if (reply.outcome == client_outcome::not_primary)
    return redirected(reply.primary, now_ms);
  redirects_ = 0;
  switch (reply.outcome) {
    case client_outcome::done:
      if (at->what == kind::open)
        session_opened(reply);
      finish(at, work_fate::done, reply);
      break;
    case client_outcome::not_primary:
      break; // above
    case client_outcome::busy:
      resend_later(
        std::max<std::int64_t>(reply.retry_after_ms, options_.retry_ms),
        now_ms);
      break;
    case client_outcome::gap:
      if (at->what == kind::raw)
        finish(at, work_fate::done, reply); // the client's own numbers
      else
        resend_later(options_.retry_ms, now_ms);
      break;
    case client_outcome::expired:
      if (at->what == kind::raw)
        finish(at, work_fate::done, reply);
      else
        session_lost(now_ms);
      break;
    case client_outcome::disk_full:
      if (at->in_doubt()) {
        resend_later(options_.retry_ms, now_ms);
        break;
      }
      [[fallthrough]];
    case client_outcome::refused:
      if (at->what == kind::open)
        session_refused(reply);
      finish(at, at->in_doubt() ? work_fate::unknown : work_fate::refused,
             reply);
      break;
  }
  pump(now_ms);
}

void session_sender::tick(std::int64_t now_ms) {
  for (auto at = in_flight_.begin(); at != in_flight_.end();) {
    if (at->deadline_ms > now_ms) {
      ++at;
      continue;
    }
    if (at->what == kind::open)
      opening_ = false;
    const auto offset = at - in_flight_.begin();
    const bool harmless = (at->what == kind::work && at->count == 0)
                          || mutated(mutant::timeout_is_refusal);
    finish(at, harmless ? work_fate::not_taken : work_fate::unknown, {});
    at = in_flight_.begin() + offset;
  }
  while (!queued_.empty() && queued_.front().deadline_ms <= now_ms) {
    finished_.push_back(
      {queued_.front().id, work_fate::not_taken, {}, session_, 0});
    queued_bytes_ -= queued_.front().weight;
    queued_.pop_front();
  }
  if (resend_at_ms_ && *resend_at_ms_ <= now_ms && primary_ != nobody)
    resend_all();
  pump(now_ms);
}

std::vector<outgoing_request> session_sender::take_outgoing() {
  return std::exchange(outgoing_, {});
}

std::vector<finished_work> session_sender::take_finished() {
  return std::exchange(finished_, {});
}

} // namespace cohort::machine
