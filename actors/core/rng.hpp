// Randomness as a value: whoever needs it is given a generator with a seed.
#pragma once

#include <cstdint>

namespace cohort {

/// SplitMix64 (Steele, Lea, Flood 2014). Small, fast, the same on every
/// machine; not for secrets.
class rng {
public:
  explicit rng(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    state_ += 0x9e3779b97f4a7c15;
    auto z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }

  /// Uniform in [0, bound), but for a bias of at most bound / 2^64.
  /// Precondition: bound > 0.
  std::uint64_t below(std::uint64_t bound) {
    return next() % bound;
  }

  /// Uniform in [low, high]. Precondition: low <= high.
  std::uint64_t between(std::uint64_t low, std::uint64_t high) {
    return low + below(high - low + 1);
  }

private:
  std::uint64_t state_;
};

} // namespace cohort
