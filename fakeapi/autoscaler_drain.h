// How an autoscaler empties a node and lets its machine go: a taint, evictions with a cap on the grace, the wait until
// the pods are gone, the machine (K80). And which pods may not be moved. Not here: which node goes.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "fakeapi/autoscaler_machines.h"
#include "fakeapi/context.h"

namespace podramp::fakeapi {

class Deletion;

// Why Cluster Autoscaler may not move the pod, "" when it may: its drainability rules, in their order. Without
// disruption budgets. Executors have an owner that is no controller of replicas: their driver pod (K80).
std::string why_not_drainable(const Pod& pod, const AutoscalerSpec& spec);
// A pod that has to go before the machine: not of a DaemonSet, not finished.
bool must_leave(const Pod& pod);

struct DrainOrder {
  std::uint32_t node = 0;
  std::string taint;                       // key; effect NoSchedule
  std::optional<DurationUs> grace_cap_us;  // absent: each pod's own
  DurationUs delay_us = 0;                 // from the taint to the machine's end, at least
  DurationUs give_up_us = kNever;          // then the taint is taken back
  std::string why;
};

class Drains {
 public:
  Drains(Context& context, Deletion& deletion, Machines& machines)
      : context_(context), deletion_(deletion), machines_(machines) {}

  void start(const DrainOrder& order, Seq cause);
  std::size_t running() const { return drains_.size(); }
  // Of those, the ones that began with pods on the node.
  std::size_t with_pods() const;
  bool has(std::uint32_t node) const { return drains_.contains(node); }
  // Nodes whose drain was given up since the last call.
  std::vector<std::uint32_t> given_up() { return std::exchange(given_up_, {}); }

  void on_fact(const Fact& fact, Seq seq);
  // True when the timer was one of these.
  bool on_timer(const ClusterTimer& timer, Seq cause);
  void waiting(std::vector<std::string>& lines) const;

 private:
  enum Kind : std::uint8_t { kEmpty = 16, kGiveUp, kKinds };

  struct Drain {
    DrainOrder order;
    std::set<PodId> pods;
    bool had_pods = false;
    bool delayed = true;  // the taint is younger than delay_us
    std::uint64_t number = 0;
    Seq cause = 0;
  };
  void evict(const Drain& drain, PodId pod);
  void go_on(std::uint32_t node, Seq cause);

  Context& context_;
  Deletion& deletion_;
  Machines& machines_;
  std::map<std::uint32_t, Drain> drains_;
  std::map<PodId, std::uint32_t> of_pod_;
  std::vector<std::uint32_t> given_up_;
  std::uint64_t drains_ever_ = 0;
};

}  // namespace podramp::fakeapi
