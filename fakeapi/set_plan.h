// What a StatefulSet's or ReplicaSet's controller does next, given its pods: pure functions, no time passes.
// Next: set_controllers.h, which carries the plans out.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "fakeapi/cluster_state.h"

namespace podramp::fakeapi {

inline constexpr std::size_t kReplicaBurst = 500;  // pods a ReplicaSet makes or deletes in one go
inline constexpr std::string_view kDeletionCost = "controller.kubernetes.io/pod-deletion-cost";

// A pod whose controller is the set.
struct OwnedPod {
  PodId id = 0;
  PodPtr pod;
  TimeUs ready_us = 0;          // since when it is ready, if it is
  std::int64_t neighbours = 0;  // active pods of the set on its node, itself included
  std::uint64_t tie = 0;        // stands for the order of random uids
};

struct SetAction {
  bool create = true;        // else delete `pod`
  std::int64_t ordinal = 0;  // of the pod to make; a ReplicaSet just counts
  PodId pod = 0;
  std::string node{};  // a DaemonSet's pod is made for this one
  friend bool operator==(const SetAction&, const SetAction&) = default;
};

// Actions that go out together: 1, 2, 4, ... at a time (slow start), or all at once.
struct SetStage {
  std::vector<SetAction> actions;
  bool slow_start = true;
  friend bool operator==(const SetStage&, const SetStage&) = default;
};

// "web-3" of set "web" -> 3; -1 when the name is not one of the set's.
std::int64_t ordinal_of(const std::string& set, const std::string& pod);

// Parallel: everything that is missing, and then everything that is too much, at once. OrderedReady: one step at a
// time, each pod only when all before it are ready; scaling down from the highest ordinal. Finished pods are deleted,
// and made again when they are gone.
std::vector<SetStage> plan_stateful(const std::string& name, const SetSpec& set, const std::vector<OwnedPod>& pods);

// Makes or deletes the difference between replicas and active pods (not finished, not being deleted), at most 500.
// Deleted first are: pods without a node; Pending before Unknown before Running; not ready; of lower deletion cost; on
// nodes with more of them; ready for a shorter time and younger (both in powers of two); then by uid.
std::vector<SetStage> plan_replicas(const SetSpec& set, std::vector<OwnedPod> pods, TimeUs now);

}  // namespace podramp::fakeapi
