#include "codec/client_codec.hpp"

#include "codec/message.hpp"
#include "codec/peer_codec.hpp"

#include <optional>
#include <utility>

namespace cohort::codec {

namespace {

void encode_numbers(capnp::List<std::uint32_t>::Builder to,
                    const std::vector<std::uint32_t>& from) {
  for (unsigned i = 0; i < to.size(); ++i)
    to.set(i, from[i]);
}

std::vector<std::uint32_t>
decode_numbers(capnp::List<std::uint32_t>::Reader from) {
  std::vector<std::uint32_t> result;
  result.reserve(from.size());
  for (auto x : from)
    result.push_back(x);
  return result;
}

wire::ClientOutcome to_wire(client_outcome x) {
  switch (x) {
    case client_outcome::not_primary:
      return wire::ClientOutcome::NOT_PRIMARY;
    case client_outcome::busy:
      return wire::ClientOutcome::BUSY;
    case client_outcome::gap:
      return wire::ClientOutcome::GAP;
    case client_outcome::expired:
      return wire::ClientOutcome::EXPIRED;
    case client_outcome::refused:
      return wire::ClientOutcome::REFUSED;
    case client_outcome::disk_full:
      return wire::ClientOutcome::DISK_FULL;
    case client_outcome::done:
      break;
  }
  return wire::ClientOutcome::DONE;
}

std::optional<client_outcome> from_wire(wire::ClientOutcome x) {
  switch (x) {
    case wire::ClientOutcome::DONE:
      return client_outcome::done;
    case wire::ClientOutcome::NOT_PRIMARY:
      return client_outcome::not_primary;
    case wire::ClientOutcome::BUSY:
      return client_outcome::busy;
    case wire::ClientOutcome::GAP:
      return client_outcome::gap;
    case wire::ClientOutcome::EXPIRED:
      return client_outcome::expired;
    case wire::ClientOutcome::REFUSED:
      return client_outcome::refused;
    case wire::ClientOutcome::DISK_FULL:
      return client_outcome::disk_full;
  }
  return std::nullopt;
}

/// Ends must ascend and stay inside the data.
result<packed_replies> decode_replies(capnp::Data::Reader data,
                                      capnp::List<std::uint32_t>::Reader ends,
                                      const frame& whole) {
  packed_replies result{from_data(data, whole), decode_numbers(ends)};
  std::uint32_t last = 0;
  for (auto end : result.ends) {
    if (end < last || end > result.data.size())
      return error{errc::malformed, "client reply: ends out of range"};
    last = end;
  }
  return result;
}

void encode_work(wire::ClientRequest::Work::Builder to, const work_request& x) {
  to.setCommand(to_data(x.command));
  to.setQueries(to_data(x.queries));
  encode_numbers(to.initQueryAfter(static_cast<unsigned>(x.query_after.size())),
                 x.query_after);
  encode(to.initSession(), x.session);
  to.setAfterSequence(x.after_sequence);
}

work_request decode_work(wire::ClientRequest::Work::Reader from,
                         const frame& whole) {
  work_request result;
  result.command = from_data(from.getCommand(), whole);
  result.queries = from_data(from.getQueries(), whole);
  result.query_after = decode_numbers(from.getQueryAfter());
  result.session = decode(from.getSession());
  result.after_sequence = from.getAfterSequence();
  return result;
}

} // namespace

void encode(wire::SessionId::Builder to, const session_id& from) {
  to.setIndex(from.index.value);
  to.setTerm(from.term.value);
}

session_id decode(wire::SessionId::Reader from) {
  return {index_t{from.getIndex()}, term_t{from.getTerm()}};
}

capnp::Data::Reader to_data(std::string_view from) {
  return {reinterpret_cast<const kj::byte*>(from.data()), from.size()};
}

bytes from_data(capnp::Data::Reader from, const frame& whole) {
  return whole.alias(from.begin(), from.size());
}

bytes from_data(capnp::Data::Reader from, const bytes& whole) {
  if (from.size() == 0) // may lie anywhere
    return {};
  const auto* begin = reinterpret_cast<const char*>(from.begin());
  return whole.slice(static_cast<std::size_t>(begin - whole.data()),
                     from.size());
}

// -- requests -----------------------------------------------------------------

void encode_body(wire::PeerFrame::Builder root, const client_request& x) {
  auto to = root.initClientRequest();
  to.setId(x.id);
  to.setPatienceMs(x.patience_ms);
  if (const auto* work = std::get_if<work_request>(&x.body)) {
    encode_work(to.initWork(), *work);
  } else {
    const auto& wait = std::get<wait_request>(x.body);
    auto group = to.initWait();
    group.setIndex(wait.index.value);
    group.setCopies(wait.copies);
  }
}

result<client_request> decode(wire::ClientRequest::Reader from,
                              const frame& whole) {
  client_request result;
  result.id = from.getId();
  result.patience_ms = from.getPatienceMs();
  switch (from.which()) {
    case wire::ClientRequest::WORK:
      result.body = decode_work(from.getWork(), whole);
      return result;
    case wire::ClientRequest::WAIT:
      result.body = wait_request{index_t{from.getWait().getIndex()},
                                 from.getWait().getCopies()};
      return result;
  }
  return error{errc::unsupported, "client request: unknown kind"};
}

std::size_t payload_of(const client_request& x) {
  const auto* work = std::get_if<work_request>(&x.body);
  return work ? work->command.size() + work->queries.size()
                  + 4 * work->query_after.size()
              : 0;
}

// -- replies ------------------------------------------------------------------

void encode_body(wire::PeerFrame::Builder root, const client_reply& x) {
  auto to = root.initClientReply();
  to.setId(x.id);
  to.setOutcome(to_wire(x.outcome));
  to.setPrimary(x.primary.value);
  to.setEpoch(x.at.epoch.value);
  to.setTerm(x.at.term.value);
  to.setIndex(x.at.index.value);
  to.setCopies(x.copies);
  to.setReplies(to_data(x.replies.data));
  encode_numbers(to.initEnds(static_cast<unsigned>(x.replies.size())),
                 x.replies.ends);
  to.setQueryReplies(to_data(x.query_replies.data));
  encode_numbers(
    to.initQueryEnds(static_cast<unsigned>(x.query_replies.size())),
    x.query_replies.ends);
  encode_numbers(to.initLost(static_cast<unsigned>(x.lost.size())), x.lost);
  to.setRetryAfterMs(x.retry_after_ms);
  if (!x.message.empty())
    to.setMessage(x.message);
}

result<client_reply> decode(wire::ClientReply::Reader from,
                            const frame& whole) {
  const auto outcome = from_wire(from.getOutcome());
  if (!outcome)
    return error{errc::unsupported, "client reply: unknown outcome"};
  auto replies = decode_replies(from.getReplies(), from.getEnds(), whole);
  if (!replies)
    return replies.err();
  auto query_replies = decode_replies(from.getQueryReplies(),
                                      from.getQueryEnds(), whole);
  if (!query_replies)
    return query_replies.err();
  client_reply result;
  result.id = from.getId();
  result.outcome = *outcome;
  result.primary = node_id{from.getPrimary()};
  result.at = {epoch_t{from.getEpoch()}, term_t{from.getTerm()},
               index_t{from.getIndex()}};
  result.copies = from.getCopies();
  result.replies = std::move(*replies);
  result.query_replies = std::move(*query_replies);
  result.lost = decode_numbers(from.getLost());
  result.retry_after_ms = from.getRetryAfterMs();
  result.message = from.getMessage().cStr();
  return result;
}

std::size_t payload_of(const client_reply& x) {
  return x.replies.data.size() + x.query_replies.data.size()
         + 4 * (x.replies.size() + x.query_replies.size());
}

// -- entry payloads -----------------------------------------------------------

frame encode(const command_body& body) {
  const auto* batch = std::get_if<session_batch>(&body);
  const auto payload = batch ? batch->commands.size() : 0;
  capnp::MallocMessageBuilder builder{
    static_cast<unsigned>((payload + 256) / sizeof(capnp::word))};
  auto root = builder.initRoot<wire::CommandBody>();
  if (batch) {
    auto to = root.initBatch();
    encode(to.initSession(), batch->session);
    to.setFirstSequence(batch->first_sequence);
    to.setCount(batch->count);
    to.setAnsweredUpTo(batch->answered_up_to);
    to.setCommands(to_data(batch->commands));
  } else if (const auto* close = std::get_if<close_session>(&body)) {
    encode(root.initCloseSession(), close->session);
  } else {
    root.setOpenSession();
  }
  return to_frame(builder);
}

result<command_body> decode_command(const bytes& payload) {
  return decode_as<wire::CommandBody>(
    "command", payload.data(), payload.size(),
    [&](wire::CommandBody::Reader root) -> result<command_body> {
      switch (root.which()) {
        case wire::CommandBody::BATCH: {
          const auto from = root.getBatch();
          session_batch batch;
          batch.session = decode(from.getSession());
          batch.first_sequence = from.getFirstSequence();
          batch.count = from.getCount();
          batch.answered_up_to = from.getAnsweredUpTo();
          batch.commands = from_data(from.getCommands(), payload);
          return command_body{std::move(batch)};
        }
        case wire::CommandBody::OPEN_SESSION:
          return command_body{open_session{}};
        case wire::CommandBody::CLOSE_SESSION:
          return command_body{close_session{decode(root.getCloseSession())}};
      }
      return error{errc::unsupported, "command: unknown kind"};
    });
}

} // namespace cohort::codec
