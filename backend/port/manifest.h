// Kubernetes objects other than pods: claims, config maps, services, the sets that make pods by themselves, nodes as
// their watchers see them, and kinds of which nothing but the metadata is modelled (secrets, events, roles, ...): these
// are documents. One plain struct for all kinds; the part that a kind lacks is empty.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backend/port/kube.h"

namespace podramp {

enum class Kind : std::uint8_t {
  pod,
  node,
  persistent_volume_claim,
  config_map,
  service,
  stateful_set,
  deployment,
  replica_set,
  daemon_set,
  // Documents.
  name_space,
  event,
  secret,
  service_account,
  resource_quota,
  limit_range,
  lease,
  persistent_volume,
  priority_class,
  storage_class,
  pod_disruption_budget,
  role,
  role_binding,
  cluster_role,
  cluster_role_binding,
  job,
};
template <>
struct EnumText<Kind> {
  static constexpr std::array<std::string_view, 25> names{
      "pods",
      "nodes",
      "persistentvolumeclaims",
      "configmaps",
      "services",
      "statefulsets",
      "deployments",
      "replicasets",
      "daemonsets",
      "namespaces",
      "events",
      "secrets",
      "serviceaccounts",
      "resourcequotas",
      "limitranges",
      "leases",
      "persistentvolumes",
      "priorityclasses",
      "storageclasses",
      "poddisruptionbudgets",
      "roles",
      "rolebindings",
      "clusterroles",
      "clusterrolebindings",
      "jobs",
  };
};

// A PersistentVolumeClaim's own part. As the template of a StatefulSet's claims it has a name.
struct ClaimSpec {
  std::string name;  // of a claim template; "" in a claim of its own
  std::optional<std::string> storage_class;
  std::int64_t request_bytes = 0;
  std::vector<std::string> access_modes;  // "ReadWriteOnce", "ReadWriteOncePod"
  std::string phase;                      // status: "Pending", "Bound"; "" in a request
  std::int64_t capacity_bytes = 0;        // status, once bound
  std::string extra_json{};               // of a claim template: its other fields (kube.h)
  static void fields(auto& visit, auto& self) {
    visit("name", self.name);
    visit("storage_class", self.storage_class);
    visit("request_bytes", self.request_bytes);
    visit("access_modes", self.access_modes);
    visit("phase", self.phase);
    visit("capacity_bytes", self.capacity_bytes);
    visit("extra_json", self.extra_json);
  }
  friend bool operator==(const ClaimSpec&, const ClaimSpec&) = default;
};

// A StatefulSet, Deployment, ReplicaSet or DaemonSet: how many pods, and of which template (02 4.4).
struct SetSpec {
  std::int64_t replicas = 0;      // a DaemonSet has none: its nodes decide
  StringMap selector;             // matchLabels
  PodPtr pod;                     // spec.template; its name is empty
  std::string pod_management;     // "Parallel" or "" (OrderedReady); StatefulSet only
  std::vector<ClaimSpec> claims;  // volumeClaimTemplates
  static void fields(auto& visit, auto& self) {
    visit("replicas", self.replicas);
    visit("selector", self.selector);
    visit("pod", self.pod);
    visit("pod_management", self.pod_management);
    visit("claims", self.claims);
  }
};

struct Manifest {
  Kind kind = Kind::config_map;
  std::string name;
  std::string ns;
  std::string uid;  // "" until the server has stored it
  std::uint64_t resource_version = 0;
  StringMap labels;
  StringMap annotations;
  std::vector<OwnerReference> owners;
  TimeUs created_us = 0;              // whole second (K3)
  std::optional<TimeUs> deletion_us;  // deletionTimestamp: a claim that waits until no pod uses it
  std::optional<ClaimSpec> claim;
  std::optional<SetSpec> set;
  StringMap data;  // a config map's; of a service its ports by name; of a node the pressures that it is under
  bool immutable = false;
  std::string extra_json{};     // fields that we do not model, at their places (kube.h); nearly all of a document
  StringMap selectable{};       // what field selectors may ask for beside name and namespace, by path
  std::string generate_name{};  // the server appends five characters when name is empty (K5)
  std::optional<Node> node{};   // of a node, whose name, labels and version stand above as well
  static void fields(auto& visit, auto& self) {
    visit("kind", self.kind);
    visit("name", self.name);
    visit("ns", self.ns);
    visit("uid", self.uid);
    visit("rv", self.resource_version);
    visit("labels", self.labels);
    visit("annotations", self.annotations);
    visit("owners", self.owners);
    visit("created_us", self.created_us);
    visit("deletion_us", self.deletion_us);
    visit("claim", self.claim);
    visit("set", self.set);
    visit("data", self.data);
    visit("immutable", self.immutable);
    visit("extra_json", self.extra_json);
    visit("selectable", self.selectable);
    visit("generate_name", self.generate_name);
    visit("node", self.node);
  }
};
inline bool is_document(Kind kind) { return kind >= Kind::name_space; }
using ManifestPtr = std::shared_ptr<const Manifest>;

}  // namespace podramp
