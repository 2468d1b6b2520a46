#include "sim/furnish.h"

#include <fmt/format.h>

#include <memory>
#include <set>
#include <string>

#include "fakeapi/http/quotas.h"

namespace podramp::sim {
namespace {

Manifest document(Kind kind, const std::string& ns, const std::string& name, std::string extra_json) {
  Manifest object;
  object.kind = kind;
  object.ns = ns;
  object.name = name;
  object.extra_json = std::move(extra_json);
  return object;
}

std::set<std::string> namespaces_of(const Scenario& scenario) {
  std::set<std::string> all{"default", "kube-node-lease", "kube-public", "kube-system"};
  const auto add = [&](const auto& list) {
    for (const auto& one : list) all.insert(one.ns);
  };
  add(scenario.applications);
  add(scenario.cluster.quotas);
  add(scenario.cluster.limit_ranges);
  add(scenario.cluster.claims);
  add(scenario.cluster.daemon_sets);
  add(scenario.cluster.loads);
  add(scenario.cluster.pod_groups);
  for (const auto& existing : scenario.cluster.existing) all.insert(existing.pod.ns);
  for (const TimelineEntry& entry : scenario.timeline) {
    const auto* world = std::get_if<WorldAction>(&entry.action);
    const auto* quota = world == nullptr ? nullptr : std::get_if<fakeapi::to::SetQuota>(world);
    if (quota != nullptr) all.insert(quota->quota.ns);
  }
  all.erase("");
  return all;
}

Manifest name_space(const std::string& name) {
  Manifest object =
      document(Kind::name_space, "", name, R"({"spec":{"finalizers":["kubernetes"]},"status":{"phase":"Active"}})");
  object.labels["kubernetes.io/metadata.name"] = name;
  object.selectable["status.phase"] = "Active";
  return object;
}

Manifest priority_class(const std::string& name, std::int64_t value, bool global_default, bool preempts) {
  return document(Kind::priority_class, "", name,
                  fmt::format(R"({{"value":{},"globalDefault":{},"preemptionPolicy":"{}"}})", value, global_default,
                              preempts ? "PreemptLowerPriority" : "Never"));
}

Manifest storage_class(const fakeapi::StorageClassSpec& spec) {
  return document(Kind::storage_class, "", spec.name,
                  fmt::format(R"({{"provisioner":"{}","reclaimPolicy":"Delete","volumeBindingMode":"{}",)"
                              R"("allowVolumeExpansion":{}}})",
                              spec.provisions ? "podramp.io/simulated" : "kubernetes.io/no-provisioner",
                              spec.immediate ? "Immediate" : "WaitForFirstConsumer", spec.expandable));
}

Manifest kubernetes_service() {
  Manifest service = document(Kind::service, "default", "kubernetes",
                              R"({"spec":{"clusterIP":"10.96.0.1","type":"ClusterIP","sessionAffinity":"None",)"
                              R"("ports":[{"name":"https","port":443,"protocol":"TCP","targetPort":6443}]}})");
  service.labels = {{"component", "apiserver"}, {"provider", "kubernetes"}};
  service.data["https"] = "443";
  return service;
}

}  // namespace

void furnish(Scenario& scenario) {
  fakeapi::ClusterConfig& cluster = scenario.cluster;
  cluster.records_events = true;
  const auto add = [&](Manifest object) {
    cluster.objects.push_back(std::make_shared<const Manifest>(std::move(object)));
  };
  for (const std::string& name : namespaces_of(scenario)) add(name_space(name));  // with their service accounts
  add(kubernetes_service());
  add(priority_class("system-cluster-critical", 2'000'000'000, false, true));
  add(priority_class("system-node-critical", 2'000'001'000, false, true));
  for (const auto& known : cluster.priority_classes) {
    if (known.name.starts_with("system-")) continue;
    add(priority_class(known.name, known.value, known.global_default, known.preempts));
  }
  for (const auto& known : cluster.storage_classes) add(storage_class(known));
  for (const auto& quota : cluster.quotas) add(fakeapi::rest::quota_document(quota));
  for (const auto& range : cluster.limit_ranges) add(fakeapi::rest::limit_range_document(range));
}

}  // namespace podramp::sim
