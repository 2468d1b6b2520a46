#include "backend/scaling_side.h"

#include <fmt/format.h>

#include <utility>

namespace podramp::backend {

void ScalingSide::start(TimeUs now, Outbox& out) {
  if (running_) return;
  running_ = true;
  send(now, manager_.start(now), out);
  settle(now, out);
}

void ScalingSide::stop(Outbox& out) {
  running_ = false;
  if (armed_us_) out.add(out::TimerCancelled{TimerKind::dynamic_tick, 0});
  armed_us_.reset();
  wanted_.clear();
}

bool ScalingSide::send(TimeUs now, const TargetRequest& request, Outbox& out) {
  out.add(out::TargetsRequested{request.targets, request.needed, request.why});
  return client_.request_total(now, request.targets, out);
}

void ScalingSide::flush(TimeUs now, Outbox& out) {
  for (const TargetRequest& request : std::exchange(wanted_, {})) send(now, request, out);
}

void ScalingSide::tick_due(TimeUs now, Outbox& out) {
  armed_us_.reset();
  if (!running_) return;
  flush(now, out);
  if (const auto request = manager_.tick(now)) manager_.request_answered(send(now, *request, out));
  remove_idle(now, out);
  settle(now, out);
}

void ScalingSide::remove_idle(TimeUs now, Outbox& out) {
  const auto removal = manager_.removal();
  if (!removal) return;
  removing_ = true;
  const std::vector<ExecutorId> accepted = client_.remove(now, *removal, out);
  removing_ = false;
  send(now, manager_.removal_answered(accepted), out);
  // Spark hears of a removal through its listener bus, after the kill has been marked.
  for (const Gone& gone : std::exchange(gone_, {})) manager_.monitor().executor_removed(gone.executor, gone.reason);
}

void ScalingSide::settle(TimeUs now, Outbox& out) {
  if (!running_) return;
  flush(now, out);
  const TimeUs next = manager_.next_tick(now);
  // A timer that is too early stays: such a tick decides nothing, and arms the next one.
  if (next == kNever || (armed_us_ && *armed_us_ <= next)) return;
  armed_us_ = next;
  out.add(out::TimerSet{TimerKind::dynamic_tick, 0, next});
}

// --- the listener bus --------------------------------------------------------------------------------------------

void ScalingSide::job_started(const JobPlan& job) {
  if (!running_) return;
  std::vector<StageShuffle> stages;
  for (const StagePlan& stage : job.stages) {
    stages.push_back({stage.stage, stage.writes_shuffle ? std::optional<ShuffleId>(stage.stage) : std::nullopt});
  }
  manager_.monitor().job_started(job.job, stages);
}

void ScalingSide::job_ended(JobId job) {
  if (running_) manager_.monitor().job_ended(job);
}

void ScalingSide::stage_submitted(TimeUs now, StageAttempt attempt, std::int64_t tasks, ProfileId profile,
                                  LocalityHints hints) {
  if (!running_) return;
  auto request = manager_.stage_submitted(now, attempt, tasks, profile, std::move(hints));
  if (request) wanted_.push_back(std::move(*request));
}

void ScalingSide::stage_completed(StageAttempt attempt) {
  if (running_) manager_.stage_completed(attempt);
}

void ScalingSide::task_started(TimeUs now, StageAttempt attempt, int index, bool speculative, ExecutorId executor) {
  if (running_) manager_.task_started(now, attempt, index, speculative, executor, client_.is_active(executor));
}

void ScalingSide::task_ended(TimeUs now, StageAttempt attempt, int index, bool speculative, ExecutorId executor,
                             TaskEnd end) {
  if (running_) manager_.task_ended(now, attempt, index, speculative, executor, end);
}

void ScalingSide::speculative_submitted(TimeUs now, StageAttempt attempt, int index) {
  if (running_) manager_.speculative_task_submitted(now, attempt, index);
}

void ScalingSide::unschedulable_added(TimeUs now, StageAttempt attempt) {
  if (running_) manager_.unschedulable_task_set_added(now, attempt);
}

void ScalingSide::unschedulable_removed(StageAttempt attempt) {
  if (running_) manager_.unschedulable_task_set_removed(attempt);
}

void ScalingSide::executor_added(TimeUs now, ExecutorId executor, ProfileId profile) {
  if (running_) manager_.monitor().executor_added(now, executor, profile);
}

void ScalingSide::executor_removed(ExecutorId executor, std::string_view reason) {
  if (!running_) return;
  if (removing_) {
    gone_.push_back({executor, std::string(reason)});
  } else {
    manager_.monitor().executor_removed(executor, reason);
  }
}

void ScalingSide::block_updated(ExecutorId executor, std::int32_t rdd, std::int32_t split, bool memory, bool disk) {
  if (running_) manager_.monitor().block_updated(executor, rdd, split, memory, disk, client_.is_active(executor));
}

void ScalingSide::shuffle_block_stored(ExecutorId executor, ShuffleId shuffle) {
  if (running_) manager_.monitor().shuffle_block_stored(executor, shuffle, client_.is_active(executor));
}

std::vector<std::string> ScalingSide::describe() const {
  std::vector<std::string> facts;
  if (!running_) return facts;
  for (const auto& [profile, target] : manager_.targets()) {
    facts.push_back(fmt::format("dynamic allocation, profile {}: target {}, needed {}, next step {}", profile, target,
                                manager_.needed(profile), manager_.to_add(profile)));
  }
  if (const auto due = manager_.add_time_us()) facts.push_back("backlog deadline: " + format_time(*due));
  if (manager_.initializing()) facts.emplace_back("dynamic allocation: no stage and no idle time-out yet");
  for (const ExecutorId id : manager_.monitor().pending_removal()) {
    facts.push_back(fmt::format("executor {}: idle, being killed", id));
  }
  for (const ExecutorId id : manager_.monitor().decommissioning()) {
    facts.push_back(fmt::format("executor {}: idle, being decommissioned", id));
  }
  return facts;
}

}  // namespace podramp::backend
