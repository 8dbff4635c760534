// CRC-32C (Castagnoli), RFC 3720 appendix B.4: checks frames and disk sectors.
#pragma once

#include <cstddef>
#include <cstdint>

namespace cohort {

/// The checksum of `size` bytes. To checksum a range in pieces, pass the
/// checksum so far as `seed`. Uses the processor's instruction where it has
/// one.
std::uint32_t crc32c(const void* data, std::size_t size,
                     std::uint32_t seed = 0);

namespace detail {

/// The same without the instruction. Slow; here for processors that lack it and
/// for the test that compares the two.
std::uint32_t crc32c_table(const void* data, std::size_t size,
                           std::uint32_t seed = 0);

} // namespace detail

} // namespace cohort
