// A dynamic allocation manager with a clock and a backend that does as it is told, for tests. Time goes in steps of the
// manager's own grid. Not part of the library.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "backend/dynamic_allocation.h"

namespace podramp::backend {

// The settings of 02 7.5: backlog 1 s, sustained 2 s, idle 3 s, one task per executor, external shuffle service.
inline DynamicAllocationSettings dynamic_settings(std::int64_t min, std::int64_t max, std::int64_t initial,
                                                  std::int64_t slots = 1) {
  DynamicAllocationSettings settings;
  settings.min = min;
  settings.max = max;
  settings.initial = initial;
  settings.backlog_timeout_us = kSecondUs;
  settings.sustained_backlog_timeout_us = 2 * kSecondUs;
  settings.slots = {{kDefaultProfile, slots}};
  settings.monitor.idle_timeout_us = 3 * kSecondUs;
  settings.monitor.shuffle_service = true;
  return settings;
}

class DynamicWorld {
 public:
  explicit DynamicWorld(const DynamicAllocationSettings& settings) : manager(settings) {
    requests.push_back(manager.start(0));
  }

  DynamicAllocation manager;
  TimeUs now = 0;
  bool acknowledges = true;
  std::set<ExecutorId> refuses;         // whose kills the backend does not accept
  std::vector<TargetRequest> requests;  // in order
  std::vector<Removal> removals;

  // --- events
  void stage(StageId id, std::int64_t tasks, ProfileId profile = kDefaultProfile, int attempt = 0) {
    sent(manager.stage_submitted(now, {id, attempt}, tasks, profile));
  }
  void stage_done(StageId id, int attempt = 0) { manager.stage_completed({id, attempt}); }
  void start(StageId id, int index, ExecutorId executor, bool speculative = false, int attempt = 0) {
    manager.task_started(now, {id, attempt}, index, speculative, executor, true);
  }
  void end(StageId id, int index, ExecutorId executor, TaskEnd how = TaskEnd::success, bool speculative = false,
           int attempt = 0) {
    manager.task_ended(now, {id, attempt}, index, speculative, executor, how);
  }
  void speculate(StageId id, int index) { manager.speculative_task_submitted(now, {id, 0}, index); }
  void unschedulable(StageId id) { manager.unschedulable_task_set_added(now, {id, 0}); }
  void schedulable(StageId id) { manager.unschedulable_task_set_removed({id, 0}); }
  void added(ExecutorId id, ProfileId profile = kDefaultProfile) { manager.monitor().executor_added(now, id, profile); }
  void added(ExecutorId from, ExecutorId to, ProfileId profile) {
    for (ExecutorId id = from; id <= to; ++id) added(id, profile);
  }
  void removed(ExecutorId id, std::string_view reason = "") { manager.monitor().executor_removed(id, reason); }

  // --- time
  void advance(DurationUs by) { now += by; }
  // A whole tick, now.
  void tick() {
    adjust();
    if (const auto removal = manager.removal()) perform(*removal);
  }
  // A tick without its removal step. Gives by how much the default profile's target has changed.
  std::int64_t adjust(ProfileId profile = kDefaultProfile) {
    const std::int64_t before = target(profile);
    if (sent(manager.tick(now))) manager.request_answered(acknowledges);
    return target(profile) - before;
  }
  // The next tick at which the backlog timer is due, without its removal step.
  std::int64_t grow(ProfileId profile = kDefaultProfile) {
    EXPECT_TRUE(manager.add_time_us().has_value());
    now = std::max(now + kDynamicTickUs, manager.add_time_us().value_or(now));
    return adjust(profile);
  }
  // A tick's removal step for executors of our choice. Gives those that the backend has begun to remove.
  std::vector<ExecutorId> remove(const std::vector<ExecutorId>& ids, ProfileId profile = kDefaultProfile) {
    std::vector<IdleExecutor> idle;
    for (const ExecutorId id : ids) idle.push_back({id, profile});
    const auto removal = manager.removal_of(idle);
    return removal ? perform(*removal) : std::vector<ExecutorId>{};
  }
  bool remove_one(ExecutorId id, ProfileId profile = kDefaultProfile) {
    return remove({id}, profile) == std::vector<ExecutorId>{id};
  }

  // --- questions
  std::int64_t target(ProfileId profile = kDefaultProfile) const { return manager.target(profile); }
  std::int64_t step(ProfileId profile = kDefaultProfile) const { return manager.to_add(profile); }
  std::int64_t needed(ProfileId profile = kDefaultProfile) const { return manager.needed(profile); }
  std::int64_t live() const { return manager.monitor().count(); }
  std::set<ExecutorId> pending() const { return manager.monitor().pending_removal(); }
  std::set<ExecutorId> decommissioning() const { return manager.monitor().decommissioning(); }

 private:
  bool sent(std::optional<TargetRequest> request) {
    if (!request) return false;
    requests.push_back(std::move(*request));
    return true;
  }
  std::vector<ExecutorId> perform(const Removal& removal) {
    removals.push_back(removal);
    std::vector<ExecutorId> accepted;
    std::ranges::copy_if(removal.executors, std::back_inserter(accepted),
                         [this](ExecutorId id) { return !refuses.contains(id); });
    sent(manager.removal_answered(accepted));
    return accepted;
  }
};

}  // namespace podramp::backend
