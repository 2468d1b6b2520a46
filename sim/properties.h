// What must hold at every event, whatever the scenario (issue acceptance: "invariants"). A sink of the ledger with
// books of its own, made from the events alone, so that a bug in the parts cannot hide itself.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "backend/backend.h"
#include "backend/port/event.h"
#include "fakeapi/cluster_state.h"

namespace podramp::sim {

// Names, as summary.json and "skip" in a scenario use them.
inline constexpr std::string_view kCreateWithinTarget = "create_within_target";
inline constexpr std::string_view kCreateWithinCaps = "create_within_caps";
inline constexpr std::string_view kIdsNeverReused = "ids_never_reused";
inline constexpr std::string_view kQuotaNeverExceeded = "quota_never_exceeded";
inline constexpr std::string_view kNodeNeverOvercommitted = "node_never_overcommitted";
inline constexpr std::string_view kPodLife = "pod_life";
inline constexpr std::string_view kQuotaCountsLivePods = "quota_counts_live_pods";
inline constexpr std::string_view kWatchContract = "watch_contract";
inline constexpr std::string_view kNothingLeftAfterStop = "nothing_left_after_stop";
// Those of settling.h, with expect.settles_by only.
inline constexpr std::string_view kTargetReached = "target_reached";
inline constexpr std::string_view kCallsAnswered = "calls_answered";
inline constexpr std::string_view kPollingGoesOn = "polling_goes_on";
inline constexpr std::string_view kWatchGoesOn = "watch_goes_on";
inline constexpr std::string_view kStopEnds = "stop_ends";
inline constexpr std::string_view kBooksAgree = "books_agree";
inline constexpr std::string_view kEndedPodsRemoved = "ended_pods_removed";

struct Violation {
  std::string property;
  std::string detail;
  Seq seq = 0;  // the event that broke it
  TimeUs t = 0;
};

// Who binds pods to nodes. Two schedulers, or a scheduler and the clients of a served cluster, may give the same room
// away in one instant; the kubelet admits what fits and rejects the rest (K59). Then only what it admitted is counted.
enum class Binders { one, several };

class Properties : public EventSink {
 public:
  explicit Properties(std::set<std::string, std::less<>> skipped, Binders binders = Binders::one)
      : skipped_(std::move(skipped)), binders_(binders) {}

  void append(const EventRef& event, PodMemory& memory) override;
  // At each create that a backend has just sent for a profile: the allocator's own books (02 1.3) must have room for
  // it below the profile's target and below max_pending_pods.
  void check_create(std::string_view application, ProfileId profile, const backend::Backend::Books& books,
                    std::int64_t max_pending_pods, Seq seq, TimeUs t);
  // At the end: each quota's used covers what lives (K36-K38), and is just that when nothing has changed for so long
  // that even a leak (K2) has been counted away (K42). scoped: quotas that are not of all pods; they are not looked at.
  void check_quotas(const fakeapi::ClusterState& state, DurationUs resync_us, TimeUs now,
                    const std::set<std::string, std::less<>>& scoped = {});
  void fail(std::string_view property, std::string detail, Seq seq, TimeUs t);

  const std::vector<Violation>& violations() const { return violations_; }
  bool failed() const { return !violations_.empty(); }

 private:
  struct NodeBooks {
    Resources allocatable;
    std::int64_t pods_max = 0;
    std::int64_t cpu_milli = 0;
    std::int64_t memory_bytes = 0;
    std::int64_t pods = 0;
    std::map<std::string, std::int64_t> other;
  };
  struct PodBooks {
    std::int64_t cpu_milli = 0;
    std::int64_t memory_bytes = 0;
    std::map<std::string, std::int64_t> other;
    std::string node;
    bool counted = false;  // on its node
    bool stored = false;
    bool bound = false;
    bool finished = false;
  };
  void on(const EventRef& event, const out::Called& called);
  void on(const EventRef& event, const fact::NodeAdded& added);
  void on(const EventRef& event, const fact::PodCreated& created);
  void on(const EventRef& event, const fact::PodBound& bound);
  void on(const EventRef& event, const fact::PodWaiting& waiting);
  void on(const EventRef& event, const fact::PodRunning& running);
  void on(const EventRef& event, const fact::PodTerminating& terminating);
  void on(const EventRef& event, const fact::PodFinished& finished);
  void on(const EventRef& event, const fact::PodGone& gone);
  void on(const EventRef& event, const fact::QuotaSet& set);
  void on(const EventRef& event, const fact::QuotaCharged& charged);
  void on(const EventRef& event, const fact::QuotaRecounted& recounted);
  template <class T>
  void on(const EventRef&, const T&) {}
  PodBooks& living(const EventRef& event, const std::string& pod, std::string_view what);
  void bind(const EventRef& event, PodBooks& pod, const std::string& node);
  void admit(const EventRef& event, PodBooks& pod);
  void take_room(const EventRef& event, PodBooks& pod);
  void leave(PodBooks& pod);

  std::set<std::string, std::less<>> skipped_;
  Binders binders_;
  std::vector<Violation> violations_;
  std::map<std::string, ExecutorId, std::less<>> last_id_;  // by session
  std::map<std::string, NodeBooks, std::less<>> nodes_;
  std::unordered_map<std::string, PodBooks> pods_;  // never iterated
  std::map<std::string, fact::Usage, std::less<>> quota_hard_;
  std::map<std::string, fact::Usage, std::less<>> quota_used_;
  TimeUs pods_changed_us_ = 0;
};

}  // namespace podramp::sim
