// Jobs and their stages: a stage is submitted when the map outputs of its parents are there, lost outputs send stages
// around again, too many failures end the job. Spark's DAGScheduler, as of M26 (02 0.1): no barrier stages, no
// indeterminate stages, no push-based shuffle. Tasks are task_scheduler.h's; a map stage is its shuffle's name.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "backend/port/step.h"
#include "backend/task_listener.h"
#include "backend/task_scheduler.h"

namespace podramp::backend {

// Failed stages are submitted again so long after the fetch failure (DAGScheduler.RESUBMIT_TIMEOUT).
inline constexpr DurationUs kResubmitUs = 200 * kMillisecondUs;

// A block update with a negative RDD is a shuffle file that has moved to this executor (block migration of a
// decommissioning one): of map task `split` of stage -1 - rdd. That stage; absent for blocks of an RDD.
std::optional<StageId> shuffle_of(const in::BlockUpdated& block);

class StageScheduler {
 public:
  // All of it outlives the object. `listeners` may be empty.
  StageScheduler(const TaskSettings& settings, TaskScheduler& tasks, ShuffleRegistry& shuffles,
                 const std::vector<TaskListener*>& listeners)
      : settings_(settings), tasks_(tasks), shuffles_(shuffles), listeners_(listeners) {}

  void submit(TimeUs now, const JobPlan& job, Outbox& out);
  // Handles what the task scheduler has to say; more may come of it. False when there was nothing.
  bool handle_events(TimeUs now, Outbox& out);
  // Its blocks are gone, and its map outputs unless a shuffle service keeps them (02 8; 01 1.8).
  void executor_lost(ExecutorId id);
  void block_updated(const in::BlockUpdated& block);
  // The failed stages go around again.
  void resubmit(TimeUs now, Outbox& out);
  // When resubmit() is due, once; absent: no new date.
  std::optional<TimeUs> take_resubmit_at() { return std::exchange(resubmit_at_us_, std::nullopt); }
  // New task sets were submitted since the last call.
  bool take_submitted() { return std::exchange(submitted_, false); }
  std::int64_t active_jobs() const { return static_cast<std::int64_t>(jobs_.size()); }

 private:
  struct Stage {
    StagePlan plan;
    std::set<JobId> jobs;  // that need it; the first one gives its priority
    int next_attempt = 0;
    std::set<int> failed_attempts;  // in a row
    std::set<int> pending;          // map tasks the running attempts have still to do
    bool waiting = false;
    bool running = false;
    bool failed = false;
    int attempt() const { return next_attempt - 1; }
  };
  struct Job {
    StageId result = 0;
    std::vector<bool> finished;
    std::int64_t left = 0;
  };

  void submit_stage(TimeUs now, StageId id, Outbox& out);
  void end_map_jobs(TimeUs now, StageId id, Outbox& out);
  void submit_tasks(TimeUs now, Stage& stage, Outbox& out);
  std::vector<StageId> missing_parents(const Stage& stage) const;
  std::vector<int> missing_tasks(const Stage& stage) const;
  std::vector<TaskPlace> places(const StagePlan& plan, int partition) const;
  void submit_children(TimeUs now, StageId parent, Outbox& out);
  void handle(TimeUs now, const TaskEvent& event, Outbox& out);
  void task_ended(TimeUs now, const TaskEvent& event, Outbox& out);
  void map_done(TimeUs now, Stage& stage, const TaskEvent& event, Outbox& out);
  void result_done(TimeUs now, Stage& stage, const TaskEvent& event, Outbox& out);
  void fetch_failed(TimeUs now, Stage& stage, const TaskEvent& event, Outbox& out);
  void lose_outputs(ExecutorId id, bool files_lost, const std::string& host, std::int64_t epoch, bool whole_host);
  void mark_finished(TimeUs now, Stage& stage, const std::string& error, Outbox& out);
  void abort_stage(TimeUs now, StageId id, const std::string& why, Outbox& out);
  void end_job(TimeUs now, JobId id, const std::string& error, Outbox& out);
  Stage* find(StageId id);
  template <class Tell>
  void tell(Tell&& how) const;

  const TaskSettings& settings_;
  TaskScheduler& tasks_;
  ShuffleRegistry& shuffles_;
  const std::vector<TaskListener*>& listeners_;
  std::map<StageId, StagePlan> plans_;  // of every job ever: a later one may read an older one's shuffle
  std::map<StageId, Stage> stages_;     // of active jobs
  std::map<JobId, Job> jobs_;
  std::map<std::pair<std::int32_t, std::int32_t>, std::set<ExecutorId>> cached_;  // (rdd, split)
  std::map<ExecutorId, std::int64_t> failure_epoch_;
  std::map<ExecutorId, std::int64_t> files_lost_epoch_;
  std::optional<TimeUs> resubmit_at_us_;
  bool submitted_ = false;
};

}  // namespace podramp::backend
