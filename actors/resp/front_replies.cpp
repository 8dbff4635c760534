// Replies: from the set to the clients, in order (K3).
#include "resp/front.hpp"

#include "core/check.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace cohort::resp {

namespace {

constexpr std::string_view no_primary =
  "-CLUSTERDOWN The set has no primary at the moment; nothing was done\r\n";

constexpr std::string_view reply_lost =
  "-REPLYLOST The command took effect once, but its reply was too long to be "
  "kept over a change of primary\r\n";

} // namespace

// -- output -------------------------------------------------------------------

void front::touch(client& c) {
  if (std::exchange(c.dirty, true))
    return;
  dirty_.push_back(c.id);
}

/// A place for the reply to the request that is being handled.
reply_queue::place front::reserve(client& c, null_style style) {
  return c.replies.reserve({c.spoken, style, c.silent});
}

/// To the request that is being handled.
void front::answer(client& c, std::string_view reply) {
  touch(c);
  if (c.replies.size() == 0)
    append_reply({c.spoken, null_style::string, c.silent}, reply, c.output);
  else
    c.replies.fill(reserve(c), reply, c.output);
}

void front::answer_error(client& c, std::string_view text) {
  std::string reply;
  reply_writer{reply, protocol::resp3}.error(text);
  answer(c, reply);
}

/// To a request that waited for its reply.
void front::complete(const reply_ref& ref, std::string_view reply) {
  auto* c = find(ref.to);
  if (!c)
    return; // gone
  if (ref.what == reply_ref::kind::watch)
    return take_watch(*c, ref, reply);
  if (ref.what == reply_ref::kind::walk)
    return take_walk(*c, ref, reply);
  c->replies.fill(ref.place, reply, c->output);
  touch(*c);
}

/// The client's next requests wait until the reply to this one is there.
void front::start_waiting(client& c, wait_kind kind) {
  c.waits_for = kind;
  c.waiting_place = reserve(c);
}

/// To the request that the client's next ones wait for.
void front::complete_wait(client& c, std::string_view reply) {
  c.replies.fill(c.waiting_place, reply, c.output);
  touch(c);
  release(c);
}

/// The client waits no more: its next requests are handled.
void front::release(client& c) {
  c.waits_for = wait_kind::none;
  wake(c);
}

// -- what came of work --------------------------------------------------------

void front::take_finished() {
  for (auto work = sender_.take_finished(); !work.empty();
       work = sender_.take_finished()) {
    for (const auto& x : work)
      finish(x);
    if (!batch_is_empty() && sender_.ready())
      submit_batch();
  }
  clear_clog();
}

void front::finish(const machine::finished_work& work) {
  const auto at = requests_.find(work.id);
  if (at == requests_.end())
    return;
  const auto of = std::move(at->second);
  requests_.erase(at);
  if (of.raw)
    finish_raw(of, work);
  else
    finish_batch(of, work);
}

std::string front::unknown_text(const session_id& session,
                                std::uint64_t sequence) const {
  return "-UNKNOWN " + to_string(options_.set) + ":" + to_string(epoch_) + ":"
         + to_string(session) + ":" + std::to_string(sequence)
         + " The write may or may not have taken effect, once at most\r\n";
}

/// What each client has on its way.
void front::count_out(const request& of, const machine::finished_work& work) {
  for (const auto& ref : of.writes)
    if (auto* c = find(ref.to)) {
      --c->writes_in_flight;
      if (work.fate == machine::work_fate::done)
        c->last_write = std::max(c->last_write, work.reply.at.index);
    }
  for (const auto& ref : of.queries)
    if (auto* c = find(ref.to)) {
      --(of.lone() ? c->lone_reads : c->riding_reads);
      if (of.again)
        c->asked_again.erase(c->asked_again.find(ref.place));
    }
}

void front::finish_batch(const request& of,
                         const machine::finished_work& work) {
  count_out(of, work);
  answer_batch(of, work);
  for (auto id : std::exchange(waiting_for_earlier_, {}))
    if (auto* c = find(id))
      release(*c); // comes back if there is more to wait for
}

/// Reads whose replies had no room are asked again, and so is what the same
/// clients read after them, so that it is not older (K3). A read that rides
/// stays where it is: writes of its client may be behind it. The first of a
/// batch always has room, so this ends.
void front::answer_queries(const request& of, const packed_replies& replies) {
  std::vector<std::uint32_t> again;
  for (std::uint32_t i = 0; i < of.queries.size(); ++i) {
    const auto& ref = of.queries[i];
    auto* c = find(ref.to);
    if (!c)
      continue;
    const auto reply = i < replies.size() ? replies[i] : no_primary;
    const auto& earlier = c->asked_again;
    if ((i > 0 && of.lone() && reply == kv::no_room_reply)
        || (!earlier.empty() && *earlier.begin() <= ref.place)) {
      c->asked_again.insert(ref.place);
      again.push_back(i);
    } else {
      complete(ref, reply);
    }
  }
  if (!again.empty())
    ask_again(of, again);
}

/// In a batch of their own, at once: what their clients ask from now on is
/// behind it.
void front::ask_again(const request& of,
                      const std::vector<std::uint32_t>& which) {
  const auto queries = codec::kv_batch_reader::open(of.asked);
  COHORT_CHECK(queries.ok());
  codec::kv_batch_builder builder;
  request next;
  next.again = true;
  kv::command x;
  for (auto i : which) {
    COHORT_CHECK(queries->at(i, x).ok());
    builder.append(x);
    next.queries.push_back(of.queries[i]);
    ++find(of.queries[i].to)->lone_reads;
  }
  const auto batch = builder.finish();
  next.asked = batch.alias(batch.data(), batch.size());
  machine::work_batch work;
  work.queries = next.asked;
  work.query_after.resize(which.size());
  const auto id = sender_.submit(std::move(work), false, now_ms_);
  requests_.emplace(id, std::move(next));
}

void front::answer_batch(const request& of,
                         const machine::finished_work& work) {
  const auto each = [&](const std::vector<reply_ref>& refs, auto text_of) {
    for (std::size_t i = 0; i < refs.size(); ++i)
      complete(refs[i], text_of(i));
  };
  const auto one = [](std::string_view text) {
    return [text](std::size_t) { return text; };
  };
  switch (work.fate) {
    case machine::work_fate::done: {
      const auto& replies = work.reply.replies;
      each(of.writes, [&](std::size_t i) {
        const auto& lost = work.reply.lost;
        const bool kept = i < replies.size()
                          && !std::binary_search(lost.begin(), lost.end(), i);
        return kept ? replies[i] : reply_lost;
      });
      return answer_queries(of, work.reply.query_replies);
    }
    case machine::work_fate::unknown:
      for (std::size_t i = 0; i < of.writes.size(); ++i)
        complete(of.writes[i],
                 unknown_text(work.session, work.first_sequence + i));
      return each(of.queries, one(no_primary));
    case machine::work_fate::not_taken:
      each(of.writes, one(no_primary));
      return each(of.queries, one(no_primary));
    case machine::work_fate::refused: {
      std::string text;
      reply_writer{text, protocol::resp3}.error(
        work.reply.outcome == client_outcome::disk_full
          ? "DISKFULL " + work.reply.message + "; nothing was written"
          : "ERR " + work.reply.message);
      each(of.writes, one(text));
      return each(of.queries, one(text));
    }
  }
}

// -- steps of commands that take several --------------------------------------

namespace {

std::uint64_t number_in(std::string_view reply) {
  std::uint64_t result = 0;
  if (!reply.empty() && reply.front() == ':')
    std::from_chars(reply.data() + 1, reply.data() + reply.size(), result);
  return result;
}

bool is_error(std::string_view reply) {
  return !reply.empty() && reply.front() == '-';
}

} // namespace

/// All states come in one batch, so in order, unless it failed.
void front::take_watch(client& c, const reply_ref& ref,
                       std::string_view reply) {
  if (c.waits_for != wait_kind::watch || c.waiting_place != ref.place)
    return;
  if (is_error(reply)) { // the state is not known: watch nothing more
    c.watching.clear();
    return complete_wait(c, reply);
  }
  auto& key = c.watching[c.watching.size() - c.watching_left];
  c.watched.push_back({std::move(key), number_in(reply)});
  if (--c.watching_left > 0)
    return;
  c.watching.clear();
  complete_wait(c, "+OK\r\n");
}

void front::take_walk(client& c, const reply_ref& ref, std::string_view reply) {
  if (c.waits_for != wait_kind::walk || c.waiting_place != ref.place)
    return;
  if (c.walk->take(reply))
    return enqueue_query(c, c.walk->next_query(), reply_ref::kind::walk);
  const auto text = c.walk->answer();
  c.walk.reset();
  complete_wait(c, text);
}

} // namespace cohort::resp
