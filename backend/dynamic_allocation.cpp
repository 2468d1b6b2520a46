#include "backend/dynamic_allocation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace podramp::backend {
namespace {

constexpr std::string_view kPrefix = "spark.dynamicAllocation.";

// ceil(count x ratio / slots), in doubles and in this order.
std::int64_t executors_for(std::int64_t count, double ratio, std::int64_t slots) {
  return static_cast<std::int64_t>(std::ceil(static_cast<double>(count) * ratio / static_cast<double>(slots)));
}

}  // namespace

TimeUs tick_at_or_after(TimeUs start_us, TimeUs when, TimeUs now) {
  if (when == kNever) return kNever;
  const TimeUs earliest = std::max(when, now + 1);
  const TimeUs ticks = (earliest - start_us + kDynamicTickUs - 1) / kDynamicTickUs;
  return start_us + ticks * kDynamicTickUs;
}

FieldErrors check(const DynamicAllocationSettings& settings) {
  FieldErrors errors;
  const auto fault = [&errors](std::string_view key, std::string message) {
    errors.push_back({"", 0, fmt::format("{}{}", kPrefix, key), std::move(message)});
  };
  if (settings.min < 0) fault("minExecutors", fmt::format("must be >= 0 (got {})", settings.min));
  if (settings.max <= 0) fault("maxExecutors", fmt::format("must be > 0 (got {})", settings.max));
  if (settings.min >= 0 && settings.max > 0 && settings.min > settings.max) {
    fault("minExecutors", fmt::format("must be <= maxExecutors = {} (got {})", settings.max, settings.min));
  }
  if (settings.backlog_timeout_us <= 0) fault("schedulerBacklogTimeout", "must be > 0");
  if (settings.sustained_backlog_timeout_us <= 0) fault("sustainedSchedulerBacklogTimeout", "must be > 0");
  if (!(settings.ratio > 0.0 && settings.ratio <= 1.0)) {
    fault("executorAllocationRatio", fmt::format("must be > 0 and <= 1 (got {})", settings.ratio));
  }
  const MonitorSettings& monitor = settings.monitor;
  const bool moves_blocks = settings.decommission && settings.decommission_shuffle_blocks;
  if (!monitor.shuffle_service && !settings.reliable_shuffle_storage && !monitor.shuffle_tracking && !moves_blocks) {
    fault("enabled",
          "needs one of spark.shuffle.service.enabled, spark.dynamicAllocation.shuffleTracking.enabled, "
          "spark.decommission.enabled with spark.storage.decommission.shuffleBlocks.enabled, or reliable shuffle "
          "storage");
  }
  return errors;
}

DynamicAllocation::DynamicAllocation(DynamicAllocationSettings settings)
    : settings_(std::move(settings)), monitor_(settings_.monitor) {
  CHECK(check(settings_).empty());
  targets_[kDefaultProfile] = settings_.initial;
  to_add_[kDefaultProfile] = 1;
}

void DynamicAllocation::set_settings(DynamicAllocationSettings settings) {
  CHECK(check(settings).empty());
  settings_ = std::move(settings);
  monitor_.set_settings(settings_.monitor);
}

TargetRequest DynamicAllocation::start(TimeUs now) {
  start_us_ = now;
  return request("dynamic allocation starts");
}

std::int64_t DynamicAllocation::slots(ProfileId profile) const {
  const auto it = settings_.slots.find(profile);
  PODRAMP_CHECK(it != settings_.slots.end(), fmt::format("profile {} has no slots", profile));
  return it->second;
}

std::int64_t DynamicAllocation::to_add(ProfileId profile) const {
  const auto it = to_add_.find(profile);
  return it == to_add_.end() ? 1 : it->second;
}

std::int64_t DynamicAllocation::needed(ProfileId profile) const {
  const std::int64_t speculative = backlog_.pending_speculative(profile);
  const std::int64_t work = backlog_.pending(profile) + speculative + backlog_.running(profile);
  const std::int64_t per_executor = slots(profile);
  std::int64_t need = executors_for(work, settings_.ratio, per_executor);
  if (per_executor > 1 && need == 1 && speculative > 0) need = 2;  // a second copy wants another executor (S-E15)
  if (const std::int64_t sets = backlog_.unschedulable(profile); sets > 0) {
    need = std::max(need, monitor_.count(profile) + executors_for(sets, settings_.ratio, per_executor));
  }
  return need;
}

TargetRequest DynamicAllocation::request(std::string why) const {
  TargetRequest all{targets_, {}, std::move(why)};
  for (const auto& [profile, target] : targets_) all.needed[profile] = needed(profile);
  return all;
}

// --- events ------------------------------------------------------------------------------------------------------

void DynamicAllocation::backlogged(TimeUs now) {
  if (!add_time_us_) add_time_us_ = now + settings_.backlog_timeout_us;
}

void DynamicAllocation::queue_empty() {
  add_time_us_.reset();
  for (auto& [profile, step] : to_add_) step = 1;
}

std::optional<TargetRequest> DynamicAllocation::stage_submitted(TimeUs now, StageAttempt attempt, std::int64_t tasks,
                                                                ProfileId profile, LocalityHints hints) {
  initializing_ = false;
  backlog_.stage_submitted(attempt, tasks, profile, std::move(hints));
  backlogged(now);
  to_add_.try_emplace(profile, 1);
  if (!targets_.try_emplace(profile, settings_.initial).second || settings_.initial <= 0) return std::nullopt;
  return request(fmt::format("the first stage of profile {}", profile));
}

void DynamicAllocation::stage_completed(StageAttempt attempt) {
  if (backlog_.stage_completed(attempt)) queue_empty();
}

void DynamicAllocation::task_started(TimeUs now, StageAttempt attempt, int index, bool speculative, ExecutorId executor,
                                     bool active) {
  if (backlog_.task_started(attempt, index, speculative)) queue_empty();
  monitor_.task_started(now, executor, active);
}

void DynamicAllocation::task_ended(TimeUs now, StageAttempt attempt, int index, bool speculative, ExecutorId executor,
                                   TaskEnd end) {
  if (backlog_.task_ended(attempt, index, speculative, end)) backlogged(now);
  monitor_.task_ended(now, attempt.stage, executor, end == TaskEnd::success);
}

void DynamicAllocation::speculative_task_submitted(TimeUs now, StageAttempt attempt, int index) {
  backlog_.speculative_submitted(attempt, index);
  backlogged(now);
}

void DynamicAllocation::unschedulable_task_set_added(TimeUs now, StageAttempt attempt) {
  backlog_.unschedulable_added(attempt);
  backlogged(now);
}

void DynamicAllocation::unschedulable_task_set_removed(StageAttempt attempt) {
  backlog_.unschedulable_removed(attempt);
}

// --- ticks -------------------------------------------------------------------------------------------------------

// Need is at least the target here, so the result is never below it.
std::int64_t DynamicAllocation::increased(ProfileId profile, std::int64_t target, std::int64_t need) const {
  std::int64_t to = std::max(target, monitor_.count(profile)) + to_add(profile);
  to = std::min(to, need);
  return std::max(std::min(to, settings_.max), settings_.min);
}

void DynamicAllocation::adjust(ProfileId profile, std::int64_t& target, bool may_add) {
  const std::int64_t old_target = target;
  const std::int64_t need = needed(profile);
  if (need < target) {
    target = std::max(need, settings_.min);
    to_add_[profile] = 1;
  } else if (may_add && target >= settings_.max) {
    to_add_[profile] = 1;
  } else if (may_add) {
    target = increased(profile, target, need);
    if (target == old_target) to_add_[profile] = 1;
  }
  if (target != old_target) changes_[profile] = {target - old_target, old_target};
}

bool DynamicAllocation::tick_would_change(ProfileId profile, std::int64_t target, bool may_add) const {
  const std::int64_t need = needed(profile);
  std::int64_t to = target;
  if (need < target) {
    to = std::max(need, settings_.min);
  } else if (!may_add) {
    return false;
  } else if (target < settings_.max) {
    to = increased(profile, target, need);
  }
  return to != target || to_add(profile) != 1;
}

std::optional<TargetRequest> DynamicAllocation::tick(TimeUs now) {
  CHECK(changes_.empty());
  if (!monitor_.timed_out(now).empty()) initializing_ = false;  // before the targets are looked at (S-E37)
  if (initializing_) return std::nullopt;
  const bool may_add = add_time_us_ && now >= *add_time_us_;
  for (auto& [profile, target] : targets_) adjust(profile, target, may_add);
  if (changes_.empty()) return std::nullopt;
  requested_us_ = now;
  bool up = false;
  bool down = false;
  for (const auto& [profile, change] : changes_) (change.delta > 0 ? up : down) = true;
  return request(up && down ? "backlog, and less needed elsewhere" : up ? "backlog" : "less needed");
}

void DynamicAllocation::request_answered(bool acknowledged) {
  for (const auto& [profile, change] : std::exchange(changes_, {})) {
    if (!acknowledged) {
      targets_[profile] = change.old_target;
    } else if (change.delta > 0) {
      std::int64_t& step = to_add_[profile];
      step = change.delta == step ? 2 * step : 1;
      add_time_us_ = requested_us_ + settings_.sustained_backlog_timeout_us;
    }
  }
}

std::optional<Removal> DynamicAllocation::removal_of(const std::vector<IdleExecutor>& idle) const {
  Removal removal;
  removal.decommission = settings_.decommission;
  std::map<ProfileId, std::int64_t> remaining;
  for (const IdleExecutor& candidate : idle) {
    if (candidate.profile == kUnknownProfile) continue;
    const auto target = targets_.find(candidate.profile);
    std::int64_t& left = remaining.try_emplace(candidate.profile, monitor_.remaining(candidate.profile)).first->second;
    if (left - 1 < settings_.min) continue;
    if (target == targets_.end()) return std::nullopt;  // Spark's look-up throws, and the tick ends there
    if (left - 1 < target->second) continue;
    removal.executors.push_back(candidate.executor);
    --left;
  }
  if (removal.executors.empty()) return std::nullopt;
  return removal;
}

TargetRequest DynamicAllocation::removal_answered(const std::vector<ExecutorId>& accepted) {
  TargetRequest again = request("idle executors removed");  // the backend's kill may have lowered its targets
  if (accepted.empty()) return again;
  if (settings_.decommission) {
    monitor_.decommissioned(accepted);
  } else {
    monitor_.killed(accepted);
  }
  return again;
}

void DynamicAllocation::reset() {
  add_time_us_ = 0;  // not unset: the next tick may add at once
  for (auto& [profile, target] : targets_) target = settings_.initial;
  for (auto& [profile, step] : to_add_) step = 1;
  monitor_.reset();
}

// --- which ticks matter ------------------------------------------------------------------------------------------

TimeUs DynamicAllocation::next_tick(TimeUs now) const {
  TimeUs when = monitor_.next_look_us();
  if (!initializing_) {
    for (const auto& [profile, target] : targets_) {
      if (tick_would_change(profile, target, false)) when = std::min(when, now);
      if (add_time_us_ && tick_would_change(profile, target, true)) when = std::min(when, *add_time_us_);
    }
  }
  // An idle executor that may go is asked for at every tick until the backend accepts.
  for (const auto& [profile, count] : monitor_.candidates_by_profile()) {
    const auto target = targets_.find(profile);
    if (profile == kUnknownProfile || target == targets_.end()) continue;
    if (monitor_.remaining(profile) - 1 >= std::max(settings_.min, target->second)) when = std::min(when, now);
  }
  return tick_at_or_after(start_us_, when, now);
}

}  // namespace podramp::backend
