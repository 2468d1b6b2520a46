#include "backend/task_backlog.h"

#include <algorithm>
#include <utility>

#include "backend/port/status.h"

namespace podramp::backend {
namespace {

std::int64_t size_in(const std::map<StageAttempt, IndexSet>& sets, StageAttempt attempt) {
  const auto it = sets.find(attempt);
  return it == sets.end() ? 0 : it->second.size();
}

std::int64_t value_in(const std::map<StageAttempt, std::int64_t>& values, StageAttempt attempt) {
  const auto it = values.find(attempt);
  return it == values.end() ? 0 : it->second;
}

}  // namespace

void IndexSet::insert(int index) {
  CHECK(index >= 0);
  const auto at = static_cast<std::size_t>(index);
  if (at >= has_.size()) has_.resize(at + 1);
  if (has_[at]) return;
  has_[at] = true;
  ++size_;
}

void IndexSet::erase(int index) {
  CHECK(index >= 0);
  const auto at = static_cast<std::size_t>(index);
  if (at >= has_.size() || !has_[at]) return;
  has_[at] = false;
  --size_;
}

LocalityHints locality_hints(const std::vector<std::vector<std::string>>& preferred) {
  LocalityHints hints;
  for (const auto& hosts : preferred) {
    if (!hosts.empty()) ++hints.tasks;
    for (const std::string& host : hosts) ++hints.tasks_by_host[host];
  }
  return hints;
}

void TaskBacklog::stage_submitted(StageAttempt attempt, std::int64_t tasks, ProfileId profile, LocalityHints hints) {
  tasks_[attempt] = tasks;
  attempts_[profile].insert(attempt);
  placements_[attempt] = {profile, std::move(hints)};
}

bool TaskBacklog::stage_completed(StageAttempt attempt) {
  // running_ stays: a zombie attempt's tasks count until they end (S-E16).
  tasks_.erase(attempt);
  pending_speculative_.erase(attempt);
  started_.erase(attempt);
  started_speculative_.erase(attempt);
  placements_.erase(attempt);
  forget_if_unused(attempt);
  return tasks_.empty() && pending_speculative_.empty() && started_speculative_.empty();
}

bool TaskBacklog::task_started(StageAttempt attempt, int index, bool speculative) {
  ++running_[attempt];
  if (speculative) {
    started_speculative_[attempt].insert(index);
    if (const auto it = pending_speculative_.find(attempt); it != pending_speculative_.end()) it->second.erase(index);
  } else {
    started_[attempt].insert(index);
  }
  return !has_pending();
}

bool TaskBacklog::task_ended(StageAttempt attempt, int index, bool speculative, TaskEnd end) {
  if (const auto it = running_.find(attempt); it != running_.end() && --it->second == 0) {
    running_.erase(it);
    forget_if_unused(attempt);
  }
  if (speculative) {
    const auto it = started_speculative_.find(attempt);
    if (it != started_speculative_.end()) it->second.erase(index);
  }
  if (end == TaskEnd::killed) return false;  // on purpose: it will not run again
  if (end == TaskEnd::success) {             // the second copy is not needed any more (S-E14)
    if (const auto it = pending_speculative_.find(attempt); it != pending_speculative_.end()) it->second.erase(index);
    return false;
  }
  const bool was_drained = !has_pending();
  if (!speculative) {
    if (const auto it = started_.find(attempt); it != started_.end()) it->second.erase(index);
  }
  return was_drained;
}

void TaskBacklog::speculative_submitted(StageAttempt attempt, int index) {
  pending_speculative_[attempt].insert(index);
}

void TaskBacklog::unschedulable_removed(StageAttempt attempt) {
  unschedulable_.erase(attempt);
  forget_if_unused(attempt);
}

void TaskBacklog::forget_if_unused(StageAttempt attempt) {
  if (running_.contains(attempt) || tasks_.contains(attempt) || pending_speculative_.contains(attempt) ||
      started_.contains(attempt) || started_speculative_.contains(attempt)) {
    return;
  }
  for (auto& [profile, attempts] : attempts_) attempts.erase(attempt);
}

// --- sums --------------------------------------------------------------------------------------------------------

const std::set<StageAttempt>& TaskBacklog::attempts_of(ProfileId profile) const {
  static const std::set<StageAttempt> kNone;
  const auto it = attempts_.find(profile);
  return it == attempts_.end() ? kNone : it->second;
}

std::int64_t TaskBacklog::pending_of(StageAttempt attempt) const {
  return value_in(tasks_, attempt) - size_in(started_, attempt);
}

std::int64_t TaskBacklog::pending_speculative_of(StageAttempt attempt) const {
  return size_in(pending_speculative_, attempt);
}

std::int64_t TaskBacklog::pending(ProfileId profile) const {
  std::int64_t sum = 0;
  for (const StageAttempt attempt : attempts_of(profile)) sum += pending_of(attempt);
  return sum;
}

std::int64_t TaskBacklog::pending_speculative(ProfileId profile) const {
  std::int64_t sum = 0;
  for (const StageAttempt attempt : attempts_of(profile)) sum += pending_speculative_of(attempt);
  return sum;
}

std::int64_t TaskBacklog::running(ProfileId profile) const {
  std::int64_t sum = 0;
  for (const StageAttempt attempt : attempts_of(profile)) sum += value_in(running_, attempt);
  return sum;
}

std::int64_t TaskBacklog::unschedulable(ProfileId profile) const {
  return std::ranges::count_if(attempts_of(profile),
                               [this](StageAttempt attempt) { return unschedulable_.contains(attempt); });
}

bool TaskBacklog::has_pending() const {
  for (const auto& [profile, attempts] : attempts_) {
    for (const StageAttempt attempt : attempts) {
      if (pending_speculative_of(attempt) > 0 || pending_of(attempt) > 0) return true;
    }
  }
  return false;
}

LocalityHints TaskBacklog::hints(ProfileId profile) const {
  LocalityHints sum;
  for (const auto& [attempt, placement] : placements_) {
    if (placement.profile != profile) continue;
    sum.tasks += placement.hints.tasks;
    for (const auto& [host, tasks] : placement.hints.tasks_by_host) sum.tasks_by_host[host] += tasks;
  }
  return sum;
}

}  // namespace podramp::backend
