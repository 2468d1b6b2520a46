#include "fakeapi/neighbours.h"

#include <algorithm>
#include <numeric>

namespace podramp::fakeapi {

std::int64_t Neighbours::Near::at(NodeIndex node) const {
  const std::uint32_t domain = key->domain(node);
  return domain == Topologies::kNone ? 0 : by_domain[domain];
}

Neighbours::Near Neighbours::near(const Topologies::Key& key, const PodCounts::ByNode& by_node, std::int64_t weight) {
  Near result{&key, std::vector<std::int64_t>(key.domains(), 0), weight};
  for (NodeIndex node = 0; node < by_node.size(); ++node) {
    const std::uint32_t domain = key.domain(node);
    if (by_node[node] != 0 && domain != Topologies::kNone) result.by_domain[domain] += by_node[node];
  }
  return result;
}

Neighbours::Neighbours(const Pod& pod, PodCounts& counts, Topologies& topologies) {
  const Placement& p = pod.tmpl->placement;
  if (!p.required_pods.empty()) {
    std::vector<PodTerm> all;
    for (const PodTerm& term : p.required_pods) all.push_back(resolved(term, pod.ns));
    const PodCounts::ByNode& by_node = counts.matching(all, false);
    std::int64_t somewhere = 0;
    for (const PodTerm& term : p.required_pods) {
      company_.push_back(near(topologies.key(term.topology_key), by_node, 0));
      const auto& found = company_.back().by_domain;
      somewhere += std::accumulate(found.begin(), found.end(), std::int64_t{0});
    }
    first_of_its_kind_ =
        somewhere == 0 && std::ranges::all_of(all, [&](const PodTerm& term) { return matches(term, pod.ns, pod); });
  }
  for (const PodTerm& term : p.forbidden_pods) {
    enemies_.push_back(near(topologies.key(term.topology_key), counts.matching({resolved(term, pod.ns)}, false), 0));
  }
  const auto like = [&](const PodPreference& one, std::int64_t sign) {
    likes_.push_back(near(topologies.key(one.term.topology_key), counts.matching({resolved(one.term, pod.ns)}, false),
                          sign * one.weight));
  };
  for (const PodPreference& one : p.preferred_pods) like(one, +1);
  for (const PodPreference& one : p.shunned_pods) like(one, -1);
  for (const auto& [demand, owners] : counts.demands()) {
    if (!matches(demand.term, "", pod)) continue;
    (demand.forbids ? haters_ : likes_)
        .push_back(near(topologies.key(demand.term.topology_key), owners.by_node, demand.weight));
  }
}

Neighbours::Verdict Neighbours::check(NodeIndex node) const {
  const auto labelled = [&](const Near& one) { return one.key->domain(node) != Topologies::kNone; };
  const auto somebody = [&](const Near& one) { return one.at(node) > 0; };
  if (!std::ranges::all_of(company_, labelled)) return Verdict::misses_company;
  if (!first_of_its_kind_ && !std::ranges::all_of(company_, somebody)) return Verdict::misses_company;
  if (std::ranges::any_of(enemies_, somebody)) return Verdict::repelled;
  return std::ranges::any_of(haters_, somebody) ? Verdict::repels : Verdict::passes;
}

std::int64_t Neighbours::score(NodeIndex node) const {
  std::int64_t sum = 0;
  for (const Near& one : likes_) sum += one.weight * one.at(node);
  return sum;
}

}  // namespace podramp::fakeapi
