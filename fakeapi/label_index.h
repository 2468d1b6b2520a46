// Finds the pods that carry a label value without walking all pods: what makes a poll of one application cheap in a
// cluster full of others. A label is indexed from the first time that a selector asks for a value of it.
// Not the selector itself: candidates still have to match it as a whole.
#pragma once

#include <map>
#include <string>
#include <unordered_map>

#include "fakeapi/cluster_state.h"

namespace podramp::fakeapi {

class LabelIndex {
 public:
  using Pods = std::map<std::string, PodId, std::less<>>;  // by "namespace/name"

  // A superset of the pods that match: those with the value of the selector's first "key=value", or all.
  const Pods& candidates(const ClusterState& state, const LabelSelector& selector);
  // Keeps the index; call it after the state has applied the fact.
  void on_fact(const Fact& fact, const ClusterState& state);

 private:
  using ByValue = std::unordered_map<std::string, Pods>;  // never iterated
  static void add(ByValue& index, const std::string& key, const Pod& pod, PodId id);
  static void drop(ByValue& index, const std::string& key, const Pod& pod);

  std::map<std::string, ByValue> by_key_;
  Pods none_;
};

}  // namespace podramp::fakeapi
