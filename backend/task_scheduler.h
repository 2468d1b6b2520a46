// Offers the executors' free cores to the task sets, in FIFO order, round after round over shuffled offers. Spark's
// TaskSchedulerImpl with the core book-keeping of CoarseGrainedSchedulerBackend, as of M26 (02 0.1). What stages and
// jobs are is stage_scheduler.h's business; when offers are made is task_side.h's. FAIR pools are not modelled.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "backend/task_set.h"

namespace podramp::backend {

struct TaskExecutor {
  ExecutorId id = 0;
  std::string host;  // as it registered: its pod's IP
  ProfileId profile = kDefaultProfile;
  std::int64_t cores = 1;
};

class TaskScheduler {
 public:
  // shuffle_key: what the order of offers is drawn from (Spark shuffles them at random). All but the key outlive it.
  TaskScheduler(const TaskSettings& settings, const HostNames& names, const ShuffleRegistry& shuffles,
                std::string shuffle_key);
  TaskScheduler(const TaskScheduler&) = delete;
  TaskScheduler& operator=(const TaskScheduler&) = delete;

  // Whether the backend would offer an executor now: not being killed, its loss not pending, not decommissioning.
  std::function<bool(ExecutorId)> is_active = [](ExecutorId) { return true; };

  void add_executor(const TaskExecutor& executor) { executors_[executor.id] = {executor, executor.cores * kCpu}; }
  // Its connection is gone and the reason not known: no offers, tasks are not failed yet (01 1.8). False when it was
  // not in the tables: never offered, or gone already.
  bool executor_pending_loss(ExecutorId id);
  // Removed for good: its tasks fail. False as above.
  bool executor_lost(TimeUs now, ExecutorId id, const ExecutorLoss& loss);
  void executor_decommissioning(ExecutorId id);
  // It holds files of others and may never have been offered: from now on its end and its host matter.
  void meet(ExecutorId id);

  // A new attempt of a stage; older attempts become zombies.
  void submit(TaskSetPlan plan, TimeUs now);
  // Offers every active executor, or one of them (then it is no "fair share" offer, M26). What is launched, in order.
  std::vector<TaskAttempt> make_offers(TimeUs now, std::optional<ExecutorId> only);
  // A status update came: its core is free, the result is not handled yet. False for a task that nobody waits for.
  bool release(TaskId task);
  // The result of a released task. True when offers should be made because the task has to run again.
  bool finish(TimeUs now, TaskId task, const TaskResult& result);
  void partition_done(TimeUs now, StageId stage, int partition);
  // Kills what runs of all attempts of a stage; they become zombies.
  void kill_stage(TimeUs now, StageId stage);
  bool check_speculatable(TimeUs now);
  // Time-out of unschedulable task sets (abort timer).
  void unschedulable_timeout(TimeUs now, std::uint64_t timer);

  // Where a running task runs, and of which (stage, attempt) it is; absent and (-1, -1) when it does not run.
  std::optional<ExecutorId> executor_of(TaskId task) const;
  std::pair<StageId, int> set_of(TaskId task) const;
  bool busy(ExecutorId id) const;
  std::int64_t running_on(ExecutorId id) const;
  // Whether some task set could use an offer.
  bool wants_offers() const;
  bool has_task_sets() const { return !sets_.empty(); }
  // Tests and `show`.
  const TaskSet* find(StageId stage, int attempt) const;
  const ExecutorHosts& hosts() const { return hosts_; }
  TaskEvents& events() { return events_; }
  // The whole application's exclusion, not that of a task set.
  bool keeps_away_from(const std::string& host) const { return health_ && health_->node_out(host); }
  // What exclusion wants done to executors; each order once.
  std::vector<ExclusionOrder> take_orders() { return health_ ? health_->take_orders() : std::vector<ExclusionOrder>{}; }
  // Abort timers to set: (timer, when), each once.
  std::vector<std::pair<std::uint64_t, TimeUs>> take_abort_timers() { return std::exchange(abort_timers_, {}); }
  std::vector<std::string> describe() const;

 private:
  using SetKey = std::pair<StageId, int>;
  struct Slots {
    TaskExecutor executor;
    std::int64_t free = 0;
  };
  struct Offer {
    std::uint64_t draw = 0;
    const TaskExecutor* executor = nullptr;
    std::int64_t free = 0;
  };
  struct Round {  // what one pass over the offers gave
    bool launched = false;
    bool rejected = false;
    std::optional<Locality> nearest;
  };

  std::vector<Offer> collect_offers(TimeUs now, std::optional<ExecutorId> only);
  std::vector<SetKey> fifo_order() const;
  void offer_set(TimeUs now, const SetKey& key, bool all_free, std::vector<Offer>& offers,
                 std::vector<TaskAttempt>& launched);
  Round offer_once(TimeUs now, TaskSet& set, Locality farthest, std::vector<Offer>& offers,
                   std::vector<TaskAttempt>& launched);
  void look_for_shut_out(TimeUs now, const SetKey& key, bool launched_any);
  void remove_from_tables(ExecutorId id);
  void forget_finished();
  TaskSet::World world();

  const TaskSettings& settings_;
  const ShuffleRegistry& shuffles_;
  std::string shuffle_key_;
  std::uint64_t offer_rounds_ = 0;
  ExecutorHosts hosts_;
  TaskEvents events_;
  std::optional<HealthTracker> health_;
  TaskId next_task_ = 0;
  std::map<ExecutorId, Slots> executors_;  // of the backend: with free cores
  std::map<ExecutorId, std::set<TaskId>> running_;
  std::map<SetKey, std::unique_ptr<TaskSet>> sets_;
  std::map<TaskId, SetKey> set_of_;  // running tasks
  std::map<TaskId, std::pair<SetKey, ExecutorId>> released_;
  std::map<SetKey, bool> no_rejects_;       // since the last reset of the wait
  std::map<SetKey, TimeUs> unschedulable_;  // until when it may be
  std::map<std::uint64_t, SetKey> aborts_;  // by timer
  std::vector<std::pair<std::uint64_t, TimeUs>> abort_timers_;
  std::uint64_t next_abort_ = 0;
};

}  // namespace podramp::backend
