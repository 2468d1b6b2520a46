// What task scheduling goes by: scheduling_conf.h in whole numbers, as offers, exclusion and speculation count.
// Sources: Spark's core configuration package, as of M26 (02 0.1). Not here: keys, their defaults per level.
#pragma once

#include <cstdint>
#include <map>

#include "backend/port/ids.h"
#include "backend/port/time.h"
#include "backend/scheduling_conf.h"

namespace podramp::backend {

// spark.excludeOnFailure.* (spark.blacklist.* before 3.1). On Kubernetes a "node" is an executor's host, its pod IP:
// two executors never share one, so the limits per node come down to limits per executor.
struct ExclusionSettings {
  bool task_sets = false;                          // .taskAndStage.enabled, else .enabled
  bool application = false;                        // .application.enabled, else .enabled
  std::int64_t task_attempts_per_executor = 1;     // .task.maxTaskAttemptsPerExecutor
  std::int64_t task_attempts_per_node = 2;         // .task.maxTaskAttemptsPerNode
  std::int64_t failed_tasks_per_executor = 2;      // .stage.maxFailedTasksPerExecutor
  std::int64_t failed_executors_per_node = 2;      // .stage.maxFailedExecutorsPerNode
  std::int64_t app_failed_tasks_per_executor = 2;  // .application.maxFailedTasksPerExecutor
  std::int64_t app_failed_executors_per_node = 2;  // .application.maxFailedExecutorsPerNode
  bool fetch_failures = false;                     // .application.fetchFailure.enabled
  bool kill = false;                               // .killExcludedExecutors
  bool decommission = false;                       // .killExcludedExecutors.decommission
  bool shuffle_service = false;                    // spark.shuffle.service.enabled: fetch failures exclude the host
  DurationUs timeout_us = kHourUs;                 // .timeout
  friend bool operator==(const ExclusionSettings&, const ExclusionSettings&) = default;
};

struct TaskSettings {
  std::int64_t task_cpus = kCpu;                // spark.task.cpus in billionths, of profiles that do not say otherwise
  std::map<ProfileId, std::int64_t> cpus_of{};  // of those that do
  DurationUs wait_process_us = 3 * kSecondUs;   // spark.locality.wait.process, else .wait
  DurationUs wait_node_us = 3 * kSecondUs;      // spark.locality.wait.node, else .wait
  DurationUs wait_rack_us = 3 * kSecondUs;      // spark.locality.wait.rack, else .wait
  bool wait_resets_on_launch = false;           // spark.locality.wait.legacyResetOnTaskLaunch
  std::int64_t failures_max = 4;                // spark.task.maxFailures
  std::int64_t stage_attempts_max = 4;          // spark.stage.maxConsecutiveAttempts
  DurationUs revive_us = kSecondUs;             // spark.scheduler.revive.interval
  bool reduce_locality = true;                  // spark.shuffle.reduceLocality.enabled
  bool shuffle_service = false;                 // spark.shuffle.service.enabled
  bool drops_whole_host = false;                // spark.files.fetchFailure.unRegisterOutputOnHost
  bool spares_decommissioned = true;            // spark.stage.ignoreDecommissionFetchFailure; false before 4.0
  bool dynamic_allocation = false;
  DurationUs unschedulable_us = 120 * kSecondUs;            // .excludeOnFailure.unschedulableTaskSetTimeout
  bool waits_when_shut_out = true;                          // for another executor, from 2.4.1 (SPARK-22148)
  bool speculation = false;                                 // spark.speculation
  DurationUs speculation_period_us = 100 * kMillisecondUs;  // .interval
  DurationUs speculation_least_us = 100 * kMillisecondUs;   // .minTaskRuntime
  std::int64_t speculation_quantile_milli = 900;            // .quantile in thousandths; 750 before 4.0
  std::int64_t speculation_multiplier_milli = 3000;         // .multiplier in thousandths; 1500 before 4.0
  ExclusionSettings exclusion;
  friend bool operator==(const TaskSettings&, const TaskSettings&) = default;

  std::int64_t cpus(ProfileId profile) const {
    const auto it = cpus_of.find(profile);
    return it == cpus_of.end() ? task_cpus : it->second;
  }
};

// A number that no key's range refuses, but Spark's scheduler would, reads as the default.
TaskSettings task_settings(const SchedulingConf& conf, bool dynamic_allocation);

}  // namespace podramp::backend
