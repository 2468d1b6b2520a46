#include "fakeapi/node_room.h"

#include <fmt/format.h>

#include <algorithm>

#include "backend/port/json_writer.h"
#include "fakeapi/node_match.h"
#include "fakeapi/node_scores.h"
#include "fakeapi/template_cache.h"

namespace podramp::fakeapi {
namespace {

// What the scorer assumes for a pod that asks for nothing.
constexpr std::int64_t kScoredCpuMilli = 100;
constexpr std::int64_t kScoredMemoryBytes = std::int64_t{200} * 1024 * 1024;

constexpr std::string_view kUnschedulableTaint = "node.kubernetes.io/unschedulable";

bool hard(const Taint& taint) { return taint.effect == "NoSchedule" || taint.effect == "NoExecute"; }

std::string content_key(const Resources& requests, const SharedTemplate& tmpl) {
  std::string key = fmt::format("{} {}", requests.cpu_milli.value_or(-1), requests.memory_bytes.value_or(-1));
  for (const auto& [name, amount] : requests.other) key += fmt::format(" {}={}", name, amount);
  for (const auto& [name, value] : tmpl.node_selector) key += fmt::format("\n{}={}", name, value);
  for (const Toleration& t : tmpl.tolerations) key += fmt::format("\n{}|{}|{}|{}", t.key, t.op, t.value, t.effect);
  const Placement& p = tmpl.placement;
  if (p.required_nodes.empty() && p.preferred_nodes.empty()) return key;
  PodMemory memory(false);
  JsonWriter(key, memory).value(p.required_nodes);
  JsonWriter(key, memory).value(p.preferred_nodes);
  return key;
}

std::int64_t at(const std::vector<std::int64_t>& amounts, std::size_t i) { return i < amounts.size() ? amounts[i] : 0; }

}  // namespace

// --- nodes -----------------------------------------------------------------------------------------------------

NodeRoom::NodeIndex NodeRoom::index(const std::string& name) {
  const auto [it, fresh] = by_name_.emplace(name, static_cast<NodeIndex>(nodes_.size()));
  if (fresh) nodes_.emplace_back().name = name;
  return it->second;
}

void NodeRoom::set_node(const Node& node) {
  const NodeIndex i = index(node.name);
  Place& place = nodes_[i];
  if (!place.present) {
    place.present = true;
    ++present_;
    place.added = ++additions_;
    order_stale_ = true;
  } else if (place.labels != node.labels) {
    order_stale_ = true;  // perhaps another zone
  }
  place.unschedulable = node.unschedulable;
  place.labels = node.labels;
  place.taints = node.taints;
  const bool soft = std::ranges::find(node.taints, "PreferNoSchedule", &Taint::effect) != node.taints.end();
  soft_taints_ += int{soft} - int{place.soft_taint};
  place.soft_taint = soft;
  place.cpu = node.allocatable.cpu_milli.value_or(0);
  place.memory = node.allocatable.memory_bytes.value_or(0);
  place.pods = node.pods_max;
  std::ranges::fill(place.other, 0);
  for (const auto& [name, amount] : node.allocatable.other) {
    const std::size_t r = resource(name);
    if (place.other.size() <= r) place.other.resize(r + 1);
    place.other[r] = amount;
  }
  touch(i, true);
}

void NodeRoom::remove_node(const std::string& name) {
  Place& place = nodes_[index(name)];
  present_ -= int{place.present};
  place.present = false;
  soft_taints_ -= int{place.soft_taint};
  place.soft_taint = false;
  order_stale_ = true;
  ++version_;
}

void NodeRoom::order_nodes() {
  if (!order_stale_) return;
  order_stale_ = false;
  std::vector<NodeIndex> by_age;
  for (NodeIndex i = 0; i < nodes_.size(); ++i) {
    if (nodes_[i].present) by_age.push_back(i);
  }
  std::ranges::sort(by_age, {}, [&](NodeIndex i) { return nodes_[i].added; });
  std::vector<std::vector<NodeIndex>> zones;
  std::map<std::string, std::size_t> zone_index;
  for (const NodeIndex i : by_age) {
    const auto label = nodes_[i].labels.find(std::string(kZoneLabel));
    const std::string zone = label == nodes_[i].labels.end() ? "" : label->second;
    const auto [it, fresh] = zone_index.emplace(zone, zones.size());
    if (fresh) zones.emplace_back();
    zones[it->second].push_back(i);
  }
  order_.clear();
  for (std::size_t round = 0; order_.size() < by_age.size(); ++round) {
    for (const auto& zone : zones) {
      if (round < zone.size()) order_.push_back(zone[round]);
    }
  }
  for (std::size_t p = 0; p < order_.size(); ++p) nodes_[order_[p]].position = p;
  for (Table& table : tables_) {
    table.score.assign(order_.size(), kStale);
    table.fixed.assign(order_.size(), kReasonUnknown);
  }
  next_start_ = order_.empty() ? 0 : next_start_ % order_.size();
}

void NodeRoom::touch(NodeIndex node, bool also_fixed) {
  ++version_;
  if (order_stale_ || !nodes_[node].present) return;
  const std::size_t position = nodes_[node].position;
  for (Table& table : tables_) {
    table.score[position] = kStale;
    if (also_fixed) table.fixed[position] = kReasonUnknown;
  }
}

void NodeRoom::count(NodeIndex node, ShapeId id, std::int64_t sign) {
  Place& place = nodes_[node];
  const Shape& shape = shapes_[id];
  place.cpu_used += sign * shape.cpu;
  place.memory_used += sign * shape.memory;
  place.cpu_scored += sign * shape.cpu_scored;
  place.memory_scored += sign * shape.memory_scored;
  place.pods_used += sign;
  for (const Amount& a : shape.other) {
    if (place.other_used.size() <= a.resource) place.other_used.resize(a.resource + 1);
    place.other_used[a.resource] += sign * a.amount;
  }
  touch(node, false);
}

// --- shapes ----------------------------------------------------------------------------------------------------

std::size_t NodeRoom::resource(const std::string& name) {
  const auto it = std::ranges::find(resources_, name);
  if (it != resources_.end()) return static_cast<std::size_t>(it - resources_.begin());
  resources_.push_back(name);
  return resources_.size() - 1;
}

NodeRoom::ShapeId NodeRoom::shape(const SharedTemplate& tmpl) {
  const auto known = by_template_.find(tmpl.hash);
  if (known != by_template_.end()) return known->second;
  if (by_template_.size() >= kTemplatesMax) by_template_.clear();
  const Resources requests = pod_requests(tmpl);
  const auto [it, fresh] = by_content_.emplace(content_key(requests, tmpl), static_cast<ShapeId>(shapes_.size()));
  by_template_.emplace(tmpl.hash, it->second);
  if (!fresh) return it->second;
  Shape& made = shapes_.emplace_back();
  made.cpu = requests.cpu_milli.value_or(0);
  made.memory = requests.memory_bytes.value_or(0);
  made.cpu_scored = requests.cpu_milli.value_or(kScoredCpuMilli);
  made.memory_scored = requests.memory_bytes.value_or(kScoredMemoryBytes);
  for (const auto& [name, amount] : requests.other) {
    if (amount > 0) made.other.push_back({resource(name), amount});
  }
  made.node_selector = tmpl.node_selector;
  made.required = tmpl.placement.required_nodes;
  made.preferred = tmpl.placement.preferred_nodes;
  made.tolerations = tmpl.tolerations;
  made.best_effort = made.cpu == 0 && made.memory == 0;
  return it->second;
}

NodeRoom::Table& NodeRoom::table_of(ShapeId id) {
  Shape& shape = shapes_[id];
  if (shape.table == kTablesMax) {
    if (tables_.size() < kTablesMax) {
      shape.table = tables_.size();
      tables_.emplace_back();
    } else {
      const auto oldest = std::ranges::min_element(tables_, {}, &Table::used);
      shapes_[oldest->shape].table = kTablesMax;
      shape.table = static_cast<std::size_t>(oldest - tables_.begin());
    }
    Table& table = tables_[shape.table];
    table.shape = id;
    table.score.assign(order_.size(), kStale);
    table.fixed.assign(order_.size(), kReasonUnknown);
  }
  Table& table = tables_[shape.table];
  table.used = ++uses_;
  return table;
}

NodeRoom::ReasonId NodeRoom::reason(const std::string& text, Filters filter) {
  const auto [it, fresh] = by_reason_.emplace(text, static_cast<ReasonId>(reasons_.size()));
  if (fresh) reasons_.push_back({text, filter});
  return it->second;
}

// --- filters ---------------------------------------------------------------------------------------------------

bool NodeRoom::cordoned(const Shape& shape, const Place& place) {
  return place.unschedulable && !tolerates(shape.tolerations, {std::string(kUnschedulableTaint), "", "NoSchedule"});
}

const Taint* NodeRoom::untolerated(const Shape& shape, const Place& place) {
  const auto refuses = [&](const Taint& t) { return hard(t) && !tolerates(shape.tolerations, t); };
  const auto it = std::ranges::find_if(place.taints, refuses);
  return it == place.taints.end() ? nullptr : &*it;
}

bool NodeRoom::selected(const Shape& shape, const Place& place) {
  return node_matches(shape.node_selector, shape.required, place.name, place.labels);
}

NodeRoom::ReasonId NodeRoom::fixed_reason(const Shape& shape, const Place& place) {
  if (cordoned(shape, place)) return kCordoned;
  if (const Taint* taint = untolerated(shape, place)) {
    return reason(fmt::format("node(s) had untolerated taint {{{}: {}}}", taint->key, taint->value), kFilterTaints);
  }
  return selected(shape, place) ? kPasses : kNotSelected;
}

bool NodeRoom::has_room(const Shape& shape, const Place& place) const {
  if (place.pods_used + 1 > place.pods) return false;
  if (shape.cpu > 0 && shape.cpu > place.cpu - place.cpu_used) return false;
  if (shape.memory > 0 && shape.memory > place.memory - place.memory_used) return false;
  return std::ranges::all_of(shape.other, [&](const Amount& a) {
    return a.amount <= at(place.other, a.resource) - at(place.other_used, a.resource);
  });
}

NodeRoom::Score NodeRoom::verdict(const Shape& shape, Table& table, std::size_t position) {
  const Place& place = nodes_[order_[position]];
  ReasonId& fixed = table.fixed[position];
  if (fixed == kReasonUnknown) fixed = fixed_reason(shape, place);
  if (fixed != kPasses || !has_room(shape, place)) return kFull;
  const std::int64_t fit = fit_score(
      {place.cpu, place.cpu_scored + shape.cpu_scored, place.memory, place.memory_scored + shape.memory_scored},
      most_allocated_);
  if (shape.best_effort) return static_cast<Score>(fit);
  return static_cast<Score>(
      fit + balanced_score({place.cpu, place.cpu_used + shape.cpu, place.memory, place.memory_used + shape.memory}));
}

Filters NodeRoom::passed_filters(ShapeId id, NodeIndex node) const {
  const Shape& shape = shapes_[id];
  const Place& place = nodes_[node];
  if (!place.present) return 0;
  const bool room =
      place.pods > 0 && shape.cpu <= place.cpu && shape.memory <= place.memory &&
      std::ranges::all_of(shape.other, [&](const Amount& a) { return a.amount <= at(place.other, a.resource); });
  return static_cast<Filters>((cordoned(shape, place) ? 0 : kFilterUnschedulable) |
                              (untolerated(shape, place) != nullptr ? 0 : kFilterTaints) |
                              (selected(shape, place) ? kFilterAffinity : 0) | (room ? kFilterResources : 0));
}

// --- the choice ------------------------------------------------------------------------------------------------

std::size_t NodeRoom::sample_size(std::size_t nodes) {
  if (nodes < 100) return nodes;
  const auto n = static_cast<std::int64_t>(nodes);
  const std::int64_t percent = std::max<std::int64_t>(50 - n / 125, 5);
  return static_cast<std::size_t>(std::max<std::int64_t>(n * percent / 100, 100));
}

// Shows nodes that pass by their own room to `take` with their scores, until it has taken as many as a cycle looks for.
template <class Take>
void NodeRoom::sample(const Shape& shape, Table& table, Take take) {
  const std::size_t n = order_.size();
  const std::size_t wanted = sample_size(n);
  std::size_t passing = 0;
  std::size_t looked_at = 0;
  std::size_t position = next_start_;
  while (looked_at < n && passing < wanted) {
    Score& score = table.score[position];
    if (score == kStale) score = verdict(shape, table, position);
    if (score >= 0 && take(order_[position], score)) ++passing;
    ++looked_at;
    if (++position == n) position = 0;
  }
  next_start_ = position;
}

std::optional<NodeRoom::NodeIndex> NodeRoom::choose(ShapeId id, Draw tie, const NodeJudge* judge) {
  order_nodes();
  if (order_.empty() || shapes_[id].refusal_version == version_) return std::nullopt;
  Table& table = table_of(id);
  const Shape& shape = shapes_[id];
  ties_.clear();
  const bool by_room = judge == nullptr && soft_taints_ == 0 && shape.preferred.empty();
  return by_room ? choose_by_room(shape, table, tie) : choose_by_all(shape, table, tie, judge);
}

std::optional<NodeRoom::NodeIndex> NodeRoom::choose_by_room(const Shape& shape, Table& table, Draw& tie) {
  Score best = kFull;
  sample(shape, table, [&](NodeIndex node, Score score) {
    if (score > best) {
      best = score;
      ties_.clear();
    }
    if (score == best) ties_.push_back(node);
    return true;
  });
  return drawn(tie);
}

std::optional<NodeRoom::NodeIndex> NodeRoom::choose_by_all(const Shape& shape, Table& table, Draw& tie,
                                                           const NodeJudge* judge) {
  passing_.clear();
  totals_.clear();
  sample(shape, table, [&](NodeIndex node, Score score) {
    if (judge != nullptr && judge->check(node) != NodeJudge::Verdict::passes) return false;
    passing_.push_back(node);
    totals_.push_back(score);
    return true;
  });
  if (passing_.empty()) return std::nullopt;
  add_soft(shape, passing_, totals_);
  if (judge != nullptr) judge->score(passing_, totals_);
  const std::int64_t best = *std::ranges::max_element(totals_);
  for (std::size_t i = 0; i < passing_.size(); ++i) {
    if (totals_[i] == best) ties_.push_back(passing_[i]);
  }
  return drawn(tie);
}

std::optional<NodeRoom::NodeIndex> NodeRoom::drawn(Draw& tie) const {
  if (ties_.empty()) return std::nullopt;
  if (ties_.size() == 1) return ties_.front();
  return ties_[static_cast<std::size_t>(tie.uniform(0, static_cast<std::int64_t>(ties_.size()) - 1))];
}

// Taints that only ask to be avoided, and preferred node affinity.
void NodeRoom::add_soft(const Shape& shape, const std::vector<NodeIndex>& passing,
                        std::vector<std::int64_t>& totals) const {
  std::vector<std::int64_t> scores(passing.size());
  const auto add = [&](std::int64_t weight) {
    for (std::size_t i = 0; i < totals.size(); ++i) totals[i] += weight * scores[i];
  };
  if (soft_taints_ > 0) {
    for (std::size_t i = 0; i < passing.size(); ++i) {
      scores[i] = std::ranges::count_if(nodes_[passing[i]].taints, [&](const Taint& taint) {
        return taint.effect == "PreferNoSchedule" && !tolerates(shape.tolerations, taint);
      });
    }
    to_percent_of_highest(scores, true);
    add(kTaintWeight);
  }
  if (!shape.preferred.empty()) {
    for (std::size_t i = 0; i < passing.size(); ++i) {
      scores[i] = preferred_weight(shape.preferred, nodes_[passing[i]].name, nodes_[passing[i]].labels);
    }
    to_percent_of_highest(scores, false);
    add(kNodeAffinityWeight);
  }
}

}  // namespace podramp::fakeapi
