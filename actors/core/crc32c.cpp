#include "core/crc32c.hpp"

#include <array>
#include <cstring>

#if defined(__x86_64__)
#  include <nmmintrin.h>
#endif

namespace cohort {

namespace {

constexpr std::uint32_t polynomial = 0x82f63b78; // reflected

constexpr std::array<std::uint32_t, 256> make_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    auto crc = i;
    for (int bit = 0; bit < 8; ++bit)
      crc = (crc >> 1) ^ ((crc & 1) != 0 ? polynomial : 0);
    table[i] = crc;
  }
  return table;
}

#if defined(__x86_64__)

[[gnu::target("sse4.2")]] std::uint32_t
crc32c_sse42(const void* data, std::size_t size, std::uint32_t seed) {
  const auto* p = static_cast<const unsigned char*>(data);
  std::uint64_t crc = ~seed;
  for (; size >= 8; p += 8, size -= 8) {
    std::uint64_t word;
    std::memcpy(&word, p, sizeof word);
    crc = _mm_crc32_u64(crc, word);
  }
  auto low = static_cast<std::uint32_t>(crc);
  for (; size > 0; ++p, --size)
    low = _mm_crc32_u8(low, *p);
  return ~low;
}

#endif

using implementation = std::uint32_t (*)(const void*, std::size_t,
                                         std::uint32_t);

implementation choose() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("sse4.2"))
    return crc32c_sse42;
#endif
  return detail::crc32c_table;
}

} // namespace

namespace detail {

std::uint32_t crc32c_table(const void* data, std::size_t size,
                           std::uint32_t seed) {
  static constexpr auto table = make_table();
  const auto* p = static_cast<const unsigned char*>(data);
  auto crc = ~seed;
  for (; size > 0; ++p, --size)
    crc = (crc >> 8) ^ table[(crc ^ *p) & 0xff];
  return ~crc;
}

} // namespace detail

std::uint32_t crc32c(const void* data, std::size_t size, std::uint32_t seed) {
  static const auto chosen = choose();
  return chosen(data, size, seed);
}

} // namespace cohort
