// Whether two runs were the same.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace cohort::testkit {

/// A hash over everything that happened, in order: as FNV-1a, but eight bytes
/// at a time, each folded so that none of its bits is lost from the low ones.
class trace_hash {
public:
  void add(std::uint64_t x) {
    value_ = (value_ ^ x) * 0x9e3779b97f4a7c15;
    value_ ^= value_ >> 32;
  }

  void add(std::string_view text) {
    add(text.size());
    for (; !text.empty(); text.remove_prefix(std::min(text.size(), word))) {
      std::uint64_t x = 0;
      std::memcpy(&x, text.data(), std::min(text.size(), word));
      add(x);
    }
  }

  std::uint64_t value() const {
    return value_;
  }

private:
  static constexpr std::size_t word = sizeof(std::uint64_t);

  std::uint64_t value_ = 0xcbf29ce484222325;
};

} // namespace cohort::testkit
