// Dynamic allocation of Spark 2.2 as a part of a driver, for the 2017 fork (01 4.1): what scaling_side.h is for later
// Sparks. Its requests take hints() along, which only the fork heeds (01 2.3). The driver calls settle() after every
// step. Not here: what is decided (early_dynamic_allocation.h).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "backend/early_dynamic_allocation.h"
#include "backend/scaling_side.h"

namespace podramp::backend {

class EarlyScalingSide {
 public:
  // The client must outlive this; it kills with adjust_target, so the target it was given falls with every kill.
  EarlyScalingSide(EarlyDynamicSettings settings, ScalingClient& client) : manager_(settings), client_(client) {}

  void start(TimeUs now, Outbox& out);
  void tick_due(TimeUs now, Outbox& out);  // TimerKind::dynamic_tick
  void settle(TimeUs now, Outbox& out);
  void stop(Outbox& out);

  // What the listener bus tells, in time order; nothing counts before start() or after stop().
  void stage_submitted(TimeUs now, StageId stage, std::int64_t tasks, LocalityHints hints);
  void stage_completed(StageId stage);
  void task_started(TimeUs now, StageId stage, int index, TaskId task, ExecutorId executor);
  void task_ended(TimeUs now, StageId stage, int index, TaskId task, ExecutorId executor, TaskEnd end);
  void executor_added(TimeUs now, ExecutorId executor);
  void executor_removed(ExecutorId executor);
  void block_updated(ExecutorId executor, std::int32_t rdd, std::int32_t split, bool stored);

  LocalityHints hints() const { return manager_.hints(); }
  const EarlyDynamicAllocation& manager() const { return manager_; }

 private:
  bool send(TimeUs now, const TargetRequest& request, Outbox& out);

  EarlyDynamicAllocation manager_;
  ScalingClient& client_;
  bool running_ = false;
  std::optional<TimeUs> armed_us_;
  bool removing_ = false;         // in the client's remove()
  std::vector<ExecutorId> gone_;  // meanwhile
};

}  // namespace podramp::backend
