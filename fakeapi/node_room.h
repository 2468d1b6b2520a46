// The scheduler's books: what every node has left, which shapes of pods pass which node, the choice among those that
// do, and the words when none does. Counts pods as soon as they are placed. Next: scheduler.h, which fills it.
// Speed: verdicts are kept per (shape, node) and looked at again only after that node changed.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "backend/port/kube.h"
#include "backend/port/random.h"

namespace podramp::fakeapi {

// Filters in the order in which the scheduler runs them; the first that fails speaks for the node.
inline constexpr std::uint8_t kFilterUnschedulable = 1;
inline constexpr std::uint8_t kFilterTaints = 2;
inline constexpr std::uint8_t kFilterAffinity = 4;
inline constexpr std::uint8_t kFilterResources = 8;
inline constexpr std::uint8_t kAllFilters = 15;
inline constexpr std::uint8_t kFilterClaims = 16;      // not of nodes: a claim is missing, unbound or going
inline constexpr std::uint8_t kFilterClaimInUse = 32;  // not of nodes: another pod has it for itself

class NodeRoom {
 public:
  using NodeIndex = std::uint32_t;  // for ever, also when the node goes and comes back
  using ShapeId = std::uint32_t;    // requests, node selector and tolerations of a pod

  // Adds a node or takes over its new labels, taints and allocatable amounts. What is placed on it stays counted.
  void set_node(const Node& node);
  void remove_node(const std::string& name);
  // The index of a node's name; known also before the node is added and after it is removed.
  NodeIndex index(const std::string& name);
  const std::string& name(NodeIndex node) const { return nodes_[node].name; }
  bool present(NodeIndex node) const { return nodes_[node].present; }
  std::size_t size() const;

  ShapeId shape(const SharedTemplate& tmpl);
  void take(NodeIndex node, ShapeId shape) { count(node, shape, +1); }
  void give_back(NodeIndex node, ShapeId shape) { count(node, shape, -1); }

  // LeastAllocated over cpu and memory among a rotating sample of the nodes that pass (K48, K49); tie decides between
  // equals. Absent when none passes.
  std::optional<NodeIndex> choose(ShapeId shape, Draw tie);
  // How many passing nodes a cycle looks for among so many (K48).
  static std::size_t sample_size(std::size_t nodes);

  struct Refusal {
    std::string message;       // K53
    std::uint8_t filters = 0;  // which ones failed somewhere
  };
  // Why no node passes at present.
  const Refusal& refusal(ShapeId shape);
  // Likewise for a pod whose affinity names its one node: the scheduler looks at no other.
  bool passes(ShapeId shape, NodeIndex node);
  Refusal refusal_by(ShapeId shape, NodeIndex node);
  // Would the node, if empty, take such a pod? (K47)
  bool could_fit(ShapeId shape, NodeIndex node) const { return passed_filters(shape, node) == kAllFilters; }
  // The filters that such a pod would pass if the node were empty; none when it is not there.
  std::uint8_t passed_filters(ShapeId shape, NodeIndex node) const;

 private:
  using ReasonId = std::uint16_t;
  static constexpr ReasonId kPasses = 0;  // these are the first entries of reasons_
  static constexpr ReasonId kCordoned = 1;
  static constexpr ReasonId kNotSelected = 2;
  static constexpr ReasonId kLacksCpu = 3;
  static constexpr ReasonId kLacksMemory = 4;
  static constexpr ReasonId kTooManyPods = 5;
  static constexpr ReasonId kReasonUnknown = std::numeric_limits<ReasonId>::max();
  static constexpr std::int8_t kFull = -1;  // verdicts below 0; else the score, 0 to 100
  static constexpr std::int8_t kStale = -2;
  static constexpr std::size_t kTablesMax = 64;

  struct Amount {
    std::size_t resource = 0;  // in resources_
    std::int64_t amount = 0;
  };
  struct Place {
    std::string name;
    bool present = false;
    bool unschedulable = false;
    StringMap labels;
    std::vector<Taint> taints;
    std::int64_t cpu = 0, memory = 0, pods = 0;                 // allocatable
    std::int64_t cpu_used = 0, memory_used = 0, pods_used = 0;  // requested
    std::int64_t cpu_scored = 0, memory_scored = 0;             // with the scorer's defaults for "not set"
    std::vector<std::int64_t> other, other_used;                // by resource
    std::uint64_t added = 0;
    std::size_t position = 0;  // in order_
  };
  struct Shape {
    std::int64_t cpu = 0, memory = 0, cpu_scored = 0, memory_scored = 0;
    std::vector<Amount> other;
    StringMap node_selector;
    std::vector<Toleration> tolerations;
    std::size_t table = kTablesMax;  // kTablesMax: none
    Refusal refusal;
    std::uint64_t refusal_version = 0;  // 0: never made
  };
  struct Table {  // verdicts by position
    ShapeId shape = 0;
    std::uint64_t used = 0;
    std::vector<std::int8_t> score;
    std::vector<ReasonId> fixed;  // why labels, taints or cordon refuse; kPasses; kReasonUnknown
  };

  void count(NodeIndex node, ShapeId shape, std::int64_t sign);
  void touch(NodeIndex node, bool also_fixed);
  void order_nodes();
  Table& table_of(ShapeId shape);
  std::size_t resource(const std::string& name);
  ReasonId reason(const std::string& text, std::uint8_t filter);
  static bool cordoned(const Shape& shape, const Place& place);
  static const Taint* untolerated(const Shape& shape, const Place& place);
  static bool selected(const Shape& shape, const Place& place);
  ReasonId fixed_reason(const Shape& shape, const Place& place);
  std::int8_t verdict(const Shape& shape, Table& table, std::size_t position);
  bool has_room(const Shape& shape, const Place& place) const;
  void count_lacking(const Shape& shape, const Place& place);
  void make_refusal(ShapeId id);
  Refusal words(std::size_t nodes, std::int64_t lacking) const;

  std::vector<Place> nodes_;
  std::unordered_map<std::string, NodeIndex> by_name_;  // never iterated
  std::vector<NodeIndex> order_;                        // zones take turns, as in the scheduler's node tree
  bool order_stale_ = false;
  std::uint64_t additions_ = 0;
  std::size_t next_start_ = 0;
  std::uint64_t version_ = 1;
  std::uint64_t uses_ = 0;

  std::vector<Shape> shapes_;
  std::unordered_map<std::uint64_t, ShapeId> by_template_;  // never iterated
  std::map<std::string, ShapeId> by_content_;
  std::vector<Table> tables_;
  std::vector<std::string> resources_;

  struct Reason {
    std::string text;
    std::uint8_t filter = 0;
  };
  std::vector<Reason> reasons_{{"", 0},
                               {"node(s) were unschedulable", kFilterUnschedulable},
                               {"node(s) didn't match Pod's node affinity/selector", kFilterAffinity},
                               {"Insufficient cpu", kFilterResources},
                               {"Insufficient memory", kFilterResources},
                               {"Too many pods", kFilterResources}};
  std::map<std::string, ReasonId> by_reason_;
  std::vector<std::int64_t> counts_;  // by reason, reused
  std::vector<NodeIndex> ties_;       // reused
};

}  // namespace podramp::fakeapi
