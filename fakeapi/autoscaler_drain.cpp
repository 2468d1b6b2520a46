#include "fakeapi/autoscaler_drain.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "backend/port/json_writer.h"
#include "fakeapi/autoscaler_books.h"
#include "fakeapi/deletion.h"

namespace podramp::fakeapi {
namespace {

constexpr std::string_view kSafeToEvict = "cluster-autoscaler.kubernetes.io/safe-to-evict";
constexpr std::array<std::string_view, 4> kReplicated{"ReplicationController", "Job", "ReplicaSet", "StatefulSet"};

bool is_replicated(const Pod& pod) {
  return std::ranges::any_of(pod.tmpl->owners, [](const OwnerReference& owner) {
    return owner.controller && std::ranges::find(kReplicated, owner.kind) != kReplicated.end();
  });
}

bool has_local_storage(const Pod& pod) {
  return std::ranges::any_of(pod.tmpl->volumes, [](const Volume& volume) {
    if (volume.type == "hostPath") return true;
    const auto medium = volume.options.find("medium");
    return volume.type == "emptyDir" && (medium == volume.options.end() || medium->second != "Memory");
  });
}

}  // namespace

bool must_leave(const Pod& pod) { return !is_daemon_pod(pod) && !is_terminal(pod); }

std::string why_not_drainable(const Pod& pod, const AutoscalerSpec& spec) {
  const std::string_view safe = annotation(pod, kSafeToEvict);
  if (!must_leave(pod) || safe == "true") return "";
  if (!is_replicated(pod)) return "it is not replicated";
  if (spec.skip_nodes_with_system_pods && pod.ns == "kube-system") return "it is a kube-system pod";
  if (safe == "false") return "it is not safe to evict";
  if (spec.skip_nodes_with_local_storage && has_local_storage(pod)) return "it has local storage";
  return "";
}

std::size_t Drains::with_pods() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(drains_, [](const auto& entry) { return entry.second.had_pods; }));
}

void Drains::start(const DrainOrder& order, Seq cause) {
  const std::string& name = machines_.name(order.node);
  const NodeRecord* record = context_.state().find_node(name);
  if (record == nullptr) return machines_.dismiss(order.node, order.why, cause);
  Drain& drain = drains_[order.node];
  drain.order = order;
  drain.number = ++drains_ever_;
  std::vector<Taint> taints = record->node.taints;
  taints.push_back({order.taint, "", "NoSchedule"});
  drain.cause = context_.emit("autoscaler", cause, fact::NodeTainted{name, context_.next_rv(), std::move(taints)});
  const std::set<PodId> pods = context_.state().find_node(name)->pods;
  for (const PodId id : pods) {
    if (!must_leave(*context_.state().find_pod(id)->pod)) continue;
    drain.pods.insert(id);
    of_pod_[id] = order.node;
  }
  drain.had_pods = !drain.pods.empty();
  drain.delayed = order.delay_us > 0;
  for (const PodId id : std::set<PodId>(drain.pods)) evict(drain, id);
  const TimeUs now = context_.now();
  if (order.give_up_us != kNever) {
    context_.timer(now + order.give_up_us, drain.cause, {Part::autoscaler, kGiveUp, order.node, drain.number});
  }
  context_.timer(now + order.delay_us, drain.cause, {Part::autoscaler, kEmpty, order.node, drain.number});
}

// By the eviction subresource, which marks the pod and deletes it gracefully.
void Drains::evict(const Drain& drain, PodId id) {
  const PodRecord* record = context_.state().find_pod(id);
  if (record == nullptr || record->pod->deletion_us) return;
  const Pod& pod = *record->pod;
  std::optional<std::int64_t> grace;
  if (drain.order.grace_cap_us) grace = std::min(grace_s(pod), *drain.order.grace_cap_us / kSecondUs);
  deletion_.evict(id, grace, drain.cause);
}

void Drains::on_fact(const Fact& fact, Seq seq) {
  if (!std::holds_alternative<fact::PodGone>(fact) && !std::holds_alternative<fact::PodFinished>(fact)) return;
  const auto it = of_pod_.find(context_.state().last_change().id);
  if (it == of_pod_.end()) return;
  Drain& drain = drains_.at(it->second);
  drain.pods.erase(it->first);
  if (drain.pods.empty() && !drain.delayed) {
    context_.timer(context_.now(), seq, {Part::autoscaler, kEmpty, it->second, drain.number});
  }
  of_pod_.erase(it);
}

bool Drains::on_timer(const ClusterTimer& timer, Seq cause) {
  if (timer.kind < kEmpty || timer.kind >= kKinds) return false;
  const auto it = drains_.find(timer.index);
  if (it == drains_.end() || it->second.number != timer.arg) return true;
  Drain& drain = it->second;
  if (timer.kind == kEmpty) {
    drain.delayed = false;
    if (drain.pods.empty()) go_on(timer.index, cause);
    return true;
  }
  if (drain.pods.empty()) return true;  // it goes
  const std::string name = machines_.name(timer.index);
  for (const PodId id : drain.pods) of_pod_.erase(id);
  const std::string taint = drain.order.taint;
  drains_.erase(it);
  given_up_.push_back(timer.index);
  if (const NodeRecord* record = context_.state().find_node(name); record != nullptr) {
    std::vector<Taint> taints = record->node.taints;
    std::erase_if(taints, [&](const Taint& t) { return t.key == taint; });
    context_.emit("autoscaler", cause, fact::NodeTainted{name, context_.next_rv(), std::move(taints)});
  }
  return true;
}

void Drains::go_on(std::uint32_t node, Seq cause) {
  const std::string why = drains_.at(node).order.why;
  drains_.erase(node);
  machines_.dismiss(node, why, cause);
}

void Drains::waiting(std::vector<std::string>& lines) const {
  for (const auto& [node, drain] : drains_) {
    lines.push_back(fmt::format("node {} is to go ({}) and waits for: {} pods to end", machines_.name(node),
                                drain.order.why, drain.pods.size()));
  }
}

}  // namespace podramp::fakeapi
