#include "fakeapi/cycle_rules.h"

#include <algorithm>

#include "fakeapi/node_scores.h"

namespace podramp::fakeapi {
namespace {

// The selector of the ReplicaSet or StatefulSet that controls the pod (K51). Services here select nothing.
std::optional<LabelSelector> set_selector(const Pod& pod, const ClusterState& state) {
  for (const OwnerReference& owner : pod.tmpl->owners) {
    if (!owner.controller || (owner.kind != "ReplicaSet" && owner.kind != "StatefulSet")) continue;
    const ManifestPtr object = state.find_object(owner.uid);
    if (object == nullptr || !object->set || object->set->selector.empty()) continue;
    LabelSelector selector;
    for (const auto& [key, value] : object->set->selector) selector.all.push_back({key, SelectorOp::equals, {value}});
    return selector;
  }
  return std::nullopt;
}

bool names_pods(const Placement& p) {
  return !p.required_pods.empty() || !p.preferred_pods.empty() || !p.forbidden_pods.empty() || !p.shunned_pods.empty();
}

}  // namespace

CycleRules::CycleRules(const Pod& pod, NodeRoom::ShapeId shape, Books books)
    : books_(books), tmpl_(*pod.tmpl), images_matter_(books.images.matter_to(*pod.tmpl)) {
  const Placement& p = tmpl_.placement;
  if (names_pods(p) || !books_.counts.demands().empty()) {
    neighbours_.emplace(pod, books_.counts, books_.topologies);
    if (!neighbours_->filters() && !neighbours_->scores()) neighbours_.reset();
  }
  if (!p.spread.empty()) {
    add_spread(pod, shape, p.spread, false);
  } else if (const auto selector = set_selector(pod, books_.state)) {
    add_spread(pod, shape, default_spread(*selector), true);
  }
}

void CycleRules::add_spread(const Pod& pod, NodeRoom::ShapeId shape, const std::vector<SpreadConstraint>& constraints,
                            bool by_default) {
  const PodSpread::Nodes nodes{[this, shape](std::uint32_t node) { return books_.room.selected(shape, node); },
                               [this, shape](std::uint32_t node) { return books_.room.tolerated(shape, node); }};
  spread_.emplace(pod, constraints, by_default, books_.counts, books_.topologies, nodes);
}

NodeJudge::Verdict CycleRules::check(std::uint32_t node) const {
  if (spread_) {
    const PodSpread::Verdict verdict = spread_->check(node);
    if (verdict == PodSpread::Verdict::skewed) return Verdict::skewed;
    if (verdict == PodSpread::Verdict::unlabelled) return Verdict::unlabelled;
  }
  if (!neighbours_) return Verdict::passes;
  switch (neighbours_->check(node)) {
    case Neighbours::Verdict::passes: break;
    case Neighbours::Verdict::misses_company: return Verdict::misses_company;
    case Neighbours::Verdict::repelled: return Verdict::repelled;
    case Neighbours::Verdict::repels: return Verdict::repels;
  }
  return Verdict::passes;
}

void CycleRules::score(const std::vector<std::uint32_t>& passing, std::vector<std::int64_t>& totals) const {
  const auto add = [&](const std::vector<std::int64_t>& scores, std::int64_t weight) {
    for (std::size_t i = 0; i < totals.size(); ++i) totals[i] += weight * scores[i];
  };
  if (spread_ && spread_->scores()) add(spread_->score(passing), kSpreadWeight);
  if (neighbours_ && neighbours_->scores()) {
    std::vector<std::int64_t> scores;
    for (const std::uint32_t node : passing) scores.push_back(neighbours_->score(node));
    to_percent_of_range(scores);
    add(scores, kNeighbourWeight);
  }
  if (images_matter_) add(books_.images.score(tmpl_, passing, books_.room.size()), 1);
}

bool may_let_in(const Pod& waiting, const Pod& other, bool comes) {
  const Placement& p = waiting.tmpl->placement;
  const bool counted = std::ranges::any_of(p.spread, [&](const SpreadConstraint& one) {
    return one.hard && one.selector && waiting.ns == other.ns && one.selector->matches(other);
  });
  if (counted) return true;
  const auto meant = [&](const Pod& by, const Pod& pod) {
    return [&](const PodTerm& term) { return matches(term, by.ns, pod); };
  };
  if (comes) return !p.required_pods.empty() && std::ranges::all_of(p.required_pods, meant(waiting, other));
  return std::ranges::any_of(p.forbidden_pods, meant(waiting, other)) ||
         std::ranges::any_of(other.tmpl->placement.forbidden_pods, meant(other, waiting));
}

}  // namespace podramp::fakeapi
