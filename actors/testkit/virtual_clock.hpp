// Time in the simulator: stands still while anything runs.
#pragma once

#include "core/clock.hpp"

#include <caf/detail/test_actor_clock.hpp>

#include <chrono>
#include <cstdint>

namespace cohort::testkit {

/// What one node takes for the time. Its monotonic clock is that of its actor
/// system, which its timers follow, too, but may run faster or slower; its wall
/// clock is wrong by a constant, which may jump.
///
/// Must not outlive the actor system. For its one thread.
class virtual_clock final : public clock {
public:
  /// The wall clock of a run without skew, at its start.
  static constexpr std::int64_t epoch_ms = 1'700'000'000'000;

  /// `rate_ppm`: by how many millionths it is too fast.
  virtual_clock(const caf::detail::test_actor_clock& time, std::int64_t skew_ms,
                std::int64_t rate_ppm = 0)
    : time_(time),
      skew_ms_(skew_ms),
      rate_ppm_(rate_ppm) {}

  /// Somebody sets the wall clock.
  void jump(std::int64_t ms) {
    skew_ms_ += ms;
  }

  std::int64_t monotonic_ns() const override {
    const auto now_ns =
      std::chrono::nanoseconds{time_.now().time_since_epoch()}.count();
    return now_ns + now_ns / 1'000'000 * rate_ppm_;
  }

  std::int64_t wall_ms() const override {
    return epoch_ms + skew_ms_ + monotonic_ns() / 1'000'000;
  }

private:
  const caf::detail::test_actor_clock& time_;
  std::int64_t skew_ms_;
  std::int64_t rate_ppm_;
};

} // namespace cohort::testkit
