// Which operation comes next.
#pragma once

#include "bench/operation.hpp"
#include "core/rng.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace cohort::bench {

enum class key_order : std::uint8_t {
  uniform,    ///< every key equally likely, each time anew
  sequential, ///< 0, 1, 2, ... and around: a fill meets every key once
};

/// Deals out operations. The same options give the same operations.
class workload {
public:
  struct options {
    operation_kind kind = operation_kind::set;
    key_order order = key_order::uniform;
    std::uint64_t keys = 100'000; ///< > 0 and at most keys_max
    std::size_t value_bytes = 256;
    std::uint64_t limit = 0; ///< how many operations there are; 0: no end
    std::uint64_t seed = 1;
  };

  /// As many keys as have a name of key_bytes.
  static constexpr std::uint64_t keys_max = 1'000'000'000'000;

  explicit workload(const options& x);

  // Operations point into the pool.
  workload(const workload&) = delete;
  workload& operator=(const workload&) = delete;

  /// Nothing once `limit` operations were dealt out.
  std::optional<operation> next();

private:
  options options_;
  rng rng_;
  std::uint64_t dealt_ = 0;
  /// Random bytes, so that no system gains by compressing values; each value
  /// is a window into it at a place of its own.
  std::string pool_;
};

/// "key:" and the number in twelve decimal digits.
/// Precondition: number < workload::keys_max.
std::array<char, key_bytes> key_of(std::uint64_t number);

} // namespace cohort::bench
