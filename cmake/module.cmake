# halley_module(NAME [MODULES m…] [LIBRARIES l…]): one static library for src/NAME, of every .cc in it that is neither a
# test nor main.cc, linked to the modules of lower rows that it may include; and one test program of its *_test.cc files,
# linked to HALLEY_TEST_MODULES besides.
function(halley_module name)
  cmake_parse_arguments(ARG "" "" "MODULES;LIBRARIES" ${ARGN})
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
  target_link_libraries(halley_${name} ${scope} ${ARG_MODULES} ${ARG_LIBRARIES})
  if(HALLEY_TESTS AND tests)
    halley_test(${name}_test PREFIX ${name} SOURCES ${tests} MODULES halley_${name} ${HALLEY_TEST_MODULES})
  endif()
endfunction()

# halley_test(TARGET PREFIX p SOURCES s… MODULES m… [TIMEOUT seconds]): one GoogleTest program, each of its tests a ctest
# test named `p.Suite.Name`.
function(halley_test target)
  cmake_parse_arguments(ARG "" "PREFIX;TIMEOUT" "SOURCES;MODULES" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  add_executable(${target} ${ARG_SOURCES})
  target_link_libraries(${target} PRIVATE ${ARG_MODULES} GTest::gmock GTest::gtest_main rapidcheck)
  # Optimising test code costs much of a build and gains nothing: what is under test is optimised.
  target_compile_options(${target} PRIVATE -O0)
  gtest_discover_tests(${target} TEST_PREFIX ${ARG_PREFIX}. DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT ${ARG_TIMEOUT})
endfunction()
