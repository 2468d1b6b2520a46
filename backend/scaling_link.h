// Joins dynamic allocation and the roll plugin to the driver of Spark 3.5-4.4: they hear of executors through the
// executor table and of tasks through the task side, and the scheduler backend carries out what they decide.
// Each is there only when the conf has it. Next: scaling_side.h, roll_side.h, task_link.h.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "backend/driver.h"
#include "backend/roll_side.h"
#include "backend/scaling_side.h"
#include "backend/scheduler_backend.h"
#include "backend/task_side.h"

namespace podramp::backend {

class ScalingLink final : private ExecutorListener, private TaskListener, private ScalingClient {
 public:
  // All of these outlive this. Made after the task link, so that it hears of executors and tasks after it.
  ScalingLink(const Application& application, ExecutorTable& table, SchedulerBackend& scheduler, TaskSide& tasks);

  // The driver has been constructed: plugins count their time from now.
  void start(TimeUs now, Outbox& out);
  // The scheduler backend has been launched: dynamic allocation starts (02 4.3).
  void launch(TimeUs now, Outbox& out);
  void conf_changed(const Application& application);
  void block_updated(const in::BlockUpdated& block);
  // True when the timer is one of ours. running: the application is.
  bool timer_due(TimeUs now, const in::TimerDue& timer, bool running, Outbox& out);
  // At the end of each step of a running driver.
  void after_step(TimeUs now, Outbox& out);
  void stop(Outbox& out);

  // Targets are dynamic allocation's business.
  bool is_dynamic() const { return dynamic_.has_value(); }
  std::vector<std::string> describe() const;

 private:
  // ScalingClient
  bool request_total(TimeUs now, const std::map<ProfileId, std::int64_t>& targets, Outbox& out) override;
  std::vector<ExecutorId> remove(TimeUs now, const Removal& removal, Outbox& out) override;
  bool is_active(ExecutorId executor) const override { return table_.is_active(executor); }

  // ExecutorListener
  void executor_added(TimeUs now, ExecutorId id, const RegisteredExecutor& executor, Outbox& out) override;
  void executor_inactive(TimeUs, ExecutorId, Inactive, Outbox&) override {}
  void executor_removed(TimeUs now, const out::ExecutorRemoved& why, const RegisteredExecutor* was,
                        Outbox& out) override;

  // TaskListener
  void job_started(TimeUs now, const JobPlan& job) override;
  void job_ended(TimeUs now, JobId job) override;
  void stage_submitted(TimeUs now, const StageSubmission& stage) override;
  void stage_completed(TimeUs now, StageId stage, int attempt) override;
  void task_started(TimeUs now, StageId stage, int stage_attempt, const TaskAttempt& task) override;
  void task_ended(TimeUs now, StageId stage, int stage_attempt, const TaskAttempt& task,
                  const TaskResult& result) override;
  void speculative_submitted(TimeUs now, StageId stage, int stage_attempt, int index) override;
  void unschedulable_added(TimeUs now, StageId stage, int stage_attempt) override;
  void unschedulable_removed(TimeUs now, StageId stage, int stage_attempt) override;

  ExecutorTable& table_;
  SchedulerBackend& scheduler_;
  std::optional<ScalingSide> dynamic_;
  std::optional<RollSide> roll_;
};

}  // namespace podramp::backend
