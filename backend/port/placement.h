// What a pod demands and prefers of its node and of its neighbours, and the label selectors that this is said with.
// Terms that select nothing are kept as such. Who applies them: fakeapi/node_match.h, neighbours.h, pod_spread.h.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backend/port/fields.h"
#include "backend/port/status.h"

namespace podramp {

struct Pod;
using StringMap = std::map<std::string, std::string, std::less<>>;

// --- selectors -------------------------------------------------------------------------------------------------

enum class SelectorOp : std::uint8_t { equals, not_equals, in, not_in, exists, not_exists, greater, less };
template <>
struct EnumText<SelectorOp> {
  static constexpr std::array<std::string_view, 8> names{"=", "!=", "in", "notin", "exists", "!", ">", "<"};
};

struct Requirement {
  std::string key;
  SelectorOp op = SelectorOp::equals;
  std::vector<std::string> values;  // one for =, !=, >, <; any number for in, notin; none for exists
  static void fields(auto& visit, auto& self) {
    visit("key", self.key);
    visit("op", self.op);
    visit("values", self.values);
  }
  friend auto operator<=>(const Requirement&, const Requirement&) = default;
};
// value: the label's, or nullptr when there is none.
bool holds(const Requirement& requirement, const std::string* value);

// Set-based label selector, all requirements must hold; != and notin also match objects without the key.
struct LabelSelector {
  std::vector<Requirement> all;
  bool matches(const Pod& pod) const;
  bool matches(const StringMap& labels) const;
  friend auto operator<=>(const LabelSelector&, const LabelSelector&) = default;
};

// --- nodes -----------------------------------------------------------------------------------------------------

// All must hold. Without any it matches no node.
struct NodeTerm {
  std::vector<Requirement> expressions;  // of labels
  std::vector<Requirement> names;        // matchFields: metadata.name is the only field
  static void fields(auto& visit, auto& self) {
    visit("expressions", self.expressions);
    visit("names", self.names);
  }
  friend auto operator<=>(const NodeTerm&, const NodeTerm&) = default;
};

struct NodePreference {
  std::int64_t weight = 1;  // 1 to 100
  NodeTerm term;
  static void fields(auto& visit, auto& self) {
    visit("weight", self.weight);
    visit("term", self.term);
  }
  friend auto operator<=>(const NodePreference&, const NodePreference&) = default;
};

// --- neighbours ------------------------------------------------------------------------------------------------

// Pods, and how near they are: on nodes with the same value of a label.
struct PodTerm {
  std::optional<LabelSelector> selector;  // absent: no pod
  std::string topology_key;
  std::vector<std::string> namespaces;                // with the selector absent and none listed: the pod's own
  std::optional<LabelSelector> namespace_selector{};  // empty: all; a namespace has no label but its name's
  static void fields(auto& visit, auto& self) {
    visit("selector", self.selector);
    visit("topology_key", self.topology_key);
    visit("namespaces", self.namespaces);
    visit("namespace_selector", self.namespace_selector);
  }
  friend auto operator<=>(const PodTerm&, const PodTerm&) = default;
};

struct PodPreference {
  std::int64_t weight = 1;  // 1 to 100
  PodTerm term;
  static void fields(auto& visit, auto& self) {
    visit("weight", self.weight);
    visit("term", self.term);
  }
  friend auto operator<=>(const PodPreference&, const PodPreference&) = default;
};

struct SpreadConstraint {
  std::int64_t max_skew = 1;
  std::string topology_key;
  bool hard = false;                      // DoNotSchedule; else ScheduleAnyway
  std::optional<LabelSelector> selector;  // of pods of its own namespace; absent: no pod
  std::int64_t min_domains = 1;           // of hard ones: with fewer, the emptiest counts as empty
  bool any_node = false;                  // nodeAffinityPolicy Ignore: nodes that the pod may not have count too
  bool honor_taints = false;              // nodeTaintsPolicy Honor: nodes whose taints it does not tolerate do not
  static void fields(auto& visit, auto& self) {
    visit("max_skew", self.max_skew);
    visit("topology_key", self.topology_key);
    visit("hard", self.hard);
    visit("selector", self.selector);
    visit("min_domains", self.min_domains);
    visit("any_node", self.any_node);
    visit("honor_taints", self.honor_taints);
  }
  friend auto operator<=>(const SpreadConstraint&, const SpreadConstraint&) = default;
};

struct Placement {
  std::vector<NodeTerm> required_nodes;  // any of them; none: every node will do
  std::vector<NodePreference> preferred_nodes;
  std::vector<PodTerm> required_pods;  // podAffinity
  std::vector<PodPreference> preferred_pods;
  std::vector<PodTerm> forbidden_pods;  // podAntiAffinity
  std::vector<PodPreference> shunned_pods;
  std::vector<SpreadConstraint> spread;
  std::vector<std::string> gates;  // schedulingGates
  static void fields(auto& visit, auto& self) {
    visit("required_nodes", self.required_nodes);
    visit("preferred_nodes", self.preferred_nodes);
    visit("required_pods", self.required_pods);
    visit("preferred_pods", self.preferred_pods);
    visit("forbidden_pods", self.forbidden_pods);
    visit("shunned_pods", self.shunned_pods);
    visit("spread", self.spread);
    visit("gates", self.gates);
  }
  friend bool operator==(const Placement&, const Placement&) = default;
};

// The fields of a pod's spec that say this, as Kubernetes writes them: {"affinity":...,"schedulingGates":...,
// "topologySpreadConstraints":...}; those that say nothing are left out. "" when all do (placement_json.cpp).
std::string placement_json(const Placement& placement);

}  // namespace podramp
