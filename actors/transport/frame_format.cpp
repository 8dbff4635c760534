#include "transport/frame_format.hpp"

#include "core/crc32c.hpp"

#include <cstring>

namespace cohort::transport {

namespace {

constexpr std::uint32_t magic = 0x31524843; // "CHR1" on the wire
constexpr std::size_t covered_bytes = 20;   // by the header's own checksum

constexpr std::uint8_t flag_first = 1;
constexpr std::uint8_t flag_last = 2;

/// Little-endian, on every machine.
void put32(char* to, std::uint32_t x) {
  for (int i = 0; i < 4; ++i)
    to[i] = static_cast<char>(x >> (8 * i));
}

std::uint32_t get32(const char* from) {
  std::uint32_t result = 0;
  for (int i = 0; i < 4; ++i)
    result |= std::uint32_t{static_cast<unsigned char>(from[i])} << (8 * i);
  return result;
}

error bad_header(const char* what) {
  return {errc::malformed, std::string{"frame header: "} + what};
}

} // namespace

encoded_header encode(const piece_header& header) {
  encoded_header result{};
  char* p = result.data();
  put32(p, magic);
  p[4] = static_cast<char>(header.on);
  p[5] = static_cast<char>((header.first ? flag_first : 0)
                           | (header.last ? flag_last : 0));
  put32(p + 8, header.length);
  put32(p + 12, header.total);
  put32(p + 16, header.crc);
  put32(p + 20, crc32c(p, covered_bytes));
  return result;
}

result<piece_header> decode_header(const encoded_header& from,
                                   std::uint32_t total_max) {
  const char* p = from.data();
  if (get32(p) != magic)
    return bad_header("not a peer of this protocol");
  if (get32(p + 20) != crc32c(p, covered_bytes))
    return bad_header("damaged");
  const auto lane_number = static_cast<std::uint8_t>(p[4]);
  const auto flags = static_cast<std::uint8_t>(p[5]);
  if (lane_number >= lane_count || flags > (flag_first | flag_last) || p[6] != 0
      || p[7] != 0)
    return bad_header("unknown lane or flags");
  piece_header result;
  result.on = static_cast<lane>(lane_number);
  result.first = (flags & flag_first) != 0;
  result.last = (flags & flag_last) != 0;
  result.length = get32(p + 8);
  result.total = get32(p + 12);
  result.crc = get32(p + 16);
  if (result.total > total_max)
    return error{errc::too_large,
                 "frame header: a frame of " + std::to_string(result.total)
                   + " bytes, allowed are " + std::to_string(total_max)};
  if (result.length == 0 || result.length > piece_bytes_max
      || result.length > result.total || result.total % 8 != 0)
    return bad_header("impossible length");
  return result;
}

} // namespace cohort::transport
