#include "backend/scaling_conf.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "backend/conf_reader.h"
#include "backend/conf_values.h"
#include "backend/driver.h"

namespace podramp::backend {
namespace {

constexpr std::string_view kPluginPackage = "org.apache.spark.scheduler.cluster.k8s.";
constexpr std::string_view kTaskResources = "spark.task.resource.";
constexpr std::string_view kAmount = ".amount";

void fill_dynamic(DynamicAllocationSettings& dynamic, const Conf& conf, const ConfReader& r) {
  dynamic.min = r.whole("spark.dynamicAllocation.minExecutors");
  dynamic.max = r.whole("spark.dynamicAllocation.maxExecutors");
  dynamic.initial = conf.initial_executors;
  dynamic.ratio = r.number("spark.dynamicAllocation.executorAllocationRatio");
  dynamic.backlog_timeout_us = r.us("spark.dynamicAllocation.schedulerBacklogTimeout");
  dynamic.sustained_backlog_timeout_us =
      r.maybe_us("spark.dynamicAllocation.sustainedSchedulerBacklogTimeout").value_or(dynamic.backlog_timeout_us);
  dynamic.decommission = r.boolean("spark.decommission.enabled");
  dynamic.decommission_shuffle_blocks = r.boolean("spark.storage.decommission.shuffleBlocks.enabled");
  dynamic.monitor.idle_timeout_us = conf.executor_idle_timeout_us;
  dynamic.monitor.cached_idle_timeout_us = r.us("spark.dynamicAllocation.cachedExecutorIdleTimeout");
  dynamic.monitor.shuffle_timeout_us = r.us("spark.dynamicAllocation.shuffleTracking.timeout");
  dynamic.monitor.shuffle_service = r.boolean("spark.shuffle.service.enabled");
  dynamic.monitor.service_fetches_blocks = r.boolean("spark.shuffle.service.fetch.rdd.enabled");
  dynamic.monitor.shuffle_tracking = r.boolean("spark.dynamicAllocation.shuffleTracking.enabled");
}

void fill_task_resources(ScalingConf& scaling, const ConfReader& r) {
  for (const auto& [tail, value] : r.family(kTaskResources)) {
    if (!tail.ends_with(kAmount)) continue;
    const auto amount = parse_spark_double(value);
    if (amount && *amount > 0) scaling.task_resources[tail.substr(0, tail.size() - kAmount.size())] = *amount;
  }
}

bool has_plugin(const ConfReader& r, std::string_view name) {
  if (!r.is_set("spark.plugins")) return false;
  const std::vector<std::string> plugins = r.list("spark.plugins");
  return std::ranges::find(plugins, fmt::format("{}{}", kPluginPackage, name)) != plugins.end();
}

void fill_plugins(ScalingConf& scaling, const Conf& conf, const ConfReader& r) {
  const DurationUs roll_us = r.us("spark.kubernetes.executor.rollInterval");
  if (has_plugin(r, "ExecutorRollPlugin") && roll_us > 0 && scaling.dynamic.decommission) {
    std::string policy = r.text("spark.kubernetes.executor.rollPolicy");
    std::ranges::transform(policy, policy.begin(),
                           [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
    scaling.roll = {roll_us, from_text<RollPolicy>(policy).value_or(RollPolicy::outlier),
                    r.whole("spark.kubernetes.executor.minTasksPerExecutorBeforeRolling")};
  }
  // Both later ones serve the direct allocator only.
  if (conf.compat < Compat::spark_4_2 || conf.pods_allocator != PodsAllocator::direct) return;
  // The raw key is read with a fall-back of its own, so "not set" is a minute and not "off"; 0 cannot be scheduled.
  constexpr std::string_view kInterval = "spark.kubernetes.executor.resizeInterval";
  const DurationUs resize_us = r.is_set(kInterval) ? r.us(kInterval) : kMinuteUs;
  if (has_plugin(r, "ExecutorResizePlugin") && resize_us > 0) {
    scaling.resize = {resize_us, r.number("spark.kubernetes.executor.resizeThreshold"),
                      r.number("spark.kubernetes.executor.resizeFactor"),
                      r.whole("spark.kubernetes.executor.resizeMaxMemory")};
  }
  const DurationUs claims_us = r.us("spark.kubernetes.executor.pvc.resizeInterval");
  if (has_plugin(r, "ExecutorPVCResizePlugin") && claims_us > 0) {
    scaling.claim_resize = {claims_us, r.number("spark.kubernetes.executor.pvc.resizeThreshold"),
                            r.number("spark.kubernetes.executor.pvc.resizeFactor")};
  }
}

}  // namespace

ScalingConf read_scaling(const Conf& conf, const ConfReader& reader) {
  ScalingConf scaling;
  fill_dynamic(scaling.dynamic, conf, reader);
  fill_task_resources(scaling, reader);
  fill_plugins(scaling, conf, reader);
  return scaling;
}

void check_scaling(const Conf& conf, ConfReader& reader) {
  if (!conf.dynamic_allocation || conf.compat == Compat::fork_2_2) return;
  constexpr std::string_view kEnabled = "spark.dynamicAllocation.enabled";  // the others have ranges of their own
  for (const FieldError& error : check(conf.scaling.dynamic)) {
    if (error.path == kEnabled) reader.error(error.path, error.message);
  }
  if (tasks_per_executor(conf.executor_cores, conf.scheduling.task_cpus, conf.custom_resources, conf.scaling) < 1) {
    reader.error("spark.task.cpus", fmt::format("a task must fit on an executor of spark.executor.cores = {} and its "
                                                "custom resources",
                                                conf.executor_cores));
  }
}

std::int64_t tasks_per_executor(std::int64_t cores, std::int64_t task_cpus,
                                const std::vector<CustomResource>& resources, const ScalingConf& scaling) {
  if (task_cpus <= 0) return 0;
  std::int64_t fit = std::min<std::int64_t>(cores * kCpu / task_cpus, INT32_MAX);
  for (const auto& [name, amount] : scaling.task_resources) {
    const auto of_executor = std::ranges::find(resources, name, &CustomResource::name);
    if (of_executor == resources.end()) return 0;
    // A share of one address lets several tasks use it; the address is the unit.
    const std::int64_t per_address = amount <= 1.0 ? static_cast<std::int64_t>(std::floor(1.0 / amount)) : 1;
    const auto per_task = static_cast<std::int64_t>(std::ceil(amount));
    fit = std::min(fit, of_executor->amount * per_address / per_task);
  }
  return fit;
}

std::optional<DynamicAllocationSettings> dynamic_allocation_settings(const Application& application) {
  const Conf& conf = application.conf;
  if (!conf.dynamic_allocation || conf.compat == Compat::fork_2_2) return std::nullopt;
  DynamicAllocationSettings settings = conf.scaling.dynamic;
  settings.slots[kDefaultProfile] =
      tasks_per_executor(conf.executor_cores, conf.scheduling.task_cpus, conf.custom_resources, conf.scaling);
  ScalingConf cpus_only = conf.scaling;  // a profile does not inherit what the default one's tasks use
  cpus_only.task_resources.clear();
  for (const ResourceProfile& profile : application.profiles) {
    if (profile.id == kDefaultProfile) continue;
    const std::int64_t cores = profile.cores.value_or(conf.executor_cores);
    settings.slots[profile.id] =
        std::max<std::int64_t>(1, tasks_per_executor(cores, conf.scheduling.task_cpus, {}, cpus_only));
  }
  return settings;
}

}  // namespace podramp::backend
