// Reads an input as the description of something: so that what has checksums
// or an order can be built from any bytes.
#pragma once

#include "core/crc32c.hpp"
#include "core/frame.hpp"
#include "core/rng.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace cohort::fuzz {

/// Takes the input from its beginning on. At the end it gives zeros, and no
/// bytes.
class bytes_source {
public:
  explicit bytes_source(std::string_view from) : left_(from) {}

  bool empty() const {
    return left_.empty();
  }

  std::uint8_t byte() {
    if (empty())
      return 0;
    const auto result = static_cast<std::uint8_t>(left_.front());
    left_.remove_prefix(1);
    return result;
  }

  /// Small numbers take one byte: seven bits in each, the lowest first.
  std::uint64_t number() {
    std::uint64_t result = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const auto x = byte();
      result |= static_cast<std::uint64_t>(x & 0x7f) << shift;
      if (x < 0x80)
        break;
    }
    return result;
  }

  std::string_view bytes(std::uint64_t count) {
    const auto result = left_.substr(
      0,
      static_cast<std::size_t>(std::min<std::uint64_t>(count, left_.size())));
    left_.remove_prefix(result.size());
    return result;
  }

  /// Bytes with their number before them.
  std::string_view text() {
    return bytes(number());
  }

  std::string_view rest() {
    return bytes(left_.size());
  }

private:
  std::string_view left_;
};

/// The opposite of number() and text(), for seeds.
inline void put_number(std::string& to, std::uint64_t x) {
  for (; x >= 0x80; x >>= 7)
    to += static_cast<char>((x & 0x7f) | 0x80);
  to += static_cast<char>(x);
}

inline void put_text(std::string& to, std::string_view x) {
  put_number(to, x.size());
  to += x;
}

/// The whole words of `from`.
inline frame frame_of(std::string_view from) {
  frame_buffer buffer{from.size() / sizeof(std::uint64_t)};
  if (buffer.size() > 0)
    std::memcpy(buffer.data(), from.data(), buffer.size());
  return frame{std::move(buffer)};
}

/// A generator whose seed is the input, for what is not worth its bytes.
inline rng rng_of(std::string_view input) {
  return rng{crc32c(input.data(), input.size())};
}

/// Calls `take` with pieces of `whole` until it returns false. Most are short,
/// some are long.
template <class Take>
void in_pieces(std::string_view whole, rng& random, Take take) {
  while (!whole.empty()) {
    const auto most = std::uint64_t{1} << random.below(14);
    const auto piece =
      whole.substr(0, static_cast<std::size_t>(random.between(1, most)));
    whole.remove_prefix(piece.size());
    if (!take(piece))
      return;
  }
}

} // namespace cohort::fuzz
