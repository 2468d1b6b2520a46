#include "fakeapi/pod_spread.h"

#include <algorithm>
#include <limits>
#include <set>

#include "fakeapi/node_scores.h"

namespace podramp::fakeapi {
namespace {

constexpr std::string_view kHostname = "kubernetes.io/hostname";

}  // namespace

std::vector<SpreadConstraint> default_spread(const LabelSelector& selector) {
  return {{3, std::string(kHostname), false, selector}, {5, std::string(kZoneLabel), false, selector}};
}

PodSpread::PodSpread(const Pod& pod, const std::vector<SpreadConstraint>& constraints, bool by_default,
                     PodCounts& counts, Topologies& topologies, const Nodes& nodes)
    : by_default_(by_default) {
  for (const SpreadConstraint& one : constraints) {
    Rule rule{one, &topologies.key(one.topology_key), {}, {}, 0, 0};
    const bool selects = one.selector.has_value();
    // A selector without requirements selects everybody and yet counts nobody, as upstream.
    if (selects && !one.selector->all.empty()) rule.by_node = counts.matching({{one.selector, "", {pod.ns}}}, true);
    rule.self = selects && one.selector->matches(pod) ? 1 : 0;
    (one.hard ? hard_ : soft_).push_back(std::move(rule));
  }
  count(hard_, true, topologies.size(), topologies, nodes);
  count(soft_, !by_default, topologies.size(), topologies, nodes);
}

bool PodSpread::labelled(const std::vector<Rule>& rules, NodeIndex node) const {
  return std::ranges::all_of(rules, [&](const Rule& r) { return r.key->domain(node) != Topologies::kNone; });
}

void PodSpread::count(std::vector<Rule>& rules, bool only_labelled, std::size_t nodes, const Topologies& topologies,
                      const Nodes& of) {
  for (Rule& rule : rules) rule.by_domain.assign(rule.key->domains(), -1);
  for (NodeIndex node = 0; !rules.empty() && node < nodes; ++node) {
    if (topologies.labels(node) == nullptr || (only_labelled && !labelled(rules, node))) continue;
    const bool selected = of.selected(node);
    for (Rule& rule : rules) {
      const std::uint32_t domain = rule.key->domain(node);
      if (domain == Topologies::kNone || (!selected && !rule.constraint.any_node)) continue;
      if (rule.constraint.honor_taints && !of.tolerated(node)) continue;
      std::int64_t& sum = rule.by_domain[domain];
      sum = std::max<std::int64_t>(sum, 0) + rule.on(node);
    }
  }
  for (Rule& rule : rules) {
    rule.least = std::numeric_limits<std::int32_t>::max();
    std::int64_t domains = 0;
    for (const std::int64_t sum : rule.by_domain) {
      if (sum < 0) continue;
      ++domains;
      rule.least = std::min(rule.least, sum);
    }
    if (domains < rule.constraint.min_domains) rule.least = 0;
  }
}

PodSpread::Verdict PodSpread::check(NodeIndex node) const {
  for (const Rule& rule : hard_) {
    const std::uint32_t domain = rule.key->domain(node);
    if (domain == Topologies::kNone) return Verdict::unlabelled;
    const std::int64_t there = std::max<std::int64_t>(rule.by_domain[domain], 0);
    if (there + rule.self - rule.least > rule.constraint.max_skew) return Verdict::skewed;
  }
  return Verdict::passes;
}

std::vector<std::int64_t> PodSpread::score(const std::vector<NodeIndex>& passing) const {
  std::vector<bool> counted;
  for (const NodeIndex node : passing) counted.push_back(by_default_ || labelled(soft_, node));
  std::vector<std::int64_t> micro(passing.size(), 0);
  for (const Rule& rule : soft_) {
    const bool by_host = rule.constraint.topology_key == kHostname;
    std::set<std::uint32_t> domains;
    for (std::size_t i = 0; i < passing.size(); ++i) {
      if (counted[i] && !by_host && rule.key->domain(passing[i]) != Topologies::kNone) {
        domains.insert(rule.key->domain(passing[i]));
      }
    }
    const std::int64_t size = by_host ? std::ranges::count(counted, true) : static_cast<std::int64_t>(domains.size());
    const std::int64_t weight = ln_micro(size + 2);
    for (std::size_t i = 0; i < passing.size(); ++i) {
      const std::uint32_t domain = rule.key->domain(passing[i]);
      if (!counted[i] || domain == Topologies::kNone) continue;
      const std::int64_t there = by_host ? rule.on(passing[i]) : std::max<std::int64_t>(rule.by_domain[domain], 0);
      micro[i] += there * weight + (rule.constraint.max_skew - 1) * 1'000'000;
    }
  }
  std::int64_t low = std::numeric_limits<std::int64_t>::max();
  std::int64_t high = 0;
  for (std::size_t i = 0; i < micro.size(); ++i) {
    micro[i] = (micro[i] + 500'000) / 1'000'000;
    if (!counted[i]) continue;
    low = std::min(low, micro[i]);
    high = std::max(high, micro[i]);
  }
  for (std::size_t i = 0; i < micro.size(); ++i) {
    if (!counted[i]) {
      micro[i] = 0;
    } else {
      micro[i] = high == 0 ? 100 : 100 * (high + low - micro[i]) / high;
    }
  }
  return micro;
}

}  // namespace podramp::fakeapi
