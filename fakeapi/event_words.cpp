// Which fact makes which event, in the words of the real components (kubelet, scheduler, node controller, taint
// eviction controller, cluster autoscaler, set controllers). Part of EventRecorder; sources: docs/behaviour.md,
// "Events".
#include <fmt/format.h>

#include <algorithm>
#include <type_traits>

#include "backend/port/json_writer.h"
#include "fakeapi/event_recorder.h"

namespace podramp::fakeapi {
namespace {

EventNote about(const Pod& pod) {
  EventNote note;
  note.ns = pod.ns;
  note.name = pod.name;
  note.uid = pod.uid;
  return note;
}

EventNote about_node(const std::string& node) {
  EventNote note;
  note.kind = "Node";
  note.name = node;
  note.uid = node;  // as the real components do it
  return note;
}

EventNote of_kubelet(EventNote note, const std::string& node) {
  note.component = "kubelet";
  note.host = node;
  return note;
}

EventNote of_container(EventNote note, std::string_view container) {
  note.field_path = fmt::format("spec.containers{{{}}}", container);
  return note;
}

// As Go prints a duration of whole milliseconds.
std::string go_milliseconds(DurationUs t) {
  const std::int64_t ms = t / 1000;
  if (ms < 1000) return fmt::format("{}ms", ms);
  std::string text = fmt::format("{}.{:03}", ms / 1000, ms % 1000);
  while (text.ends_with('0')) text.pop_back();
  if (text.ends_with('.')) text.pop_back();
  return text + "s";
}

// The set that made it, null when none did.
const OwnerReference* controller_of(const std::vector<OwnerReference>& owners) {
  const auto owner = std::ranges::find(owners, true, &OwnerReference::controller);
  return owner == owners.end() ? nullptr : &*owner;
}

// An event of a set's own controller; no component: it is no set.
EventNote about_set(const OwnerReference& set, const std::string& ns) {
  EventNote note;
  note.kind = set.kind;
  note.api_version = "apps/v1";
  note.ns = ns;
  note.name = set.name;
  note.uid = set.uid;
  if (set.kind == "StatefulSet") note.component = "statefulset-controller";
  if (set.kind == "ReplicaSet") note.component = "replicaset-controller";
  if (set.kind == "DaemonSet") note.component = "daemonset-controller";
  if (set.kind == "Deployment") note.component = "deployment-controller";
  return note;
}

EventNote about_claim(const Manifest& claim, std::string component) {
  EventNote note;
  note.kind = "PersistentVolumeClaim";
  note.ns = claim.ns;
  note.name = claim.name;
  note.uid = claim.uid;
  note.component = std::move(component);
  return note;
}

}  // namespace

struct EventRecorder::Words {
  EventRecorder& recorder;
  std::string_view by;
  Seq seq;

  const ClusterState& state() const { return recorder.context_.state(); }
  const Pod* pod(const std::string& name) const {
    const PodRecord* record = state().find_pod(name);
    return record == nullptr ? nullptr : record->pod.get();
  }
  void say(EventNote note, bool warning, std::string reason, std::string message) const {
    note.warning = warning;
    note.reason = std::move(reason);
    note.message = std::move(message);
    recorder.note(std::move(note), seq);
  }
  void kubelet(const Pod& pod, bool warning, std::string reason, std::string message) const {
    say(of_kubelet(about(pod), pod.node), warning, std::move(reason), std::move(message));
  }
  void container(const Pod& pod, const Container& c, bool warning, std::string reason, std::string message) const {
    say(of_container(of_kubelet(about(pod), pod.node), c.name), warning, std::move(reason), std::move(message));
  }
  void node(const std::string& name, std::string component, std::string reason, std::string message) const {
    EventNote note = about_node(name);
    note.component = std::move(component);
    if (note.component == "kubelet") note.host = name;
    say(std::move(note), false, std::move(reason), std::move(message));
  }
  void status(const std::string& name, std::string_view what, std::string component = "kubelet") const {
    node(name, std::move(component), std::string(what), fmt::format("Node {} status is now: {}", name, what));
  }

  // --- pods ---
  void operator()(const fact::PodCreated& f) const {
    const Pod& made = *f.pod;
    const OwnerReference* owner = controller_of(made.tmpl->owners);
    if (owner == nullptr) return;
    EventNote note = about_set(*owner, made.ns);
    if (note.component.empty()) return;
    say(std::move(note), false, "SuccessfulCreate",
        owner->kind == "StatefulSet" ? fmt::format("create Pod {} in StatefulSet {} successful", made.name, owner->name)
                                     : fmt::format("Created pod: {}", made.name));
  }
  void operator()(const fact::PodBound& f) const {
    const Pod* bound = pod(f.pod);
    if (bound == nullptr || by != "scheduler") return;
    EventNote note = about(*bound);
    note.component = bound->tmpl->scheduler_name.empty() ? "default-scheduler" : bound->tmpl->scheduler_name;
    say(std::move(note), false, "Scheduled",
        fmt::format("Successfully assigned {}/{} to {}", bound->ns, bound->name, f.node));
  }
  void operator()(const fact::PodUnschedulable& f) const {
    const Pod* waits = pod(f.pod);
    if (waits == nullptr) return;
    EventNote note = about(*waits);
    note.component = waits->tmpl->scheduler_name.empty() ? "default-scheduler" : waits->tmpl->scheduler_name;
    say(std::move(note), true, "FailedScheduling", f.message);
  }
  void operator()(const fact::PodWaiting& f) const {
    const Pod* waits = pod(f.pod);
    if (waits == nullptr || waits->tmpl->containers.empty()) return;
    const Container& c = waits->tmpl->containers.front();
    if (f.reason == "ErrImagePull") {
      container(*waits, c, true, "Failed", fmt::format("Failed to pull image \"{}\": {}", c.image, f.message));
      container(*waits, c, true, "Failed", "Error: ErrImagePull");
    } else if (f.reason == "ImagePullBackOff") {
      container(*waits, c, false, "BackOff", fmt::format("Back-off pulling image \"{}\"", c.image));
      container(*waits, c, true, "Failed", "Error: ImagePullBackOff");
    } else if (f.reason == "CrashLoopBackOff") {
      container(*waits, c, true, "BackOff",
                fmt::format("Back-off restarting failed container {} in pod {}_{}({})", c.name, waits->name, waits->ns,
                            waits->uid));
    }
  }
  void operator()(const fact::PodRunning& f) const {
    const Pod* runs = pod(f.pod);
    if (runs == nullptr) return;
    const bool pulled = recorder.pulled_.erase(f.pod) > 0;
    for (const Container& c : runs->tmpl->containers) {
      if (!pulled) {
        container(*runs, c, false, "Pulled", fmt::format("Container image \"{}\" already present on machine", c.image));
      }
      container(*runs, c, false, "Created", fmt::format("Created container: {}", c.name));
      container(*runs, c, false, "Started", fmt::format("Started container {}", c.name));
    }
  }
  void operator()(const fact::PodFinished& f) const {
    const Pod* ended = pod(f.pod);
    if (ended != nullptr && !f.reason.empty()) kubelet(*ended, true, f.reason, f.message);
  }
  void operator()(const fact::PodGone& f) const { recorder.pulled_.erase(f.pod); }
  void operator()(const fact::PodTerminating& f) const {
    const Pod* ends = pod(f.pod);
    if (ends == nullptr) return;
    told_to_go(*ends);
    if (ends->phase != PodPhase::running) return;
    for (const Container& c : ends->tmpl->containers) {
      container(*ends, c, false, "Killing", fmt::format("Stopping container {}", c.name));
    }
  }
  void operator()(const fact::PodConditionSet& f) const {
    const Pod* hit = pod(f.pod);
    if (hit == nullptr) return;
    EventNote note = about(*hit);
    if (f.condition.type == "DisruptionTarget" && f.condition.reason == "DeletionByTaintManager") {
      note.component = "taint-eviction-controller";
      say(std::move(note), false, "TaintManagerEviction", fmt::format("Marking for deletion Pod {}", f.pod));
    } else if (f.condition.type == "DisruptionTarget" && f.condition.reason == "PreemptionByScheduler") {
      note.component = "default-scheduler";
      say(std::move(note), false, "Preempted", fmt::format("Preempted by a pod on node {}", hit->node));
    } else if (f.condition.type == "Ready" && f.condition.status == Truth::no && by == "node-controller") {
      note.component = "node-controller";
      say(std::move(note), true, "NodeNotReady", "Node is not ready");
    }
  }

  // Its set or the autoscaler has deleted it.
  void told_to_go(const Pod& pod) const {
    if (by == "autoscaler") {
      EventNote note = about(pod);
      note.component = "cluster-autoscaler";
      return say(std::move(note), false, "ScaleDown", "deleting pod for node scale down");
    }
    const OwnerReference* owner = controller_of(pod.tmpl->owners);
    if (owner == nullptr) return;
    EventNote note = about_set(*owner, pod.ns);
    if (note.component.empty() || note.component != by) return;
    say(std::move(note), false, "SuccessfulDelete",
        owner->kind == "StatefulSet" ? fmt::format("delete Pod {} in StatefulSet {} successful", pod.name, owner->name)
                                     : fmt::format("Deleted pod: {}", pod.name));
  }

  // --- other kinds ---
  void scaled(const Manifest& replicas, std::int64_t from) const {
    const OwnerReference* owner = controller_of(replicas.owners);
    const std::int64_t to = replicas.set->replicas;
    if (owner == nullptr || owner->kind != "Deployment" || from == to) return;
    say(about_set(*owner, replicas.ns), false, "ScalingReplicaSet",
        fmt::format("Scaled {} replica set {} from {} to {}", to > from ? "up" : "down", replicas.name, from, to));
  }
  bool binds_at_once(const ClaimSpec& claim) const {
    if (claim.storage_class && claim.storage_class->empty()) return true;
    const auto& classes = recorder.context_.config().storage_classes;
    const auto known = std::ranges::find(classes, claim.storage_class.value_or(""), &StorageClassSpec::name);
    return known != classes.end() && known->immediate;
  }
  void operator()(const fact::ObjectCreated& f) const {
    const Manifest& made = *f.object;
    if (made.kind == podramp::Kind::replica_set && made.set) scaled(made, 0);
    if (made.kind != podramp::Kind::persistent_volume_claim || !made.claim || made.claim->phase == "Bound") return;
    if (binds_at_once(*made.claim)) return;
    say(about_claim(made, "persistentvolume-controller"), false, "WaitForFirstConsumer",
        "waiting for first consumer to be created before binding");
  }
  void operator()(const fact::ObjectChanged& f) const {
    const Manifest& after = *f.object;
    const ManifestPtr& before = state().last_object_change().before;
    if (before == nullptr) return;
    if (after.kind == podramp::Kind::replica_set && after.set && before->set) scaled(after, before->set->replicas);
    if (after.kind != podramp::Kind::persistent_volume_claim || !after.claim || !before->claim) return;
    if (after.claim->phase != "Bound" || before->claim->phase == "Bound") return;
    say(about_claim(after, "podramp.io/simulated"), false, "ProvisioningSucceeded",
        fmt::format("Successfully provisioned volume pvc-{}", after.uid));
  }

  // --- Cluster Autoscaler; Karpenter has words of its own, which are not said ---
  bool is_cluster_autoscaler() const {
    const auto& spec = recorder.context_.config().autoscaler;
    return spec && spec->kind == AutoscalerKind::cluster_autoscaler;
  }
  std::vector<const Pod*> unschedulable() const {
    std::vector<const Pod*> waiting;
    for (const auto& [name, id] : state().pods_by_name()) {
      const Pod& one = *state().find_pod(id)->pod;
      const Condition* scheduled = one.condition("PodScheduled");
      const bool waits = scheduled != nullptr && scheduled->reason == "Unschedulable" && !one.deletion_us;
      if (waits && one.node.empty()) waiting.push_back(&one);
    }
    return waiting;
  }
  void autoscaler(EventNote note, std::string reason, std::string message) const {
    note.component = "cluster-autoscaler";
    say(std::move(note), false, std::move(reason), std::move(message));
  }
  void operator()(const fact::ScaleUp& f) const {
    if (!is_cluster_autoscaler()) return;
    const auto& groups = recorder.context_.config().autoscaler->groups;
    const auto group = std::ranges::find(groups, f.group, &NodeGroupSpec::name);
    if (group == groups.end()) return;
    EventNote status;
    status.kind = "ConfigMap";
    status.ns = "kube-system";
    status.name = "cluster-autoscaler-status";
    autoscaler(std::move(status), "ScaledUpGroup",
               fmt::format("Scale-up: setting group {} size to {} instead of {} (max: {})", f.group, f.to, f.from,
                           group->nodes.size()));
    // The fact has their number; it says who they are when they are all that wait.
    const std::vector<const Pod*> waiting = unschedulable();
    if (static_cast<std::int64_t>(waiting.size()) != f.pods) return;
    for (const Pod* pod : waiting) {
      autoscaler(
          about(*pod), "TriggeredScaleUp",
          fmt::format("pod triggered scale-up: [{{{} {}->{} (max: {})}}]", f.group, f.from, f.to, group->nodes.size()));
    }
  }
  void operator()(const fact::ScaleUpRefused& f) const {
    if (!is_cluster_autoscaler() || f.pods == 0) return;
    for (const Pod* pod : unschedulable()) {
      autoscaler(about(*pod), "NotTriggerScaleUp", "pod didn't trigger scale-up: " + f.reason);
    }
  }
  void operator()(const fact::ScaleDown& f) const {
    if (!is_cluster_autoscaler()) return;
    autoscaler(about_node(f.node), "ScaleDown", "marked the node as toBeDeleted/unschedulable");
  }

  // --- images ---
  void operator()(const fact::PullStarted& f) const {
    recorder.pulls_[{f.node, f.image}] = {recorder.context_.now(), f.bytes};
    const Pod* puller = pod(f.pod);
    if (puller == nullptr) return;
    const auto c = std::ranges::find(puller->tmpl->containers, f.image, &Container::image);
    if (c == puller->tmpl->containers.end()) return;
    container(*puller, *c, false, "Pulling", fmt::format("Pulling image \"{}\"", f.image));
  }
  void operator()(const fact::PullFinished& f) const {
    const NodeRecord* record = state().find_node(f.node);
    const auto started = recorder.pulls_.find({f.node, f.image});
    if (record == nullptr || started == recorder.pulls_.end()) return;
    const auto [since_us, bytes] = started->second;
    recorder.pulls_.erase(started);
    const std::string took = go_milliseconds(recorder.context_.now() - since_us);
    for (const PodId id : record->pods) {
      const Pod& waits = *state().find_pod(id)->pod;
      const auto c = std::ranges::find(waits.tmpl->containers, f.image, &Container::image);
      if (waits.phase != PodPhase::pending || c == waits.tmpl->containers.end()) continue;
      container(waits, *c, false, "Pulled",
                fmt::format("Successfully pulled image \"{}\" in {} ({} including waiting). Image size: {} bytes.",
                            f.image, took, took, bytes));
      recorder.pulled_.insert(pod_key(waits));
    }
  }
  void operator()(const fact::PullFailed& f) const { recorder.pulls_.erase({f.node, f.image}); }

  // --- nodes ---
  void operator()(const fact::NodeAdded& f) const {
    node(f.node.name, "node-controller", "RegisteredNode",
         fmt::format("Node {} event: Registered Node {} in Controller", f.node.name, f.node.name));
  }
  void operator()(const fact::NodeGone& f) const {
    node(f.node, "node-controller", "RemovingNode",
         fmt::format("Node {} event: Removing Node {} from Controller", f.node, f.node));
  }
  void operator()(const fact::NodeReadyChanged& f) const {
    if (f.ready == Truth::yes) return status(f.node, "NodeReady");
    status(f.node, "NodeNotReady", "node-controller");
  }
  void operator()(const fact::NodeCordoned& f) const {
    status(f.node, f.unschedulable ? "NodeNotSchedulable" : "NodeSchedulable");
  }
  void operator()(const fact::NodePressureChanged& f) const {
    const bool memory = f.condition == "MemoryPressure";
    const std::string_view pressed = memory ? "NodeHasInsufficientMemory" : "NodeHasDiskPressure";
    const std::string_view eased = memory ? "NodeHasSufficientMemory" : "NodeHasNoDiskPressure";
    status(f.node, f.pressed ? pressed : eased);
  }

  template <class Other>
  void operator()(const Other&) const {}
};

void EventRecorder::on_fact(std::string_view by, const Fact& fact, Seq seq) { std::visit(Words{*this, by, seq}, fact); }

}  // namespace podramp::fakeapi
