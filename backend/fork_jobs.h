// The program of a fork-2.2 application, and the dynamic allocation that follows it: joins task_side.h and
// early_scaling_side.h to the fork's driver, which tells it of executors (01 1.8 "effect on tasks", 4.1). Of later
// Sparks: task_link.h, scaling_link.h. Not here: what a host is called (host_names.h), pods (fork_driver.h).
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backend/driver.h"
#include "backend/early_scaling_side.h"
#include "backend/fork_conf.h"
#include "backend/task_side.h"

namespace podramp::backend {

class ForkJobs final : private TaskListener, private ScalingClient {
 public:
  using Hints = std::map<std::string, std::int64_t>;  // tasks by preferred host
  // What it does to the driver around it.
  struct Actions {
    std::function<bool(ExecutorId)> is_alive;  // registered, and not on its way out
    std::function<void(std::int64_t total, const Hints& hints)> request_total;
    std::function<std::vector<ExecutorId>(const in::KillRequested&)> kill;  // those that it did kill
    std::function<void(const Hints& hints)> hint;                           // with fix Q18 alone
  };
  ForkJobs(const Application& application, const ForkConf& conf, std::unique_ptr<HostNames> names, Actions actions);
  ForkJobs(const ForkJobs&) = delete;
  ForkJobs& operator=(const ForkJobs&) = delete;

  void start(TimeUs now) { tasks_.start(now); }
  // Dynamic allocation is on, and there is a program to follow.
  bool scales() const { return scales_; }
  // What Spark 2.2 refuses as it makes the manager; "" when nothing (01 4.1).
  std::string scaling_fault(std::int64_t initial) const;
  // The manager's own start: asks for the initial executors. It must scale, without a fault.
  void start_scaling(TimeUs now, std::int64_t initial, Outbox& out);

  void job_submitted(TimeUs now, const JobPlan& job, Outbox& out) { tasks_.job_submitted(now, job, out); }
  void task_ended(TimeUs now, const in::TaskEnded& ended, Outbox& out) { tasks_.task_ended(now, ended, out); }
  void block_updated(const in::BlockUpdated& block);

  void executor_added(TimeUs now, ExecutorId id, const std::string& host, std::int64_t cores, Outbox& out);
  void executor_disconnected(TimeUs now, ExecutorId id, Outbox& out) { tasks_.executor_disconnected(now, id, out); }
  // RemoveExecutor was processed (01 1.8).
  void executor_removed(TimeUs now, ExecutorId id, const ExecutorLoss& loss, Outbox& out);
  // Its heartbeats have expired: its tasks fail now, the executor is removed later.
  void heartbeats_expired(TimeUs now, ExecutorId id, const ExecutorLoss& loss, Outbox& out) {
    tasks_.executor_removed(now, id, loss, out);
  }
  bool busy(ExecutorId id) const { return tasks_.busy(id); }
  // spark.blacklist.*: the whole application keeps away from this host for now.
  bool blacklists(const std::string& host) const { return tasks_.tasks().keeps_away_from(host); }

  void timer_due(TimeUs now, const in::TimerDue& timer, Outbox& out);
  // At the end of each step of a running driver. ready: tasks may be scheduled (01 1.13).
  void after_step(TimeUs now, bool ready, Outbox& out);
  void stop(Outbox& out);
  std::vector<std::string> describe() const;

 private:
  EarlyDynamicSettings settings(std::int64_t initial) const;
  void tell_hints() const;

  // TaskListener
  void stage_submitted(TimeUs now, const StageSubmission& stage) override;
  void stage_completed(TimeUs now, StageId stage, int attempt) override;
  void task_started(TimeUs now, StageId stage, int stage_attempt, const TaskAttempt& task) override;
  void task_ended(TimeUs now, StageId stage, int stage_attempt, const TaskAttempt& task,
                  const TaskResult& result) override;
  // ScalingClient
  bool request_total(TimeUs now, const std::map<ProfileId, std::int64_t>& targets, Outbox& out) override;
  std::vector<ExecutorId> remove(TimeUs now, const Removal& removal, Outbox& out) override;
  bool is_active(ExecutorId id) const override { return actions_.is_alive(id); }

  bool scales_ = false;
  bool hints_alone_ = false;  // fix Q18
  EarlyDynamicSettings base_;
  Actions actions_;
  TaskSide tasks_;
  std::optional<EarlyScalingSide> scaling_;  // once it has started
  std::map<StageId, Hints> stage_hints_;     // fix Q18: of running stages
};

}  // namespace podramp::backend
