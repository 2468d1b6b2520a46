#include "backend/early_scaling_side.h"

#include <utility>

namespace podramp::backend {

bool EarlyScalingSide::send(TimeUs now, const TargetRequest& request, Outbox& out) {
  out.add(out::TargetsRequested{request.targets, request.needed, request.why});
  return client_.request_total(now, request.targets, out);
}

void EarlyScalingSide::start(TimeUs now, Outbox& out) {
  if (running_) return;
  running_ = true;
  send(now, manager_.start(now), out);
  settle(now, out);
}

void EarlyScalingSide::stop(Outbox& out) {
  running_ = false;
  if (armed_us_) out.add(out::TimerCancelled{TimerKind::dynamic_tick, 0});
  armed_us_.reset();
}

void EarlyScalingSide::tick_due(TimeUs now, Outbox& out) {
  armed_us_.reset();
  if (!running_) return;
  if (const auto request = manager_.tick(now)) manager_.request_answered(send(now, *request, out));
  if (const auto removal = manager_.removal()) {
    removing_ = true;
    const std::vector<ExecutorId> accepted = client_.remove(now, *removal, out);
    removing_ = false;
    manager_.removal_answered(accepted);
    for (const ExecutorId executor : std::exchange(gone_, {})) manager_.executor_removed(executor);
  }
  settle(now, out);
}

void EarlyScalingSide::settle(TimeUs now, Outbox& out) {
  if (!running_) return;
  const TimeUs next = manager_.next_tick(now);
  if (next == kNever || (armed_us_ && *armed_us_ <= next)) return;  // one that is too early decides nothing
  armed_us_ = next;
  out.add(out::TimerSet{TimerKind::dynamic_tick, 0, next});
}

void EarlyScalingSide::stage_submitted(TimeUs now, StageId stage, std::int64_t tasks, LocalityHints hints) {
  if (running_) manager_.stage_submitted(now, stage, tasks, std::move(hints));
}

void EarlyScalingSide::stage_completed(StageId stage) {
  if (running_) manager_.stage_completed(stage);
}

void EarlyScalingSide::task_started(TimeUs now, StageId stage, int index, TaskId task, ExecutorId executor) {
  if (running_) manager_.task_started(now, stage, index, task, executor);
}

void EarlyScalingSide::task_ended(TimeUs now, StageId stage, int index, TaskId task, ExecutorId executor, TaskEnd end) {
  if (running_) manager_.task_ended(now, stage, index, task, executor, end == TaskEnd::success);
}

void EarlyScalingSide::executor_added(TimeUs now, ExecutorId executor) {
  if (running_) manager_.executor_added(now, executor);
}

void EarlyScalingSide::executor_removed(ExecutorId executor) {
  if (!running_) return;
  if (removing_) {
    gone_.push_back(executor);
  } else {
    manager_.executor_removed(executor);
  }
}

void EarlyScalingSide::block_updated(ExecutorId executor, std::int32_t rdd, std::int32_t split, bool stored) {
  if (running_) manager_.block_updated(executor, rdd, split, stored);
}

}  // namespace podramp::backend
