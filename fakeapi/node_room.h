// The scheduler's books: what every node has left, which shapes of pods pass which node, the choice among those that
// do, and the words when none does (node_words.cpp). Counts pods as soon as they are placed. Next: scheduler.h.
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
using Filters = std::uint16_t;
inline constexpr Filters kFilterUnschedulable = 1;
inline constexpr Filters kFilterTaints = 2;
inline constexpr Filters kFilterAffinity = 4;
inline constexpr Filters kFilterResources = 8;
inline constexpr Filters kAllFilters = 15;
inline constexpr Filters kFilterClaims = 16;      // not of nodes: a claim is missing, unbound or going
inline constexpr Filters kFilterClaimInUse = 32;  // not of nodes: another pod has it for itself
inline constexpr Filters kFilterSpread = 64;
inline constexpr Filters kFilterNeighbours = 128;

// What one pod's cycle knows of nodes beyond labels, taints and room: its neighbours, its spread, its images.
class NodeJudge {
 public:
  enum class Verdict : std::uint8_t { passes, skewed, unlabelled, misses_company, repelled, repels };
  virtual ~NodeJudge() = default;
  virtual Verdict check(std::uint32_t node) const = 0;
  // Adds its weighted scores to those of the nodes that passed.
  virtual void score(const std::vector<std::uint32_t>& passing, std::vector<std::int64_t>& totals) const = 0;
};

class NodeRoom {
 public:
  using NodeIndex = std::uint32_t;  // for ever, also when the node goes and comes back
  using ShapeId = std::uint32_t;    // requests, node affinity and tolerations of a pod

  // most_allocated: nodes are filled up instead of levelled (K49).
  explicit NodeRoom(bool most_allocated = false) : most_allocated_(most_allocated) {}

  // Adds a node or takes over its new labels, taints and allocatable amounts. What is placed on it stays counted.
  void set_node(const Node& node);
  void remove_node(const std::string& name);
  // The index of a node's name; known also before the node is added and after it is removed.
  NodeIndex index(const std::string& name);
  const std::string& name(NodeIndex node) const { return nodes_[node].name; }
  bool present(NodeIndex node) const { return nodes_[node].present; }
  std::size_t size() const { return static_cast<std::size_t>(present_); }

  ShapeId shape(const SharedTemplate& tmpl);
  void take(NodeIndex node, ShapeId shape) { count(node, shape, +1); }
  void give_back(NodeIndex node, ShapeId shape) { count(node, shape, -1); }

  // The best score among a rotating sample of the nodes that pass (K48, K49); tie decides between equals. Absent when
  // none passes. Without a judge, and when no node has or is preferred by anything but its room, from the table alone.
  std::optional<NodeIndex> choose(ShapeId shape, Draw tie, const NodeJudge* judge = nullptr);
  // How many passing nodes a cycle looks for among so many (K48).
  static std::size_t sample_size(std::size_t nodes);

  struct Refusal {
    std::string message;           // K53; of a pod that finds no victim
    std::size_t reasons_size = 0;  // so much of it is there whatever preemption comes to
    Filters filters = 0;           // which ones failed somewhere
    std::string reasons() const { return message.substr(0, reasons_size); }
  };
  // Why no node passes at present.
  const Refusal& refusal(ShapeId shape, const NodeJudge* judge = nullptr);
  // Nodes that a pod might have if others were not there; and the words when none of them helps, by reason.
  std::vector<NodeIndex> could_help(ShapeId shape, const NodeJudge* judge);
  std::string no_victims(const std::map<std::string, std::int64_t>& reasons) const;
  // What of a node is lacking: "Insufficient cpu", ..., or what the judge says; empty: nothing.
  std::vector<std::string> lacking(ShapeId shape, NodeIndex node, const NodeJudge* judge);
  // Likewise for a pod whose affinity names its one node: the scheduler looks at no other.
  bool passes(ShapeId shape, NodeIndex node);
  Refusal refusal_by(ShapeId shape, NodeIndex node);
  // Would the node, if empty, take such a pod? (K47)
  bool could_fit(ShapeId shape, NodeIndex node) const { return passed_filters(shape, node) == kAllFilters; }
  // The filters that such a pod would pass if the node were empty; none when it is not there.
  Filters passed_filters(ShapeId shape, NodeIndex node) const;
  // Labels alone, taints alone: topology spread counts such nodes.
  bool selected(ShapeId shape, NodeIndex node) const { return selected(shapes_[shape], nodes_[node]); }
  bool tolerated(ShapeId shape, NodeIndex node) const { return untolerated(shapes_[shape], nodes_[node]) == nullptr; }

 private:
  using ReasonId = std::uint16_t;
  static constexpr ReasonId kPasses = 0;  // these are the first entries of reasons_
  static constexpr ReasonId kCordoned = 1;
  static constexpr ReasonId kNotSelected = 2;
  static constexpr ReasonId kLacksCpu = 3;
  static constexpr ReasonId kLacksMemory = 4;
  static constexpr ReasonId kTooManyPods = 5;
  static constexpr ReasonId kJudged = 5;  // and on, by verdict
  static constexpr ReasonId kReasonUnknown = std::numeric_limits<ReasonId>::max();
  using Score = std::int16_t;
  static constexpr Score kFull = -1;  // verdicts below 0; else the scores of room, 0 to 200
  static constexpr Score kStale = -2;
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
    bool soft_taint = false;
    std::uint64_t added = 0;
    std::size_t position = 0;  // in order_
  };
  struct Shape {
    std::int64_t cpu = 0, memory = 0, cpu_scored = 0, memory_scored = 0;
    std::vector<Amount> other;
    StringMap node_selector;
    std::vector<NodeTerm> required;
    std::vector<NodePreference> preferred;
    std::vector<Toleration> tolerations;
    bool best_effort = false;        // asks for nothing
    std::size_t table = kTablesMax;  // kTablesMax: none
    Refusal refusal;
    std::uint64_t refusal_version = 0;  // 0: never made
  };
  struct Table {  // verdicts by position
    ShapeId shape = 0;
    std::uint64_t used = 0;
    std::vector<Score> score;
    std::vector<ReasonId> fixed;  // why labels, taints or cordon refuse; kPasses; kReasonUnknown
  };

  void count(NodeIndex node, ShapeId shape, std::int64_t sign);
  void touch(NodeIndex node, bool also_fixed);
  void order_nodes();
  Table& table_of(ShapeId shape);
  std::size_t resource(const std::string& name);
  ReasonId reason(const std::string& text, Filters filter);
  static bool cordoned(const Shape& shape, const Place& place);
  static const Taint* untolerated(const Shape& shape, const Place& place);
  static bool selected(const Shape& shape, const Place& place);
  ReasonId fixed_reason(const Shape& shape, const Place& place);
  Score verdict(const Shape& shape, Table& table, std::size_t position);
  template <class Take>
  void sample(const Shape& shape, Table& table, Take take);
  std::optional<NodeIndex> choose_by_room(const Shape& shape, Table& table, Draw& tie);
  std::optional<NodeIndex> choose_by_all(const Shape& shape, Table& table, Draw& tie, const NodeJudge* judge);
  std::optional<NodeIndex> drawn(Draw& tie) const;  // one of ties_
  void add_soft(const Shape& shape, const std::vector<NodeIndex>& passing, std::vector<std::int64_t>& totals) const;
  bool has_room(const Shape& shape, const Place& place) const;
  void count_lacking(const Shape& shape, const Place& place);
  Refusal make_refusal(ShapeId id, const NodeJudge* judge);
  Refusal words(std::size_t nodes, std::int64_t lacking) const;

  bool most_allocated_;
  Refusal judged_;  // the last one with a judge
  std::int64_t present_ = 0;
  std::int64_t soft_taints_ = 0;  // nodes that have one
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
    Filters filter = 0;
  };
  std::vector<Reason> reasons_{
      {"", 0},
      {"node(s) were unschedulable", kFilterUnschedulable},
      {"node(s) didn't match Pod's node affinity/selector", kFilterAffinity},
      {"Insufficient cpu", kFilterResources},
      {"Insufficient memory", kFilterResources},
      {"Too many pods", kFilterResources},
      {"node(s) didn't match pod topology spread constraints", kFilterSpread},
      {"node(s) didn't match pod topology spread constraints (missing required label)", kFilterSpread},
      {"node(s) didn't match pod affinity rules", kFilterNeighbours},
      {"node(s) didn't match pod anti-affinity rules", kFilterNeighbours},
      {"node(s) didn't satisfy existing pods anti-affinity rules", kFilterNeighbours}};
  std::map<std::string, ReasonId> by_reason_;
  std::vector<std::int64_t> counts_;  // by reason, reused
  std::vector<NodeIndex> ties_;       // reused
  std::vector<NodeIndex> passing_;    // reused
  std::vector<std::int64_t> totals_;  // reused
};

}  // namespace podramp::fakeapi
