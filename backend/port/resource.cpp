#include "backend/port/resource.h"

#include <fmt/format.h>

#include <array>

namespace podramp {

const ResourceType& resource_type(Kind kind) {
  static constexpr std::array<ResourceType, EnumText<Kind>::names.size()> kTypes{{
      {"", "v1", "pods", "Pod", true},
      {"", "v1", "nodes", "Node", false},
      {"", "v1", "persistentvolumeclaims", "PersistentVolumeClaim", true},
      {"", "v1", "configmaps", "ConfigMap", true},
      {"", "v1", "services", "Service", true},
      {"apps", "v1", "statefulsets", "StatefulSet", true},
      {"apps", "v1", "deployments", "Deployment", true},
      {"apps", "v1", "replicasets", "ReplicaSet", true},
      {"apps", "v1", "daemonsets", "DaemonSet", true},
      {"", "v1", "namespaces", "Namespace", false},
      {"", "v1", "events", "Event", true},
      {"", "v1", "secrets", "Secret", true},
      {"", "v1", "serviceaccounts", "ServiceAccount", true},
      {"", "v1", "resourcequotas", "ResourceQuota", true},
      {"", "v1", "limitranges", "LimitRange", true},
      {"coordination.k8s.io", "v1", "leases", "Lease", true},
      {"", "v1", "persistentvolumes", "PersistentVolume", false},
      {"scheduling.k8s.io", "v1", "priorityclasses", "PriorityClass", false},
      {"storage.k8s.io", "v1", "storageclasses", "StorageClass", false},
      {"policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget", true},
      {"rbac.authorization.k8s.io", "v1", "roles", "Role", true},
      {"rbac.authorization.k8s.io", "v1", "rolebindings", "RoleBinding", true},
      {"rbac.authorization.k8s.io", "v1", "clusterroles", "ClusterRole", false},
      {"rbac.authorization.k8s.io", "v1", "clusterrolebindings", "ClusterRoleBinding", false},
      {"batch", "v1", "jobs", "Job", true},
  }};
  return kTypes.at(static_cast<std::size_t>(kind));
}

std::string api_version(const ResourceType& type) {
  return type.group.empty() ? std::string(type.version) : fmt::format("{}/{}", type.group, type.version);
}

std::string percent_encode(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                       c == '.' || c == '_' || c == '~';
    if (plain) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

std::string resource_path(Kind kind, std::string_view ns, std::string_view name) {
  const ResourceType& type = resource_type(kind);
  std::string path = type.group.empty() ? "/api/" : "/apis/";
  path += api_version(type);
  if (type.namespaced && !ns.empty()) path += "/namespaces/" + percent_encode(ns);
  path.append("/").append(type.plural);
  if (!name.empty()) path += "/" + percent_encode(name);
  return path;
}

}  // namespace podramp
