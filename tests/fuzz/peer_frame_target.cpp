// Frames between nodes: the log protocol, snapshots, clients' requests,
// forming.
#include "codec/peer_codec.hpp"
#include "fuzz/bytes_source.hpp"
#include "fuzz/fuzz_target.hpp"
#include "fuzz/round_trip.hpp"

#include <type_traits>
#include <variant>

namespace cohort::fuzz::peer_frame_fuzz {

namespace {

using codec::frame_address;
using codec::peer_frame;

frame write(const peer_frame& x) {
  return std::visit(
    [&](const auto& body) {
      if constexpr (requires { codec::encode(x.set, x.from, body); })
        return codec::encode(x.set, x.from, body);
      else
        return codec::encode(x.from, body);
    },
    x.body);
}

template <class... Kinds>
bool is_one_of(const codec::peer_body& x) {
  return (std::holds_alternative<Kinds>(x) || ...);
}

frame_address::target expected_target(const codec::peer_body& x) {
  if (is_one_of<client_reply>(x))
    return frame_address::target::gateway;
  if (is_one_of<form_offer, form_answer, join_request, join_reply,
                status_request, status_reply, refusal>(x))
    return frame_address::target::node;
  return frame_address::target::replica;
}

/// Where a frame goes is read by itself, and must be the same.
void check_address(const frame& from, const peer_frame& decoded) {
  const auto address = codec::address_of(from);
  expect(address.ok(), "a frame that is understood has an address");
  expect(address->set == decoded.set && address->from == decoded.from
           && address->to == expected_target(decoded.body),
         "the address is that of the frame");
  if (const auto* reply = std::get_if<client_reply>(&decoded.body))
    expect(address->request == reply->id, "the address names the request");
}

/// What the protocol takes for granted (C7).
void check_append(const replication::append_request& x) {
  auto last = x.prev;
  for (const auto& e : x.entries) {
    expect(e.index > last.index && e.index - last.index == 1,
           "entries follow each other");
    expect(e.term >= last.term && e.term <= x.term,
           "terms do not fall, and are not beyond the sender's");
    expect((e.kind == replication::entry_kind::membership)
             == (e.members != nullptr),
           "a configuration entry, and no other, has members");
    if (e.members)
      expect(validate(e.members->newest()).ok(), "configurations can work");
    last = {e.term, e.index};
  }
  expect(x.commit_index <= last.index, "commit is within what is covered");
}

void check_replies(const packed_replies& x) {
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < x.size(); ++i)
    bytes += x[i].size();
  expect(bytes <= x.data.size(), "replies lie in their data");
}

void check(const peer_frame& x) {
  if (const auto* reply = std::get_if<client_reply>(&x.body)) {
    check_replies(reply->replies);
    check_replies(reply->query_replies);
  }
  if (const auto* message = std::get_if<replication::message>(&x.body))
    if (const auto* append = std::get_if<replication::append_request>(message))
      check_append(*append);
}

} // namespace

COHORT_FUZZ_TARGET(peer_frame) {
  const auto from = frame_of(input);
  const auto understood = round_trips(
    content_of(from),
    [](std::string_view x) { return codec::decode_peer(frame_of(x)); },
    [](const codec::peer_frame& x) { return content_of(write(x)); });
  if (!understood) {
    static_cast<void>(codec::address_of(from));
    return false;
  }
  const auto decoded = codec::decode_peer(from);
  check_address(from, *decoded);
  check(*decoded);
  return true;
}

} // namespace cohort::fuzz::peer_frame_fuzz
