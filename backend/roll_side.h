// The roll plugin as a part of a driver (02 4.5): at a fixed rate, first after one interval, it has one executor
// decommissioned, without a change of target. It hears of executors and tasks through stats().
// Not here: whom it chooses (executor_roll.h).
#pragma once

#include <functional>
#include <string>

#include "backend/executor_roll.h"
#include "backend/executor_stats.h"
#include "backend/port/step.h"

namespace podramp::backend {

class RollSide {
 public:
  // Has the executor decommissioned (decommissionExecutor with adjustTargetNumExecutors = false); why goes into the
  // reason of its removal.
  using Decommission = std::function<void(TimeUs, ExecutorId, const std::string& why, Outbox&)>;

  RollSide(RollSettings settings, Decommission decommission)
      : settings_(settings), decommission_(std::move(decommission)) {}

  // The driver is constructed: the first interval begins.
  void start(TimeUs now, Outbox& out);
  // TimerKind::roll is due. ready: the scheduler backend has been started, else the turn passes.
  void due(TimeUs now, bool ready, Outbox& out);
  void stop(Outbox& out);

  ExecutorStats& stats() { return stats_; }

 private:
  void arm(Outbox& out) const;

  RollSettings settings_;
  Decommission decommission_;
  ExecutorStats stats_;
  bool running_ = false;
  TimeUs next_us_ = 0;
};

}  // namespace podramp::backend
