// What objects show beside what is stored of them (views.h).
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "backend/port/resource.h"
#include "fakeapi/http/quotas.h"
#include "fakeapi/http/views.h"

namespace podramp::fakeapi::rest {
namespace {

using nlohmann::json;

std::int64_t number_in(const StringMap& data, const char* name) {
  std::int64_t value = 0;
  const auto it = data.find(name);
  if (it != data.end()) std::from_chars(it->second.data(), it->second.data() + it->second.size(), value);
  return value;
}

bool any_set(const Resources& amounts) { return amounts.cpu_milli || amounts.memory_bytes; }

// Guaranteed: each container's limits are there and its requests are the same; BestEffort: nothing is asked for.
std::string_view qos_class(const PodTemplate& tmpl) {
  bool nothing = true;
  bool guaranteed = !tmpl.containers.empty();
  for (const auto* list : {&tmpl.init_containers, &tmpl.containers}) {
    for (const Container& c : *list) {
      nothing = nothing && !any_set(c.requests) && !any_set(c.limits);
      const bool full = c.limits.cpu_milli && c.limits.memory_bytes;
      const bool equal = full && c.requests.cpu_milli.value_or(*c.limits.cpu_milli) == *c.limits.cpu_milli &&
                         c.requests.memory_bytes.value_or(*c.limits.memory_bytes) == *c.limits.memory_bytes;
      guaranteed = guaranteed && equal;
    }
  }
  return nothing ? "BestEffort" : guaranteed ? "Guaranteed" : "Burstable";
}

// A node's address: made of its place among the names, so that it does not change while nodes come and go.
std::string node_address(const ClusterState& state, const std::string& name) {
  std::uint32_t place = 0;
  for (const auto& [other, record] : state.nodes()) {
    if (other == name) break;
    ++place;
  }
  return fmt::format("192.168.{}.{}", place / 250 % 250, place % 250 + 1);
}

void add_set_status(json& tree, const Manifest& set, const Scene& scene) {
  const std::int64_t pods = number_in(set.data, "replicas");  // set_status.h
  const std::int64_t ready = number_in(set.data, "ready");
  json& status = tree["status"];
  tree["metadata"]["generation"] = 1;
  status["observedGeneration"] = 1;
  if (set.kind == podramp::Kind::daemon_set) {
    tree["spec"].erase("replicas");
    status["currentNumberScheduled"] = status["desiredNumberScheduled"] = status["updatedNumberScheduled"] = pods;
    status["numberReady"] = status["numberAvailable"] = ready;
    status["numberMisscheduled"] = 0;
    status["numberUnavailable"] = pods - ready;
    return;
  }
  status["replicas"] = pods;
  status["readyReplicas"] = status["availableReplicas"] = ready;
  if (set.kind == podramp::Kind::replica_set) {
    status["fullyLabeledReplicas"] = pods;
    return;
  }
  status["updatedReplicas"] = pods;
  if (set.kind == podramp::Kind::stateful_set) {
    status["currentReplicas"] = pods;
    status["currentRevision"] = status["updateRevision"] = set.name + "-1";
    return;
  }
  const bool available = ready >= set.set->replicas;
  status["unavailableReplicas"] = std::max<std::int64_t>(0, set.set->replicas - ready);
  const std::string since = format_wall_time(set.created_us, scene.zero);
  status["conditions"] =
      json::array({json{{"type", "Available"},
                        {"status", available ? "True" : "False"},
                        {"reason", available ? "MinimumReplicasAvailable" : "MinimumReplicasUnavailable"},
                        {"message", available ? "Deployment has minimum availability."
                                              : "Deployment does not have minimum availability."},
                        {"lastUpdateTime", since},
                        {"lastTransitionTime", since}}});
}

// The store's facts have no times in them: when a condition changed and a container started is remembered apart.
void add_pod_times(json& status, const Pod& pod, const Scene& scene) {
  const PodTimes* times = scene.times == nullptr ? nullptr : scene.times->find(pod_key(pod));
  const PodTimes known = times == nullptr ? PodTimes{} : *times;
  const auto text = [&](TimeUs t) { return format_wall_time(std::max(t, pod.created_us), scene.zero); };
  status["startTime"] = text(known.bound_us);
  if (!status.contains("conditions")) status["conditions"] = json::array();
  for (json& condition : status["conditions"]) {
    const bool scheduled = condition["type"] == "PodScheduled";
    if (scheduled || condition["type"] == "Ready") {
      condition["lastTransitionTime"] = text(scheduled ? known.bound_us : std::max(known.started_us, known.ended_us));
    }
  }
  // What the kubelet says as well and the store does not keep.
  const auto add = [&](const char* type, bool holds, TimeUs since) {
    json condition{{"type", type}, {"status", holds ? "True" : "False"}, {"lastTransitionTime", text(since)}};
    if (!holds && is_terminal(pod))
      condition["reason"] = pod.phase == PodPhase::succeeded ? "PodCompleted" : "PodFailed";
    status["conditions"].push_back(std::move(condition));
  };
  add("Initialized", true, known.bound_us);
  add("ContainersReady", pod.is_ready(), std::max(known.started_us, known.ended_us));
  if (!status.contains("containerStatuses")) return;
  for (json& container : status["containerStatuses"]) {
    container["restartCount"] = known.restarts;
    for (const char* how : {"running", "terminated"}) {
      if (!container["state"].contains(how)) continue;
      container["state"][how]["startedAt"] = text(known.started_us);
      if (how == std::string_view("terminated")) container["state"][how]["finishedAt"] = text(known.ended_us);
    }
    if (known.restarts > 0) {
      container["lastState"]["terminated"] = json{{"exitCode", known.last_exit_code},
                                                  {"reason", known.last_reason},
                                                  {"startedAt", text(known.last_started_us)},
                                                  {"finishedAt", text(known.last_ended_us)}};
    }
  }
}

void add_event_times(json& tree, const Manifest& event, const Scene& scene) {
  if (event.data.empty()) return;  // somebody else's event says itself when it was
  tree["count"] = number_in(event.data, "count");
  tree["firstTimestamp"] = format_wall_time(number_in(event.data, "first_us"), scene.zero);
  tree["lastTimestamp"] = format_wall_time(number_in(event.data, "last_us"), scene.zero);
  tree["eventTime"] = nullptr;
}

void add_node_parts(json& tree, const Manifest& object, const Scene& scene) {
  const Node& node = *object.node;
  tree["metadata"]["uid"] = object.uid;
  json& status = tree["status"];
  const std::string since = format_wall_time(node.created_us, scene.zero);
  json pressures = json::array();
  for (const char* type : {"MemoryPressure", "DiskPressure", "PIDPressure"}) {
    const bool pressed = object.data.contains(type);
    const bool unknown = node.ready == Truth::unknown;
    const std::string what(type, std::string_view(type).find("Pressure"));
    const std::string reason =
        unknown ? "NodeStatusUnknown" : fmt::format("KubeletHas{}{}", pressed ? "Insufficient" : "Sufficient", what);
    pressures.push_back(json{{"type", type},
                             {"status", unknown   ? "Unknown"
                                        : pressed ? "True"
                                                  : "False"},
                             {"reason", reason},
                             {"message", unknown ? "Kubelet stopped posting node status." : "kubelet has looked"},
                             {"lastHeartbeatTime", since},
                             {"lastTransitionTime", since}});
  }
  for (json& condition : status["conditions"]) {
    condition["lastHeartbeatTime"] = format_wall_time(scene.now, scene.zero);
    pressures.push_back(condition);
  }
  status["conditions"] = std::move(pressures);
  if (!status.contains("addresses")) {
    status["addresses"] = json::array({json{{"type", "InternalIP"}, {"address", node_address(scene.state, node.name)}},
                                       json{{"type", "Hostname"}, {"address", node.name}}});
  }
  if (!status.contains("nodeInfo")) {
    const std::string& profile = scene.config.profile.name;
    const std::string version = profile.starts_with("k8s-") ? profile.substr(4) : "1.32";
    status["nodeInfo"] = json{{"machineID", node.name},
                              {"systemUUID", node.name},
                              {"bootID", node.name},
                              {"kernelVersion", "simulated"},
                              {"osImage", "podramp"},
                              {"containerRuntimeVersion", "podramp://0.1"},
                              {"kubeletVersion", fmt::format("v{}.0", version)},
                              {"kubeProxyVersion", ""},
                              {"operatingSystem", "linux"},
                              {"architecture", "amd64"}};
  }
}

}  // namespace

json stored_json(const Pod& pod, const Scene& scene) { return pod_to_json(pod, scene.zero); }

json stored_json(const Manifest& object, const Scene& scene) {
  if (object.node) return node_to_json(*object.node, scene.zero);
  return manifest_to_json(object, scene.zero);
}

json shown_json(const Pod& pod, const Scene& scene) {
  json tree = stored_json(pod, scene);
  json& spec = tree["spec"];
  if (!spec.contains("restartPolicy")) spec["restartPolicy"] = "Always";
  if (!spec.contains("schedulerName")) spec["schedulerName"] = "default-scheduler";
  if (!spec.contains("dnsPolicy")) spec["dnsPolicy"] = "ClusterFirst";
  if (!spec.contains("terminationGracePeriodSeconds")) spec["terminationGracePeriodSeconds"] = grace_s(pod);
  if (!tree.contains("status")) return tree;
  json& status = tree["status"];
  status["qosClass"] = qos_class(*pod.tmpl);
  if (!pod.node.empty() && scene.state.find_node(pod.node) != nullptr) {
    status["hostIP"] = node_address(scene.state, pod.node);
  }
  if (!pod.node.empty()) add_pod_times(status, pod, scene);
  return tree;
}

json shown_json(const Manifest& object, const Scene& scene) {
  json tree = stored_json(object, scene);
  if (object.node) add_node_parts(tree, object, scene);
  if (object.set) add_set_status(tree, object, scene);
  if (object.kind == podramp::Kind::event) add_event_times(tree, object, scene);
  if (object.kind == podramp::Kind::name_space) tree["status"]["phase"] = object.deletion_us ? "Terminating" : "Active";
  if (object.kind == podramp::Kind::resource_quota) add_quota_status(tree, object, scene);
  return tree;
}

json metadata_only(const json& object, std::string_view version) {
  return json{{"kind", "PartialObjectMetadata"},
              {"apiVersion", fmt::format("meta.k8s.io/{}", version)},
              {"metadata", object.value("metadata", json::object())}};
}

}  // namespace podramp::fakeapi::rest
