#include "runtime/system_clock.hpp"

#include "core/check.hpp"

#include <ctime>

namespace cohort::runtime {

namespace {

timespec now_of(clockid_t which) {
  timespec result{};
  COHORT_CHECK(::clock_gettime(which, &result) == 0);
  return result;
}

} // namespace

std::int64_t system_clock::monotonic_ns() const {
  const auto now = now_of(CLOCK_BOOTTIME);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

std::int64_t system_clock::wall_ms() const {
  const auto now = now_of(CLOCK_REALTIME);
  return std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

} // namespace cohort::runtime
