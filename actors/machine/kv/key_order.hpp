// The order in which keys are walked, stored and sent in snapshots (K5).
#pragma once

#include <cstdint>
#include <string_view>

namespace cohort::kv {

inline constexpr unsigned slot_bits = 14;
inline constexpr unsigned hash_bits = 49;

/// Positions are below this: a position, and so a SCAN cursor, fits a signed
/// number, which some Redis clients take it for.
inline constexpr std::uint64_t position_end = std::uint64_t{1}
                                              << (slot_bits + hash_bits);

/// The slot of Redis Cluster: CRC16 of the key, or of its {hash tag}.
std::uint16_t slot_of(std::string_view key);

/// SipHash-1-3 of the key, under a key made from `seed`. Whoever does not know
/// the seed cannot make keys collide.
std::uint64_t hash_of(std::uint64_t seed, std::string_view key);

/// Slot, then the upper bits of the hash. Keys of the same position are ordered
/// by their bytes.
std::uint64_t position_of(std::uint64_t seed, std::string_view key);

} // namespace cohort::kv
