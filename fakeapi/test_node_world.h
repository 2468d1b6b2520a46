// For tests only: pods that run from the start on a given node.
#pragma once

#include <string>
#include <utility>

#include "fakeapi/test_cluster_world.h"

namespace podramp::fakeapi {

inline void add_running(ClusterConfig& config, const std::string& name, const std::string& node, PodTemplate tmpl) {
  ExistingPod existing;
  existing.pod.ns = "ns";
  existing.pod.name = name;
  existing.pod.node = node;
  existing.pod.phase = PodPhase::running;
  existing.pod.tmpl = share(std::move(tmpl));
  config.existing.push_back(std::move(existing));
}

}  // namespace podramp::fakeapi
