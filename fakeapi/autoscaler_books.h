// What an autoscaler knows of the cluster: which pods the scheduler could not place, and what room there is on nodes
// that are there or on their way. Machines that are on their way count as their group's template until pods may come.
// Not here: decisions (autoscaler_scan.h, autoscaler_karpenter.h), machines (autoscaler_machines.h).
#pragma once

#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "fakeapi/context.h"
#include "fakeapi/node_room.h"

namespace podramp::fakeapi {

struct PendingPod {
  PodId id = 0;
  const Pod* pod = nullptr;  // valid until the next fact
  NodeRoom::ShapeId shape = 0;
  TimeUs since_us = 0;  // when it was found unschedulable
};

class AutoscalerBooks {
 public:
  explicit AutoscalerBooks(Context& context) : context_(context) {}

  void on_fact(const Fact& fact);

  // A machine that does not take pods yet counts as this node; empty again with forget().
  void expect(const Node& node);
  // Pods may come to the node: it counts as what it is.
  void arrived(const std::string& node);
  void forget(const std::string& node);
  bool expected(const std::string& node) const { return expected_.contains(node); }

  // Pods with PodScheduled=False, in order of their ids: without those of DaemonSets and those that are going.
  std::vector<PendingPod> pending();
  bool any_pending() const { return !unschedulable_.empty(); }

  // Simulated placements; undo() takes back all of them.
  bool place(const PendingPod& pod);
  void hide(const std::string& node);  // the node takes no pods; also undone
  void undo();
  NodeRoom::ShapeId shape(const Pod& pod) { return room_.shape(*pod.tmpl); }

 private:
  void set_node(const std::string& name);

  Context& context_;
  NodeRoom room_;
  std::map<PodId, TimeUs> unschedulable_;
  std::unordered_map<PodId, std::pair<NodeRoom::NodeIndex, NodeRoom::ShapeId>> bound_;  // never iterated
  std::map<std::string, Node, std::less<>> expected_;
  std::vector<std::pair<NodeRoom::NodeIndex, NodeRoom::ShapeId>> placed_;
  std::vector<std::string> hidden_;
};

// Of a DaemonSet, or for one node only: no autoscaler makes room for it, none waits for it.
bool is_daemon_pod(const Pod& pod);
// The value of an annotation (own first, then the template's), "" when there is none.
std::string_view annotation(const Pod& pod, std::string_view key);

}  // namespace podramp::fakeapi
