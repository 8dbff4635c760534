// Messages between nodes. For sources of codec/ only.
#pragma once

#include "codec/node_messages.hpp"
#include "core/frame.hpp"
#include "core/result.hpp"

#include "schemas/peer.capnp.h"

namespace cohort::codec {

void encode_body(wire::PeerFrame::Builder root, const form_offer& x);
void encode_body(wire::PeerFrame::Builder root, const form_answer& x);
void encode_body(wire::PeerFrame::Builder root, const join_request& x);
void encode_body(wire::PeerFrame::Builder root, const join_reply& x);
void encode_body(wire::PeerFrame::Builder root, const status_request& x);
void encode_body(wire::PeerFrame::Builder root, const status_reply& x);
void encode_body(wire::PeerFrame::Builder root, const refusal& x);

form_offer decode(wire::FormOffer::Reader from);
form_answer decode(wire::FormAnswer::Reader from);
join_request decode(wire::JoinRequest::Reader from);
join_reply decode(wire::JoinReply::Reader from);
result<status_reply> decode(wire::StatusReply::Reader from, const frame& whole);
result<refusal> decode(wire::Refusal::Reader from);

} // namespace cohort::codec
