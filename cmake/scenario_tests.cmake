# Scenario, replay and ladder tests are registered here once the binary can run them.

# schema.json accepts every scenario. Skipped without Debian's python3-jsonschema; the C++ reader is the authority.
add_test(NAME schema COMMAND ${CMAKE_SOURCE_DIR}/scripts/check_schema)
set_tests_properties(schema PROPERTIES LABELS schema TIMEOUT 60 SKIP_RETURN_CODE 77)
