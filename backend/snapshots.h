// Snapshots of the executors' pods (02 2): how a pod is classified, what a snapshot changes, and the two subscribers
// with their queues and fixed-delay timers. A snapshot is stored as a difference to the one before it, so a round
// costs in proportion to what changed. Not here: where pods come from (pod_source.h).
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "backend/port/step.h"

namespace podramp::backend {

// 02 2.4. Final states are succeeded, failed, deleted, terminating.
enum class ExecutorState : std::uint8_t { pending, running, succeeded, failed, deleted, terminating, unknown };

struct ClassifyOptions {
  bool check_all_containers = true;
  std::string spark_container = "spark-kubernetes-executor";
};

struct PodState {
  ExecutorState state = ExecutorState::unknown;
  PodPtr pod;
};

// The executor a pod belongs to: label spark-exec-id as a whole number; nullopt when absent or "EXECID".
std::optional<ExecutorId> executor_id(const Pod& pod);
// 02 2.4, the order of its tests.
ExecutorState classify(const Pod& pod, const ClassifyOptions& options);

// One snapshot, as the difference to the one before.
struct SnapshotChange {
  std::optional<ExecutorId> executor;  // updatePod; absent: a snapshot equal to the one before (pod without id)
  PodState pod;
  std::shared_ptr<const std::map<ExecutorId, PodState>> all;  // replaceSnapshot: exactly these; else null
  TimeUs full_snapshot_us = 0;                                // of the replace
};
using SnapshotBatch = std::vector<SnapshotChange>;  // oldest first, may be empty

// A snapshot's contents, kept up to date by applying changes; counts and sets are what the allocator and the
// lifecycle manager ask for, so that neither walks all pods.
class SnapshotView {
 public:
  void apply(const SnapshotChange& change);

  const PodState* find(ExecutorId id) const;
  const std::map<ExecutorId, PodState>& pods() const { return pods_; }
  const std::set<ExecutorId>& pending() const { return pending_; }
  const std::set<ExecutorId>& finished() const { return finished_; }  // succeeded, failed, deleted
  std::int64_t running() const { return running_; }
  // Running pods by label spark-exec-resourceprofile-id; pods with a missing or non-numeric label are counted apart.
  const std::map<ProfileId, std::int64_t>& running_by_profile() const { return running_by_profile_; }
  std::int64_t without_profile() const { return without_profile_; }  // pods of any state
  TimeUs full_snapshot_us() const { return full_snapshot_us_; }      // 0 until the first full listing

 private:
  void insert(ExecutorId id, const PodState& pod);
  void erase(std::map<ExecutorId, PodState>::iterator it);

  std::map<ExecutorId, PodState> pods_;
  std::set<ExecutorId> pending_;
  std::set<ExecutorId> finished_;
  std::map<ProfileId, std::int64_t> running_by_profile_;
  std::int64_t running_ = 0;
  std::int64_t without_profile_ = 0;
  TimeUs full_snapshot_us_ = 0;
};

// The label spark-exec-resourceprofile-id as a number; nullopt when missing or non-numeric.
std::optional<ProfileId> profile_id(const Pod& pod);

// One subscriber of the store (02 2.1): its queue, and when its callback runs. Runs never overlap; each request counts;
// a run that finds the subscriber busy leaves at once, and the busy one runs again while requests are left. The timer
// is re-armed `period` after the end of a timer-driven run (or at once after one that found the subscriber busy).
class Subscriber {
 public:
  Subscriber(TimerKind timer, DurationUs period_us) : timer_(timer), period_us_(period_us) {}

  void push(const SnapshotChange& change) { queue_.push_back(change); }
  // A request to process. True: the caller starts a run now with take().
  bool request(TimeUs now, RoundTrigger trigger, Outbox& out);
  // The run has ended. True: another one starts now.
  bool finished(TimeUs now, Outbox& out);
  SnapshotBatch take() { return std::exchange(queue_, {}); }
  RoundTrigger trigger() const { return trigger_; }  // of the run in progress
  bool busy() const { return busy_; }
  void stop(Outbox& out);  // no timer is armed from now on
  void set_period(DurationUs period_us) { period_us_ = period_us; }  // from the next timer on

 private:
  void arm(TimeUs now, Outbox& out);

  TimerKind timer_;
  DurationUs period_us_;
  SnapshotBatch queue_;
  std::int64_t requests_ = 0;
  RoundTrigger trigger_ = RoundTrigger::timer;
  bool busy_ = false;
  bool armed_ = false;
  bool stopped_ = false;
};

// Whether a subscriber's run has ended or waits for the reply to a call.
enum class Progress : std::uint8_t { done, waiting };

}  // namespace podramp::backend
