// Spark's lifecycle manager (02 3, ExecutorPodsLifecycleManager): tells the scheduler backend of executors whose pods
// have ended, deletes or labels those pods, notices executors without a pod, and counts failures. A run is a resumable
// sequence with one API call in flight. Not here: when runs start (Subscriber in snapshots.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "backend/api_calls.h"
#include "backend/executor_table.h"
#include "backend/failure_tracker.h"
#include "backend/snapshots.h"

namespace podramp::backend {

// How a finished pod is looked at before it is deleted. never: 3.5; once, it has to be there: 4.0; twice, and it must
// not be on its way out already: from 4.1 (02 2.6; releases: docs/behaviour.md).
enum class Looks : std::uint8_t { never, once, twice };

// What the lifecycle manager reads of the application's conf.
struct LifecycleSettings {
  std::string ns;
  bool delete_on_termination = true;
  DurationUs missing_pod_delta_us = 30 * kSecondUs;
  DurationUs removed_cache_us = 180 * kSecondUs;  // 0: nothing is cached
  std::string spark_container = "spark-kubernetes-executor";
  Looks looks = Looks::twice;
  bool once_per_batch = false;    // from 4.1: one delete per pod and batch (SPARK-54198)
  bool exit_code_by_name = true;  // from 4.0: of the Spark container; else of the first ended one
  bool counts_failed = true;      // from 4.0; in 3.5 the allocator counts (S-A27)
};

inline constexpr int kUnknownExitCode = -1;

// What an exit code of an executor means, in a few words.
std::string_view exit_code_text(int code);

class Lifecycle {
 public:
  // table and calls must outlive this; calls are made as CallOwner::lifecycle.
  Lifecycle(LifecycleSettings settings, FailureTracker failures, ExecutorTable& table, ApiCalls& calls);

  // One callback of the lifecycle manager's subscriber. No run may be in progress. The batch may be empty.
  // out::ExecutorRemoved is emitted for every executor that ended, also for one that never registered.
  Progress begin(TimeUs now, SnapshotBatch batch, Outbox& out);
  // The call of the run in progress has its final answer.
  Progress resume(TimeUs now, const Completed& completed, Outbox& out);

  // Too many executors have failed: why the driver exits with kTooManyFailuresExitCode. Asked after each run.
  const std::optional<std::string>& fatal() const { return fatal_; }
  std::int64_t failures(TimeUs now) { return failures_.count(now); }
  // From 4.2: so many creates have failed, each an executor failure; looked at after the next run (SPARK-55075).
  void add_failed_creates(TimeUs now, std::int64_t creates);
  void set_settings(LifecycleSettings settings) { settings_ = std::move(settings); }
  // Some executor was removed with a loss message that speaks of an OOM (02 4.2, recovery mode).
  bool has_seen_oom() const { return oom_; }

 private:
  // Where the removal of one pod from Kubernetes stands.
  enum class Stage : std::uint8_t { idle, looking, looking_again, deleting, labelling };

  Progress advance(TimeUs now, Outbox& out);
  void open_snapshot(TimeUs now);
  void count_failure(TimeUs now, ExecutorId id, const PodState& pod);
  bool visit(TimeUs now, ExecutorId id, Outbox& out);  // true: a call is under way
  void remove_from_spark(TimeUs now, ExecutorId id, const PodState& pod, Outbox& out);
  bool remove_from_kubernetes(ExecutorId id, const Pod& pod, Outbox& out);  // likewise
  void call(Verb verb, Outbox& out);
  void finish(TimeUs now, Outbox& out);
  void find_missing(TimeUs now, Outbox& out);
  void expire_cache(TimeUs now);
  int exit_code(const Pod& pod) const;

  LifecycleSettings settings_;
  FailureTracker failures_;
  ExecutorTable& table_;
  ApiCalls& calls_;

  SnapshotView view_;
  std::set<ExecutorId> removed_;                             // the cache of removed ids
  std::deque<std::pair<TimeUs, ExecutorId>> removed_order_;  // when each was put there
  bool forgot_ = false;               // an id left the cache since all finished pods were last looked through
  std::set<ExecutorId> inactivated_;  // labelled by us
  std::set<ExecutorId> failed_;       // every id ever seen Failed
  TimeUs last_full_us_ = 0;
  std::optional<std::string> fatal_;
  bool oom_ = false;

  // The run in progress.
  SnapshotBatch batch_;
  std::size_t next_snapshot_ = 0;
  std::vector<ExecutorId> visits_;  // what is left to look at in the open snapshot, in reverse
  std::set<ExecutorId> handled_;
  Stage stage_ = Stage::idle;
  ExecutorId at_ = 0;
  std::string at_pod_;
};

}  // namespace podramp::backend
