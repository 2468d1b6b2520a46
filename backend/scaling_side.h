// Dynamic allocation as a part of a driver: it is told what executors and tasks do, keeps one timer for the ticks that
// can matter, and has its decisions carried out by the scheduler backend. Not here: what is decided
// (dynamic_allocation.h), who kills and who counts totals (ScalingClient). The driver calls settle() after every step.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "backend/dynamic_allocation.h"
#include "backend/port/step.h"

namespace podramp::backend {

// The scheduler backend as dynamic allocation uses it (Spark's ExecutorAllocationClient, 02 4.2).
class ScalingClient {
 public:
  ScalingClient() = default;
  virtual ~ScalingClient() = default;
  ScalingClient(const ScalingClient&) = delete;
  ScalingClient& operator=(const ScalingClient&) = delete;

  // requestTotalExecutors; whether it was acknowledged. On Kubernetes it always is.
  virtual bool request_total(TimeUs now, const std::map<ProfileId, std::int64_t>& targets, Outbox& out) = 0;
  // killExecutors or decommissionExecutors; those that it has really begun with. It may tell this class of their
  // removal before it returns.
  virtual std::vector<ExecutorId> remove(TimeUs now, const Removal& removal, Outbox& out) = 0;
  virtual bool is_active(ExecutorId executor) const = 0;
};

class ScalingSide {
 public:
  // The client must outlive this.
  ScalingSide(DynamicAllocationSettings settings, ScalingClient& client)
      : manager_(std::move(settings)), client_(client) {}

  // The manager starts; the scheduler backend has been started (02 4.3).
  void start(TimeUs now, Outbox& out);
  void set_settings(DynamicAllocationSettings settings) { manager_.set_settings(std::move(settings)); }
  // TimerKind::dynamic_tick is due.
  void tick_due(TimeUs now, Outbox& out);
  // After every step: sends what events have asked for, and sees to the timer.
  void settle(TimeUs now, Outbox& out);
  // The context stops: nothing is asked for any more.
  void stop(Outbox& out);

  // What the listener bus tells, in time order; nothing counts before start() or after stop().
  // A shuffle is known by the stage that writes it; a job that names a stage of an earlier one needs its data again.
  void job_started(const JobPlan& job);
  void job_ended(JobId job);
  void stage_submitted(TimeUs now, StageAttempt attempt, std::int64_t tasks, ProfileId profile, LocalityHints hints);
  void stage_completed(StageAttempt attempt);
  void task_started(TimeUs now, StageAttempt attempt, int index, bool speculative, ExecutorId executor);
  void task_ended(TimeUs now, StageAttempt attempt, int index, bool speculative, ExecutorId executor, TaskEnd end);
  void speculative_submitted(TimeUs now, StageAttempt attempt, int index);
  void unschedulable_added(TimeUs now, StageAttempt attempt);
  void unschedulable_removed(StageAttempt attempt);
  void executor_added(TimeUs now, ExecutorId executor, ProfileId profile);
  void executor_removed(ExecutorId executor, std::string_view reason);
  void block_updated(ExecutorId executor, std::int32_t rdd, std::int32_t split, bool memory, bool disk);
  void shuffle_block_stored(ExecutorId executor, ShuffleId shuffle);

  bool running() const { return running_; }
  const DynamicAllocation& manager() const { return manager_; }
  std::vector<std::string> describe() const;

 private:
  struct Gone {
    ExecutorId executor = 0;
    std::string reason;
  };
  bool send(TimeUs now, const TargetRequest& request, Outbox& out);
  void flush(TimeUs now, Outbox& out);
  void remove_idle(TimeUs now, Outbox& out);

  DynamicAllocation manager_;
  ScalingClient& client_;
  bool running_ = false;
  std::optional<TimeUs> armed_us_;
  std::vector<TargetRequest> wanted_;  // by events of this step
  bool removing_ = false;              // in the client's remove()
  std::vector<Gone> gone_;             // meanwhile
};

}  // namespace podramp::backend
