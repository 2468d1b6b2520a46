// The pods that a stopped application has left in the cluster, each with what explains it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "fakeapi/cluster_state.h"
#include "sim/experiment.h"

namespace podramp::sim {

// conf: the application's, for keys that keep pods on purpose. Nothing for an application that has not ended.
std::vector<Leftover> leftovers(const ApplicationView& app, const std::map<std::string, std::string>& conf,
                                const fakeapi::ClusterState& cluster, TimeUs end_us);

}  // namespace podramp::sim
