// A node runs short of memory or disk space: the kubelet says so in a condition, evicts one pod after the other while
// that lasts, and keeps the condition for five minutes after it (K65); the node controller taints the node meanwhile.
// What pods use is not known here: docs/behaviour.md, "Pressure". Not here: how a pod ends (kubelet_endings.cpp).
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "fakeapi/context.h"
#include "fakeapi/kubelet.h"

namespace podramp::fakeapi {

class NodePressure {
 public:
  NodePressure(Context& context, Kubelets& kubelets) : context_(context), kubelets_(kubelets) {}

  // The timeline's wish. Unknown and silent nodes are skipped.
  void press(const to::NodePressure& wish, Seq cause);
  void on_fact(const Fact& fact, Seq seq);
  void on_timer(const ClusterTimer& timer, Seq cause);

 private:
  struct Pressure {
    std::string node;
    bool disk = false;
    bool shown = false;  // the condition and the taint are out
    TimeUs until_us = 0;
    TimeUs seen_us = 0;  // too little was left, last
    TimeUs look_us = kNever;
  };
  void look(std::uint64_t number, Pressure& pressure, bool low, Seq cause);
  void show(Pressure& pressure, bool pressed, Seq& cause);
  void evict_one(const Pressure& pressure, Seq cause);

  Context& context_;
  Kubelets& kubelets_;
  std::map<std::uint64_t, Pressure> pressures_;
  std::uint64_t ever_ = 0;
};

}  // namespace podramp::fakeapi
