#include "backend/fork_loss.h"

#include <fmt/format.h>

namespace podramp::backend {
namespace {

// YARN's codes for memory beyond the container's limit; Kubernetes never gives them (Q08).
constexpr int kVirtualMemory = -103;
constexpr int kPhysicalMemory = -104;
constexpr int kKilled = 137;

bool out_of_memory(const Pod& pod, int code, const Fixes& fixes) {
  if (!fixes.contains(Fix::q08)) return code == kVirtualMemory || code == kPhysicalMemory;
  return code == kKilled || (!pod.containers.empty() && pod.containers.front().reason == "OOMKilled");
}

LossReason explicit_termination(const Pod& pod, int code) {
  return {code, false, false, fmt::format("pod {}: explicit termination request", pod.name)};
}

}  // namespace

int fork_exit_code(const Pod& pod) {
  if (pod.containers.empty()) return kNoContainerStatus;
  const ContainerStatus& first = pod.containers.front();
  return first.state == ContainerStateKind::terminated ? first.exit_code : kNotTerminated;
}

LossReason deleted_reason(const Pod& pod, bool released) {
  const int code = fork_exit_code(pod);
  if (released) return explicit_termination(pod, code);
  return {code, false, false, fmt::format("pod {} was deleted or lost", pod.name)};
}

LossReason errored_reason(const Pod& pod, bool released, const Fixes& fixes) {
  const int code = fork_exit_code(pod);
  if (released) return explicit_termination(pod, code);
  if (out_of_memory(pod, code, fixes)) {
    return {code, true, false,
            fmt::format("pod {} went beyond its memory limit (code {}{}{}); raise "
                        "spark.kubernetes.executor.memoryOverhead",
                        pod.name, code, pod.reason.empty() ? "" : ", ", pod.reason)};
  }
  return {code, true, false, fmt::format("pod {} exited with status code {}", pod.name, code)};
}

LossReason unknown_reason(const Fixes& fixes) {
  return {-1, !fixes.contains(Fix::q09), true, "executor lost for unknown reasons"};
}

}  // namespace podramp::backend
