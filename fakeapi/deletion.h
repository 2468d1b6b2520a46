// How pods leave the store: the grace rules of DELETE (K27-K30) and the kubelet's or a force delete's last word.
// Callers: the API server's verbs, taint eviction, pod GC, kubelets. Not here: who decides to delete.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "fakeapi/context.h"

namespace podramp::fakeapi {

class Deletion {
 public:
  explicit Deletion(Context& context) : context_(context) {}

  // A DELETE with this grace (absent: the pod's own, K27). Emits PodTerminating, or PodGone at once when the grace is
  // 0 or the pod is unscheduled or terminal (K28). A second one may only shorten (K30). Unknown pods are ignored.
  // Returns the event that says so, or `cause` when nothing changed.
  Seq remove(PodId pod, std::optional<std::int64_t> grace_s, std::string_view why, std::string_view by, Seq cause);
  // The eviction subresource (K78): a pod that is not finished gets the condition DisruptionTarget first. Without
  // disruption budgets, so that it never answers 429.
  Seq evict(PodId pod, std::optional<std::int64_t> grace_s, Seq cause);
  // Removes the object now: the kubelet confirms, or somebody forces. Unknown pods are ignored.
  Seq finish(PodId pod, std::string_view why, std::string_view by, Seq cause);

  void on_fact(const Fact&, Seq) {}
  void on_timer(const ClusterTimer&, Seq) {}

 private:
  Context& context_;
};

}  // namespace podramp::fakeapi
