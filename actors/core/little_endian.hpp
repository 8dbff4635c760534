// Numbers in files and frames: little-endian, whatever the machine is.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstring>

namespace cohort {

namespace detail {

/// Swaps the bytes of `x` on a big-endian machine.
template <std::unsigned_integral T>
constexpr T to_little_endian(T x) {
  if constexpr (std::endian::native == std::endian::little) {
    return x;
  } else {
    T result = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i)
      result = static_cast<T>((result << 8) | ((x >> (8 * i)) & 0xff));
    return result;
  }
}

} // namespace detail

/// Precondition: sizeof(T) bytes can be read at `from`; any alignment.
template <std::unsigned_integral T>
T load_le(const void* from) {
  T x;
  std::memcpy(&x, from, sizeof x);
  return detail::to_little_endian(x);
}

/// Precondition: sizeof(T) bytes can be written at `to`; any alignment.
template <std::unsigned_integral T>
void store_le(void* to, T x) {
  x = detail::to_little_endian(x);
  std::memcpy(to, &x, sizeof x);
}

} // namespace cohort
