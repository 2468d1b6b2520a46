#include "backend/fork_executors.h"

#include <fmt/format.h>

#include <algorithm>

namespace podramp::backend {

std::string ForkExecutors::add(ExecutorId id, const std::string& host) {
  if (hosts_.contains(id)) return fmt::format("duplicate executor id {}", id);
  hosts_.emplace(id, host);
  return "";
}

std::optional<LossReason> ForkExecutors::remove(ExecutorId id, const LossReason& reason) {
  if (hosts_.erase(id) == 0) return std::nullopt;
  pending_loss_.erase(id);
  const auto killed = pending_removal_.extract(id);
  LossReason told = reason;
  if (killed && killed.mapped()) told.caused_by_app = false;
  return told;
}

bool ForkExecutors::disable(ExecutorId id) {
  if (hosts_.contains(id) && !is_leaving(id)) {
    pending_loss_.insert(id);
    return true;
  }
  return pending_removal_.contains(id);
}

ForkExecutors::KillPlan ForkExecutors::kill(const std::vector<ExecutorId>& ids, bool replace,
                                            const std::set<ExecutorId>& also) {
  KillPlan plan;
  for (const ExecutorId id : ids) {
    const bool known = hosts_.contains(id) || also.contains(id);
    (known && !pending_removal_.contains(id) ? plan.executors : plan.dropped).push_back(id);
  }
  for (const ExecutorId id : plan.executors) pending_removal_[id] = !replace;
  if (!replace) {
    const auto killed = static_cast<std::int64_t>(plan.executors.size());
    requested_total_ = std::max<std::int64_t>(requested_total_ - killed, 0);
    plan.lowered_target = requested_total_;
  }
  return plan;
}

}  // namespace podramp::backend
