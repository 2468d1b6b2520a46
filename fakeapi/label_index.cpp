#include "fakeapi/label_index.h"

#include <algorithm>
#include <variant>

#include "backend/port/json_writer.h"

namespace podramp::fakeapi {

void LabelIndex::add(ByValue& index, const std::string& key, const Pod& pod, PodId id) {
  if (const std::string* value = pod.label(key)) index[*value].emplace(pod_key(pod), id);
}

void LabelIndex::drop(ByValue& index, const std::string& key, const Pod& pod) {
  const std::string* value = pod.label(key);
  if (value == nullptr) return;
  const auto pods = index.find(*value);
  if (pods == index.end()) return;
  pods->second.erase(pod_key(pod));
  if (pods->second.empty()) index.erase(pods);
}

const LabelIndex::Pods& LabelIndex::with_value(const ClusterState& state, const Requirement& equal) {
  const auto [index, is_new] = by_key_.try_emplace(equal.key);
  if (is_new) {
    for (const auto& [name, id] : state.pods_by_name()) add(index->second, equal.key, *state.find_pod(id)->pod, id);
  }
  const auto pods = index->second.find(equal.values.at(0));
  return pods == index->second.end() ? none_ : pods->second;
}

const LabelIndex::Pods& LabelIndex::candidates(const ClusterState& state, const LabelSelector& selector) {
  const Pods* fewest = &state.pods_by_name();
  for (const Requirement& requirement : selector.all) {
    if (fewest->size() <= few_) break;
    if (requirement.op != SelectorOp::equals) continue;
    const Pods& pods = with_value(state, requirement);
    if (pods.size() < fewest->size()) fewest = &pods;
  }
  return *fewest;
}

void LabelIndex::on_fact(const Fact& fact, const ClusterState& state) {
  const bool changes_labels =
      std::holds_alternative<fact::PodCreated>(fact) || std::holds_alternative<fact::PodLabelled>(fact) ||
      std::holds_alternative<fact::PodEdited>(fact) || std::holds_alternative<fact::PodGone>(fact);
  if (!changes_labels) return;
  const ClusterState::Change& change = state.last_change();
  for (auto& [key, index] : by_key_) {
    if (change.before != nullptr) drop(index, key, *change.before);
    if (change.after != nullptr) add(index, key, *change.after, change.id);
  }
}

}  // namespace podramp::fakeapi
