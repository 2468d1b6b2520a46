# Every scenario, those of scenarios/bugs too, is a test: against its expected file, its budgets and rungs 1 to 3 of the
# replay ladder (design 2.4).
# A scenario without an expected file, or an expected file without a scenario, fails the configuration.
file(GLOB scenarios CONFIGURE_DEPENDS RELATIVE ${CMAKE_SOURCE_DIR} ${CMAKE_SOURCE_DIR}/scenarios/*.json
  ${CMAKE_SOURCE_DIR}/scenarios/bugs/*.json)
list(REMOVE_ITEM scenarios scenarios/schema.json)
foreach(scenario ${scenarios})
  string(REGEX REPLACE "(\\.expected)?\\.json$" "" stem ${scenario})
  foreach(file ${stem}.json ${stem}.expected.json)
    if(NOT EXISTS ${CMAKE_SOURCE_DIR}/${file})
      message(FATAL_ERROR "${file} is missing. Make an expected file with: podramp test --update ${stem}.json")
    endif()
  endforeach()
  if(scenario MATCHES "\\.expected\\.json$")
    continue()
  endif()
  string(REGEX REPLACE "^scenarios/" "" name ${stem}) # scenarios/bugs/x is scenario.bugs/x
  add_test(NAME scenario.${name} COMMAND podramp test --ladder ${scenario} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  set_tests_properties(scenario.${name} PROPERTIES LABELS scenario TIMEOUT 120)
endforeach()

# Logs of earlier commits keep replaying, decision by decision.
file(GLOB logs CONFIGURE_DEPENDS RELATIVE ${CMAKE_SOURCE_DIR} ${CMAKE_SOURCE_DIR}/scenarios/logs/v*/*.jsonl)
foreach(log ${logs})
  get_filename_component(name ${log} NAME_WE)
  add_test(NAME replay.${name} COMMAND podramp replay ${log} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  set_tests_properties(replay.${name} PROPERTIES LABELS replay TIMEOUT 60)
endforeach()

# schema.json accepts every scenario. scripts/setup installs what it needs; the C++ reader is the authority.
add_test(NAME schema COMMAND ${CMAKE_SOURCE_DIR}/scripts/check_schema)
set_tests_properties(schema PROPERTIES LABELS schema TIMEOUT 60)

# What is written by commands is what is committed.
add_test(NAME document.fidelity COMMAND podramp fidelity scenarios/published --check docs/fidelity.md
         WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
add_test(NAME document.behaviour COMMAND ${CMAKE_SOURCE_DIR}/scripts/behaviour --check)
add_test(NAME document.batch_settings COMMAND ${CMAKE_SOURCE_DIR}/results/studies/batch_settings/analyse.py --check)
set_tests_properties(document.fidelity document.behaviour document.batch_settings PROPERTIES LABELS document TIMEOUT 300)

# The backend is a pure library, and the same one in both executables.
if(CMAKE_GENERATOR MATCHES Ninja)
  add_test(NAME pure_backend COMMAND ${CMAKE_SOURCE_DIR}/scripts/pure_backend ${CMAKE_BINARY_DIR})
  set_tests_properties(pure_backend PROPERTIES LABELS document TIMEOUT 60)
endif()
