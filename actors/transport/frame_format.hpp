// How frames look on a connection between nodes; docs/PROTOCOL.md has the
// layout as a table.
#pragma once

#include "core/result.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace cohort::transport {

/// Control never queues behind data (T2); each lane keeps its order.
enum class lane : std::uint8_t {
  control, ///< votes, acknowledgements, answers that give credit
  data,    ///< entries, snapshots, client requests and replies
};

inline constexpr std::size_t lane_count = 2;

/// A frame longer than this is cut into pieces, so that control can go between.
inline constexpr std::uint32_t piece_bytes_max = 256 << 10;

/// The longest frame: entry_bytes_max and what goes around it.
inline constexpr std::uint32_t frame_bytes_max = 40 << 20;

/// The longest frame of a peer that has not said who it is.
inline constexpr std::uint32_t hello_bytes_max = 16 << 10;

/// What precedes each piece of a frame.
struct piece_header {
  lane on = lane::control;
  bool first = false;
  bool last = false;
  std::uint32_t length = 0; ///< bytes of this piece
  std::uint32_t total = 0;  ///< bytes of the whole frame
  std::uint32_t crc = 0;    ///< CRC-32C of this piece

  bool operator==(const piece_header&) const = default;
};

inline constexpr std::size_t piece_header_bytes = 24;
using encoded_header = std::array<char, piece_header_bytes>;

encoded_header encode(const piece_header& header);

/// Refuses what no peer of ours sends: another protocol, a damaged header, a
/// length over `total_max`.
result<piece_header> decode_header(const encoded_header& from,
                                   std::uint32_t total_max);

} // namespace cohort::transport
