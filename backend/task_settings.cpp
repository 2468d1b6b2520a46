#include "backend/task_settings.h"

#include <optional>
#include <string_view>

#include "backend/conf_values.h"

namespace podramp::backend {
namespace {

// Reads keys of one raw map; what is not there or cannot be read leaves the target alone.
class Reader {
 public:
  explicit Reader(const StringMap& conf) : conf_(conf) {}

  void flag(std::string_view key, bool& into) const {
    const auto value = parsed(key, parse_spark_boolean);
    if (value) into = *value;
  }
  void count(std::string_view key, std::int64_t& into) const {
    const auto value = parsed(key, parse_spark_int);
    if (value && *value > 0) into = *value;
  }
  void duration(std::string_view key, TimeUnit bare, DurationUs& into) const {
    const auto value = parsed(key, [&](std::string_view text) { return parse_spark_time(text, bare); });
    const DurationUs unit = bare == TimeUnit::seconds ? kSecondUs : kMillisecondUs;
    if (value && value->value >= 0 && value->value < kNever / unit) into = value->value * unit;
  }
  // "0.75" in thousandths; more digits are cut off.
  void thousandths(std::string_view key, std::int64_t& into) const {
    const auto it = conf_.find(std::string(key));
    if (it == conf_.end()) return;
    const std::string text(trim(it->second));
    const std::size_t dot = text.find('.');
    const auto whole = parse_spark_int(text.substr(0, dot));
    std::string rest = dot == std::string::npos ? "" : text.substr(dot + 1, 3);
    rest.resize(3, '0');
    const auto part = parse_spark_int(rest);
    if (whole && part && *whole >= 0) into = *whole * 1000 + *part;
  }

 private:
  template <class Parse>
  auto parsed(std::string_view key, Parse&& parse) const -> std::optional<typename decltype(parse(key))::value_type> {
    const auto it = conf_.find(std::string(key));
    if (it == conf_.end()) return std::nullopt;
    auto value = parse(it->second);
    if (!value) return std::nullopt;
    return *value;
  }

  const StringMap& conf_;
};

ExclusionSettings exclusion_settings(const Reader& read) {
  ExclusionSettings settings;
  bool all = false;
  read.flag("spark.excludeOnFailure.enabled", all);
  settings.task_sets = all;
  settings.application = all;
  read.flag("spark.excludeOnFailure.taskAndStage.enabled", settings.task_sets);
  read.flag("spark.excludeOnFailure.application.enabled", settings.application);
  read.count("spark.excludeOnFailure.task.maxTaskAttemptsPerExecutor", settings.task_attempts_per_executor);
  read.count("spark.excludeOnFailure.task.maxTaskAttemptsPerNode", settings.task_attempts_per_node);
  read.count("spark.excludeOnFailure.stage.maxFailedTasksPerExecutor", settings.failed_tasks_per_executor);
  read.count("spark.excludeOnFailure.stage.maxFailedExecutorsPerNode", settings.failed_executors_per_node);
  read.count("spark.excludeOnFailure.application.maxFailedTasksPerExecutor", settings.app_failed_tasks_per_executor);
  read.count("spark.excludeOnFailure.application.maxFailedExecutorsPerNode", settings.app_failed_executors_per_node);
  read.flag("spark.excludeOnFailure.application.fetchFailure.enabled", settings.fetch_failures);
  read.flag("spark.excludeOnFailure.killExcludedExecutors", settings.kill);
  read.flag("spark.excludeOnFailure.killExcludedExecutors.decommission", settings.decommission);
  read.flag("spark.shuffle.service.enabled", settings.shuffle_service);
  read.duration("spark.excludeOnFailure.timeout", TimeUnit::milliseconds, settings.timeout_us);
  return settings;
}

}  // namespace

TaskSettings task_settings(const StringMap& conf, Compat compat) {
  const Reader read(conf);
  TaskSettings settings;
  settings.spares_decommissioned = compat >= Compat::spark_4_0;
  if (compat < Compat::spark_4_0) {
    settings.speculation_quantile_milli = 750;
    settings.speculation_multiplier_milli = 1500;
  }
  read.count("spark.task.cpus", settings.task_cpus);
  DurationUs wait = settings.wait_node_us;
  read.duration("spark.locality.wait", TimeUnit::milliseconds, wait);
  settings.wait_process_us = settings.wait_node_us = settings.wait_rack_us = wait;
  read.duration("spark.locality.wait.process", TimeUnit::milliseconds, settings.wait_process_us);
  read.duration("spark.locality.wait.node", TimeUnit::milliseconds, settings.wait_node_us);
  read.duration("spark.locality.wait.rack", TimeUnit::milliseconds, settings.wait_rack_us);
  read.flag("spark.locality.wait.legacyResetOnTaskLaunch", settings.wait_resets_on_launch);
  read.count("spark.task.maxFailures", settings.failures_max);
  read.count("spark.stage.maxConsecutiveAttempts", settings.stage_attempts_max);
  read.duration("spark.scheduler.revive.interval", TimeUnit::milliseconds, settings.revive_us);
  if (settings.revive_us <= 0) settings.revive_us = kSecondUs;
  read.flag("spark.shuffle.reduceLocality.enabled", settings.reduce_locality);
  read.flag("spark.shuffle.service.enabled", settings.shuffle_service);
  read.flag("spark.files.fetchFailure.unRegisterOutputOnHost", settings.drops_whole_host);
  read.flag("spark.stage.ignoreDecommissionFetchFailure", settings.spares_decommissioned);
  read.flag("spark.dynamicAllocation.enabled", settings.dynamic_allocation);
  read.duration("spark.scheduler.excludeOnFailure.unschedulableTaskSetTimeout", TimeUnit::seconds,
                settings.unschedulable_us);
  read.flag("spark.speculation", settings.speculation);
  read.duration("spark.speculation.interval", TimeUnit::milliseconds, settings.speculation_period_us);
  read.duration("spark.speculation.minTaskRuntime", TimeUnit::milliseconds, settings.speculation_least_us);
  read.thousandths("spark.speculation.quantile", settings.speculation_quantile_milli);
  read.thousandths("spark.speculation.multiplier", settings.speculation_multiplier_milli);
  settings.exclusion = exclusion_settings(read);
  return settings;
}

}  // namespace podramp::backend
