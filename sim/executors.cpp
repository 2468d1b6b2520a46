#include "sim/executors.h"

#include <charconv>

#include "backend/pod_labels.h"
#include "backend/snapshots.h"

namespace podramp::sim {
namespace {

// A variable of the executor's environment, "" without.
std::string env_of(const Pod& pod, std::string_view name) {
  for (const EnvVar& env : pod.own_env) {
    if (env.name == name) return env.value;
  }
  for (const Container& container : pod.tmpl->containers) {
    for (const EnvVar& env : container.env) {
      if (env.name == name) return env.value;
    }
  }
  return "";
}

std::int64_t whole(const std::string& text) {
  std::int64_t value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  return code == std::errc{} && end == text.data() + text.size() ? value : 0;
}

}  // namespace

const Process* Executors::started(fakeapi::PodId pod, const Pod& object) {
  const std::string* app_id = object.label(backend::kAppLabel);
  const std::string* role = object.label(backend::kRoleLabel);
  // The label of a pod whose container started anew may name the id of the process before.
  const bool nameless = env_of(object, "SPARK_EXECUTOR_ID") == "EXECID";
  const auto executor = nameless ? std::optional<ExecutorId>(0) : backend::executor_id(object);
  if (app_id == nullptr || role == nullptr || *role != "executor" || !executor) return nullptr;
  const auto app = by_app_id_.find(*app_id);
  if (app == by_app_id_.end()) return nullptr;
  Process process;
  process.application = app->second;
  process.executor = *executor;
  process.pod_name = object.name;
  process.host = object.node;
  process.profile = backend::profile_id(object).value_or(kDefaultProfile);
  process.cores = whole(env_of(object, "SPARK_EXECUTOR_CORES"));
  if (nameless) {
    nameless_[{app->second, object.name}] = pod;
  } else {
    by_executor_[{app->second, *executor}] = pod;
  }
  return &(processes_[pod] = std::move(process));
}

std::optional<Process> Executors::stopped(fakeapi::PodId pod) {
  const auto it = processes_.find(pod);
  if (it == processes_.end()) return std::nullopt;
  Process process = std::move(it->second);
  processes_.erase(it);
  by_executor_.erase({process.application, process.executor});
  nameless_.erase({process.application, process.pod_name});
  return process;
}

const Process* Executors::ask(fakeapi::PodId pod) {
  const auto it = processes_.find(pod);
  if (it == processes_.end() || it->second.asked) return nullptr;
  it->second.asked = it->second.executor != 0;
  return &it->second;
}

std::optional<fakeapi::PodId> Executors::named(std::uint32_t application, const std::string& pod_name,
                                               ExecutorId executor) {
  const auto waiting = nameless_.extract({application, pod_name});
  if (!waiting) return std::nullopt;
  const fakeapi::PodId pod = waiting.mapped();
  processes_.at(pod).executor = executor;
  by_executor_[{application, executor}] = pod;
  return pod;
}

void Executors::registered(std::uint32_t application, ExecutorId executor, TimeUs now) {
  if (const auto pod = find(application, executor)) processes_.at(*pod).registered_us = now;
}

void Executors::set_ending(fakeapi::PodId pod) {
  if (const auto it = processes_.find(pod); it != processes_.end()) it->second.ending = true;
}

std::vector<fakeapi::PodId> Executors::set_silent(const std::string& host, bool silent) {
  std::vector<fakeapi::PodId> changed;
  for (auto& [pod, process] : processes_) {
    if (process.host != host || process.silent == silent) continue;
    process.silent = silent;
    if (process.registered_us) changed.push_back(pod);
  }
  return changed;
}

std::vector<fakeapi::PodId> Executors::of(std::uint32_t application) const {
  std::vector<fakeapi::PodId> pods;
  for (auto it = by_executor_.lower_bound({application, INT64_MIN});
       it != by_executor_.end() && it->first.first == application; ++it) {
    pods.push_back(it->second);
  }
  for (auto it = nameless_.lower_bound({application, ""}); it != nameless_.end() && it->first.first == application;
       ++it) {
    pods.push_back(it->second);
  }
  return pods;
}

std::optional<fakeapi::PodId> Executors::find(std::uint32_t application, ExecutorId executor) const {
  const auto it = by_executor_.find({application, executor});
  if (it == by_executor_.end()) return std::nullopt;
  return it->second;
}

const Process* Executors::process(fakeapi::PodId pod) const {
  const auto it = processes_.find(pod);
  return it == processes_.end() ? nullptr : &it->second;
}

}  // namespace podramp::sim
