#include "backend/executor_monitor.h"

#include <algorithm>

namespace podramp::backend {
namespace {

// S-F13: an infinite time-out does not overflow.
TimeUs saturated_sum(TimeUs since, DurationUs timeout) { return timeout > kNever - since ? kNever : since + timeout; }

}  // namespace

bool comes_before_as_text(ExecutorId a, ExecutorId b) { return std::to_string(a) < std::to_string(b); }

// --- jobs and shuffles -------------------------------------------------------------------------------------------

void ExecutorMonitor::job_started(JobId job, const std::vector<StageShuffle>& stages) {
  if (!tracks_shuffles()) return;
  bool reused = false;
  std::set<ShuffleId> active;
  std::vector<StageId>& of_job = stages_of_job_[job];
  of_job.clear();
  for (const StageShuffle& stage : stages) {
    if (!stage.shuffle) continue;
    const auto [it, is_new] = jobs_of_shuffle_.try_emplace(*stage.shuffle);
    if (!is_new) reused = true;
    it->second.push_back(job);
    active.insert(*stage.shuffle);
  }
  if (reused) {  // data that executors hold already may be needed again
    bool changed = false;
    for (auto& [id, tracker] : executors_) {
      if (tracker.has_active_shuffle) continue;
      activate(tracker, active);
      changed = changed || tracker.has_active_shuffle;
    }
    if (changed) look_at_once();
  }
  for (const StageShuffle& stage : stages) {
    if (!stage.shuffle) continue;
    shuffle_of_stage_[stage.stage] = *stage.shuffle;
    of_job.push_back(stage.stage);
  }
}

void ExecutorMonitor::job_ended(JobId job) {
  if (!tracks_shuffles()) return;
  bool some_idle = false;
  std::set<ShuffleId> active;
  for (auto& [shuffle, jobs] : jobs_of_shuffle_) {
    if (const auto it = std::ranges::find(jobs, job); it != jobs.end()) jobs.erase(it);
    if (jobs.empty()) {
      some_idle = true;
    } else {
      active.insert(shuffle);
    }
  }
  if (some_idle) {
    for (auto& [id, tracker] : executors_) {
      if (tracker.has_active_shuffle) activate(tracker, active);
    }
  }
  if (const auto stages = stages_of_job_.extract(job)) {
    for (const StageId stage : stages.mapped()) shuffle_of_stage_.erase(stage);
  }
}

void ExecutorMonitor::activate(Tracker& tracker, const std::set<ShuffleId>& active) {
  const bool had = tracker.has_active_shuffle;
  tracker.has_active_shuffle =
      std::ranges::any_of(active, [&](ShuffleId shuffle) { return tracker.shuffles.contains(shuffle); });
  if (had && tracker.is_idle()) update_deadline(tracker);
}

void ExecutorMonitor::shuffle_cleaned(ShuffleId shuffle) {
  if (!tracks_shuffles()) return;
  jobs_of_shuffle_.erase(shuffle);
  for (auto& [id, tracker] : executors_) {
    if (tracker.shuffles.erase(shuffle) == 0 || !tracker.shuffles.empty()) continue;
    tracker.has_active_shuffle = false;
    if (tracker.is_idle()) update_deadline(tracker);
  }
}

// --- tasks and executors -----------------------------------------------------------------------------------------

void ExecutorMonitor::task_started(TimeUs now, ExecutorId executor, bool active) {
  if (active) add_running(now, ensure_tracked(executor, kUnknownProfile), 1);
}

void ExecutorMonitor::task_ended(TimeUs now, StageId stage, ExecutorId executor, bool success) {
  const auto it = executors_.find(executor);
  if (it == executors_.end()) return;
  Tracker& tracker = it->second;
  if (tracks_shuffles() && success) {
    if (const auto shuffle = shuffle_of_stage_.find(stage); shuffle != shuffle_of_stage_.end()) {
      if (tracker.shuffles.insert(shuffle->second).second) tracker.has_active_shuffle = true;
    }
  }
  add_running(now, tracker, -1);  // after the shuffle, which the new deadline depends on
}

void ExecutorMonitor::executor_added(TimeUs now, ExecutorId executor, ProfileId profile) {
  add_running(now, ensure_tracked(executor, profile), 0);
}

void ExecutorMonitor::executor_removed(ExecutorId executor, std::string_view reason) {
  const auto it = executors_.find(executor);
  if (it == executors_.end()) return;
  const Tracker& tracker = it->second;
  add_to_tally(tracker, -1);
  if (reason == kDecommissionFinished || reason.starts_with(kDecommissionPrefix)) {
    ++removals_.gracefully_decommissioned;
  } else if (tracker.decommissioning) {
    ++removals_.decommission_unfinished;
  } else if (tracker.pending_removal) {
    ++removals_.driver_killed;
  } else {
    ++removals_.exited_unexpectedly;
  }
  if (!tracker.pending_removal || !tracker.decommissioning) look_at_once();
  executors_.erase(it);
}

void ExecutorMonitor::killed(const std::vector<ExecutorId>& executors) {
  for (const ExecutorId executor : executors) {
    const auto it = executors_.find(executor);
    if (it == executors_.end()) continue;
    add_to_tally(it->second, -1);
    it->second.pending_removal = true;
    add_to_tally(it->second, 1);
  }
  look_at_once();
}

void ExecutorMonitor::decommissioned(const std::vector<ExecutorId>& executors) {
  for (const ExecutorId executor : executors) {
    const auto it = executors_.find(executor);
    if (it == executors_.end()) continue;
    add_to_tally(it->second, -1);
    it->second.decommissioning = true;
    add_to_tally(it->second, 1);
  }
  look_at_once();
}

void ExecutorMonitor::add_to_tally(const Tracker& tracker, std::int64_t sign) {
  Tally& tally = tallies_[tracker.profile];
  tally.live += sign;
  if (tracker.pending_removal) tally.pending_removal += sign;
  if (tracker.decommissioning) tally.decommissioning += sign;
}

ExecutorMonitor::Tracker& ExecutorMonitor::ensure_tracked(ExecutorId executor, ProfileId profile) {
  const auto [it, is_new] = executors_.try_emplace(executor);
  Tracker& tracker = it->second;
  if (is_new) {
    tracker.profile = profile;
    add_to_tally(tracker, 1);
  } else if (tracker.profile == kUnknownProfile && profile != kUnknownProfile) {
    add_to_tally(tracker, -1);
    tracker.profile = profile;
    add_to_tally(tracker, 1);
  }
  return tracker;
}

void ExecutorMonitor::add_running(TimeUs now, Tracker& tracker, std::int64_t delta) {
  tracker.running = std::max<std::int64_t>(0, tracker.running + delta);
  tracker.idle_since_us = tracker.running == 0 ? std::optional<TimeUs>(now) : std::nullopt;
  update_deadline(tracker);
}

// --- blocks ------------------------------------------------------------------------------------------------------

void ExecutorMonitor::block_updated(ExecutorId executor, std::int32_t rdd, std::int32_t split, bool memory, bool disk,
                                    bool active) {
  if (!active) return;  // S-F14
  Tracker& tracker = ensure_tracked(executor, kUnknownProfile);
  const bool served = settings_.shuffle_service && settings_.service_fetches_blocks && disk;  // S-F8
  if ((memory || disk) && !served) {
    const bool first = tracker.cached.empty();
    tracker.cached[rdd].insert(split);
    if (first) update_deadline(tracker);
    return;
  }
  const auto splits = tracker.cached.find(rdd);
  if (splits == tracker.cached.end()) return;
  splits->second.erase(split);
  if (!splits->second.empty()) return;
  tracker.cached.erase(splits);
  if (tracker.cached.empty()) update_deadline(tracker);
}

void ExecutorMonitor::shuffle_block_stored(ExecutorId executor, ShuffleId shuffle, bool active) {
  if (!active) return;
  Tracker& tracker = ensure_tracked(executor, kUnknownProfile);
  if (tracks_shuffles() && tracker.shuffles.insert(shuffle).second) tracker.has_active_shuffle = true;
}

void ExecutorMonitor::rdd_unpersisted(std::int32_t rdd) {
  for (auto& [id, tracker] : executors_) {
    tracker.cached.erase(rdd);
    if (tracker.cached.empty()) update_deadline(tracker);
  }
}

// --- deadlines ---------------------------------------------------------------------------------------------------

// S-F15: the longest of what applies.
void ExecutorMonitor::update_deadline(Tracker& tracker) {
  const TimeUs old = tracker.timeout_at_us;
  tracker.timeout_at_us = kNever;
  if (tracker.idle_since_us) {
    DurationUs timeout = settings_.idle_timeout_us;
    if (!tracker.cached.empty()) timeout = std::max(timeout, settings_.cached_idle_timeout_us);
    if (!tracker.shuffles.empty()) timeout = std::max(timeout, settings_.shuffle_timeout_us);
    tracker.timeout_at_us = saturated_sum(*tracker.idle_since_us, timeout);
  }
  if (tracker.timeout_at_us > old && tracker.timed_out) {
    look_at_once();
  } else {
    look_no_later_than(tracker.timeout_at_us);
  }
}

void ExecutorMonitor::look_no_later_than(TimeUs when) { next_look_us_ = std::min(next_look_us_, when); }

const std::vector<IdleExecutor>& ExecutorMonitor::timed_out(TimeUs now) {
  if (now < next_look_us_) return candidates_;
  next_look_us_ = kNever;
  candidates_.clear();
  candidates_by_profile_.clear();
  for (auto& [id, tracker] : executors_) {
    // The mark of one that is passed over here stays as it was, as in Spark.
    if (tracker.pending_removal || tracker.has_active_shuffle || tracker.decommissioning) continue;
    tracker.timed_out = tracker.timeout_at_us <= now;
    if (tracker.timed_out) {
      candidates_.push_back({id, tracker.profile});
      ++candidates_by_profile_[tracker.profile];
    } else {
      look_no_later_than(tracker.timeout_at_us);
    }
  }
  std::ranges::sort(candidates_, comes_before_as_text, &IdleExecutor::executor);
  return candidates_;
}

void ExecutorMonitor::reset() {
  executors_.clear();
  tallies_.clear();
  next_look_us_ = kNever;
  candidates_.clear();
  candidates_by_profile_.clear();
}

// --- questions ---------------------------------------------------------------------------------------------------

ExecutorMonitor::Tally ExecutorMonitor::tally(ProfileId profile) const {
  const auto it = tallies_.find(profile);
  return it == tallies_.end() ? Tally{} : it->second;
}

std::int64_t ExecutorMonitor::remaining(ProfileId profile) const {
  const Tally counts = tally(profile);
  return counts.live - counts.pending_removal - counts.decommissioning;
}

bool ExecutorMonitor::is_idle(ExecutorId executor) const {
  const auto it = executors_.find(executor);
  return it != executors_.end() && it->second.is_idle();
}

TimeUs ExecutorMonitor::deadline_us(ExecutorId executor) const {
  const auto it = executors_.find(executor);
  return it == executors_.end() ? kNever : it->second.timeout_at_us;
}

std::optional<ProfileId> ExecutorMonitor::profile_of(ExecutorId executor) const {
  const auto it = executors_.find(executor);
  if (it == executors_.end()) return std::nullopt;
  return it->second.profile;
}

std::set<ExecutorId> ExecutorMonitor::pending_removal() const {
  std::set<ExecutorId> ids;
  for (const auto& [id, tracker] : executors_) {
    if (tracker.pending_removal) ids.insert(id);
  }
  return ids;
}

std::set<ExecutorId> ExecutorMonitor::decommissioning() const {
  std::set<ExecutorId> ids;
  for (const auto& [id, tracker] : executors_) {
    if (tracker.decommissioning) ids.insert(id);
  }
  return ids;
}

std::vector<ExecutorId> ExecutorMonitor::would_time_out(TimeUs when) const {
  std::vector<ExecutorId> ids;
  for (const auto& [id, tracker] : executors_) {
    if (tracker.is_idle() && tracker.timeout_at_us <= when) ids.push_back(id);
  }
  return ids;
}

}  // namespace podramp::backend
