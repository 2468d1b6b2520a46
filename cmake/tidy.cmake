# Target "tidy" (cmake --workflow --preset tidy): format, source rules, clang-tidy. It builds nothing of podramp: clang-tidy
# needs only compile_commands.json, and the source rules stand alone here (ctest runs them inside podramp_sim_test too).
add_executable(podramp_source_rules EXCLUDE_FROM_ALL ${CMAKE_SOURCE_DIR}/sim/source_rules_test.cpp)
target_link_libraries(podramp_source_rules PRIVATE podramp_options GTest::gmock GTest::gtest_main)
target_compile_definitions(podramp_source_rules PRIVATE PODRAMP_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
add_custom_target(tidy COMMAND ${CMAKE_SOURCE_DIR}/scripts/tidy ${CMAKE_BINARY_DIR} $<TARGET_FILE:podramp_source_rules>
                  DEPENDS podramp_source_rules USES_TERMINAL VERBATIM)
