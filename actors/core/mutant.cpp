#include "core/mutant.hpp"

#ifdef COHORT_FAULT_POINTS

namespace cohort::chosen {

mutant bug = mutant::none;

} // namespace cohort::chosen

#endif
