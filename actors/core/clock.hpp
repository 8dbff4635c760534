// The seam to time.
#pragma once

#include <cstdint>

namespace cohort {

/// Where shells get the time from. Pure code never asks: time reaches it as a
/// value. Implementations are safe to call from any thread.
class clock {
public:
  virtual ~clock() = default;

  /// Nanoseconds since an arbitrary point; never goes back, and counts the time
  /// a suspended machine sleeps. Two nodes' values are never compared.
  virtual std::int64_t monotonic_ns() const = 0;

  /// Milliseconds since 1970, as this machine believes. May jump.
  virtual std::int64_t wall_ms() const = 0;
};

} // namespace cohort
