#include "machine/state_machine.hpp"

#include "core/check.hpp"

namespace cohort::machine {

void state_machine::begin_flush(index_t, term_t, std::string,
                                std::function<void(result<void>)>) {
  constexpr bool machine_is_persistent = false;
  COHORT_CHECK(machine_is_persistent);
}

} // namespace cohort::machine
