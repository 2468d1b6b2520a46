#include "backend/task_link.h"

#include <memory>
#include <vector>

namespace podramp::backend {

TaskLink::TaskLink(const Application& application, ExecutorTable& table, SchedulerBackend& scheduler)
    : table_(table),
      scheduler_(scheduler),
      side_(task_settings(application.conf.scheduling, application.conf.dynamic_allocation),
            std::make_unique<PlainHostNames>(), application.app_id) {
  table_.listen(*this);
  side_.set_is_active([this](ExecutorId id) { return table_.is_active(id); });
  side_.add_listener(this);
}

void TaskLink::after_step(TimeUs now, Outbox& out) {
  if (scheduler_.ready()) side_.ready(now, out);
  for (const ExclusionOrder& order : side_.take_orders()) {
    const auto ids = order.executor ? std::vector<ExecutorId>{*order.executor} : side_.executors_on_host(order.host);
    if (order.decommission) {
      scheduler_.decommission(now, ids, false, false, "excluded because of failures", out);
    } else {
      scheduler_.kill(now, ids, {.adjust_target = false, .count_failures = false, .force = true}, out);
    }
  }
}

void TaskLink::executor_added(TimeUs now, ExecutorId id, const RegisteredExecutor& executor, Outbox& out) {
  side_.executor_added(now, {id, executor.host, executor.profile, executor.cores}, out);
}

void TaskLink::executor_inactive(TimeUs now, ExecutorId id, Inactive why, Outbox& out) {
  switch (why) {
    case Inactive::loss_pending: return side_.executor_disconnected(now, id, out);
    case Inactive::decommissioning: return side_.executor_decommissioning(now, id, out);
    case Inactive::pending_kill: return;  // it gets no offers; its removal follows
  }
}

void TaskLink::executor_removed(TimeUs now, const out::ExecutorRemoved& why, const RegisteredExecutor* was,
                                Outbox& out) {
  if (was == nullptr) return;
  side_.executor_removed(now, why.executor, {why.caused_by_app, was->decommissioning, why.reason}, out);
}

void TaskLink::task_started(TimeUs /*now*/, StageId /*stage*/, int /*stage_attempt*/, const TaskAttempt& task) {
  table_.task_started(task.executor);
}

void TaskLink::task_ended(TimeUs /*now*/, StageId /*stage*/, int /*stage_attempt*/, const TaskAttempt& task,
                          const TaskResult& /*result*/) {
  table_.task_ended(task.executor);
}

}  // namespace podramp::backend
