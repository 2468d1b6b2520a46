#include "fakeapi/pod_gc.h"

#include "backend/port/json_writer.h"
#include "fakeapi/deletion.h"

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
