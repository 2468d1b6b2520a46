#include "backend/scaling_link.h"

#include <utility>

namespace podramp::backend {

ScalingLink::ScalingLink(const Application& application, ExecutorTable& table, SchedulerBackend& scheduler,
                         TaskSide& tasks)
    : table_(table), scheduler_(scheduler) {
  if (auto settings = dynamic_allocation_settings(application); settings && application.runs_jobs)
    dynamic_.emplace(std::move(*settings), static_cast<ScalingClient&>(*this));
  if (const auto& roll = application.conf.scaling.roll) {
    roll_.emplace(*roll, [this](TimeUs now, ExecutorId id, const std::string& why, Outbox& out) {
      scheduler_.decommission(now, {id}, false, false, std::string(kDecommissionPrefix) + why, out);
    });
  }
  if (!dynamic_ && !roll_) return;
  table_.listen(*this);
  tasks.add_listener(this);
}

void ScalingLink::start(TimeUs now, Outbox& out) {
  if (roll_) roll_->start(now, out);
}

void ScalingLink::launch(TimeUs now, Outbox& out) {
  if (dynamic_) dynamic_->start(now, out);
}

bool ScalingLink::timer_due(TimeUs now, const in::TimerDue& timer, bool running, Outbox& out) {
  if (timer.timer == TimerKind::dynamic_tick) {
    if (dynamic_) dynamic_->tick_due(now, out);
    return true;
  }
  if (timer.timer != TimerKind::roll) return false;
  if (roll_) roll_->due(now, running, out);
  return true;
}

void ScalingLink::after_step(TimeUs now, Outbox& out) {
  if (dynamic_) dynamic_->settle(now, out);
}

void ScalingLink::stop(Outbox& out) {
  if (dynamic_) dynamic_->stop(out);
  if (roll_) roll_->stop(out);
}

std::vector<std::string> ScalingLink::describe() const {
  return dynamic_ ? dynamic_->describe() : std::vector<std::string>{};
}

// --- what dynamic allocation has done ------------------------------------------------------------------------------

bool ScalingLink::request_total(TimeUs now, const std::map<ProfileId, std::int64_t>& targets, Outbox& out) {
  scheduler_.request_total(now, targets, out);
  return true;
}

std::vector<ExecutorId> ScalingLink::remove(TimeUs now, const Removal& removal, Outbox& out) {
  if (removal.decommission) {
    const std::string why = std::string(kDecommissionPrefix) + "spark scale down";
    return scheduler_.decommission(now, removal.executors, removal.adjust_target, false, why, out);
  }
  return scheduler_.kill(now, removal.executors,
                         {.adjust_target = removal.adjust_target, .count_failures = false, .force = false}, out);
}

// --- what they hear ------------------------------------------------------------------------------------------------

void ScalingLink::executor_added(TimeUs now, ExecutorId id, const RegisteredExecutor& executor, Outbox& /*out*/) {
  if (dynamic_) dynamic_->executor_added(now, id, executor.profile);
  if (roll_) roll_->stats().executor_added(now, id);
}

void ScalingLink::executor_removed(TimeUs /*now*/, const out::ExecutorRemoved& why, const RegisteredExecutor* was,
                                   Outbox& /*out*/) {
  if (was == nullptr) return;
  if (dynamic_) dynamic_->executor_removed(why.executor, why.reason);
  if (roll_) roll_->stats().executor_removed(why.executor);
}

void ScalingLink::conf_changed(const Application& application) {
  auto settings = dynamic_allocation_settings(application);
  if (dynamic_ && settings) dynamic_->set_settings(std::move(*settings));
}

void ScalingLink::block_updated(const in::BlockUpdated& block) {
  if (const auto stage = shuffle_of(block)) {
    if (dynamic_) dynamic_->shuffle_block_stored(block.executor, *stage);
    return;
  }
  if (dynamic_) {
    dynamic_->block_updated(block.executor, block.rdd, block.split, block.memory_bytes > 0, block.disk_bytes > 0);
  }
  if (roll_) roll_->stats().block_updated(block.executor, block.rdd, block.split, block.disk_bytes);
}

void ScalingLink::job_started(TimeUs /*now*/, const JobPlan& job) {
  if (dynamic_) dynamic_->job_started(job);
}

void ScalingLink::job_ended(TimeUs /*now*/, JobId job) {
  if (dynamic_) dynamic_->job_ended(job);
}

void ScalingLink::stage_submitted(TimeUs now, const StageSubmission& stage) {
  if (!dynamic_) return;
  dynamic_->stage_submitted(now, {stage.stage, stage.attempt}, stage.tasks, stage.profile,
                            {stage.tasks_with_places, stage.tasks_by_host});
}

void ScalingLink::stage_completed(TimeUs /*now*/, StageId stage, int attempt) {
  if (dynamic_) dynamic_->stage_completed({stage, attempt});
}

void ScalingLink::task_started(TimeUs now, StageId stage, int stage_attempt, const TaskAttempt& task) {
  if (dynamic_) dynamic_->task_started(now, {stage, stage_attempt}, task.index, task.speculative, task.executor);
  if (roll_) roll_->stats().task_started(task.executor);
}

void ScalingLink::task_ended(TimeUs now, StageId stage, int stage_attempt, const TaskAttempt& task,
                             const TaskResult& result) {
  if (dynamic_) {
    dynamic_->task_ended(now, {stage, stage_attempt}, task.index, task.speculative, task.executor, result.end);
  }
  if (roll_) roll_->stats().task_ended(now, task.executor, task.launched_us, result);
}

void ScalingLink::speculative_submitted(TimeUs now, StageId stage, int stage_attempt, int index) {
  if (dynamic_) dynamic_->speculative_submitted(now, {stage, stage_attempt}, index);
}

void ScalingLink::unschedulable_added(TimeUs now, StageId stage, int stage_attempt) {
  if (dynamic_) dynamic_->unschedulable_added(now, {stage, stage_attempt});
}

void ScalingLink::unschedulable_removed(TimeUs /*now*/, StageId stage, int stage_attempt) {
  if (dynamic_) dynamic_->unschedulable_removed({stage, stage_attempt});
}

}  // namespace podramp::backend
