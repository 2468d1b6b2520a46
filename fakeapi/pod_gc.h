// The pod garbage collector: pods whose Node object is gone, unscheduled pods that are being deleted (K73), pods that
// are being deleted on a node that is out of service (K72), finished pods when there are too many (K35).
// It looks every pod_gc_period from time 0 on, but only while there is something to do. Not the garbage collector of
// owners (deletion.h).
#pragma once

#include <map>
#include <set>
#include <string>
#include <tuple>
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
  void watch_finished(const Fact& fact);
  void watch_out_of_service(const Fact& fact);
  void collect_finished();
  void collect_out_of_service();
  void collect(PodId id, const std::string& node, Seq cause);

  Context& context_;
  Deletion& deletion_;
  std::map<std::string, MissingNode, std::less<>> missing_;
  std::map<PodId, Seq> unscheduled_;                                 // being deleted without a node
  std::set<std::string, std::less<>> out_of_service_;                // tainted so
  std::set<std::tuple<bool, TimeUs, std::string, PodId>> finished_;  // evicted ones first (false), then by age, name
  TimeUs look_us_ = kNever;                                          // when the next look is due; never: none is armed
};

}  // namespace podramp::fakeapi
