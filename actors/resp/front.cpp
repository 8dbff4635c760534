// Requests: from bytes to batches.
#include "resp/front.hpp"

#include "codec/peer_codec.hpp"

#include <utility>

namespace cohort::resp {

namespace {

/// A batch that could not leave for so long is handed over all the same, so
/// that its commands have a deadline.
constexpr std::int64_t batch_age_ms_max = 50;

/// Of one client, while the set is clogged or the client waits for something.
constexpr std::size_t idle_input_bytes_max = std::size_t{1} << 20;

bytes to_bytes(const frame& f) {
  return f.alias(f.data(), f.size());
}

/// EXEC is the one command whose RESP2 null is an array.
null_style style_of(const kv::command& what) {
  return what.what == kv::op::exec ? null_style::array : null_style::string;
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
  const bool stuck = clogged_ || c->waits_for != wait_kind::none;
  if (stuck && c->input.size() > idle_input_bytes_max && !c->halted) {
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
  while (c.waits_for == wait_kind::none && !c.closing && !clogged_) {
    const auto status = c.parser.parse(input.substr(used));
    used += c.parser.consumed();
    if (status == request_parser::status::more)
      break;
    if (status == request_parser::status::failed) {
      answer(c, c.parser.problem());
      c.closing = true;
      return input.size();
    }
    handle(c, c.parser.args());
    consider_clog();
  }
  return used;
}

/// A client whose wait is over, or a clog that has cleared.
void front::wake(client& c) {
  serve(c);
  if (c.halted && !clogged_ && c.waits_for == wait_kind::none) {
    c.halted = false;
    out_.resume.push_back(c.id);
  }
}

// -- dispatch -----------------------------------------------------------------

void front::handle(client& c, args words) {
  ++commands_processed_;
  const auto t = translator_.translate(words);
  if (c.multi && !(t.info && t.info->is_local()))
    return enqueue_in_transaction(c, t);
  switch (t.to) {
    case route::refused:
    case route::answered:
      return answer(c, t.reply);
    case route::local:
      return handle_local(c, *t.info, words);
    case route::write:
    case route::read:
    case route::walk:
      break;
  }
  if (!not_ready_.empty())
    return answer_error(c, "LOADING " + not_ready_);
  if (t.to == route::write)
    enqueue_write(c, t.what);
  else if (t.to == route::read)
    enqueue_query(c, t.what, reply_ref::kind::client, null_style::string);
  else
    start_walk(c, t.what);
}

void front::enqueue_write(client& c, const kv::command& what) {
  if (batch_is_empty())
    batch_since_ms_ = now_ms_;
  commands_.append(what);
  refs_.writes.push_back(
    {c.id, c.replies.reserve(), style_of(what), reply_ref::kind::client});
  ++c.writes_in_flight;
  consider_batch();
}

void front::enqueue_query(client& c, const kv::command& what,
                          reply_ref::kind kind, null_style style) {
  if (batch_is_empty())
    batch_since_ms_ = now_ms_;
  query_after_.push_back(static_cast<std::uint32_t>(commands_.size()));
  queries_.append(what);
  const auto place = kind == reply_ref::kind::client ? c.replies.reserve()
                                                     : c.waiting_place;
  refs_.queries.push_back({c.id, place, style, kind});
  after_own_writes_ = after_own_writes_ || c.writes_in_flight > 0;
  consider_batch();
}

void front::start_walk(client& c, const kv::command& what) {
  c.walk = std::make_unique<keys_walk>(what.value);
  c.waits_for = wait_kind::walk;
  c.waiting_place = c.replies.reserve();
  enqueue_query(c, c.walk->next_query(), reply_ref::kind::walk,
                null_style::string);
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
  work.query_after = std::exchange(query_after_, {});
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
  if (!clogged_ && pending > options_.pending_bytes_max)
    clogged_ = true;
}

// -- the set ------------------------------------------------------------------

void front::primary_is(node_id primary, std::int64_t now_ms) {
  sender_.primary_is(primary, now_ms);
  end_of_turn(now_ms);
}

void front::reconnected(node_id node, const std::string& name,
                        std::int64_t now_ms) {
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
  sender_.tick(now_ms);
  end_of_turn(now_ms);
}

front_output front::drain() {
  for (auto id : std::exchange(dirty_, {})) {
    auto* c = find(id);
    if (!c)
      continue;
    c->dirty = false;
    out_.writes.push_back({id, std::exchange(c->output, {}), c->closing});
  }
  out_.requests = sender_.take_outgoing();
  return std::exchange(out_, {});
}

} // namespace cohort::resp
