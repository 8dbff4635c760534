#include "core/mutant.hpp"

#ifdef COHORT_FAULT_POINTS

#  include <cstdlib>

namespace cohort {

namespace {

/// An unknown name is an error that must not pass for a mutant that lives.
mutant named_by_environment() {
  const auto* const name = std::getenv("COHORT_MUTANT");
  if (!name)
    return mutant::none;
  for (const auto& x : mutants)
    if (x.name == name)
      return x.what;
  std::abort();
}

mutant& chosen() {
  static mutant x = named_by_environment();
  return x;
}

} // namespace

void choose_mutant(mutant x) {
  chosen() = x;
}

bool mutated(mutant x) {
  return chosen() == x;
}

} // namespace cohort

#endif
