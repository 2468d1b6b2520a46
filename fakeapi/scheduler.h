// The kube-scheduler: queues of pods without a node, one serial cycle at a time, a choice among the nodes that fit,
// and the words for why none does. It reads node and pod facts and keeps its own books of room (its cache), which
// also hold pods that it has placed but whose binding is not written yet. Next: node_room.h, the books; K44-K57.
// Not modelled: priorities and preemption (victims are never found), topology spread, ImageLocality.
#pragma once

#include <queue>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "fakeapi/context.h"
#include "fakeapi/node_room.h"
#include "fakeapi/token_bucket.h"

namespace podramp::fakeapi {

inline constexpr std::string_view kDefaultScheduler = "default-scheduler";

class Claims;

class Scheduler {
 public:
  explicit Scheduler(Context& context);
  // Pods that name claims are placed only when these allow it; without, claims are nobody's business.
  void set_claims(Claims& claims) { claims_ = &claims; }

  // Sets timers and sends nothing else; pods of other schedulers are ignored for ever.
  void on_fact(const Fact& fact, Seq seq);
  void on_timer(const ClusterTimer& timer, Seq cause);

  // Appends "pod ns/x waits for: <message>" for every pod without a node, by name.
  void waiting(std::vector<std::string>& lines) const;

 private:
  enum Kind : std::uint8_t { kCycleEnds, kBind, kPatch, kBackOffFlush, kUnschedulableFlush, kVolumes };
  enum class Place : std::uint8_t { active, in_cycle, back_off, unschedulable, binding, bound };

  static constexpr std::uint32_t kAnyNode = UINT32_MAX;
  struct Entry {
    std::uint64_t order = 0;             // of its arrival in the present pool; a stale reference has another
    TimeUs since_us = 0;                 // when it joined the queue or last failed: the order of the active pool (K44)
    Seq cause = 0;                       // the event that put it where it is
    std::uint32_t shape = 0;             // in room_
    std::uint32_t node = 0;              // in room_, when binding or bound
    std::uint32_t only_node = kAnyNode;  // in room_: its affinity names one
    std::uint32_t attempts = 0;
    std::uint8_t failed_filters = 0;  // what may wake it (K47)
    Place place = Place::active;
  };
  struct Waiting {  // in a pool, by (time, order)
    TimeUs at = 0;
    std::uint64_t order = 0;
    PodId pod = 0;
    friend auto operator<=>(const Waiting&, const Waiting&) = default;
  };
  using Heap = std::priority_queue<Waiting, std::vector<Waiting>, std::greater<>>;

  void pod_created(PodId id, const Pod& pod, Seq seq);
  void pod_bound(PodId id, const Pod& pod, const std::string& node);
  void pod_freed(PodId id, Seq seq);
  void pod_resized(PodId id, const Pod& pod, Seq seq);
  void node_changed(const Node& node, bool added, Seq seq);
  void wake_all(std::uint8_t filters, Seq cause);

  void activate(PodId id, Entry& entry);
  void wake(PodId id, Entry& entry, Seq cause);
  void start_cycle();
  void end_cycle(PodId id);
  void choose_node(PodId id, Entry& entry, const Pod& pod, const Draw& tie);
  void place_on(PodId id, Entry& entry, const Pod& pod, std::uint32_t node);
  void refuse(PodId id, Entry& entry, const Pod& pod, const NodeRoom::Refusal& refusal);
  bool refused_by_claims(PodId id, Entry& entry, const Pod& pod);
  void await_volumes(PodId id);
  void patch(PodId id);
  void bind(PodId id);
  void flush_back_off();
  void flush_unschedulable();
  void arm_flushes();
  DurationUs back_off(std::uint32_t attempts) const;
  Entry* find(PodId id);
  void set_timer(TimeUs at, Seq cause, Kind kind, PodId id);

  Context& context_;
  Claims* claims_ = nullptr;
  NodeRoom room_;
  TokenBucket client_;
  std::unordered_map<PodId, Entry> entries_;  // never iterated
  Heap active_;
  std::set<Waiting> back_off_;       // at: when the back-off is over
  std::set<Waiting> unschedulable_;  // at: since when
  std::string patch_message_;        // of the one status patch that is under way
  std::uint64_t orders_ = 0;
  bool busy_ = false;
  TimeUs back_off_flush_us_ = kNever;  // when the armed flush is due; never: none is armed
  TimeUs unschedulable_flush_us_ = kNever;
};

}  // namespace podramp::fakeapi
