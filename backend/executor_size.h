// How large one executor of a resource profile is: Spark's memory arithmetic (02 6.2). Not here: the pod
// (pod_builder.h).
#pragma once

#include <optional>
#include <vector>

#include "backend/conf.h"
#include "backend/port/ids.h"

namespace podramp::backend {

// What an application asks for besides the default profile; what it does not name comes from Conf.
struct ResourceProfile {
  ProfileId id = kDefaultProfile;
  std::optional<std::int64_t> cores{};
  std::optional<std::int64_t> memory_mib{};
  std::optional<std::int64_t> overhead_mib{};
  std::optional<std::int64_t> pyspark_mib{};
  std::optional<std::int64_t> off_heap_mib{};
  std::vector<CustomResource> custom_resources{};  // those of Conf belong to the default profile only
  friend bool operator==(const ResourceProfile&, const ResourceProfile&) = default;
};

struct ExecutorSize {
  std::int64_t cores = 0;
  std::int64_t heap_mib = 0;
  std::int64_t overhead_mib = 0;  // a profile with another heap keeps the overhead of the default one's (02 6.2 trap)
  std::int64_t off_heap_mib = 0;  // 0 unless spark.memory.offHeap.enabled
  std::int64_t pyspark_mib = 0;   // 0 unless a Python application
  std::vector<CustomResource> custom_resources;
  std::int64_t total_mib() const { return heap_mib + overhead_mib + off_heap_mib + pyspark_mib; }
  friend bool operator==(const ExecutorSize&, const ExecutorSize&) = default;
};

// The wishes of a profile with id kDefaultProfile are ignored: its size is Conf's.
ExecutorSize executor_size(const Conf& conf, const ResourceProfile& profile);

}  // namespace podramp::backend
