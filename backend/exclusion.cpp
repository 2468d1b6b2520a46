#include "backend/exclusion.h"

#include <algorithm>
#include <utility>

namespace podramp::backend {

void TaskSetExclusion::failed(TimeUs now, const std::string& host, ExecutorId executor, int index) {
  ExecutorFailures& mine = failures_.try_emplace(executor, ExecutorFailures{host, {}}).first->second;
  auto& [attempts, last_us] = mine.tasks[index];
  ++attempts;
  last_us = now;
  std::set<ExecutorId>& failing = failing_on_[host];
  failing.insert(executor);
  std::int64_t on_host = 0;
  for (const ExecutorId other : failing) {
    const auto& tasks = failures_.at(other).tasks;
    if (const auto task = tasks.find(index); task != tasks.end()) on_host += task->second.first;
  }
  if (on_host >= settings_.task_attempts_per_node) tasks_out_of_node_[host].insert(index);
  if (static_cast<std::int64_t>(mine.tasks.size()) < settings_.failed_tasks_per_executor) return;
  if (!executors_.insert(executor).second) return;
  const auto out = std::ranges::count_if(failing, [&](ExecutorId id) { return executors_.contains(id); });
  if (out >= settings_.failed_executors_per_node) nodes_.insert(host);
}

bool TaskSetExclusion::executor_out_for_task(ExecutorId executor, int index) const {
  if (!settings_.task_sets) return false;
  const auto mine = failures_.find(executor);
  if (mine == failures_.end()) return false;
  const auto task = mine->second.tasks.find(index);
  return task != mine->second.tasks.end() && task->second.first >= settings_.task_attempts_per_executor;
}

bool TaskSetExclusion::node_out_for_task(const std::string& host, int index) const {
  if (!settings_.task_sets) return false;
  const auto tasks = tasks_out_of_node_.find(host);
  return tasks != tasks_out_of_node_.end() && tasks->second.contains(index);
}

void HealthTracker::expire(TimeUs now) {
  for (auto it = executors_.begin(); it != executors_.end();) {
    if (it->second.until_us >= now) {
      ++it;
      continue;
    }
    const auto on_node = out_on_.find(it->second.node);
    if (on_node != out_on_.end()) {
      on_node->second.erase(it->first);
      if (on_node->second.empty()) out_on_.erase(on_node);
    }
    it = executors_.erase(it);
  }
  std::erase_if(nodes_, [now](const auto& node) { return node.second < now; });
}

void HealthTracker::task_set_succeeded(TimeUs now, const std::map<ExecutorId, ExecutorFailures>& failures) {
  for (const auto& [executor, in_set] : failures) {
    std::vector<TimeUs>& expiries = failing_[executor];
    for (const auto& [index, task] : in_set.tasks) expiries.push_back(task.second + settings_.timeout_us);
    std::erase_if(expiries, [now](TimeUs expiry) { return expiry < now; });
    const auto total = static_cast<std::int64_t>(expiries.size());
    if (total < settings_.app_failed_tasks_per_executor || executors_.contains(executor)) continue;
    failing_.erase(executor);
    exclude(now, executor, in_set.node);
    const auto out = static_cast<std::int64_t>(out_on_[in_set.node].size());
    if (out < settings_.app_failed_executors_per_node || nodes_.contains(in_set.node)) continue;
    nodes_[in_set.node] = now + settings_.timeout_us;
    if (settings_.kill) orders_.push_back({std::nullopt, in_set.node, settings_.decommission});
  }
}

void HealthTracker::fetch_failed(TimeUs now, const std::string& host, ExecutorId executor) {
  if (!settings_.fetch_failures) return;
  if (!settings_.shuffle_service) {
    if (!executors_.contains(executor)) exclude(now, executor, host);
  } else if (nodes_.try_emplace(host, now + settings_.timeout_us).second && settings_.kill) {
    orders_.push_back({std::nullopt, host, settings_.decommission});
  }
}

void HealthTracker::exclude(TimeUs now, ExecutorId executor, const std::string& node) {
  executors_[executor] = {node, now + settings_.timeout_us};
  out_on_[node].insert(executor);
  if (settings_.kill) orders_.push_back({executor, "", settings_.decommission});
}

std::vector<ExclusionOrder> HealthTracker::take_orders() { return std::exchange(orders_, {}); }

}  // namespace podramp::backend
