// Spark's core settings that decide where tasks run, typed, with the defaults of the level. Not here: the Kubernetes
// side (conf.h), dynamic allocation (scaling_conf.h). Next: task_settings.h, what task scheduling makes of them.
#pragma once

#include <cstdint>
#include <optional>

#include "backend/conf_values.h"
#include "backend/port/time.h"

namespace podramp::backend {

class ConfReader;

// spark.excludeOnFailure.*
struct ExclusionConf {
  std::optional<bool> enabled;
  std::optional<bool> task_sets;    // .taskAndStage.enabled, from spark-4.0; absent: enabled
  std::optional<bool> application;  // .application.enabled, likewise
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
  std::int64_t task_cpus = kCpu;               // spark.task.cpus in billionths; whole up to spark-4.2
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
  std::int64_t speculation_quantile_milli = 900;
  std::int64_t speculation_multiplier_milli = 3000;
  ExclusionConf exclusion;
  friend bool operator==(const SchedulingConf&, const SchedulingConf&) = default;
};

SchedulingConf read_scheduling(const ConfReader& reader);

}  // namespace podramp::backend
