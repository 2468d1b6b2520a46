// Kubernetes JSON -> Pod (kube_json.h): every field we model, typed, the rest word for word in extra_json.
// All of a pod that is read is its template; managedFields and what a Pod lacks of its status are dropped.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "backend/port/kube_json.h"
#include "backend/port/pod_parts_json.h"

namespace podramp {
namespace {

using nlohmann::json;

// valueFrom: a plain fieldRef or secretKeyRef is modelled, anything else is kept.
EnvVar read_env(const json& value, std::string path, JsonReading& reading) {
  JsonFields fields(value, std::move(path), reading);
  EnvVar env;
  env.name = fields.text("name");
  env.value = fields.text("value");
  {
    JsonFields from(fields, "valueFrom");
    JsonFields field(from, "fieldRef");
    env.field_path = field.text("fieldPath");
    field.take("apiVersion");  // v1 is the only one
    JsonFields secret(from, "secretKeyRef");
    env.secret_name = secret.text("name");
    env.secret_key = secret.text("key");
  }
  env.extra_json = fields.extra();
  return env;
}

ContainerPort read_port(const json& value, std::string path, JsonReading& reading) {
  JsonFields fields(value, std::move(path), reading);
  ContainerPort port;
  port.name = fields.text("name");
  const auto number = fields.whole("containerPort");
  if (!number || *number < 1 || *number > 65535) {
    fields.error("containerPort", "must be a port from 1 to 65535");
  } else {
    port.port = static_cast<int>(*number);
  }
  port.extra_json = fields.extra();
  return port;
}

VolumeMount read_mount(const json& value, std::string path, JsonReading& reading) {
  JsonFields fields(value, std::move(path), reading);
  VolumeMount mount;
  mount.name = fields.text("name");
  mount.path = fields.text("mountPath");
  mount.sub_path = fields.text("subPath");
  mount.read_only = fields.flag("readOnly");
  mount.sub_path_expr = fields.text("subPathExpr");
  mount.extra_json = fields.extra();
  return mount;
}

Container read_container(const json& value, std::string path, JsonReading& reading) {
  JsonFields fields(value, std::move(path), reading);
  Container container;
  container.name = fields.text("name");
  container.image = fields.text("image");
  container.image_pull_policy = fields.text("imagePullPolicy");
  container.command = fields.texts("command");
  container.args = fields.texts("args");
  fields.each("env", [&](const json& item, std::string at) {
    container.env.push_back(read_env(item, std::move(at), reading));
  });
  fields.each("ports", [&](const json& item, std::string at) {
    container.ports.push_back(read_port(item, std::move(at), reading));
  });
  fields.each("volumeMounts", [&](const json& item, std::string at) {
    container.mounts.push_back(read_mount(item, std::move(at), reading));
  });
  {
    JsonFields resources(fields, "resources");
    container.requests = read_amounts(resources, "requests");
    container.limits = read_amounts(resources, "limits");
    // lifecycle.preStop.exec.command; hooks of other sorts stay.
    JsonFields lifecycle(fields, "lifecycle");
    JsonFields pre_stop(lifecycle, "preStop");
    JsonFields exec(pre_stop, "exec");
    container.pre_stop_exec = exec.texts("command");
  }
  fields.each("resizePolicy", [&](const json& item, std::string at) {
    JsonFields policy(item, std::move(at), reading);
    container.resize_policy.push_back({policy.text("resourceName"), policy.text("restartPolicy")});
  });
  container.extra_json = fields.extra();
  return container;
}

struct VolumeKind {
  std::string_view type;
  std::string_view source;  // the field that names what is mounted
  std::vector<std::string> texts;
};

const std::vector<VolumeKind>& kinds_of_volumes() {
  static const std::vector<VolumeKind> kKinds{
      {"emptyDir", "", {"medium", "sizeLimit"}},
      {"hostPath", "path", {"type"}},
      {"persistentVolumeClaim", "claimName", {}},
      {"configMap", "name", {}},
      {"secret", "secretName", {}},
      {"nfs", "path", {}},
  };
  return kKinds;
}

Volume read_volume(const json& value, std::string path, JsonReading& reading) {
  JsonFields fields(value, std::move(path), reading);
  Volume volume;
  volume.name = fields.text("name");
  for (const VolumeKind& kind : kinds_of_volumes()) {
    JsonFields source(fields, kind.type);
    if (!source.is_there()) continue;
    volume.type = std::string(kind.type);
    if (!kind.source.empty()) volume.source = source.text(kind.source);
    if (kind.type == "nfs") volume.source = fmt::format("{}:{}", source.text("server"), volume.source);
    for (const std::string& option : kind.texts) {
      const std::string text = option == "sizeLimit" ? source.quantity(option) : source.text(option);
      if (!text.empty()) volume.options.emplace(option, text);
    }
    const bool has_read_only = kind.type == "persistentVolumeClaim" || kind.type == "nfs";
    if (has_read_only && source.flag("readOnly")) volume.options.emplace("readOnly", "true");
    break;
  }
  const json left = fields.rest();
  if (volume.type.empty() && !left.empty()) volume.type = left.items().begin().key();  // "projected", "csi"
  volume.extra_json = fields.extra();
  return volume;
}

ContainerStatus read_container_status(const json& value, std::string path, JsonReading& reading) {
  JsonFields fields(value, std::move(path), reading);
  ContainerStatus status;
  status.name = fields.text("name");
  JsonFields state(fields, "state");
  constexpr std::array kStates{ContainerStateKind::waiting, ContainerStateKind::running,
                               ContainerStateKind::terminated};
  for (const ContainerStateKind kind : kStates) {
    JsonFields one(state, to_text(kind));
    if (!one.is_there()) continue;
    status.state = kind;
    if (kind == ContainerStateKind::running) continue;
    status.reason = one.text("reason");
    status.message = one.text("message");
    status.exit_code = static_cast<int>(one.whole("exitCode").value_or(0));
  }
  return status;
}

void read_metadata(JsonFields& top, Pod& pod, PodTemplate& tmpl) {
  JsonFields metadata(top, "metadata");
  pod.name = metadata.text("name");
  pod.generate_name = metadata.text("generateName");
  pod.ns = metadata.text("namespace");
  pod.uid = metadata.text("uid");
  pod.resource_version = metadata.version("resourceVersion");
  pod.created_us = metadata.time("creationTimestamp").value_or(0);
  pod.deletion_us = metadata.time("deletionTimestamp");
  pod.deletion_grace_s = metadata.whole("deletionGracePeriodSeconds");
  tmpl.labels = metadata.map("labels");
  tmpl.annotations = metadata.map("annotations");
  tmpl.owners = read_owners(metadata);
  metadata.take("managedFields");
}

void read_spec(JsonFields& top, Pod& pod, PodTemplate& tmpl) {
  JsonReading& reading = top.reading();
  JsonFields spec(top, "spec");
  const auto containers = [&](std::string_view name, std::vector<Container>& into) {
    spec.each(name,
              [&](const json& item, std::string at) { into.push_back(read_container(item, std::move(at), reading)); });
  };
  containers("initContainers", tmpl.init_containers);
  containers("containers", tmpl.containers);
  tmpl.restart_policy = spec.text("restartPolicy");
  tmpl.node_selector = spec.map("nodeSelector");
  spec.each("tolerations", [&](const json& item, std::string at) {
    JsonFields one(item, std::move(at), reading);
    tmpl.tolerations.push_back(
        {one.text("key"), one.text("operator"), one.text("value"), one.text("effect"), one.whole("tolerationSeconds")});
  });
  tmpl.scheduler_name = spec.text("schedulerName");
  tmpl.service_account = spec.text("serviceAccountName");
  const std::string old_account = spec.text("serviceAccount");  // Kubernetes' deprecated second name of the field
  if (tmpl.service_account.empty()) tmpl.service_account = old_account;
  tmpl.priority_class = spec.text("priorityClassName");
  tmpl.priority = spec.whole("priority");
  tmpl.preemption_policy = spec.text("preemptionPolicy");
  tmpl.placement = read_placement(spec);
  spec.each("imagePullSecrets", [&](const json& item, std::string at) {
    JsonFields secret(item, std::move(at), reading);
    tmpl.image_pull_secrets.push_back(secret.text("name"));
  });
  spec.each("volumes", [&](const json& item, std::string at) {
    tmpl.volumes.push_back(read_volume(item, std::move(at), reading));
  });
  tmpl.termination_grace_s = spec.whole("terminationGracePeriodSeconds");
  pod.hostname = spec.text("hostname");
  pod.node = spec.text("nodeName");
}

}  // namespace

std::vector<OwnerReference> read_owners(JsonFields& metadata) {
  std::vector<OwnerReference> owners;
  metadata.each("ownerReferences", [&](const json& item, std::string at) {
    JsonFields fields(item, std::move(at), metadata.reading());
    OwnerReference owner{fields.text("kind"), fields.text("name"), fields.text("uid"), fields.flag("controller")};
    owner.extra_json = fields.extra();
    owners.push_back(std::move(owner));
  });
  return owners;
}

Resources read_amounts(JsonFields& resources, std::string_view name) {
  Resources amounts;
  for (const auto& [resource, text] : resources.quantities(name)) {
    const bool is_cpu = resource == "cpu";
    const bool is_bytes = resource == "memory" || resource == "ephemeral-storage" || resource == "storage" ||
                          resource.starts_with("hugepages-");
    const auto amount = is_cpu ? parse_cpu_milli(text) : is_bytes ? parse_bytes(text) : parse_count(text);
    if (!amount) {
      resources.error(fmt::format("{}.{}", name, resource), amount.error().message);
    } else if (is_cpu) {
      amounts.cpu_milli = *amount;
    } else if (resource == "memory") {
      amounts.memory_bytes = *amount;
    } else {
      amounts.other[resource] = *amount;
    }
  }
  return amounts;
}

Condition read_condition(const json& value, std::string path, JsonReading& reading) {
  JsonFields fields(value, std::move(path), reading);
  Condition condition;
  condition.type = fields.text("type");
  const std::string status = fields.text("status");
  condition.status = from_text<Truth>(status).value_or(Truth::unknown);
  condition.reason = fields.text("reason");
  condition.message = fields.text("message");
  condition.since_us = fields.time("lastTransitionTime").value_or(0);
  return condition;
}

void read_pod_fields(JsonFields& top, Pod& pod, PodTemplate& tmpl) {
  read_metadata(top, pod, tmpl);
  read_spec(top, pod, tmpl);
  pod.gates = tmpl.placement.gates;
  const bool is_daemon = std::ranges::any_of(tmpl.owners, [](const auto& o) { return o.kind == "DaemonSet"; });
  if (is_daemon) pod.affinity_node = only_node_of(tmpl.placement);
}

void read_pod_status(JsonFields& top, Pod& pod) {
  const json* value = top.take("status");
  if (value == nullptr) return;
  JsonFields status(*value, "status", top.reading());
  const std::string phase = status.text("phase");
  if (!phase.empty()) pod.phase = from_text<PodPhase>(phase).value_or(PodPhase::unknown);
  pod.reason = status.text("reason");
  pod.message = status.text("message");
  pod.pod_ip = status.text("podIP");
  pod.nominated_node = status.text("nominatedNodeName");
  status.each("conditions", [&](const json& item, std::string at) {
    pod.conditions.push_back(read_condition(item, std::move(at), top.reading()));
  });
  status.each("containerStatuses", [&](const json& item, std::string at) {
    pod.containers.push_back(read_container_status(item, std::move(at), top.reading()));
  });
}

Decoded<PodPtr> pod_from_json(const json& value, WallZero zero) {
  JsonReading reading{zero, {}};
  if (!value.is_object()) return {nullptr, {{"", 0, "", "must be a Pod, a JSON object"}}};
  auto pod = std::make_shared<Pod>();
  PodTemplate tmpl;
  {
    JsonFields top(value, "", reading);
    top.take("apiVersion");
    const std::string kind = top.text("kind");
    if (!kind.empty() && kind != "Pod") top.error("kind", fmt::format("must be Pod (got \"{}\")", kind));
    read_pod_status(top, *pod);
    read_pod_fields(top, *pod, tmpl);
    tmpl.extra_json = top.extra();
  }
  if (pod->uid.empty()) pod->gates.clear();  // a request: the server sets them
  pod->tmpl = share(std::move(tmpl));
  return {std::move(pod), std::move(reading.errors)};
}

}  // namespace podramp
