// The half of a driver that runs the application's program: jobs, stages, tasks, and offers of executors' cores to
// them. One interface for the drivers of every level, which tell it what happens to executors; listeners (dynamic
// allocation) hear of tasks. It decides nothing about pods. Next: stage_scheduler.h, task_scheduler.h, task_set.h.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "backend/stage_scheduler.h"

namespace podramp::backend {

// What TimerKind::revive stands for, by its arg; from kUnschedulableTimer on, each is one task set's time-out.
inline constexpr std::uint64_t kReviveTimer = 0;
inline constexpr std::uint64_t kResubmitTimer = 1;
inline constexpr std::uint64_t kSpeculationTimer = 2;
inline constexpr std::uint64_t kUnschedulableTimer = 16;

class TaskSide {
 public:
  // key: the application's id, from which the order of offers is drawn. names: PlainHostNames, or the fork's.
  TaskSide(TaskSettings settings, std::unique_ptr<HostNames> names, std::string key);
  TaskSide(const TaskSide&) = delete;
  TaskSide& operator=(const TaskSide&) = delete;

  // Whether an executor may get tasks: not pending kill, loss or decommission (02 4.2 isActive). Ours is "yes".
  void set_is_active(std::function<bool(ExecutorId)> is_active) { tasks_.is_active = std::move(is_active); }
  // Not owned, in the order in which they are told.
  void add_listener(TaskListener* listener) { listeners_.push_back(listener); }

  // The backend starts: revive ticks count from here (01 1.1).
  void start(TimeUs now) { started_us_ = now; }
  // Tasks may be scheduled: jobs submitted so far begin (02 4.2 readiness).
  void ready(TimeUs now, Outbox& out);

  void job_submitted(TimeUs now, const JobPlan& job, Outbox& out);
  void task_ended(TimeUs now, const in::TaskEnded& ended, Outbox& out);
  void block_updated(const in::BlockUpdated& block) { stages_.block_updated(block); }

  void executor_added(TimeUs now, const TaskExecutor& executor, Outbox& out);
  // Its connection is gone, why is not known yet: nothing new goes there, its tasks are not failed (01 1.8).
  void executor_disconnected(TimeUs now, ExecutorId id, Outbox& out);
  void executor_removed(TimeUs now, ExecutorId id, const ExecutorLoss& loss, Outbox& out);
  void executor_decommissioning(TimeUs now, ExecutorId id, Outbox& out);

  // True when the timer is one of ours.
  bool timer_due(TimeUs now, const in::TimerDue& timer, Outbox& out);
  // The application stops: nothing is launched any more, timers are cancelled.
  void stop(Outbox& out);

  bool busy(ExecutorId id) const { return tasks_.busy(id); }
  std::int64_t running_on(ExecutorId id) const { return tasks_.running_on(id); }
  // What exclusion wants done to executors (killExcludedExecutors); the driver does it. Each order once.
  std::vector<ExclusionOrder> take_orders() { return tasks_.take_orders(); }
  std::vector<ExecutorId> executors_on_host(const std::string& host) const;
  const TaskScheduler& tasks() const { return tasks_; }
  const ShuffleRegistry& shuffles() const { return shuffles_; }
  std::vector<std::string> describe() const;

 private:
  void offer(TimeUs now, std::optional<ExecutorId> only, Outbox& out);
  void offer_all() { offer_all_ = true; }
  // Carries out everything that follows from the last call, then sets the timers.
  void settle(TimeUs now, Outbox& out);
  void set_timer(std::uint64_t timer, TimeUs at, Outbox& out);
  void tick(TimeUs now, std::uint64_t timer, DurationUs period_us, bool wanted, Outbox& out);

  TaskSettings settings_;
  std::unique_ptr<HostNames> names_;
  ShuffleRegistry shuffles_;
  std::vector<TaskListener*> listeners_;
  TaskScheduler tasks_;
  StageScheduler stages_;
  TimeUs started_us_ = 0;
  bool ready_ = false;
  bool stopped_ = false;
  bool offer_all_ = false;
  std::vector<JobPlan> waiting_jobs_;  // for ready()
  std::set<std::uint64_t> armed_;      // timers, by arg
};

}  // namespace podramp::backend
