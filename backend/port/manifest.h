// Kubernetes objects other than pods and nodes, as far as executor scaling touches them: claims, config maps, services,
// and the sets that make pods by themselves. One plain struct for all kinds; the part that a kind lacks is empty.
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
};
template <>
struct EnumText<Kind> {
  static constexpr std::array<std::string_view, 9> names{
      "pods",        "nodes",      "persistentvolumeclaims", "configmaps", "services", "statefulsets", "deployments",
      "replicasets", "daemonsets",
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
  StringMap data;  // a config map's; of a service its ports by name
  bool immutable = false;
  std::string extra_json{};  // fields that we do not model, at their places (kube.h)
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
  }
};
using ManifestPtr = std::shared_ptr<const Manifest>;

}  // namespace podramp
