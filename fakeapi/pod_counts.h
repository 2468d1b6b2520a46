// Which pods are placed where, as far as their neighbours care: the pods of each node, how many of them match a
// selector, and which placed pods have demands of their own. Counts are made when first asked for and then kept up,
// so that pods without affinities cost nothing. Who asks: neighbours.h, pod_spread.h, preemption.h.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "backend/port/kube.h"
#include "fakeapi/cluster_state.h"

namespace podramp::fakeapi {

// Is it one of the pods that the term means? A term that names no namespaces means those of `own_ns`.
bool matches(const PodTerm& term, const std::string& own_ns, const Pod& pod);
// The same term with its namespaces written out.
PodTerm resolved(const PodTerm& term, const std::string& own_ns);

class PodCounts {
 public:
  using NodeIndex = std::uint32_t;
  using ByNode = std::vector<std::int32_t>;  // nodes beyond its end have none

  explicit PodCounts(const ClusterState& state) : state_(state) {}

  struct Placed {
    PodId id = 0;
    TimeUs since_us = 0;
  };
  void add(PodId id, const Pod& pod, NodeIndex node, TimeUs since_us);
  void remove(PodId id, const Pod& pod, NodeIndex node);
  // Its labels have changed, or it is going.
  void update(const Pod& before, const Pod& after, NodeIndex node);
  const std::vector<Placed>& on(NodeIndex node) const;

  // Pods that match every one of the terms, which are resolved; topology keys play no part.
  const ByNode& matching(const std::vector<PodTerm>& terms, bool without_terminating);

  // What placed pods demand or prefer of pods that come near them (symmetry of affinity).
  struct Demand {
    PodTerm term;  // resolved
    bool forbids = false;
    std::int64_t weight = 0;  // when it does not forbid
    friend auto operator<=>(const Demand&, const Demand&) = default;
  };
  struct Owners {
    ByNode by_node;
    std::int64_t total = 0;
  };
  const std::map<Demand, Owners>& demands() const { return demands_; }

 private:
  static constexpr std::size_t kCountersMax = 64;  // the longest unused is forgotten and counted anew

  struct Key {
    std::vector<PodTerm> terms;
    bool without_terminating = false;
    friend auto operator<=>(const Key&, const Key&) = default;
  };
  struct Counter {
    ByNode by_node;
    std::uint64_t used = 0;
  };
  static bool counts(const Key& key, const Pod& pod);
  static void change(ByNode& by_node, NodeIndex node, std::int32_t sign);
  void count(const Pod& pod, NodeIndex node, std::int32_t sign);
  void demand(const Demand& demand, NodeIndex node, std::int32_t sign);

  const ClusterState& state_;
  std::vector<std::vector<Placed>> placed_;
  std::map<Key, Counter> counters_;
  std::map<Demand, Owners> demands_;
  std::uint64_t uses_ = 0;
};

}  // namespace podramp::fakeapi
