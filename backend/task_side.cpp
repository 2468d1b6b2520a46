#include "backend/task_side.h"

#include <fmt/format.h>

#include <optional>
#include <utility>

namespace podramp::backend {

TaskSide::TaskSide(TaskSettings settings, std::unique_ptr<HostNames> names, std::string key)
    : settings_(std::move(settings)),
      names_(std::move(names)),
      tasks_(settings_, *names_, shuffles_, std::move(key)),
      stages_(settings_, tasks_, shuffles_, listeners_) {}

void TaskSide::ready(TimeUs now, Outbox& out) {
  if (std::exchange(ready_, true) || stopped_) return;
  for (const JobPlan& job : std::exchange(waiting_jobs_, {})) stages_.submit(now, job, out);
  settle(now, out);
}

void TaskSide::job_submitted(TimeUs now, const JobPlan& job, Outbox& out) {
  if (stopped_) return;
  if (!ready_) return waiting_jobs_.push_back(job);
  stages_.submit(now, job, out);
  settle(now, out);
}

// The core is offered again before the result is looked at: status updates and results go different ways in Spark.
void TaskSide::task_ended(TimeUs now, const in::TaskEnded& ended, Outbox& out) {
  if (stopped_) return;
  const std::optional<ExecutorId> executor = tasks_.executor_of(ended.task);
  if (!tasks_.release(ended.task)) return;
  offer(now, executor, out);
  if (tasks_.finish(now, ended.task, ended.result)) offer_all();
  settle(now, out);
}

void TaskSide::executor_added(TimeUs now, const TaskExecutor& executor, Outbox& out) {
  if (stopped_) return;
  tasks_.add_executor(executor);
  offer(now, executor.id, out);
  settle(now, out);
}

void TaskSide::executor_disconnected(TimeUs now, ExecutorId id, Outbox& out) {
  if (stopped_ || !tasks_.executor_pending_loss(id)) return;
  stages_.executor_lost(id);
  offer_all();
  settle(now, out);
}

void TaskSide::executor_removed(TimeUs now, ExecutorId id, const ExecutorLoss& loss, Outbox& out) {
  if (stopped_) return;
  if (tasks_.executor_lost(now, id, loss)) {
    stages_.executor_lost(id);
    offer_all();
  }
  settle(now, out);
}

void TaskSide::executor_decommissioning(TimeUs now, ExecutorId id, Outbox& out) {
  if (stopped_) return;
  tasks_.executor_decommissioning(id);
  offer_all();
  settle(now, out);
}

std::vector<ExecutorId> TaskSide::executors_on_host(const std::string& host) const {
  const auto& by_host = tasks_.hosts().by_host();
  const auto it = by_host.find(host);
  if (it == by_host.end()) return {};
  return {it->second.begin(), it->second.end()};
}

bool TaskSide::timer_due(TimeUs now, const in::TimerDue& timer, Outbox& out) {
  if (timer.timer != TimerKind::revive) return false;
  armed_.erase(timer.arg);
  if (stopped_) return true;
  if (timer.arg == kReviveTimer) offer_all();
  if (timer.arg == kResubmitTimer) stages_.resubmit(now, out);
  if (timer.arg == kSpeculationTimer && tasks_.check_speculatable(now)) offer_all();
  if (timer.arg >= kUnschedulableTimer) tasks_.unschedulable_timeout(now, timer.arg - kUnschedulableTimer);
  settle(now, out);
  return true;
}

void TaskSide::stop(Outbox& out) {
  stopped_ = true;
  for (const std::uint64_t timer : armed_) out.add(out::TimerCancelled{TimerKind::revive, timer});
  armed_.clear();
}

// Without a task set there is nothing to offer to; new executors are seen at the next offer, as in Spark at the next
// revive.
void TaskSide::offer(TimeUs now, std::optional<ExecutorId> only, Outbox& out) {
  if (!tasks_.has_task_sets()) return;
  const std::vector<TaskAttempt> launched = tasks_.make_offers(now, only);
  for (const TaskAttempt& attempt : launched) {
    const auto set = tasks_.set_of(attempt.task);
    out.add(out::TaskLaunched{attempt.task, set.first, set.second, attempt.partition, attempt.attempt,
                              attempt.speculative, attempt.locality, attempt.executor});
  }
}

void TaskSide::settle(TimeUs now, Outbox& out) {
  bool more = true;
  while (more) {
    for (const TaskId task : std::exchange(tasks_.events().kills, {})) out.add(out::TaskKilled{task});
    more = stages_.handle_events(now, out);
    if (stages_.take_submitted()) offer_all();
    if (!std::exchange(offer_all_, false)) continue;
    offer(now, std::nullopt, out);
    more = true;
  }
  if (const auto at = stages_.take_resubmit_at()) set_timer(kResubmitTimer, *at, out);
  for (const auto& [timer, at] : tasks_.take_abort_timers()) set_timer(kUnschedulableTimer + timer, at, out);
  tick(now, kReviveTimer, settings_.revive_us, tasks_.wants_offers(), out);
  const bool speculating = settings_.speculation && tasks_.has_task_sets();
  tick(now, kSpeculationTimer, settings_.speculation_period_us, speculating, out);
}

void TaskSide::set_timer(std::uint64_t timer, TimeUs at, Outbox& out) {
  armed_.insert(timer);
  out.add(out::TimerSet{TimerKind::revive, timer, at});
}

// Ticks at a fixed rate from the start; those that could change nothing are left out.
void TaskSide::tick(TimeUs now, std::uint64_t timer, DurationUs period_us, bool wanted, Outbox& out) {
  if (!wanted || armed_.contains(timer)) return;
  set_timer(timer, started_us_ + ((now - started_us_) / period_us + 1) * period_us, out);
}

std::vector<std::string> TaskSide::describe() const {
  std::vector<std::string> lines;
  if (stages_.active_jobs() > 0) lines.push_back(fmt::format("{} jobs are active", stages_.active_jobs()));
  if (!waiting_jobs_.empty()) lines.push_back(fmt::format("{} jobs wait for executors", waiting_jobs_.size()));
  for (std::string& line : tasks_.describe()) lines.push_back(std::move(line));
  return lines;
}

}  // namespace podramp::backend
