#include "backend/executor_table.h"

#include <optional>
#include <utility>

namespace podramp::backend {

bool ExecutorTable::admit(TimeUs now, ExecutorId id, RegisteredExecutor executor, Outbox& out) {
  executor.registered_us = now;
  const auto [it, is_new] = executors_.try_emplace(id, std::move(executor));
  if (!is_new) return false;
  for (ExecutorListener* listener : listeners_) listener->executor_added(now, id, it->second, out);
  return true;
}

bool ExecutorTable::deactivate(TimeUs now, ExecutorId id, Inactive why, Outbox& out) {
  RegisteredExecutor* executor = find(id);
  if (executor == nullptr) return false;
  bool* mark = nullptr;
  switch (why) {
    case Inactive::loss_pending: mark = &executor->loss_pending; break;
    case Inactive::pending_kill: mark = &executor->pending_kill; break;
    case Inactive::decommissioning: mark = &executor->decommissioning; break;
  }
  if (std::exchange(*mark, true)) return false;
  for (ExecutorListener* listener : listeners_) listener->executor_inactive(now, id, why, out);
  return true;
}

void ExecutorTable::drop(TimeUs now, out::ExecutorRemoved why, Outbox& out) {
  std::optional<RegisteredExecutor> was;
  if (const auto it = executors_.find(why.executor); it != executors_.end()) {
    was = std::move(it->second);
    executors_.erase(it);
    if (was->pending_kill && was->killed_by_driver) {
      why.caused_by_app = false;
      why.reason = "killed";
    } else if (was->decommissioning) {
      why.caused_by_app = false;
      why.reason = was->decommission_reason;
    }
  }
  out.add(why);
  for (ExecutorListener* listener : listeners_) listener->executor_removed(now, why, was ? &*was : nullptr, out);
}

bool ExecutorTable::add(ExecutorId id, TimeUs now, const std::string& host) {
  RegisteredExecutor executor;
  executor.registered_us = now;
  executor.host = host;
  return executors_.try_emplace(id, std::move(executor)).second;
}

const RegisteredExecutor* ExecutorTable::find(ExecutorId id) const {
  const auto it = executors_.find(id);
  return it == executors_.end() ? nullptr : &it->second;
}

RegisteredExecutor* ExecutorTable::find(ExecutorId id) {
  const auto it = executors_.find(id);
  return it == executors_.end() ? nullptr : &it->second;
}

bool ExecutorTable::is_active(ExecutorId id) const {
  const RegisteredExecutor* executor = find(id);
  return executor != nullptr && executor->active();
}

bool ExecutorTable::is_busy(ExecutorId id) const {
  const RegisteredExecutor* executor = find(id);
  return executor != nullptr && executor->running_tasks > 0;
}

void ExecutorTable::task_started(ExecutorId id) {
  if (RegisteredExecutor* executor = find(id)) ++executor->running_tasks;
}

void ExecutorTable::task_ended(ExecutorId id) {
  if (RegisteredExecutor* executor = find(id)) --executor->running_tasks;
}

}  // namespace podramp::backend
