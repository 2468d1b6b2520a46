#include "backend/fork_jobs.h"

#include <fmt/format.h>

#include <utility>

namespace podramp::backend {
namespace {

// Core Spark 2.2: every launched task starts the wait for locality anew (until SPARK-18886, 3.1), and a task that the
// blacklist leaves no executor ends its task set at once.
TaskSettings fork_task_settings(const ForkConf& conf) {
  TaskSettings settings = task_settings(conf.scheduling, conf.dynamic_allocation);
  settings.wait_resets_on_launch = true;
  settings.waits_when_shut_out = false;
  return settings;
}

EarlyDynamicSettings scaling_settings(const ForkConf& conf, std::int64_t task_cpus) {
  EarlyDynamicSettings settings;
  settings.min = conf.min_executors;
  settings.max = conf.max_executors.value_or(settings.max);
  settings.tasks_per_executor = conf.cpu_milli / 1000 * kCpu / task_cpus;
  settings.backlog_timeout_us = conf.backlog_timeout_us;
  settings.sustained_backlog_timeout_us = conf.sustained_backlog_timeout_us;
  settings.idle_timeout_us = conf.idle_timeout_us;
  settings.cached_idle_timeout_us = conf.cached_idle_timeout_us;
  settings.shuffle_service = conf.shuffle_service;
  return settings;
}

}  // namespace

ForkJobs::ForkJobs(const Application& application, const ForkConf& conf, std::unique_ptr<HostNames> names,
                   Actions actions)
    : scales_(conf.dynamic_allocation && application.runs_jobs),
      hints_alone_(!conf.dynamic_allocation && application.fixes.contains(Fix::q18)),
      actions_(std::move(actions)),
      tasks_(fork_task_settings(conf), std::move(names), application.app_id) {
  base_ = scaling_settings(conf, fork_task_settings(conf).task_cpus);
  tasks_.set_is_active(actions_.is_alive);
  tasks_.add_listener(this);
}

EarlyDynamicSettings ForkJobs::settings(std::int64_t initial) const {
  EarlyDynamicSettings settings = base_;
  settings.initial = initial;
  return settings;
}

std::string ForkJobs::scaling_fault(std::int64_t initial) const {
  if (!scales_) return "";
  const FieldErrors errors = check(settings(initial));
  return errors.empty() ? "" : fmt::format("{} {}", errors.front().path, errors.front().message);
}

void ForkJobs::start_scaling(TimeUs now, std::int64_t initial, Outbox& out) {
  scaling_.emplace(settings(initial), static_cast<ScalingClient&>(*this));
  scaling_->start(now, out);
}

// --- what the driver tells -----------------------------------------------------------------------------------------

void ForkJobs::block_updated(const in::BlockUpdated& block) {
  tasks_.block_updated(block);
  if (!scaling_ || block.rdd < 0) return;
  scaling_->block_updated(block.executor, block.rdd, block.split, block.memory_bytes > 0 || block.disk_bytes > 0);
}

// The listener hears of an executor before it is offered.
void ForkJobs::executor_added(TimeUs now, ExecutorId id, const std::string& host, std::int64_t cores, Outbox& out) {
  if (scaling_) scaling_->executor_added(now, id);
  tasks_.executor_added(now, {id, host, kDefaultProfile, cores}, out);
}

// Its tasks fail, and after that the listener hears that it is gone.
void ForkJobs::executor_removed(TimeUs now, ExecutorId id, const ExecutorLoss& loss, Outbox& out) {
  tasks_.executor_removed(now, id, loss, out);
  if (scaling_) scaling_->executor_removed(id);
}

void ForkJobs::timer_due(TimeUs now, const in::TimerDue& timer, Outbox& out) {
  if (tasks_.timer_due(now, timer, out)) return;
  if (timer.timer == TimerKind::dynamic_tick && scaling_) scaling_->tick_due(now, out);
}

void ForkJobs::after_step(TimeUs now, bool ready, Outbox& out) {
  if (ready) tasks_.ready(now, out);
  for (const ExclusionOrder& order : tasks_.take_orders()) {  // killBlacklistedExecutors
    const auto ids = order.executor ? std::vector<ExecutorId>{*order.executor} : tasks_.executors_on_host(order.host);
    actions_.kill({ids, true, true});
  }
  if (scaling_) scaling_->settle(now, out);
}

void ForkJobs::stop(Outbox& out) {
  if (scaling_) scaling_->stop(out);
  tasks_.stop(out);
}

std::vector<std::string> ForkJobs::describe() const {
  std::vector<std::string> lines = tasks_.describe();
  if (scaling_) {
    const EarlyDynamicAllocation& manager = scaling_->manager();
    lines.push_back(fmt::format("dynamic allocation: target {}, needed {}, next step {}", manager.target(),
                                manager.needed(), manager.to_add()));
  }
  return lines;
}

// --- what the tasks tell -------------------------------------------------------------------------------------------

void ForkJobs::stage_submitted(TimeUs now, const StageSubmission& stage) {
  if (scaling_) {
    scaling_->stage_submitted(now, stage.stage, stage.tasks, {stage.tasks_with_places, stage.tasks_by_host});
  } else if (hints_alone_) {
    stage_hints_[stage.stage] = stage.tasks_by_host;
    tell_hints();
  }
}

void ForkJobs::stage_completed(TimeUs /*now*/, StageId stage, int /*attempt*/) {
  if (scaling_) {
    scaling_->stage_completed(stage);
  } else if (stage_hints_.erase(stage) > 0) {
    tell_hints();
  }
}

void ForkJobs::tell_hints() const {
  Hints sum;
  for (const auto& [stage, hints] : stage_hints_) {
    for (const auto& [host, tasks] : hints) sum[host] += tasks;
  }
  actions_.hint(sum);
}

void ForkJobs::task_started(TimeUs now, StageId stage, int /*stage_attempt*/, const TaskAttempt& task) {
  if (scaling_) scaling_->task_started(now, stage, task.index, task.task, task.executor);
}

void ForkJobs::task_ended(TimeUs now, StageId stage, int /*stage_attempt*/, const TaskAttempt& task,
                          const TaskResult& result) {
  if (scaling_) scaling_->task_ended(now, stage, task.index, task.task, task.executor, result.end);
}

// --- what dynamic allocation does ----------------------------------------------------------------------------------

// Every request takes the hints of the stages along (01 2.3).
bool ForkJobs::request_total(TimeUs /*now*/, const std::map<ProfileId, std::int64_t>& targets, Outbox& /*out*/) {
  actions_.request_total(targets.at(kDefaultProfile), scaling_->hints().tasks_by_host);
  return true;
}

std::vector<ExecutorId> ForkJobs::remove(TimeUs /*now*/, const Removal& removal, Outbox& /*out*/) {
  return actions_.kill({removal.executors, false, false});
}

}  // namespace podramp::backend
