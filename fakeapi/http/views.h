// Objects as clients of the served cluster see them: the codec's JSON (kube_json.h), and what the store does not keep
// because it follows from the rest: a pod's QoS class and addresses, a set's status, an event's times, a quota's use.
// Not here: tables (table.h), lists and answers (front.h).
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "backend/port/kube_json.h"
#include "fakeapi/cluster_state.h"
#include "fakeapi/config.h"
#include "fakeapi/http/container_output.h"
#include "fakeapi/http/pod_times.h"

namespace podramp::fakeapi::rest {

// What showing needs: the state, what it was made from, and the time on the wall.
struct Scene {
  const ClusterState& state;
  const ClusterConfig& config;
  WallZero zero;
  TimeUs now = 0;
  const PodTimeline* times = nullptr;  // null: nobody has listened
  const ContainerOutputs* outputs = nullptr;  // null: no process is real
};

// As it is stored, without anything derived: what patches are applied to.
nlohmann::json stored_json(const Pod& pod, const Scene& scene);
nlohmann::json stored_json(const Manifest& object, const Scene& scene);

nlohmann::json shown_json(const Pod& pod, const Scene& scene);
nlohmann::json shown_json(const Manifest& object, const Scene& scene);

// {"kind":"PartialObjectMetadata",...} of an object.
nlohmann::json metadata_only(const nlohmann::json& object, std::string_view version);

}  // namespace podramp::fakeapi::rest
