// What CoarseGrainedSchedulerBackend of Spark 2.2 keeps about executors: who is registered, who is on the way out, and
// the total that was asked for (01 1.1, 1.4, 1.8). Kubernetes has no part in it; next: fork_driver.h.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "backend/port/ids.h"

namespace podramp::backend {

// Why an executor is gone, as RemoveExecutor carries it.
struct LossReason {
  int exit_code = -1;
  bool caused_by_app = false;  // its tasks' failures count toward spark.task.maxFailures
  bool unknown = false;        // SlaveLost: nobody found out
  std::string text;
  friend bool operator==(const LossReason&, const LossReason&) = default;
};

class ForkExecutors {
 public:
  // RegisterExecutor: "" when accepted, else why not (a known id).
  std::string add(ExecutorId id, const std::string& host);
  // RemoveExecutor processed: what the scheduler is told, nullopt for an unknown id. An executor whose kill was asked
  // for is "killed by driver", whatever the reason says (01 1.8).
  std::optional<LossReason> remove(ExecutorId id, const LossReason& reason);
  // A connection has ended. True: the reason is to be looked for, and no more tasks go there.
  bool disable(ExecutorId id);

  // requestTotalExecutors(n), n >= 0: sets the total that later calls count from.
  void set_requested_total(std::int64_t n) { requested_total_ = n; }
  // requestExecutors(k): the new total.
  std::int64_t add_to_requested_total(std::int64_t more) { return requested_total_ += more; }
  std::int64_t requested_total() const { return requested_total_; }

  struct KillPlan {
    std::vector<ExecutorId> executors;           // that are to be killed
    std::vector<ExecutorId> dropped;             // unknown, or on the way out already
    std::optional<std::int64_t> lowered_target;  // doRequestTotalExecutors, when they are not replaced
  };
  // killExecutors (01 1.4). also: ids that may be killed although they have not registered (fix Q06). Busy ones, which
  // a kill that is not forced leaves alone, are not among the ids.
  KillPlan kill(const std::vector<ExecutorId>& ids, bool replace, const std::set<ExecutorId>& also);

  bool contains(ExecutorId id) const { return hosts_.contains(id); }
  std::int64_t registered() const { return static_cast<std::int64_t>(hosts_.size()); }
  const std::map<ExecutorId, std::string>& hosts() const { return hosts_; }
  bool is_leaving(ExecutorId id) const { return pending_loss_.contains(id) || pending_removal_.contains(id); }

 private:
  std::map<ExecutorId, std::string> hosts_;
  std::set<ExecutorId> pending_loss_;
  std::map<ExecutorId, bool> pending_removal_;  // true: killed and not replaced, counts as "killed by driver"
  std::int64_t requested_total_ = 0;
};

}  // namespace podramp::backend
