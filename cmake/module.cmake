# Headers that nearly every file reads, compiled once: parsing them is half the cost of a build. Files include what they
# use all the same; the clang preset builds without these (CMAKE_DISABLE_PRECOMPILE_HEADERS) and so holds them to it.
set(standard_headers <algorithm> <array> <atomic> <charconv> <chrono> <cstdint> <filesystem> <functional> <map> <memory>
    <mutex> <optional> <set> <stop_token> <string> <string_view> <thread> <unordered_map> <utility> <vector>)

add_library(halley_headers STATIC ${CMAKE_CURRENT_LIST_DIR}/headers.cc)
target_link_libraries(halley_headers PUBLIC fmt::fmt)
target_precompile_headers(halley_headers PRIVATE ${standard_headers} <fmt/format.h>)

# Optimising test code costs much of a build and gains nothing: what is under test is optimised.
if(HALLEY_TESTS)
  add_library(halley_test_headers STATIC ${CMAKE_CURRENT_LIST_DIR}/headers.cc)
  target_link_libraries(halley_test_headers PUBLIC fmt::fmt GTest::gmock rapidcheck)
  target_compile_options(halley_test_headers PUBLIC -O0)
  target_precompile_headers(halley_test_headers PRIVATE ${standard_headers} <fstream> <iostream> <sstream>
                            <fmt/format.h> <gmock/gmock.h> <gtest/gtest.h> <rapidcheck/gtest.h>)
endif()

# What a release optimises less, for it compiles in half the time: code that steers what other modules do to documents, of
# which little is spent in itself (measured), and programs that replay.
set(halley_lightly_optimised $<$<CONFIG:Release>:-Og>)

# halley_module(NAME [STEERS] [MODULES m…] [LIBRARIES l…]): one static library for src/NAME, of every .cc in it that is
# neither a test nor main.cc, linked to the modules of lower rows that it may include; and one test program of its
# *_test.cc files, linked to HALLEY_TEST_MODULES besides. STEERS: see above.
function(halley_module name)
  cmake_parse_arguments(ARG "STEERS" "" "MODULES;LIBRARIES" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${name}/*.cc)
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "(_test|/main)\\.cc$")
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  list(TRANSFORM ARG_MODULES PREPEND halley_)
  if(sources)
    add_library(halley_${name} STATIC ${sources})
    set(scope PUBLIC)
  else()
    add_library(halley_${name} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_include_directories(halley_${name} ${scope} ${CMAKE_SOURCE_DIR}/src)
  if(sources)
    target_precompile_headers(halley_${name} REUSE_FROM halley_headers)
  endif()
  if(sources AND ARG_STEERS)
    target_compile_options(halley_${name} PRIVATE ${halley_lightly_optimised})
  endif()
  target_link_libraries(halley_${name} ${scope} ${ARG_MODULES} ${ARG_LIBRARIES})
  if(HALLEY_TESTS AND tests)
    halley_test(${name}_test PREFIX ${name} SOURCES ${tests} MODULES halley_${name} ${HALLEY_TEST_MODULES})
  endif()
endfunction()

# How long a test may take, in seconds, until it counts as hung: longer where the code is instrumented or not optimised.
function(halley_patience variable seconds)
  if(HALLEY_SANITIZE OR CMAKE_BUILD_TYPE STREQUAL Debug)
    math(EXPR seconds "${seconds} * 6")
  endif()
  set(${variable} ${seconds} PARENT_SCOPE)
endfunction()

# halley_test(TARGET PREFIX p SOURCES s… MODULES m… [TIMEOUT seconds]): one GoogleTest program, each of its tests a ctest
# test named `p.Suite.Name`. Tests run in the root of the source: what they read lies there (__FILE__ need not tell).
function(halley_test target)
  cmake_parse_arguments(ARG "" "PREFIX;TIMEOUT" "SOURCES;MODULES" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  halley_patience(patience ${ARG_TIMEOUT})
  add_executable(${target} ${ARG_SOURCES})
  target_link_libraries(${target} PRIVATE ${ARG_MODULES} halley_test_headers GTest::gtest_main)
  target_precompile_headers(${target} REUSE_FROM halley_test_headers)
  # Files compiled together read their headers once and instantiate what they share once.
  set_target_properties(${target} PROPERTIES UNITY_BUILD ${HALLEY_JOIN_TESTS} UNITY_BUILD_BATCH_SIZE 4)
  gtest_discover_tests(${target} TEST_PREFIX ${ARG_PREFIX}. WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}
                       DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT ${patience})
endfunction()
