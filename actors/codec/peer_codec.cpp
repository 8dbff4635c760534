#include "codec/peer_codec.hpp"

#include "codec/client_codec.hpp"
#include "codec/common_codec.hpp"
#include "codec/message.hpp"
#include "codec/node_codec.hpp"

#include "schemas/peer.capnp.h"

#include <optional>
#include <utility>

namespace cohort::codec {

namespace {

using namespace replication;
using codec::encode_body;

// -- the log protocol ---------------------------------------------------------

void encode_body(wire::PeerFrame::Builder root, const vote_request& x) {
  auto to = root.initVoteRequest();
  to.setTerm(x.term.value);
  to.setPre(x.pre);
  to.setTransfer(x.transfer);
  encode(to.initLast(), x.last);
}

void encode_body(wire::PeerFrame::Builder root, const vote_reply& x) {
  auto to = root.initVoteReply();
  to.setTerm(x.term.value);
  to.setPre(x.pre);
  to.setGranted(x.granted);
}

void encode_body(wire::PeerFrame::Builder root, const append_request& x) {
  auto to = root.initAppendRequest();
  to.setTerm(x.term.value);
  encode(to.initPrev(), x.prev);
  to.setCommitIndex(x.commit_index.value);
  to.setRound(x.round);
  to.setLift(x.lift);
  auto entries = to.initEntries(static_cast<unsigned>(x.entries.size()));
  for (unsigned i = 0; i < entries.size(); ++i)
    encode(entries[i], x.entries[i]);
}

wire::AppendVerdict to_wire(append_verdict x) {
  switch (x) {
    case append_verdict::mismatch:
      return wire::AppendVerdict::MISMATCH;
    case append_verdict::busy:
      return wire::AppendVerdict::BUSY;
    case append_verdict::accepted:
      break;
  }
  return wire::AppendVerdict::ACCEPTED;
}

void encode_body(wire::PeerFrame::Builder root, const append_reply& x) {
  auto to = root.initAppendReply();
  to.setTerm(x.term.value);
  to.setVerdict(to_wire(x.verdict));
  to.setRound(x.round);
  to.setMatch(x.match.value);
  to.setRefused(x.refused.value);
  encode(to.initHint(), x.hint);
  to.setBoot(x.boot);
  to.setSuspect(x.suspect);
  to.setTailCut(x.tail_cut);
}

void encode_body(wire::PeerFrame::Builder root, const timeout_now& x) {
  root.initTimeoutNow().setTerm(x.term.value);
}

void encode_body(wire::PeerFrame::Builder root, const state_query& x) {
  auto to = root.initStateQuery();
  to.setTerm(x.term.value);
  to.setBoot(x.boot);
}

void encode_body(wire::PeerFrame::Builder root, const state_answer& x) {
  auto to = root.initStateAnswer();
  to.setTerm(x.term.value);
  to.setBoot(x.boot);
  encode(to.initLast(), x.last);
}

vote_request decode_body(wire::VoteRequest::Reader from) {
  return {term_t{from.getTerm()}, from.getPre(), from.getTransfer(),
          decode(from.getLast())};
}

vote_reply decode_body(wire::VoteReply::Reader from) {
  return {term_t{from.getTerm()}, from.getPre(), from.getGranted()};
}

/// Entries must follow each other and `prev`, in terms that do not fall and are
/// not beyond the sender's: the protocol relies on it.
result<append_request> decode_body(wire::AppendRequest::Reader from,
                                   const frame& whole) {
  append_request result;
  result.term = term_t{from.getTerm()};
  result.prev = decode(from.getPrev());
  result.commit_index = index_t{from.getCommitIndex()};
  result.round = from.getRound();
  result.lift = from.getLift();
  auto last = result.prev;
  const auto entries = from.getEntries();
  if (!can_hold(whole.size(), entries.size(), entry_words_min))
    return error{errc::malformed, "append request: entries without bytes"};
  result.entries.reserve(entries.size());
  for (const auto x : entries) {
    auto decoded = decode(x, whole);
    if (!decoded)
      return decoded.err();
    const log_position at{decoded->term, decoded->index};
    if (at.index != last.index.next() || at.index < last.index // it wraps
        || at.term < last.term || at.term > result.term)
      return error{errc::malformed, "append request: entries out of order"};
    last = at;
    result.entries.push_back(std::move(*decoded));
  }
  if (result.commit_index > last.index)
    return error{errc::malformed,
                 "append request: commit index beyond what it covers"};
  return result;
}

std::optional<append_verdict> from_wire(wire::AppendVerdict x) {
  switch (x) {
    case wire::AppendVerdict::ACCEPTED:
      return append_verdict::accepted;
    case wire::AppendVerdict::MISMATCH:
      return append_verdict::mismatch;
    case wire::AppendVerdict::BUSY:
      return append_verdict::busy;
  }
  return std::nullopt;
}

result<append_reply> decode_body(wire::AppendReply::Reader from) {
  const auto verdict = from_wire(from.getVerdict());
  if (!verdict)
    return error{errc::unsupported, "append reply: unknown verdict"};
  append_reply result;
  result.term = term_t{from.getTerm()};
  result.verdict = *verdict;
  result.round = from.getRound();
  result.match = index_t{from.getMatch()};
  result.refused = index_t{from.getRefused()};
  result.hint = decode(from.getHint());
  result.boot = from.getBoot();
  result.suspect = from.getSuspect();
  result.tail_cut = from.getTailCut();
  return result;
}

state_answer decode_body(wire::StateAnswer::Reader from) {
  return {term_t{from.getTerm()}, from.getBoot(), decode(from.getLast())};
}

// -- snapshots and joins ------------------------------------------------------

void encode_body(wire::PeerFrame::Builder root, const snapshot_chunk& x) {
  auto to = root.initSnapshotChunk();
  to.setTerm(x.term.value);
  encode(to.initPosition(), x.position);
  to.setOffset(x.offset);
  to.setTotal(x.total);
  to.setData(to_data(x.data));
}

void encode_body(wire::PeerFrame::Builder root, const snapshot_answer& x) {
  auto to = root.initSnapshotAnswer();
  to.setTerm(x.term.value);
  encode(to.initPosition(), x.position);
  to.setReceived(x.received);
  switch (x.verdict) {
    case snapshot_verdict::wanted:
      return to.setVerdict(wire::SnapshotVerdict::WANTED);
    case snapshot_verdict::done:
      return to.setVerdict(wire::SnapshotVerdict::DONE);
    case snapshot_verdict::refused:
      return to.setVerdict(wire::SnapshotVerdict::REFUSED);
  }
}

void encode_body(wire::PeerFrame::Builder root, const join_set& x) {
  root.initJoinSet().setReplaces(x.replaces.value);
}

snapshot_chunk decode_body(wire::SnapshotChunk::Reader from,
                           const frame& whole) {
  snapshot_chunk result;
  result.term = term_t{from.getTerm()};
  result.position = decode(from.getPosition());
  result.offset = from.getOffset();
  result.total = from.getTotal();
  result.data = from_data(from.getData(), whole);
  return result;
}

result<snapshot_answer> decode_body(wire::SnapshotAnswer::Reader from) {
  snapshot_answer result;
  result.term = term_t{from.getTerm()};
  result.position = decode(from.getPosition());
  result.received = from.getReceived();
  switch (from.getVerdict()) {
    case wire::SnapshotVerdict::WANTED:
      result.verdict = snapshot_verdict::wanted;
      return result;
    case wire::SnapshotVerdict::DONE:
      result.verdict = snapshot_verdict::done;
      return result;
    case wire::SnapshotVerdict::REFUSED:
      result.verdict = snapshot_verdict::refused;
      return result;
  }
  return error{errc::unsupported, "snapshot answer: unknown verdict"};
}

// -- frames -------------------------------------------------------------------

/// Room for a message of small numbers around `payload` bytes.
constexpr unsigned hint_words(std::size_t payload) {
  return static_cast<unsigned>((payload + 512) / sizeof(capnp::word));
}

template <class Message>
frame encode_frame(set_id set, node_id from, std::size_t payload,
                   const Message& msg) {
  capnp::MallocMessageBuilder builder{hint_words(payload)};
  auto root = builder.initRoot<wire::PeerFrame>();
  root.setSet(set.value);
  root.setFrom(from.value);
  encode_body(root, msg);
  return to_frame(builder);
}

std::size_t payload_of(const message& msg) {
  const auto* append = std::get_if<append_request>(&msg);
  std::size_t result = 0;
  if (append)
    for (const auto& x : append->entries)
      result += x.weight() + entry::overhead_bytes;
  return result;
}

/// Wraps what a decoder returned, be it a value or a result.
template <class T>
result<peer_body> as_body(T&& value) {
  return peer_body{std::forward<T>(value)};
}

template <class T>
result<peer_body> as_body(result<T>&& value) {
  if (!value)
    return value.err();
  return peer_body{std::move(*value)};
}

template <class T>
result<peer_body> as_message(T&& value) {
  return peer_body{message{std::forward<T>(value)}};
}

template <class T>
result<peer_body> as_message(result<T>&& value) {
  if (!value)
    return value.err();
  return peer_body{message{std::move(*value)}};
}

result<peer_body> decode_union(wire::PeerFrame::Reader root,
                               const frame& whole) {
  using frame_kind = wire::PeerFrame;
  switch (root.which()) {
    case frame_kind::VOTE_REQUEST:
      return as_message(decode_body(root.getVoteRequest()));
    case frame_kind::VOTE_REPLY:
      return as_message(decode_body(root.getVoteReply()));
    case frame_kind::APPEND_REQUEST:
      return as_message(decode_body(root.getAppendRequest(), whole));
    case frame_kind::APPEND_REPLY:
      return as_message(decode_body(root.getAppendReply()));
    case frame_kind::TIMEOUT_NOW:
      return as_message(timeout_now{term_t{root.getTimeoutNow().getTerm()}});
    case frame_kind::STATE_QUERY: {
      const auto x = root.getStateQuery();
      return as_message(state_query{term_t{x.getTerm()}, x.getBoot()});
    }
    case frame_kind::STATE_ANSWER:
      return as_message(decode_body(root.getStateAnswer()));
    case frame_kind::SNAPSHOT_CHUNK:
      return as_body(decode_body(root.getSnapshotChunk(), whole));
    case frame_kind::SNAPSHOT_ANSWER:
      return as_body(decode_body(root.getSnapshotAnswer()));
    case frame_kind::CLIENT_REQUEST:
      return as_body(decode(root.getClientRequest(), whole));
    case frame_kind::CLIENT_REPLY:
      return as_body(decode(root.getClientReply(), whole));
    case frame_kind::JOIN_SET:
      return as_body(join_set{node_id{root.getJoinSet().getReplaces()}});
    case frame_kind::FORM_OFFER:
      return as_body(decode(root.getFormOffer()));
    case frame_kind::FORM_ANSWER:
      return as_body(decode(root.getFormAnswer()));
    case frame_kind::JOIN_REQUEST:
      return as_body(decode(root.getJoinRequest()));
    case frame_kind::JOIN_REPLY:
      return as_body(decode(root.getJoinReply()));
    case frame_kind::STATUS_REQUEST:
      return as_body(status_request{root.getStatusRequest().getId()});
    case frame_kind::STATUS_REPLY:
      return as_body(decode(root.getStatusReply(), whole));
    case frame_kind::REFUSAL:
      return as_body(decode(root.getRefusal()));
  }
  return error{errc::unsupported, "peer frame: unknown kind"};
}

frame_address::target target_of(wire::PeerFrame::Which kind) {
  using frame_kind = wire::PeerFrame;
  switch (kind) {
    case frame_kind::CLIENT_REPLY:
      return frame_address::target::gateway;
    case frame_kind::FORM_OFFER:
    case frame_kind::FORM_ANSWER:
    case frame_kind::JOIN_REQUEST:
    case frame_kind::JOIN_REPLY:
    case frame_kind::STATUS_REQUEST:
    case frame_kind::STATUS_REPLY:
    case frame_kind::REFUSAL:
      return frame_address::target::node;
    default:
      return frame_address::target::replica;
  }
}

} // namespace

frame encode(set_id set, node_id from, const message& msg) {
  return std::visit(
    [&](const auto& x) { return encode_frame(set, from, payload_of(msg), x); },
    msg);
}

frame encode(set_id set, node_id from, const snapshot_chunk& msg) {
  return encode_frame(set, from, msg.data.size(), msg);
}

frame encode(set_id set, node_id from, const snapshot_answer& msg) {
  return encode_frame(set, from, 0, msg);
}

frame encode(set_id set, node_id from, const client_request& msg) {
  return encode_frame(set, from, payload_of(msg), msg);
}

frame encode(set_id set, node_id from, const client_reply& msg) {
  return encode_frame(set, from, payload_of(msg), msg);
}

frame encode(set_id set, node_id from, const join_set& msg) {
  return encode_frame(set, from, 0, msg);
}

frame encode(node_id from, const form_offer& msg) {
  return encode_frame(meta_set, from, 0, msg);
}

frame encode(node_id from, const form_answer& msg) {
  return encode_frame(meta_set, from, 0, msg);
}

frame encode(node_id from, const join_request& msg) {
  return encode_frame(meta_set, from, 0, msg);
}

frame encode(node_id from, const join_reply& msg) {
  return encode_frame(meta_set, from, 0, msg);
}

frame encode(node_id from, const status_request& msg) {
  return encode_frame(meta_set, from, 0, msg);
}

frame encode(node_id from, const status_reply& msg) {
  return encode_frame(meta_set, from, 1024, msg);
}

frame encode(node_id from, const refusal& msg) {
  return encode_frame(meta_set, from, 0, msg);
}

result<frame_address> address_of(const frame& f) {
  return decode_as<wire::PeerFrame>(
    "peer frame", f.data(), f.size(),
    [](wire::PeerFrame::Reader root) -> result<frame_address> {
      return frame_address{
        set_id{root.getSet()}, node_id{root.getFrom()}, target_of(root.which()),
        root.isClientReply() ? root.getClientReply().getId() : 0};
    });
}

result<peer_frame> decode_peer(const frame& f) {
  return decode_as<wire::PeerFrame>(
    "peer frame", f.data(), f.size(),
    [&](wire::PeerFrame::Reader root) -> result<peer_frame> {
      auto body = decode_union(root, f);
      if (!body)
        return body.err();
      return peer_frame{set_id{root.getSet()}, node_id{root.getFrom()},
                        std::move(*body)};
    });
}

} // namespace cohort::codec
