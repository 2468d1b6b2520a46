// The parts of a Pod's JSON that have files of their own. Private to the codecs behind kube_json.h.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "backend/port/fields_json.h"

namespace podramp {

// affinity, topologySpreadConstraints and schedulingGates of a pod's spec (placement_read_json.cpp).
Placement read_placement(JsonFields& spec);
// spec.affinity demands the one node of this name by matchFields, as the DaemonSet controller writes it; "" otherwise.
std::string only_node_of(const Placement& placement);

// A whole PodTemplate and the pod's own part, without kind and status (pod_read_json.cpp). errors in the reading.
void read_pod_fields(JsonFields& top, Pod& pod, PodTemplate& tmpl);
void read_pod_status(JsonFields& top, Pod& pod);
std::vector<OwnerReference> read_owners(JsonFields& metadata);
Resources read_amounts(JsonFields& resources, std::string_view name);

// {"metadata":...,"spec":...} of a pod, or of a set's template (pod_write_json.cpp).
nlohmann::json pod_body(const Pod& pod, WallZero zero);
nlohmann::json owners_json(const std::vector<OwnerReference>& owners);
nlohmann::json amounts_json(const Resources& amounts);
nlohmann::json condition_json(const Condition& condition, WallZero zero);
Condition read_condition(const nlohmann::json& value, std::string path, JsonReading& reading);

}  // namespace podramp
