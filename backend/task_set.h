// The tasks of one stage attempt: which of them an offered executor may run (delay scheduling), what a success or a
// failure changes, and when the set gives up. Spark's TaskSetManager, as of M26 (02 0.1); barrier stages are not
// modelled. Next: pending_tasks.h (its lists), exclusion.h, task_scheduler.h (who makes the offers).
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "backend/exclusion.h"
#include "backend/executor_hosts.h"
#include "backend/pending_tasks.h"
#include "backend/shuffle_registry.h"
#include "backend/task_events.h"
#include "backend/task_settings.h"

namespace podramp::backend {

// Why an executor was lost, as far as its tasks are concerned (01 1.8).
struct ExecutorLoss {
  bool caused_by_app = false;  // its tasks' failures count
  bool decommissioned = false;
  std::string reason;
};

class TaskSet {
 public:
  // What it needs of the scheduler around it; all of it outlives the set.
  struct World {
    const TaskSettings& settings;
    const ExecutorHosts& hosts;
    const ShuffleRegistry& shuffles;
    TaskEvents& events;
    TaskId& next_task;
    HealthTracker* health;  // nullptr without exclusion for the application
  };
  TaskSet(TaskSetPlan plan, TimeUs now, const World& world);

  struct Answer {
    const TaskAttempt* launched = nullptr;
    bool delay_rejected = false;  // tasks wait, and only delay scheduling keeps them from this executor
  };
  // One free slot of an executor, at most this far from the data.
  Answer offer(TimeUs now, ExecutorId executor, const std::string& host, Locality farthest);
  // Delay scheduling starts its wait anew, at the nearest level that something was launched at.
  void reset_wait(TimeUs now, std::optional<Locality> nearest);

  void succeeded(TimeUs now, TaskId task, const TaskResult& result);
  // counts: a failure of kind executor_lost counts towards spark.task.maxFailures.
  void failed(TimeUs now, TaskId task, const TaskResult& result, bool counts);
  // Its status update came: it runs no more, whatever that means for the set (statusUpdate comes before the result).
  void stopped_running(TaskId task) { running_.erase(task); }
  void executor_lost(TimeUs now, ExecutorId executor, const std::string& host, const ExecutorLoss& loss);
  // Executors came, went, or decommission: which levels can be had now.
  void recompute_levels();
  // Another attempt of the stage has done this task.
  void partition_done(TimeUs now, int partition);
  void abort(TimeUs now, const std::string& message);
  void suspend(TimeUs now);  // zombie, without a word to the stage scheduler
  void make_zombie() { zombie_ = true; }
  // Marks slow tasks for a second copy; whether there were any.
  bool check_speculatable(TimeUs now);
  // A waiting task that no executor may run because of exclusion; nothing while no executor is registered.
  std::optional<int> shut_out_task() const;

  const TaskSetPlan& plan() const { return plan_; }
  const std::vector<Locality>& levels() const { return levels_; }
  bool zombie() const { return zombie_; }
  // Nothing runs and nothing will: it can be forgotten.
  bool finished() const { return finished_; }
  bool schedulable() const { return !zombie_ && !(pending_.all.empty() && speculatable_pending_.all.empty()); }
  const std::set<TaskId>& running() const { return running_; }
  const TaskAttempt* find(TaskId task) const;
  // Tasks that wait for an offer from this host as node local; for tests (01 9.1).
  std::vector<int> pending_on_host(const std::string& host);

 private:
  struct Task {
    std::vector<TaskId> attempts;
    int running = 0;  // copies; a success keeps its own
    bool successful = false;
    std::int64_t failures = 0;
  };
  struct Found {
    int index = 0;
    Locality locality = Locality::any;
    bool speculative = false;
  };

  void add_pending(int index, bool speculative);
  std::optional<int> take_from(std::vector<int>* list, ExecutorId executor, const std::string& host, bool speculative);
  std::optional<Found> find_task(ExecutorId executor, const std::string& host, Locality farthest, bool speculative);
  const TaskAttempt* launch(TimeUs now, ExecutorId executor, const std::string& host, const Found& found);
  Locality allowed_level(TimeUs now);
  bool waiting_in(std::vector<int>& list);
  template <class Key>
  bool waiting_in(std::map<Key, std::vector<int>>& lists);
  bool waiting_at(Locality level);
  std::size_t level_index(Locality level) const;
  DurationUs wait_at(Locality level) const;
  std::vector<Locality> valid_levels() const;
  bool shut_out(int index, ExecutorId executor, const std::string& host) const;
  void resubmit_lost_outputs(ExecutorId executor, const std::string& host, const ExecutorLoss& loss);
  void mark_successful(int index);
  void maybe_finish(TimeUs now);
  TaskEvent event(TaskEventKind kind, const TaskAttempt& attempt) const;
  Task& task_at(int index) { return tasks_[static_cast<std::size_t>(index)]; }
  const std::vector<TaskPlace>& places(int index) const;

  TaskSetPlan plan_;
  World world_;
  std::vector<Task> tasks_;
  std::map<TaskId, TaskAttempt> attempts_;
  std::map<int, int> index_of_;  // partition -> index
  std::int64_t successful_ = 0;
  PendingTasks pending_;
  PendingTasks speculatable_pending_;
  std::set<int> speculatable_;
  std::set<TaskId> running_;
  std::set<TaskId> killed_by_other_;
  std::vector<DurationUs> durations_;  // of successes, sorted; with speculation only
  std::optional<TaskSetExclusion> exclusion_;
  std::vector<Locality> levels_;
  std::size_t level_ = 0;
  TimeUs wait_since_us_ = 0;
  bool zombie_ = false;
  bool finished_ = false;
};

}  // namespace podramp::backend
