#include "backend/executor_resize.h"

#include <fmt/format.h>

#include <algorithm>

#include "backend/pod_labels.h"

namespace podramp::backend {
namespace {

// What the Spark container uses: by name, else the first.
std::optional<std::int64_t> memory_used(const std::vector<ContainerUsage>& containers) {
  if (containers.empty()) return std::nullopt;
  const auto named = std::ranges::find(containers, kExecutorContainer, &ContainerUsage::container);
  return (named == containers.end() ? containers.front() : *named).memory_bytes;
}

}  // namespace

const Container* spark_container(const PodTemplate& pod) {
  if (pod.containers.empty()) return nullptr;
  const auto named = std::ranges::find(pod.containers, kExecutorContainer, &Container::name);
  return named == pod.containers.end() ? &pod.containers.front() : &*named;
}

std::vector<std::string> ExecutorResize::to_measure(const std::vector<PodPtr>& pods) {
  std::vector<std::string> names;
  for (const PodPtr& pod : pods) {
    if (pod->label(kExecutorIdLabel) != nullptr) names.push_back(pod->name);
  }
  return names;
}

ResizeDecision ExecutorResize::decide(const std::vector<PodPtr>& pods,
                                      const std::map<std::string, std::vector<ContainerUsage>>& usage) {
  ResizeDecision decision;
  std::set<std::string> present;
  for (const PodPtr& pod : pods) {
    const std::string* executor = pod->label(kExecutorIdLabel);
    if (executor == nullptr) continue;
    present.insert(*executor);
    const auto measured = usage.find(pod->name);
    if (measured == usage.end()) continue;
    const std::optional<std::int64_t> used = memory_used(measured->second);
    const Container* container = spark_container(*pod->tmpl);
    if (!used || container == nullptr || !container->limits.memory_bytes) continue;
    const std::int64_t limit = *container->limits.memory_bytes;
    if (!(static_cast<double>(*used) > static_cast<double>(limit) * settings_.threshold)) continue;
    if (limit >= settings_.max_memory_bytes) {
      if (at_maximum_.insert(*executor).second) {
        decision.notes.push_back(fmt::format("executor {} has already reached the maximum of {}", *executor,
                                             format_bytes(settings_.max_memory_bytes)));
      }
      continue;
    }
    const auto grown = static_cast<std::int64_t>(static_cast<double>(limit) * (1.0 + settings_.factor));
    decision.patches.push_back(
        {pod->name, container->name, *executor, limit, std::min(grown, settings_.max_memory_bytes)});
  }
  std::erase_if(at_maximum_, [&present](const std::string& executor) { return !present.contains(executor); });
  return decision;
}

}  // namespace podramp::backend
