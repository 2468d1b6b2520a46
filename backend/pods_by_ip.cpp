#include "backend/pods_by_ip.h"

namespace podramp::backend {

void PodsByIp::on_event(WatchEventType type, const Pod& pod, const std::string& host_ip) {
  switch (type) {
    case WatchEventType::deleted: return forget(pod);
    case WatchEventType::added:
      if (!rules_.added_counts) return;
      break;
    case WatchEventType::modified: break;
    default: return;
  }
  if (pod.deletion_us) return forget(pod);
  if (pod.phase == PodPhase::running) pods_[pod.pod_ip] = {pod.name, pod.uid, pod.node, host_ip};
}

void PodsByIp::forget(const Pod& pod) {
  const auto it = pods_.find(pod.pod_ip);
  if (pod.pod_ip.empty() || it == pods_.end()) return;
  if (rules_.compares_uid && it->second.uid != pod.uid) return;
  pods_.erase(it);
}

const PodPlace* PodsByIp::find(const std::string& ip) const {
  const auto it = pods_.find(ip);
  return it == pods_.end() ? nullptr : &it->second;
}

}  // namespace podramp::backend
