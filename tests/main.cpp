// The entry point shared by all test executables.
#define BOOST_TEST_MODULE cohort
#include <boost/test/unit_test.hpp>

#ifdef COHORT_FAULT_POINTS

#  include "core/mutant.hpp"

#  include <cstdlib>

namespace {

/// COHORT_MUTANT=<name>: the code under test has that bug.
struct mutant_of_environment {
  mutant_of_environment() {
    const auto* const name = std::getenv("COHORT_MUTANT");
    const auto found = cohort::find_mutant(name ? name : "none");
    // One that is not there must not pass for one that lives.
    BOOST_REQUIRE_MESSAGE(found.has_value(), "there is no mutant " << name);
    cohort::choose_mutant(*found);
  }
};

} // namespace

BOOST_TEST_GLOBAL_FIXTURE(mutant_of_environment);

#endif
