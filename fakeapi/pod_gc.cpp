#include "fakeapi/pod_gc.h"

#include <algorithm>

#include "backend/port/json_writer.h"
#include "fakeapi/deletion.h"
#include "fakeapi/node_ends.h"

namespace podramp::fakeapi {

PodGc::PodGc(Context& context, Deletion& deletion) : context_(context), deletion_(deletion) {}

void PodGc::orphaned(const std::string& node, const std::set<PodId>& pods, Seq cause) {
  if (pods.empty()) return;
  MissingNode& missing = missing_[node];
  missing.pods.insert(pods.begin(), pods.end());
  missing.cause = cause;
  arm(next_look(context_.now()));
}

void PodGc::on_fact(const Fact& fact, Seq seq) {
  watch_finished(fact);
  watch_out_of_service(fact);
  const PodId id = context_.state().last_change().id;
  if (const auto* bound = std::get_if<fact::PodBound>(&fact)) {
    // The scheduler may bind to a node that went away meanwhile.
    if (context_.state().find_node(bound->node) == nullptr) orphaned(bound->node, {id}, seq);
  } else if (const auto* terminating = std::get_if<fact::PodTerminating>(&fact)) {
    const PodRecord* record = context_.state().find_pod(terminating->pod);
    if (record == nullptr || !record->pod->node.empty()) return;
    unscheduled_[id] = seq;
    arm(next_look(context_.now()));
  }
}

void PodGc::watch_finished(const Fact& fact) {
  const std::int64_t most = context_.config().profile.terminated_pods_max;
  if (most == 0) return;
  const auto entry = [](PodId id, const Pod& pod) {
    return std::tuple(pod.reason != "Evicted", pod.created_us, pod_key(pod), id);
  };
  const ClusterState::Change& change = context_.state().last_change();
  if (std::holds_alternative<fact::PodFinished>(fact)) {
    finished_.insert(entry(change.id, *change.after));
    if (static_cast<std::int64_t>(finished_.size()) > most) arm(next_look(context_.now()));
  } else if (std::holds_alternative<fact::PodGone>(fact) && is_terminal(*change.before)) {
    finished_.erase(entry(change.id, *change.before));
  }
}

// Both have to be: the taint, and a node that is not Ready.
void PodGc::watch_out_of_service(const Fact& fact) {
  if (const auto* tainted = std::get_if<fact::NodeTainted>(&fact)) {
    const bool out = std::ranges::find(tainted->taints, kOutOfServiceTaint, &Taint::key) != tainted->taints.end();
    if (!out) {
      out_of_service_.erase(tainted->node);
    } else if (out_of_service_.insert(tainted->node).second) {
      arm(next_look(context_.now()));
    }
  } else if (out_of_service_.empty()) {
    return;
  } else if (const auto* gone = std::get_if<fact::NodeGone>(&fact)) {
    out_of_service_.erase(gone->node);
  } else if (std::holds_alternative<fact::NodeReadyChanged>(fact) ||
             std::holds_alternative<fact::PodTerminating>(fact)) {
    arm(next_look(context_.now()));
  }
}

TimeUs PodGc::next_look(TimeUs not_before) const {
  const DurationUs period = context_.config().profile.pod_gc_period_us;
  return (not_before + period - 1) / period * period;
}

void PodGc::arm(TimeUs at) {
  if (at >= look_us_) return;
  look_us_ = at;
  context_.timer(at, 0, {Part::node_lifecycle, kPodGcKind, 0, 0});
}

void PodGc::on_timer() {
  const TimeUs now = context_.now();
  if (now < look_us_) return;
  look_us_ = kNever;
  collect_finished();
  collect_out_of_service();
  for (auto it = missing_.begin(); it != missing_.end();) {
    const auto& [node, missing] = *it;
    if (context_.state().find_node(node) != nullptr) {  // it is back
      it = missing_.erase(it);
    } else if (missing.collect_us == kNever) {
      it->second.collect_us = now + context_.config().profile.pod_gc_quarantine_us;
      ++it;
    } else if (missing.collect_us <= now) {
      for (const PodId id : missing.pods) collect(id, node, missing.cause);
      it = missing_.erase(it);
    } else {
      ++it;
    }
  }
  for (const auto& [id, seq] : unscheduled_) {
    const PodRecord* record = context_.state().find_pod(id);
    if (record != nullptr && record->pod->node.empty()) deletion_.finish(id, "gc", "pod-gc", seq);
  }
  unscheduled_.clear();
  for (const auto& [node, missing] : missing_) arm(next_look(missing.collect_us));
}

void PodGc::collect_finished() {
  const auto most = static_cast<std::size_t>(context_.config().profile.terminated_pods_max);
  while (most > 0 && finished_.size() > most) {
    const PodId id = std::get<PodId>(*finished_.begin());
    finished_.erase(finished_.begin());
    deletion_.finish(id, "gc", "pod-gc", 0);
  }
}

// Marked Failed and removed, without a condition (K72).
void PodGc::collect_out_of_service() {
  for (const std::string& name : out_of_service_) {
    const NodeRecord& node = *context_.state().find_node(name);
    if (node.node.ready == Truth::yes) continue;
    const std::set<PodId> pods = node.pods;
    for (const PodId id : pods) {
      const Pod& pod = *context_.state().find_pod(id)->pod;
      if (!pod.deletion_us) continue;
      Seq seq = 0;
      if (!is_terminal(pod)) {
        const fact::PodFinished failed{pod_key(pod), context_.next_rv(), PodPhase::failed, 0, "", "", ""};
        seq = context_.emit("pod-gc", seq, failed);
      }
      deletion_.finish(id, "gc", "pod-gc", seq);
    }
  }
}

// The pod is marked Failed, with the reason, and removed without a grace (K73).
void PodGc::collect(PodId id, const std::string& node, Seq cause) {
  const PodRecord* record = context_.state().find_pod(id);
  if (record == nullptr || record->pod->node != node) return;
  const std::string name = pod_key(*record->pod);
  Seq seq = cause;
  if (!is_terminal(*record->pod)) {
    const Condition condition{"DisruptionTarget", Truth::yes, "DeletionByPodGC", "PodGC: node no longer exists",
                              context_.now()};
    seq = context_.emit("pod-gc", seq, fact::PodConditionSet{name, context_.next_rv(), condition});
    seq = context_.emit("pod-gc", seq, fact::PodFinished{name, context_.next_rv(), PodPhase::failed, 0, "", "", ""});
  }
  deletion_.finish(id, "gc", "pod-gc", seq);
}

}  // namespace podramp::fakeapi
