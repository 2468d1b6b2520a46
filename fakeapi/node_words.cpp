// Why no node takes a pod, in the scheduler's own words (K53). Part of NodeRoom (node_room.h).
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "fakeapi/node_room.h"

namespace podramp::fakeapi {
namespace {

constexpr std::string_view kNoNodes = "no nodes available to schedule pods";
constexpr std::string_view kNoHelp = "Preemption is not helpful for scheduling";

std::int64_t amount_at(const std::vector<std::int64_t>& amounts, std::size_t i) {
  return i < amounts.size() ? amounts[i] : 0;
}

// Removing pods from a node does not change what the judge says of it.
bool stays_so(NodeJudge::Verdict verdict) {
  return verdict == NodeJudge::Verdict::unlabelled || verdict == NodeJudge::Verdict::misses_company;
}

std::string sentence(std::size_t nodes, std::vector<std::string> lines) {
  std::ranges::sort(lines);
  return fmt::format("0/{} nodes are available: {}.", nodes, fmt::join(lines, ", "));
}

}  // namespace

void NodeRoom::count_lacking(const Shape& shape, const Place& place) {
  if (place.pods_used + 1 > place.pods) ++counts_[kTooManyPods];
  if (shape.cpu > 0 && shape.cpu > place.cpu - place.cpu_used) ++counts_[kLacksCpu];
  if (shape.memory > 0 && shape.memory > place.memory - place.memory_used) ++counts_[kLacksMemory];
  for (const Amount& a : shape.other) {
    if (a.amount <= amount_at(place.other, a.resource) - amount_at(place.other_used, a.resource)) continue;
    const ReasonId r = reason("Insufficient " + resources_[a.resource], kFilterResources);
    counts_.resize(reasons_.size());
    ++counts_[r];
  }
}

const NodeRoom::Refusal& NodeRoom::refusal(ShapeId id, const NodeJudge* judge) {
  order_nodes();
  if (judge != nullptr) return judged_ = make_refusal(id, judge);
  if (shapes_[id].refusal_version != version_) {
    Refusal made = make_refusal(id, nullptr);
    shapes_[id].refusal = std::move(made);
    shapes_[id].refusal_version = version_;
  }
  return shapes_[id].refusal;
}

NodeRoom::Refusal NodeRoom::make_refusal(ShapeId id, const NodeJudge* judge) {
  Table& table = table_of(id);
  const Shape& shape = shapes_[id];
  const std::size_t n = order_.size();
  if (n == 0) return {std::string(kNoNodes), kNoNodes.size(), kAllFilters};
  std::int64_t lacking = 0;  // nodes that preemption could help with
  counts_.assign(reasons_.size(), 0);
  for (std::size_t p = 0; p < n; ++p) {
    const NodeIndex node = order_[p];
    ReasonId& fixed = table.fixed[p];
    if (fixed == kReasonUnknown) {
      fixed = fixed_reason(shape, nodes_[node]);
      counts_.resize(reasons_.size());
    }
    if (fixed != kPasses) {
      ++counts_[fixed];
    } else if (judge == nullptr || !has_room(shape, nodes_[node])) {
      ++lacking;
      count_lacking(shape, nodes_[node]);
    } else if (const auto verdict = judge->check(node); verdict != NodeJudge::Verdict::passes) {
      if (!stays_so(verdict)) ++lacking;
      ++counts_[kJudged + static_cast<ReasonId>(verdict)];
    }
  }
  return words(n, lacking);
}

// What counts_ says of so many nodes, some of which only lack room.
NodeRoom::Refusal NodeRoom::words(std::size_t n, std::int64_t lacking) const {
  Refusal refusal;
  std::vector<std::string> lines;
  for (std::size_t r = 1; r < counts_.size(); ++r) {
    if (counts_[r] == 0) continue;
    lines.push_back(fmt::format("{} {}", counts_[r], reasons_[r].text));
    refusal.filters |= reasons_[r].filter;
  }
  std::vector<std::string> helps;
  if (lacking > 0) helps.push_back(fmt::format("{} No preemption victims found for incoming pod", lacking));
  const std::int64_t hopeless = static_cast<std::int64_t>(n) - lacking;
  if (hopeless > 0) helps.push_back(fmt::format("{} {}", hopeless, kNoHelp));
  refusal.message = sentence(n, std::move(lines));
  refusal.reasons_size = refusal.message.size();
  refusal.message += " preemption: " + sentence(n, std::move(helps));
  return refusal;
}

std::string NodeRoom::no_victims(const std::map<std::string, std::int64_t>& reasons) const {
  std::vector<std::string> lines;
  for (const auto& [reason, count] : reasons) lines.push_back(fmt::format("{} {}", count, reason));
  return "preemption: " + sentence(size(), std::move(lines));
}

std::vector<NodeRoom::NodeIndex> NodeRoom::could_help(ShapeId id, const NodeJudge* judge) {
  order_nodes();
  std::vector<NodeIndex> nodes;
  for (const NodeIndex node : order_) {
    if (fixed_reason(shapes_[id], nodes_[node]) != kPasses) continue;
    const bool room = has_room(shapes_[id], nodes_[node]);
    if (room && (judge == nullptr || stays_so(judge->check(node)))) continue;
    nodes.push_back(node);
  }
  return nodes;
}

std::vector<std::string> NodeRoom::lacking(ShapeId id, NodeIndex node, const NodeJudge* judge) {
  counts_.assign(reasons_.size(), 0);
  count_lacking(shapes_[id], nodes_[node]);
  std::vector<std::string> reasons;
  for (std::size_t r = 1; r < counts_.size(); ++r) {
    if (counts_[r] > 0) reasons.push_back(reasons_[r].text);
  }
  if (!reasons.empty() || judge == nullptr) return reasons;
  const auto verdict = judge->check(node);
  if (verdict != NodeJudge::Verdict::passes) reasons.push_back(reasons_[kJudged + static_cast<ReasonId>(verdict)].text);
  return reasons;
}

bool NodeRoom::passes(ShapeId id, NodeIndex node) {
  const Place& place = nodes_[node];
  return place.present && fixed_reason(shapes_[id], place) == kPasses && has_room(shapes_[id], place);
}

NodeRoom::Refusal NodeRoom::refusal_by(ShapeId id, NodeIndex node) {
  const std::size_t n = size();
  if (n == 0) return {std::string(kNoNodes), kNoNodes.size(), kAllFilters};
  const Place& place = nodes_[node];
  const ReasonId fixed = place.present ? fixed_reason(shapes_[id], place) : kPasses;
  const ReasonId others = reason("node(s) didn't satisfy plugin(s) [NodeAffinity]", kFilterAffinity);
  counts_.assign(reasons_.size(), 0);
  std::int64_t lacking = 0;
  if (fixed != kPasses) {
    ++counts_[fixed];
  } else if (place.present) {
    ++lacking;
    count_lacking(shapes_[id], place);
  }
  counts_[others] = static_cast<std::int64_t>(n) - (place.present ? 1 : 0);
  Refusal refusal = words(n, lacking);
  if (!place.present) refusal.filters = kAllFilters;  // it may still come
  return refusal;
}

}  // namespace podramp::fakeapi
