#include "bench/grpc_codec.hpp"

#include <optional>

namespace cohort::bench::grpc {

namespace {

enum wire_type : std::uint32_t {
  varint = 0,
  fixed64 = 1,
  bytes = 2,
  fixed32 = 5
};

/// A varint has at most ten groups of seven bits.
constexpr std::size_t varint_bytes_max = 10;

std::string framed(std::string_view message) {
  std::string result(1, '\0'); // not compressed
  for (int shift = 24; shift >= 0; shift -= 8)
    result += static_cast<char>(message.size() >> shift & 0xff);
  result += message;
  return result;
}

/// Takes a varint off the front of `in`.
std::optional<std::uint64_t> take_varint(std::string_view& in) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < in.size() && i < varint_bytes_max; ++i) {
    const auto byte = static_cast<unsigned char>(in[i]);
    value |= static_cast<std::uint64_t>(byte & 0x7f) << (7 * i);
    if (byte < 0x80) {
      in.remove_prefix(i + 1);
      return value;
    }
  }
  return std::nullopt;
}

/// Takes the value of a field off the front of `in`. False: malformed.
bool skip_value(std::string_view& in, std::uint64_t type) {
  std::uint64_t size = 0;
  if (type == wire_type::varint)
    return take_varint(in).has_value();
  if (type == wire_type::bytes) {
    const auto length = take_varint(in);
    if (!length)
      return false;
    size = *length;
  } else if (type == wire_type::fixed64) {
    size = 8;
  } else if (type == wire_type::fixed32) {
    size = 4;
  } else {
    return false;
  }
  if (size > in.size())
    return false;
  in.remove_prefix(size);
  return true;
}

} // namespace

void append_varint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7)
    out += static_cast<char>((value & 0x7f) | 0x80);
  out += static_cast<char>(value);
}

void append_bytes_field(std::string& out, std::uint32_t field,
                        std::string_view value) {
  append_varint(out, std::uint64_t{field} << 3 | wire_type::bytes);
  append_varint(out, value.size());
  out += value;
}

std::string put_request(std::string_view key, std::string_view value) {
  std::string message;
  append_bytes_field(message, 1, key);
  append_bytes_field(message, 2, value);
  return framed(message);
}

std::string range_request(std::string_view key) {
  std::string message;
  append_bytes_field(message, 1, key);
  return framed(message);
}

result<std::string_view> unframe(std::string_view body) {
  if (body.size() < frame_header_bytes)
    return {errc::malformed, "a gRPC body without a header"};
  if (body[0] != '\0')
    return {errc::unsupported, "a compressed gRPC message"};
  std::uint64_t size = 0;
  for (std::size_t i = 1; i < frame_header_bytes; ++i)
    size = size << 8 | static_cast<unsigned char>(body[i]);
  body.remove_prefix(frame_header_bytes);
  if (body.size() != size)
    return {errc::malformed, "a gRPC body of " + std::to_string(body.size())
                               + " bytes that announced "
                               + std::to_string(size)};
  return body;
}

result<bool> has_field(std::string_view message, std::uint32_t field) {
  bool found = false;
  while (!message.empty()) {
    const auto tag = take_varint(message);
    if (!tag || !skip_value(message, *tag & 7))
      return {errc::malformed, "no protocol buffers message"};
    found = found || *tag >> 3 == field;
  }
  return found;
}

} // namespace cohort::bench::grpc
