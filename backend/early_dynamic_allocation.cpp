#include "backend/early_dynamic_allocation.h"

#include <fmt/format.h>

#include <algorithm>

namespace podramp::backend {

FieldErrors check(const EarlyDynamicSettings& settings) {
  FieldErrors errors;
  const auto fault = [&errors](std::string_view key, std::string message) {
    errors.push_back({"", 0, fmt::format("spark.{}", key), std::move(message)});
  };
  const auto positive = [&fault](std::string_view key, DurationUs timeout_us) {
    if (timeout_us <= 0) fault(key, "must be > 0");
  };
  if (settings.min < 0) {
    fault("dynamicAllocation.minExecutors", fmt::format("must be >= 0 (got {})", settings.min));
  }
  if (settings.max <= 0) fault("dynamicAllocation.maxExecutors", fmt::format("must be > 0 (got {})", settings.max));
  if (settings.min >= 0 && settings.max > 0 && settings.min > settings.max) {
    fault("dynamicAllocation.minExecutors",
          fmt::format("must be <= maxExecutors = {} (got {})", settings.max, settings.min));
  }
  positive("dynamicAllocation.schedulerBacklogTimeout", settings.backlog_timeout_us);
  positive("dynamicAllocation.sustainedSchedulerBacklogTimeout", settings.sustained_backlog_timeout_us);
  positive("dynamicAllocation.executorIdleTimeout", settings.idle_timeout_us);
  if (!settings.shuffle_service) {
    fault("shuffle.service.enabled", "dynamic allocation needs the external shuffle service");
  }
  if (settings.tasks_per_executor < 1) fault("executor.cores", "must not be less than spark.task.cpus");
  return errors;
}

EarlyDynamicAllocation::EarlyDynamicAllocation(EarlyDynamicSettings settings)
    : settings_(settings), target_(settings.initial) {
  CHECK(check(settings_).empty());
}

TargetRequest EarlyDynamicAllocation::request(std::string why) const {
  return {{{kDefaultProfile, target_}}, {{kDefaultProfile, needed()}}, std::move(why)};
}

TargetRequest EarlyDynamicAllocation::start(TimeUs now) {
  start_us_ = now;
  return request("dynamic allocation starts");
}

std::int64_t EarlyDynamicAllocation::pending() const {
  std::int64_t sum = 0;
  for (const auto& [stage, tasks] : tasks_) {
    const auto started = started_.find(stage);
    sum += tasks - (started == started_.end() ? 0 : started->second.size());
  }
  return sum;
}

std::int64_t EarlyDynamicAllocation::needed() const {
  return (pending() + running_ + settings_.tasks_per_executor - 1) / settings_.tasks_per_executor;
}

LocalityHints EarlyDynamicAllocation::hints() const {
  LocalityHints sum;
  for (const auto& [stage, hints] : hints_) {
    sum.tasks += hints.tasks;
    for (const auto& [host, tasks] : hints.tasks_by_host) sum.tasks_by_host[host] += tasks;
  }
  return sum;
}

// --- events ------------------------------------------------------------------------------------------------------

void EarlyDynamicAllocation::backlogged(TimeUs now) {
  if (!add_time_us_) add_time_us_ = now + settings_.backlog_timeout_us;
}

void EarlyDynamicAllocation::queue_empty() {
  add_time_us_.reset();
  to_add_ = 1;
}

void EarlyDynamicAllocation::stage_submitted(TimeUs now, StageId stage, std::int64_t tasks, LocalityHints hints) {
  initializing_ = false;
  tasks_[stage] = tasks;
  hints_[stage] = std::move(hints);
  backlogged(now);
}

void EarlyDynamicAllocation::stage_completed(StageId stage) {
  tasks_.erase(stage);
  started_.erase(stage);
  hints_.erase(stage);
  if (!tasks_.empty()) return;
  queue_empty();
  running_ = 0;  // tasks that still run end below zero
}

void EarlyDynamicAllocation::task_started(TimeUs now, StageId stage, int index, TaskId task, ExecutorId executor) {
  ++running_;
  executor_added(now, executor);  // should it not be known yet
  started_[stage].insert(index);
  if (pending() == 0) queue_empty();
  tasks_of_executor_[executor].insert(task);
  remove_times_.erase(executor);
}

void EarlyDynamicAllocation::task_ended(TimeUs now, StageId stage, int index, TaskId task, ExecutorId executor,
                                        bool success) {
  --running_;
  if (const auto tasks = tasks_of_executor_.find(executor); tasks != tasks_of_executor_.end()) {
    tasks->second.erase(task);
    if (tasks->second.empty()) {
      tasks_of_executor_.erase(tasks);
      idle(now, executor);
    }
  }
  if (success) return;
  if (pending() == 0) backlogged(now);
  if (const auto started = started_.find(stage); started != started_.end()) started->second.erase(index);
}

void EarlyDynamicAllocation::executor_added(TimeUs now, ExecutorId executor) {
  if (!executors_.insert(executor).second) return;
  // Idle ones that could not go because of the minimum are candidates again, from now on.
  for (const ExecutorId id : executors_) {
    if (!tasks_of_executor_.contains(id)) idle(now, id);
  }
}

void EarlyDynamicAllocation::executor_removed(ExecutorId executor) {
  if (executors_.erase(executor) == 0) return;
  remove_times_.erase(executor);
  pending_removal_.erase(executor);
  cached_.erase(executor);
}

void EarlyDynamicAllocation::block_updated(ExecutorId executor, std::int32_t rdd, std::int32_t split, bool stored) {
  if (stored) {
    cached_[executor].insert({rdd, split});
    return;
  }
  const auto blocks = cached_.find(executor);
  if (blocks == cached_.end()) return;
  blocks->second.erase({rdd, split});
  if (blocks->second.empty()) cached_.erase(blocks);
}

void EarlyDynamicAllocation::idle(TimeUs now, ExecutorId executor) {
  if (!executors_.contains(executor) || pending_removal_.contains(executor)) return;
  const DurationUs timeout = is_cached(executor) ? settings_.cached_idle_timeout_us : settings_.idle_timeout_us;
  remove_times_.try_emplace(executor, timeout > kNever - now ? kNever : now + timeout);
}

// --- ticks -------------------------------------------------------------------------------------------------------

std::optional<TargetRequest> EarlyDynamicAllocation::lower(std::int64_t need) {
  const std::int64_t old_target = target_;
  target_ = std::max(need, settings_.min);
  to_add_ = 1;
  if (target_ >= old_target) return std::nullopt;
  return request("less needed");
}

std::optional<TargetRequest> EarlyDynamicAllocation::add(TimeUs now, std::int64_t need) {
  add_time_us_ = now + settings_.sustained_backlog_timeout_us;  // whatever comes of it
  if (target_ >= settings_.max) {
    to_add_ = 1;
    return std::nullopt;
  }
  const std::int64_t old_target = target_;
  target_ = std::max(target_, static_cast<std::int64_t>(executors_.size())) + to_add_;
  target_ = std::min(target_, need);
  target_ = std::max(std::min(target_, settings_.max), settings_.min);
  if (target_ == old_target) {
    to_add_ = 1;
    return std::nullopt;
  }
  old_target_ = old_target;
  return request("backlog");
}

std::optional<TargetRequest> EarlyDynamicAllocation::tick(TimeUs now) {
  CHECK(!old_target_.has_value());
  std::optional<TargetRequest> wanted;
  if (!initializing_) {
    const std::int64_t need = needed();
    if (need < target_) {
      wanted = lower(need);
    } else if (add_time_us_ && now >= *add_time_us_) {
      wanted = add(now, need);
    }
  }
  expired_.clear();
  for (auto it = remove_times_.begin(); it != remove_times_.end();) {
    if (now < it->second) {
      ++it;
      continue;
    }
    initializing_ = false;
    expired_.push_back(it->first);
    it = remove_times_.erase(it);  // spent, whether or not it may go
  }
  std::ranges::sort(expired_, comes_before_as_text);
  return wanted;
}

void EarlyDynamicAllocation::request_answered(bool acknowledged) {
  if (!old_target_) return;  // a lowering: nobody waits for the answer
  const std::int64_t old_target = *std::exchange(old_target_, std::nullopt);
  if (acknowledged) {
    to_add_ = target_ - old_target == to_add_ ? 2 * to_add_ : 1;
  } else {
    target_ = old_target;
  }
}

std::optional<Removal> EarlyDynamicAllocation::removal() const {
  Removal removal;
  removal.adjust_target = true;
  auto left = static_cast<std::int64_t>(executors_.size()) - static_cast<std::int64_t>(pending_removal_.size());
  for (const ExecutorId id : expired_) {
    if (left - 1 < settings_.min || !executors_.contains(id) || pending_removal_.contains(id)) continue;
    removal.executors.push_back(id);
    --left;
  }
  if (removal.executors.empty()) return std::nullopt;
  return removal;
}

void EarlyDynamicAllocation::removal_answered(const std::vector<ExecutorId>& accepted) {
  pending_removal_.insert(accepted.begin(), accepted.end());
  expired_.clear();
}

TimeUs EarlyDynamicAllocation::next_tick(TimeUs now) const {
  TimeUs when = kNever;
  for (const auto& [executor, at_us] : remove_times_) when = std::min(when, at_us);
  if (!initializing_) {
    const std::int64_t need = needed();
    if (need < target_) {
      if (std::max(need, settings_.min) < target_ || to_add_ != 1) when = std::min(when, now);
    } else if (add_time_us_) {
      when = std::min(when, *add_time_us_);
    }
  }
  return tick_at_or_after(start_us_, when, now);
}

}  // namespace podramp::backend
