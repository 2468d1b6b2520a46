#include "backend/pending_tasks.h"

namespace podramp::backend {

void PendingTasks::add(int index, const std::vector<TaskPlace>& places, const HostNames& names) {
  for (const TaskPlace& place : places) {
    if (place.executor != 0) by_executor[place.executor].push_back(index);
    by_host[place.host].push_back(index);
    const std::string rack = names.rack(place.host);
    if (!rack.empty()) by_rack[rack].push_back(index);
  }
  if (places.empty()) no_pref.push_back(index);
  all.push_back(index);
}

std::vector<int>* PendingTasks::on_host(const std::string& host, const HostNames& names) {
  const auto has = [this](const std::string& name) {
    const auto it = by_host.find(name);
    return it != by_host.end() && !it->second.empty();
  };
  const auto it = by_host.find(names.name_with_tasks(host, has));
  return it == by_host.end() ? nullptr : &it->second;
}

}  // namespace podramp::backend
