#include "fakeapi/http/served_resources.h"

#include <algorithm>

namespace podramp::fakeapi::rest {

const std::vector<ServedResource>& served_resources() {
  static const std::vector<ServedResource> kAll{
      {Kind::pod, "pod", {"po"}, {"log", "status", "eviction", "binding", "resize"}, true},
      {Kind::node, "node", {"no"}, {"status"}},
      {Kind::name_space, "namespace", {"ns"}, {"status", "finalize"}},
      {Kind::event, "event", {"ev"}, {}},
      {Kind::config_map, "configmap", {"cm"}, {}},
      {Kind::secret, "secret", {}, {}},
      {Kind::service, "service", {"svc"}, {"status"}, true},
      {Kind::service_account, "serviceaccount", {"sa"}, {}},
      {Kind::persistent_volume_claim, "persistentvolumeclaim", {"pvc"}, {"status"}},
      {Kind::persistent_volume, "persistentvolume", {"pv"}, {"status"}},
      {Kind::resource_quota, "resourcequota", {"quota"}, {"status"}},
      {Kind::limit_range, "limitrange", {"limits"}, {}},
      {Kind::stateful_set, "statefulset", {"sts"}, {"status", "scale"}, true},
      {Kind::deployment, "deployment", {"deploy"}, {"status", "scale"}, true},
      {Kind::replica_set, "replicaset", {"rs"}, {"status", "scale"}, true},
      {Kind::daemon_set, "daemonset", {"ds"}, {"status"}, true},
      {Kind::lease, "lease", {}, {}},
      {Kind::priority_class, "priorityclass", {"pc"}, {}},
      {Kind::storage_class, "storageclass", {"sc"}, {}},
      {Kind::pod_disruption_budget, "poddisruptionbudget", {"pdb"}, {"status"}},
      {Kind::role, "role", {}, {}},
      {Kind::role_binding, "rolebinding", {}, {}},
      {Kind::cluster_role, "clusterrole", {}, {}},
      {Kind::cluster_role_binding, "clusterrolebinding", {}, {}},
      {Kind::job, "job", {}, {"status"}, true},
  };
  return kAll;
}

const ServedResource& served_resource(Kind kind) {
  return *std::ranges::find(served_resources(), kind, &ServedResource::kind);
}

const ServedResource* find_resource(std::string_view group, std::string_view version, std::string_view plural) {
  for (const ServedResource& resource : served_resources()) {
    const ResourceType& type = resource_type(resource.kind);
    if (type.group == group && type.version == version && type.plural == plural) return &resource;
  }
  return nullptr;
}

const std::vector<std::string_view>& served_groups() {
  static const std::vector<std::string_view> kGroups = [] {
    std::vector<std::string_view> groups;
    for (const ServedResource& resource : served_resources()) {
      const std::string_view group = resource_type(resource.kind).group;
      if (!group.empty() && std::ranges::find(groups, group) == groups.end()) groups.push_back(group);
    }
    groups.insert(groups.end(), {kAuthenticationGroup, kAuthorizationGroup, kMetricsGroup});
    return groups;
  }();
  return kGroups;
}

}  // namespace podramp::fakeapi::rest
