#include "fakeapi/autoscaler_books.h"

#include <algorithm>

namespace podramp::fakeapi {

bool is_daemon_pod(const Pod& pod) {
  return !pod.affinity_node.empty() ||
         std::ranges::any_of(pod.tmpl->owners, [](const OwnerReference& o) { return o.kind == "DaemonSet"; });
}

std::string_view annotation(const Pod& pod, std::string_view key) {
  for (const StringMap* map : {&pod.own_annotations, &pod.tmpl->annotations}) {
    const auto it = map->find(std::string(key));
    if (it != map->end()) return it->second;
  }
  return "";
}

void AutoscalerBooks::set_node(const std::string& name) {
  const NodeRecord* record = context_.state().find_node(name);
  const auto expected = expected_.find(name);
  if (expected != expected_.end()) {
    room_.set_node(expected->second);
  } else if (record != nullptr && record->node.ready == Truth::yes) {
    room_.set_node(record->node);
  } else {
    room_.remove_node(name);
  }
}

void AutoscalerBooks::expect(const Node& node) {
  expected_[node.name] = node;
  set_node(node.name);
}

void AutoscalerBooks::arrived(const std::string& node) {
  expected_.erase(node);
  set_node(node);
}

void AutoscalerBooks::forget(const std::string& node) { arrived(node); }

void AutoscalerBooks::on_fact(const Fact& fact) {
  const ClusterState::Change& change = context_.state().last_change();
  const auto bind = [&](PodId id, const Pod& pod) {
    unschedulable_.erase(id);
    const auto place = std::pair(room_.index(pod.node), room_.shape(*pod.tmpl));
    room_.take(place.first, place.second);
    bound_[id] = place;
  };
  const auto free = [&](PodId id) {
    unschedulable_.erase(id);
    const auto it = bound_.find(id);
    if (it == bound_.end()) return;
    room_.give_back(it->second.first, it->second.second);
    bound_.erase(it);
  };
  if (const auto* created = std::get_if<fact::PodCreated>(&fact)) {
    if (!created->pod->node.empty() && !is_terminal(*created->pod)) bind(change.id, *created->pod);
  } else if (std::holds_alternative<fact::PodBound>(fact)) {
    bind(change.id, *change.after);
  } else if (std::holds_alternative<fact::PodUnschedulable>(fact)) {
    if (!is_daemon_pod(*change.after)) unschedulable_.try_emplace(change.id, context_.now());
  } else if (std::holds_alternative<fact::PodFinished>(fact) || std::holds_alternative<fact::PodGone>(fact)) {
    free(change.id);
  } else if (std::holds_alternative<fact::PodResized>(fact)) {
    if (!bound_.contains(change.id)) return;
    free(change.id);
    bind(change.id, *change.after);
  } else if (const auto* added = std::get_if<fact::NodeAdded>(&fact)) {
    set_node(added->node.name);
  } else if (const auto* tainted = std::get_if<fact::NodeTainted>(&fact)) {
    set_node(tainted->node);
  } else if (const auto* cordoned = std::get_if<fact::NodeCordoned>(&fact)) {
    set_node(cordoned->node);
  } else if (const auto* edited = std::get_if<fact::NodeEdited>(&fact)) {
    set_node(edited->node);
  } else if (const auto* ready = std::get_if<fact::NodeReadyChanged>(&fact)) {
    set_node(ready->node);
  } else if (const auto* gone = std::get_if<fact::NodeGone>(&fact)) {
    expected_.erase(gone->node);
    room_.remove_node(gone->node);
  }
}

std::vector<PendingPod> AutoscalerBooks::pending() {
  std::vector<PendingPod> pods;
  for (const auto& [id, since_us] : unschedulable_) {
    const Pod& pod = *context_.state().find_pod(id)->pod;
    if (!pod.deletion_us) pods.push_back({id, &pod, room_.shape(*pod.tmpl), since_us});
  }
  return pods;
}

bool AutoscalerBooks::place(const PendingPod& pod) {
  const auto node = room_.choose(pod.shape, Draw(context_.seed(), "cluster.autoscaler.tie", "", pod.id));
  if (!node) {
    room_.refusal(pod.shape);  // remembered, so that the next pod of the shape costs nothing
    return false;
  }
  room_.take(*node, pod.shape);
  placed_.emplace_back(*node, pod.shape);
  return true;
}

void AutoscalerBooks::hide(const std::string& node) {
  hidden_.push_back(node);
  room_.remove_node(node);
}

void AutoscalerBooks::undo() {
  for (const auto& [node, shape] : placed_) room_.give_back(node, shape);
  placed_.clear();
  for (const std::string& node : hidden_) set_node(node);
  hidden_.clear();
}

}  // namespace podramp::fakeapi
