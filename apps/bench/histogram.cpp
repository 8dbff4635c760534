#include "bench/histogram.hpp"

#include "core/check.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>

namespace cohort::bench {

namespace {

/// Values keep this many leading bits; the rest picks no bucket of its own.
constexpr unsigned kept_bits = 8;
constexpr std::uint64_t per_power = std::uint64_t{1} << (kept_bits - 1);
constexpr std::uint64_t bucket_count = per_power * (64 - kept_bits + 2);

std::size_t bucket_of(std::uint64_t value) {
  const auto width = static_cast<unsigned>(std::bit_width(value));
  const auto shift = width > kept_bits ? width - kept_bits : 0;
  return per_power * shift + (value >> shift);
}

/// The largest value that falls into a bucket.
std::uint64_t upper_bound_of(std::size_t bucket) {
  if (bucket < 2 * per_power)
    return bucket;
  const auto shift = bucket / per_power - 1;
  // In the last bucket the sum wraps to 0, and 0 - 1 is the right answer.
  return ((bucket - per_power * shift + 1) << shift) - 1;
}

} // namespace

histogram::histogram() : buckets_(bucket_count) {}

void histogram::add(std::uint64_t value, std::uint64_t times) {
  buckets_[bucket_of(value)] += times;
  count_ += times;
  max_ = std::max(max_, value);
}

std::uint64_t histogram::quantile(double fraction) const {
  COHORT_CHECK(fraction > 0 && fraction <= 1);
  if (count_ == 0)
    return 0;
  const auto rank = static_cast<std::uint64_t>(
    std::ceil(fraction * static_cast<double>(count_)));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    seen += buckets_[i];
    if (seen >= rank)
      return std::min(upper_bound_of(i), max_);
  }
  return max_;
}

} // namespace cohort::bench
