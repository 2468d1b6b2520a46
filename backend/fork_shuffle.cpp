#include "backend/fork_shuffle.h"

#include <fmt/format.h>

#include "backend/pod_labels.h"

namespace podramp::backend {
std::string ShuffleCache::on_listed(const std::vector<PodPtr>& pods) {
  for (const PodPtr& pod : pods) {
    if (!pod->is_ready()) continue;  // a warning only
    if (std::string error = insert(*pod); !error.empty()) return error;
  }
  return "";
}

std::string ShuffleCache::on_event(const WatchEvent& event) {
  const Pod& pod = *event.object;
  switch (event.type) {
    case WatchEventType::bookmark: return "";
    case WatchEventType::deleted:
    case WatchEventType::error: remove(pod); return "";
    case WatchEventType::added:
    case WatchEventType::modified: break;
  }
  if (pod.is_ready()) return insert(pod);
  if (!fixed(Fix::q27)) return fmt::format("no case for the unready shuffle pod {}", pod.name);
  remove(pod);
  return "";
}

// Q26: any second insert for a node is an error, even of the pod that is there; Q28 lets a replacement in.
std::string ShuffleCache::insert(const Pod& pod) {
  const auto [it, fresh] = by_node_.try_emplace(pod.node, Entry{pod.uid, pod.pod_ip});
  if (fresh) return "";
  const bool same = it->second.uid == pod.uid && it->second.ip == pod.pod_ip;
  const bool replaced = it->second.uid != pod.uid;
  if (same ? fixed(Fix::q26) : fixed(Fix::q26) || (replaced && fixed(Fix::q28))) {
    it->second = {pod.uid, pod.pod_ip};
    return "";
  }
  return fmt::format("ambiguous specification of shuffle service pod: node {} has {} and {}", pod.node, it->second.ip,
                     pod.pod_ip);
}

void ShuffleCache::remove(const Pod& pod) {
  const auto it = by_node_.find(pod.node);
  if (it == by_node_.end()) return;
  if (fixed(Fix::q28) && it->second.uid != pod.uid) return;
  by_node_.erase(it);
}

Result<std::string> ShuffleCache::find(const std::string& node) const {
  const auto it = by_node_.find(node);
  if (it != by_node_.end()) return it->second.ip;
  return tl::unexpected(Error{fmt::format("unable to find shuffle pod on node {}", node)});
}

std::optional<std::string> ShuffleCleaner::on_event(const WatchEvent& event) {
  const Pod& pod = *event.object;
  const std::string* app_id = pod.label(kAppLabel);
  if (app_id == nullptr || (pod.ns != ns_ && !fixes_.contains(Fix::q30))) return std::nullopt;
  const bool gone = event.type == WatchEventType::deleted || event.type == WatchEventType::error;
  const bool finished = pod.phase == PodPhase::succeeded || pod.phase == PodPhase::failed;
  if (!gone && !(finished && fixes_.contains(Fix::q29))) return std::nullopt;
  if (apps_.erase(*app_id) == 0) return std::nullopt;
  return *app_id;
}

}  // namespace podramp::backend
