// What an application's conf says of dynamic allocation and of the plugins that change executors (02 4.3, 4.5), as the
// settings of dynamic_allocation.h and of the plugins' modules; a part of Conf. Not here: the keys' ranges
// (conf_key_table.h), the 2.2 fork's manager (early_dynamic_allocation.h).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "backend/claim_resize.h"
#include "backend/dynamic_allocation.h"
#include "backend/executor_resize.h"
#include "backend/executor_roll.h"

namespace podramp::backend {

class ConfReader;
struct Conf;
struct Application;
struct CustomResource;

struct ScalingConf {
  // Also when dynamic allocation is off; slots are not in it (dynamic_allocation_settings).
  DynamicAllocationSettings dynamic;
  std::map<std::string, double> task_resources{};  // spark.task.resource.<name>.amount
  // Absent when the plugin is not among spark.plugins, or is and does nothing.
  std::optional<RollSettings> roll;
  std::optional<ResizeSettings> resize;
  std::optional<ClaimResizeSettings> claim_resize;
};

// Needs the fields of Conf that are about compat, allocators and executors.
ScalingConf read_scaling(const Conf& conf, const ConfReader& reader);
// What Spark refuses beyond the keys' own ranges, when dynamic allocation is on (S-E2).
void check_scaling(const Conf& conf, ConfReader& reader);

// How many tasks fit on an executor: cores by task_cpus (in billionths), then every custom resource that tasks use
// (02 4.3). 0 when a task is larger than an executor.
std::int64_t tasks_per_executor(std::int64_t cores, std::int64_t task_cpus,
                                const std::vector<CustomResource>& resources, const ScalingConf& scaling);

// The settings with the slots of every profile; nothing when spark.dynamicAllocation.enabled is not set (S-E1).
std::optional<DynamicAllocationSettings> dynamic_allocation_settings(const Application& application);

}  // namespace podramp::backend
