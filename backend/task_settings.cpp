#include "backend/task_settings.h"

namespace podramp::backend {
namespace {

void take_count(std::int64_t value, std::int64_t& into) {
  if (value > 0) into = value;
}

void take_time(DurationUs value, DurationUs& into) {
  if (value >= 0 && value < kNever) into = value;
}

ExclusionSettings exclusion_settings(const ExclusionConf& conf, bool shuffle_service) {
  ExclusionSettings settings;
  const bool all = conf.enabled.value_or(false);
  settings.task_sets = conf.task_sets.value_or(all);
  settings.application = conf.application.value_or(all);
  take_count(conf.task_attempts_per_executor, settings.task_attempts_per_executor);
  take_count(conf.task_attempts_per_node, settings.task_attempts_per_node);
  take_count(conf.stage_failed_tasks_per_executor, settings.failed_tasks_per_executor);
  take_count(conf.stage_failed_executors_per_node, settings.failed_executors_per_node);
  take_count(conf.app_failed_tasks_per_executor, settings.app_failed_tasks_per_executor);
  take_count(conf.app_failed_executors_per_node, settings.app_failed_executors_per_node);
  settings.fetch_failures = conf.fetch_failures;
  settings.kill = conf.kill;
  settings.decommission = conf.decommission;
  settings.shuffle_service = shuffle_service;
  take_time(conf.timeout_us, settings.timeout_us);
  return settings;
}

}  // namespace

TaskSettings task_settings(const SchedulingConf& conf, bool dynamic_allocation) {
  TaskSettings settings;
  take_count(conf.task_cpus, settings.task_cpus);
  take_time(conf.wait_process_us, settings.wait_process_us);
  take_time(conf.wait_node_us, settings.wait_node_us);
  take_time(conf.wait_rack_us, settings.wait_rack_us);
  settings.wait_resets_on_launch = conf.wait_resets_on_launch;
  take_count(conf.failures_max, settings.failures_max);
  take_count(conf.stage_attempts_max, settings.stage_attempts_max);
  if (conf.revive_us > 0) take_time(conf.revive_us, settings.revive_us);
  settings.reduce_locality = conf.reduce_locality;
  settings.shuffle_service = conf.shuffle_service;
  settings.drops_whole_host = conf.drops_whole_host;
  settings.spares_decommissioned = conf.spares_decommissioned;
  settings.dynamic_allocation = dynamic_allocation;
  take_time(conf.exclusion.unschedulable_us, settings.unschedulable_us);
  settings.speculation = conf.speculation;
  take_time(conf.speculation_period_us, settings.speculation_period_us);
  take_time(conf.speculation_least_us, settings.speculation_least_us);
  settings.speculation_quantile_milli = conf.speculation_quantile_milli;
  settings.speculation_multiplier_milli = conf.speculation_multiplier_milli;
  settings.exclusion = exclusion_settings(conf.exclusion, conf.shuffle_service);
  return settings;
}

}  // namespace podramp::backend
