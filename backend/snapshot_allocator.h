// Spark's direct pod allocator (02 1, ExecutorPodsAllocator): per round it acknowledges what the snapshots show, gives
// up on what they never showed, deletes excess requests and creates executors one by one. What differs between Spark's
// versions is a setting (02 0.2; wiring.h fills them in). A round is a resumable sequence with one API call in flight
// (02 9); an abandoned one leaves its stale fields behind (02 1.5). Creating is in snapshot_allocator_creates.cpp.
// Not here: when rounds run (Subscriber in snapshots.h), client retries (api_calls.h). Next: round.h.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "backend/api_calls.h"
#include "backend/claim_reuse.h"
#include "backend/executor_table.h"
#include "backend/failure_tracker.h"
#include "backend/round.h"
#include "backend/snapshots.h"

namespace podramp::backend {

// What the allocator reads of the application's conf (02 1.1).
struct AllocatorSettings {
  std::string app_id;
  std::string ns;
  std::int64_t batch_size = 10;
  std::int64_t max_pending_pods = INT32_MAX;
  std::int64_t max_pending_pods_per_rp = INT32_MAX;  // from 4.1
  DurationUs creation_timeout_us = 600 * kSecondUs;  // the effective one: throttle.h creation_timeout_us()
  DurationUs idle_timeout_us = 60 * kSecondUs;       // dynamicAllocation.executorIdleTimeout, used even when it is off
  bool delete_on_termination = true;
  std::int64_t ids_max = INT32_MAX;             // allocation.maximum, from 4.1: this id is one too many (T12)
  bool goes_on_after_refusal = false;           // from 4.2: a failed create costs one id, not the round (SPARK-55075)
  std::optional<FailureTracker> counts_failed;  // 3.5: the allocator counts failed pods (S-A27)
  ClaimRules claims;

  // Fixes (fixes.h).
  bool drops_ghosts = false;      // ghost-executors
  bool backs_off = false;         // back-off
  bool shares_unused = false;     // unused-shares
  bool creates_parallel = false;  // parallel-creates
};

// Builds the pod to create, and the claims that go with it. What an error does depends on its kind (02 1.5).
using BuildPod = std::function<Result<PodWithClaims>(ExecutorId, ProfileId)>;

// All executors of an application, or the named ones (ascending). 02 1.3 step 4, 1.8.
ApiRequest delete_executors(const std::string& ns, const std::string& app_id);
ApiRequest delete_executors(const std::string& ns, const std::string& app_id, const std::vector<ExecutorId>& ids);

// S-A21: the error of a start whose configured driver pod does not exist.
std::string driver_pod_missing(const std::string& pod_name, const std::string& ns);

class SnapshotAllocator {
 public:
  // table and calls must outlive the allocator; calls are made as CallOwner::allocator.
  SnapshotAllocator(AllocatorSettings settings, BuildPod build, const ExecutorTable& table, ApiCalls& calls);

  // The pod that owns executors and their claims, once it is known; without one no claims are reused (02 1.1).
  void set_driver(const std::optional<OwnerReference>& driver) { driver_ = driver; }

  // Other limits and times from now on; what has been counted so far stays.
  void set_limits(const AllocatorSettings& settings);

  // Overwrites the named profiles only; a target is never removed. True: nothing is outstanding, so the store must
  // notify all subscribers now (02 1.2).
  bool set_targets(const std::map<ProfileId, std::int64_t>& targets);

  // One callback of the allocator's subscriber (02 1.3). No round may be in flight. The batch may be empty.
  Progress begin_round(TimeUs now, RoundTrigger trigger, const SnapshotBatch& batch, Outbox& out);
  // The call of the round in flight has its final answer.
  Progress resume(TimeUs now, const Completed& completed, Outbox& out);
  // Creates that failed since last asked; from 4.2 each is an executor failure (S-A28).
  std::int64_t take_failed_creates() { return std::exchange(failed_creates_, 0); }
  // Drops the round in flight, if any, without commit or report (02 4.2 stop order). Its call is the caller's to
  // abandon.
  void drop_round() { round_.reset(); }

  // Deleted as excess, as of the last committed round, and still listed: its registration is refused (T6).
  bool is_deleted(ExecutorId id) const { return deleted_ids_.contains(id); }
  // out::Exited has been emitted; rounds do nothing any more.
  bool exited() const { return exited_; }

  // The books, for invariants and `podramp show`.
  struct NewlyCreated {
    ProfileId profile = 0;
    TimeUs created_us = 0;  // when the create was answered
  };
  bool round_in_flight() const { return round_.has_value(); }
  // The lowest id whose create is under way, 0 for none. Its profile's report counts the creates before it as
  // `created`.
  ExecutorId creating() const;
  // Free pending slots and profiles of the round in flight once it creates, else of the last round.
  std::int64_t slots() const { return is_creating() ? round_->slots : last_.slots; }
  std::vector<ProfileReport> profiles() const;
  ExecutorId last_id() const { return last_id_; }  // ids up to this one are used up
  std::int64_t outstanding() const { return outstanding_; }
  std::int64_t claims_made() const { return claims_made_; }  // pvcCount: never falls
  const std::map<ExecutorId, NewlyCreated>& newly_created() const { return newly_created_; }
  const std::map<ExecutorId, ProfileId>& known_newly_created() const { return known_newly_created_; }
  const std::set<ExecutorId>& deleted_ids() const { return deleted_ids_; }
  const std::map<ProfileId, std::int64_t>& targets() const { return targets_; }

 private:
  bool is_creating() const {
    return round_ && (round_->stage == RoundStage::creating || round_->stage == RoundStage::listing_claims);
  }
  bool lists_claims() const { return settings_.claims.own && settings_.claims.reuse && driver_; }
  void acknowledge(const SnapshotBatch& batch);
  void collect_claims(const SnapshotBatch& batch);
  void promote();
  // Runs the stages until the round has ended or a call is under way. Each bool below: a call is under way.
  Progress proceed(Outbox& out);
  bool time_out(Outbox& out);
  void group(Outbox& out);
  const Pod* first_without_profile() const;
  bool trim(Outbox& out);
  void count(ProfileRound& profile) const;
  void count_failed(const ProfileRound& profile);
  void choose_excess(ProfileRound& profile) const;
  void settle();
  void open_gate();
  void excess_answered(const ApiReply& reply, Outbox& out);
  void commit();
  void abandon(std::string why, Limit limit, Outbox& out);
  void finish(Outbox& out);
  std::uint64_t call(ApiRequest request, Outbox& out);

  // snapshot_allocator_creates.cpp
  void allow(std::int64_t wanting);
  bool create_next(Outbox& out);
  bool list_claims(Outbox& out);
  void claims_listed(const ApiReply& reply, Outbox& out);
  bool may_start(ProfileRound& profile, Outbox& out);
  void start_create(ProfileRound& profile, Outbox& out);
  void create_answered(const Completed& completed, Outbox& out);
  void create_claim(Creation creation, Outbox& out);
  void created(const Creation& creation);
  void create_failed(Creation creation, const ApiReply& reply, Outbox& out);
  void fail_round(std::string why, Limit limit);
  void back_off(ProfileRound& profile, Limit limit, Outbox& out);

  AllocatorSettings settings_;
  BuildPod build_;
  const ExecutorTable& table_;
  ApiCalls& calls_;

  std::map<ProfileId, std::int64_t> targets_;
  ExecutorId last_id_ = 0;
  std::map<ExecutorId, NewlyCreated> newly_created_;  // ascending ids are creation order
  std::map<ExecutorId, ProfileId> known_newly_created_;
  SnapshotView snapshot_;  // lastSnapshot
  std::set<ExecutorId> deleted_ids_;
  std::int64_t outstanding_ = 0;
  std::int64_t claims_made_ = 0;
  std::int64_t failed_creates_ = 0;        // since last taken
  std::int64_t failed_creates_total_ = 0;  // of the application
  std::set<ExecutorId> failed_;            // counted by counts_failed
  std::optional<OwnerReference> driver_;
  DurationUs back_off_us_ = 0;  // the wait after the last refusal, 0 after a success
  TimeUs not_before_us_ = 0;    // no creates until then
  Limit held_by_ = Limit::none;

  std::optional<Round> round_;
  std::uint64_t rounds_ = 0;
  TimeUs now_us_ = 0;    // of the input being handled
  out::RoundDone last_;  // of the last round, reported or not
  bool exited_ = false;
};

}  // namespace podramp::backend
