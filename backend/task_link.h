// Joins the task side to the driver of Spark 3.5-4.4: executors come and go through the executor table, its busy counts
// come from tasks, and what exclusion wants is done by the scheduler backend. Next: task_side.h, scheduler_backend.h.
#pragma once

#include "backend/driver.h"
#include "backend/scheduler_backend.h"
#include "backend/task_side.h"

namespace podramp::backend {

class TaskLink final : private ExecutorListener, private TaskListener {
 public:
  // table and scheduler outlive this. Made after the scheduler, so that it hears of executors after it.
  TaskLink(const Application& application, ExecutorTable& table, SchedulerBackend& scheduler);

  TaskSide& side() { return side_; }
  const TaskSide& side() const { return side_; }
  void start(TimeUs now) { side_.start(now); }
  // At the end of each step of a running driver: readiness, and executors that exclusion wants gone.
  void after_step(TimeUs now, Outbox& out);

 private:
  void executor_added(TimeUs now, ExecutorId id, const RegisteredExecutor& executor, Outbox& out) override;
  void executor_inactive(TimeUs now, ExecutorId id, Inactive why, Outbox& out) override;
  void executor_removed(TimeUs now, const out::ExecutorRemoved& why, const RegisteredExecutor* was,
                        Outbox& out) override;
  void task_started(TimeUs now, StageId stage, int stage_attempt, const TaskAttempt& task) override;
  void task_ended(TimeUs now, StageId stage, int stage_attempt, const TaskAttempt& task,
                  const TaskResult& result) override;

  ExecutorTable& table_;
  SchedulerBackend& scheduler_;
  TaskSide side_;
};

}  // namespace podramp::backend
