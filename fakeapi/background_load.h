// Other people's pods: they come, run for their time and go, at a seeded pace or as a trace says. They pass admission,
// scheduler and kubelets like all pods; their client does not try again what is refused, and deletes what has ended.
// Pods that are there from the start are ClusterConfig::existing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "fakeapi/context.h"
#include "fakeapi/deletion.h"
#include "fakeapi/kubelet.h"
#include "fakeapi/pod_verbs.h"

namespace podramp::fakeapi {

class BackgroundLoads {
 public:
  BackgroundLoads(Context& context, PodVerbs& verbs, Kubelets& kubelets, Deletion& deletion);

  void start();
  void on_fact(const Fact& fact, Seq seq);
  void on_timer(const ClusterTimer& timer, Seq cause);

 private:
  enum Kind : std::uint8_t { kArrives, kEnds, kDelete };

  struct Pending {  // a pod of ours that has not ended
    std::uint32_t load = 0;
    std::uint64_t number = 0;
  };

  void arm_next(std::uint32_t load, TimeUs after_us, std::uint64_t number);
  void arrive(std::uint32_t load, std::uint64_t number, Seq cause);
  const TemplatePtr& template_of(std::uint32_t load, std::uint64_t number) const;
  std::optional<DurationUs> lifetime_of(const Pending& pod) const;

  Context& context_;
  PodVerbs& verbs_;
  Kubelets& kubelets_;
  Deletion& deletion_;
  std::vector<std::vector<TemplatePtr>> templates_;  // by load
  std::unordered_map<PodId, Pending> pods_;          // never iterated
};

}  // namespace podramp::fakeapi
