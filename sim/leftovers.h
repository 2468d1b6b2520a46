// The pods that a stopped application has left in the cluster, each with what explains it.
#pragma once

#include <string>
#include <vector>

#include "fakeapi/cluster_state.h"
#include "sim/projection.h"

namespace podramp::sim {

// A pod that its application left behind, and why; "" when nothing explains it.
struct Leftover {
  std::string pod;
  std::string why;
  bool leaked = true;  // false: Terminating on a node that is down, or kept by configuration
};

// conf: the application's, for keys that keep pods on purpose. Nothing for an application that has not ended.
std::vector<Leftover> leftovers(const ApplicationView& app, const StringMap& conf, const fakeapi::ClusterState& cluster,
                                TimeUs end_us);

}  // namespace podramp::sim
