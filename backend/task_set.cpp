#include "backend/task_set.h"

#include <fmt/format.h>

#include <algorithm>

#include "backend/port/status.h"

namespace podramp::backend {

TaskSet::TaskSet(TaskSetPlan plan, TimeUs now, const World& world)
    : plan_(std::move(plan)), world_(world), tasks_(plan_.partitions.size()), wait_since_us_(now) {
  CHECK(!tasks_.empty() && (plan_.places.empty() || plan_.places.size() == tasks_.size()));
  const ExclusionSettings& exclusion = world.settings.exclusion;
  if (exclusion.task_sets || world.health != nullptr) exclusion_.emplace(exclusion);
  for (std::size_t i = 0; i < plan_.partitions.size(); ++i) index_of_[plan_.partitions[i]] = static_cast<int>(i);
  // From the last to the first, so that low indexes stand at the tails.
  for (int i = static_cast<int>(tasks_.size()) - 1; i >= 0; --i) add_pending(i, false);
  levels_ = valid_levels();
}

const std::vector<TaskPlace>& TaskSet::places(int index) const {
  static const std::vector<TaskPlace> kNowhere;
  return plan_.places.empty() ? kNowhere : plan_.places[static_cast<std::size_t>(index)];
}

void TaskSet::add_pending(int index, bool speculative) {
  if (zombie_) return;
  (speculative ? speculatable_pending_ : pending_).add(index, places(index), world_.hosts.names());
}

std::vector<int> TaskSet::pending_on_host(const std::string& host) {
  const std::vector<int>* list = pending_.on_host(host, world_.hosts.names());
  return list == nullptr ? std::vector<int>{} : *list;
}

const TaskAttempt* TaskSet::find(TaskId task) const {
  const auto it = attempts_.find(task);
  return it == attempts_.end() ? nullptr : &it->second;
}

// --- offers --------------------------------------------------------------------------------------------------------

bool TaskSet::shut_out(int index, ExecutorId executor, const std::string& host) const {
  return exclusion_ &&
         (exclusion_->node_out_for_task(host, index) || exclusion_->executor_out_for_task(executor, index));
}

// The last task of the list that may run there; what has been launched meanwhile is dropped on the way.
std::optional<int> TaskSet::take_from(std::vector<int>* list, ExecutorId executor, const std::string& host,
                                      bool speculative) {
  if (list == nullptr) return std::nullopt;
  const auto ran_here = [&](int index) {
    return std::ranges::any_of(task_at(index).attempts, [&](TaskId id) { return attempts_.at(id).host == host; });
  };
  for (std::size_t i = list->size(); i > 0; --i) {
    const int index = (*list)[i - 1];
    if (shut_out(index, executor, host) || (speculative && ran_here(index))) continue;
    list->erase(list->begin() + static_cast<std::ptrdiff_t>(i) - 1);
    const Task& task = task_at(index);
    if (task.successful) continue;
    if (task.running == 0 || (speculative && task.running == 1)) return index;
  }
  return std::nullopt;
}

std::optional<TaskSet::Found> TaskSet::find_task(ExecutorId executor, const std::string& host, Locality farthest,
                                                 bool speculative) {
  if (speculative && speculatable_.empty()) return std::nullopt;
  PendingTasks& pending = speculative ? speculatable_pending_ : pending_;
  const HostNames& names = world_.hosts.names();
  const auto take = [&](std::vector<int>* list, Locality as) -> std::optional<Found> {
    const auto index = take_from(list, executor, host, speculative);
    if (!index) return std::nullopt;
    if (speculative) speculatable_.erase(*index);
    return Found{*index, as, speculative};
  };
  if (const auto it = pending.by_executor.find(executor); it != pending.by_executor.end()) {
    if (auto found = take(&it->second, Locality::process_local)) return found;
  }
  if (farthest >= Locality::node_local) {
    if (auto found = take(pending.on_host(host, names), Locality::node_local)) return found;
  }
  // Tasks without a preference count as process local.
  if (farthest >= Locality::no_pref) {
    if (auto found = take(&pending.no_pref, Locality::process_local)) return found;
  }
  if (farthest >= Locality::rack_local) {
    const auto it = pending.by_rack.find(names.rack(host));
    if (it != pending.by_rack.end()) {
      if (auto found = take(&it->second, Locality::rack_local)) return found;
    }
  }
  if (farthest >= Locality::any) return take(&pending.all, Locality::any);
  return std::nullopt;
}

TaskSet::Answer TaskSet::offer(TimeUs now, ExecutorId executor, const std::string& host, Locality farthest) {
  if (zombie_ || (exclusion_ && (exclusion_->node_out(host) || exclusion_->executor_out(executor)))) return {};
  Locality allowed = farthest;
  if (farthest != Locality::no_pref) allowed = std::min(allowed_level(now), farthest);
  auto found = find_task(executor, host, allowed, false);
  if (!found) found = find_task(executor, host, allowed, true);
  if (!found) {
    const bool waiting = !pending_.all.empty() || !speculatable_pending_.all.empty();
    return {nullptr, farthest == Locality::any && waiting};
  }
  if (world_.settings.wait_resets_on_launch && farthest != Locality::no_pref) reset_wait(now, found->locality);
  return {launch(now, executor, host, *found), false};
}

const TaskAttempt* TaskSet::launch(TimeUs now, ExecutorId executor, const std::string& host, const Found& found) {
  Task& task = task_at(found.index);
  ++task.running;
  TaskAttempt attempt;
  attempt.task = world_.next_task++;
  attempt.index = found.index;
  attempt.partition = plan_.partitions[static_cast<std::size_t>(found.index)];
  attempt.attempt = static_cast<int>(task.attempts.size());
  attempt.executor = executor;
  attempt.host = host;
  attempt.launched_us = now;
  attempt.locality = found.locality;
  attempt.speculative = found.speculative;
  task.attempts.push_back(attempt.task);
  running_.insert(attempt.task);
  world_.events.queue.push_back(event(TaskEventKind::started, attempt));
  return &(attempts_[attempt.task] = attempt);
}

// --- delay scheduling ------------------------------------------------------------------------------------------------

void TaskSet::reset_wait(TimeUs now, std::optional<Locality> nearest) {
  wait_since_us_ = now;
  if (nearest) level_ = level_index(*nearest);
}

bool TaskSet::waiting_in(std::vector<int>& list) {
  while (!list.empty()) {
    const Task& task = task_at(list.back());
    if (task.running == 0 && !task.successful) return true;
    list.pop_back();
  }
  return false;
}

template <class Key>
bool TaskSet::waiting_in(std::map<Key, std::vector<int>>& lists) {
  for (auto it = lists.begin(); it != lists.end();) {
    if (waiting_in(it->second)) return true;
    it = lists.erase(it);
  }
  return false;
}

bool TaskSet::waiting_at(Locality level) {
  switch (level) {
    case Locality::process_local: return waiting_in(pending_.by_executor);
    case Locality::node_local: return waiting_in(pending_.by_host);
    case Locality::no_pref: return !pending_.no_pref.empty();
    case Locality::rack_local: return waiting_in(pending_.by_rack);
    case Locality::any: return true;
  }
  return true;
}

Locality TaskSet::allowed_level(TimeUs now) {
  while (level_ + 1 < levels_.size()) {
    const DurationUs wait = wait_at(levels_[level_]);
    if (!waiting_at(levels_[level_])) {
      wait_since_us_ = now;
    } else if (now - wait_since_us_ >= wait) {
      wait_since_us_ += wait;
    } else {
      break;
    }
    ++level_;
  }
  return levels_[level_];
}

std::size_t TaskSet::level_index(Locality level) const {
  std::size_t index = 0;
  while (level > levels_[index]) ++index;
  return index;
}

DurationUs TaskSet::wait_at(Locality level) const {
  switch (level) {
    case Locality::process_local: return world_.settings.wait_process_us;
    case Locality::node_local: return world_.settings.wait_node_us;
    case Locality::rack_local: return world_.settings.wait_rack_us;
    default: return 0;
  }
}

std::vector<Locality> TaskSet::valid_levels() const {
  const ExecutorHosts& hosts = world_.hosts;
  std::vector<Locality> levels;
  if (std::ranges::any_of(pending_.by_executor, [&](const auto& list) { return hosts.usable(list.first); })) {
    levels.push_back(Locality::process_local);
  }
  if (std::ranges::any_of(pending_.by_host, [&](const auto& list) { return hosts.usable_near(list.first); })) {
    levels.push_back(Locality::node_local);
  }
  if (!pending_.no_pref.empty()) levels.push_back(Locality::no_pref);
  if (std::ranges::any_of(pending_.by_rack, [&](const auto& list) { return hosts.usable_on_rack(list.first); })) {
    levels.push_back(Locality::rack_local);
  }
  levels.push_back(Locality::any);
  return levels;
}

void TaskSet::recompute_levels() {
  if (zombie_) return;
  const std::size_t previous_index = level_;
  const std::vector<Locality> previous = std::exchange(levels_, valid_levels());
  level_ = level_index(previous[previous_index]);
  if (level_ <= previous_index) return;
  // A nearer level has come: go there (SPARK-31837).
  const auto added =
      std::ranges::find_if(levels_, [&](Locality l) { return std::ranges::find(previous, l) == previous.end(); });
  if (added != levels_.end()) level_ = level_index(*added);
}

// --- what becomes of tasks
// ---------------------------------------------------------------------------------------------

TaskEvent TaskSet::event(TaskEventKind kind, const TaskAttempt& attempt) const {
  TaskEvent event;
  event.kind = kind;
  event.stage = plan_.stage;
  event.stage_attempt = plan_.stage_attempt;
  event.attempt = attempt;
  event.epoch = plan_.epoch;
  return event;
}

void TaskSet::mark_successful(int index) {
  Task& task = task_at(index);
  if (task.successful) return;
  task.successful = true;
  task.failures = 0;
  if (++successful_ == static_cast<std::int64_t>(tasks_.size())) zombie_ = true;
}

void TaskSet::succeeded(TimeUs now, TaskId id, const TaskResult& result) {
  TaskAttempt& attempt = attempts_.at(id);
  if (!attempt.running) return;
  if (task_at(attempt.index).successful && killed_by_other_.contains(id)) {
    TaskResult killed = result;
    killed.end = TaskEnd::killed;
    killed.error = "Finish but did not commit due to another attempt succeeded";
    return failed(now, id, killed, false);
  }
  attempt.running = false;
  running_.erase(id);
  if (world_.settings.speculation) {
    const DurationUs took = now - attempt.launched_us;
    durations_.insert(std::ranges::upper_bound(durations_, took), took);
  }
  for (const TaskId other : task_at(attempt.index).attempts) {
    if (!attempts_.at(other).running) continue;
    killed_by_other_.insert(other);
    world_.events.kills.push_back(other);
  }
  mark_successful(attempt.index);
  TaskEvent ended = event(TaskEventKind::ended, attempt);
  ended.result = result;
  world_.events.queue.push_back(std::move(ended));
  maybe_finish(now);
}

void TaskSet::failed(TimeUs now, TaskId id, const TaskResult& result, bool counts) {
  TaskAttempt& attempt = attempts_.at(id);
  if (!attempt.running) return;
  attempt.running = false;
  running_.erase(id);
  const int index = attempt.index;
  Task& task = task_at(index);
  --task.running;
  if (result.end == TaskEnd::fetch_failed) {
    // The parent has to run again first; this set is over.
    if (!task.successful) {
      task.successful = true;
      ++successful_;
    }
    zombie_ = true;
    if (world_.health != nullptr && result.lost_executor != 0) {
      const MapOutput* output = world_.shuffles.find(result.lost_stage, result.lost_map);
      if (output != nullptr) world_.health->fetch_failed(now, output->host, result.lost_executor);
    }
  }
  TaskEvent ended = event(TaskEventKind::ended, attempt);
  ended.result = result;
  world_.events.queue.push_back(std::move(ended));
  const bool towards_limit = result.end == TaskEnd::failed || (result.end == TaskEnd::executor_lost && counts);
  if (!zombie_ && towards_limit) {
    if (exclusion_) exclusion_->failed(now, attempt.host, attempt.executor, index);
    if (++task.failures >= world_.settings.failures_max) {
      return abort(now, fmt::format("Task {} in stage {}.{} failed {} times, most recent failure: {}", index,
                                    plan_.stage, plan_.stage_attempt, world_.settings.failures_max, result.error));
    }
  }
  if (!task.successful) add_pending(index, false);
  maybe_finish(now);
}

void TaskSet::partition_done(TimeUs now, int partition) {
  const auto it = index_of_.find(partition);
  if (it == index_of_.end() || task_at(it->second).successful) return;
  mark_successful(it->second);
  maybe_finish(now);
}

void TaskSet::abort(TimeUs now, const std::string& message) {
  TaskEvent given_up = event(TaskEventKind::set_failed, {});
  given_up.message = message;
  world_.events.queue.push_back(std::move(given_up));
  suspend(now);
}

void TaskSet::suspend(TimeUs now) {
  zombie_ = true;
  maybe_finish(now);
}

void TaskSet::maybe_finish(TimeUs now) {
  if (!zombie_ || !running_.empty() || finished_) return;
  finished_ = true;
  const bool all_done = successful_ == static_cast<std::int64_t>(tasks_.size());
  if (all_done && world_.health != nullptr) world_.health->task_set_succeeded(now, exclusion_->failures());
}

// --- losses
// --------------------------------------------------------------------------------------------------------------

// Map tasks that had succeeded on the executor run again, unless a shuffle service keeps their files or they moved.
void TaskSet::resubmit_lost_outputs(ExecutorId executor, const std::string& host, const ExecutorLoss& loss) {
  for (const auto& [id, attempt] : attempts_) {
    if (attempt.executor != executor) continue;
    Task& task = task_at(attempt.index);
    if (!task.successful || attempt.running || killed_by_other_.contains(id)) continue;
    const MapOutput* output = world_.shuffles.find(plan_.stage, attempt.partition);
    if (loss.decommissioned && output != nullptr && output->host != host) continue;
    task.successful = false;
    --task.running;
    --successful_;
    add_pending(attempt.index, false);
    world_.events.queue.push_back(event(TaskEventKind::resubmitted, attempt));
  }
}

void TaskSet::executor_lost(TimeUs now, ExecutorId executor, const std::string& host, const ExecutorLoss& loss) {
  const bool outputs_lost = plan_.shuffle_map && (loss.decommissioned || !world_.settings.shuffle_service);
  if (outputs_lost && !zombie_) resubmit_lost_outputs(executor, host, loss);
  std::vector<TaskId> lost;
  for (const auto& [id, attempt] : attempts_) {
    if (attempt.running && attempt.executor == executor) lost.push_back(id);
  }
  TaskResult result;
  result.end = TaskEnd::executor_lost;
  result.error = fmt::format("executor {} lost: {}", executor, loss.reason);
  for (const TaskId id : lost) failed(now, id, result, loss.caused_by_app && !loss.decommissioned);
  recompute_levels();
}

// --- speculation and exclusion
// -------------------------------------------------------------------------------------------

bool TaskSet::check_speculatable(TimeUs now) {
  if (zombie_ || tasks_.size() == 1) return false;
  const TaskSettings& settings = world_.settings;
  const auto count = static_cast<std::int64_t>(tasks_.size());
  const std::int64_t least = std::max<std::int64_t>(settings.speculation_quantile_milli * count / 1000, 1);
  if (static_cast<std::int64_t>(durations_.size()) < least) return false;
  const DurationUs median = durations_[durations_.size() / 2];
  const DurationUs limit =
      std::max(settings.speculation_multiplier_milli * median / 1000, settings.speculation_least_us);
  bool found = false;
  for (const TaskId id : running_) {
    const TaskAttempt& attempt = attempts_.at(id);
    const Task& task = task_at(attempt.index);
    if (task.successful || task.running != 1 || speculatable_.contains(attempt.index)) continue;
    if (now - attempt.launched_us <= limit) continue;
    add_pending(attempt.index, true);
    speculatable_.insert(attempt.index);
    world_.events.queue.push_back(event(TaskEventKind::speculative_submitted, attempt));
    found = true;
  }
  return found;
}

std::optional<int> TaskSet::shut_out_task() const {
  const auto& by_host = world_.hosts.by_host();
  if (!exclusion_ || by_host.empty()) return std::nullopt;
  const auto waiting = std::find_if(pending_.all.rbegin(), pending_.all.rend(), [this](int index) {
    const Task& task = tasks_[static_cast<std::size_t>(index)];
    return task.running == 0 && !task.successful;
  });
  if (waiting == pending_.all.rend()) return std::nullopt;
  const int index = *waiting;
  const HealthTracker* health = world_.health;
  for (const auto& [host, executors] : by_host) {
    if ((health != nullptr && health->node_out(host)) || exclusion_->node_out(host) ||
        exclusion_->node_out_for_task(host, index)) {
      continue;
    }
    for (const ExecutorId executor : executors) {
      const bool out = (health != nullptr && health->executor_out(executor)) || exclusion_->executor_out(executor) ||
                       exclusion_->executor_out_for_task(executor, index);
      if (!out) return std::nullopt;
    }
  }
  return index;
}

}  // namespace podramp::backend
