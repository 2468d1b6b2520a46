// Columns and cells, kind by kind (table_cells.h). Source: pkg/printers/internalversion of Kubernetes 1.32.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "fakeapi/http/table.h"
#include "fakeapi/http/table_cells.h"

namespace podramp::fakeapi::rest {
namespace {

using nlohmann::json;

// The value at a JSON pointer, or null.
const json& at(const json& object, const char* pointer) {
  static const json kNull;
  const json::json_pointer path(pointer);
  return object.contains(path) ? object[path] : kNull;
}

std::string text(const json& object, const char* pointer, const char* otherwise = "") {
  const json& value = at(object, pointer);
  if (value.is_string()) return value.get<std::string>();
  return value.is_null() ? otherwise : value.dump();
}

std::int64_t number(const json& object, const char* pointer) {
  const json& value = at(object, pointer);
  return value.is_number() ? value.get<std::int64_t>() : 0;
}

std::string age_since(const std::string& date, const Scene& scene) {
  const auto then = parse_wall_time(date, scene.zero);
  return then ? human_duration(scene.now - *then) : "<unknown>";
}

std::string age(const json& object, const Scene& scene) {
  return age_since(text(object, "/metadata/creationTimestamp"), scene);
}

std::string joined(const json& list, const char* pointer) {
  std::vector<std::string> parts;
  for (const json& one : list) parts.push_back(text(one, pointer));
  return fmt::format("{}", fmt::join(parts, ","));
}

std::string pairs(const json& map) {
  std::vector<std::string> parts;
  for (const auto& [key, value] : map.items()) {
    parts.push_back(key + "=" + (value.is_string() ? value.get<std::string>() : value.dump()));
  }
  return parts.empty() ? "<none>" : fmt::format("{}", fmt::join(parts, ","));
}

// --- pods ------------------------------------------------------------------------------------------------------------

// printPod's word for how a pod does.
std::string pod_word(const json& pod) {
  std::string word = text(pod, "/status/reason", text(pod, "/status/phase", "Pending").c_str());
  for (const json& condition : at(pod, "/status/conditions")) {
    if (text(condition, "/type") == "PodScheduled" && text(condition, "/reason") == "SchedulingGated") {
      word = "SchedulingGated";
    }
  }
  bool running = false;
  const json& containers = at(pod, "/status/containerStatuses");
  for (std::size_t i = containers.size(); i-- > 0;) {
    const json& state = at(containers[i], "/state");
    if (std::string why = text(state, "/waiting/reason"); !why.empty()) {
      word = why;
    } else if (state.contains("terminated")) {
      why = text(state, "/terminated/reason");
      word = why.empty() ? fmt::format("ExitCode:{}", number(state, "/terminated/exitCode")) : why;
    } else if (containers[i].value("ready", false) && state.contains("running")) {
      running = true;
    }
  }
  if (word == "Completed" && running) word = "Running";
  const std::string phase = text(pod, "/status/phase");
  const bool ended = phase == "Succeeded" || phase == "Failed";
  if (!at(pod, "/metadata/deletionTimestamp").is_null() && !ended) {
    word = text(pod, "/status/reason") == "NodeLost" ? "Unknown" : "Terminating";
  }
  return word;
}

json pod_cells(const json& pod, const Scene& scene) {
  std::int64_t ready = 0;
  std::int64_t restarts = 0;
  for (const json& container : at(pod, "/status/containerStatuses")) {
    if (container.value("ready", false)) ++ready;
    restarts += number(container, "/restartCount");
  }
  return {text(pod, "/metadata/name"),
          fmt::format("{}/{}", ready, at(pod, "/spec/containers").size()),
          pod_word(pod),
          fmt::format("{}", restarts),
          age(pod, scene),
          text(pod, "/status/podIP", "<none>"),
          text(pod, "/spec/nodeName", "<none>"),
          text(pod, "/status/nominatedNodeName", "<none>"),
          "<none>"};
}

// --- nodes -----------------------------------------------------------------------------------------------------------

json node_cells(const json& node, const Scene& scene) {
  std::string status = "Unknown";
  for (const json& condition : at(node, "/status/conditions")) {
    if (text(condition, "/type") == "Ready") status = text(condition, "/status") == "True" ? "Ready" : "NotReady";
  }
  if (at(node, "/spec/unschedulable") == json(true)) status += ",SchedulingDisabled";
  std::vector<std::string> roles;
  for (const auto& [label, value] : at(node, "/metadata/labels").items()) {
    static constexpr std::string_view kRole = "node-role.kubernetes.io/";
    if (label.starts_with(kRole) && label.size() > kRole.size()) roles.push_back(label.substr(kRole.size()));
  }
  std::string address = "<none>";
  for (const json& one : at(node, "/status/addresses")) {
    if (text(one, "/type") == "InternalIP") address = text(one, "/address");
  }
  return {text(node, "/metadata/name"),
          status,
          roles.empty() ? "<none>" : fmt::format("{}", fmt::join(roles, ",")),
          age(node, scene),
          text(node, "/status/nodeInfo/kubeletVersion"),
          address,
          "<none>",
          text(node, "/status/nodeInfo/osImage"),
          text(node, "/status/nodeInfo/kernelVersion"),
          text(node, "/status/nodeInfo/containerRuntimeVersion")};
}

// --- sets ------------------------------------------------------------------------------------------------------------

// What all sets show with -o wide.
void add_template(json& cells, const json& set, bool selector) {
  const json& containers = at(set, "/spec/template/spec/containers");
  cells.push_back(joined(containers, "/name"));
  cells.push_back(joined(containers, "/image"));
  if (selector) cells.push_back(pairs(at(set, "/spec/selector/matchLabels")));
}

json set_cells(Kind kind, const json& set, const Scene& scene) {
  const std::string name = text(set, "/metadata/name");
  const auto of = [&](const char* field) { return number(set, field); };
  json cells;
  if (kind == Kind::stateful_set) {
    cells = {name, fmt::format("{}/{}", of("/status/readyReplicas"), of("/spec/replicas")), age(set, scene)};
  } else if (kind == Kind::deployment) {
    cells = {name, fmt::format("{}/{}", of("/status/readyReplicas"), of("/spec/replicas")),
             of("/status/updatedReplicas"), of("/status/availableReplicas"), age(set, scene)};
  } else if (kind == Kind::replica_set) {
    cells = {name, of("/spec/replicas"), of("/status/replicas"), of("/status/readyReplicas"), age(set, scene)};
  } else {
    cells = {name,
             of("/status/desiredNumberScheduled"),
             of("/status/currentNumberScheduled"),
             of("/status/numberReady"),
             of("/status/updatedNumberScheduled"),
             of("/status/numberAvailable"),
             pairs(at(set, "/spec/template/spec/nodeSelector")),
             age(set, scene)};
  }
  add_template(cells, set, kind != Kind::stateful_set);
  return cells;
}

// --- others ----------------------------------------------------------------------------------------------------------

json event_cells(const json& event, const Scene& scene) {
  std::string kind = text(event, "/involvedObject/kind");
  std::ranges::transform(kind, kind.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
  std::string source = text(event, "/source/component", text(event, "/reportingComponent").c_str());
  if (const std::string host = text(event, "/source/host"); !host.empty()) source += ", " + host;
  std::string last = text(event, "/lastTimestamp");
  if (last.empty()) last = text(event, "/eventTime");
  std::string first = text(event, "/firstTimestamp");
  if (first.empty()) first = last;
  return {age_since(last, scene),
          text(event, "/type"),
          text(event, "/reason"),
          fmt::format("{}/{}", kind, text(event, "/involvedObject/name")),
          text(event, "/involvedObject/fieldPath"),
          source,
          text(event, "/message"),
          age_since(first, scene),
          std::max<std::int64_t>(1, number(event, "/count")),
          text(event, "/metadata/name")};
}

std::string access_modes(const json& modes) {
  std::vector<std::string> letters;
  for (const json& mode : modes) {
    const std::string name = mode.is_string() ? mode.get<std::string>() : "";
    letters.push_back(name == "ReadWriteOnce"      ? "RWO"
                      : name == "ReadOnlyMany"     ? "ROX"
                      : name == "ReadWriteMany"    ? "RWX"
                      : name == "ReadWriteOncePod" ? "RWOP"
                                                   : name);
  }
  return fmt::format("{}", fmt::join(letters, ","));
}

json service_cells(const json& service, const Scene& scene) {
  std::vector<std::string> ports;
  for (const json& port : at(service, "/spec/ports")) {
    ports.push_back(fmt::format("{}/{}", text(port, "/port"), text(port, "/protocol", "TCP")));
  }
  return {text(service, "/metadata/name"),
          text(service, "/spec/type", "ClusterIP"),
          text(service, "/spec/clusterIP", "None"),
          "<none>",
          ports.empty() ? "<none>" : fmt::format("{}", fmt::join(ports, ",")),
          age(service, scene),
          pairs(at(service, "/spec/selector"))};
}

json quota_cells(const json& quota, const Scene& scene) {
  std::vector<std::string> requests;
  std::vector<std::string> limits;
  const json& used = at(quota, "/status/used");
  const json& hard = at(quota, "/status/hard").is_null() ? at(quota, "/spec/hard") : at(quota, "/status/hard");
  for (const auto& [name, amount] : hard.items()) {
    const std::string has = used.is_object() && used.contains(name) ? used[name].get<std::string>() : "0";
    const std::string most = amount.is_string() ? amount.get<std::string>() : amount.dump();
    (name.starts_with("limits") ? limits : requests).push_back(fmt::format("{}: {}/{}", name, has, most));
  }
  return {text(quota, "/metadata/name"), fmt::format("{}", fmt::join(requests, ", ")),
          fmt::format("{}", fmt::join(limits, ", ")), age(quota, scene)};
}

json binding_cells(const json& binding, const Scene& scene) {
  return {text(binding, "/metadata/name"),
          fmt::format("{}/{}", text(binding, "/roleRef/kind"), text(binding, "/roleRef/name")), age(binding, scene)};
}

json claim_cells(const json& claim, const Scene& scene) {
  const bool bound = text(claim, "/status/phase") == "Bound";
  return {text(claim, "/metadata/name"),
          text(claim, "/status/phase", "Pending"),
          text(claim, "/spec/volumeName", bound ? ("pvc-" + text(claim, "/metadata/uid")).c_str() : ""),
          text(claim, "/status/capacity/storage"),
          bound ? access_modes(at(claim, "/spec/accessModes")) : "",
          text(claim, "/spec/storageClassName"),
          "<unset>",
          age(claim, scene),
          text(claim, "/spec/volumeMode", "Filesystem")};
}

// --- columns ---------------------------------------------------------------------------------------------------------

const std::vector<Column> kPods{{"Name"},
                                {"Ready"},
                                {"Status"},
                                {"Restarts"},
                                {"Age"},
                                {"IP", "string", true},
                                {"Node", "string", true},
                                {"Nominated Node", "string", true},
                                {"Readiness Gates", "string", true}};
const std::vector<Column> kNodes{{"Name"},
                                 {"Status"},
                                 {"Roles"},
                                 {"Age"},
                                 {"Version"},
                                 {"Internal-IP", "string", true},
                                 {"External-IP", "string", true},
                                 {"OS-Image", "string", true},
                                 {"Kernel-Version", "string", true},
                                 {"Container-Runtime", "string", true}};
const std::vector<Column> kEvents{{"Last Seen"},
                                  {"Type"},
                                  {"Reason"},
                                  {"Object"},
                                  {"Subobject", "string", true},
                                  {"Source", "string", true},
                                  {"Message"},
                                  {"First Seen", "string", true},
                                  {"Count", "integer", true},
                                  {"Name", "string", true}};
const std::vector<Column> kSets{
    {"Name"}, {"Ready"}, {"Age"}, {"Containers", "string", true}, {"Images", "string", true}};
const std::vector<Column> kDeployments{{"Name"},
                                       {"Ready"},
                                       {"Up-to-date", "integer"},
                                       {"Available", "integer"},
                                       {"Age"},
                                       {"Containers", "string", true},
                                       {"Images", "string", true},
                                       {"Selector", "string", true}};
const std::vector<Column> kReplicaSets{
    {"Name"}, {"Desired", "integer"},         {"Current", "integer"},     {"Ready", "integer"},
    {"Age"},  {"Containers", "string", true}, {"Images", "string", true}, {"Selector", "string", true}};
const std::vector<Column> kDaemonSets{{"Name"},
                                      {"Desired", "integer"},
                                      {"Current", "integer"},
                                      {"Ready", "integer"},
                                      {"Up-to-date", "integer"},
                                      {"Available", "integer"},
                                      {"Node Selector"},
                                      {"Age"},
                                      {"Containers", "string", true},
                                      {"Images", "string", true},
                                      {"Selector", "string", true}};
const std::vector<Column> kServices{
    {"Name"}, {"Type"}, {"Cluster-IP"}, {"External-IP"}, {"Port(s)"}, {"Age"}, {"Selector", "string", true}};
const std::vector<Column> kClaims{{"Name"},
                                  {"Status"},
                                  {"Volume"},
                                  {"Capacity"},
                                  {"Access Modes"},
                                  {"StorageClass"},
                                  {"VolumeAttributesClass"},
                                  {"Age"},
                                  {"VolumeMode", "string", true}};
const std::vector<Column> kNamespaces{{"Name"}, {"Status"}, {"Age"}};
const std::vector<Column> kConfigMaps{{"Name"}, {"Data"}, {"Age"}};
const std::vector<Column> kSecrets{{"Name"}, {"Type"}, {"Data", "integer"}, {"Age"}};
const std::vector<Column> kQuotas{{"Name"}, {"Request"}, {"Limit"}, {"Age"}};
const std::vector<Column> kLeases{{"Name"}, {"Holder"}, {"Age"}};
const std::vector<Column> kPriorities{
    {"Name"}, {"Value", "integer"}, {"Global-Default", "boolean"}, {"Age"}, {"PreemptionPolicy"}};
const std::vector<Column> kClasses{
    {"Name"}, {"Provisioner"}, {"ReclaimPolicy"}, {"VolumeBindingMode"}, {"AllowVolumeExpansion", "boolean"}, {"Age"}};
const std::vector<Column> kBudgets{
    {"Name"}, {"Min Available"}, {"Max Unavailable"}, {"Allowed Disruptions", "integer"}, {"Age"}};
const std::vector<Column> kBindings{{"Name"}, {"Role"}, {"Age"}};
const std::vector<Column> kCreated{{"Name"}, {"Created At"}};
const std::vector<Column> kJobs{{"Name"}, {"Status"}, {"Completions"}, {"Duration"}, {"Age"}};
const std::vector<Column> kAny{{"Name"}, {"Age"}};

}  // namespace

const std::vector<Column>& columns_of(Kind kind) {
  switch (kind) {
    case Kind::pod: return kPods;
    case Kind::node: return kNodes;
    case Kind::event: return kEvents;
    case Kind::stateful_set: return kSets;
    case Kind::deployment: return kDeployments;
    case Kind::replica_set: return kReplicaSets;
    case Kind::daemon_set: return kDaemonSets;
    case Kind::service: return kServices;
    case Kind::persistent_volume_claim: return kClaims;
    case Kind::name_space: return kNamespaces;
    case Kind::config_map: return kConfigMaps;
    case Kind::secret: return kSecrets;
    case Kind::resource_quota: return kQuotas;
    case Kind::lease: return kLeases;
    case Kind::priority_class: return kPriorities;
    case Kind::storage_class: return kClasses;
    case Kind::pod_disruption_budget: return kBudgets;
    case Kind::job: return kJobs;
    case Kind::role_binding:
    case Kind::cluster_role_binding: return kBindings;
    case Kind::role:
    case Kind::cluster_role:
    case Kind::limit_range: return kCreated;
    default: return kAny;
  }
}

json cells_of(Kind kind, const json& object, const Scene& scene) {
  const std::string name = text(object, "/metadata/name");
  switch (kind) {
    case Kind::pod: return pod_cells(object, scene);
    case Kind::node: return node_cells(object, scene);
    case Kind::event: return event_cells(object, scene);
    case Kind::stateful_set:
    case Kind::deployment:
    case Kind::replica_set:
    case Kind::daemon_set: return set_cells(kind, object, scene);
    case Kind::service: return service_cells(object, scene);
    case Kind::persistent_volume_claim: return claim_cells(object, scene);
    case Kind::name_space: return {name, text(object, "/status/phase", "Active"), age(object, scene)};
    case Kind::config_map:
      return {name, at(object, "/data").size() + at(object, "/binaryData").size(), age(object, scene)};
    case Kind::secret: return {name, text(object, "/type", "Opaque"), at(object, "/data").size(), age(object, scene)};
    case Kind::resource_quota: return quota_cells(object, scene);
    case Kind::lease: return {name, text(object, "/spec/holderIdentity"), age(object, scene)};
    case Kind::priority_class:
      return {name, number(object, "/value"), at(object, "/globalDefault") == json(true), age(object, scene),
              text(object, "/preemptionPolicy", "PreemptLowerPriority")};
    case Kind::storage_class:
      return {name,
              text(object, "/provisioner"),
              text(object, "/reclaimPolicy", "Delete"),
              text(object, "/volumeBindingMode", "Immediate"),
              at(object, "/allowVolumeExpansion") == json(true),
              age(object, scene)};
    case Kind::pod_disruption_budget:
      return {name, text(object, "/spec/minAvailable", "N/A"), text(object, "/spec/maxUnavailable", "N/A"),
              number(object, "/status/disruptionsAllowed"), age(object, scene)};
    // Nobody runs jobs here: they stay as they were stored.
    case Kind::job:
      return {name, "Running",
              fmt::format("{}/{}", number(object, "/status/succeeded"), text(object, "/spec/completions", "1")), "",
              age(object, scene)};
    case Kind::role_binding:
    case Kind::cluster_role_binding: return binding_cells(object, scene);
    case Kind::role:
    case Kind::cluster_role:
    case Kind::limit_range: return {name, text(object, "/metadata/creationTimestamp")};
    default: return {name, age(object, scene)};
  }
}

}  // namespace podramp::fakeapi::rest
