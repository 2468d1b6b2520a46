// What goes into the fake cluster and what comes out of it, as values. The kernel (or an HTTP server) routes them.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "backend/port/api.h"
#include "backend/port/ids.h"
#include "backend/port/time.h"
#include "fakeapi/config.h"

namespace podramp::fakeapi {

using ClientId = std::uint32_t;  // who asks: a session's index; names are given to Cluster::add_client
using PodId = std::uint64_t;     // a stored pod, for ever; its uid is written from it (1, 2, 3, ...)
using PullId = std::uint64_t;

// A timer of one of the cluster's parts.
enum class Part : std::uint8_t {
  node_lifecycle,
  api_server,
  admission,
  watch_hub,
  scheduler,
  kubelet,
  image_pulls,
  deletion,
  faults,
  cluster,
  owner_gc,
  set_controllers,
  claims,
  background,
  admission_queues,
  autoscaler,
  image_gc,
  node_taints,
  node_pressure,
  node_shutdown,
  event_recorder,
  set_status,
  namespaces
};

// kind and the two arguments mean what the part says they mean.
struct ClusterTimer {
  Part part = Part::scheduler;
  std::uint8_t kind = 0;
  std::uint32_t index = 0;
  std::uint64_t arg = 0;
};

namespace to {  // messages to the cluster

struct Request {
  ClientId client = 0;
  CallId call;
  ApiRequest request;
  int attempt = 1;  // of the client's retries
};

struct ReleaseWatch {
  ClientId client = 0;
  CallId watch;
};

struct Timer {
  ClusterTimer timer;
};

// What to the world began as from::StartPull or from::SendReply has ended; not ok when its node went off.
struct PullEnded {
  PullId pull = 0;
  bool ok = true;
};

// The Spark process of a pod has ended by itself.
struct ProcessExited {
  PodId pod = 0;
  int exit_code = 0;
  bool oom = false;  // the kernel killed it for its memory (K64)
};

// What the world ran as from::HookStarted has ended while the process lives on.
struct HookEnded {
  PodId pod = 0;
};

// Timeline entries: the world acts on the cluster.
struct AddNodes {
  std::vector<std::uint32_t> nodes;  // indexes in ClusterConfig::nodes that join now
  friend bool operator==(const AddNodes&, const AddNodes&) = default;
};
struct NodesDown {
  std::vector<std::string> nodes;
  bool containers_run = false;  // true: a network partition; false: power is lost
  friend bool operator==(const NodesDown&, const NodesDown&) = default;
};
struct NodesUp {
  std::vector<std::string> nodes;
  friend bool operator==(const NodesUp&, const NodesUp&) = default;
};
struct DeleteNodes {  // the Node objects (K73, K74)
  std::vector<std::string> nodes;
  friend bool operator==(const DeleteNodes&, const DeleteNodes&) = default;
};
struct SetQuota {
  QuotaSpec quota;
  friend bool operator==(const SetQuota&, const SetQuota&) = default;
};
struct DeletePods {               // somebody's kubectl delete
  std::vector<std::string> pods;  // "namespace/name"
  std::optional<std::int64_t> grace_s;
  friend bool operator==(const DeletePods&, const DeletePods&) = default;
};

struct DeleteDaemonPods {  // likewise, of a DaemonSet's pods those on these nodes; their names are generated
  std::string daemon_set;  // "namespace/name"
  std::vector<std::string> nodes;
  std::optional<std::int64_t> grace_s;
  friend bool operator==(const DeleteDaemonPods&, const DeleteDaemonPods&) = default;
};

struct TaintNodes {  // kubectl taint (K72)
  std::vector<std::string> nodes;
  Taint taint;
  bool lift = false;  // take it away: by key, and by effect if there is one
  friend bool operator==(const TaintNodes&, const TaintNodes&) = default;
};
struct CordonNodes {
  std::vector<std::string> nodes;
  bool unschedulable = true;
  friend bool operator==(const CordonNodes&, const CordonNodes&) = default;
};
struct DrainNodes {  // kubectl drain: cordon, then evict (K78)
  std::vector<std::string> nodes;
  std::optional<std::int64_t> grace_s;  // absent: each pod's own
  friend bool operator==(const DrainNodes&, const DrainNodes&) = default;
};
struct ShutdownNodes {  // the operating systems are told to shut down; the power goes with NodesDown (K76)
  std::vector<std::string> nodes;
  friend bool operator==(const ShutdownNodes&, const ShutdownNodes&) = default;
};
struct NodePressure {  // too little is left on the nodes for so long (K65)
  std::vector<std::string> nodes;
  bool disk = false;        // false: memory
  DurationUs lasts_us = 0;  // 0: one pod less is enough
  friend bool operator==(const NodePressure&, const NodePressure&) = default;
};
struct OomKill {                  // the main processes of pods need more memory than their limit (K64)
  std::vector<std::string> pods;  // "namespace/name"
  friend bool operator==(const OomKill&, const OomKill&) = default;
};

}  // namespace to

using ToCluster = std::variant<to::Request, to::ReleaseWatch, to::Timer, to::PullEnded, to::ProcessExited,
                               to::HookEnded, to::AddNodes, to::NodesDown, to::NodesUp, to::DeleteNodes, to::SetQuota,
                               to::DeletePods, to::DeleteDaemonPods, to::TaintNodes, to::CordonNodes, to::DrainNodes,
                               to::ShutdownNodes, to::NodePressure, to::OomKill>;

namespace from {  // messages from the cluster

struct Reply {
  ClientId client = 0;
  CallId call;
  ApiReply reply;
};

struct WatchEvents {
  ClientId client = 0;
  CallId watch;
  std::vector<WatchEvent> events;
};

struct WatchClosed {
  ClientId client = 0;
  CallId watch;
  int code = 0;
  std::string reason;
};

// Give back to::Timer at the time of the message.
struct SetTimer {
  ClusterTimer timer;
};

// Move an image's bytes from a registry to a node; answer with to::PullEnded.
struct StartPull {
  PullId pull = 0;
  int registry = 0;
  std::uint32_t node = 0;  // index in ClusterConfig::nodes
  std::int64_t bytes = 0;
};
// Move the bytes of an answer through the API server's link; likewise. Ids are those of pulls.
struct SendReply {
  PullId reply = 0;
  std::int64_t bytes = 0;
};
struct CancelPull {  // or an answer
  PullId pull = 0;
};
struct NodePower {
  std::uint32_t node = 0;
  bool on = true;  // off fails its transfers
};

// The main process of a pod runs / has been told to stop and then is dead / is dead at once.
struct ProcessStarted {
  PodId pod = 0;
  PodPtr object;
};
struct ProcessStopped {
  PodId pod = 0;
  TimeUs kill_at = 0;  // when it is dead at the latest; said again when that comes sooner, if processes are real
};
// A preStop hook runs beside the main process, which is told to stop only afterwards; answer with to::HookEnded.
struct HookStarted {
  PodId pod = 0;
};

// The client's process is gone, in the middle of what it did.
struct ClientCrashed {
  ClientId client = 0;
};

}  // namespace from

using FromCluster = std::variant<from::Reply, from::WatchEvents, from::WatchClosed, from::SetTimer, from::StartPull,
                                 from::SendReply, from::CancelPull, from::NodePower, from::ProcessStarted,
                                 from::ProcessStopped, from::HookStarted, from::ClientCrashed>;

// One outgoing message: deliver at `at` (>= now); cause is the event it follows from.
struct Outgoing {
  TimeUs at = 0;
  Seq cause = 0;
  FromCluster message;
};

}  // namespace podramp::fakeapi
