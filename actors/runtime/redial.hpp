// When to try to reach a peer again. Pure.
#pragma once

#include "core/rng.hpp"

#include <algorithm>
#include <cstdint>

namespace cohort::runtime {

/// For ever, ever less often up to a bound, and never in step with others: each
/// delay is drawn from the upper half of its range.
class redial {
public:
  struct limits {
    std::int64_t first_ms = 20;
    std::int64_t most_ms = 500;
  };

  explicit redial(const limits& x) : limits_(x), range_ms_(x.first_ms) {}

  bool due(std::int64_t now_ms) const {
    return now_ms >= next_ms_;
  }

  void failed(std::int64_t now_ms, rng& random) {
    const auto half = std::max<std::int64_t>(range_ms_ / 2, 1);
    next_ms_ = now_ms + half
               + static_cast<std::int64_t>(
                 random.below(static_cast<std::uint64_t>(half) + 1));
    range_ms_ = std::min(range_ms_ * 2, limits_.most_ms);
  }

  void succeeded() {
    range_ms_ = limits_.first_ms;
    next_ms_ = 0;
  }

private:
  limits limits_;
  std::int64_t range_ms_;
  std::int64_t next_ms_ = 0;
};

} // namespace cohort::runtime
