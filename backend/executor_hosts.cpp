#include "backend/executor_hosts.h"

#include <algorithm>

namespace podramp::backend {

bool ExecutorHosts::add(ExecutorId id, const std::string& host) {
  if (!alive_.insert(id).second) return false;
  host_of_[id] = host;
  by_host_[host].insert(id);
  const std::string rack = names_.rack(host);
  if (!rack.empty()) hosts_by_rack_[rack].insert(host);
  return true;
}

void ExecutorHosts::remove(ExecutorId id) {
  if (alive_.erase(id) == 0) return;
  const std::string& host = host_of_.at(id);
  const auto on_host = by_host_.find(host);
  on_host->second.erase(id);
  if (!on_host->second.empty()) return;
  by_host_.erase(on_host);
  for (auto rack = hosts_by_rack_.begin(); rack != hosts_by_rack_.end();) {
    rack->second.erase(host);
    rack = rack->second.empty() ? hosts_by_rack_.erase(rack) : std::next(rack);
  }
}

bool ExecutorHosts::any_usable(const std::set<ExecutorId>& executors) const {
  return std::ranges::any_of(executors, [this](ExecutorId id) { return !decommissioned(id); });
}

bool ExecutorHosts::usable_near(const std::string& preferred) const {
  const auto it = by_host_.find(preferred);
  if (it != by_host_.end() && any_usable(it->second)) return true;
  if (!names_.has_aliases()) return false;
  return std::ranges::any_of(
      by_host_, [&](const auto& host) { return names_.is_near(preferred, host.first) && any_usable(host.second); });
}

bool ExecutorHosts::usable_on_rack(const std::string& rack) const { return hosts_by_rack_.contains(rack); }

}  // namespace podramp::backend
