// The clock of the machine.
#pragma once

#include "core/clock.hpp"

namespace cohort::runtime {

/// Time as the operating system has it. Thread-safe.
class system_clock : public clock {
public:
  std::int64_t monotonic_ns() const override;
  std::int64_t wall_ms() const override;
};

} // namespace cohort::runtime
