# Twelve binaries with one line made wrong on purpose, as mutants.cmake makes them, for podramp fuzz to find: built by the
# target fuzz_mutants alone, for the slow tests fuzz_mutant.*: each is caught within a minute and shrunk to ten entries.
add_custom_target(fuzz_mutants)
function(podramp_fuzz_mutant name file from to)
  podramp_mutated_copy(${name} ${file} "${from}" "${to}" copy)
  add_executable(podramp_fuzz_mutant_${name} EXCLUDE_FROM_ALL ${CMAKE_SOURCE_DIR}/sim/main.cpp ${copy})
  target_link_libraries(podramp_fuzz_mutant_${name} PRIVATE podramp_fuzz podramp_study podramp_report podramp_import podramp_sim podramp_options)
  add_dependencies(fuzz_mutants podramp_fuzz_mutant_${name})
  add_test(NAME fuzz_mutant.${name} COMMAND ${CMAKE_SOURCE_DIR}/scripts/fuzz_finds ${CMAKE_BINARY_DIR}
                                            $<TARGET_FILE:podramp_fuzz_mutant_${name}>)
  set_tests_properties(fuzz_mutant.${name} PROPERTIES LABELS slow TIMEOUT 900 RUN_SERIAL TRUE)
endfunction()

# The allocator.
podramp_fuzz_mutant(pending_pods_not_counted backend/snapshot_allocator.cpp
                    "settings_.max_pending_pods - round.total_not_running;" "settings_.max_pending_pods;")
podramp_fuzz_mutant(last_slot_unused backend/snapshot_allocator.cpp
                    "wanting == 0 || round.slots <= 0" "wanting == 0 || round.slots <= 1")
podramp_fuzz_mutant(one_short_of_target backend/snapshot_allocator.cpp
                    "report.have < report.target;" "report.have + 1 < report.target;")
podramp_fuzz_mutant(id_used_again backend/snapshot_allocator_creates.cpp
                    "const ExecutorId id = ++last_id_;" "const ExecutorId id = last_id_ == 0 ? ++last_id_ : last_id_;")
# The sources of pods.
podramp_fuzz_mutant(poll_gives_up backend/pod_source.cpp
                    "  arm(now, out);
  return change;" "  if (change) arm(now, out);
  return change;")
podramp_fuzz_mutant(watch_gives_up backend/pod_source.cpp
                    "  state_ = State::waiting;
  const DurationUs wait" "  state_ = State::dead;
  const DurationUs wait")
# The lifecycle manager.
podramp_fuzz_mutant(ended_pods_stay backend/lifecycle.cpp
                    "if (deletes ? going : inactivated_.contains(id)) return false;"
                    "if (deletes ? !going : inactivated_.contains(id)) return false;")
podramp_fuzz_mutant(succeeded_pods_stay backend/lifecycle.cpp
                    "seen.state != ExecutorState::failed && seen.state != ExecutorState::succeeded) return false;"
                    "seen.state != ExecutorState::failed) return false;")
# Quotas.
podramp_fuzz_mutant(quota_lets_one_more_in fakeapi/quota_usage.cpp
                    "wanted->second > limit)" "wanted->second > limit + 1)")
podramp_fuzz_mutant(quota_recounted_once fakeapi/admission.cpp
                    "quotas_[timer.index].recount_armed = false;" "")
# The scheduler.
podramp_fuzz_mutant(room_not_taken fakeapi/scheduler.cpp
                    "  entry.node = node;
  room_.take(node, entry.shape);" "  entry.node = node;")
podramp_fuzz_mutant(queue_left_alone fakeapi/scheduler.cpp
                    "    for (const PodId other : others) room_.give_back(entries_.at(other).nominated, entries_.at(other).shape);
  }
  start_cycle();" "    for (const PodId other : others) room_.give_back(entries_.at(other).nominated, entries_.at(other).shape);
  }")
