// Commands that carry numbers of their own to the primary: WAIT and sessions of
// clients (K1, K5).
#include "resp/front.hpp"

#include "codec/peer_codec.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace cohort::resp {

namespace {

/// Replies that a client's own session keeps.
constexpr std::uint64_t kept_by_client_session = 1024;

/// WAIT 0 waits for ever: long enough.
constexpr std::int64_t for_ever_ms = std::int64_t{24} * 60 * 60 * 1000;

template <class Number>
bool read_number(std::string_view text, Number& to) {
  const auto [end, code] = std::from_chars(text.data(),
                                           text.data() + text.size(), to);
  return code == std::errc{} && end == text.data() + text.size();
}

/// "<index>.<term>"
bool read_session(std::string_view text, session_id& to) {
  const auto dot = text.find('.');
  return dot != std::string_view::npos
         && read_number(text.substr(0, dot), to.index.value)
         && read_number(text.substr(dot + 1), to.term.value);
}

bytes encode_body(const command_body& body) {
  const auto encoded = codec::encode(body);
  return encoded.alias(encoded.data(), encoded.size());
}

} // namespace

void front::submit_raw(client& c, std::variant<work_request, wait_request> body,
                       std::int64_t patience_ms, const session_id& session,
                       std::uint64_t sequence, wait_kind kind) {
  submit_batch(); // what came before goes before
  start_waiting(c, kind);
  request of;
  of.raw = true;
  of.session = session;
  of.sequence = sequence;
  of.writes.push_back({c.id, c.waiting_place, reply_ref::kind::client});
  const auto id = sender_.submit_raw(std::move(body), patience_ms, now_ms_);
  requests_.emplace(id, std::move(of));
}

/// WAIT copies timeout
void front::wait(client& c, args words) {
  std::int64_t copies = 0;
  std::int64_t timeout_ms = 0;
  if (!read_number(words[1], copies))
    return answer_error(c, "ERR value is not an integer or out of range");
  if (!read_number(words[2], timeout_ms))
    return answer_error(c, "ERR timeout is not an integer or out of range");
  if (timeout_ms < 0)
    return answer_error(c, "ERR timeout is negative");
  if (!not_ready_.empty())
    return answer_error(c, "LOADING " + not_ready_);
  wait_request body;
  body.index = c.last_write;
  body.copies = static_cast<std::uint32_t>(
    std::clamp<std::int64_t>(copies, 0, std::int64_t{1} << 30));
  submit_raw(c, body,
             timeout_ms == 0 ? for_ever_ms : std::min(timeout_ms, for_ever_ms),
             {}, 0, wait_kind::copies);
}

/// COHORT.SESSION OPEN | CLOSE <session>
void front::cohort_session(client& c, args words) {
  if (!not_ready_.empty())
    return answer_error(c, "LOADING " + not_ready_);
  work_request body;
  if (words.size() == 2 && same_word(words[1], "open")) {
    body.command = encode_body(open_session{});
    return submit_raw(c, std::move(body), options_.sending.patience_ms, {}, 0,
                      wait_kind::session);
  }
  session_id session;
  if (words.size() != 3 || !same_word(words[1], "close")
      || !read_session(words[2], session))
    return answer_error(c,
                        "ERR syntax error, expected OPEN or CLOSE <session>");
  body.command = encode_body(close_session{session});
  submit_raw(c, std::move(body), options_.sending.patience_ms, session, 0,
             wait_kind::session);
}

/// COHORT.DO <session> <sequence> <command...>
void front::cohort_do(client& c, args words) {
  session_id session;
  std::uint64_t sequence = 0;
  if (!read_session(words[1], session) || !read_number(words[2], sequence)
      || sequence == 0)
    return answer_error(
      c, "ERR expected <session> <sequence> <command>, sequences count from 1");
  const auto inner = words.subspan(3);
  const auto& t = translator_.translate(inner);
  if (t.to == route::refused || t.to == route::answered)
    return answer(c, t.reply);
  if (t.to != route::write)
    return answer_error(c, "ERR COHORT.DO takes commands that write");
  if (!not_ready_.empty())
    return answer_error(c, "LOADING " + not_ready_);
  codec::kv_batch_builder builder;
  builder.append(t.what);
  session_batch batch;
  batch.session = session;
  batch.first_sequence = sequence;
  batch.count = 1;
  batch.answered_up_to =
    sequence > kept_by_client_session ? sequence - kept_by_client_session : 0;
  const auto commands = builder.finish();
  batch.commands = commands.alias(commands.data(), commands.size());
  work_request body;
  body.command = encode_body(batch);
  submit_raw(c, std::move(body), options_.sending.patience_ms, session,
             sequence, wait_kind::session);
}

/// COHORT.FORM WITHOUT <node...>
void front::cohort_form(client& c, args words) {
  if (words.size() < 3 || !same_word(words[1], "without"))
    return answer_error(c, "ERR expected WITHOUT <node...>");
  if (not_ready_.empty())
    return answer_error(c, "ERR the cluster is formed already");
  std::vector<std::string> names;
  for (std::size_t i = 2; i < words.size(); ++i)
    names.emplace_back(words[i]);
  out_.form_without = std::move(names);
  answer(c, "+OK\r\n");
}

/// What came of it, in the client's words.
void front::finish_raw(const request& of, const machine::finished_work& work) {
  auto* c = find(of.writes.front().to);
  if (!c)
    return;
  const auto kind = c->waits_for;
  const auto& reply = work.reply;
  std::string text;
  reply_writer writer{text, protocol::resp3};
  if (kind == wait_kind::copies) {
    // Also when nobody could be asked: so many are known of.
    writer.integer(reply.copies);
  } else if (work.fate == machine::work_fate::unknown) {
    text = unknown_text(of.session, of.sequence);
  } else if (work.fate == machine::work_fate::not_taken) {
    writer.error(
      "CLUSTERDOWN The set has no primary at the moment; nothing "
      "was done");
  } else if (reply.outcome == client_outcome::gap) {
    writer.error("GAP a sequence before " + std::to_string(of.sequence)
                 + " is missing; nothing was done");
  } else if (reply.outcome == client_outcome::expired) {
    writer.error(
      "EXPIRED the session is not known; this time nothing was "
      "done, but an earlier attempt may have been");
  } else if (reply.outcome != client_outcome::done) {
    writer.error("ERR " + reply.message);
  } else if (of.sequence > 0) {
    if (reply.replies.size() > 0 && reply.lost.empty())
      text = reply.replies[0];
    else
      writer.error(
        "REPLYLOST The command took effect once; its reply is not "
        "kept any more");
    c->last_write = std::max(c->last_write, reply.at.index);
  } else if (of.session.valid()) {
    writer.simple("OK");
  } else {
    writer.bulk(to_string(session_id{reply.at.index, reply.at.term}));
  }
  complete_wait(*c, text);
}

} // namespace cohort::resp
