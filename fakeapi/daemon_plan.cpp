#include "fakeapi/daemon_plan.h"

#include <algorithm>
#include <tuple>

#include "fakeapi/node_match.h"

namespace podramp::fakeapi {
namespace {

struct Fit {
  bool to_make = false;  // a pod is to be made
  bool to_keep = false;  // one that is there stays
};

Fit fit(const SharedTemplate& tmpl, const Node& node) {
  if (!node_matches(tmpl.node_selector, tmpl.placement.required_nodes, node.name, node.labels)) return {};
  Fit fit{true, true};
  for (const Taint& taint : node.taints) {
    if (tolerates(tmpl.tolerations, taint)) continue;
    if (taint.effect == "NoSchedule") fit.to_make = false;
    if (taint.effect == "NoExecute") fit = {};
  }
  return fit;
}

// Of a node's running pods the first by this order stays.
auto age_of(const OwnedPod& one) {
  return std::tuple(one.pod->node.empty(), one.pod->created_us, std::string_view(one.pod->name));
}

class Planner {
 public:
  Planner(FailedDaemons& failed, TimeUs now) : failed_(failed), now_(now) {}

  void node(const std::string& name, Fit fits, const std::vector<const OwnedPod*>& pods) {
    if (fits.to_make && pods.empty()) {
      creates_.actions.push_back({true, 0, 0, name});
    } else if (!fits.to_keep) {
      for (const OwnedPod* one : pods) drop(*one);
    } else {
      prune(name, pods);
    }
  }
  void drop(const OwnedPod& one) {
    if (!one.pod->deletion_us) deletes_.actions.push_back({false, 0, one.id, ""});
  }
  // Deletions and creates concern different nodes; the deletions come first, so that a refused create stops none.
  DaemonPlan take() {
    DaemonPlan plan;
    plan.look_again_us = look_again_us_;
    deletes_.slow_start = false;
    for (SetStage* stage : {&deletes_, &creates_}) {
      if (stage->actions.size() > kDaemonBurst) stage->actions.resize(kDaemonBurst);
      if (!stage->actions.empty()) plan.stages.push_back(std::move(*stage));
    }
    return plan;
  }

 private:
  void prune(const std::string& name, const std::vector<const OwnedPod*>& pods) {
    const OwnedPod* kept = nullptr;
    for (const OwnedPod* one : pods) {
      if (one->pod->deletion_us) continue;
      if (one->pod->phase == PodPhase::failed) {
        const DurationUs wait = failed_.wait_or_note(name, now_);
        if (wait == 0) drop(*one);
        if (wait > 0 && (look_again_us_ == 0 || wait < look_again_us_)) look_again_us_ = wait;
      } else if (one->pod->phase == PodPhase::succeeded) {
        drop(*one);
      } else if (kept == nullptr) {
        kept = one;
      } else {
        const bool younger = age_of(*kept) < age_of(*one);
        drop(younger ? *one : *kept);
        if (!younger) kept = one;
      }
    }
  }

  FailedDaemons& failed_;
  TimeUs now_;
  SetStage creates_;
  SetStage deletes_;
  DurationUs look_again_us_ = 0;
};

}  // namespace

DurationUs FailedDaemons::wait_or_note(const std::string& node, TimeUs now) {
  Entry& entry = by_node_[node];
  const DurationUs since = now - entry.noted_us;
  if (entry.delay_us > 0 && since < entry.delay_us) return entry.delay_us;
  const bool forgiven = since > 2 * kFailedDaemonMaxUs;
  entry.delay_us =
      entry.delay_us == 0 || forgiven ? kFailedDaemonFirstUs : std::min(2 * entry.delay_us, kFailedDaemonMaxUs);
  entry.noted_us = now;
  return 0;
}

void add_daemon_tolerations(PodTemplate& tmpl) {
  const auto tolerate = [&](const std::string& key, const std::string& effect) {
    const Toleration wanted{"node.kubernetes.io/" + key, "Exists", "", effect, std::nullopt};
    const auto same = std::ranges::find_if(tmpl.tolerations, [&](const Toleration& t) {
      return t.key == wanted.key && t.op == wanted.op && t.value.empty() && t.effect == effect;
    });
    if (same == tmpl.tolerations.end()) {
      tmpl.tolerations.push_back(wanted);
    } else {
      *same = wanted;
    }
  };
  tolerate("not-ready", "NoExecute");
  tolerate("unreachable", "NoExecute");
  tolerate("disk-pressure", "NoSchedule");
  tolerate("memory-pressure", "NoSchedule");
  tolerate("pid-pressure", "NoSchedule");
  tolerate("unschedulable", "NoSchedule");
}

const std::string& daemon_node(const Pod& pod) { return pod.node.empty() ? pod.affinity_node : pod.node; }

DaemonPlan plan_daemons(const SharedTemplate& tmpl, const std::vector<OwnedPod>& pods,
                        const std::map<std::string, NodeRecord, std::less<>>& nodes, FailedDaemons& failed,
                        TimeUs now) {
  std::map<std::string_view, std::vector<const OwnedPod*>> by_node;
  for (const OwnedPod& one : pods) by_node[daemon_node(*one.pod)].push_back(&one);
  Planner planner(failed, now);
  for (const auto& [name, record] : nodes) {
    const auto found = by_node.extract(std::string_view(name));
    planner.node(name, fit(tmpl, record.node), found ? found.mapped() : std::vector<const OwnedPod*>());
  }
  // What is left belongs to nodes that do not exist. Pod GC takes those that were bound.
  for (const auto& [name, left] : by_node) {
    for (const OwnedPod* one : left) {
      if (one->pod->node.empty()) planner.drop(*one);
    }
  }
  return planner.take();
}

}  // namespace podramp::fakeapi
