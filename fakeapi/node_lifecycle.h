// The node controller: closed-form leases, Ready=Unknown after the grace period, taints through a rate limiter per
// zone, eviction of pods that tolerate a taint only for a while, the way back (K67-K75). It also brings nodes into
// being, lets them fall silent, and deletes them, because the timeline asks for it. Pod GC: pod_gc.h.
// No lease events: the last renewal follows from the node's phase. No periodic work while all nodes are well.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "fakeapi/context.h"
#include "fakeapi/message.h"
#include "fakeapi/pod_gc.h"

namespace podramp::fakeapi {

class Deletion;

inline constexpr std::string_view kUnreachableTaint = "node.kubernetes.io/unreachable";

class NodeLifecycle {
 public:
  NodeLifecycle(Context& context, Deletion& deletion);

  // Emits NodeAdded for every configured node that does not join later.
  void start();
  // Timeline entries. Unknown nodes, and nodes that already are as asked for, are skipped.
  void add_nodes(const std::vector<std::uint32_t>& nodes, Seq cause);
  void nodes_down(const to::NodesDown& down, Seq cause);  // also sends NodePower off
  void nodes_up(const to::NodesUp& up, Seq cause);        // NodePower on; a deleted Node registers itself again
  void delete_nodes(const to::DeleteNodes& gone, Seq cause);

  void on_fact(const Fact& fact, Seq seq);
  void on_timer(const ClusterTimer& timer, Seq cause);

  // When the node's lease was last renewed, seen at now (K67). For a node that talks: its latest tick.
  TimeUs last_renewal(const std::string& node) const;

  // Appends "node N ..." lines for nodes that are not Ready or have evictions ahead.
  void waiting(std::vector<std::string>& lines) const;

 private:
  enum Kind : std::uint8_t { kMonitor, kTaint, kEvict, kReadyAgain, kJoin };  // pod GC: kPodGcKind

  enum class ZoneState : std::uint8_t { normal, partial, full };
  struct Zone {
    std::uint32_t number = 0;
    int nodes = 0;
    int unhealthy = 0;
    ZoneState state = ZoneState::normal;
    DurationUs period_us = 0;       // between two NoExecute taints; 0 is never (K70)
    TimeUs next_us = 0;             // when the limiter has its token
    std::deque<std::string> queue;  // nodes that wait for their NoExecute taint
    bool armed = false;             // a kTaint timer is out
    std::uint32_t round = 0;        // of the limiter; an older timer is ignored
  };
  struct Health {
    std::string zone;
    std::uint32_t index = 0;  // in ClusterConfig::nodes
    DurationUs phase_us = 0;  // of its lease
    TimeUs alive_since_us = 0;
    TimeUs silent_since_us = kNever;
    bool unknown = false;     // Ready=Unknown is out
    bool to_untaint = false;  // Ready again; the next check lifts its NoExecute taint
    bool no_execute = false;
    std::uint32_t round = 0;  // of evictions; a timer of an older round is cancelled
    Seq cause = 0;            // why it is as it is
  };

  void add_node(std::uint32_t index, Seq cause);
  void node_added(const Node& node);
  void node_silent(const std::string& name, Seq seq);
  void node_returned(const std::string& name, Seq seq);
  void node_gone(const std::string& name);

  TimeUs next_check(TimeUs not_before) const;
  void arm_check(TimeUs at);
  void check();
  void rearm();
  void mark_unknown(const std::string& name, Health& health);
  void ready_again(const std::string& name, Health& health, Seq cause);
  void lift_no_execute(const std::string& name, Health& health);

  void update_zones();
  void enter_all_down();
  void swap_limiter(Zone& zone, DurationUs period_us);
  DurationUs period_of(const Zone& zone) const;
  void drain(Zone& zone);
  void taint_no_execute(const std::string& name, Health& health);
  Seq set_taints(const std::string& name, std::string_view without, std::string_view with, Seq cause);

  void schedule_eviction(PodId id, const Health& health, Seq cause);
  void evict(PodId id, std::uint32_t round, Seq cause);

  Context& context_;
  Deletion& deletion_;
  PodGc pod_gc_;
  std::map<std::string, std::uint32_t, std::less<>> index_;
  std::map<std::string, Health, std::less<>> nodes_;
  std::map<std::string, Zone, std::less<>> zones_;
  std::vector<std::string> zone_names_;  // by number
  std::set<std::string> watched_;        // silent, not Ready, or to be untainted
  std::uint32_t rounds_ = 0;             // of evictions, over all nodes
  bool all_down_ = false;
  TimeUs check_us_ = kNever;  // when the next check is due; never: none is armed
};

}  // namespace podramp::fakeapi
