// Requests: from bytes to batches.
#include "resp/front.hpp"

#include "codec/peer_codec.hpp"

#include <utility>

namespace cohort::resp {

namespace {

/// A batch that could not leave for so long is handed over all the same, so
/// that its commands have a deadline.
constexpr std::int64_t batch_age_ms_max = 50;

/// Of one client, while its requests have to wait.
constexpr std::size_t idle_input_bytes_max = std::size_t{1} << 20;

/// A client with more replies than that, in this turn or behind one that is not
/// there yet, is served on when they have left (T1).
constexpr std::size_t reply_bytes_max = std::size_t{1} << 20;

bytes to_bytes(const frame& f) {
  return f.alias(f.data(), f.size());
}

} // namespace

front::front(const front_options& options)
  : options_(options),
    translator_(rng{options.seed}),
    sender_(options.sending) {}

// -- connections --------------------------------------------------------------

void front::opened(client_id id, std::string address, std::int64_t now_ms) {
  now_ms_ = now_ms;
  ++connections_received_;
  auto c = std::make_unique<client>();
  c->id = id;
  c->address = std::move(address);
  c->connected_ms = now_ms;
  auto& placed = *clients_.emplace(id, std::move(c)).first->second;
  if (clients_.size() > options_.clients_max) {
    answer_error(placed, "ERR max number of clients reached");
    placed.closing = true;
  }
}

void front::closed(client_id id) {
  clients_.erase(id);
}

client* front::find(client_id id) {
  const auto at = clients_.find(id);
  return at == clients_.end() ? nullptr : at->second.get();
}

bool front::is_stuck(const client& c) const {
  return clogged_ || c.full || c.waits_for != wait_kind::none;
}

/// What can be served at once is parsed where it lies; the rest is kept.
void front::received(client_id id, std::string_view data, std::int64_t now_ms) {
  now_ms_ = now_ms;
  auto* c = find(id);
  if (!c || c->closing)
    return;
  if (c->input.empty()) {
    const auto used = consume(*c, data);
    c->input.assign(data.substr(used));
  } else {
    c->input += data;
    serve(*c);
  }
  if (is_stuck(*c) && c->input.size() > idle_input_bytes_max && !c->halted) {
    c->halted = true;
    out_.halt.push_back(id);
  }
}

void front::serve(client& c) {
  if (c.input.empty())
    return;
  const auto used = consume(c, c.input);
  c.input.erase(0, used);
}

/// Handles complete requests; returns the bytes that are not needed any more.
std::size_t front::consume(client& c, std::string_view input) {
  std::size_t used = 0;
  while (!is_stuck(c) && !c.closing) {
    const auto status = c.parser.parse(input.substr(used));
    if (status == request_parser::status::failed) {
      c.silent = false;
      c.closing = true;
      answer(c, c.parser.problem());
    } else if (status == request_parser::status::more
               || handle(c, c.parser.args())) {
      used += c.parser.consumed();
    }
    if (status == request_parser::status::more)
      break;
    consider_clog();
    c.full = c.output.size() + c.replies.held_bytes() > reply_bytes_max;
  }
  if (clogged_ && !std::exchange(c.blocked, true))
    blocked_.push_back(c.id);
  return c.closing ? input.size() : used;
}

/// A client whose wait is over, or a clog that has cleared.
void front::wake(client& c) {
  serve(c);
  if (c.halted && !is_stuck(c)) {
    c.halted = false;
    out_.resume.push_back(c.id);
  }
}

void front::go_on(std::int64_t now_ms) {
  for (auto id : std::exchange(unserved_, {}))
    if (auto* c = find(id))
      wake(*c);
  end_of_turn(now_ms);
}

// -- dispatch -----------------------------------------------------------------

/// Whether a request has a place in the log.
bool front::is_logged(const client& c, const translation& t) {
  if (t.info && t.info->id == command_id::exec)
    return c.multi && !c.multi->queued.read_only();
  return !c.multi && t.to == route::write;
}

/// Whether it is a request to the set by itself.
bool front::is_alone(const translation& t) {
  return t.info && t.info->id == command_id::cohort_do;
}

/// Nothing must overtake the client's reads: those in the batch being collected
/// have their place in it, but those that left in a batch of reads only may be
/// evaluated late, and later than a batch with commands (K3). WAIT asks about
/// writes that have a place in the log.
bool front::must_wait(const client& c, const translation& t) const {
  if (!t.info || (c.multi && t.info->id != command_id::exec))
    return false;
  if (t.info->id == command_id::wait)
    return c.writes_in_flight > 0;
  if (c.lone_reads == 0)
    return false;
  if (is_logged(c, t) || is_alone(t))
    return true;
  const bool reads = t.to == route::read || t.to == route::walk
                     || t.info->id == command_id::watch
                     || t.info->id == command_id::exec;
  return reads && commands_.size() > 0;
}

/// False: not yet; the request stays in the input.
bool front::handle(client& c, args words) {
  const auto& t = translator_.translate(words);
  if ((after_lone_reads_ && is_logged(c, t)) || is_alone(t))
    submit_batch(); // what is read there does not ride (K3)
  if (must_wait(c, t)) {
    c.waits_for = wait_kind::earlier;
    waiting_for_earlier_.push_back(c.id);
    return false;
  }
  ++commands_processed_;
  c.silent = c.mute || std::exchange(c.skip_next, false);
  if (c.multi && (t.to != route::local))
    return enqueue_in_transaction(c, t), true;
  switch (t.to) {
    case route::refused:
    case route::answered:
      return answer(c, t.reply), true;
    case route::local:
      return handle_local(c, *t.info, words), true;
    case route::write:
    case route::read:
    case route::walk:
      break;
  }
  if (!not_ready_.empty())
    answer_error(c, "LOADING " + not_ready_);
  else if (t.to == route::write)
    enqueue_write(c, t.what);
  else if (t.to == route::read)
    enqueue_query(c, t.what, reply_ref::kind::client);
  else
    start_walk(c, t.what);
  return true;
}

void front::begin_batch() {
  if (batch_is_empty())
    batch_since_ms_ = now_ms_;
}

/// Behind the client's reads and writes that have a place in the log, and in
/// front of commands that are still to come.
void front::place_query(const client& c) {
  begin_batch();
  query_after_.push_back(static_cast<std::uint32_t>(commands_.size()));
  after_own_writes_ = after_own_writes_ || c.writes_in_flight > 0
                      || c.riding_reads > 0;
  after_lone_reads_ = after_lone_reads_ || c.lone_reads > 0;
}

void front::enqueue_write(client& c, const kv::command& what) {
  begin_batch();
  commands_.append(what);
  refs_.writes.push_back({c.id, reserve(c), reply_ref::kind::client});
  ++c.writes_in_flight;
  consider_batch();
}

void front::enqueue_query(client& c, const kv::command& what,
                          reply_ref::kind kind) {
  place_query(c);
  queries_.append(what);
  const auto place = kind == reply_ref::kind::client ? reserve(c)
                                                     : c.waiting_place;
  refs_.queries.push_back({c.id, place, kind});
  if (kind != reply_ref::kind::watch)
    consider_batch();
}

void front::start_walk(client& c, const kv::command& what) {
  start_waiting(c, wait_kind::walk);
  c.walk = std::make_unique<keys_walk>(what.value);
  enqueue_query(c, c.walk->next_query(), reply_ref::kind::walk);
}

// -- batches ------------------------------------------------------------------

bool front::batch_is_empty() const {
  return commands_.empty() && queries_.empty();
}

std::size_t front::batch_bytes() const {
  return commands_.frame_bytes() + queries_.frame_bytes();
}

/// A batch that is full leaves in the middle of a turn.
void front::consider_batch() {
  if (batch_bytes() >= options_.batch_bytes_max
      || commands_.size() + queries_.size() >= kv::commands_max / 2)
    submit_batch();
}

void front::submit_batch() {
  if (batch_is_empty())
    return;
  machine::work_batch work;
  work.count = static_cast<std::uint32_t>(commands_.size());
  if (work.count > 0)
    work.commands = to_bytes(commands_.finish());
  if (!queries_.empty())
    work.queries = to_bytes(queries_.finish());
  refs_.asked = work.queries;
  work.query_after = std::exchange(query_after_, {});
  for (const auto& ref : refs_.queries)
    if (auto* c = find(ref.to))
      ++(refs_.lone() ? c->lone_reads : c->riding_reads);
  after_lone_reads_ = false;
  const auto id = sender_.submit(
    std::move(work), std::exchange(after_own_writes_, false), now_ms_);
  requests_.emplace(id, std::exchange(refs_, {}));
}

void front::end_of_turn(std::int64_t now_ms) {
  now_ms_ = now_ms;
  if (!batch_is_empty()
      && (sender_.ready() || now_ms - batch_since_ms_ > batch_age_ms_max))
    submit_batch();
  take_finished();
}

void front::consider_clog() {
  const auto pending = sender_.pending_bytes() + batch_bytes();
  if (pending > options_.pending_bytes_max)
    clogged_ = true;
}

/// Once half is answered, clients go on in the order in which they were held
/// up.
void front::clear_clog() {
  const auto pending = sender_.pending_bytes() + batch_bytes();
  if (!clogged_ || pending > options_.pending_bytes_max / 2)
    return;
  clogged_ = false;
  while (!blocked_.empty() && !clogged_) {
    auto* c = find(blocked_.front());
    blocked_.pop_front();
    if (!c)
      continue;
    c->blocked = false;
    wake(*c);
  }
}

// -- the set ------------------------------------------------------------------

void front::primary_is(node_id primary, std::int64_t now_ms) {
  sender_.primary_is(primary, now_ms);
  end_of_turn(now_ms);
}

/// A node that comes back with another id has left the old one for good.
void front::reconnected(node_id node, const std::string& name,
                        std::int64_t now_ms) {
  std::erase_if(node_names_, [&](const auto& x) { return x.second == name; });
  node_names_[node] = name;
  sender_.reconnected(node, now_ms);
  end_of_turn(now_ms);
}

void front::replied(const client_reply& reply, std::int64_t now_ms) {
  if (reply.at.epoch > epoch_t{})
    epoch_ = reply.at.epoch;
  sender_.received(reply, now_ms);
  end_of_turn(now_ms);
}

void front::tick(std::int64_t now_ms, std::int64_t wall_ms) {
  wall_ms_ = wall_ms;
  if (!started_ms_)
    started_ms_ = now_ms;
  now_ms_ = now_ms;
  give_up_reports();
  sender_.tick(now_ms);
  end_of_turn(now_ms);
}

front_output front::drain() {
  for (auto id : std::exchange(dirty_, {})) {
    auto* c = find(id);
    if (!c)
      continue;
    c->dirty = false;
    const bool close = c->closing && c->replies.size() == 0;
    if (!c->output.empty() || close)
      out_.writes.push_back({id, std::exchange(c->output, {}), close});
    if (c->full && c->replies.held_bytes() <= reply_bytes_max / 2) {
      c->full = false;
      unserved_.push_back(id);
    }
  }
  out_.requests = sender_.take_outgoing();
  out_.unfinished = !unserved_.empty();
  return std::exchange(out_, {});
}

} // namespace cohort::resp
