# Binaries with one line of the backend made wrong on purpose, and tests that demand that somebody notices: a committed
# log must fail to replay, or a scenario must miss its expected file. Production code knows nothing of this.
# podramp_mutated_copy(name file from to copy): `from` stands exactly once in the file and is replaced; copy: the new file.
function(podramp_mutated_copy name file from to out)
  file(READ ${CMAKE_SOURCE_DIR}/${file} text)
  string(REPLACE "${from}" "${to}" mutated "${text}")
  string(REPLACE "${from}" "" without "${text}")
  string(LENGTH "${text}" length)
  string(LENGTH "${without}" rest)
  string(LENGTH "${from}" once)
  math(EXPR removed "${length} - ${rest}")
  if(NOT removed EQUAL once)
    message(FATAL_ERROR "mutant ${name}: its line stands not exactly once in ${file}; adapt cmake/mutants.cmake")
  endif()
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${file})
  set(copy ${CMAKE_BINARY_DIR}/mutants/${name}.cpp)
  file(CONFIGURE OUTPUT ${copy} CONTENT "${mutated}" @ONLY)
  set_source_files_properties(${CMAKE_SOURCE_DIR}/${file} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
  set(${out} ${copy} PARENT_SCOPE)
endfunction()

function(podramp_mutant name file from to)
  podramp_mutated_copy(${name} ${file} "${from}" "${to}" copy)
  # The object comes before the archive, so the archive's own version of this file is never pulled in.
  add_executable(podramp_mutant_${name} ${CMAKE_SOURCE_DIR}/sim/main.cpp ${copy})
  target_link_libraries(podramp_mutant_${name} PRIVATE podramp_fuzz podramp_study podramp_report podramp_import podramp_sim podramp_options)
  add_test(NAME mutant.${name}
           COMMAND ${CMAKE_COMMAND} -DMUTANT=$<TARGET_FILE:podramp_mutant_${name}> -P ${CMAKE_SOURCE_DIR}/cmake/expect_noticed.cmake
           WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  set_tests_properties(mutant.${name} PROPERTIES LABELS mutant TIMEOUT 120)
endfunction()

podramp_mutant(split_slots_without_remainder backend/throttle.cpp
               "shares.begin() + slots % n, [](std::int64_t& share) { ++share; });"
               "shares.begin(), [](std::int64_t& share) { ++share; });")
podramp_mutant(idle_time_not_strict backend/snapshot_allocator.cpp
               "created > settings_.idle_timeout_us;" "created >= settings_.idle_timeout_us;")
podramp_mutant(outstanding_too_early backend/snapshot_allocator.cpp
               "  round.slots = settings_.max_pending_pods - round.total_not_running;"
               "  round.slots = settings_.max_pending_pods - round.total_not_running;
  outstanding_ = round.total_pending + static_cast<std::int64_t>(newly_created_.size());")
