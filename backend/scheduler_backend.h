// Spark's scheduler backend on Kubernetes (02 4.2): who may register, what a kill, a decommission, a disconnect and a
// silence lead to, and the totals that were requested. It asks its allocator for executors and never makes one.
// THE place where totals are set (request_*, kill, decommission); where executors come and go is executor_table.h.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "backend/executor_table.h"
#include "backend/heartbeat_receiver.h"
#include "backend/maintenance.h"

namespace podramp::backend {

using ExecutorTargets = std::map<ProfileId, std::int64_t>;

// What the scheduler backend reads of the application's conf.
struct SchedulerSettings {
  std::int64_t initial_executors = 0;
  double min_registered_ratio = 0.8;
  DurationUs max_registered_wait_us = 30 * kSecondUs;
  std::map<ProfileId, std::int64_t> cores;  // of one executor; a profile that is not named has those of profile 0
  DurationUs kill_grace_us = 5 * kSecondUs;
  std::optional<std::string> decommission_label;
  std::string decommission_label_value;
  std::optional<std::int64_t> deletion_cost;  // put on pods to be killed; only with the Deployment allocator
  std::optional<DurationUs> force_kill_us;    // executor.decommission.forceKillTimeout
  DurationUs network_timeout_us = 120 * kSecondUs;
  DurationUs network_timeout_interval_us = 60 * kSecondUs;
};

// The allocator as the scheduler backend sees it.
struct AllocatorLink {
  std::function<void(TimeUs, const ExecutorTargets&, Outbox&)> set_targets;  // overwrites the named profiles only
  std::function<bool(ExecutorId)> is_deleted;                                // its registration is refused (T6)
};

struct KillOptions {
  bool adjust_target = true;    // else the executors are replaced
  bool count_failures = false;  // of tasks that run on them
  bool force = false;           // busy ones too
};

class SchedulerBackend final : private ExecutorListener {
 public:
  // table and maintenance must outlive this; nothing is registered yet.
  SchedulerBackend(SchedulerSettings settings, AllocatorLink allocator, ExecutorTable& table, Maintenance& maintenance);

  // The driver has been constructed: the wait for registered executors and the heartbeat checks count from now.
  void start(TimeUs now, Outbox& out);
  // The allocator has been started: executors may register. Their initial number is not a requested total (see kill).
  void launch(Outbox& out);
  // The context is stopped: registrations are ignored (S-D7), timers cancelled but for those of kills under way.
  void stop(Outbox& out);

  // requestTotalExecutors, always acknowledged: the totals of the named profiles; the others keep theirs.
  void request_total(TimeUs now, const ExecutorTargets& targets, Outbox& out);
  // requestExecutors: so many more of profile 0 than were *requested* before. The initial number was not, so without
  // dynamic allocation the first "k more" sets the total to k.
  void request_more(TimeUs now, std::int64_t more, Outbox& out);

  // killExecutors: skips unknown ids, ids pending a kill, and busy ones unless forced. Returns those that are killed.
  // With adjust_target the requested total of each one's profile falls by one, not below 0 - or to 0 when nothing was
  // ever requested - and all requested totals are sent.
  std::vector<ExecutorId> kill(TimeUs now, const std::vector<ExecutorId>& ids, KillOptions options, Outbox& out);
  // decommissionExecutors: only active ones. by_executor: they said so themselves, so neither they nor their pods are
  // told. why: in the reason of their removal. Returns those that are decommissioned.
  std::vector<ExecutorId> decommission(TimeUs now, const std::vector<ExecutorId>& ids, bool adjust_target,
                                       bool by_executor, const std::string& why, Outbox& out);
  // RemoveExecutor: a known executor is told to end, and forgotten (S-D4).
  void remove(TimeUs now, const out::ExecutorRemoved& why, Outbox& out);

  void register_executor(TimeUs now, const in::Registered& executor, Outbox& out);
  void disconnected(TimeUs now, ExecutorId id, Outbox& out);
  // GenerateExecID: the next id of this counter, which is not the allocator's, and a label on the pod (S-D8).
  void give_id(const std::string& pod, Outbox& out);
  void heartbeats_stopped(TimeUs now, const in::HeartbeatsStopped& silence, Outbox& out);
  void heartbeats_resumed(ExecutorId id, Outbox& out) { heartbeats_.forget(id, out); }

  // Timers: ready_wait, kill_grace, force_kill, heartbeat_check. Others are ignored.
  void timer_due(TimeUs now, const in::TimerDue& timer, Outbox& out);

  bool ready() const { return ready_; }
  // Kills whose grace period has not ended.
  bool kills_pending() const { return !kills_.empty(); }
  void forget_kills(Outbox& out);
  const ExecutorTargets& requested() const { return requested_; }

 private:
  enum class Phase : std::uint8_t { fresh, running, stopped };

  void executor_added(TimeUs, ExecutorId, const RegisteredExecutor&, Outbox& out) override { check_ready(out); }
  void executor_inactive(TimeUs, ExecutorId, Inactive, Outbox&) override {}
  void executor_removed(TimeUs, const out::ExecutorRemoved& why, const RegisteredExecutor*, Outbox& out) override {
    heartbeats_.forget(why.executor, out);
  }

  void check_ready(Outbox& out);
  void lower(TimeUs now, const std::vector<ExecutorId>& ids, const std::string& why, Outbox& out);
  void send_requested(TimeUs now, const std::string& why, Outbox& out);
  void do_kill(TimeUs now, const std::vector<ExecutorId>& ids, Outbox& out);
  void mark_pods(const std::vector<ExecutorId>& ids, Outbox& out);
  void expire_silent(TimeUs now, Outbox& out);
  std::int64_t cores_of(ProfileId profile) const;

  SchedulerSettings settings_;
  AllocatorLink allocator_;
  ExecutorTable& table_;
  Maintenance& maintenance_;
  HeartbeatReceiver heartbeats_;

  Phase phase_ = Phase::fresh;
  ExecutorTargets requested_;  // requestedTotalExecutorsPerResourceProfile
  ExecutorId last_given_id_ = 0;
  std::uint64_t last_kill_ = 0;
  std::map<std::uint64_t, std::vector<ExecutorId>> kills_;  // in their grace period
  std::uint64_t last_decommission_ = 0;
  std::map<std::uint64_t, std::vector<ExecutorId>> decommissions_;  // to be killed by force
  bool ready_wait_armed_ = false;
  bool waited_long_enough_ = false;
  bool ready_ = false;
};

}  // namespace podramp::backend
