#include "backend/conf.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "backend/conf_checks.h"
#include "backend/conf_reader.h"
#include "backend/conf_values.h"
#include "backend/executor_volumes.h"
#include "backend/fork_conf.h"
#include "backend/pod_names.h"
#include "backend/pods_allocator_kind.h"

namespace podramp::backend {
namespace {

constexpr std::int64_t kIntMax = INT32_MAX;
constexpr std::string_view kAllocatorKey = "spark.kubernetes.allocation.pods.allocator";
constexpr std::int64_t kDefaultExecutors = 2;    // on Kubernetes (02 4.2)
constexpr double kDefaultRegisteredRatio = 0.8;  // on Kubernetes (02 4.2)
constexpr double kOtherLanguageOverhead = 0.4;   // Python and R in cluster mode (02 6.2)

DurationUs saturated_times(DurationUs value, std::int64_t factor) {
  return value > kNever / factor ? kNever : value * factor;
}

void fill_allocator(Conf& conf, const ConfReader& r) {
  conf.pods_allocator =
      parse_pods_allocator(r.text(kAllocatorKey), conf.compat).value_or(PodsAllocator::direct);  // checked later
  conf.batch_size = r.whole("spark.kubernetes.allocation.batch.size");
  conf.batch_delay_us = r.us("spark.kubernetes.allocation.batch.delay");
  conf.max_pending_pods = r.whole("spark.kubernetes.allocation.maxPendingPods");
  conf.max_pending_pods_per_profile = r.whole("spark.kubernetes.allocation.maxPendingPodsPerRp");
  conf.executor_ids_max = r.whole("spark.kubernetes.allocation.maximum");
  conf.creation_timeout_us =
      std::max(saturated_times(conf.batch_delay_us, 5), r.us("spark.kubernetes.allocation.executor.timeout"));
  conf.executor_idle_timeout_us = r.us("spark.dynamicAllocation.executorIdleTimeout");
  conf.driver_readiness_timeout_us = r.us("spark.kubernetes.allocation.driver.readinessTimeout");
  conf.dynamic_allocation = r.boolean("spark.dynamicAllocation.enabled");
  conf.delete_grace_period_us = r.us("spark.kubernetes.dynamicAllocation.deleteGracePeriod");
  const auto instances = r.maybe_whole("spark.executor.instances");
  if (conf.dynamic_allocation) {
    const std::int64_t low = r.whole("spark.dynamicAllocation.minExecutors");
    const std::int64_t initial = r.maybe_whole("spark.dynamicAllocation.initialExecutors").value_or(low);
    conf.initial_executors = std::max({low, initial, instances.value_or(0)});
  } else {
    conf.initial_executors = instances.value_or(kDefaultExecutors);
  }
}

// 02 1.1, 4.2.
void fill_claims(Conf& conf, const ConfReader& r) {
  conf.own_claims = r.boolean("spark.kubernetes.driver.ownPersistentVolumeClaim");
  conf.reuse_claims = r.boolean("spark.kubernetes.driver.reusePersistentVolumeClaim");
  conf.wait_to_reuse_claims = r.boolean("spark.kubernetes.driver.waitToReusePersistentVolumeClaim");
  conf.read_write_once_claims =
      conf.compat < Compat::spark_4_0 || r.boolean("spark.kubernetes.legacy.useReadWriteOnceAccessMode");
  conf.claims_max = conf.dynamic_allocation ? r.whole("spark.dynamicAllocation.maxExecutors")
                                            : r.maybe_whole("spark.executor.instances").value_or(kDefaultExecutors);
  if (r.is_set("spark.kubernetes.allocation.recoveryMode.enabled")) {
    conf.recovery_mode = r.boolean("spark.kubernetes.allocation.recoveryMode.enabled");
  }
  conf.recovery_cores = (conf.scheduling.task_cpus + kCpu - 1) / kCpu;
}

// 02 3, failure tracker: max(3, 2 N), saturating.
std::int64_t default_failure_limit(const ConfReader& r) {
  std::int64_t executors = r.maybe_whole("spark.executor.instances").value_or(0);
  if (r.boolean("spark.dynamicAllocation.enabled")) executors = r.whole("spark.dynamicAllocation.maxExecutors");
  if (r.boolean("spark.streaming.dynamicAllocation.enabled")) {
    executors = r.whole("spark.streaming.dynamicAllocation.maxExecutors");
  }
  return std::max<std::int64_t>(3, executors > kIntMax / 2 ? kIntMax : 2 * executors);
}

void fill_tracking(Conf& conf, const ConfReader& r) {
  conf.enable_api_polling = r.boolean("spark.kubernetes.executor.enableApiPolling");
  conf.enable_api_watcher = r.boolean("spark.kubernetes.executor.enableApiWatcher");
  conf.polling_with_resource_version = r.boolean("spark.kubernetes.executor.enablePollingWithResourceVersion");
  conf.api_polling_interval_us = r.us("spark.kubernetes.executor.apiPollingInterval");
  conf.event_processing_interval_us = r.us("spark.kubernetes.executor.eventProcessingInterval");
  conf.missing_pod_detect_delta_us = r.us("spark.kubernetes.executor.missingPodDetectDelta");
  conf.check_all_containers = r.boolean("spark.kubernetes.executor.checkAllContainers");
  conf.delete_on_termination = r.boolean("spark.kubernetes.executor.deleteOnTermination");
  conf.deleted_executors_cache_timeout_us = r.us("spark.kubernetes.executor.deletedExecutorsCacheTimeout");
  conf.max_executor_failures = r.maybe_whole("spark.executor.maxNumFailures").value_or(default_failure_limit(r));
  const auto interval = r.maybe_us("spark.executor.failuresValidityInterval");
  if (interval && *interval > 0) conf.failures_validity_interval_us = interval;
  conf.min_registered_ratio =
      std::min(1.0, r.maybe_number("spark.scheduler.minRegisteredResourcesRatio").value_or(kDefaultRegisteredRatio));
  conf.max_registered_wait_us = r.us("spark.scheduler.maxRegisteredResourcesWaitingTime");
  conf.request_timeout_us = r.whole("spark.kubernetes.driver.requestTimeout") * kMillisecondUs;
  conf.connection_timeout_us = r.whole("spark.kubernetes.driver.connectionTimeout") * kMillisecondUs;
}

void fill_scheduler(Conf& conf, const ConfReader& r) {
  conf.decommission_label = r.maybe_text("spark.kubernetes.executor.decommissionLabel");
  conf.decommission_label_value = r.text("spark.kubernetes.executor.decommissionLabelValue");
  conf.pod_deletion_cost = r.maybe_whole("spark.kubernetes.executor.podDeletionCost");
  conf.decommission_force_kill_us = r.maybe_us("spark.executor.decommission.forceKillTimeout");
  conf.network_timeout_us =
      r.maybe_us("spark.storage.blockManagerHeartbeatTimeoutMs").value_or(r.us("spark.network.timeout"));
  conf.heartbeat_interval_us = r.us("spark.executor.heartbeatInterval");
  conf.network_timeout_interval_us = r.us("spark.network.timeoutInterval");
  conf.subscribers_grace_us = r.us("spark.kubernetes.executorSnapshotsSubscribersShutdownGracePeriod");
  conf.delete_services = r.boolean("spark.kubernetes.driver.service.deleteOnTermination");
  const std::string master = r.text("spark.kubernetes.driver.master");
  if (!master.starts_with("local")) return;
  conf.local_master = master;
  conf.initial_executors = 0;
}

double overhead_factor(const ConfReader& r) {
  if (r.is_set("spark.executor.memoryOverheadFactor")) return r.number("spark.executor.memoryOverheadFactor");
  const std::string language = r.text("spark.kubernetes.resource.type");
  const bool written_by_submission =
      r.text("spark.submit.deployMode") == "cluster" && !r.is_set("spark.kubernetes.memoryOverheadFactor");
  if (written_by_submission && (language == "python" || language == "r")) return kOtherLanguageOverhead;
  return r.number("spark.kubernetes.memoryOverheadFactor");
}

// spark.executor.resource.<name>.{amount,vendor,discoveryScript}.
std::vector<CustomResource> custom_resources(ConfReader& r) {
  constexpr std::string_view kFamily = "spark.executor.resource.";
  std::map<std::string, CustomResource> by_name;
  const StringMap tails = r.family(kFamily);
  for (const auto& [tail, value] : tails) {
    const std::string name = tail.substr(0, tail.find('.'));
    by_name[name].name = name;
    if (tail == name + ".vendor") by_name[name].vendor = value;
  }
  std::vector<CustomResource> all;
  for (auto& [name, resource] : by_name) {
    const std::string key = fmt::format("{}{}.amount", kFamily, name);
    const auto written = tails.find(name + ".amount");
    if (written == tails.end()) {
      r.error(key, fmt::format("must say how many of resource {} an executor gets", name));
      continue;
    }
    const auto amount = parse_spark_int(written->second);
    if (!amount || *amount < 0) {
      r.error(key, fmt::format("expected a whole number >= 0, got \"{}\"", written->second));
      continue;
    }
    resource.amount = *amount;
    if (*amount > 0) all.push_back(resource);
  }
  return all;
}

void fill_sizes(Conf& conf, ConfReader& r) {
  conf.executor_cores = r.whole("spark.executor.cores");
  conf.executor_memory_mib = r.whole("spark.executor.memory");
  conf.memory_overhead_mib = r.maybe_whole("spark.executor.memoryOverhead");
  conf.min_memory_overhead_mib = r.whole("spark.executor.minMemoryOverhead");
  conf.memory_overhead_factor = overhead_factor(r);
  conf.off_heap_enabled = r.boolean("spark.memory.offHeap.enabled");
  conf.off_heap_mib = conf.off_heap_enabled ? r.whole("spark.memory.offHeap.size") / (1 << 20) : 0;
  conf.pyspark_memory_mib = r.maybe_whole("spark.executor.pyspark.memory");
  conf.python_application = r.text("spark.kubernetes.resource.type") == "python";
  conf.request_cpu_milli = r.maybe_whole("spark.kubernetes.executor.request.cores");
  conf.limit_cpu_milli = r.maybe_whole("spark.kubernetes.executor.limit.cores");
  conf.custom_resources = custom_resources(r);
}

void fill_names(Conf& conf, const ConfReader& r) {
  conf.ns = r.text("spark.kubernetes.namespace");
  conf.app_name = r.text("spark.app.name");
  conf.app_id = r.text("spark.app.id");
  conf.driver_pod_name = r.text("spark.kubernetes.driver.pod.name");
  conf.pod_name_prefix = r.maybe_text("spark.kubernetes.executor.podNamePrefix");
  conf.driver_port = r.whole("spark.driver.port");
  conf.block_manager_port = r.whole("spark.blockManager.port");
  conf.driver_host = r.text("spark.driver.host");
  conf.driver_bind_address = r.text("spark.driver.bindAddress");
  conf.use_driver_pod_ip = r.boolean("spark.kubernetes.executor.useDriverPodIP");
}

void fill_image(Conf& conf, ConfReader& r, const ConfOptions& options) {
  conf.executor_image =
      r.maybe_text("spark.kubernetes.executor.container.image").value_or(r.text("spark.kubernetes.container.image"));
  if (conf.compat >= Compat::spark_4_1) {  // G11
    conf.executor_image = replaced(conf.executor_image, "{{SPARK_VERSION}}", spark_version(conf.compat));
  }
  if (conf.executor_image.empty() && !options.assumed_image.empty()) {
    conf.executor_image = options.assumed_image;
    r.warn(
        "spark.kubernetes.container.image", ConfWarningKind::assumed,
        fmt::format("no image is named and Spark would refuse to start; podramp takes \"{}\"", options.assumed_image));
  }
  conf.image_pull_policy = r.text("spark.kubernetes.container.image.pullPolicy");
  conf.image_pull_secrets = r.list("spark.kubernetes.container.image.pullSecrets");
}

void fill_pod(Conf& conf, ConfReader& r) {
  conf.scheduler_name = r.maybe_text("spark.kubernetes.executor.scheduler.name");
  if (!conf.scheduler_name) conf.scheduler_name = r.maybe_text("spark.kubernetes.scheduler.name");
  conf.service_account = r.maybe_text("spark.kubernetes.authenticate.executor.serviceAccountName")
                             .value_or(r.text("spark.kubernetes.authenticate.driver.serviceAccountName"));
  conf.node_selector = r.family("spark.kubernetes.executor.node.selector.");
  conf.node_selector.merge(r.family("spark.kubernetes.node.selector."));  // the executor's own win
  conf.executor_labels = r.family("spark.kubernetes.executor.label.");
  conf.executor_annotations = r.family("spark.kubernetes.executor.annotation.");
  conf.secret_mounts = r.family("spark.kubernetes.executor.secrets.");
  conf.volumes = read_executor_volumes(r);
  conf.local_dirs = parse_spark_list(r.text("spark.local.dir"));
  conf.local_dirs_tmpfs = r.boolean("spark.kubernetes.local.dirs.tmpfs");
  conf.config_map = !r.boolean("spark.kubernetes.executor.disableConfigMap");
  conf.pod_template_file = r.text("spark.kubernetes.executor.podTemplateFile");
  conf.pod_template_container = r.maybe_text("spark.kubernetes.executor.podTemplateContainerName");
  conf.feature_steps = r.list("spark.kubernetes.executor.pod.featureSteps");
  if (conf.compat >= Compat::spark_4_1) {
    conf.excluded_feature_steps = r.list("spark.kubernetes.executor.pod.excludedFeatureSteps");
  }
  // In cluster mode the driver's own Hadoop step hands the map's name on to its executors (02 6.3).
  const bool cluster = r.text("spark.submit.deployMode") == "cluster";
  conf.hadoop_config_map = r.maybe_text("spark.kubernetes.executor.hadoopConfigMapName")
                               .value_or(cluster ? r.text("spark.kubernetes.hadoop.configMapName") : "");
  if (conf.compat >= Compat::spark_4_1) {
    conf.termination_grace_s = r.whole("spark.kubernetes.executor.terminationGracePeriodSeconds");
  }
  if (r.boolean("spark.decommission.enabled")) {
    conf.pre_stop_script = r.text("spark.kubernetes.decommission.script");
  }
}

// Whether an executor needs the key before it has talked to its driver: such keys become Java options.
bool is_startup_key(std::string_view key) {
  if (key == "spark.authenticate.secret") return false;
  return key.starts_with("spark.auth") || key.starts_with("spark.rpc") || key.starts_with("spark.network") ||
         key.starts_with("spark.ssl") || key.ends_with(".port") || key.starts_with("spark.port.");
}

void fill_environment(Conf& conf, ConfReader& r) {
  constexpr std::string_view kEnv = "spark.executorEnv.";
  constexpr std::string_view kRefs = "spark.kubernetes.executor.secretKeyRef.";
  for (const auto& [name, value] : r.family(kEnv)) {
    if (is_valid_env_name(name)) conf.executor_env.emplace(name, value);
  }
  conf.secret_env = read_secret_refs(r, kRefs);
  for (const auto& [key, value] : r.values()) {
    if (is_startup_key(key)) conf.startup_options.push_back(fmt::format("-D{}={}", key, value));
  }
  conf.extra_class_path = r.text("spark.executor.extraClassPath");
  conf.java_options = r.text("spark.executor.defaultJavaOptions");
  const std::string extra = r.text("spark.executor.extraJavaOptions");
  if (!conf.java_options.empty() && !extra.empty()) conf.java_options += ' ';
  conf.java_options += extra;
  conf.custom_log_url = r.is_set("spark.ui.custom.executor.log.url");
  conf.auth_secret_env = r.boolean("spark.authenticate") && !r.is_set("spark.authenticate.secret.executor.file") &&
                         !r.is_set("spark.authenticate.secret.file");
}

}  // namespace

std::string to_string(const ConfWarning& warning) {
  std::string where = warning.file;
  if (warning.line > 0) where += fmt::format("{}{}", where.empty() ? "line " : ":", warning.line);
  if (!where.empty()) where += ": ";
  const std::string value = warning.value.empty() ? "" : " = " + warning.value;
  return fmt::format("{}{}{}: {}", where, warning.key, value, warning.text);
}

ConfOutcome make_conf(const StringMap& raw, Compat compat, const ConfOptions& options) {
  if (compat == Compat::fork_2_2) return make_fork_conf(raw, options);
  ConfOutcome outcome;
  ConfReader reader(raw, compat, options, outcome);
  Conf conf;
  conf.compat = compat;
  conf.raw = raw;
  conf.scheduling = read_scheduling(reader);
  fill_allocator(conf, reader);
  fill_claims(conf, reader);
  fill_tracking(conf, reader);
  fill_scheduler(conf, reader);
  conf.decommission = read_decommission(reader);
  fill_sizes(conf, reader);
  fill_names(conf, reader);
  fill_image(conf, reader, options);
  fill_pod(conf, reader);
  fill_environment(conf, reader);
  conf.scaling = read_scaling(conf, reader);
  check_conf(conf, reader);
  lint_conf(conf, reader);
  std::ranges::stable_sort(outcome.errors, {}, &FieldError::path);
  if (outcome.errors.empty()) outcome.conf = std::move(conf);
  return outcome;
}

}  // namespace podramp::backend
