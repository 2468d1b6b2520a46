#include "backend/fork_affinity.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <set>

namespace podramp::backend {
namespace {

std::string find(const StringMap& names, const std::string& key) {
  const auto it = names.find(key);
  return it == names.end() ? "" : it->second;
}

}  // namespace

OpenHints without_occupied(std::map<std::string, std::int64_t> hints, const PodsByIp& running,
                           const NodeDirectory& nodes, bool lookup_allowed, const Fixes& fixes) {
  const bool fixed = fixes.contains(Fix::q13);
  OpenHints open;
  std::set<std::string> looked_up;
  for (const auto& [ip, pod] : running.all()) {
    if (hints.erase(pod.node) > 0 || hints.erase(pod.host_ip) > 0) continue;
    if (fixed && !lookup_allowed) continue;
    if (!fixed || looked_up.insert(pod.node).second) ++open.lookups;
    hints.erase(find(nodes.canonical_of, pod.host_ip));
  }
  open.tasks = std::move(hints);
  return open;
}

std::vector<WeightedNodes> affinity_weights(const std::map<std::string, std::int64_t>& hints, const Fixes& fixes) {
  std::int64_t total = 0;
  for (const auto& [host, tasks] : hints) total += tasks;
  std::map<int, std::vector<std::string>, std::greater<>> by_weight;
  for (const auto& [host, tasks] : hints) {
    int weight = 0;  // 0 / 0 is not a number, which becomes 0
    if (total > 1) weight = static_cast<int>(99 * (tasks - 1) / (total - 1) + 1);
    if (fixes.contains(Fix::q17)) weight = std::clamp(weight, 1, 100);
    by_weight[weight].push_back(host);
  }
  std::vector<WeightedNodes> weights;
  for (auto& [weight, nodes] : by_weight) weights.push_back({weight, std::move(nodes)});
  return weights;
}

std::string affinity_json(const std::map<std::string, std::int64_t>& hints, const Fixes& fixes) {
  if (hints.empty()) return "";
  std::string terms;
  for (const WeightedNodes& term : affinity_weights(hints, fixes)) {
    std::string nodes;
    for (const std::string& node : term.nodes) nodes += fmt::format("{}\"{}\"", nodes.empty() ? "" : ",", node);
    terms += fmt::format(
        R"({}{{"weight":{},"preference":{{"matchExpressions":[{{"key":"kubernetes.io/hostname","operator":"In",)"
        R"("values":[{}]}}]}}}})",
        terms.empty() ? "" : ",", term.weight, nodes);
  }
  return fmt::format(R"({{"nodeAffinity":{{"preferredDuringSchedulingIgnoredDuringExecution":[{}]}}}})", terms);
}

}  // namespace podramp::backend
