// Spark's core settings that decide where tasks run and how many executors an application wants, typed, with the
// defaults of the level: what task scheduling and dynamic allocation are configured with. Not here: the Kubernetes
// side (conf.h), what is done with them.
#pragma once

#include <cstdint>
#include <optional>

#include "backend/port/time.h"

namespace podramp::backend {

class ConfReader;

// spark.excludeOnFailure.*
struct ExclusionConf {
  std::optional<bool> enabled;
  DurationUs timeout_us = kHourUs;
  std::int64_t task_attempts_per_executor = 1;
  std::int64_t task_attempts_per_node = 2;
  std::int64_t stage_failed_tasks_per_executor = 2;
  std::int64_t stage_failed_executors_per_node = 2;
  std::int64_t app_failed_tasks_per_executor = 2;
  std::int64_t app_failed_executors_per_node = 2;
  bool fetch_failures = false;
  bool kill = false;
  bool decommission = false;
  DurationUs unschedulable_us = 120 * kSecondUs;
  friend bool operator==(const ExclusionConf&, const ExclusionConf&) = default;
};

struct SchedulingConf {
  double task_cpus = 1;                        // spark.task.cpus; whole up to spark-4.2
  DurationUs wait_process_us = 3 * kSecondUs;  // spark.locality.wait.process, else .wait
  DurationUs wait_node_us = 3 * kSecondUs;
  DurationUs wait_rack_us = 3 * kSecondUs;
  bool wait_resets_on_launch = false;
  std::int64_t failures_max = 4;
  std::int64_t stage_attempts_max = 4;
  DurationUs revive_us = kSecondUs;
  bool reduce_locality = true;
  bool shuffle_service = false;
  bool drops_whole_host = false;
  bool spares_decommissioned = true;  // spark.stage.ignoreDecommissionFetchFailure
  bool speculation = false;
  DurationUs speculation_period_us = 100 * kMillisecondUs;
  DurationUs speculation_least_us = 100 * kMillisecondUs;
  double speculation_quantile = 0.9;
  double speculation_multiplier = 3;
  ExclusionConf exclusion;
  friend bool operator==(const SchedulingConf&, const SchedulingConf&) = default;
};

// spark.dynamicAllocation.* and what idle executors depend on (02 4.3, 5.4).
struct DynamicConf {
  std::int64_t min = 0;
  std::int64_t max = INT32_MAX;
  std::int64_t initial = 0;  // max(min, initialExecutors, executor.instances)
  double ratio = 1.0;
  DurationUs backlog_timeout_us = kSecondUs;
  DurationUs sustained_backlog_timeout_us = kSecondUs;  // = backlog_timeout unless given
  DurationUs idle_timeout_us = 60 * kSecondUs;
  DurationUs cached_idle_timeout_us = INT32_MAX * kSecondUs;
  bool shuffle_tracking = true;
  DurationUs shuffle_timeout_us = kNever;
  bool service_fetches_blocks = false;      // spark.shuffle.service.fetch.rdd.enabled
  bool decommission = false;                // spark.decommission.enabled
  bool storage_decommission = false;        // spark.storage.decommission.enabled
  bool decommission_shuffle_blocks = true;  // spark.storage.decommission.shuffleBlocks.enabled
  bool decommission_rdd_blocks = true;      // spark.storage.decommission.rddBlocks.enabled
  bool testing = false;
  friend bool operator==(const DynamicConf&, const DynamicConf&) = default;
};

SchedulingConf read_scheduling(const ConfReader& reader);
DynamicConf read_dynamic(const ConfReader& reader);

}  // namespace podramp::backend
