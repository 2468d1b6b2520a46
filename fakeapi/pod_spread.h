// Topology spread of one pod at one moment: how even the pods of its kind would lie over nodes or zones with it.
// Made for one scheduling cycle. Upstream: plugin PodTopologySpread. Counts: pod_counts.h.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "fakeapi/pod_counts.h"
#include "fakeapi/topologies.h"

namespace podramp::fakeapi {

// What the scheduler wants of pods that a ReplicaSet or StatefulSet selects and that say nothing themselves (K51).
std::vector<SpreadConstraint> default_spread(const LabelSelector& selector);

class PodSpread {
 public:
  using NodeIndex = std::uint32_t;
  enum class Verdict : std::uint8_t { passes, skewed, unlabelled };
  // May the pod have this node by its labels; does it tolerate the node's taints?
  struct Nodes {
    std::function<bool(NodeIndex)> selected;
    std::function<bool(NodeIndex)> tolerated;
  };

  // by_default: constraints are default_spread's, and nodes without the labels are not passed over.
  PodSpread(const Pod& pod, const std::vector<SpreadConstraint>& constraints, bool by_default, PodCounts& counts,
            Topologies& topologies, const Nodes& nodes);

  bool filters() const { return !hard_.empty(); }
  Verdict check(NodeIndex node) const;
  bool scores() const { return !soft_.empty(); }
  // 0 to 100 for each of the nodes that passed.
  std::vector<std::int64_t> score(const std::vector<NodeIndex>& passing) const;

 private:
  struct Rule {
    SpreadConstraint constraint;
    const Topologies::Key* key = nullptr;
    PodCounts::ByNode by_node;
    std::vector<std::int64_t> by_domain;  // -1: no node of it counts
    std::int64_t least = 0;
    std::int64_t self = 0;  // 1: the pod is one of those that are counted
    std::int64_t on(NodeIndex node) const { return node < by_node.size() ? by_node[node] : 0; }
  };
  bool labelled(const std::vector<Rule>& rules, NodeIndex node) const;
  void count(std::vector<Rule>& rules, bool only_labelled, std::size_t nodes, const Topologies& topologies,
             const Nodes& of);

  std::vector<Rule> hard_;
  std::vector<Rule> soft_;
  bool by_default_;
};

}  // namespace podramp::fakeapi
