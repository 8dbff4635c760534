// Time in the simulator: stands still while anything runs.
#pragma once

#include "core/clock.hpp"

#include <caf/detail/test_actor_clock.hpp>

#include <chrono>
#include <cstdint>

namespace cohort::testkit {

/// What one node takes for the time: the test clock of its actor system, which
/// its timers follow, too, and a wall clock that is wrong by a constant.
///
/// Must not outlive the actor system. For its one thread.
class virtual_clock final : public clock {
public:
  /// The wall clock of a run without skew, at its start.
  static constexpr std::int64_t epoch_ms = 1'700'000'000'000;

  virtual_clock(const caf::detail::test_actor_clock& time, std::int64_t skew_ms)
    : time_(time),
      skew_ms_(skew_ms) {}

  std::int64_t monotonic_ns() const override {
    return std::chrono::nanoseconds{time_.now().time_since_epoch()}.count();
  }

  std::int64_t wall_ms() const override {
    return epoch_ms + skew_ms_ + monotonic_ns() / 1'000'000;
  }

private:
  const caf::detail::test_actor_clock& time_;
  std::int64_t skew_ms_;
};

} // namespace cohort::testkit
