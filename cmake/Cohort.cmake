# What every target of this project shares: language, warnings, sanitizers,
# ccache, and the functions that declare a folder's library and its tests.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()

find_program(CCACHE_PROGRAM ccache)
mark_as_advanced(CCACHE_PROGRAM)
if(CCACHE_PROGRAM)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CCACHE_PROGRAM}")
endif()

# Checks stay on in every build type: COHORT_CHECK does not look at NDEBUG.
add_library(cohort_options INTERFACE)
# GCC 12 warns of -Wrestrict inside std::string operator+ (GCC bug 105651).
target_compile_options(
  cohort_options
  INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion
            $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>
            $<$<BOOL:${COHORT_WERROR}>:-Werror>
            -fstack-protector-strong)
target_include_directories(cohort_options INTERFACE "${PROJECT_SOURCE_DIR}/actors")
if(COHORT_SANITIZE)
  target_compile_options(cohort_options INTERFACE -fsanitize=${COHORT_SANITIZE}
                                                  -fno-omit-frame-pointer)
  target_link_options(cohort_options INTERFACE -fsanitize=${COHORT_SANITIZE})
endif()

# cohort_library(<folder> SOURCES ... [LINK ...] [PRIVATE_LINK ...])
#
# Declares the library of one folder of actors/. A folder that is not named
# under LINK does not link, so that a wrong dependency fails to build (rule L3).
function(cohort_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINK;PRIVATE_LINK" ${ARGN})
  set(target cohort_${name})
  add_library(${target} STATIC ${arg_SOURCES})
  add_library(cohort::${name} ALIAS ${target})
  target_link_libraries(${target} PUBLIC cohort_options ${arg_LINK}
                                  PRIVATE ${arg_PRIVATE_LINK})
endfunction()

# Tests are built without the costly optimizations: they are many, and the code
# that they test has them.
set(COHORT_TEST_OPTIONS $<$<CONFIG:Release>:-O1>)

# cohort_test(<name> SOURCES ... [LINK ...] [LABELS ...] [TIMEOUT seconds])
#
# Declares one Boost.Test executable and its ctest entry.
function(cohort_test name)
  cmake_parse_arguments(arg "" "TIMEOUT" "SOURCES;LINK;LABELS" ${ARGN})
  set(target test_${name})
  add_executable(${target} ${PROJECT_SOURCE_DIR}/tests/main.cpp ${arg_SOURCES})
  target_link_libraries(${target} PRIVATE cohort_options ${arg_LINK}
                                          Boost::unit_test_framework)
  target_include_directories(${target} PRIVATE "${PROJECT_SOURCE_DIR}/tests")
  target_compile_definitions(
    ${target} PRIVATE BOOST_TEST_DYN_LINK
                      COHORT_TESTDATA="${PROJECT_SOURCE_DIR}/tests/testdata")
  target_compile_options(${target} PRIVATE ${COHORT_TEST_OPTIONS})
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 300)
  endif()
  add_test(NAME ${name} COMMAND ${target} --log_level=warning)
  set_tests_properties(${name} PROPERTIES TIMEOUT ${arg_TIMEOUT} LABELS
                                          "${arg_LABELS}")
endfunction()
