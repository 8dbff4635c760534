// The entry point shared by all test executables.
#define BOOST_TEST_MODULE cohort
#include <boost/test/unit_test.hpp>
