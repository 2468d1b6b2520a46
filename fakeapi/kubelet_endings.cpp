// How the kubelets end pods: a process that ends by itself, a graceful deletion, the kernel's OOM killer (K64),
// pressure (K65), the node's shutdown (K76); and what is reported of it. The rest: kubelet.cpp.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "backend/port/json_writer.h"
#include "fakeapi/claims.h"
#include "fakeapi/deletion.h"
#include "fakeapi/kubelet.h"
#include "fakeapi/node_ends.h"

namespace podramp::fakeapi {
namespace {

constexpr int kTermCode = 143;  // K64
constexpr int kKillCode = 137;

bool is_best_effort(const PodTemplate& tmpl) {
  return std::ranges::all_of(tmpl.containers, [](const Container& c) {
    return c.requests.cpu_milli.value_or(0) == 0 && c.requests.memory_bytes.value_or(0) == 0 &&
           c.limits.cpu_milli.value_or(0) == 0 && c.limits.memory_bytes.value_or(0) == 0;
  });
}

}  // namespace

void Kubelets::process_exited(PodId pod, int exit_code, Seq cause, bool oom, bool for_good) {
  Work* work = find(pod);
  if (work == nullptr || work->stage != Stage::running) return;
  work->stage = Stage::dead;
  work->exit_code = exit_code;
  work->oom = oom;
  work->for_good = for_good;
  if (work->gone) {
    forget(pod);
  } else if (!silent(*work)) {
    arm(kReport, context_.config().latency.status, "cluster.status", pod, cause);
  }
}

void Kubelets::oom_kill(PodId pod, Seq cause) {
  const Work* work = find(pod);
  if (work == nullptr || work->stage != Stage::running) return;
  context_.send(context_.now(), cause, from::ProcessStopped{pod, context_.now()});
  process_exited(pod, kKillCode, cause, true);
}

void Kubelets::terminate(PodId pod, const Ending& ending, Seq cause) {
  Work* work = find(pod);
  if (work == nullptr || work->gone || silent(*work) || work->told_to_stop || work->stage == Stage::dead) return;
  work->end_reason = ending.reason;
  work->end_message = ending.message;
  work->end_grace_s = std::min(ending.grace_cap_s, grace_s(*context_.state().find_pod(pod)->pod));
  work->for_good = true;
  kill(pod, *work, cause);
}

// Why the kubelet takes no pod now, "" when it does; reason is the pod's then (K65, K76).
std::string Kubelets::why_closed(const Work& work, const PodTemplate& tmpl, std::string& reason) const {
  if (nodes_.find(work.node)->second.shutting_down) {
    reason = "NodeShutdown";
    return "Pod was rejected: Pod was rejected as the node is shutting down.";
  }
  const auto& pressures = context_.state().find_node(work.node)->pressures;
  if (pressures.empty() || tmpl.priority.value_or(0) >= kCriticalPriority) return "";
  if (pressures.size() == 1 && pressures.contains(kMemoryPressure)) {
    const Taint taint{std::string(kMemoryPressureTaint), "", "NoSchedule"};
    if (!is_best_effort(tmpl) || tolerates(tmpl.tolerations, taint)) return "";
  }
  reason = "Evicted";
  return fmt::format("Pod was rejected: The node had condition: [{}]. ", fmt::join(pressures, " "));
}

// The kubelet has seen a graceful DELETE, or a later one with less grace (K29, K30), or ends the pod by itself.
void Kubelets::kill(PodId id, Work& work, Seq cause) {
  const Latencies& latency = context_.config().latency;
  if (work.stage == Stage::dead) return;  // its report is under way and will confirm the deletion
  if (work.stage != Stage::running) {
    pulls_.cancel(id, work.node, cause);
    stop_fetching(id, cause);
    if (claims_ != nullptr) claims_->forget_mount(id);
    work.stage = Stage::dead;
    arm(kReport, latency.status, "cluster.status", id, cause);
    return;
  }
  const Pod& pod = *context_.state().find_pod(id)->pod;
  const std::int64_t deletion_s = pod.deletion_grace_s.value_or(grace_s(pod));
  const TimeUs kill_at = context_.now() + work.end_grace_s.value_or(deletion_s) * kSecondUs;
  if (work.told_to_stop || !run_hook(id, work, pod, kill_at, cause)) stop(id, work, kill_at, cause);
}

// SIGTERM, unless it is out already, and SIGKILL at kill_at.
void Kubelets::stop(PodId id, Work& work, TimeUs kill_at, Seq cause) {
  const bool real = context_.config().real_processes;
  const bool first = !std::exchange(work.told_to_stop, true);
  if (first && !real) {
    const DurationUs takes =
        context_.sample(context_.config().latency.stop, "cluster.stop", pod_key(*context_.state().find_pod(id)->pod));
    work.dead_at = context_.now() + takes;
    work.exit_code = kTermCode;
  } else if (!first && work.dead_at <= kill_at) {
    return;
  }
  if (first || real) context_.send(context_.now(), cause, from::ProcessStopped{id, kill_at});
  if (work.dead_at >= kill_at) {
    work.dead_at = kill_at;
    work.exit_code = kKillCode;
  }
  context_.timer(work.dead_at, cause, {Part::kubelet, kDead, work.round, id});
}

// The pod's end, as its status shows it: one that the kubelet ended by itself is Failed whatever its process says.
void Kubelets::say_end(PodId id, const Work& last, Seq& cause) {
  const Pod& pod = *context_.state().find_pod(id)->pod;
  const std::string name = pod_key(pod);
  fact::PodFinished end{name, 0, PodPhase::failed, 0, "", last.end_reason, last.end_message};
  if (last.started) {
    const bool fine = last.exit_code == 0;
    end.exit_code = last.exit_code;
    end.container_reason = last.lost ? "ContainerStatusUnknown" : last.oom ? "OOMKilled" : fine ? "Completed" : "Error";
    if (fine && last.end_reason.empty()) end.phase = PodPhase::succeeded;
  }
  if (!last.end_reason.empty()) {
    const Condition condition{"DisruptionTarget", Truth::yes, "TerminationByKubelet", last.end_message, context_.now()};
    cause = context_.emit("kubelet", cause, fact::PodConditionSet{name, context_.next_rv(), condition});
  }
  end.rv = context_.next_rv();
  cause = context_.emit("kubelet", cause, std::move(end));
}

void Kubelets::report_end(PodId id, Work& work, Seq cause) {
  if (work.stage != Stage::dead) return;
  const PodPtr pod = context_.state().find_pod(id)->pod;
  if (restarts(work, *pod)) return restart(id, work, cause);
  const Work last = work;
  forget(id);
  if (last.admitted) count(last, context_.state().find_pod(id)->requests, -1);
  if ((last.started || !last.end_reason.empty()) && !is_terminal(*pod)) say_end(id, last, cause);
  if (pod->deletion_us) deletion_.finish(id, "kubelet", "kubelet", cause);
}

}  // namespace podramp::fakeapi
