#include "backend/task_scheduler.h"

#include <fmt/format.h>

#include <algorithm>

#include "backend/port/random.h"

namespace podramp::backend {

TaskScheduler::TaskScheduler(const TaskSettings& settings, const HostNames& names, const ShuffleRegistry& shuffles,
                             std::string shuffle_key)
    : settings_(settings), shuffles_(shuffles), shuffle_key_(std::move(shuffle_key)), hosts_(names) {
  if (settings.exclusion.application) health_.emplace(settings.exclusion);
}

TaskSet::World TaskScheduler::world() {
  return {settings_, hosts_, shuffles_, events_, next_task_, health_ ? &*health_ : nullptr};
}

// --- executors -------------------------------------------------------------------------------------------------------

void TaskScheduler::remove_from_tables(ExecutorId id) {
  if (const auto running = running_.extract(id)) {
    for (const TaskId task : running.mapped()) set_of_.erase(task);
  }
  hosts_.remove(id);
  if (health_) health_->executor_removed(id);
}

bool TaskScheduler::executor_pending_loss(ExecutorId id) {
  const bool was_in_tables = running_.contains(id);
  if (was_in_tables) remove_from_tables(id);
  return was_in_tables;
}

bool TaskScheduler::executor_lost(TimeUs now, ExecutorId id, const ExecutorLoss& loss) {
  executors_.erase(id);
  if (!hosts_.knows(id)) return false;  // it was never offered, or is gone already
  const bool was_in_tables = running_.contains(id);
  const std::string host = hosts_.host_of(id);
  remove_from_tables(id);
  hosts_.forget(id);
  for (const SetKey& key : fifo_order()) sets_.at(key)->executor_lost(now, id, host, loss);
  forget_finished();
  return was_in_tables;
}

void TaskScheduler::executor_decommissioning(ExecutorId id) {
  if (hosts_.knows(id)) hosts_.decommission(id);
  for (auto& [key, set] : sets_) set->recompute_levels();
}

// (Spark offers executors as they register, whether or not there are tasks, and so knows them all.)
void TaskScheduler::meet(ExecutorId id) {
  const auto it = executors_.find(id);
  if (it == executors_.end() || hosts_.knows(id)) return;
  hosts_.add(id, it->second.executor.host);
  running_[id];
}

std::pair<StageId, int> TaskScheduler::set_of(TaskId task) const {
  const auto it = set_of_.find(task);
  return it == set_of_.end() ? std::pair<StageId, int>{-1, -1} : it->second;
}

std::optional<ExecutorId> TaskScheduler::executor_of(TaskId task) const {
  const auto set = set_of_.find(task);
  if (set == set_of_.end()) return std::nullopt;
  return sets_.at(set->second)->find(task)->executor;
}

bool TaskScheduler::busy(ExecutorId id) const { return running_on(id) > 0; }

std::int64_t TaskScheduler::running_on(ExecutorId id) const {
  const auto it = running_.find(id);
  return it == running_.end() ? 0 : static_cast<std::int64_t>(it->second.size());
}

// --- task sets -------------------------------------------------------------------------------------------------------

void TaskScheduler::submit(TaskSetPlan plan, TimeUs now) {
  const SetKey key{plan.stage, plan.stage_attempt};
  for (auto it = sets_.lower_bound({plan.stage, 0}); it != sets_.end() && it->first.first == plan.stage; ++it) {
    it->second->make_zombie();
  }
  sets_[key] = std::make_unique<TaskSet>(std::move(plan), now, world());
}

void TaskScheduler::forget_finished() {
  for (auto it = sets_.begin(); it != sets_.end();) {
    if (!it->second->finished()) {
      ++it;
      continue;
    }
    no_rejects_.erase(it->first);
    unschedulable_.erase(it->first);
    it = sets_.erase(it);
  }
}

// By job, then stage (FIFOSchedulingAlgorithm); attempts of one stage in order.
std::vector<TaskScheduler::SetKey> TaskScheduler::fifo_order() const {
  std::vector<SetKey> order;
  order.reserve(sets_.size());
  for (const auto& [key, set] : sets_) order.push_back(key);
  std::ranges::stable_sort(order, {}, [this](const SetKey& key) { return sets_.at(key)->plan().job; });
  return order;
}

bool TaskScheduler::wants_offers() const {
  return std::ranges::any_of(sets_, [](const auto& set) { return set.second->schedulable(); });
}

const TaskSet* TaskScheduler::find(StageId stage, int attempt) const {
  const auto it = sets_.find({stage, attempt});
  return it == sets_.end() ? nullptr : it->second.get();
}

bool TaskScheduler::release(TaskId task) {
  const auto set = set_of_.extract(task);
  if (!set) return false;
  TaskSet& owner = *sets_.at(set.mapped());
  const TaskAttempt attempt = *owner.find(task);
  if (const auto running = running_.find(attempt.executor); running != running_.end()) running->second.erase(task);
  owner.stopped_running(task);
  if (const auto executor = executors_.find(attempt.executor); executor != executors_.end()) {
    executor->second.free += settings_.cpus(owner.plan().profile);
  }
  released_[task] = {set.mapped(), attempt.executor};
  return true;
}

bool TaskScheduler::finish(TimeUs now, TaskId task, const TaskResult& result) {
  const auto released = released_.extract(task);
  if (!released) return false;
  const auto owner = sets_.find(released.mapped().first);
  if (owner == sets_.end()) return false;
  TaskSet& set = *owner->second;
  if (result.end == TaskEnd::success) {
    set.succeeded(now, task, result);
  } else {
    set.failed(now, task, result, true);
  }
  const bool again = result.end != TaskEnd::success && !set.zombie();
  forget_finished();
  return again;
}

void TaskScheduler::partition_done(TimeUs now, StageId stage, int partition) {
  for (auto it = sets_.lower_bound({stage, 0}); it != sets_.end() && it->first.first == stage; ++it) {
    if (!it->second->zombie()) it->second->partition_done(now, partition);
  }
  forget_finished();
}

void TaskScheduler::kill_stage(TimeUs now, StageId stage) {
  for (auto it = sets_.lower_bound({stage, 0}); it != sets_.end() && it->first.first == stage; ++it) {
    events_.kills.insert(events_.kills.end(), it->second->running().begin(), it->second->running().end());
    it->second->suspend(now);
  }
  forget_finished();
}

bool TaskScheduler::check_speculatable(TimeUs now) {
  bool found = false;
  for (const SetKey& key : fifo_order()) found = sets_.at(key)->check_speculatable(now) || found;
  return found;
}

// --- offers ----------------------------------------------------------------------------------------------------------

std::vector<TaskScheduler::Offer> TaskScheduler::collect_offers(TimeUs now, std::optional<ExecutorId> only) {
  std::vector<const Slots*> active;
  if (only) {
    const auto it = executors_.find(*only);
    if (it != executors_.end() && is_active(*only)) active.push_back(&it->second);
  } else {
    for (const auto& [id, slots] : executors_) {
      if (is_active(id)) active.push_back(&slots);
    }
  }
  bool new_executor = false;
  for (const Slots* slots : active) {
    const TaskExecutor& executor = slots->executor;
    if (!hosts_.add(executor.id, executor.host)) continue;
    running_[executor.id];
    new_executor = true;
  }
  if (health_) health_->expire(now);
  ++offer_rounds_;
  std::vector<Offer> offers;
  for (const Slots* slots : active) {
    const TaskExecutor& executor = slots->executor;
    if (health_ && (health_->node_out(executor.host) || health_->executor_out(executor.id))) continue;
    // Each executor draws its own place, so that another executor more changes nobody's order.
    Draw draw(hash_text(shuffle_key_), "tasks.offers", std::to_string(executor.id), offer_rounds_);
    offers.push_back({draw(), &executor, slots->free});
  }
  std::ranges::sort(offers, [](const Offer& a, const Offer& b) {
    return a.draw != b.draw ? a.draw < b.draw : a.executor->id < b.executor->id;
  });
  if (new_executor) {
    for (auto& [key, set] : sets_) {
      if (set->schedulable()) set->recompute_levels();
    }
  }
  return offers;
}

std::vector<TaskAttempt> TaskScheduler::make_offers(TimeUs now, std::optional<ExecutorId> only) {
  std::vector<TaskAttempt> launched;
  std::vector<Offer> offers = collect_offers(now, only);
  for (const SetKey& key : fifo_order()) {
    if (sets_.at(key)->schedulable()) offer_set(now, key, !only, offers, launched);
  }
  for (const Offer& offer : offers) executors_.at(offer.executor->id).free = offer.free;
  forget_finished();
  return launched;
}

void TaskScheduler::offer_set(TimeUs now, const SetKey& key, bool all_free, std::vector<Offer>& offers,
                              std::vector<TaskAttempt>& launched) {
  TaskSet& set = *sets_.at(key);
  Round total;
  const std::vector<Locality> levels = set.levels();
  for (const Locality farthest : levels) {
    while (true) {
      const Round round = offer_once(now, set, farthest, offers, launched);
      total.rejected = total.rejected || round.rejected;
      if (!round.launched) break;
      total.launched = true;
      if (!total.nearest || *round.nearest < *total.nearest) total.nearest = round.nearest;
    }
  }
  if (!settings_.wait_resets_on_launch) {
    const auto no_rejects = no_rejects_.find(key);
    const bool fair = all_free || no_rejects == no_rejects_.end() || no_rejects->second;
    if (total.rejected) {
      no_rejects_[key] = false;
    } else if (total.launched && fair) {
      set.reset_wait(now, total.nearest);
      no_rejects_[key] = true;
    }
  }
  look_for_shut_out(now, key, total.launched);
}

TaskScheduler::Round TaskScheduler::offer_once(TimeUs now, TaskSet& set, Locality farthest, std::vector<Offer>& offers,
                                               std::vector<TaskAttempt>& launched) {
  Round round;
  const std::int64_t cpus = settings_.cpus(set.plan().profile);
  for (Offer& offer : offers) {
    const TaskExecutor& executor = *offer.executor;
    if (executor.profile != set.plan().profile || offer.free < cpus) continue;
    const TaskSet::Answer answer = set.offer(now, executor.id, executor.host, farthest);
    round.rejected = round.rejected || answer.delay_rejected;
    if (answer.launched == nullptr) continue;
    const TaskAttempt& attempt = *answer.launched;
    offer.free -= cpus;
    round.launched = true;
    if (!round.nearest || attempt.locality < *round.nearest) round.nearest = attempt.locality;
    set_of_[attempt.task] = {set.plan().stage, set.plan().stage_attempt};
    running_[executor.id].insert(attempt.task);
    launched.push_back(attempt);
  }
  return round;
}

// A set whose waiting task may run nowhere: an idle executor is killed for it, or dynamic allocation is told, or it
// gives up. Spark takes any idle executor; we take the first one.
void TaskScheduler::look_for_shut_out(TimeUs now, const SetKey& key, bool launched_any) {
  TaskSet& set = *sets_.at(key);
  const auto plain_event = [&](TaskEventKind kind) {
    TaskEvent event;
    event.kind = kind;
    event.stage = key.first;
    event.stage_attempt = key.second;
    events_.queue.push_back(std::move(event));
  };
  if (launched_any) {
    if (unschedulable_.empty()) return;
    plain_event(TaskEventKind::unschedulable_removed);
    unschedulable_.clear();
    return;
  }
  const auto task = set.shut_out_task();
  if (!task || unschedulable_.contains(key)) return;
  const auto idle = std::ranges::find_if(running_, [](const auto& executor) { return executor.second.empty(); });
  if (!settings_.waits_when_shut_out || (idle == running_.end() && !settings_.dynamic_allocation)) {
    return set.abort(now, fmt::format("Aborting stage {}.{} because task {} cannot run anywhere due to node and "
                                      "executor excludeOnFailure",
                                      key.first, key.second, *task));
  }
  if (idle == running_.end()) {
    plain_event(TaskEventKind::unschedulable_added);
  } else if (health_) {
    health_->kill_idle(idle->first);
  }
  unschedulable_[key] = now + settings_.unschedulable_us;
  aborts_[++next_abort_] = key;
  abort_timers_.emplace_back(next_abort_, now + settings_.unschedulable_us);
}

void TaskScheduler::unschedulable_timeout(TimeUs now, std::uint64_t timer) {
  const auto abort = aborts_.extract(timer);
  if (!abort) return;
  const auto until = unschedulable_.find(abort.mapped());
  if (until == unschedulable_.end() || until->second > now) return;
  sets_.at(abort.mapped())
      ->abort(now, fmt::format("Aborting stage {}.{} because its tasks cannot run anywhere due to excludeOnFailure",
                               abort.mapped().first, abort.mapped().second));
  forget_finished();
}

std::vector<std::string> TaskScheduler::describe() const {
  std::vector<std::string> lines;
  for (const auto& [key, set] : sets_) {
    lines.push_back(fmt::format("stage {}.{}: {} tasks run{}", key.first, key.second, set->running().size(),
                                set->zombie() ? ", zombie" : ""));
  }
  return lines;
}

}  // namespace podramp::backend
