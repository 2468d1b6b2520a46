#include "sim/executors.h"

#include "backend/snapshots.h"

namespace podramp::sim {

const Process* Executors::started(fakeapi::PodId pod, const Pod& object) {
  const std::string* app_id = object.label("spark-app-selector");
  const std::string* role = object.label("spark-role");
  const auto executor = backend::executor_id(object);
  if (app_id == nullptr || role == nullptr || *role != "executor" || !executor) return nullptr;
  const auto app = by_app_id_.find(*app_id);
  if (app == by_app_id_.end()) return nullptr;
  by_executor_[{app->second, *executor}] = pod;
  return &(processes_[pod] = {app->second, *executor, object.name, object.node, false});
}

std::optional<Process> Executors::stopped(fakeapi::PodId pod) {
  const auto it = processes_.find(pod);
  if (it == processes_.end()) return std::nullopt;
  Process process = std::move(it->second);
  processes_.erase(it);
  by_executor_.erase({process.application, process.executor});
  return process;
}

const Process* Executors::ask(fakeapi::PodId pod) {
  const auto it = processes_.find(pod);
  if (it == processes_.end() || it->second.asked) return nullptr;
  it->second.asked = true;
  return &it->second;
}

std::vector<fakeapi::PodId> Executors::of(std::uint32_t application) const {
  std::vector<fakeapi::PodId> pods;
  for (auto it = by_executor_.lower_bound({application, INT64_MIN});
       it != by_executor_.end() && it->first.first == application; ++it) {
    pods.push_back(it->second);
  }
  return pods;
}

std::optional<fakeapi::PodId> Executors::find(std::uint32_t application, ExecutorId executor) const {
  const auto it = by_executor_.find({application, executor});
  if (it == by_executor_.end()) return std::nullopt;
  return it->second;
}

}  // namespace podramp::sim
