// Known bugs that a build for the simulator can be given, one at a time.
#pragma once

#include "core/mutant_list.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

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

/// Nothing if there is no such mutant.
constexpr std::optional<mutant> find_mutant(std::string_view name) {
  const auto at = std::find_if(mutants.begin(), mutants.end(),
                               [&](const auto& x) { return x.name == name; });
  return at == mutants.end() ? std::nullopt : std::optional{at->what};
}

#ifdef COHORT_FAULT_POINTS

namespace chosen {

/// The bug that this process has.
extern mutant bug;

} // namespace chosen

/// Before any thread is started.
inline void choose_mutant(mutant x) {
  chosen::bug = x;
}

inline bool mutated(mutant x) {
  return chosen::bug == x;
}

#else

constexpr bool mutated(mutant) {
  return false;
}

#endif

} // namespace cohort
