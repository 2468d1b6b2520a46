// The pod garbage collector: pods whose Node object is gone, and unscheduled pods that are being deleted (K73).
// It looks every pod_gc_period from time 0 on, but only while there is something to do. Not the garbage collector of
// owners (deletion.h).
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "fakeapi/context.h"

namespace podramp::fakeapi {

class Deletion;

// Timers of Part::node_lifecycle from this kind on belong to pod GC.
inline constexpr std::uint8_t kPodGcKind = 100;

class PodGc {
 public:
  PodGc(Context& context, Deletion& deletion);

  // A Node object was deleted under these pods.
  void orphaned(const std::string& node, const std::set<PodId>& pods, Seq cause);
  void on_fact(const Fact& fact, Seq seq);
  void on_timer();

 private:
  struct MissingNode {
    std::set<PodId> pods;
    TimeUs collect_us = kNever;  // end of the quarantine; never while the loop has not noticed
    Seq cause = 0;
  };
  TimeUs next_look(TimeUs not_before) const;
  void arm(TimeUs at);
  void collect(PodId id, const std::string& node, Seq cause);

  Context& context_;
  Deletion& deletion_;
  std::map<std::string, MissingNode, std::less<>> missing_;
  std::map<PodId, Seq> unscheduled_;  // being deleted without a node
  TimeUs look_us_ = kNever;           // when the next look is due; never: none is armed
};

}  // namespace podramp::fakeapi
