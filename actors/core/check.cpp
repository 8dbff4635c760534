#include "core/check.hpp"

#include <string>

namespace cohort {

void fail_check(const char* expression, const char* file, int line) {
  throw invariant_broken("invariant broken: " + std::string{expression} + " at "
                         + file + ":" + std::to_string(line));
}

} // namespace cohort
