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

  // few: how many candidates are not worth another index.
  explicit LabelIndex(std::size_t few = 64) : few_(few) {}

  // A superset of the pods that match: those with the value of the selector's rarest "key=value", or all.
  const Pods& candidates(const ClusterState& state, const LabelSelector& selector);
  // Keeps the index; call it after the state has applied the fact.
  void on_fact(const Fact& fact, const ClusterState& state);

 private:
  using ByValue = std::unordered_map<std::string, Pods>;  // never iterated

  const Pods& with_value(const ClusterState& state, const Requirement& equal);
  static void add(ByValue& index, const std::string& key, const Pod& pod, PodId id);
  static void drop(ByValue& index, const std::string& key, const Pod& pod);

  std::size_t few_;
  std::map<std::string, ByValue> by_key_;
  Pods none_;
};

}  // namespace podramp::fakeapi
