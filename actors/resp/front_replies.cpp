// Replies: from the set to the clients, in order (K3).
#include "resp/front.hpp"

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

/// Writes a reply, of the machine's RESP3, in what the client speaks.
void front::emit(client& c, std::string_view reply, null_style style) {
  touch(c);
  if (c.spoken == protocol::resp3)
    c.output += reply;
  else
    to_resp2(reply, style, c.output);
}

/// To the request that is being handled.
void front::answer(client& c, std::string_view reply, null_style style) {
  if (c.mute || std::exchange(c.skip_next, false))
    return;
  if (c.replies.size() == 0)
    return emit(c, reply, style);
  const auto place = c.replies.reserve();
  std::string text;
  if (c.spoken == protocol::resp3)
    text = reply;
  else
    to_resp2(reply, style, text);
  c.replies.fill(place, std::move(text));
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
  if (c->replies.is_next(ref.place)) {
    c->replies.skip_first();
    if (!c->mute)
      emit(*c, reply, ref.style);
    c->replies.take(c->output);
    return touch(*c);
  }
  std::string text;
  if (c->mute)
    text.clear();
  else if (c->spoken == protocol::resp3)
    text = reply;
  else
    to_resp2(reply, ref.style, text);
  c->replies.fill(ref.place, std::move(text));
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
  const auto pending = sender_.pending_bytes() + batch_bytes();
  if (!clogged_ || pending > options_.pending_bytes_max / 2)
    return;
  clogged_ = false;
  std::vector<client_id> waiting;
  for (const auto& [id, c] : clients_)
    if (!c->input.empty() || c->halted)
      waiting.push_back(id);
  for (auto id : waiting)
    if (auto* c = find(id); c && !clogged_)
      wake(*c);
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

void front::finish_batch(const request& of,
                         const machine::finished_work& work) {
  for (const auto& ref : of.writes)
    if (auto* c = find(ref.to)) {
      --c->writes_in_flight;
      if (work.fate == machine::work_fate::done)
        c->last_write = std::max(c->last_write, work.reply.at.index);
    }
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
      const auto& queries = work.reply.query_replies;
      each(of.queries, [&](std::size_t i) {
        return i < queries.size() ? queries[i] : no_primary;
      });
      return;
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

void front::take_watch(client& c, const reply_ref& ref,
                       std::string_view reply) {
  if (c.waits_for != wait_kind::watch || c.waiting_place != ref.place)
    return;
  const reply_ref own{c.id, ref.place, null_style::string,
                      reply_ref::kind::client};
  if (is_error(reply)) { // the state is not known: watch nothing
    c.watching.clear();
    complete(own, reply);
    return release(c);
  }
  c.watched.push_back({std::move(c.watching.front()), number_in(reply)});
  c.watching.erase(c.watching.begin());
  if (!c.watching.empty())
    return;
  complete(own, "+OK\r\n");
  release(c);
}

void front::take_walk(client& c, const reply_ref& ref, std::string_view reply) {
  if (c.waits_for != wait_kind::walk || c.waiting_place != ref.place)
    return;
  if (c.walk->take(reply))
    return enqueue_query(c, c.walk->next_query(), reply_ref::kind::walk,
                         null_style::string);
  const auto text = c.walk->answer();
  c.walk.reset();
  complete({c.id, ref.place, null_style::string, reply_ref::kind::client},
           text);
  release(c);
}

} // namespace cohort::resp
