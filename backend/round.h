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

#include "backend/claim_reuse.h"
#include "backend/port/step.h"
#include "backend/throttle.h"

namespace podramp::backend {

// Where a round is; it stands still in a stage only while API calls of that stage are under way: one, or in `creating`
// with the fix parallel-creates those of several executors.
enum class RoundStage : std::uint8_t {
  time_outs,       // step 4: delete what was created and never seen
  grouping,        // steps 6 to 8
  trimming,        // step 9, profile by profile: count, delete excess
  gate,            // steps 10 and 11
  listing_claims,  // 1.4 step 1, for the profile that is about to create
  creating,        // step 12, profile by profile, one executor at a time
  finished,        // committed or abandoned
};

// What is being done for an executor under creation (1.4 steps 6 to 8).
enum class CreateStep : std::uint8_t { pod, claim, undo };

struct Creation {
  ExecutorId executor = 0;
  CreateStep step = CreateStep::pod;
  PodPtr pod;                    // as sent, then as stored
  std::vector<Manifest> claims;  // to create after the pod
  std::size_t claim = 0;         // the one under way
  std::string failure;           // of a claim, while the pod is deleted again
  Limit failed_by = Limit::none;
};

// One profile in one round.
struct ProfileRound {
  ProfileReport report;
  std::vector<ExecutorId> excess_new;      // `a` of step 9: under deletion
  std::vector<ExecutorId> excess_pending;  // `b`
  bool wants = false;                      // takes part in the split
  bool gated = false;                      // T1: had an unacknowledged pod when it was counted
  Allowance allowed;                       // step 12, for profiles that want pods
  std::int64_t attempted = 0;              // ids used up for it
  Limit failed_by = Limit::none;           // a create of its own failed, or is not tried

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
  bool no_snapshots = false;  // the batch was empty
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
  std::set<std::string> claims_in_use;          // step 2: of the pods in the batch's snapshots
  bool claims_listed = false;                   // for the profile at `at`
  std::vector<ManifestPtr> reusable;            // what is left of them
  std::map<std::uint64_t, Creation> creations;  // by logical request (ApiCalls)

  std::string failure;  // why the round is to be abandoned once no call is under way any more, "" otherwise
  Limit failed_by = Limit::none;
  bool stops_creating = false;  // the fix back-off: the rest is not tried, but the round is committed
  int exit_code = 0;            // the driver exits when the round has ended

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
