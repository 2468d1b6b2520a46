# Suites that take minutes: label "slow", left out of every test preset. Run: ctest --test-dir build/release -L slow
add_test(NAME compiler_matrix COMMAND ${CMAKE_SOURCE_DIR}/scripts/compiler_matrix)
set_tests_properties(compiler_matrix PROPERTIES LABELS slow TIMEOUT 3600 RUN_SERIAL TRUE)

# Our store against a real etcd, on loopback.
add_test(NAME etcd_agreement COMMAND ${CMAKE_SOURCE_DIR}/scripts/etcd_agreement $<TARGET_FILE:podramp_fakeapi_test>)
set_tests_properties(etcd_agreement PROPERTIES LABELS slow TIMEOUT 300)

# Parsers and decoders against mutated bytes; skipped with a message where clang's libFuzzer is missing.
add_test(NAME fuzz COMMAND ${CMAKE_SOURCE_DIR}/scripts/fuzz 60)
set_tests_properties(fuzz PROPERTIES LABELS slow TIMEOUT 1800 SKIP_RETURN_CODE 77)
# Every kubectl on the machine against podramp serve, plain and with TLS and a token. Exit 77: there is none.
add_test(NAME kubectl_matrix COMMAND ${CMAKE_SOURCE_DIR}/scripts/kubectl_matrix $<TARGET_FILE:podramp>)
set_tests_properties(kubectl_matrix PROPERTIES LABELS slow TIMEOUT 1200 SKIP_RETURN_CODE 77)

# Debian's python3-kubernetes against podramp serve, likewise.
add_test(NAME python_client COMMAND ${CMAKE_SOURCE_DIR}/scripts/python_client $<TARGET_FILE:podramp>)
set_tests_properties(python_client PROPERTIES LABELS slow TIMEOUT 300 SKIP_RETURN_CODE 77)

# @kubernetes/client-node against podramp serve; skipped where there is no Node.js or no package from npm.
add_test(NAME node_client COMMAND ${CMAKE_SOURCE_DIR}/scripts/node_client $<TARGET_FILE:podramp>)
set_tests_properties(node_client PROPERTIES LABELS slow TIMEOUT 300 SKIP_RETURN_CODE 77)

# An hour's worth of requests to podramp serve, and its memory.
add_test(NAME flat_memory COMMAND ${CMAKE_SOURCE_DIR}/scripts/flat_memory $<TARGET_FILE:podramp>)
set_tests_properties(flat_memory PROPERTIES LABELS slow TIMEOUT 900)

# A minute of drawn scenarios: nothing fails, and every probe and fault point is reached.
add_test(NAME fuzz_scenarios COMMAND podramp fuzz --time 60s --all-probes --out ${CMAKE_BINARY_DIR}/fuzz)
set_tests_properties(fuzz_scenarios PROPERTIES LABELS slow TIMEOUT 300 RUN_SERIAL TRUE)

# A study split by each way of docs/tune.md merges to the bytes of the unsplit one. Exit 77: that tool is not here.
foreach(way xargs parallel indexed-job mpi slurm)
  add_test(NAME study_splits.${way} COMMAND ${CMAKE_SOURCE_DIR}/scripts/study/check_splits $<TARGET_FILE:podramp> ${way})
  set_tests_properties(study_splits.${way} PROPERTIES LABELS slow TIMEOUT 600 SKIP_RETURN_CODE 77)
endforeach()
set_tests_properties(study_splits.slurm PROPERTIES RUN_SERIAL TRUE)

# Reports in Debian's Chromium: no page error, no request. Exit 77: it is not here.
add_test(NAME report_pages COMMAND ${CMAKE_SOURCE_DIR}/scripts/report_pages $<TARGET_FILE:podramp>)
set_tests_properties(report_pages PROPERTIES LABELS slow TIMEOUT 300 SKIP_RETURN_CODE 77)

# The same with playwright-core, on several screens and without JavaScript. Exit 77: no Node.js, package or browser.
add_test(NAME report_browser COMMAND ${CMAKE_SOURCE_DIR}/scripts/report_browser $<TARGET_FILE:podramp>)
set_tests_properties(report_browser PROPERTIES LABELS slow TIMEOUT 300 SKIP_RETURN_CODE 77)

# The dashboard in the same browser, over its debugging pipe: a run to its target and its end. Exit 77: no Chromium.
add_test(NAME live_page COMMAND ${CMAKE_SOURCE_DIR}/scripts/live_page $<TARGET_FILE:podramp>)
set_tests_properties(live_page PROPERTIES LABELS slow TIMEOUT 300 SKIP_RETURN_CODE 77)

# promtool and pj_dump read what podramp export writes. Exit 77: neither is here.
add_test(NAME export_readers COMMAND ${CMAKE_SOURCE_DIR}/scripts/export_readers $<TARGET_FILE:podramp>)
set_tests_properties(export_readers PROPERTIES LABELS slow TIMEOUT 300 SKIP_RETURN_CODE 77)
