// The few messages of etcd's v3 API that a load generator speaks, encoded by
// hand: protocol buffers inside gRPC frames. HTTP/2 around them is the matter
// of etcd_protocol.
//
// Sources: the protocol buffers encoding guide; gRPC over HTTP/2,
// "Length-Prefixed-Message"; etcd's rpc.proto for the field numbers.
#pragma once

#include "core/result.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace cohort::bench::grpc {

/// In front of each message: one byte "compressed", four bytes of length.
inline constexpr std::size_t frame_header_bytes = 5;

/// A base 128 varint, least significant group first.
void append_varint(std::string& out, std::uint64_t value);

/// A field of wire type 2: tag, length, bytes.
void append_bytes_field(std::string& out, std::uint32_t field,
                        std::string_view value);

/// etcdserverpb.PutRequest with key (1) and value (2), framed for gRPC.
std::string put_request(std::string_view key, std::string_view value);

/// etcdserverpb.RangeRequest with key (1), framed for gRPC. The field
/// `serializable` keeps its default, so the read is linearizable.
std::string range_request(std::string_view key);

/// The only message in the body of a reply.
result<std::string_view> unframe(std::string_view body);

/// Whether a message contains a field, whatever its value. An error if the
/// bytes are no message.
result<bool> has_field(std::string_view message, std::uint32_t field);

/// In a RangeResponse, the field that holds what was found.
inline constexpr std::uint32_t range_response_kvs = 2;

} // namespace cohort::bench::grpc
