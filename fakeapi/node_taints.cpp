#include "fakeapi/node_taints.h"

#include <algorithm>
#include <optional>
#include <set>

#include "backend/port/json_writer.h"
#include "fakeapi/autoscaler_books.h"
#include "fakeapi/deletion.h"
#include "fakeapi/node_lifecycle.h"

namespace podramp::fakeapi {
namespace {

// The taints that are not the node controller's own.
std::vector<Taint> no_execute(const Node& node) {
  std::vector<Taint> found;
  for (const Taint& taint : node.taints) {
    if (taint.effect == "NoExecute" && taint.key != kUnreachableTaint) found.push_back(taint);
  }
  return found;
}

// For how long the pod bears them all; absent: for ever (K71).
std::optional<std::int64_t> bears_s(const PodTemplate& tmpl, const std::vector<Taint>& taints) {
  std::optional<std::int64_t> least;
  for (const Taint& taint : taints) {
    bool tolerated = false;
    for (const Toleration& t : tmpl.tolerations) {
      if (!tolerates({t}, taint)) continue;
      tolerated = true;
      if (t.seconds) least = std::min(least.value_or(*t.seconds), std::max<std::int64_t>(*t.seconds, 0));
    }
    if (!tolerated) return 0;
  }
  return least;
}

}  // namespace

void NodeTaints::taint(const to::TaintNodes& wish, Seq cause) {
  for (const std::string& name : wish.nodes) {
    const NodeRecord* record = context_.state().find_node(name);
    if (record == nullptr) continue;
    std::vector<Taint> taints = record->node.taints;
    std::erase_if(taints, [&](const Taint& t) {
      return t.key == wish.taint.key && (wish.taint.effect.empty() || t.effect == wish.taint.effect);
    });
    if (!wish.lift) taints.push_back(wish.taint);
    if (taints == record->node.taints) continue;
    const Seq seq = context_.emit("apiserver", cause, fact::NodeTainted{name, context_.next_rv(), std::move(taints)});
    if (wish.lift || wish.taint.effect != "NoExecute") continue;
    any_no_execute_ = true;
    const std::vector<Taint> bad = no_execute(record->node);
    for (const PodId id : record->pods) schedule(id, bad, seq);
  }
}

void NodeTaints::schedule(PodId id, const std::vector<Taint>& taints, Seq cause) {
  const auto seconds = bears_s(*context_.state().find_pod(id)->pod->tmpl, taints);
  if (!seconds) return;
  context_.timer(context_.now() + *seconds * kSecondUs, cause, {Part::node_taints, 0, 0, id});
}

// A pod that bears the taints for a while only may be bound to the node all the same.
void NodeTaints::on_fact(const Fact& fact, Seq seq) {
  const auto* bound = std::get_if<fact::PodBound>(&fact);
  if (!any_no_execute_ || bound == nullptr) return;
  const NodeRecord* record = context_.state().find_node(bound->node);
  if (record == nullptr) return;
  const std::vector<Taint> taints = no_execute(record->node);
  if (!taints.empty()) schedule(context_.state().last_change().id, taints, seq);
}

void NodeTaints::on_timer(const ClusterTimer& timer, Seq cause) {
  const PodRecord* record = context_.state().find_pod(timer.arg);
  if (record == nullptr || record->pod->deletion_us) return;
  const NodeRecord* node = context_.state().find_node(record->pod->node);
  if (node == nullptr || !bears_s(*record->pod->tmpl, no_execute(node->node))) return;  // lifted meanwhile
  const Condition condition{"DisruptionTarget", Truth::yes, "DeletionByTaintManager",
                            "Taint manager: deleting due to NoExecute taint", context_.now()};
  const fact::PodConditionSet set{pod_key(*record->pod), context_.next_rv(), condition};
  const Seq seq = context_.emit("node-controller", cause, set);
  deletion_.remove(timer.arg, std::nullopt, "eviction", "node-controller", seq);
}

void NodeTaints::cordon(const to::CordonNodes& wish, Seq cause) {
  for (const std::string& name : wish.nodes) {
    const NodeRecord* record = context_.state().find_node(name);
    if (record == nullptr || record->node.unschedulable == wish.unschedulable) continue;
    context_.emit("apiserver", cause, fact::NodeCordoned{name, context_.next_rv(), wish.unschedulable});
  }
}

void NodeTaints::drain(const to::DrainNodes& wish, Seq cause) {
  cordon({wish.nodes, true}, cause);
  for (const std::string& name : wish.nodes) {
    const NodeRecord* record = context_.state().find_node(name);
    if (record == nullptr) continue;
    const std::set<PodId> pods = record->pods;
    for (const PodId id : pods) {
      if (!is_daemon_pod(*context_.state().find_pod(id)->pod)) deletion_.evict(id, wish.grace_s, cause);
    }
  }
}

}  // namespace podramp::fakeapi
