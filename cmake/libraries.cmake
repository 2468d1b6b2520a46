# podramp_library(name folder LINK targets...): static library podramp_<name> from folder/*.cpp, a test binary
# podramp_<name>_test from folder/*_test.cpp and a benchmark podramp_<name>_bench from folder/*_bench.cpp.
# *_fuzz.cpp are scripts/fuzz' own.
# PODRAMP_UNITY compiles the sources of a library two dozen at a time: a fifth of the time for all of them, more for one.
# Every GoogleTest case is a ctest of its own: one process per case, because a process holds one SimGrid engine.
option(PODRAMP_UNITY "Compile the sources of libraries in batches" OFF)

function(podramp_library name folder)
  cmake_parse_arguments(ARG "" "" "LINK" ${ARGN})
  file(GLOB all CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${folder}/*.cpp)
  set(tests ${all})
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
  set(benches ${all})
  list(FILTER benches INCLUDE REGEX "_bench\\.cpp$")
  set(sources ${all})
  list(FILTER sources EXCLUDE REGEX "(_test|_bench|_fuzz|/main)\\.cpp$")

  add_library(podramp_${name} STATIC ${sources})
  target_link_libraries(podramp_${name} PUBLIC ${ARG_LINK} PRIVATE podramp_options)
  set_target_properties(podramp_${name} PROPERTIES UNITY_BUILD ${PODRAMP_UNITY} UNITY_BUILD_BATCH_SIZE 24)
  if(tests)
    add_executable(podramp_${name}_test ${tests})
    target_link_libraries(podramp_${name}_test PRIVATE podramp_${name} podramp_options GTest::gmock GTest::gtest_main
                                                       rapidcheck)
    set_target_properties(podramp_${name}_test PROPERTIES UNITY_BUILD ${PODRAMP_UNITY} UNITY_BUILD_BATCH_SIZE 24)
    # Tests are compiled more often than they take time.
    target_compile_options(podramp_${name}_test PRIVATE $<$<CONFIG:Release>:-O1>)
    gtest_discover_tests(podramp_${name}_test DISCOVERY_TIMEOUT 60 PROPERTIES LABELS unit TIMEOUT 120)
  endif()
  if(benches)
    add_executable(podramp_${name}_bench ${benches})
    target_link_libraries(podramp_${name}_bench PRIVATE podramp_${name} podramp_options benchmark::benchmark_main)
  endif()
endfunction()
