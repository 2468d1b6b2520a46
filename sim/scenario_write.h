// Parts of the scenario writer that stand beside their readers. Private to scenario_*.cpp.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "sim/scenario.h"

namespace podramp::sim {

// Adds storage_classes and claims, when there are any, to the JSON of the cluster (scenario_claims.cpp).
void write_claims(const fakeapi::ClusterConfig& config, nlohmann::ordered_json& cluster);

nlohmann::ordered_json profile_json(const backend::ResourceProfile& profile);

}  // namespace podramp::sim
