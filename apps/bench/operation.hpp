// One operation of the load.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace cohort::bench {

/// Every key has this length: bench/ceiling.cpp parses no other.
inline constexpr std::size_t key_bytes = 16;

enum class operation_kind : std::uint8_t {
  set, ///< a durable write
  get, ///< a linearizable read, where the system offers one
};

struct operation {
  operation_kind kind = operation_kind::set;
  std::array<char, key_bytes> key{};
  /// What to write; empty for reads. Points into the workload, which outlives
  /// all operations.
  std::string_view value;

  std::string_view key_view() const {
    return {key.data(), key.size()};
  }
};

} // namespace cohort::bench
