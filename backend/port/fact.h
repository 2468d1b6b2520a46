// Ground truth of the fake cluster, as events. ClusterState changes only by applying these, in order, so folding a
// log's facts rebuilds the cluster at any event. Pods are named "namespace/name"; rv is the object's new version.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "backend/port/api.h"
#include "backend/port/api_fact.h"
#include "backend/port/autoscaler_fact.h"
#include "backend/port/image_fact.h"

namespace podramp::fact {

using Usage = std::map<std::string, std::int64_t>;  // quota resource ("pods", "requests.cpu" in milli, bytes) -> amount

// --- nodes -----------------------------------------------------------------------------------------------------

struct NodeAdded {
  static constexpr std::string_view kType = "fact.node_added";
  Node node;
  static void fields(auto& visit, auto& self) { visit("node", self.node); }
};

// The node's kubelet stops talking to the API server. containers_run: a partition, they go on; else they are dead.
struct NodeSilent {
  static constexpr std::string_view kType = "fact.node_silent";
  std::string node;
  bool containers_run = false;
  static void fields(auto& visit, auto& self) {
    visit("node", self.node);
    visit("containers_run", self.containers_run);
  }
};

// The kubelet talks again (K75).
struct NodeReturned {
  static constexpr std::string_view kType = "fact.node_returned";
  std::string node;
  static void fields(auto& visit, auto& self) { visit("node", self.node); }
};

// The node's Ready condition as the API server shows it (K68).
struct NodeReadyChanged {
  static constexpr std::string_view kType = "fact.node_ready_changed";
  std::string node;
  std::uint64_t rv = 0;
  Truth ready = Truth::yes;
  static void fields(auto& visit, auto& self) {
    visit("node", self.node);
    visit("rv", self.rv);
    visit("ready", self.ready);
  }
};

// The node's whole list of taints after a change (K69, K70, K75).
struct NodeTainted {
  static constexpr std::string_view kType = "fact.node_tainted";
  std::string node;
  std::uint64_t rv = 0;
  std::vector<Taint> taints;
  static void fields(auto& visit, auto& self) {
    visit("node", self.node);
    visit("rv", self.rv);
    visit("taints", self.taints);
  }
};

// kubectl cordon, or its opposite: spec.unschedulable (K78).
struct NodeCordoned {
  static constexpr std::string_view kType = "fact.node_cordoned";
  std::string node;
  std::uint64_t rv = 0;
  bool unschedulable = false;
  static void fields(auto& visit, auto& self) {
    visit("node", self.node);
    visit("rv", self.rv);
    visit("unschedulable", self.unschedulable);
  }
};

// The kubelet says that its node is short of something, or no longer (K65).
struct NodePressureChanged {
  static constexpr std::string_view kType = "fact.node_pressure_changed";
  std::string node;
  std::uint64_t rv = 0;
  std::string condition;  // "MemoryPressure", "DiskPressure"
  bool pressed = false;
  static void fields(auto& visit, auto& self) {
    visit("node", self.node);
    visit("rv", self.rv);
    visit("condition", self.condition);
    visit("pressed", self.pressed);
  }
};

// Somebody changed what is not said by another fact: labels, annotations, fields that are not modelled.
struct NodeEdited {
  static constexpr std::string_view kType = "fact.node_edited";
  std::string node;
  std::uint64_t rv = 0;
  Node object;  // the whole new version
  static void fields(auto& visit, auto& self) {
    visit("node", self.node);
    visit("rv", self.rv);
    visit("object", self.object);
  }
};

// The Node object is deleted (K73, K74).
struct NodeGone {
  static constexpr std::string_view kType = "fact.node_gone";
  std::string node;
  std::uint64_t rv = 0;
  static void fields(auto& visit, auto& self) {
    visit("node", self.node);
    visit("rv", self.rv);
  }
};

// --- pods ------------------------------------------------------------------------------------------------------

struct PodCreated {
  static constexpr std::string_view kType = "fact.pod_created";
  PodPtr pod;  // as stored: uid, rv, creation time, defaults
  static void fields(auto& visit, auto& self) { visit("pod", self.pod); }
};

struct PodBound {
  static constexpr std::string_view kType = "fact.pod_bound";
  std::string pod;
  std::uint64_t rv = 0;
  std::string node;
  static void fields(auto& visit, auto& self) {
    visit("pod", self.pod);
    visit("rv", self.rv);
    visit("node", self.node);
  }
};

// PodScheduled=False, reason Unschedulable (K53), and the node that preemption makes room on for it (K55).
struct PodUnschedulable {
  static constexpr std::string_view kType = "fact.pod_unschedulable";
  std::string pod;
  std::uint64_t rv = 0;
  std::string message;
  std::string nominated_node{};
  static void fields(auto& visit, auto& self) {
    visit("pod", self.pod);
    visit("rv", self.rv);
    visit("message", self.message);
    visit("nominated_node", self.nominated_node);
  }
};

// Some of its scheduling gates are removed; without any, the scheduler looks at it.
struct PodUngated {
  static constexpr std::string_view kType = "fact.pod_ungated";
  std::string pod;
  std::uint64_t rv = 0;
  std::vector<std::string> left;
  static void fields(auto& visit, auto& self) {
    visit("pod", self.pod);
    visit("rv", self.rv);
    visit("left", self.left);
  }
};

// Its containers wait: ContainerCreating, ErrImagePull, ImagePullBackOff (K66). Phase stays Pending.
struct PodWaiting {
  static constexpr std::string_view kType = "fact.pod_waiting";
  std::string pod;
  std::uint64_t rv = 0;
  std::string reason;
  std::string message;
  static void fields(auto& visit, auto& self) {
    visit("pod", self.pod);
    visit("rv", self.rv);
    visit("reason", self.reason);
    visit("message", self.message);
  }
};

struct PodRunning {
  static constexpr std::string_view kType = "fact.pod_running";
  std::string pod;
  std::uint64_t rv = 0;
  std::string pod_ip;
  static void fields(auto& visit, auto& self) {
    visit("pod", self.pod);
    visit("rv", self.rv);
    visit("pod_ip", self.pod_ip);
  }
};

// Its containers have terminated, or it never started on the node (K59: no container status then).
struct PodFinished {
  static constexpr std::string_view kType = "fact.pod_finished";
  std::string pod;
  std::uint64_t rv = 0;
  PodPhase phase = PodPhase::failed;  // succeeded or failed
  int exit_code = 0;                  // of every container that was not terminated yet
  std::string container_reason;       // "Completed", "Error", "OOMKilled"
  std::string reason;                 // pod level: "Evicted", "OutOfcpu", "" mostly
  std::string message;
  static void fields(auto& visit, auto& self) {
    visit("pod", self.pod);
    visit("rv", self.rv);
    visit("phase", self.phase);
    visit("exit_code", self.exit_code);
    visit("container_reason", self.container_reason);
    visit("reason", self.reason);
    visit("message", self.message);
  }
};

// One condition of a pod changes: Ready=False when its node is Unknown (K69), DisruptionTarget (K71, K73).
struct PodConditionSet {
  static constexpr std::string_view kType = "fact.pod_condition_set";
  std::string pod;
  std::uint64_t rv = 0;
  Condition condition;
  static void fields(auto& visit, auto& self) {
    visit("pod", self.pod);
    visit("rv", self.rv);
    visit("condition", self.condition);
  }
};

// Somebody patched its labels, annotations or both.
struct PodLabelled {
  static constexpr std::string_view kType = "fact.pod_labelled";
  std::string pod;
  std::uint64_t rv = 0;
  StringMap labels;
  StringMap annotations{};
  static void fields(auto& visit, auto& self) {
    visit("pod", self.pod);
    visit("rv", self.rv);
    visit("labels", self.labels);
    visit("annotations", self.annotations);
  }
};

// Subresource resize: the Spark container's memory request and limit become this (02 4.5).
struct PodResized {
  static constexpr std::string_view kType = "fact.pod_resized";
  std::string pod;
  std::uint64_t rv = 0;
  std::int64_t memory_bytes = 0;
  static void fields(auto& visit, auto& self) {
    visit("pod", self.pod);
    visit("rv", self.rv);
    visit("memory_bytes", self.memory_bytes);
  }
};

// An update of the object, or a patch of more than its labels and annotations. Where it runs and how far it has come
// does not change by this.
struct PodEdited {
  static constexpr std::string_view kType = "fact.pod_edited";
  std::string pod;
  std::uint64_t rv = 0;
  PodPtr object;  // the whole new version
  static void fields(auto& visit, auto& self) {
    visit("pod", self.pod);
    visit("rv", self.rv);
    visit("object", self.object);
  }
};

// Its containers have ended and will be started again in place (K63): the phase stays Running.
struct ContainerExited {
  static constexpr std::string_view kType = "fact.container_exited";
  std::string pod;
  std::uint64_t rv = 0;
  int exit_code = 0;
  std::string reason;  // "Completed", "Error", "OOMKilled"
  static void fields(auto& visit, auto& self) {
    visit("pod", self.pod);
    visit("rv", self.rv);
    visit("exit_code", self.exit_code);
    visit("reason", self.reason);
  }
};

// A graceful DELETE was accepted (K29), or a later one shortened it (K30).
struct PodTerminating {
  static constexpr std::string_view kType = "fact.pod_terminating";
  std::string pod;
  std::uint64_t rv = 0;
  TimeUs deletion_us = 0;
  std::int64_t grace_s = 0;
  std::string why;  // "api", "eviction", "preemption", "gc"
  static void fields(auto& visit, auto& self) {
    visit("pod", self.pod);
    visit("rv", self.rv);
    visit("deletion_us", self.deletion_us);
    visit("grace_s", self.grace_s);
    visit("why", self.why);
  }
};

// The first of the two writes that remove a pod: no grace is left. Watchers see MODIFIED; PodGone follows (K28).
struct PodGraceOver {
  static constexpr std::string_view kType = "fact.pod_grace_over";
  std::string pod;
  std::uint64_t rv = 0;
  TimeUs deletion_us = 0;
  static void fields(auto& visit, auto& self) {
    visit("pod", self.pod);
    visit("rv", self.rv);
    visit("deletion_us", self.deletion_us);
  }
};

// The object is removed; watchers see DELETED with this rv (K26).
struct PodGone {
  static constexpr std::string_view kType = "fact.pod_gone";
  std::string pod;
  std::uint64_t rv = 0;
  std::string why;
  static void fields(auto& visit, auto& self) {
    visit("pod", self.pod);
    visit("rv", self.rv);
    visit("why", self.why);
  }
};

// --- other kinds (manifest.h) --------------------------------------------------------------------------------------

struct ObjectCreated {
  static constexpr std::string_view kType = "fact.object_created";
  ManifestPtr object;  // as stored: uid, rv, creation time
  static void fields(auto& visit, auto& self) { visit("object", self.object); }
};

// The object's whole new version: a patch, a claim that is bound, a set that is scaled.
struct ObjectChanged {
  static constexpr std::string_view kType = "fact.object_changed";
  ManifestPtr object;
  static void fields(auto& visit, auto& self) { visit("object", self.object); }
};

struct ObjectGone {
  static constexpr std::string_view kType = "fact.object_gone";
  Kind kind = Kind::config_map;
  std::string object;  // "namespace/name"
  std::uint64_t rv = 0;
  std::string why;  // "api", "gc"
  static void fields(auto& visit, auto& self) {
    visit("kind", self.kind);
    visit("object", self.object);
    visit("rv", self.rv);
    visit("why", self.why);
  }
};

// --- quota and the API -----------------------------------------------------------------------------------------

// A ResourceQuota is created or its hard limits change (K43). Named "namespace/name".
struct QuotaSet {
  static constexpr std::string_view kType = "fact.quota_set";
  std::string quota;
  Usage hard;
  static void fields(auto& visit, auto& self) {
    visit("quota", self.quota);
    visit("hard", self.hard);
  }
};

// Admission charged a pod; used is status.used afterwards (K2, K36).
struct QuotaCharged {
  static constexpr std::string_view kType = "fact.quota_charged";
  std::string quota;
  std::string pod;
  Usage used;
  static void fields(auto& visit, auto& self) {
    visit("quota", self.quota);
    visit("pod", self.pod);
    visit("used", self.used);
  }
};

// The quota controller counted again (K42).
struct QuotaRecounted {
  static constexpr std::string_view kType = "fact.quota_recounted";
  std::string quota;
  Usage used;
  static void fields(auto& visit, auto& self) {
    visit("quota", self.quota);
    visit("used", self.used);
  }
};

}  // namespace podramp::fact

namespace podramp {

using Fact =
    std::variant<fact::NodeAdded, fact::NodeSilent, fact::NodeReturned, fact::NodeReadyChanged, fact::NodeTainted,
                 fact::NodeGone, fact::PodCreated, fact::PodBound, fact::PodUnschedulable, fact::PodUngated,
                 fact::PodWaiting, fact::PodRunning, fact::PodFinished, fact::PodConditionSet, fact::PodLabelled,
                 fact::PodResized, fact::ContainerExited, fact::PodTerminating, fact::PodGraceOver, fact::PodGone,
                 fact::ObjectCreated, fact::ObjectChanged, fact::ObjectGone, fact::PullStarted, fact::PullFinished,
                 fact::PullFailed, fact::QuotaSet, fact::QuotaCharged, fact::QuotaRecounted, fact::RequestRefused,
                 fact::RequestQueued, fact::SeatsMoved, fact::HistoryTrimmed, fact::ScaleUp, fact::ScaleUpFailed,
                 fact::ScaleUpRefused, fact::MachineLaunched, fact::MachineReady, fact::MachineGone,
                 fact::ScaleDownBlocked, fact::ScaleDown, fact::ImageRemoved, fact::NodeCordoned,
                 fact::NodePressureChanged, fact::NodeEdited, fact::PodEdited>;

namespace fault {

// A named fault point did something to one request, watch or transfer (fakeapi/faults.h).
struct Fired {
  static constexpr std::string_view kType = "fault.fired";
  std::string point;
  std::string target;
  static void fields(auto& visit, auto& self) {
    visit("point", self.point);
    visit("target", self.target);
  }
};

struct WindowOpened {
  static constexpr std::string_view kType = "fault.window_opened";
  std::string point;
  static void fields(auto& visit, auto& self) { visit("point", self.point); }
};

struct WindowClosed {
  static constexpr std::string_view kType = "fault.window_closed";
  std::string point;
  static void fields(auto& visit, auto& self) { visit("point", self.point); }
};

}  // namespace fault

namespace check {

// A property does not hold. The first one ends the run.
struct Failed {
  static constexpr std::string_view kType = "check.failed";
  std::string property;
  std::string detail;
  static void fields(auto& visit, auto& self) {
    visit("property", self.property);
    visit("detail", self.detail);
  }
};

// First time that a "sometimes" property was seen.
struct Seen {
  static constexpr std::string_view kType = "check.seen";
  std::string property;
  static void fields(auto& visit, auto& self) { visit("property", self.property); }
};

}  // namespace check

namespace note {

// Words for people; readers may ignore them.
struct Text {
  static constexpr std::string_view kType = "note.text";
  std::string text;
  static void fields(auto& visit, auto& self) { visit("text", self.text); }
};

}  // namespace note

namespace run {

// Somebody outside of the run (kubectl, a client library) asks the served cluster for something. by: who, as its
// faults and latencies name it.
struct Requested {
  static constexpr std::string_view kType = "run.requested";
  std::string user;  // as the server knows it
  CallId call;
  ApiRequest request;
  static void fields(auto& visit, auto& self) {
    visit("user", self.user);
    visit("call", self.call);
    visit("request", self.request);
  }
};

// Hash of the folded facts so far; rung 3 of the replay ladder (design 2.4).
struct Checkpoint {
  static constexpr std::string_view kType = "run.checkpoint";
  std::string world;
  static void fields(auto& visit, auto& self) { visit("world", self.world); }
};

}  // namespace run
}  // namespace podramp
