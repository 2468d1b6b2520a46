// For tests only: clusters with an autoscaler. One node "n0" that is too small for anything, groups of machines, and
// constant latencies: launched after 20 s, registered 30 s later, Ready 10 s later, untainted 5 s later, gone 15 s
// after they were asked to go.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "fakeapi/test_cluster_world.h"
#include "fakeapi/test_node_world.h"

namespace podramp::fakeapi {

inline constexpr TimeUs sec(std::int64_t n) { return n * kSecondUs; }

inline ClusterConfig autoscaled(AutoscalerKind kind) {
  ClusterConfig config = steady_cluster(1);
  config.nodes[0].node.allocatable = {100, 1 << 20, {}};
  AutoscalerSpec spec = default_autoscaler(kind);
  spec.launch = LatencyModel::constant(sec(20));
  spec.join = LatencyModel::constant(sec(30));
  spec.ready = LatencyModel::constant(sec(10));
  spec.untaint = LatencyModel::constant(sec(5));
  spec.terminate = LatencyModel::constant(sec(15));
  config.autoscaler = spec;
  return config;
}

// Machines NAME-1, NAME-2, ... of so many cpus, and 4 GiB for each.
inline NodeGroupSpec& add_group(ClusterConfig& config, const std::string& name, std::int64_t cpus, int max,
                                int initial = 0) {
  NodeGroupSpec group;
  group.name = name;
  group.like.node.allocatable = {cpus * 1000, cpus << 32, {}};
  group.initial = initial;
  group.price = cpus;
  for (int i = 1; i <= max; ++i) {
    NodeSpec spec = group.like;
    spec.node.name = name + "-" + std::to_string(i);
    spec.autoscaled = true;
    spec.joins_later = i > initial;
    group.nodes.push_back(static_cast<std::uint32_t>(config.nodes.size()));
    config.nodes.push_back(std::move(spec));
  }
  config.autoscaler->groups.push_back(std::move(group));
  return config.autoscaler->groups.back();
}

inline void create_pods(World& world, const std::string& name, int count, std::int64_t cpu_milli) {
  const TemplatePtr tmpl = share(small_template(cpu_milli));
  for (int i = 1; i <= count; ++i) world.call(create_of(make_pod(name + "-" + std::to_string(i), tmpl)));
}

}  // namespace podramp::fakeapi
