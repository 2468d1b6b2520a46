// What the memory resize plugin patches (02 4.5, S-K2): ExecutorResizePlugin of Spark 4.2 and later. It compares the
// memory that executor pods use with their limits and raises request and limit together; it never shrinks. Doubles
// where Spark has them. Not here: listing the pods, the metrics API, the patch itself (subresource resize).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "backend/port/kube.h"

namespace podramp::backend {

inline constexpr std::string_view kExecutorContainer = "spark-kubernetes-executor";

struct ResizeSettings {
  DurationUs interval_us = kMinuteUs;
  double threshold = 0.9;
  double factor = 0.1;
  std::int64_t max_memory_bytes = INT64_MAX;  // executor.resizeMaxMemory, from 4.4
};

// One container, as the metrics API reports it.
struct ContainerUsage {
  std::string container;
  std::optional<std::int64_t> memory_bytes;
};

struct ResizePatch {
  std::string pod;
  std::string container;
  std::string executor;
  std::int64_t from_bytes = 0;
  std::int64_t to_bytes = 0;  // request and limit
  friend bool operator==(const ResizePatch&, const ResizePatch&) = default;
};

struct ResizeDecision {
  std::vector<ResizePatch> patches;  // in the order of the pods
  std::vector<std::string> notes;    // executors that have just reached the maximum, logged once each
};

class ExecutorResize {
 public:
  explicit ExecutorResize(ResizeSettings settings) : settings_(settings) {}

  // Which of the application's executor pods are looked up in the metrics API.
  static std::vector<std::string> to_measure(const std::vector<PodPtr>& pods);
  // One round. usage: by pod; a pod whose metrics could not be had is not in it and is left alone.
  ResizeDecision decide(const std::vector<PodPtr>& pods,
                        const std::map<std::string, std::vector<ContainerUsage>>& usage);

 private:
  ResizeSettings settings_;
  std::set<std::string> at_maximum_;  // executors whose maximum has been logged
};

// The Spark container of a pod: by name, else the first; nullptr when there is none.
const Container* spark_container(const PodTemplate& pod);

}  // namespace podramp::backend
