// What a DaemonSet's controller does next, given its pods and the nodes: a pure function, no time passes. Which nodes
// are to have a pod, which pods have to go, and when to look again at a pod whose deletion waits.
// Facts: pkg/controller/daemon of kubernetes 1.32. Next: set_controllers.h, which carries the plan out.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "fakeapi/cluster_state.h"
#include "fakeapi/set_plan.h"

namespace podramp::fakeapi {

inline constexpr std::size_t kDaemonBurst = 250;                  // pods a DaemonSet makes, and deletes, in one go
inline constexpr DurationUs kFailedDaemonFirstUs = kSecondUs;     // how long a failed pod's successor stays when it
inline constexpr DurationUs kFailedDaemonMaxUs = 15 * kMinuteUs;  // fails too: doubled each time, up to this

// The deletions of failed pods of one DaemonSet, by node: it must not fight with a kubelet that rejects its pods.
class FailedDaemons {
 public:
  // How long the deletion of a failed pod has to wait; 0: it may be deleted now, and that is noted.
  DurationUs wait_or_note(const std::string& node, TimeUs now);

 private:
  struct Entry {
    DurationUs delay_us = 0;
    TimeUs noted_us = 0;
  };
  std::map<std::string, Entry> by_node_;
};

struct DaemonPlan {
  std::vector<SetStage> stages;
  DurationUs look_again_us = 0;  // 0: not by itself
};

// Adds what a DaemonSet's pods tolerate besides what their template says: nodes that are not ready or unreachable for
// ever, pressure of disk, memory and process ids, cordons.
void add_daemon_tolerations(PodTemplate& tmpl);
// The node that a daemon pod runs on or waits for.
const std::string& daemon_node(const Pod& pod);
// tmpl: with these tolerations. A node has a pod when selector and taints let it; a pod that is there stays in spite of
// NoSchedule taints. One that is going counts as there: its successor comes when it is gone. Finished pods and
// surplus ones are deleted, and pods that wait for a node that does not exist.
DaemonPlan plan_daemons(const SharedTemplate& tmpl, const std::vector<OwnedPod>& pods,
                        const std::map<std::string, NodeRecord, std::less<>>& nodes, FailedDaemons& failed, TimeUs now);

}  // namespace podramp::fakeapi
