# Suites that take minutes: label "slow", left out of every test preset. Run: ctest --test-dir build/release -L slow
add_test(NAME compiler_matrix COMMAND ${CMAKE_SOURCE_DIR}/scripts/compiler_matrix)
set_tests_properties(compiler_matrix PROPERTIES LABELS slow TIMEOUT 3600 RUN_SERIAL TRUE)
