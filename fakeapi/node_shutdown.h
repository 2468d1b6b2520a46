// Graceful node shutdown (K76): the kubelet holds the shutdown up, says that the node is not Ready, takes no more pods,
// ends the ordinary ones, then the critical ones. Off unless the profile gives it time. Not here: the power
// (node_lifecycle.h), how a pod ends (kubelet_endings.cpp).
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "fakeapi/context.h"
#include "fakeapi/kubelet.h"

namespace podramp::fakeapi {

class NodeShutdowns {
 public:
  NodeShutdowns(Context& context, Kubelets& kubelets) : context_(context), kubelets_(kubelets) {}

  // The timeline's wish. Unknown and silent nodes are skipped; all are when graceful shutdown is off.
  void shut_down(const to::ShutdownNodes& wish, Seq cause);
  void on_fact(const Fact& fact, Seq seq);
  void on_timer(const ClusterTimer& timer, Seq cause);

 private:
  enum Kind : std::uint8_t { kCritical, kReadyAgain };

  struct Shutdown {
    std::string node;
    std::set<PodId> ordinary;  // not ended yet
    bool last_group = false;   // the critical pods are told
  };
  std::set<PodId> active(const std::string& node, bool critical) const;
  void end(const std::set<PodId>& pods, DurationUs period_us, Seq cause);
  void ready(const std::string& node, bool ready, Seq cause);

  Context& context_;
  Kubelets& kubelets_;
  std::map<std::uint64_t, Shutdown> shutdowns_;
  std::map<PodId, std::uint64_t> of_pod_;
  std::uint64_t ever_ = 0;
};

}  // namespace podramp::fakeapi
