#include "backend/claim_resize.h"

#include <algorithm>

#include "backend/executor_resize.h"
#include "backend/snapshots.h"

namespace podramp::backend {

std::optional<double> fullest(const std::vector<DiskUsage>& directories) {
  std::optional<double> most;
  for (const DiskUsage& directory : directories) {
    if (directory.total_bytes <= 0) continue;  // not mounted
    const double ratio = static_cast<double>(directory.total_bytes - directory.usable_bytes) /
                         static_cast<double>(directory.total_bytes);
    most = std::max(most.value_or(ratio), ratio);
  }
  return most;
}

std::vector<std::string> local_dir_claims(const PodTemplate& pod) {
  std::map<std::string_view, std::string_view> claim_of_volume;
  for (const Volume& volume : pod.volumes) {
    if (volume.type == "persistentVolumeClaim" && volume.name.starts_with("spark-local-dir-")) {
      claim_of_volume[volume.name] = volume.source;
    }
  }
  std::vector<std::string> claims;
  const Container* container = spark_container(pod);
  if (container == nullptr) return claims;
  for (const VolumeMount& mount : container->mounts) {
    const auto claim = claim_of_volume.find(mount.name);
    if (claim == claim_of_volume.end() || std::ranges::find(claims, claim->second) != claims.end()) continue;
    claims.emplace_back(claim->second);
  }
  return claims;
}

void ClaimResize::receive(const PluginMessage& message) {
  if (message.type == kDiskUsageReport) reports_[message.executor] = message.ratio;
}

std::vector<std::string> ClaimResize::to_fetch(const std::vector<PodPtr>& pods) const {
  std::map<ExecutorId, const Pod*> by_executor;
  for (const PodPtr& pod : pods) {
    if (const auto id = executor_id(*pod)) by_executor[*id] = pod.get();
  }
  std::vector<std::string> names;
  for (const auto& [executor, ratio] : reports_) {
    const auto pod = by_executor.find(executor);
    if (pod == by_executor.end() || ratio <= settings_.threshold) continue;
    for (const std::string& name : local_dir_claims(*pod->second->tmpl)) {
      if (!failed_.contains(name)) names.push_back(name);
    }
  }
  return names;
}

std::optional<std::int64_t> ClaimResize::new_size(const std::string& name, const Manifest* claim) const {
  if (claim == nullptr || !claim->claim) return std::nullopt;
  const std::int64_t current = claim->claim->request_bytes;
  const std::int64_t capacity = claim->claim->capacity_bytes > 0 ? claim->claim->capacity_bytes : current;
  if (current > capacity) return std::nullopt;
  const auto size = static_cast<std::int64_t>(static_cast<double>(current) * (1.0 + settings_.factor));
  const auto asked = requested_.find(name);
  if (asked != requested_.end() && asked->second == size) return std::nullopt;
  return size;
}

}  // namespace podramp::backend
