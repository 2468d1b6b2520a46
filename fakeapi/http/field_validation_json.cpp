// The fields that objects have, from the API reference of Kubernetes 1.32 (field_validation.h).
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>

#include "fakeapi/http/field_validation.h"

namespace podramp::fakeapi::rest {
namespace {

using nlohmann::json;
using Fields = std::vector<std::string_view>;

const Fields kMetadataFields{
    "name",       "generateName",  "namespace",         "selfLink",        "uid",
    "labels",     "annotations",   "resourceVersion",   "generation",      "creationTimestamp",
    "finalizers", "managedFields", "deletionTimestamp", "ownerReferences", "deletionGracePeriodSeconds"};
const Fields kPodSpecFields{"activeDeadlineSeconds",
                            "affinity",
                            "automountServiceAccountToken",
                            "containers",
                            "dnsConfig",
                            "dnsPolicy",
                            "enableServiceLinks",
                            "ephemeralContainers",
                            "hostAliases",
                            "hostIPC",
                            "hostNetwork",
                            "hostPID",
                            "hostUsers",
                            "hostname",
                            "imagePullSecrets",
                            "initContainers",
                            "nodeName",
                            "nodeSelector",
                            "os",
                            "overhead",
                            "preemptionPolicy",
                            "priority",
                            "priorityClassName",
                            "readinessGates",
                            "resourceClaims",
                            "resources",
                            "restartPolicy",
                            "runtimeClassName",
                            "schedulerName",
                            "schedulingGates",
                            "securityContext",
                            "serviceAccount",
                            "serviceAccountName",
                            "setHostnameAsFQDN",
                            "shareProcessNamespace",
                            "subdomain",
                            "terminationGracePeriodSeconds",
                            "tolerations",
                            "topologySpreadConstraints",
                            "volumes"};
const Fields kContainerFields{"args",
                              "command",
                              "env",
                              "envFrom",
                              "image",
                              "imagePullPolicy",
                              "lifecycle",
                              "livenessProbe",
                              "name",
                              "ports",
                              "readinessProbe",
                              "resizePolicy",
                              "resources",
                              "restartPolicy",
                              "securityContext",
                              "startupProbe",
                              "stdin",
                              "stdinOnce",
                              "targetContainerName",
                              "terminationMessagePath",
                              "terminationMessagePolicy",
                              "tty",
                              "volumeDevices",
                              "volumeMounts",
                              "workingDir"};

class Validation {
 public:
  void object(const json& value, const std::string& path, const Fields& known) {
    if (!value.is_object()) return;
    for (const auto& [key, member] : value.items()) {
      if (std::ranges::find(known, key) != known.end()) continue;
      unknown.push_back(fmt::format("unknown field \"{}{}\"", path, key));
    }
  }
  void metadata(const json& value, const std::string& path) { object(value, path, kMetadataFields); }
  void pod_spec(const json& spec, const std::string& path) {
    object(spec, path, kPodSpecFields);
    for (const char* list : {"containers", "initContainers", "ephemeralContainers"}) {
      const json containers = spec.is_object() ? spec.value(list, json::array()) : json::array();
      for (std::size_t i = 0; containers.is_array() && i < containers.size(); ++i) {
        object(containers[i], fmt::format("{}{}[{}].", path, list, i), kContainerFields);
      }
    }
  }

  std::vector<std::string> unknown;
};

Fields parts_of(Kind kind) {
  switch (kind) {
    case Kind::config_map: return {"data", "binaryData", "immutable"};
    case Kind::secret: return {"data", "stringData", "type", "immutable"};
    case Kind::service_account: return {"secrets", "imagePullSecrets", "automountServiceAccountToken"};
    case Kind::priority_class: return {"value", "globalDefault", "description", "preemptionPolicy"};
    case Kind::storage_class:
      return {"provisioner",          "parameters",        "reclaimPolicy",    "mountOptions",
              "allowVolumeExpansion", "volumeBindingMode", "allowedTopologies"};
    case Kind::role: return {"rules"};
    case Kind::cluster_role: return {"rules", "aggregationRule"};
    case Kind::role_binding:
    case Kind::cluster_role_binding: return {"subjects", "roleRef"};
    case Kind::event:
      return {
          "involvedObject", "reason", "message", "source",  "firstTimestamp",     "lastTimestamp",    "count", "type",
          "eventTime",      "series", "action",  "related", "reportingComponent", "reportingInstance"};
    default: return {"spec", "status"};
  }
}

}  // namespace

std::vector<std::string> unknown_fields(Kind kind, const json& object) {
  Validation validation;
  Fields known = parts_of(kind);
  known.insert(known.end(), {"apiVersion", "kind", "metadata"});
  validation.object(object, "", known);
  const auto part = [](const json& of, const char* name) {
    return of.is_object() ? of.value(name, json::object()) : json::object();
  };
  validation.metadata(part(object, "metadata"), "metadata.");
  const json spec = part(object, "spec");
  if (kind == Kind::pod) validation.pod_spec(spec, "spec.");
  const bool has_template = kind == Kind::stateful_set || kind == Kind::deployment || kind == Kind::replica_set ||
                            kind == Kind::daemon_set || kind == Kind::job;
  if (has_template) {
    const json tmpl = part(spec, "template");
    validation.metadata(part(tmpl, "metadata"), "spec.template.metadata.");
    validation.pod_spec(part(tmpl, "spec"), "spec.template.spec.");
  }
  return std::move(validation.unknown);
}

}  // namespace podramp::fakeapi::rest
