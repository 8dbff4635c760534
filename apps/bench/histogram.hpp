// Latencies, counted in buckets of constant relative width.
#pragma once

#include <cstdint>
#include <vector>

namespace cohort::bench {

/// Counts 64-bit values so that any quantile can be asked for afterwards, in a
/// fixed 58 KiB and without an allocation per value. Buckets are one value wide
/// below 256; above, each power of two is split into 128.
///
/// Invariant: a quantile is never below the true one, and above it by less than
/// one part in 128. The largest value is exact.
class histogram {
public:
  histogram();

  /// Counts `value` `times` times: a batch is one latency of many operations.
  void add(std::uint64_t value, std::uint64_t times = 1);

  std::uint64_t count() const {
    return count_;
  }
  std::uint64_t max() const {
    return max_;
  }

  /// The value that at least `fraction` of all counted values do not exceed; 0
  /// if none was counted. Precondition: 0 < fraction <= 1.
  std::uint64_t quantile(double fraction) const;

private:
  std::vector<std::uint64_t> buckets_;
  std::uint64_t count_ = 0;
  std::uint64_t max_ = 0;
};

} // namespace cohort::bench
