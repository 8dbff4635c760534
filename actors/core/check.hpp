// Checks of our own invariants. They stay on in release builds: a broken
// invariant stops the node (rule L4) before it can harm a disk. The world's
// mistakes (bad input, full disks, lost peers) are results, never checks.
#pragma once

#include <stdexcept>

namespace cohort {

/// Thrown when an invariant of this code is broken, that is: a bug.
class invariant_broken : public std::logic_error {
public:
  using std::logic_error::logic_error;
};

[[noreturn]] void fail_check(const char* expression, const char* file,
                             int line);

} // namespace cohort

#define COHORT_CHECK(expression) \
  (static_cast<bool>(expression) \
     ? void(0) \
     : ::cohort::fail_check(#expression, __FILE__, __LINE__))
