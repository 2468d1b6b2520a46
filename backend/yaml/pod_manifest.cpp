#include "backend/yaml/pod_manifest.h"

#include <fmt/format.h>

#include <memory>

#include "backend/yaml/manifest_fields.h"
#include "backend/yaml/placement_fields.h"

namespace podramp::yaml {
namespace {

Resources read_amounts(ManifestFields& resources, std::string_view name) {
  Resources amounts;
  ManifestFields fields(resources.take(name), resources.path_of(name), resources.faults());
  for (const auto& [resource, text] : resources.map(name)) {
    const bool cpu = resource == "cpu";
    const auto amount = cpu                                                       ? parse_cpu_milli(text)
                        : resource == "memory" || resource == "ephemeral-storage" ? parse_bytes(text)
                        : resource.starts_with("hugepages-")                      ? parse_bytes(text)
                                                                                  : parse_count(text);
    if (!amount) {
      fields.error(*fields.take(resource), resource, amount.error().message);
    } else if (cpu) {
      amounts.cpu_milli = *amount;
    } else if (resource == "memory") {
      amounts.memory_bytes = *amount;
    } else {
      amounts.other[resource] = *amount;
    }
  }
  return amounts;
}

// valueFrom: a plain fieldRef or secretKeyRef is modelled, anything else is kept.
void read_value_from(ManifestFields& fields, EnvVar& env) {
  const YamlValue* source = fields.take("valueFrom");
  if (source == nullptr) return;
  ManifestFields from(source, fields.path_of("valueFrom"), fields.faults());
  if (const YamlValue* ref = from.take("fieldRef")) {
    ManifestFields field(ref, from.path_of("fieldRef"), fields.faults());
    env.field_path = field.text("fieldPath");
    field.take("apiVersion");  // v1 is the only one
    from.put_back("fieldRef", field);
  }
  if (const YamlValue* ref = from.take("secretKeyRef")) {
    ManifestFields secret(ref, from.path_of("secretKeyRef"), fields.faults());
    env.secret_name = secret.text("name");
    env.secret_key = secret.text("key");
    from.put_back("secretKeyRef", secret);
  }
  fields.put_back("valueFrom", from);
}

EnvVar read_env(const YamlValue& value, const std::string& path, Faults& faults) {
  ManifestFields fields(&value, path, faults);
  EnvVar env;
  env.name = fields.text("name");
  env.value = fields.text("value");
  read_value_from(fields, env);
  env.extra_json = fields.extra();
  return env;
}

ContainerPort read_port(const YamlValue& value, const std::string& path, Faults& faults) {
  ManifestFields fields(&value, path, faults);
  ContainerPort port;
  port.name = fields.text("name");
  const auto number = fields.whole("containerPort");
  if (!number || *number < 1 || *number > 65535) {
    faults.add(value.line, fields.path_of("containerPort"), "must be a port from 1 to 65535");
  } else {
    port.port = static_cast<int>(*number);
  }
  port.extra_json = fields.extra();
  return port;
}

VolumeMount read_mount(const YamlValue& value, const std::string& path, Faults& faults) {
  ManifestFields fields(&value, path, faults);
  VolumeMount mount;
  mount.name = fields.text("name");
  mount.path = fields.text("mountPath");
  mount.sub_path = fields.text("subPath");
  mount.read_only = fields.flag("readOnly");
  mount.sub_path_expr = fields.text("subPathExpr");
  mount.extra_json = fields.extra();
  return mount;
}

// lifecycle.preStop.exec.command; hooks of other sorts stay.
void read_pre_stop(ManifestFields& fields, Container& container) {
  const YamlValue* value = fields.take("lifecycle");
  if (value == nullptr) return;
  ManifestFields lifecycle(value, fields.path_of("lifecycle"), fields.faults());
  ManifestFields pre_stop(lifecycle.take("preStop"), lifecycle.path_of("preStop"), fields.faults());
  ManifestFields exec(pre_stop.take("exec"), pre_stop.path_of("exec"), fields.faults());
  container.pre_stop_exec = exec.texts("command");
  pre_stop.put_back("exec", exec);
  lifecycle.put_back("preStop", pre_stop);
  fields.put_back("lifecycle", lifecycle);
}

Container read_container(const YamlValue& value, const std::string& path, Faults& faults) {
  ManifestFields fields(&value, path, faults);
  Container container;
  container.name = fields.text("name");
  container.image = fields.text("image");
  container.image_pull_policy = fields.text("imagePullPolicy");
  container.command = fields.texts("command");
  container.args = fields.texts("args");
  fields.each("env", [&](const YamlValue& item, const std::string& at) {
    container.env.push_back(read_env(item, at, faults));
  });
  fields.each("ports", [&](const YamlValue& item, const std::string& at) {
    container.ports.push_back(read_port(item, at, faults));
  });
  fields.each("volumeMounts", [&](const YamlValue& item, const std::string& at) {
    container.mounts.push_back(read_mount(item, at, faults));
  });
  ManifestFields resources(fields.take("resources"), fields.path_of("resources"), faults);
  container.requests = read_amounts(resources, "requests");
  container.limits = read_amounts(resources, "limits");
  fields.put_back("resources", resources);
  read_pre_stop(fields, container);
  fields.each("resizePolicy", [&](const YamlValue& item, const std::string& at) {
    ManifestFields policy(&item, at, faults);
    container.resize_policy.push_back({policy.text("resourceName"), policy.text("restartPolicy")});
  });
  container.extra_json = fields.extra();
  return container;
}

// An option of a volume's source under its own name, when it is there.
void read_option(ManifestFields& source, const std::string& name, Volume& volume) {
  const std::string text = source.text(name);
  if (!text.empty()) volume.options.emplace(name, text);
}

struct VolumeKind {
  std::string_view type;
  std::string_view source;  // the field that names what is mounted
  std::vector<std::string> options;
};

const std::vector<VolumeKind>& volume_kinds() {
  static const std::vector<VolumeKind> kKinds{
      {"emptyDir", "", {"medium", "sizeLimit"}},
      {"hostPath", "path", {"type"}},
      {"persistentVolumeClaim", "claimName", {"readOnly"}},
      {"configMap", "name", {}},
      {"secret", "secretName", {}},
      {"nfs", "path", {"readOnly"}},
  };
  return kKinds;
}

Volume read_volume(const YamlValue& value, const std::string& path, Faults& faults) {
  ManifestFields fields(&value, path, faults);
  Volume volume;
  volume.name = fields.text("name");
  for (const VolumeKind& kind : volume_kinds()) {
    if (value.find(kind.type) == nullptr) continue;
    volume.type = std::string(kind.type);
    ManifestFields source(fields.take(kind.type), fields.path_of(kind.type), faults);
    if (!kind.source.empty()) volume.source = source.text(kind.source);
    if (kind.type == "nfs") volume.source = fmt::format("{}:{}", source.text("server"), volume.source);
    for (const std::string& option : kind.options) read_option(source, option, volume);
    fields.put_back(kind.type, source);
    break;
  }
  const YamlValue left = fields.rest();
  if (volume.type.empty() && !left.items.empty()) volume.type = left.items.front().key;  // "projected", "csi"
  volume.extra_json = fields.extra();
  return volume;
}

Toleration read_toleration(const YamlValue& value, const std::string& path, Faults& faults) {
  ManifestFields fields(&value, path, faults);
  return {fields.text("key"), fields.text("operator"), fields.text("value"), fields.text("effect"),
          fields.whole("tolerationSeconds")};
}

void read_metadata(ManifestFields& top, Pod& pod, PodTemplate& tmpl) {
  ManifestFields metadata(top.take("metadata"), "metadata", top.faults());
  pod.name = metadata.text("name");
  pod.generate_name = metadata.text("generateName");
  pod.ns = metadata.text("namespace");
  tmpl.labels = metadata.map("labels");
  tmpl.annotations = metadata.map("annotations");
  metadata.each("ownerReferences", [&](const YamlValue& item, const std::string& at) {
    ManifestFields owner(&item, at, top.faults());
    OwnerReference reference{owner.text("kind"), owner.text("name"), owner.text("uid"), owner.flag("controller")};
    reference.extra_json = owner.extra();
    tmpl.owners.push_back(std::move(reference));
  });
  top.put_back("metadata", metadata);
}

void read_spec(ManifestFields& top, Pod& pod, PodTemplate& tmpl) {
  Faults& faults = top.faults();
  ManifestFields spec(top.take("spec"), "spec", faults);
  const auto containers = [&](std::string_view name, std::vector<Container>& into) {
    spec.each(name,
              [&](const YamlValue& item, const std::string& at) { into.push_back(read_container(item, at, faults)); });
  };
  containers("initContainers", tmpl.init_containers);
  containers("containers", tmpl.containers);
  tmpl.restart_policy = spec.text("restartPolicy");
  tmpl.node_selector = spec.map("nodeSelector");
  spec.each("tolerations", [&](const YamlValue& item, const std::string& at) {
    tmpl.tolerations.push_back(read_toleration(item, at, faults));
  });
  tmpl.scheduler_name = spec.text("schedulerName");
  tmpl.service_account = spec.text("serviceAccountName");
  const std::string old_account = spec.text("serviceAccount");  // Kubernetes' deprecated second name of the field
  if (tmpl.service_account.empty()) tmpl.service_account = old_account;
  tmpl.priority_class = spec.text("priorityClassName");
  tmpl.priority = spec.whole("priority");
  tmpl.preemption_policy = spec.text("preemptionPolicy");
  tmpl.placement = read_placement(spec);
  spec.each("imagePullSecrets", [&](const YamlValue& item, const std::string& at) {
    ManifestFields secret(&item, at, faults);
    tmpl.image_pull_secrets.push_back(secret.text("name"));
  });
  spec.each("volumes", [&](const YamlValue& item, const std::string& at) {
    tmpl.volumes.push_back(read_volume(item, at, faults));
  });
  tmpl.termination_grace_s = spec.whole("terminationGracePeriodSeconds");
  pod.hostname = spec.text("hostname");
  pod.node = spec.text("nodeName");
  top.put_back("spec", spec);
}

}  // namespace

tl::expected<PodPtr, FieldErrors> read_pod_manifest(std::string_view text, std::string_view file) {
  YamlText yaml = parse_yaml(text, file);
  if (!yaml.errors.empty()) return tl::unexpected(std::move(yaml.errors));
  Faults faults;
  faults.file = std::string(file);
  if (yaml.documents.size() != 1) {
    const int line = yaml.documents.size() > 1 ? yaml.documents[1].line : 0;
    faults.add(line, "", fmt::format("must hold one Pod (got {} documents)", yaml.documents.size()));
    return tl::unexpected(std::move(faults.errors));
  }
  const YamlValue& root = yaml.documents.front();
  ManifestFields top(&root, "", faults);
  auto pod = std::make_shared<Pod>();
  PodTemplate tmpl;
  const YamlValue* kind = top.take("kind");
  if (kind != nullptr && kind->text != "Pod") {
    top.error(*kind, "kind", fmt::format("must be Pod (got {})", describe(*kind)));
  }
  top.take("apiVersion");
  top.take("status");
  read_metadata(top, *pod, tmpl);
  read_spec(top, *pod, tmpl);
  tmpl.extra_json = top.extra();
  if (!faults.errors.empty()) return tl::unexpected(std::move(faults.errors));
  pod->tmpl = share(std::move(tmpl));
  return PodPtr(std::move(pod));
}

std::string manifest_json(std::string_view text) {
  const YamlText yaml = parse_yaml(text, "");
  PODRAMP_CHECK(yaml.errors.empty() && yaml.documents.size() == 1, "a manifest that was not read");
  return to_json(yaml.documents.front());
}

std::string template_error(std::string_view file, const FieldErrors& errors) {
  std::string text = fmt::format("could not load pod from template file {}", file);
  for (const FieldError& error : errors) text += fmt::format("\n  {}", to_string(error));
  return text;
}

}  // namespace podramp::yaml
