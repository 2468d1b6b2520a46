// The cluster: nodes, registries, images, quotas, classes, autoscaler, other people's pods.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "sim/fuzz/swarm_parts_json.h"

namespace podramp::sim {
namespace {

using Json = nlohmann::ordered_json;

Json node_group(const SwarmPlan& plan, std::uint64_t n) {
  const Dice& dice = plan.dice;
  Json group{{"group", plan.groups[n]},
             {"count", plan.group_sizes[n]},
             {"cpu", dice.one_of("node.cpu", {"4", "8", "16"}, n)},
             {"memory", dice.one_of("node.memory", {"16Gi", "32Gi", "64Gi"}, n)}};
  if (dice.chance("node.warm", 1, 2, n)) group["images"] = {"spark:a"};
  if (dice.feature("zones")) group["zone"] = {"east", "west"};
  if (dice.feature("few_pods", 1, 6)) group["pods"] = dice.pick("node.pods", 6, 14, n);
  if (dice.feature("bandwidth")) group["bandwidth"] = dice.one_of("node.bandwidth", {"100Mbps", "1Gbps", "10Gbps"}, n);
  if (dice.feature("image_disk", 1, 4)) group["image_disk"] = dice.one_of("node.image_disk", {"2Gi", "3Gi"}, n);
  if (dice.feature("unpacking", 1, 4)) group["disk_bandwidth"] = "200M/s";
  if (n > 0 && dice.feature("tainted_group", 1, 6)) {
    group["taints"] = {{{"key", "team"}, {"value", "other"}, {"effect", "NoSchedule"}}};
  }
  if (plan.groups[n] == "late") group["joins"] = true;
  return group;
}

void add_nodes(SwarmPlan& plan, Json& cluster) {
  const Dice& dice = plan.dice;
  const std::int64_t groups = dice.pick("groups", 1, 2);
  for (std::int64_t n = 0; n < groups; ++n) plan.groups.push_back(fmt::format("g{}", n));
  if (plan.has_late_nodes) plan.groups.push_back("late");
  cluster["nodes"] = Json::array();
  for (std::uint64_t n = 0; n < plan.groups.size(); ++n) {
    plan.group_sizes.push_back(dice.size("group.size", 6, n));
    cluster["nodes"].push_back(node_group(plan, n));
  }
}

void add_images(const SwarmPlan& plan, Json& cluster) {
  const Dice& dice = plan.dice;
  Json registries = Json::array();
  registries.push_back({{"name", "hub"}, {"bandwidth", dice.one_of("hub", {"200Mbps", "1Gbps", "10Gbps"})}});
  if (dice.feature("mirror", 1, 3)) {
    registries[0]["mirrors"] = {"near"};
    registries.push_back({{"name", "near"}, {"bandwidth", "10Gbps"}, {"concurrent", dice.pick("near", 1, 4)}});
  }
  cluster["registries"] = std::move(registries);
  const auto image = [&](std::string name, std::uint64_t n) {
    Json one{{"name", std::move(name)}};
    if (dice.feature("layers", 1, 4)) {
      one["layers"] = {{{"digest", "base"}, {"size", "1Gi"}},
                       {{"digest", fmt::format("top{}", n)}, {"size", fmt::format("{}Mi", dice.size("top", 900, n))}}};
    } else {
      one["size"] = fmt::format("{}Mi", dice.size("image", 2000, n));
    }
    return one;
  };
  cluster["images"] = {image("spark:a", 0), image("spark:b", 1)};
  if (dice.feature("parallel_pulls", 1, 3)) cluster["parallel_pulls"] = true;
}

void add_rules(SwarmPlan& plan, Json& cluster) {
  const Dice& dice = plan.dice;
  plan.namespaces.push_back("jobs");
  if (dice.feature("namespaces")) plan.namespaces.push_back("more");
  if (plan.has_quota) {
    cluster["quotas"] = Json::array();
    for (std::uint64_t n = 0; n < plan.namespaces.size(); ++n) {
      Json hard = Json::object();
      if (dice.chance("quota.pods", 2, 3, n)) hard["pods"] = dice.size("quota.pods", 16, n);
      if (dice.chance("quota.cpu", 1, 2, n) || hard.empty()) hard["requests.cpu"] = dice.pick("quota.cpu", 1, 24, n);
      if (dice.chance("quota.memory", 1, 3, n))
        hard["limits.memory"] = fmt::format("{}Gi", dice.size("quota.gi", 64, n));
      cluster["quotas"].push_back({{"namespace", plan.namespaces[n]}, {"hard", std::move(hard)}});
    }
  }
  if (dice.feature("limit_range", 1, 6)) {
    cluster["limit_ranges"] = {{{"namespace", "jobs"},
                                {"default_request", {{"cpu", "100m"}, {"memory", "128Mi"}}},
                                {"max", {{"memory", dice.one_of("limit_range", {"2Gi", "16Gi"})}}}}};
  }
  if (plan.has_priorities) {
    cluster["priority_classes"] = {{{"name", "low"}, {"value", -10}, {"preemption_policy", "Never"}},
                                   {{"name", "high"}, {"value", 1000}}};
  }
  if (plan.has_queue) cluster["queues"] = {{{"name", "team"}, {"pods", 500}}};
  if (plan.has_gang) {
    cluster["schedulers"] = {{"gang", {{"kind", "gang"}}}};
    cluster["pod_groups"] = Json::array();
    for (const std::string& ns : plan.namespaces) {
      cluster["pod_groups"].push_back({{"namespace", ns}, {"name", "together"}, {"min_member", 1}});
    }
  }
  if (plan.has_claims && dice.feature("storage_class")) {
    cluster["storage_classes"] = {
        {{"name", "fast"}, {"binding", dice.one_of("binding", {"first_consumer", "immediate"})}}};
  }
  if (dice.feature("scheduler", 1, 4)) cluster["scheduler"] = {{"strategy", "MostAllocated"}};
}

void add_latency(const SwarmPlan& plan, Json& cluster) {
  const Dice& dice = plan.dice;
  if (!dice.feature("latency")) return;
  Json latency = Json::object();
  std::uint64_t n = 0;
  for (const char* name : {"request", "reply", "write", "read", "watch", "schedule", "bind", "kubelet", "start",
                           "status", "stop", "jvm", "quota", "provision"}) {
    ++n;
    if (!dice.chance("latency", 1, 3, n)) continue;
    const std::int64_t ms = dice.size("latency", 3000, n);
    latency[name] = dice.chance("latency.constant", 1, 2, n) ? Json{{"constant", fmt::format("{}ms", ms)}}
                                                             : Json{{"uniform", {"1ms", fmt::format("{}ms", ms + 1)}}};
  }
  if (!latency.empty()) cluster["latency"] = std::move(latency);
}

void add_autoscaler(const SwarmPlan& plan, Json& cluster) {
  if (!plan.has_autoscaler) return;
  const Dice& dice = plan.dice;
  Json group{{"name", "auto"},
             {"max", dice.size("auto.max", 8)},
             {"cpu", dice.one_of("auto.cpu", {"4", "8", "16"})},
             {"memory", "32Gi"}};
  if (dice.feature("autoscaler.failures", 1, 3)) {
    group["failures"] = {{{"kind", dice.one_of("auto.failure", {"stock-out", "never-joins", "never-ready"})},
                          {"from", "0s"},
                          {"until", seconds(plan.trouble_s)},
                          {"ratio", "1/2"}}};
  }
  Json autoscaler{{"kind", dice.one_of("auto.kind", {"cluster-autoscaler", "karpenter"})}};
  if (autoscaler["kind"] == "cluster-autoscaler" && dice.feature("autoscaler.hasty")) {
    autoscaler["scale_down_unneeded_time"] = "1m";
    autoscaler["scale_down_delay_after_add"] = "1m";
  }
  autoscaler["node_groups"] = Json::array({std::move(group)});
  cluster["autoscaler"] = std::move(autoscaler);
}

void add_others(const SwarmPlan& plan, Json& scenario) {
  const Dice& dice = plan.dice;
  if (dice.feature("background", 1, 3)) {
    scenario["background"].push_back({{"name", "other"},
                                      {"count", plan.group_sizes[0]},
                                      {"group", plan.groups[0]},
                                      {"cpu", "500m"},
                                      {"memory", "1Gi"}});
  }
  if (dice.feature("background_load", 1, 4)) {
    scenario["background_load"] = {{{"name", "visitor"},
                                    {"namespace", plan.namespaces.back()},
                                    {"every", {{"exponential", "20s"}}},
                                    {"lifetime", {{"exponential", "1m"}}},
                                    {"until", seconds(plan.trouble_s)},
                                    {"pods", {{{"weight", 1}, {"cpu", "1"}, {"memory", "1Gi"}}}}}};
  }
  if (dice.feature("daemon_set", 1, 4) || plan.has_shuffle_service) {
    Json set{{"name", "agent"}, {"labels", {{"app", "agent"}}}, {"cpu", "200m"}, {"memory", "256Mi"}};
    if (plan.has_shuffle_service) set["shuffle_service"] = true;
    scenario["cluster"]["daemon_sets"] = Json::array({std::move(set)});
  }
}

}  // namespace

void add_cluster(SwarmPlan& plan, Json& scenario) {
  Json& cluster = scenario["cluster"];
  add_nodes(plan, cluster);
  add_images(plan, cluster);
  add_rules(plan, cluster);
  add_latency(plan, cluster);
  add_autoscaler(plan, cluster);
  add_others(plan, scenario);
}

}  // namespace podramp::sim
