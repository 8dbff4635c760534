// Requests of gateways. For sources of codec/ only.
#pragma once

#include "codec/client_messages.hpp"
#include "core/frame.hpp"
#include "core/result.hpp"

#include "schemas/peer.capnp.h"

namespace cohort::codec {

capnp::Data::Reader to_data(std::string_view from);
inline capnp::Data::Reader to_data(const bytes& from) {
  return to_data(from.view());
}

void encode(wire::SessionId::Builder to, const session_id& from);
session_id decode(wire::SessionId::Reader from);

/// A range that aliases `whole`, which the reader must lie in.
bytes from_data(capnp::Data::Reader from, const frame& whole);
bytes from_data(capnp::Data::Reader from, const bytes& whole);

void encode_body(wire::PeerFrame::Builder root, const client_request& x);
void encode_body(wire::PeerFrame::Builder root, const client_reply& x);

result<client_request> decode(wire::ClientRequest::Reader from,
                              const frame& whole);
result<client_reply> decode(wire::ClientReply::Reader from, const frame& whole);

std::size_t payload_of(const client_request& x);
std::size_t payload_of(const client_reply& x);

} // namespace cohort::codec
