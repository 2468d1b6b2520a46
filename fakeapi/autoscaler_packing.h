// How many machines pods need: first-fit-decreasing bin packing on nodes that do not exist yet, after Cluster
// Autoscaler's binpacking estimator and Karpenter's NodeClaims; the expander's choice. Pure: no time, no messages.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "fakeapi/autoscaler_books.h"
#include "fakeapi/config.h"

namespace podramp::fakeapi {

// A machine of a group as a simulation sees it: the DaemonSets' pods are on it already.
class GroupTemplate {
 public:
  GroupTemplate(const NodeGroupSpec& group, const std::vector<DaemonSetSpec>& daemons);

  const Node& node() const { return node_; }
  // Would the pod go on such a machine that is empty but for the daemons?
  bool fits(const SharedTemplate& tmpl);
  // Likewise beside so many pods that ask for so much; selectors and taints are not looked at.
  bool holds(const Resources& asked, std::int64_t pods) const;

 private:
  Node node_;
  Resources daemons_;
  std::int64_t daemon_pods_ = 0;
  NodeRoom room_;
  std::map<std::uint64_t, bool> known_;  // by template
};

void add_to(Resources& sum, const Resources& part);

// What a group can do for pending pods.
struct ScaleUpOption {
  std::size_t group = 0;
  std::int64_t machines = 0;
  std::vector<PodId> pods;     // those that would go there
  std::int64_t cpu_milli = 0;  // what they ask for
  std::int64_t memory_mib = 0;
  std::int64_t machine_cpu_milli = 0;
  std::int64_t machine_memory_mib = 0;
  std::int64_t priority = 0;
};

// Packs pods (each with its requests) onto at most machines_max machines, those that need most first.
ScaleUpOption pack(GroupTemplate& group, const std::vector<PendingPod>& pods, std::int64_t machines_max);

// The index of the option that the expander takes; options is not empty. tie decides between equals.
std::size_t expand(Expander expander, const std::vector<ScaleUpOption>& options, Draw tie);

// A NodeClaim: pods that share a machine, and the types (indexes of groups) that could hold all of them.
struct PlannedClaim {
  std::vector<std::size_t> types;
  std::vector<PodId> pods;
  Resources asked;
};
// Karpenter's way: a pod goes to the claim with the fewest pods that has a type for it, else it opens another. Pods
// that no type takes are left out. Types not in `allowed` are passed over.
std::vector<PlannedClaim> plan_claims(std::vector<GroupTemplate>& types, const std::vector<std::size_t>& allowed,
                                      const std::vector<PendingPod>& pods);

}  // namespace podramp::fakeapi
