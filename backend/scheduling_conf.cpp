#include "backend/scheduling_conf.h"

#include <cmath>
#include <string_view>

#include "backend/conf_reader.h"
#include "backend/conf_values.h"

namespace podramp::backend {
namespace {

ExclusionConf read_exclusion(const ConfReader& r) {
  ExclusionConf c;
  const auto maybe_boolean = [&](std::string_view key) {
    return r.is_set(key) ? std::optional(r.boolean(key)) : std::nullopt;
  };
  c.enabled = maybe_boolean("spark.excludeOnFailure.enabled");
  c.task_sets = maybe_boolean("spark.excludeOnFailure.taskAndStage.enabled");
  c.application = maybe_boolean("spark.excludeOnFailure.application.enabled");
  c.timeout_us = r.us("spark.excludeOnFailure.timeout");
  c.task_attempts_per_executor = r.whole("spark.excludeOnFailure.task.maxTaskAttemptsPerExecutor");
  c.task_attempts_per_node = r.whole("spark.excludeOnFailure.task.maxTaskAttemptsPerNode");
  c.stage_failed_tasks_per_executor = r.whole("spark.excludeOnFailure.stage.maxFailedTasksPerExecutor");
  c.stage_failed_executors_per_node = r.whole("spark.excludeOnFailure.stage.maxFailedExecutorsPerNode");
  c.app_failed_tasks_per_executor = r.whole("spark.excludeOnFailure.application.maxFailedTasksPerExecutor");
  c.app_failed_executors_per_node = r.whole("spark.excludeOnFailure.application.maxFailedExecutorsPerNode");
  c.fetch_failures = r.boolean("spark.excludeOnFailure.application.fetchFailure.enabled");
  c.kill = r.boolean("spark.excludeOnFailure.killExcludedExecutors");
  c.decommission = r.boolean("spark.excludeOnFailure.killExcludedExecutors.decommission");
  c.unschedulable_us = r.us("spark.scheduler.excludeOnFailure.unschedulableTaskSetTimeout");
  return c;
}

// In thousandths, more digits are cut off; 0.29 is 290, though a little less as a double. What cannot be counted so
// reads as the default of the level.
std::int64_t thousandths(const ConfReader& r, std::string_view key) {
  double value = r.number(key);
  if (value < 0 || value > INT32_MAX) {
    value = parse_spark_double(find_key(key)->default_at(r.compat()).value_or("")).value_or(0.0);
  }
  return static_cast<std::int64_t>(std::floor(value * 1000 + 1e-6));
}

}  // namespace

SchedulingConf read_scheduling(const ConfReader& r) {
  SchedulingConf c;
  c.task_cpus = r.whole("spark.task.cpus") * (r.compat() >= Compat::spark_4_4 ? 1 : kCpu);
  const DurationUs wait = r.us("spark.locality.wait");
  const auto wait_of = [&](std::string_view key) {
    const auto own = r.maybe_us(key);
    return own && *own >= 0 ? *own : wait;
  };
  c.wait_process_us = wait_of("spark.locality.wait.process");
  c.wait_node_us = wait_of("spark.locality.wait.node");
  c.wait_rack_us = wait_of("spark.locality.wait.rack");
  c.wait_resets_on_launch = r.boolean("spark.locality.wait.legacyResetOnTaskLaunch");
  c.failures_max = r.whole("spark.task.maxFailures");
  c.stage_attempts_max = r.whole("spark.stage.maxConsecutiveAttempts");
  c.revive_us = r.us("spark.scheduler.revive.interval");
  c.reduce_locality = r.boolean("spark.shuffle.reduceLocality.enabled");
  c.shuffle_service = r.boolean("spark.shuffle.service.enabled");
  c.drops_whole_host = r.boolean("spark.files.fetchFailure.unRegisterOutputOnHost");
  c.spares_decommissioned = r.boolean("spark.stage.ignoreDecommissionFetchFailure");
  c.speculation = r.boolean("spark.speculation");
  c.speculation_period_us = r.us("spark.speculation.interval");
  c.speculation_least_us = r.us("spark.speculation.minTaskRuntime");
  c.speculation_quantile_milli = thousandths(r, "spark.speculation.quantile");
  c.speculation_multiplier_milli = thousandths(r, "spark.speculation.multiplier");
  c.exclusion = read_exclusion(r);
  return c;
}

}  // namespace podramp::backend
