#include "core/fault_point.hpp"

#ifdef COHORT_FAULT_POINTS

#  include <utility>

namespace cohort {

namespace {

thread_local fault_dice* dice = nullptr;

} // namespace

fault_dice* throw_dice(fault_dice* by) {
  return std::exchange(dice, by);
}

bool strikes(fault_point at) {
  return dice && dice->strikes(at);
}

} // namespace cohort

#endif
