// One allocation round in flight, as plain data (02 1.3): everything Spark's allocator thread holds on its stack
// between two API calls. It is made at the start of a round and dropped at its end; what survives a round is in
// snapshot_allocator.h, which also moves a round forward.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "backend/port/step.h"
#include "backend/throttle.h"

namespace podramp::backend {

// Where a round is; it stands still in a stage only while that stage's API call is under way.
enum class RoundStage : std::uint8_t {
  time_outs,  // step 4: delete what was created and never seen
  grouping,   // steps 6 to 8
  trimming,   // step 9, profile by profile: count, delete excess
  gate,       // steps 10 and 11
  creating,   // step 12, profile by profile, one pod at a time
  finished,   // committed or abandoned
};

// One profile in one round.
struct ProfileRound {
  ProfileReport report;
  std::vector<ExecutorId> excess_new;      // `a` of step 9: under deletion
  std::vector<ExecutorId> excess_pending;  // `b`
  bool wants = false;                      // takes part in the split
  bool gated = false;                      // T1: had an unacknowledged pod when it was counted
  Allowance allowed;                       // step 12, for profiles that want pods

  // Step 9's notRunning.
  std::int64_t not_running() const {
    return report.pending_known + report.pending_unknown + report.new_unknown + report.new_known;
  }
};

struct Round {
  std::uint64_t number = 0;
  RoundTrigger trigger = RoundTrigger::timer;
  TimeUs started_us = 0;
  std::int64_t snapshots = 0;
  RoundStage stage = RoundStage::time_outs;
  bool made_calls = false;

  std::set<ExecutorId> registered_pending;               // pending pods that were registered when the round began
  std::vector<ExecutorId> timed_out;                     // step 4, ascending
  std::set<ExecutorId> deleted;                          // `del`, the working copy that only a commit keeps
  std::map<ProfileId, std::int64_t> running;             // step 8, without `deleted`
  std::map<ProfileId, std::vector<ExecutorId>> pending;  // likewise, ascending
  std::vector<ProfileRound> profiles;                    // every profile with a target, ascending
  std::size_t at = 0;                                    // the profile that trimming or creating works on
  std::int64_t total_pending = 0;
  std::int64_t total_not_running = 0;
  std::int64_t slots = 0;
  ExecutorId creating = 0;  // the id whose create is under way

  std::string aborted;  // why the round was abandoned, "" otherwise
  Limit aborted_by = Limit::none;
};

// What limited a profile once its round is over.
Limit limit_of(const Round& round, const ProfileRound& profile);

// The round's report; outstanding is the allocator's after the round.
out::RoundDone report_of(const Round& round, std::int64_t outstanding);

// The same in all that people and KPIs look at: everything besides round, trigger, started_us and snapshots.
bool says_the_same(const out::RoundDone& a, const out::RoundDone& b);

// Some profile did not get all it wanted, or the round was abandoned.
bool any_limited(const out::RoundDone& report);

}  // namespace podramp::backend
