// Pod -> Kubernetes JSON (kube_json.h): the template and the pod's own part put together, what extra_json keeps merged
// in where it was. What a pod does not say is left out: the server fills in its defaults.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "backend/port/kube_json.h"
#include "backend/port/pod_parts_json.h"

namespace podramp {
namespace {

using nlohmann::json;

void put(json& object, const char* name, const std::string& text) {
  if (!text.empty()) object[name] = text;
}
void put(json& object, const char* name, bool flag) {
  if (flag) object[name] = true;
}
template <class T>
void put(json& object, const char* name, const std::vector<T>& list) {
  if (!list.empty()) object[name] = list;
}
void put(json& object, const char* name, const StringMap& map) {
  if (!map.empty()) object[name] = map;
}
void put(json& object, const char* name, const std::optional<std::int64_t>& number) {
  if (number) object[name] = *number;
}
void put(json& object, const char* name, json value) {
  if (!value.empty()) object[name] = std::move(value);
}

json env_json(const EnvVar& env) {
  json object{{"name", env.name}};
  put(object, "value", env.value);
  if (!env.field_path.empty()) {
    object["valueFrom"]["fieldRef"] = json{{"apiVersion", "v1"}, {"fieldPath", env.field_path}};
  }
  if (!env.secret_name.empty()) {
    object["valueFrom"]["secretKeyRef"] = json{{"name", env.secret_name}, {"key", env.secret_key}};
  }
  merge_extra(object, env.extra_json);
  return object;
}

json port_json(const ContainerPort& port) {
  json object{{"containerPort", port.port}};
  put(object, "name", port.name);
  merge_extra(object, port.extra_json);
  return object;
}

json mount_json(const VolumeMount& mount) {
  json object{{"name", mount.name}, {"mountPath", mount.path}};
  put(object, "subPath", mount.sub_path);
  put(object, "subPathExpr", mount.sub_path_expr);
  put(object, "readOnly", mount.read_only);
  merge_extra(object, mount.extra_json);
  return object;
}

json container_json(const Container& container, const std::vector<EnvVar>& own_env) {
  json object{{"name", container.name}};
  put(object, "image", container.image);
  put(object, "imagePullPolicy", container.image_pull_policy);
  put(object, "command", container.command);
  put(object, "args", container.args);
  for (const auto* list : {&container.env, &own_env}) {
    for (const EnvVar& env : *list) object["env"].push_back(env_json(env));
  }
  for (const ContainerPort& port : container.ports) object["ports"].push_back(port_json(port));
  for (const VolumeMount& mount : container.mounts) object["volumeMounts"].push_back(mount_json(mount));
  json resources = json::object();
  put(resources, "requests", amounts_json(container.requests));
  put(resources, "limits", amounts_json(container.limits));
  put(object, "resources", std::move(resources));
  if (!container.pre_stop_exec.empty()) object["lifecycle"]["preStop"]["exec"]["command"] = container.pre_stop_exec;
  for (const ResizePolicy& policy : container.resize_policy) {
    object["resizePolicy"].push_back(json{{"resourceName", policy.resource}, {"restartPolicy", policy.restart}});
  }
  merge_extra(object, container.extra_json);
  return object;
}

// "key:path,key:path" of a Volume's option `items`.
json items_json(std::string_view items) {
  json list = json::array();
  while (!items.empty()) {
    const std::size_t end = std::min(items.find(','), items.size());
    const std::string_view item = items.substr(0, end);
    const std::size_t colon = std::min(item.find(':'), item.size());
    list.push_back(json{{"key", item.substr(0, colon)}, {"path", item.substr(std::min(colon + 1, item.size()))}});
    items.remove_prefix(std::min(end + 1, items.size()));
  }
  return list;
}

json volume_json(const Volume& volume) {
  const auto option = [&](const char* name) {
    const auto it = volume.options.find(name);
    return it == volume.options.end() ? std::string() : it->second;
  };
  json object{{"name", volume.name}};
  json source = json::object();
  if (volume.type == "emptyDir") {
    put(source, "medium", option("medium"));
    put(source, "sizeLimit", option("sizeLimit"));
  } else if (volume.type == "hostPath") {
    source["path"] = volume.source;
    put(source, "type", option("type"));
  } else if (volume.type == "persistentVolumeClaim") {
    source["claimName"] = volume.source;
    put(source, "readOnly", option("readOnly") == "true");
  } else if (volume.type == "configMap" || volume.type == "secret") {
    put(source, volume.type == "secret" ? "secretName" : "name", volume.source);
    put(source, "items", items_json(option("items")));
  } else if (volume.type == "nfs") {
    const std::size_t colon = std::min(volume.source.find(':'), volume.source.size());
    source = json{{"server", volume.source.substr(0, colon)},
                  {"path", volume.source.substr(std::min(colon + 1, volume.source.size()))}};
    put(source, "readOnly", option("readOnly") == "true");
  } else {
    source = nullptr;  // the whole of it is kept
  }
  if (!source.is_null()) object[volume.type] = std::move(source);
  merge_extra(object, volume.extra_json);
  return object;
}

json tolerations_json(const std::vector<Toleration>& tolerations) {
  json list = json::array();
  for (const Toleration& toleration : tolerations) {
    json one = json::object();
    put(one, "key", toleration.key);
    put(one, "operator", toleration.op);
    put(one, "value", toleration.value);
    put(one, "effect", toleration.effect);
    put(one, "tolerationSeconds", toleration.seconds);
    list.push_back(std::move(one));
  }
  return list;
}

StringMap with_own(const StringMap& shared, const StringMap& own) {
  StringMap all = own;
  all.insert(shared.begin(), shared.end());
  return all;
}

json metadata_json(const Pod& pod, WallZero zero) {
  json metadata = json::object();
  put(metadata, "name", pod.name);
  put(metadata, "generateName", pod.generate_name);
  put(metadata, "namespace", pod.ns);
  put(metadata, "labels", with_own(pod.tmpl->labels, pod.own_labels));
  put(metadata, "annotations", with_own(pod.tmpl->annotations, pod.own_annotations));
  put(metadata, "ownerReferences", owners_json(pod.tmpl->owners));
  if (pod.uid.empty()) return metadata;
  metadata["uid"] = pod.uid;
  metadata["resourceVersion"] = fmt::format("{}", pod.resource_version);
  metadata["creationTimestamp"] = format_wall_time(pod.created_us, zero);
  if (pod.deletion_us) metadata["deletionTimestamp"] = format_wall_time(*pod.deletion_us, zero);
  put(metadata, "deletionGracePeriodSeconds", pod.deletion_grace_s);
  return metadata;
}

// The template's, with the gates that are left and the node that is demanded of the pod itself.
json own_placement(const Pod& pod) {
  Placement placement = pod.tmpl->placement;
  if (!pod.uid.empty()) placement.gates = pod.gates;
  if (!pod.affinity_node.empty() && only_node_of(placement) != pod.affinity_node) {
    placement.required_nodes = {{{}, {{"metadata.name", SelectorOp::in, {pod.affinity_node}}}}};
  }
  const std::string text = placement_json(placement);
  return text.empty() ? json::object() : json::parse(text);
}

json spec_json(const Pod& pod) {
  const PodTemplate& tmpl = *pod.tmpl;
  json spec = own_placement(pod);
  static const std::vector<EnvVar> kNone;
  for (const Container& c : tmpl.init_containers) spec["initContainers"].push_back(container_json(c, kNone));
  const std::size_t spark = spark_container_index(tmpl);
  for (std::size_t i = 0; i < tmpl.containers.size(); ++i) {
    spec["containers"].push_back(container_json(tmpl.containers[i], i == spark ? pod.own_env : kNone));
  }
  put(spec, "restartPolicy", tmpl.restart_policy);
  put(spec, "nodeSelector", tmpl.node_selector);
  put(spec, "tolerations", tolerations_json(tmpl.tolerations));
  put(spec, "schedulerName", tmpl.scheduler_name);
  put(spec, "serviceAccountName", tmpl.service_account);
  put(spec, "priorityClassName", tmpl.priority_class);
  put(spec, "priority", tmpl.priority);
  put(spec, "preemptionPolicy", tmpl.preemption_policy);
  for (const std::string& secret : tmpl.image_pull_secrets) spec["imagePullSecrets"].push_back(json{{"name", secret}});
  for (const Volume& volume : tmpl.volumes) {
    const auto own = std::ranges::find(pod.own_volumes, volume.name, &Volume::name);
    spec["volumes"].push_back(volume_json(own == pod.own_volumes.end() ? volume : *own));
  }
  put(spec, "terminationGracePeriodSeconds", tmpl.termination_grace_s);
  put(spec, "hostname", pod.hostname);
  put(spec, "nodeName", pod.node);
  return spec;
}

json container_status_json(const ContainerStatus& status, const Pod& pod, WallZero zero) {
  const auto named = std::ranges::find(pod.tmpl->containers, status.name, &Container::name);
  const bool runs = status.state == ContainerStateKind::running;
  json object{{"name", status.name}, {"image", named == pod.tmpl->containers.end() ? "" : named->image},
              {"imageID", ""},       {"ready", runs && pod.is_ready()},
              {"restartCount", 0},   {"started", runs}};
  json state = json::object();
  if (!runs) {
    put(state, "reason", status.reason);
    put(state, "message", status.message);
  }
  // When the pod last became ready, or ceased to be: the nearest that a Pod knows.
  const Condition* ready = pod.condition("Ready");
  if (runs && ready != nullptr) state["startedAt"] = format_wall_time(ready->since_us, zero);
  if (status.state == ContainerStateKind::terminated) {
    state["exitCode"] = status.exit_code;
    if (ready != nullptr) state["finishedAt"] = format_wall_time(ready->since_us, zero);
  }
  object["state"][std::string(to_text(status.state))] = std::move(state);
  return object;
}

json status_json(const Pod& pod, WallZero zero) {
  json status{{"phase", to_text(pod.phase)}};
  put(status, "reason", pod.reason);
  put(status, "message", pod.message);
  put(status, "nominatedNodeName", pod.nominated_node);
  if (!pod.pod_ip.empty()) {
    status["podIP"] = pod.pod_ip;
    status["podIPs"].push_back(json{{"ip", pod.pod_ip}});
  }
  for (const Condition& condition : pod.conditions) status["conditions"].push_back(condition_json(condition, zero));
  for (const ContainerStatus& container : pod.containers) {
    status["containerStatuses"].push_back(container_status_json(container, pod, zero));
  }
  return status;
}

}  // namespace

json owners_json(const std::vector<OwnerReference>& owners) {
  json list = json::array();
  for (const OwnerReference& owner : owners) {
    json one{{"kind", owner.kind}, {"name", owner.name}, {"uid", owner.uid}};
    put(one, "controller", owner.controller);
    merge_extra(one, owner.extra_json);
    const bool is_set = owner.kind.ends_with("Set") || owner.kind == "Deployment";
    if (!one.contains("apiVersion")) one["apiVersion"] = is_set ? "apps/v1" : "v1";
    list.push_back(std::move(one));
  }
  return list;
}

json amounts_json(const Resources& amounts) {
  json object = json::object();
  if (amounts.cpu_milli) object["cpu"] = format_cpu_milli(*amounts.cpu_milli);
  if (amounts.memory_bytes) object["memory"] = format_bytes(*amounts.memory_bytes);
  for (const auto& [name, amount] : amounts.other) {
    const bool is_bytes = name == "ephemeral-storage" || name == "storage" || name.starts_with("hugepages-");
    object[name] = is_bytes ? format_bytes(amount) : fmt::format("{}", amount);
  }
  return object;
}

json condition_json(const Condition& condition, WallZero zero) {
  json object{{"type", condition.type},
              {"status", to_text(condition.status)},
              {"lastTransitionTime", format_wall_time(condition.since_us, zero)}};
  put(object, "reason", condition.reason);
  put(object, "message", condition.message);
  return object;
}

json pod_body(const Pod& pod, WallZero zero) {
  json body{{"metadata", metadata_json(pod, zero)}, {"spec", spec_json(pod)}};
  merge_extra(body, pod.tmpl->extra_json);
  return body;
}

json pod_to_json(const Pod& pod, WallZero zero) {
  json object = pod_body(pod, zero);
  object["apiVersion"] = "v1";
  object["kind"] = "Pod";
  if (!pod.uid.empty()) object["status"] = status_json(pod, zero);
  return object;
}

}  // namespace podramp
