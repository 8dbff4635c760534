// Known bugs that a build for the simulator can be given, one at a time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

/// X(name, what the code does wrong)
#define COHORT_EACH_MUTANT(X)

namespace cohort {

/// The bugs of others, and the wrong readings of our rules, as switches: tests
/// that do not notice one are not worth much. `mutated(x)` stands where the
/// right code is replaced, and is a constant but where COHORT_FAULT_POINTS is
/// set (preset sim).
enum class mutant : std::uint8_t {
  none,
#define COHORT_NAME_OF(name, what) name,
  COHORT_EACH_MUTANT(COHORT_NAME_OF)
#undef COHORT_NAME_OF
};

struct mutant_entry {
  mutant what;
  std::string_view name;
  std::string_view text;
};

/// All but `none`, which stands first.
inline constexpr std::array mutants{
  mutant_entry{mutant::none, "none", "the right code"},
#define COHORT_NAME_OF(name, text) mutant_entry{mutant::name, #name, text},
  COHORT_EACH_MUTANT(COHORT_NAME_OF)
#undef COHORT_NAME_OF
};

#ifdef COHORT_FAULT_POINTS

/// The bug that this process has; at the start the one that the environment
/// names in COHORT_MUTANT. Before any thread is started.
void choose_mutant(mutant x);

bool mutated(mutant x);

#else

constexpr bool mutated(mutant) {
  return false;
}

#endif

} // namespace cohort
