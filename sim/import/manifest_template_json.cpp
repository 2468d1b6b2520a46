// (spark-operator, internal/webhook/sparkpod_defaulter.go)
#include <fmt/format.h>

#include <array>
#include <nlohmann/json.hpp>
#include <set>

#include "sim/import/manifest.h"

namespace podramp::sim {
namespace {

using TemplateJson = nlohmann::ordered_json;
using yaml::ManifestFields;
using yaml::YamlValue;

constexpr std::string_view kContainer = "spark-kubernetes-executor";
constexpr std::string_view kLocalDir = "spark-local-dir-";

struct Renamed {
  std::string_view field;
  std::string_view name;  // in the pod's spec, or in the container
};
constexpr std::array<Renamed, 9> kOfPod{{{"affinity", "affinity"},
                                         {"tolerations", "tolerations"},
                                         {"priorityClassName", "priorityClassName"},
                                         {"podSecurityContext", "securityContext"},
                                         {"terminationGracePeriodSeconds", "terminationGracePeriodSeconds"},
                                         {"initContainers", "initContainers"},
                                         {"dnsConfig", "dnsConfig"},
                                         {"hostAliases", "hostAliases"},
                                         {"shareProcessNamespace", "shareProcessNamespace"}}};
constexpr std::array<Renamed, 5> kOfContainer{{{"securityContext", "securityContext"},
                                               {"env", "env"},
                                               {"envFrom", "envFrom"},
                                               {"lifecycle", "lifecycle"},
                                               {"ports", "ports"}}};

// Throws json::exception for a text that is no UTF-8; import_spark_application() catches it.
TemplateJson as_json(const YamlValue& value) { return TemplateJson::parse(yaml::to_json(value)); }

// One volume of a local directory and its mount, as settings of executors.
void put_local_dir(const YamlValue& volume, ManifestFields& mount, const std::string& name, StringMap& conf,
                   yaml::Faults& faults) {
  struct Kind {
    std::string_view field;
    std::string_view type;
    std::array<std::string_view, 2> options;
  };
  constexpr std::array<Kind, 4> kKinds{{{"emptyDir", "emptyDir", {"sizeLimit", "medium"}},
                                        {"hostPath", "hostPath", {"path", "type"}},
                                        {"nfs", "nfs", {"path", "server"}},
                                        {"persistentVolumeClaim", "persistentVolumeClaim", {"claimName", "readOnly"}}}};
  for (const Kind& kind : kKinds) {
    const YamlValue* source = volume.find(kind.field);
    if (source == nullptr) continue;
    const std::string prefix = fmt::format("spark.kubernetes.executor.volumes.{}.{}.", kind.type, name);
    ManifestFields options(source->kind == yaml::YamlKind::null ? nullptr : source, "spec.volumes", faults);
    conf[prefix + "mount.path"] = mount.text("mountPath");
    if (const std::string sub = mount.text("subPath"); !sub.empty()) conf[prefix + "mount.subPath"] = sub;
    if (mount.flag("readOnly")) conf[prefix + "mount.readOnly"] = "true";
    for (const std::string_view option : kind.options) {
      if (const std::string value = options.text(option); !value.empty()) {
        conf[fmt::format("{}options.{}", prefix, option)] = value;
      }
    }
  }
}

class Template {
 public:
  Template(ManifestFields& spec, ManifestFields& executor) : spec_(spec), executor_(executor) {
    if (const YamlValue* own = executor.take("template")) pod_ = as_json(*own);
    if (!pod_["spec"]["containers"].is_array()) pod_["spec"]["containers"] = TemplateJson::array();
    TemplateJson& containers = pod_["spec"]["containers"];
    for (std::size_t i = 0; i < containers.size(); ++i) {
      if (containers[i].is_object() && containers[i].value("name", "") == kContainer) at_ = i;
    }
    if (containers.empty()) containers.push_back({{"name", std::string(kContainer)}});
    changed_ = pod_.size() > 1 || containers[at_].size() > 1 || pod_["spec"].size() > 1;
  }

  void put_plain() {
    for (const auto& [field, name] : kOfPod) copy(field, pod_["spec"], name);
    for (const auto& [field, name] : kOfContainer) copy(field, container(), name);
    executor_.each("sidecars", [&](const YamlValue& value, const std::string& /*path*/) {
      pod_["spec"]["containers"].push_back(as_json(value));
      changed_ = true;
    });
    if (executor_.flag("hostNetwork")) {
      pod_["spec"]["hostNetwork"] = true;
      pod_["spec"]["dnsPolicy"] = "ClusterFirstWithHostNet";
      changed_ = true;
    }
  }

  void put_gpu(std::map<std::string, std::int64_t>& resources) {
    const YamlValue* value = executor_.take("gpu");
    if (value == nullptr) return;
    ManifestFields gpu(value, executor_.path_of("gpu"), executor_.faults());
    const std::string name = gpu.text("name");
    const std::int64_t quantity = gpu.whole("quantity").value_or(0);
    if (name.empty() || quantity <= 0) return;
    container()["resources"]["limits"][name] = quantity;
    container()["resources"]["requests"][name] = quantity;
    resources[name] = quantity;
    changed_ = true;
  }

  void put_volumes(StringMap& conf) {
    std::map<std::string, const YamlValue*> volumes;
    spec_.each("volumes", [&](const YamlValue& value, const std::string& /*path*/) {
      if (const YamlValue* name = value.find("name")) volumes[name->text] = &value;
    });
    std::set<std::string> added;
    executor_.each("volumeMounts", [&](const YamlValue& value, const std::string& path) {
      ManifestFields mount(&value, path, executor_.faults());
      const std::string name = mount.text("name");
      const auto volume = volumes.find(name);
      if (volume == volumes.end()) return;  // the webhook passes over it, too
      if (name.starts_with(kLocalDir)) return put_local_dir(*volume->second, mount, name, conf, executor_.faults());
      if (added.insert(name).second) pod_["spec"]["volumes"].push_back(as_json(*volume->second));
      container()["volumeMounts"].push_back(as_json(value));
      changed_ = true;
    });
    executor_.each("configMaps", [&](const YamlValue& value, const std::string& path) {
      ManifestFields map(&value, path, executor_.faults());
      const std::string name = map.text("name");
      pod_["spec"]["volumes"].push_back({{"name", name + "-vol"}, {"configMap", {{"name", name}}}});
      container()["volumeMounts"].push_back({{"name", name + "-vol"}, {"mountPath", map.text("path")}});
      changed_ = true;
    });
  }

  TemplateJson finished() {
    if (!changed_) return {};
    pod_["apiVersion"] = "v1";
    pod_["kind"] = "Pod";
    return std::move(pod_);
  }

 private:
  TemplateJson& container() { return pod_["spec"]["containers"][at_]; }
  void copy(std::string_view field, TemplateJson& into, std::string_view name) {
    const YamlValue* value = executor_.take(field);
    if (value == nullptr) return;
    TemplateJson one = as_json(*value);
    TemplateJson& there = into[std::string(name)];
    if (there.is_array() && one.is_array()) {
      for (TemplateJson& item : one) there.push_back(std::move(item));
    } else {
      there = std::move(one);
    }
    changed_ = true;
  }

  ManifestFields& spec_;
  ManifestFields& executor_;
  TemplateJson pod_ = TemplateJson::object();
  std::size_t at_ = 0;
  bool changed_ = false;
};

}  // namespace

TemplateJson executor_template(ManifestFields& spec, ManifestFields& executor, StringMap& conf,
                               std::map<std::string, std::int64_t>& resources, ImportNotes& notes) {
  Template made(spec, executor);
  made.put_plain();
  made.put_gpu(resources);
  made.put_volumes(conf);
  TemplateJson pod = made.finished();
  if (pod.is_null()) return pod;
  conf["spark.kubernetes.executor.podTemplateContainerName"] = std::string(kContainer);
  if (pod["spec"].contains("affinity")) {
    notes.assumed("affinity", "a cluster that is made has only the labels of node selectors; --base brings yours");
  }
  return pod;
}

}  // namespace podramp::sim
