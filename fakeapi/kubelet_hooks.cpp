// preStop hooks: what a container's image does before its main process is told to stop. A hook counts against the grace
// period; SIGTERM comes when it has ended or the period is over, and leaves two seconds more at the least.
#include <algorithm>

#include "fakeapi/kubelet.h"

namespace podramp::fakeapi {
namespace {

constexpr DurationUs kMinimumGraceUs = 2 * kSecondUs;  // kubelet, minimumGracePeriodInSeconds

bool has_hook(const PodTemplate& tmpl) {
  return std::ranges::any_of(tmpl.containers, [](const Container& c) { return !c.pre_stop_exec.empty(); });
}

}  // namespace

// A hook runs now, or goes on: until kill_at at the latest. False when the pod has none, or no time for it.
bool Kubelets::run_hook(PodId id, Work& work, const Pod& pod, TimeUs kill_at, Seq cause) {
  if (kill_at == context_.now() || !has_hook(*pod.tmpl)) return false;
  if (work.hook_until != 0 && work.hook_until <= kill_at) return true;
  if (work.hook_until == 0) context_.send(context_.now(), cause, from::HookStarted{id});
  work.hook_until = kill_at;
  context_.timer(kill_at, cause, {Part::kubelet, kHookOver, work.round, id});
  return true;
}

void Kubelets::hook_over(PodId id, Work& work, Seq cause) {
  if (work.hook_until == 0 || work.told_to_stop || work.gone || work.stage != Stage::running) return;
  stop(id, work, std::max(work.hook_until, context_.now() + kMinimumGraceUs), cause);
}

void Kubelets::hook_ended(PodId pod, Seq cause) {
  if (Work* work = find(pod)) hook_over(pod, *work, cause);
}

}  // namespace podramp::fakeapi
