#include "fakeapi/pod_counts.h"

#include <algorithm>

namespace podramp::fakeapi {
namespace {

constexpr std::int64_t kHardAffinityWeight = 1;  // of other pods' required affinity, when scoring

bool has_pod_terms(const Placement& p) {
  return !p.required_pods.empty() || !p.preferred_pods.empty() || !p.forbidden_pods.empty() || !p.shunned_pods.empty();
}

}  // namespace

bool matches(const PodTerm& term, const std::string& own_ns, const Pod& pod) {
  if (!term.selector) return false;
  bool here = std::ranges::find(term.namespaces, pod.ns) != term.namespaces.end();
  if (term.namespaces.empty() && !term.namespace_selector) here = pod.ns == own_ns;
  if (term.namespace_selector) {
    here = here || term.namespace_selector->matches(StringMap{{"kubernetes.io/metadata.name", pod.ns}});
  }
  return here && term.selector->matches(pod);
}

PodTerm resolved(const PodTerm& term, const std::string& own_ns) {
  PodTerm full = term;
  if (full.namespaces.empty() && !full.namespace_selector) full.namespaces = {own_ns};
  return full;
}

bool PodCounts::counts(const Key& key, const Pod& pod) {
  if (key.without_terminating && pod.deletion_us) return false;
  return std::ranges::all_of(key.terms, [&](const PodTerm& term) { return matches(term, "", pod); });
}

void PodCounts::change(ByNode& by_node, NodeIndex node, std::int32_t sign) {
  if (by_node.size() <= node) by_node.resize(node + 1, 0);
  by_node[node] += sign;
}

void PodCounts::demand(const Demand& demand, NodeIndex node, std::int32_t sign) {
  Owners& owners = demands_[demand];
  change(owners.by_node, node, sign);
  owners.total += sign;
  if (owners.total == 0) demands_.erase(demand);
}

void PodCounts::count(const Pod& pod, NodeIndex node, std::int32_t sign) {
  for (auto& [key, counter] : counters_) {
    if (counts(key, pod)) change(counter.by_node, node, sign);
  }
  const Placement& p = pod.tmpl->placement;
  if (!has_pod_terms(p)) return;
  for (const PodTerm& term : p.forbidden_pods) demand({resolved(term, pod.ns), true, 0}, node, sign);
  for (const PodTerm& term : p.required_pods) {
    demand({resolved(term, pod.ns), false, kHardAffinityWeight}, node, sign);
  }
  for (const PodPreference& one : p.preferred_pods) {
    demand({resolved(one.term, pod.ns), false, one.weight}, node, sign);
  }
  for (const PodPreference& one : p.shunned_pods) {
    demand({resolved(one.term, pod.ns), false, -one.weight}, node, sign);
  }
}

void PodCounts::add(PodId id, const Pod& pod, NodeIndex node, TimeUs since_us) {
  if (placed_.size() <= node) placed_.resize(node + 1);
  placed_[node].push_back({id, since_us});
  count(pod, node, +1);
}

void PodCounts::remove(PodId id, const Pod& pod, NodeIndex node) {
  std::vector<Placed>& here = placed_.at(node);
  const auto it = std::ranges::find(here, id, &Placed::id);
  if (it == here.end()) return;
  here.erase(it);
  count(pod, node, -1);
}

void PodCounts::update(const Pod& before, const Pod& after, NodeIndex node) {
  count(before, node, -1);
  count(after, node, +1);
}

const std::vector<PodCounts::Placed>& PodCounts::on(NodeIndex node) const {
  static const std::vector<Placed> kNobody;
  return node < placed_.size() ? placed_[node] : kNobody;
}

const PodCounts::ByNode& PodCounts::matching(const std::vector<PodTerm>& terms, bool without_terminating) {
  Key wanted{terms, without_terminating};
  for (PodTerm& term : wanted.terms) term.topology_key.clear();
  const auto [it, fresh] = counters_.try_emplace(wanted);
  it->second.used = ++uses_;
  if (!fresh) return it->second.by_node;
  for (NodeIndex node = 0; node < placed_.size(); ++node) {
    for (const Placed& one : placed_[node]) {
      if (counts(wanted, *state_.find_pod(one.id)->pod)) change(it->second.by_node, node, +1);
    }
  }
  if (counters_.size() > kCountersMax) {
    counters_.erase(std::ranges::min_element(counters_, {}, [](const auto& entry) { return entry.second.used; }));
  }
  return it->second.by_node;
}

}  // namespace podramp::fakeapi
