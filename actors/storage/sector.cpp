#include "storage/sector.hpp"

#include "core/crc32c.hpp"
#include "core/little_endian.hpp"

#include <cstring>

namespace cohort::storage {

namespace {

// Where the fields of a sector's head are; docs/STORAGE_FORMAT.md.
constexpr std::size_t checksum_at = 0;
constexpr std::size_t index_at = 4;
constexpr std::size_t life_at = 8;
constexpr std::size_t block_at = 16;

std::uint32_t checksum_of(const std::byte* sector) {
  return crc32c(sector + index_at, sector_bytes - index_at);
}

} // namespace

void seal_sector(std::span<std::byte> sector, const sector_id& id) {
  auto* at = sector.data();
  store_le(at + index_at, id.index);
  store_le(at + life_at, id.life);
  store_le(at + block_at, id.block);
  store_le(at + checksum_at, checksum_of(at));
}

sector_view inspect_sector(std::span<const std::byte> sector) {
  const auto* at = sector.data();
  if (load_le<std::uint32_t>(at + checksum_at) == checksum_of(at))
    return {sector_state::good,
            {load_le<std::uint64_t>(at + life_at),
             load_le<std::uint64_t>(at + block_at),
             load_le<std::uint32_t>(at + index_at)}};
  // Most of a new segment is blank: all bytes are as the one before, and zero.
  const bool zeros = at[0] == std::byte{0}
                     && std::memcmp(at, at + 1, sector_bytes - 1) == 0;
  return {zeros ? sector_state::blank : sector_state::damaged, {}};
}

} // namespace cohort::storage
