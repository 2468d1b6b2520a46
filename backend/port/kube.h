// Pods, nodes, quantities and selectors, as plain values that both worlds exchange.
// A pod is an immutable PodTemplate shared by all executors of a profile plus a small part of its own (design 2).
// Every stored version of a pod is an immutable PodPtr: watch events, lists and snapshots share it.
// Not here: other kinds (manifest.h), requests and replies (api.h), JSON (the log's compact form is json_writer.h).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "backend/port/fields.h"
#include "backend/port/ids.h"
#include "backend/port/placement.h"
#include "backend/port/time.h"

namespace podramp {

// --- quantities ------------------------------------------------------------------------------------------------

// Kubernetes quantities: "500m", "2", "1.5" cpu -> thousandths; "1408Mi", "2G", "1e9", "128974848" -> bytes.
// Fractions of the result round up, as the API machinery does. Negative values and unknown suffixes are errors.
Result<std::int64_t> parse_cpu_milli(std::string_view text);
Result<std::int64_t> parse_bytes(std::string_view text);
Result<std::int64_t> parse_count(std::string_view text);  // whole numbers with k, M, Ki... suffixes
// Canonical text as the real server prints it: 1500 -> "1500m", 2000 -> "2"; 1476395008 -> "1408Mi".
std::string format_cpu_milli(std::int64_t milli);
std::string format_bytes(std::int64_t bytes);

// Amounts by resource. An absent entry is "not set", which is not zero (K40).
struct Resources {
  std::optional<std::int64_t> cpu_milli;
  std::optional<std::int64_t> memory_bytes;
  std::map<std::string, std::int64_t> other;  // "nvidia.com/gpu", "ephemeral-storage"
  static void fields(auto& visit, auto& self) {
    visit("cpu_m", self.cpu_milli);
    visit("memory", self.memory_bytes);
    visit("other", self.other);
  }
  friend bool operator==(const Resources&, const Resources&) = default;
};

// `extra_json` below is one JSON object with the fields that we do not model, word for word; "" when there are none.
// Of a whole object it holds them at their places: {"metadata":{...},"spec":{"affinity":...}}.

// --- pod: the shared, immutable part ---------------------------------------------------------------------------

struct EnvVar {
  std::string name;
  std::string value;
  std::string field_path;   // valueFrom.fieldRef, instead of value
  std::string secret_name;  // valueFrom.secretKeyRef, instead of value; the secret's value never enters the core
  std::string secret_key;
  std::string extra_json{};  // valueFrom of another kind, instead of value
  static void fields(auto& visit, auto& self) {
    visit("name", self.name);
    visit("value", self.value);
    visit("field_path", self.field_path);
    visit("secret_name", self.secret_name);
    visit("secret_key", self.secret_key);
    visit("extra_json", self.extra_json);
  }
  friend bool operator==(const EnvVar&, const EnvVar&) = default;
};

struct ContainerPort {
  std::string name;
  int port = 0;
  std::string extra_json{};  // protocol, hostPort, ...
  static void fields(auto& visit, auto& self) {
    visit("name", self.name);
    visit("port", self.port);
    visit("extra_json", self.extra_json);
  }
  friend bool operator==(const ContainerPort&, const ContainerPort&) = default;
};

struct VolumeMount {
  std::string name;
  std::string path;
  std::string sub_path;
  bool read_only = false;
  std::string sub_path_expr{};
  std::string extra_json{};  // mountPropagation, ...
  static void fields(auto& visit, auto& self) {
    visit("name", self.name);
    visit("path", self.path);
    visit("sub_path", self.sub_path);
    visit("read_only", self.read_only);
    visit("sub_path_expr", self.sub_path_expr);
    visit("extra_json", self.extra_json);
  }
  friend bool operator==(const VolumeMount&, const VolumeMount&) = default;
};

struct Volume {
  std::string name;
  std::string type;          // "emptyDir", "hostPath", "persistentVolumeClaim", "nfs", "configMap", "secret"
  std::string source;        // claim name, config map, secret, path or nfs server:path
  StringMap options;         // medium, sizeLimit, readOnly, ...
  std::string extra_json{};  // what of the volume is in none of these; for other types the whole source
  static void fields(auto& visit, auto& self) {
    visit("name", self.name);
    visit("type", self.type);
    visit("source", self.source);
    visit("options", self.options);
    visit("extra_json", self.extra_json);
  }
  friend bool operator==(const Volume&, const Volume&) = default;
};

// What resizing a resource in place does to the container.
struct ResizePolicy {
  std::string resource;  // "cpu", "memory"
  std::string restart;   // "NotRequired", "RestartContainer"
  static void fields(auto& visit, auto& self) {
    visit("resource", self.resource);
    visit("restart", self.restart);
  }
  friend bool operator==(const ResizePolicy&, const ResizePolicy&) = default;
};

struct Container {
  std::string name;
  std::string image;
  std::string image_pull_policy;  // "Always", "IfNotPresent", "Never", or "" (server decides, K60)
  std::vector<std::string> command;
  std::vector<std::string> args;
  std::vector<EnvVar> env;
  std::vector<ContainerPort> ports;
  std::vector<VolumeMount> mounts;
  Resources requests;
  Resources limits;
  std::vector<std::string> pre_stop_exec;
  std::vector<ResizePolicy> resize_policy{};
  std::string extra_json{};  // fields of the container that we do not model: probes, securityContext, ...
  static void fields(auto& visit, auto& self) {
    visit("name", self.name);
    visit("image", self.image);
    visit("image_pull_policy", self.image_pull_policy);
    visit("command", self.command);
    visit("args", self.args);
    visit("env", self.env);
    visit("ports", self.ports);
    visit("mounts", self.mounts);
    visit("requests", self.requests);
    visit("limits", self.limits);
    visit("pre_stop_exec", self.pre_stop_exec);
    visit("resize_policy", self.resize_policy);
    visit("extra_json", self.extra_json);
  }
  friend bool operator==(const Container&, const Container&) = default;
};

struct Toleration {
  std::string key;  // "" with op Exists tolerates everything
  std::string op;   // "Equal" or "Exists"; "" is Equal
  std::string value;
  std::string effect;                   // "" is every effect
  std::optional<std::int64_t> seconds;  // for NoExecute; absent is for ever
  static void fields(auto& visit, auto& self) {
    visit("key", self.key);
    visit("op", self.op);
    visit("value", self.value);
    visit("effect", self.effect);
    visit("seconds", self.seconds);
  }
  friend bool operator==(const Toleration&, const Toleration&) = default;
};

struct OwnerReference {
  std::string kind;
  std::string name;
  std::string uid;
  bool controller = false;
  std::string extra_json{};  // apiVersion, blockOwnerDeletion
  static void fields(auto& visit, auto& self) {
    visit("kind", self.kind);
    visit("name", self.name);
    visit("uid", self.uid);
    visit("controller", self.controller);
    visit("extra_json", self.extra_json);
  }
  friend bool operator==(const OwnerReference&, const OwnerReference&) = default;
};

struct PodTemplate {
  StringMap labels;
  StringMap annotations;
  std::vector<OwnerReference> owners;
  std::vector<Container> init_containers;
  std::vector<Container> containers;  // sidecars first: Spark appends its own container (02 6.3)
  std::string restart_policy;         // "Always", "Never", "OnFailure"; "" is Always
  StringMap node_selector;
  std::vector<Toleration> tolerations;
  std::string scheduler_name;  // "" is default-scheduler
  std::string service_account;
  std::string priority_class;
  std::vector<std::string> image_pull_secrets;
  std::vector<Volume> volumes;
  std::optional<std::int64_t> termination_grace_s;  // absent is 30 (K27)
  std::string extra_json;                           // securityContext, ...
  Placement placement{};                            // affinity, topology spread, scheduling gates
  std::optional<std::int64_t> priority{};           // as admission resolves the class; absent is 0
  std::string preemption_policy{};                  // "Never"; "" is PreemptLowerPriority
  static void fields(auto& visit, auto& self) {
    visit("labels", self.labels);
    visit("annotations", self.annotations);
    visit("owners", self.owners);
    visit("init_containers", self.init_containers);
    visit("containers", self.containers);
    visit("restart_policy", self.restart_policy);
    visit("node_selector", self.node_selector);
    visit("tolerations", self.tolerations);
    visit("scheduler_name", self.scheduler_name);
    visit("service_account", self.service_account);
    visit("priority_class", self.priority_class);
    visit("image_pull_secrets", self.image_pull_secrets);
    visit("volumes", self.volumes);
    visit("termination_grace_s", self.termination_grace_s);
    visit("extra_json", self.extra_json);
    visit("placement", self.placement);
    visit("priority", self.priority);
    visit("preemption_policy", self.preemption_policy);
  }
  friend bool operator==(const PodTemplate&, const PodTemplate&) = default;
};

// A template together with the hash of its contents, by which the log names it. Make one only with share().
struct SharedTemplate : PodTemplate {
  std::uint64_t hash = 0;
};
using TemplatePtr = std::shared_ptr<const SharedTemplate>;
TemplatePtr share(PodTemplate tmpl);

// Sum over containers of requests (or limits) as the scheduler and quota see them; a limit without a request
// counts as the request. Init containers contribute their maximum (K39).
Resources pod_requests(const PodTemplate& tmpl);
Resources pod_limits(const PodTemplate& tmpl);
// The container that a resize is about: "spark-kubernetes-executor", else the first (02 4.5). Index in containers.
std::size_t spark_container_index(const PodTemplate& tmpl);

// --- pod: its own part -----------------------------------------------------------------------------------------

enum class PodPhase : std::uint8_t { pending, running, succeeded, failed, unknown };
template <>
struct EnumText<PodPhase> {
  static constexpr std::array<std::string_view, 5> names{"Pending", "Running", "Succeeded", "Failed", "Unknown"};
};

enum class Truth : std::uint8_t { no, yes, unknown };
template <>
struct EnumText<Truth> {
  static constexpr std::array<std::string_view, 3> names{"False", "True", "Unknown"};
};

struct Condition {
  std::string type;  // "PodScheduled", "Ready", "DisruptionTarget"; for nodes "Ready", "MemoryPressure"
  Truth status = Truth::no;
  std::string reason;
  std::string message;
  TimeUs since_us = 0;
  static void fields(auto& visit, auto& self) {
    visit("type", self.type);
    visit("status", self.status);
    visit("reason", self.reason);
    visit("message", self.message);
    visit("since_us", self.since_us);
  }
  friend bool operator==(const Condition&, const Condition&) = default;
};

enum class ContainerStateKind : std::uint8_t { waiting, running, terminated };
template <>
struct EnumText<ContainerStateKind> {
  static constexpr std::array<std::string_view, 3> names{"waiting", "running", "terminated"};
};

struct ContainerStatus {
  std::string name;
  ContainerStateKind state = ContainerStateKind::waiting;
  std::string reason;  // "ContainerCreating", "ErrImagePull", "OOMKilled", "Error", "Completed" (K66)
  std::string message;
  int exit_code = 0;  // when terminated
  static void fields(auto& visit, auto& self) {
    visit("name", self.name);
    visit("state", self.state);
    visit("reason", self.reason);
    visit("message", self.message);
    visit("exit_code", self.exit_code);
  }
  friend bool operator==(const ContainerStatus&, const ContainerStatus&) = default;
};

struct Pod {
  std::string name;
  std::string generate_name;  // the server appends five characters when name is empty (K5)
  std::string ns;
  std::string uid;  // "" until the server has stored it
  std::uint64_t resource_version = 0;
  TemplatePtr tmpl;      // never null once built
  StringMap own_labels;  // this pod's labels that are not the template's; win over them
  StringMap own_annotations;
  std::vector<EnvVar> own_env;           // appended to the Spark container's env
  std::vector<Volume> own_volumes = {};  // instead of the template's volumes of the same name: its own claims
  std::string hostname;
  TimeUs created_us = 0;              // whole second (K3)
  std::optional<TimeUs> deletion_us;  // deletionTimestamp = request + grace, whole second (K29)
  std::optional<std::int64_t> deletion_grace_s;
  PodPhase phase = PodPhase::pending;
  std::string reason;  // status.reason: "Evicted", "NodeLost", "OutOfcpu"
  std::string message;
  std::string node;  // spec.nodeName, "" while unscheduled
  std::string pod_ip;
  std::vector<Condition> conditions;
  std::vector<ContainerStatus> containers;
  std::string affinity_node = {};       // spec.affinity demands the node of this name (matchFields): a DaemonSet's pods
  std::vector<std::string> gates = {};  // spec.schedulingGates that are left; the template's are those at its creation
  std::string nominated_node = {};      // status.nominatedNodeName (K55)

  static void fields(auto& visit, auto& self) {
    visit("name", self.name);
    visit("generate_name", self.generate_name);
    visit("ns", self.ns);
    visit("uid", self.uid);
    visit("rv", self.resource_version);
    visit("template", self.tmpl);
    visit("labels", self.own_labels);
    visit("annotations", self.own_annotations);
    visit("env", self.own_env);
    visit("own_volumes", self.own_volumes);
    visit("hostname", self.hostname);
    visit("created_us", self.created_us);
    visit("deletion_us", self.deletion_us);
    visit("deletion_grace_s", self.deletion_grace_s);
    visit("phase", self.phase);
    visit("reason", self.reason);
    visit("message", self.message);
    visit("node", self.node);
    visit("pod_ip", self.pod_ip);
    visit("conditions", self.conditions);
    visit("containers", self.containers);
    visit("affinity_node", self.affinity_node);
    visit("gates", self.gates);
    visit("nominated_node", self.nominated_node);
  }

  // The value of a label (own first, then template), or nullptr.
  const std::string* label(std::string_view key) const;
  const Condition* condition(std::string_view type) const;
  bool is_ready() const;
  // The names of the PersistentVolumeClaims that its volumes use, in the order of the template's volumes.
  std::vector<std::string> claim_names() const;
};
bool operator==(const Pod& a, const Pod& b);  // compares templates by content
using PodPtr = std::shared_ptr<const Pod>;

inline constexpr std::int64_t kDefaultGraceS = 30;  // K27
std::int64_t grace_s(const Pod& pod);               // spec.terminationGracePeriodSeconds or the default

// --- selectors -------------------------------------------------------------------------------------------------

// Label selectors (placement.h): "a=b,c!=d,e in (f,g),h notin (i),j,!k" and back.
Result<LabelSelector> parse_label_selector(std::string_view text);
std::string to_string(const LabelSelector& selector);

// Field selectors: =, == and != joined by commas. Known pod fields: metadata.name, metadata.namespace,
// spec.nodeName, spec.restartPolicy, spec.schedulerName, spec.serviceAccountName, status.phase, status.podIP (K24).
struct FieldTerm {
  std::string field;
  std::string value;
  bool equal = true;
  friend bool operator==(const FieldTerm&, const FieldTerm&) = default;
};
struct FieldSelector {
  std::vector<FieldTerm> all;
  bool matches(const Pod& pod) const;
  friend bool operator==(const FieldSelector&, const FieldSelector&) = default;
};
Result<FieldSelector> parse_field_selector(std::string_view text);  // an unknown field is an error (K24)
Result<FieldSelector> parse_field_terms(std::string_view text);     // of any kind: the server knows its fields
std::string to_string(const FieldSelector& selector);

// --- nodes -----------------------------------------------------------------------------------------------------

struct Taint {
  std::string key;
  std::string value;
  std::string effect;  // "NoSchedule", "PreferNoSchedule", "NoExecute"
  static void fields(auto& visit, auto& self) {
    visit("key", self.key);
    visit("value", self.value);
    visit("effect", self.effect);
  }
  friend bool operator==(const Taint&, const Taint&) = default;
};
bool tolerates(const std::vector<Toleration>& tolerations, const Taint& taint);

struct Node {
  std::string name;
  std::uint64_t resource_version = 0;
  StringMap labels;
  std::vector<Taint> taints;
  bool unschedulable = false;  // cordoned
  Resources allocatable;
  std::int64_t pods_max = 110;      // K57, K62
  std::vector<std::string> images;  // present at start
  Truth ready = Truth::yes;
  TimeUs created_us = 0;
  std::string extra_json{};  // {"metadata":{"annotations":...},"status":{"addresses":...}}
  static void fields(auto& visit, auto& self) {
    visit("name", self.name);
    visit("rv", self.resource_version);
    visit("labels", self.labels);
    visit("taints", self.taints);
    visit("unschedulable", self.unschedulable);
    visit("allocatable", self.allocatable);
    visit("pods_max", self.pods_max);
    visit("images", self.images);
    visit("ready", self.ready);
    visit("created_us", self.created_us);
    visit("extra_json", self.extra_json);
  }
  friend bool operator==(const Node&, const Node&) = default;
};

inline constexpr std::string_view kZoneLabel = "topology.kubernetes.io/zone";
std::string node_zone(const Node& node);  // "" when unlabelled

}  // namespace podramp
