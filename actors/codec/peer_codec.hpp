// Frames between nodes.
#pragma once

#include "codec/client_messages.hpp"
#include "codec/node_messages.hpp"
#include "core/frame.hpp"
#include "core/result.hpp"
#include "replication/messages.hpp"

#include <variant>

namespace cohort::codec {

using peer_body =
  std::variant<replication::message, snapshot_chunk, snapshot_answer,
               client_request, client_reply, join_set, form_offer, form_answer,
               join_request, join_reply, status_request, status_reply, refusal>;

/// One decoded frame. Payloads alias it.
struct peer_frame {
  set_id set;   ///< `meta_set` for messages between nodes
  node_id from; ///< the sender's incarnation
  peer_body body;
};

/// Where a frame goes inside a node, read without decoding the rest.
struct frame_address {
  enum class target : std::uint8_t {
    replica, ///< of `set`: the log protocol, snapshots, joins, requests
    gateway, ///< an answer to a request of this node
    node,    ///< between nodes
  };

  set_id set;
  node_id from;
  target to{};
  std::uint64_t request = 0; ///< for `gateway`: the id that is answered
};

frame encode(set_id set, node_id from, const replication::message& msg);
frame encode(set_id set, node_id from, const snapshot_chunk& msg);
frame encode(set_id set, node_id from, const snapshot_answer& msg);
frame encode(set_id set, node_id from, const client_request& msg);
frame encode(set_id set, node_id from, const client_reply& msg);
frame encode(set_id set, node_id from, const join_set& msg);
frame encode(node_id from, const form_offer& msg);
frame encode(node_id from, const form_answer& msg);
frame encode(node_id from, const join_request& msg);
frame encode(node_id from, const join_reply& msg);
frame encode(node_id from, const status_request& msg);
frame encode(node_id from, const status_reply& msg);
frame encode(node_id from, const refusal& msg);

/// Malformed bytes give errc::malformed, unknown kinds errc::unsupported; never
/// anything worse, whatever the bytes.
result<frame_address> address_of(const frame& f);
result<peer_frame> decode_peer(const frame& f);

frame encode(const handshake& msg);
result<handshake> decode_handshake(const frame& f);

frame encode(const command_body& body);
result<command_body> decode_command(const bytes& payload);

} // namespace cohort::codec
