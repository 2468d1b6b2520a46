#include "fakeapi/node_shutdown.h"

#include <algorithm>

#include "fakeapi/node_ends.h"

namespace podramp::fakeapi {

void NodeShutdowns::shut_down(const to::ShutdownNodes& wish, Seq cause) {
  const ClusterProfile& profile = context_.config().profile;
  if (profile.shutdown_grace_us == 0) return;
  for (const std::string& name : wish.nodes) {
    const NodeRecord* record = context_.state().find_node(name);
    const bool begun = std::ranges::any_of(shutdowns_, [&](const auto& entry) { return entry.second.node == name; });
    if (record == nullptr || record->silent || begun) continue;
    const std::uint64_t number = ++ever_;
    Shutdown& shutdown = shutdowns_.emplace(number, Shutdown{name, active(name, false)}).first->second;
    for (const PodId id : shutdown.ordinary) of_pod_[id] = number;
    kubelets_.shuts_down(name);
    ready(name, false, cause);
    const DurationUs period = profile.shutdown_grace_us - profile.shutdown_grace_critical_us;
    end(shutdown.ordinary, period, cause);
    const DurationUs wait = shutdown.ordinary.empty() ? 0 : period;
    context_.timer(context_.now() + wait, cause, {Part::node_shutdown, kCritical, 0, number});
  }
}

std::set<PodId> NodeShutdowns::active(const std::string& node, bool critical) const {
  std::set<PodId> pods;
  for (const PodId id : context_.state().find_node(node)->pods) {
    const Pod& pod = *context_.state().find_pod(id)->pod;
    const bool is_critical = pod.tmpl->priority.value_or(0) >= kCriticalPriority;
    if (!is_terminal(pod) && is_critical == critical) pods.insert(id);
  }
  return pods;
}

void NodeShutdowns::end(const std::set<PodId>& pods, DurationUs period_us, Seq cause) {
  const Kubelets::Ending ending{period_us / kSecondUs, "Terminated",
                                "Pod was terminated in response to imminent node shutdown."};
  for (const PodId id : pods) kubelets_.terminate(id, ending, cause);
}

// The kubelet's Ready condition, and the taint that the node controller makes of it at once (K69).
void NodeShutdowns::ready(const std::string& node, bool ready, Seq cause) {
  const Truth truth = ready ? Truth::yes : Truth::no;
  const Seq seq = context_.emit("kubelet", cause, fact::NodeReadyChanged{node, context_.next_rv(), truth});
  std::vector<Taint> taints = context_.state().find_node(node)->node.taints;
  std::erase_if(taints, [](const Taint& t) { return t.key == kNotReadyTaint && t.effect == "NoSchedule"; });
  if (!ready) taints.push_back({std::string(kNotReadyTaint), "", "NoSchedule"});
  context_.emit("node-controller", seq, fact::NodeTainted{node, context_.next_rv(), std::move(taints)});
}

void NodeShutdowns::on_fact(const Fact& fact, Seq seq) {
  if (shutdowns_.empty()) return;
  if (std::holds_alternative<fact::PodFinished>(fact) || std::holds_alternative<fact::PodGone>(fact)) {
    const auto it = of_pod_.find(context_.state().last_change().id);
    if (it == of_pod_.end()) return;
    Shutdown& shutdown = shutdowns_.at(it->second);
    shutdown.ordinary.erase(it->first);
    if (shutdown.ordinary.empty()) {
      context_.timer(context_.now(), seq, {Part::node_shutdown, kCritical, 0, it->second});
    }
    of_pod_.erase(it);
    return;
  }
  const auto* returned = std::get_if<fact::NodeReturned>(&fact);
  const auto* gone = std::get_if<fact::NodeGone>(&fact);
  if (returned == nullptr && gone == nullptr) return;
  const std::string& node = returned != nullptr ? returned->node : gone->node;
  const auto it = std::ranges::find_if(shutdowns_, [&](const auto& entry) { return entry.second.node == node; });
  if (it == shutdowns_.end()) return;
  for (const PodId id : it->second.ordinary) of_pod_.erase(id);
  it->second.ordinary.clear();
  it->second.last_group = true;
  if (gone != nullptr) {
    shutdowns_.erase(it);
  } else {
    const DurationUs takes = context_.sample(context_.config().latency.status, "cluster.status", node);
    context_.timer(context_.now() + takes, seq, {Part::node_shutdown, kReadyAgain, 0, it->first});
  }
}

void NodeShutdowns::on_timer(const ClusterTimer& timer, Seq cause) {
  const auto it = shutdowns_.find(timer.arg);
  if (it == shutdowns_.end()) return;
  Shutdown& shutdown = it->second;
  if (timer.kind == kReadyAgain) {
    const NodeRecord& record = *context_.state().find_node(shutdown.node);
    // One that was away for so long that it became Unknown is the node controller's.
    const std::string node = shutdown.node;
    const bool mine = !record.silent && record.node.ready == Truth::no;
    shutdowns_.erase(it);
    if (mine) ready(node, true, cause);
  } else if (!shutdown.last_group) {
    shutdown.last_group = true;
    end(active(shutdown.node, true), context_.config().profile.shutdown_grace_critical_us, cause);
  }
}

}  // namespace podramp::fakeapi
