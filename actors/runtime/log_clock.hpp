// The clock that log time follows (K4). Pure.
#pragma once

#include <algorithm>
#include <cstdint>

namespace cohort::runtime {

/// Follows the wall clock, but runs at most twice as fast as the monotonic one:
/// when the wall clock jumps ahead, log time catches up instead of making all
/// that expires expire at once. It never goes back; while the wall clock is
/// behind, it stands.
class log_clock {
public:
  /// What log time would be now. `start_ms` of the first call is taken as it
  /// is.
  std::int64_t at(std::int64_t wall_ms, std::int64_t monotonic_ms) {
    if (!started_) {
      started_ = true;
      now_ms_ = wall_ms;
    } else {
      const auto passed = std::max<std::int64_t>(monotonic_ms - last_ms_, 0);
      const auto most = now_ms_ + 2 * passed;
      now_ms_ = std::max(now_ms_, std::min(wall_ms, most));
    }
    last_ms_ = monotonic_ms;
    return now_ms_;
  }

private:
  bool started_ = false;
  std::int64_t now_ms_ = 0;
  std::int64_t last_ms_ = 0;
};

} // namespace cohort::runtime
