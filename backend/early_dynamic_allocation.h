// Dynamic allocation of Spark 2.2, on which the 2017 fork stands (01 4.1): one profile, whole numbers, a removal time
// for every idle executor that is spent when it has passed, and kills that lower the backend's target.
// Not here: ExecutorAllocationManager from Spark 3.0 on (dynamic_allocation.h), which shares the values it answers
// with.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "backend/dynamic_allocation.h"

namespace podramp::backend {

struct EarlyDynamicSettings {
  std::int64_t min = 0;
  std::int64_t max = INT32_MAX;
  std::int64_t initial = 0;
  std::int64_t tasks_per_executor = 1;  // spark.executor.cores / spark.task.cpus, whole
  DurationUs backlog_timeout_us = kSecondUs;
  DurationUs sustained_backlog_timeout_us = kSecondUs;
  DurationUs idle_timeout_us = 60 * kSecondUs;
  DurationUs cached_idle_timeout_us = INT32_MAX * kSecondUs;
  bool shuffle_service = false;  // required
};

// What Spark 2.2 refuses when it creates the manager (01 4.1).
FieldErrors check(const EarlyDynamicSettings& settings);

class EarlyDynamicAllocation {
 public:
  // The settings must be without faults (CHECK).
  explicit EarlyDynamicAllocation(EarlyDynamicSettings settings);

  TargetRequest start(TimeUs now);

  // The listener's events, in time order. Attempts of a stage are not told apart.
  void stage_submitted(TimeUs now, StageId stage, std::int64_t tasks, LocalityHints hints = {});
  void stage_completed(StageId stage);
  void task_started(TimeUs now, StageId stage, int index, TaskId task, ExecutorId executor);
  // success: else the task is expected to run again, also when it was killed on purpose.
  void task_ended(TimeUs now, StageId stage, int index, TaskId task, ExecutorId executor, bool success);
  void executor_added(TimeUs now, ExecutorId executor);
  void executor_removed(ExecutorId executor);
  // A cached block counts when an executor goes idle, and not afterwards.
  void block_updated(ExecutorId executor, std::int32_t rdd, std::int32_t split, bool stored);

  // One tick: tick(); if it returns a request, request_answered(); then removal(); if it returns one,
  // removal_answered().
  std::optional<TargetRequest> tick(TimeUs now);
  void request_answered(bool acknowledged);
  std::optional<Removal> removal() const;
  void removal_answered(const std::vector<ExecutorId>& accepted);
  // As DynamicAllocation::next_tick.
  TimeUs next_tick(TimeUs now) const;

  std::int64_t target() const { return target_; }
  std::int64_t to_add() const { return to_add_; }
  std::optional<TimeUs> add_time_us() const { return add_time_us_; }
  bool initializing() const { return initializing_; }
  std::int64_t needed() const;
  const std::set<ExecutorId>& pending_removal() const { return pending_removal_; }
  const std::map<ExecutorId, TimeUs>& remove_times() const { return remove_times_; }
  LocalityHints hints() const;

 private:
  std::int64_t pending() const;
  std::optional<TargetRequest> lower(std::int64_t need);
  std::optional<TargetRequest> add(TimeUs now, std::int64_t need);
  TargetRequest request(std::string why) const;
  void backlogged(TimeUs now);
  void queue_empty();
  void idle(TimeUs now, ExecutorId executor);
  bool is_cached(ExecutorId executor) const { return cached_.contains(executor); }

  EarlyDynamicSettings settings_;
  TimeUs start_us_ = 0;
  bool initializing_ = true;
  std::int64_t target_ = 0;
  std::int64_t to_add_ = 1;
  std::optional<TimeUs> add_time_us_;
  std::optional<std::int64_t> old_target_;  // of an increase that waits for its answer
  std::map<StageId, std::int64_t> tasks_;
  std::map<StageId, IndexSet> started_;
  std::map<StageId, LocalityHints> hints_;
  std::int64_t running_ = 0;  // may go below zero, as in Spark
  std::set<ExecutorId> executors_;
  std::map<ExecutorId, std::set<TaskId>> tasks_of_executor_;
  std::map<ExecutorId, std::set<std::pair<std::int32_t, std::int32_t>>> cached_;  // (rdd, split)
  std::set<ExecutorId> pending_removal_;
  std::map<ExecutorId, TimeUs> remove_times_;
  std::vector<ExecutorId> expired_;  // of the last tick
};

}  // namespace podramp::backend
