// What a scenario says of scheduling: priority classes, schedulers, pod groups and queues of the cluster; affinity,
// topology spread and gates of its pods, which are written as Kubernetes writes them.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "sim/scenario_read.h"

namespace podramp::sim {

// "priority_classes", "scheduler", "schedulers", "pod_groups" and "queues" of the cluster.
void read_scheduling(ReadState& state, ObjectReader& cluster);
void write_scheduling(const fakeapi::ClusterConfig& config, nlohmann::ordered_json& cluster);

// "priority_class", "scheduler_name", "affinity", "topology_spread_constraints", "scheduling_gates" of a pod.
void read_placement(ReadState& state, ObjectReader& pod, PodTemplate& into);
void write_placement(const PodTemplate& tmpl, nlohmann::ordered_json& pod);

// A pod's placement from the fields of its spec in a real cluster's file; absent and a mistake when they are wrong.
std::optional<Placement> import_placement(Reading& reading, const JsonValue& spec, const std::string& path);

}  // namespace podramp::sim
