// Dynamic allocation of Spark 3.5-4.4: ExecutorAllocationManager (02 4.3, S-E1..S-E37). It hears the listener's events,
// is ticked on a grid of 100 ms, and answers with what to ask the scheduler backend for, as values. Doubles only where
// Spark has them. Not here: the 2.2 fork's manager (early_dynamic_allocation.h), who performs the decisions.
// Next: task_backlog.h and executor_monitor.h, which it keeps.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "backend/executor_monitor.h"
#include "backend/port/status.h"
#include "backend/task_backlog.h"

namespace podramp::backend {

// Ticks come with a fixed delay, the first at the start (02 4.3). A tick takes no time here.
inline constexpr DurationUs kDynamicTickUs = 100 * kMillisecondUs;

// The first tick of the grid from start_us at or after `when`, and after `now`; kNever when `when` is.
TimeUs tick_at_or_after(TimeUs start_us, TimeUs when, TimeUs now);

struct DynamicAllocationSettings {
  std::int64_t min = 0;  // for every profile alike, as max and initial
  std::int64_t max = INT32_MAX;
  std::int64_t initial = 0;
  double ratio = 1.0;  // executorAllocationRatio
  DurationUs backlog_timeout_us = kSecondUs;
  DurationUs sustained_backlog_timeout_us = kSecondUs;
  bool decommission = false;                  // spark.decommission.enabled: idle executors go that way
  bool decommission_shuffle_blocks = true;    // spark.storage.decommission.shuffleBlocks.enabled
  bool reliable_shuffle_storage = false;      // a shuffle plugin that keeps the data elsewhere
  std::map<ProfileId, std::int64_t> slots{};  // tasks per executor; the default profile's at least
  MonitorSettings monitor{};
};

// What Spark refuses when it creates the manager (S-E2), as errors of the keys.
FieldErrors check(const DynamicAllocationSettings& settings);

// requestTotalExecutors: all profiles' targets at once.
struct TargetRequest {
  std::map<ProfileId, std::int64_t> targets;
  std::map<ProfileId, std::int64_t> needed;  // what each profile could use now
  std::string why;
};

// killExecutors or decommissionExecutors, without force.
struct Removal {
  std::vector<ExecutorId> executors;  // in the order they are asked for
  bool decommission = false;
  bool adjust_target = false;  // the backend lowers its target by what it kills (fork-2.2 only)
};

class DynamicAllocation {
 public:
  // The settings must be without faults (CHECK).
  explicit DynamicAllocation(DynamicAllocationSettings settings);

  // From the next tick on; time-outs that run already keep their ends. Without faults, as at construction.
  void set_settings(DynamicAllocationSettings settings);

  // The manager starts, and the grid of its ticks with it; its first request (02 4.3).
  TargetRequest start(TimeUs now);

  // --- the listener's events, in time order. A request that comes back is sent at once; its answer does not matter.
  std::optional<TargetRequest> stage_submitted(TimeUs now, StageAttempt attempt, std::int64_t tasks, ProfileId profile,
                                               LocalityHints hints = {});
  void stage_completed(StageAttempt attempt);
  // active: see executor_monitor.h.
  void task_started(TimeUs now, StageAttempt attempt, int index, bool speculative, ExecutorId executor, bool active);
  void task_ended(TimeUs now, StageAttempt attempt, int index, bool speculative, ExecutorId executor, TaskEnd end);
  void speculative_task_submitted(TimeUs now, StageAttempt attempt, int index);
  void unschedulable_task_set_added(TimeUs now, StageAttempt attempt);
  void unschedulable_task_set_removed(StageAttempt attempt);
  // Executors, jobs, blocks and shuffles: the monitor hears of them directly.
  ExecutorMonitor& monitor() { return monitor_; }
  const ExecutorMonitor& monitor() const { return monitor_; }

  // --- one tick: tick(); if it returns a request, request_answered(); then removal(); if it returns one,
  // removal_answered(), whose request is sent and its answer ignored. No event may come in between.
  std::optional<TargetRequest> tick(TimeUs now);
  void request_answered(bool acknowledged);
  std::optional<Removal> removal() const { return removal_of(monitor_.candidates()); }
  // Which of these may go: a tick's step 5 for a list of its own.
  std::optional<Removal> removal_of(const std::vector<IdleExecutor>& idle) const;
  // accepted: what the backend has really begun to kill or decommission.
  TargetRequest removal_answered(const std::vector<ExecutorId>& accepted);

  // The next instant of the grid after `now` at which a tick could change or ask for anything, unless an event comes
  // first; kNever when there is none. Ticks before it may be skipped: nothing would be different.
  TimeUs next_tick(TimeUs now) const;

  // The cluster manager has lost everything (S-E35).
  void reset();

  // The books.
  const std::map<ProfileId, std::int64_t>& targets() const { return targets_; }
  std::int64_t target(ProfileId profile) const { return targets_.at(profile); }
  std::int64_t to_add(ProfileId profile) const;
  std::optional<TimeUs> add_time_us() const { return add_time_us_; }
  bool initializing() const { return initializing_; }
  std::int64_t needed(ProfileId profile) const;  // maxNeeded
  const TaskBacklog& backlog() const { return backlog_; }
  LocalityHints hints(ProfileId profile) const { return backlog_.hints(profile); }

 private:
  struct Change {
    std::int64_t delta = 0;
    std::int64_t old_target = 0;
  };
  std::int64_t slots(ProfileId profile) const;
  std::int64_t increased(ProfileId profile, std::int64_t target, std::int64_t need) const;
  bool tick_would_change(ProfileId profile, std::int64_t target, bool may_add) const;
  void adjust(ProfileId profile, std::int64_t& target, bool may_add);
  TargetRequest request(std::string why) const;
  void backlogged(TimeUs now);
  void queue_empty();

  DynamicAllocationSettings settings_;
  TaskBacklog backlog_;
  ExecutorMonitor monitor_;
  TimeUs start_us_ = 0;
  bool initializing_ = true;
  std::map<ProfileId, std::int64_t> targets_;
  std::map<ProfileId, std::int64_t> to_add_;
  std::optional<TimeUs> add_time_us_;    // one for all profiles
  std::map<ProfileId, Change> changes_;  // of the request that waits for its answer
  TimeUs requested_us_ = 0;
};

}  // namespace podramp::backend
