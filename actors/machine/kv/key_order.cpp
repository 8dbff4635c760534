#include "machine/kv/key_order.hpp"

#include "core/little_endian.hpp"
#include "core/rng.hpp"

#include <array>
#include <bit>
#include <cstddef>

namespace cohort::kv {

namespace {

/// CRC-16/XMODEM: polynomial 0x1021, not reflected, starts at 0.
constexpr auto crc16_table = [] {
  std::array<std::uint16_t, 256> result{};
  for (unsigned i = 0; i < 256; ++i) {
    unsigned crc = i << 8;
    for (int bit = 0; bit < 8; ++bit)
      crc = (crc << 1) ^ ((crc & 0x8000) != 0 ? 0x1021u : 0u);
    result[i] = static_cast<std::uint16_t>(crc);
  }
  return result;
}();

/// What is between the first { and the next }, unless that is nothing.
std::string_view hash_tag(std::string_view key) {
  const auto open = key.find('{');
  if (open == std::string_view::npos)
    return key;
  const auto close = key.find('}', open + 1);
  if (close == std::string_view::npos || close == open + 1)
    return key;
  return key.substr(open + 1, close - open - 1);
}

struct sip_state {
  std::uint64_t v0, v1, v2, v3;

  void round() {
    v0 += v1;
    v1 = std::rotl(v1, 13) ^ v0;
    v0 = std::rotl(v0, 32);
    v2 += v3;
    v3 = std::rotl(v3, 16) ^ v2;
    v0 += v3;
    v3 = std::rotl(v3, 21) ^ v0;
    v2 += v1;
    v1 = std::rotl(v1, 17) ^ v2;
    v2 = std::rotl(v2, 32);
  }

  void take(std::uint64_t word) {
    v3 ^= word;
    round();
    v0 ^= word;
  }
};

} // namespace

std::uint16_t slot_of(std::string_view key) {
  unsigned crc = 0;
  for (const char c : hash_tag(key))
    crc = ((crc << 8) & 0xffff)
          ^ crc16_table[((crc >> 8) ^ static_cast<unsigned char>(c)) & 0xff];
  return static_cast<std::uint16_t>(crc & ((1u << slot_bits) - 1));
}

std::uint64_t hash_of(std::uint64_t seed, std::string_view key) {
  rng random{seed};
  const auto k0 = random.next();
  const auto k1 = random.next();
  sip_state sip{k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d,
                k0 ^ 0x6c7967656e657261, k1 ^ 0x7465646279746573};
  std::size_t at = 0;
  for (; at + sizeof(std::uint64_t) <= key.size(); at += sizeof(std::uint64_t))
    sip.take(load_le<std::uint64_t>(key.data() + at));
  auto last = static_cast<std::uint64_t>(key.size()) << 56;
  for (unsigned shift = 0; at < key.size(); ++at, shift += 8)
    last |= static_cast<std::uint64_t>(static_cast<unsigned char>(key[at]))
            << shift;
  sip.take(last);
  sip.v2 ^= 0xff;
  for (int i = 0; i < 3; ++i)
    sip.round();
  return sip.v0 ^ sip.v1 ^ sip.v2 ^ sip.v3;
}

std::uint64_t position_of(std::uint64_t seed, std::string_view key) {
  return static_cast<std::uint64_t>(slot_of(key)) << hash_bits
         | hash_of(seed, key) >> (64 - hash_bits);
}

} // namespace cohort::kv
