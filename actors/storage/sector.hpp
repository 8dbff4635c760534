// The smallest thing a disk writes whole, as the log lays it out (D3).
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <span>

namespace cohort::storage {

inline constexpr std::size_t sector_bytes = 512;
inline constexpr std::size_t sector_head_bytes = 24;
inline constexpr std::size_t sector_payload_bytes = sector_bytes
                                                    - sector_head_bytes;

/// Which write a sector belongs to. No two writes ever share a life and a block
/// number, so sectors that carry the same are parts of one block, whatever else
/// was at their place before.
struct sector_id {
  std::uint64_t life = 0;  ///< of the segment; counted from 1
  std::uint64_t block = 0; ///< counted from 1
  std::uint32_t index = 0; ///< of the sector in its block

  auto operator<=>(const sector_id&) const = default;
};

enum class sector_state : std::uint8_t {
  good,    ///< the checksum is right: `id` holds
  blank,   ///< zeros: nothing was ever written here
  damaged, ///< the checksum is wrong, which no crash explains
};

struct sector_view {
  sector_state state = sector_state::damaged;
  sector_id id;

  bool is(const sector_id& other) const {
    return state == sector_state::good && id == other;
  }
};

/// Writes the head of a sector whose payload is in place.
/// Precondition: sector.size() == sector_bytes.
void seal_sector(std::span<std::byte> sector, const sector_id& id);

/// Precondition: sector.size() == sector_bytes.
sector_view inspect_sector(std::span<const std::byte> sector);

} // namespace cohort::storage
