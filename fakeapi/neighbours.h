// What the pods that are placed mean for one pod at one moment: affinity and anti-affinity, its own and theirs.
// Made for one scheduling cycle; nothing of it survives. Upstream: plugin InterPodAffinity. Counts: pod_counts.h.
#pragma once

#include <cstdint>
#include <vector>

#include "fakeapi/pod_counts.h"
#include "fakeapi/topologies.h"

namespace podramp::fakeapi {

class Neighbours {
 public:
  using NodeIndex = std::uint32_t;
  enum class Verdict : std::uint8_t { passes, misses_company, repelled, repels };

  Neighbours(const Pod& pod, PodCounts& counts, Topologies& topologies);

  // False: every node passes.
  bool filters() const { return !company_.empty() || !enemies_.empty() || !haters_.empty(); }
  // repelled: a pod there that this one forbids; repels: a pod there forbids this one.
  Verdict check(NodeIndex node) const;
  // False: all score 0.
  bool scores() const { return !likes_.empty(); }
  std::int64_t score(NodeIndex node) const;  // not yet on the common scale

 private:
  struct Near {  // how many pods by domain of a topology key
    const Topologies::Key* key = nullptr;
    std::vector<std::int64_t> by_domain;
    std::int64_t weight = 0;
    std::int64_t at(NodeIndex node) const;
  };
  static Near near(const Topologies::Key& key, const PodCounts::ByNode& by_node, std::int64_t weight);

  std::vector<Near> company_;
  bool first_of_its_kind_ = false;  // nobody is there yet whom it wants, but itself: then any node will do
  std::vector<Near> enemies_;
  std::vector<Near> haters_;
  std::vector<Near> likes_;
};

}  // namespace podramp::fakeapi
