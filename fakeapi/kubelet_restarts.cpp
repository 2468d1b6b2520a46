// The kubelets' restarts of containers in place (K63), and who waits for a kubelet. The rest: kubelet.cpp.
#include <fmt/format.h>

#include <algorithm>

#include "backend/port/json_writer.h"
#include "fakeapi/kubelet.h"

namespace podramp::fakeapi {
namespace {

// As Go prints a duration: "10s", "2m40s".
std::string go_duration(DurationUs wait) {
  if (wait < kMinuteUs) return fmt::format("{}s", wait / kSecondUs);
  return fmt::format("{}m{}s", wait / kMinuteUs, wait % kMinuteUs / kSecondUs);
}

}  // namespace

bool Kubelets::restarts(const Work& work, const Pod& pod) const {
  if (!work.started || work.for_good || work.told_to_stop || pod.deletion_us || is_terminal(pod)) return false;
  const std::string& policy = pod.tmpl->restart_policy;
  return policy == "Always" || policy.empty() || (policy == "OnFailure" && work.exit_code != 0);
}

// K63: the first time at once, then after 10 s, doubled up to 300 s; a run of more than twice that is forgiven.
void Kubelets::restart(PodId id, Work& work, Seq cause) {
  const ClusterProfile& profile = context_.config().profile;
  const Pod& pod = *context_.state().find_pod(id)->pod;
  const std::string name = pod_key(pod);
  const std::string container = pod.tmpl->containers.at(spark_container_index(*pod.tmpl)).name;
  const std::string uid = pod.uid;
  const char* reason = work.oom ? "OOMKilled" : work.exit_code == 0 ? "Completed" : "Error";
  const Seq seq =
      context_.emit("kubelet", cause, fact::ContainerExited{name, context_.next_rv(), work.exit_code, reason});
  if (context_.now() - work.started_us > 2 * profile.restart_backoff_max_us) work.crashes = 0;
  ++work.crashes;
  ++work.starts;
  work.shown_running = work.oom = false;
  if (work.crashes == 1) return create(id, work, seq);
  DurationUs wait = profile.restart_backoff_initial_us;
  for (std::uint32_t i = 2; i < work.crashes && wait < profile.restart_backoff_max_us; ++i) wait *= 2;
  wait = std::min(wait, profile.restart_backoff_max_us);
  work.stage = Stage::crashed;
  const std::string message =
      fmt::format("back-off {} restarting failed container={} pod={}_{}({})", go_duration(wait), container,
                  name.substr(name.find('/') + 1), name.substr(0, name.find('/')), uid);
  const Seq shown =
      context_.emit("kubelet", seq, fact::PodWaiting{name, context_.next_rv(), "CrashLoopBackOff", message});
  context_.timer(context_.now() + wait, shown, {Part::kubelet, kRestart, work.round, id});
}

// What ran when the power went is gone, and the pod starts anew on its node (K75).
void Kubelets::restart_lost(PodId id, Work& work, Seq cause) {
  work.lost = work.told_to_stop = work.for_good = work.shown_running = work.oom = false;
  work.end_reason.clear();
  work.end_grace_s.reset();
  work.hook_until = 0;
  const std::string name = pod_key(*context_.state().find_pod(id)->pod);
  create(id, work,
         context_.emit("kubelet", cause,
                       fact::ContainerExited{name, context_.next_rv(), work.exit_code, "ContainerStatusUnknown"}));
}

// --- for people ------------------------------------------------------------------------------------------------

void Kubelets::waiting(std::vector<std::string>& lines) const {
  for (const auto& [name, id] : context_.state().pods_by_name()) {
    const Pod& pod = *context_.state().find_pod(id)->pod;
    if (pod.node.empty()) continue;
    const NodeRecord* node = context_.state().find_node(pod.node);
    const bool unreachable = node == nullptr || node->silent;
    std::string what;
    if (pod.deletion_us) {
      what = unreachable ? fmt::format("node {} to confirm its deletion, but that node is gone or silent", pod.node)
                         : fmt::format("its processes on node {} to stop", pod.node);
    } else if (pod.phase == PodPhase::pending) {
      const bool told = !pod.containers.empty();
      what = unreachable ? fmt::format("node {}, which is gone or silent", pod.node)
             : told      ? fmt::format("{} on node {}", pod.containers.front().reason, pod.node)
                         : fmt::format("the kubelet of node {}", pod.node);
    }
    if (!what.empty()) lines.push_back(fmt::format("pod {} waits for: {}", name, what));
  }
}

}  // namespace podramp::fakeapi
