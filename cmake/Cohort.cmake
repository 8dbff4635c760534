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
if(COHORT_FAULT_POINTS)
  target_compile_definitions(cohort_options INTERFACE COHORT_FAULT_POINTS)
endif()
if(COHORT_SANITIZE)
  # What sanitizers add makes GCC take values for uninitialized that are not.
  target_compile_options(
    cohort_options INTERFACE -fsanitize=${COHORT_SANITIZE}
                             -fno-omit-frame-pointer -Wno-maybe-uninitialized)
  target_link_options(cohort_options INTERFACE -fsanitize=${COHORT_SANITIZE})
endif()

# Most of the time of a build goes into the headers of others, which sources
# that are compiled as one read once. The preset for debugging builds each source
# alone, and so finds includes that are missing.
option(COHORT_UNITY "Compile several sources of a target as one" OFF)
if(COHORT_UNITY)
  # Types in unnamed namespaces: a source that is included is no header.
  target_compile_options(
    cohort_options
    INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)
endif()

# cohort_unite(<target> [sources that use names like those of others ...])
function(cohort_unite target)
  set_target_properties(${target} PROPERTIES UNITY_BUILD ${COHORT_UNITY}
                                             UNITY_BUILD_BATCH_SIZE 8)
  if(ARGN)
    set_source_files_properties(${ARGN} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
  endif()
endfunction()

# cohort_library(<folder> SOURCES ... [LINK ...] [PRIVATE_LINK ...] [ALONE ...])
#
# Declares the library of one folder of actors/. A folder that is not named
# under LINK does not link, so that a wrong dependency fails to build (rule L3).
# ALONE: the sources that are never compiled with others.
function(cohort_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINK;PRIVATE_LINK;ALONE" ${ARGN})
  set(target cohort_${name})
  add_library(${target} STATIC ${arg_SOURCES})
  add_library(cohort::${name} ALIAS ${target})
  target_link_libraries(${target} PUBLIC cohort_options ${arg_LINK}
                                  PRIVATE ${arg_PRIVATE_LINK})
  cohort_unite(${target} ${arg_ALONE})
endfunction()

# Tests are built without the costly optimizations: they are many, and the code
# that they test has them.
set(COHORT_TEST_OPTIONS $<$<CONFIG:Release>:-O1>)

# What all test executables share. It has main().
function(cohort_test_main)
  add_library(cohort_test_main OBJECT "${PROJECT_SOURCE_DIR}/tests/main.cpp")
  target_link_libraries(cohort_test_main PUBLIC cohort_options
                                                Boost::unit_test_framework)
  if(COHORT_FAULT_POINTS)
    target_link_libraries(cohort_test_main PUBLIC cohort::core)
  endif()
  target_include_directories(cohort_test_main
                             PUBLIC "${PROJECT_SOURCE_DIR}/tests")
  target_compile_definitions(
    cohort_test_main
    PUBLIC BOOST_TEST_DYN_LINK
           COHORT_TESTDATA="${PROJECT_SOURCE_DIR}/tests/testdata")
  target_compile_options(cohort_test_main PUBLIC ${COHORT_TEST_OPTIONS})
endfunction()

# cohort_test(<name> SOURCES ... [LINK ...] [LABELS ...] [TIMEOUT seconds]
#             [ALONE ...])
#
# Declares one Boost.Test executable and its ctest entry; ALONE as above.
function(cohort_test name)
  cmake_parse_arguments(arg "" "TIMEOUT" "SOURCES;LINK;LABELS;ALONE" ${ARGN})
  set(target test_${name})
  add_executable(${target} ${arg_SOURCES})
  target_link_libraries(${target} PRIVATE cohort_test_main ${arg_LINK})
  cohort_unite(${target} ${arg_ALONE})
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 300)
  endif()
  if(COHORT_SANITIZE)
    math(EXPR arg_TIMEOUT "6 * ${arg_TIMEOUT}")
  endif()
  add_test(NAME ${name} COMMAND ${target} --log_level=warning)
  set_tests_properties(${name} PROPERTIES TIMEOUT ${arg_TIMEOUT} LABELS
                                          "${arg_LABELS}")
endfunction()
