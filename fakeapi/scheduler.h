// The kube-scheduler: queues of pods without a node, one serial cycle at a time, a choice among the nodes that fit,
// preemption when none does, and the words for why. It reads node and pod facts and keeps its own books of room (its
// cache), which also hold pods that it has placed but whose binding is not written yet. Next: node_room.h, the books;
// cycle_rules.h, neighbours and spread; scheduler_queue.cpp, the pools; scheduler_preemption.cpp. K44-K57.
#pragma once

#include <map>
#include <memory>
#include <queue>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "fakeapi/context.h"
#include "fakeapi/cycle_rules.h"
#include "fakeapi/gangs.h"
#include "fakeapi/node_room.h"
#include "fakeapi/token_bucket.h"

namespace podramp::fakeapi {

inline constexpr std::string_view kDefaultScheduler = "default-scheduler";

// What a pod without a node waits for, for people; served: some scheduler looks at pods of its schedulerName.
std::string waits_for(const Pod& pod, bool served);

class Claims;
class Deletion;

class Scheduler {
 public:
  // index: of its timers, when there are several schedulers. `as` says what it is; absent: the default one.
  explicit Scheduler(Context& context, std::uint32_t index = 0, const OtherScheduler* as = nullptr);
  // Pods that name claims are placed only when these allow it; without, claims are nobody's business.
  void set_claims(Claims& claims) { claims_ = &claims; }
  // Who deletes victims; without, nobody is preempted.
  void set_deletion(Deletion& deletion) { deletion_ = &deletion; }

  // Sets timers and sends nothing else; pods of other schedulers only take room.
  void on_fact(const Fact& fact, Seq seq);
  void on_timer(const ClusterTimer& timer, Seq cause);

  bool serves(const Pod& pod) const;

 private:
  enum Kind : std::uint8_t {
    kCycleEnds,
    kBind,
    kPatch,
    kBackOffFlush,
    kUnschedulableFlush,
    kVolumes,
    kEvict,
    kGangExpires
  };
  enum class Place : std::uint8_t { active, in_cycle, back_off, unschedulable, gated, binding, bound };

  static constexpr std::uint32_t kAnyNode = UINT32_MAX;
  struct Entry {
    std::uint64_t order = 0;             // of its arrival in the present pool; a stale reference has another
    TimeUs since_us = 0;                 // when it joined the queue or last failed: the order of the active pool (K44)
    Seq cause = 0;                       // the event that put it where it is
    std::int64_t priority = 0;           // K44, K55
    std::uint32_t shape = 0;             // in room_
    std::uint32_t node = 0;              // in room_, when binding or bound
    std::uint32_t only_node = kAnyNode;  // in room_: its affinity names one
    std::uint32_t nominated = kAnyNode;  // in room_: where preemption makes room for it
    std::uint32_t attempts = 0;
    Filters failed_filters = 0;  // what may wake it (K47)
    Place place = Place::active;
  };
  struct Waiting {            // in a pool, by these in turn
    std::int64_t first = 0;   // active: minus its priority; else a time: of the back-off's end, of its failure
    std::int64_t second = 0;  // active: the time of its arrival; back-off of recent versions: minus its priority
    std::uint64_t order = 0;
    PodId pod = 0;
    friend auto operator<=>(const Waiting&, const Waiting&) = default;
  };
  using Heap = std::priority_queue<Waiting, std::vector<Waiting>, std::greater<>>;
  struct Help {  // a node, and who would have to go
    std::uint32_t node = kAnyNode;
    std::vector<PodId> victims;
  };
  struct AfterFilter {                 // what preemption came to
    std::optional<std::string> words;  // absent: what the refusal says of victims
    Help help;
    bool keeps_nomination = false;
  };

  // facts
  void pod_created(PodId id, const PodPtr& pod, Seq seq);
  void pod_bound(PodId id, const PodPtr& pod, const std::string& node, Seq seq);
  void pod_freed(PodId id, const Pod& pod, Seq seq);
  void pod_resized(PodId id, const PodPtr& pod, Seq seq);
  void pod_edited(const ClusterState::Change& change);
  void spec_edited(PodId id, const Pod& pod, Seq seq);
  void node_edited(const Node& node, Seq seq);
  void pod_ungated(PodId id, const Pod& pod, Seq seq);
  void node_changed(const Node& node, bool added, Seq seq);
  void take(PodId id, Entry& entry, const Pod& pod, std::uint32_t node);
  void give_back(PodId id, const Entry& entry, const Pod& pod);

  // pools
  Entry* find(PodId id);
  void activate(PodId id, Entry& entry);
  void sleep(PodId id, Entry& entry, Filters filters);
  void leave_pool(PodId id, Entry& entry);
  Waiting in_back_off(PodId id, const Entry& entry) const;
  void wake(PodId id, Entry& entry, Seq cause);
  void wake_all(Filters filters, Seq cause);
  void wake_let_in(const Pod& other, bool comes, Seq cause);
  void flush_back_off();
  void flush_unschedulable();
  void arm_flushes();
  DurationUs back_off(std::uint32_t attempts) const;

  // cycles
  std::optional<Waiting> next_to_try();
  void start_cycle();
  void end_cycle(PodId id);
  void try_pod(PodId id, Entry& entry, const PodPtr& pod);
  std::optional<std::uint32_t> choose_node(Entry& entry, const Pod& pod, const NodeJudge* judge);
  bool try_gang(PodId id, Entry& entry, const PodPtr& pod);
  std::int64_t place_gang(Gang& gang);
  void gang_expires(std::uint64_t gang, Seq cause);
  void place_on(PodId id, Entry& entry, const PodPtr& pod, std::uint32_t node);
  void send_binding(PodId id, const Entry& entry, const Pod& pod);
  void fail(PodId id, Entry& entry, const PodPtr& pod, const NodeJudge* judge);
  void refuse(PodId id, Entry& entry, const Pod& pod, Filters filters, std::string message, const Help& help);
  bool refused_by_claims(PodId id, Entry& entry, const Pod& pod);
  void await_volumes(PodId id);
  void patch(PodId id);
  void bind(PodId id);

  // preemption
  AfterFilter after_filter(const Entry& entry, const PodPtr& pod, const NodeJudge* judge);
  bool awaits_victims(const Entry& entry) const;
  std::vector<PodId> victims_on(const Entry& entry, const PodPtr& pod, std::uint32_t node, bool judged,
                                std::map<std::string, std::int64_t>& reasons);
  bool fits(const Entry& entry, const Pod& pod, std::uint32_t node, bool judged);
  const Help* best_of(const std::vector<Help>& found) const;
  TimeUs send_evictions(const Help& help, const Entry& entry);
  void evict(PodId id, Seq cause);
  void nominate(PodId id, Entry& entry, std::uint32_t node);
  std::vector<PodId> nominated_above(PodId id, const Entry& entry) const;

  CycleRules rules(const Entry& entry, const Pod& pod) {
    return CycleRules(pod, entry.shape, {context_.state(), room_, counts_, topologies_, images_});
  }
  void set_timer(TimeUs at, Seq cause, Kind kind, PodId id);
  DurationUs call_takes(const Entry& entry, const Pod& pod) const;

  Context& context_;
  const std::uint32_t index_;
  const std::string name_;
  Claims* claims_ = nullptr;
  Deletion* deletion_ = nullptr;
  NodeRoom room_;
  Topologies topologies_;
  PodCounts counts_;
  ImageStates images_;
  TokenBucket client_;
  std::unique_ptr<Gangs> gangs_;              // null: every pod for itself
  std::unordered_map<PodId, Entry> entries_;  // never iterated
  std::map<std::int64_t, std::int64_t> placed_by_priority_;
  std::set<PodId> nominated_;
  Heap active_;
  std::set<Waiting> back_off_;
  std::set<Waiting> unschedulable_;
  std::size_t touchy_ = 0;     // of the unschedulable ones those that pods who come or go may let in
  std::string patch_message_;  // of the one status patch that is under way
  std::string patch_nominated_;
  std::uint64_t orders_ = 0;
  bool busy_ = false;
  TimeUs back_off_flush_us_ = kNever;  // when the armed flush is due; never: none is armed
  TimeUs unschedulable_flush_us_ = kNever;
};

}  // namespace podramp::fakeapi
