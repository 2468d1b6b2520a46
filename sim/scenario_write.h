// Parts of the scenario writer that stand beside their readers. For scenario_*.cpp and sim/import.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "sim/scenario.h"

namespace podramp::sim {

// Adds storage_classes and claims, when there are any, to the JSON of the cluster (scenario_claims.cpp).
void write_images(const fakeapi::ClusterConfig& config, nlohmann::ordered_json& cluster);
void write_zones(const fakeapi::ClusterConfig& config, nlohmann::ordered_json& cluster);
void write_claims(const fakeapi::ClusterConfig& config, nlohmann::ordered_json& cluster);

// Likewise daemon_sets (scenario_daemons.cpp).
void write_daemon_sets(const Scenario& scenario, nlohmann::ordered_json& cluster);

nlohmann::ordered_json background_load_json(const std::vector<fakeapi::BackgroundLoadSpec>& loads);
nlohmann::ordered_json latency_model_json(const fakeapi::LatencyModel& model);
nlohmann::ordered_json profile_settings_json(const fakeapi::ClusterProfile& profile);
nlohmann::ordered_json published_json(const PublishedFact& fact);                  // scenario_published.cpp
nlohmann::ordered_json live_json(const live::LiveSpec& live);                      // scenario_live.cpp
nlohmann::ordered_json processes_json(const std::vector<ProcessSpec>& processes);  // scenario_processes.cpp
// Likewise the autoscaler (scenario_autoscaler.cpp).
void write_autoscaler(const fakeapi::ClusterConfig& config, nlohmann::ordered_json& cluster);
// What nodes of one group have in common, but for their zones when these are not in the labels.
nlohmann::ordered_json node_like(const fakeapi::NodeSpec& spec);
nlohmann::ordered_json taints_json(const std::vector<Taint>& taints);

nlohmann::ordered_json shuffle_sidecar_json(const Container& sidecar);

// The largest unit that loses nothing; "0s" for zero.
std::string duration(DurationUs us);
// cpu, memory and resources, as keys of the object.
void put_resources(nlohmann::ordered_json& into, const Resources& resources);
// What read_container() and read_pod_template() read, into an object.
void put_container(nlohmann::ordered_json& into, const Container& container);
void put_pod_template(nlohmann::ordered_json& into, const PodTemplate& tmpl);

nlohmann::ordered_json profile_json(const backend::ResourceProfile& profile);

}  // namespace podramp::sim
