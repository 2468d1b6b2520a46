#include "backend/fork_conf.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "backend/conf_keys.h"
#include "backend/conf_reader.h"
#include "backend/conf_values.h"
#include "backend/fork_conf_keys.h"
#include "backend/key_hints.h"
#include "backend/pod_labels.h"
#include "backend/redaction.h"

namespace podramp::backend {
namespace {

using fork_table::Type;

const fork_table::Key* find_row(std::string_view name) {
  const auto it = std::ranges::find(fork_table::kKeys, name, &fork_table::Key::name);
  return it == fork_table::kKeys.end() ? nullptr : &*it;
}

std::string hint(std::string_view key) {
  const std::string text = hint_for_fork_key(key);
  return text.empty() ? "" : "; " + text;
}

// Reads the raw map key by key; mistakes and warnings go to the outcome.
class ForkReader {
 public:
  ForkReader(const StringMap& raw, const ConfOptions& options, ForkConfOutcome& outcome)
      : options_(options), outcome_(outcome), values_(redacted(raw)), redactor_(regex_of(raw)) {
    for (const auto& [key, value] : values_) classify(key);
  }

  bool is_set(std::string_view key) const { return values_.contains(std::string(key)); }
  std::string text(std::string_view key) const {
    const auto it = values_.find(std::string(key));
    if (it != values_.end()) return it->second;
    const fork_table::Key* known = find_row(key);
    CHECK(known != nullptr);
    return std::string(known->value);
  }
  bool boolean(std::string_view key) { return take(key, parse_spark_boolean(text(key)), false); }
  std::int64_t whole(std::string_view key, std::int64_t least) {
    const std::int64_t value = take(key, parse_spark_int(text(key)), least);
    if (value < least) error(key, fmt::format("must be >= {} (got {})", least, value));
    return value;
  }
  std::optional<std::int64_t> maybe_whole(std::string_view key) {
    if (!is_set(key)) return std::nullopt;
    return whole(key, 0);
  }
  double number(std::string_view key) { return take(key, parse_spark_double(text(key)), 0.0); }
  DurationUs time_us(std::string_view key, TimeUnit unit) {
    const auto parsed = parse_spark_time(text(key), unit);
    const DurationUs scale = unit == TimeUnit::seconds ? kSecondUs : kMillisecondUs;
    return take(key, parsed, UnitValue{}).value * scale;
  }
  std::int64_t mebibytes(std::string_view key) {
    return take(key, parse_spark_bytes(text(key), ByteUnit::mebibytes), UnitValue{}).value;
  }
  // The keys of a family, without its prefix.
  StringMap family(std::string_view prefix) const {
    StringMap found;
    for (const auto& [key, value] : values_) {
      if (key.starts_with(prefix) && key.size() > prefix.size()) found.emplace(key.substr(prefix.size()), value);
    }
    return found;
  }

  void error(std::string_view key, std::string message) {
    const ConfPlace place = place_of(key);
    outcome_.errors.push_back(
        {place.file, place.line, fmt::format("{}{}", options_.path_prefix, key), std::move(message)});
  }
  void warn(std::string_view key, ConfWarningKind kind, std::string sentence) {
    const auto it = values_.find(std::string(key));
    const std::string value = it == values_.end() ? "" : redactor_.shown(key, it->second);
    const ConfPlace place = place_of(key);
    outcome_.warnings.push_back({std::string(key), value, kind, std::move(sentence), place.file, place.line});
  }

 private:
  static std::string_view regex_of(const StringMap& raw) {
    const auto it = raw.find("spark.redaction.regex");
    return it == raw.end() ? std::string_view() : std::string_view(it->second);
  }
  ConfPlace place_of(std::string_view key) const {
    const auto it = options_.places.find(std::string(key));
    return it == options_.places.end() ? ConfPlace{} : it->second;
  }
  template <class T>
  T take(std::string_view key, Result<T> parsed, T otherwise) {
    if (parsed) return std::move(*parsed);
    error(key, parsed.error().message);
    return otherwise;
  }
  void classify(const std::string& key) {
    if (!key.starts_with("spark.")) {
      return warn(key, ConfWarningKind::non_spark_key, "Spark reads only keys that begin with \"spark.\"");
    }
    if (find_fork_key(key)) return;
    const KeySpec* later = find_key(key);
    if (later != nullptr && later->exists_at(Compat::fork_2_2)) return;  // core Spark 2.2
    const bool kubernetes = key.starts_with("spark.kubernetes.");
    if (later != nullptr || (kubernetes && find_key_family(key) != nullptr)) {
      return warn(key, ConfWarningKind::later_level,
                  "only later Sparks know it; fork-2.2 ignores it" + (kubernetes ? hint(key) : ""));
    }
    if (!kubernetes) {
      warn(key, ConfWarningKind::unknown_spark_key, "podramp does not read it, it changes nothing here" + hint(key));
    } else if (options_.unknown_keys == UnknownKeys::kError) {
      error(key, "the fork does not know this key" + hint(key));
    } else {
      warn(key, ConfWarningKind::unknown_kubernetes_key,
           "the fork does not know this key and Spark ignores it" + hint(key));
    }
  }

  const ConfOptions& options_;
  ForkConfOutcome& outcome_;
  StringMap values_;
  Redactor redactor_;
};

void fill_allocation(ForkConf& conf, ForkReader& r) {
  conf.batch_size = r.whole("spark.kubernetes.allocation.batch.size", 1);
  conf.batch_delay_us = r.whole("spark.kubernetes.allocation.batch.delay", 1) * kSecondUs;
  conf.dynamic_allocation = r.boolean("spark.dynamicAllocation.enabled");
  conf.min_executors = r.whole("spark.dynamicAllocation.minExecutors", 0);
  conf.dynamic_initial = r.maybe_whole("spark.dynamicAllocation.initialExecutors");
  conf.max_executors = r.maybe_whole("spark.dynamicAllocation.maxExecutors");
  conf.instances = r.maybe_whole("spark.executor.instances");
  conf.min_registered_ratio = std::min(1.0, r.number("spark.scheduler.minRegisteredResourcesRatio"));
  conf.max_registered_wait_us = r.time_us("spark.scheduler.maxRegisteredResourcesWaitingTime", TimeUnit::milliseconds);
  conf.network_timeout_us = r.time_us("spark.network.timeout", TimeUnit::seconds);
  conf.node_name_dns_lookup = r.boolean("spark.kubernetes.driver.hdfslocality.clusterNodeNameDNSLookup.enabled");
  constexpr std::string_view kTimeout = "spark.kubernetes.allocation.executor.timeout";
  if (r.is_set(kTimeout)) conf.registration_timeout_us = r.time_us(kTimeout, TimeUnit::seconds);
}

void fill_dynamic_timeouts(ForkConf& conf, ForkReader& r) {
  constexpr std::string_view kSustained = "spark.dynamicAllocation.sustainedSchedulerBacklogTimeout";
  constexpr std::string_view kCached = "spark.dynamicAllocation.cachedExecutorIdleTimeout";
  conf.backlog_timeout_us = r.time_us("spark.dynamicAllocation.schedulerBacklogTimeout", TimeUnit::seconds);
  conf.sustained_backlog_timeout_us =
      r.is_set(kSustained) ? r.time_us(kSustained, TimeUnit::seconds) : conf.backlog_timeout_us;
  conf.idle_timeout_us = r.time_us("spark.dynamicAllocation.executorIdleTimeout", TimeUnit::seconds);
  if (r.is_set(kCached)) conf.cached_idle_timeout_us = r.time_us(kCached, TimeUnit::seconds);
}

void fill_names(ForkConf& conf, ForkReader& r) {
  conf.ns = r.text("spark.kubernetes.namespace");
  conf.app_id = r.text("spark.app.id");
  conf.app_name = r.text("spark.app.name");
  conf.driver_pod_name = r.text("spark.kubernetes.driver.pod.name");
  constexpr std::string_view kPrefix = "spark.kubernetes.executor.podNamePrefix";
  if (r.is_set(kPrefix)) conf.pod_name_prefix = r.text(kPrefix);
  conf.driver_host = r.text("spark.driver.host");
  conf.driver_port = r.whole("spark.driver.port", 0);
}

void fill_sizes(ForkConf& conf, ForkReader& r) {
  conf.memory_text = r.text("spark.executor.memory");
  conf.memory_mib = r.mebibytes("spark.executor.memory");
  if (r.is_set("spark.kubernetes.executor.memoryOverhead")) {
    conf.overhead_mib = r.mebibytes("spark.kubernetes.executor.memoryOverhead");
  }
  const std::string cores = r.text("spark.executor.cores");
  const auto as_quantity = parse_cpu_milli(trim(cores));
  if (!parse_spark_double(cores) || !as_quantity || *as_quantity <= 0) {
    r.error("spark.executor.cores", fmt::format("expected a number > 0, such as 1 or 0.5 (got \"{}\")", cores));
  } else {
    conf.cpu_milli = *as_quantity;
  }
  conf.cores_are_whole = !r.is_set("spark.executor.cores") || parse_spark_int(cores).has_value();
  if (const std::string limit = r.text("spark.kubernetes.executor.limit.cores"); !limit.empty()) {
    const auto milli = parse_cpu_milli(limit);
    if (!milli) r.error("spark.kubernetes.executor.limit.cores", milli.error().message);
    if (milli) conf.limit_cpu_milli = *milli;
  }
  conf.executor_port = r.whole("spark.executor.port", 0);
  conf.block_manager_port = r.whole("spark.blockmanager.port", 0);
  conf.official_block_manager_port = r.maybe_whole("spark.blockManager.port");
}

// Where the driver finds its own local directories: its environment, then its conf (01 3.5).
std::vector<std::string> local_dirs(const ForkReader& r) {
  const StringMap env = r.family("spark.kubernetes.driverEnv.");
  for (const char* name : {"SPARK_EXECUTOR_DIRS", "SPARK_LOCAL_DIRS"}) {
    if (const auto it = env.find(name); it != env.end()) return parse_spark_list(it->second);
  }
  if (r.is_set("spark.local.dir")) return parse_spark_list(r.text("spark.local.dir"));
  return {"/tmp"};
}

void fill_pod(ForkConf& conf, ForkReader& r) {
  conf.image = r.text("spark.kubernetes.executor.docker.image");
  conf.pull_policy = r.text("spark.kubernetes.docker.image.pullPolicy");
  conf.labels = r.family("spark.kubernetes.executor.label.");
  conf.annotations = r.family("spark.kubernetes.executor.annotation.");
  conf.node_selector = r.family("spark.kubernetes.node.selector.");
  conf.env = r.family("spark.executorEnv.");
  conf.secrets = r.family("spark.kubernetes.executor.secrets.");
  conf.java_options = r.text("spark.executor.extraJavaOptions");
  conf.extra_class_path = r.text("spark.executor.extraClassPath");
  conf.jars_dir = r.text("spark.kubernetes.mountdependencies.jarsDownloadDir");
  conf.files_dir = r.text("spark.kubernetes.mountdependencies.filesDownloadDir");
  conf.local_dirs = local_dirs(r);
  conf.small_files_secret = r.text("spark.kubernetes.mountdependencies.smallfiles.executor.secretName");
  conf.small_files_path = r.text("spark.kubernetes.mountdependencies.smallfiles.executor.secretMountPath");
  conf.init_image = r.text("spark.kubernetes.initcontainer.docker.image");
  conf.init_config_map = r.text("spark.kubernetes.initcontainer.executor.configmapname");
  conf.init_config_key = r.text("spark.kubernetes.initcontainer.executor.configmapkey");
  conf.staging_secret = r.text("spark.kubernetes.initcontainer.executor.stagingServerSecret.name");
  conf.staging_secret_dir = r.text("spark.kubernetes.initcontainer.executor.stagingServerSecret.mountDir");
  conf.hadoop_config_map = r.text("spark.kubernetes.hadoop.executor.hadoopConfigMapName");
  conf.token_secret = r.text("spark.kubernetes.kerberos.key-tab-secret-name");
  conf.token_item = r.text("spark.kubernetes.kerberos.key-tab-secret-key");
  conf.user = "spark";
  for (const char* reserved : {kAppLabel, kExecutorIdLabel}) {
    if (!conf.labels.contains(reserved)) continue;
    r.error(fmt::format("spark.kubernetes.executor.label.{}", reserved),
            "Spark sets this label itself; remove the key");
  }
  if (conf.init_config_map.empty() != conf.init_config_key.empty()) {
    r.warn("spark.kubernetes.initcontainer.executor.configmapname", ConfWarningKind::contradiction,
           "executors get an init container only when both configmapname and configmapkey are set");
  }
}

void fill_shuffle(ForkConf& conf, ForkReader& r) {
  constexpr std::string_view kLabels = "spark.kubernetes.shuffle.labels";
  conf.shuffle_service = r.boolean("spark.shuffle.service.enabled");
  conf.shuffle_ns = r.text("spark.kubernetes.shuffle.namespace");
  conf.shuffle_port = r.whole("spark.shuffle.service.port", 0);
  auto labels = parse_shuffle_labels(r.text(kLabels));
  if (!labels) {
    r.error(kLabels, labels.error().message);
  } else if (conf.shuffle_service && labels->empty()) {
    r.error(kLabels, "must name the labels of the shuffle service's pods when spark.shuffle.service.enabled is true");
  } else {
    conf.shuffle_labels = std::move(*labels);
  }
  const StringMap env = r.family("spark.kubernetes.driverEnv.");
  const bool has_dirs =
      r.is_set("spark.local.dir") || env.contains("SPARK_LOCAL_DIRS") || env.contains("SPARK_EXECUTOR_DIRS");
  if (conf.shuffle_service && !has_dirs) {
    r.error("spark.local.dir",
            "must be set when spark.shuffle.service.enabled is true: executors and the shuffle "
            "service share it");
  }
}

// What became spark.excludeOnFailure.* in 3.1; fetch failures do not count yet (SPARK-13669, 2.3).
ExclusionConf read_blacklist(ForkReader& r) {
  ExclusionConf c;
  c.enabled = r.boolean("spark.blacklist.enabled");
  c.timeout_us = r.time_us("spark.blacklist.timeout", TimeUnit::milliseconds);
  c.task_attempts_per_executor = r.whole("spark.blacklist.task.maxTaskAttemptsPerExecutor", 1);
  c.task_attempts_per_node = r.whole("spark.blacklist.task.maxTaskAttemptsPerNode", 1);
  c.stage_failed_tasks_per_executor = r.whole("spark.blacklist.stage.maxFailedTasksPerExecutor", 1);
  c.stage_failed_executors_per_node = r.whole("spark.blacklist.stage.maxFailedExecutorsPerNode", 1);
  c.app_failed_tasks_per_executor = r.whole("spark.blacklist.application.maxFailedTasksPerExecutor", 1);
  c.app_failed_executors_per_node = r.whole("spark.blacklist.application.maxFailedExecutorsPerNode", 1);
  c.kill = r.boolean("spark.blacklist.killBlacklistedExecutors");
  return c;
}

// Core keys are read as by later Sparks; what that reader says of the others is not about the fork.
SchedulingConf core_scheduling(const StringMap& raw, ForkReader& r) {
  const ConfOptions options;
  ConfOutcome unheard;
  SchedulingConf conf = read_scheduling(ConfReader(raw, Compat::fork_2_2, options, unheard));
  conf.exclusion = read_blacklist(r);
  return conf;
}

// What the driver meets only when it starts.
void warn_of_start(const ForkConf& conf, ForkReader& r) {
  if (conf.driver_pod_name.empty()) {
    r.warn("spark.kubernetes.driver.pod.name", ConfWarningKind::contradiction,
           "it is missing, and the driver of fork-2.2 does not start without the name of its own pod");
  }
  if (const auto initial = fork_initial_executors(conf, {}); !initial) {
    r.warn("spark.dynamicAllocation.initialExecutors", ConfWarningKind::contradiction, initial.error().message);
  }
  if (conf.dynamic_allocation && !conf.cores_are_whole) {
    r.warn("spark.executor.cores", ConfWarningKind::contradiction,
           "dynamic allocation reads it as a whole number, so the driver ends while it starts (Q21)");
  }
}

void check_dynamic(const ForkConf& conf, ForkReader& r) {
  if (!conf.dynamic_allocation) return;
  if (conf.max_executors && conf.min_executors > *conf.max_executors) {
    r.error("spark.dynamicAllocation.minExecutors",
            fmt::format("must be <= spark.dynamicAllocation.maxExecutors = {} (got {})", *conf.max_executors,
                        conf.min_executors));
  }
  if (conf.max_executors && *conf.max_executors == 0) r.error("spark.dynamicAllocation.maxExecutors", "must be > 0");
  if (!conf.shuffle_service) {
    r.error("spark.shuffle.service.enabled", "must be true with spark.dynamicAllocation.enabled");
  }
}

}  // namespace

std::optional<ForkKey> find_fork_key(std::string_view key) {
  if (const fork_table::Key* row = find_row(key)) return ForkKey{row->value, row->type != Type::unread, false};
  const auto holds = [&](const fork_table::Family& family) { return key.starts_with(family.prefix); };
  const auto family = std::ranges::find_if(fork_table::kFamilies, holds);
  if (family == fork_table::kFamilies.end()) return std::nullopt;
  return ForkKey{"", family->read, true};
}

bool is_fork_key(std::string_view key) { return find_row(key) != nullptr; }

std::string hint_for_fork_key(std::string_view key) {
  constexpr std::size_t kFar = 6;
  std::string_view best;
  std::size_t best_distance = kFar;
  for (const fork_table::Key& known : fork_table::kKeys) {
    const std::size_t distance = edit_distance(to_lower(key), to_lower(known.name), kFar);
    if (distance < best_distance) {
      best = known.name;
      best_distance = distance;
    }
  }
  return best.empty() ? "" : fmt::format("did you mean {}?", best);
}

Result<StringMap> parse_shuffle_labels(std::string_view text) {
  StringMap labels;
  for (const std::string& item : parse_spark_list(text)) {
    const std::size_t equals = item.find('=');
    if (equals == std::string::npos) {
      return tl::unexpected(Error{fmt::format("expected name=value,name=value (got \"{}\")", item)});
    }
    labels[std::string(trim(item.substr(0, equals)))] = std::string(trim(item.substr(equals + 1)));
  }
  return labels;
}

Result<std::int64_t> fork_initial_executors(const ForkConf& conf, const Fixes& fixes) {
  if (!conf.dynamic_allocation) return conf.instances.value_or(1);
  const std::int64_t low = conf.min_executors;
  const std::int64_t high = conf.max_executors.value_or(fixes.contains(Fix::q20) ? INT32_MAX : 1);
  const std::int64_t initial = std::max({low, conf.dynamic_initial.value_or(low), conf.instances.value_or(0)});
  if (initial >= low && initial <= high) return initial;
  return tl::unexpected(
      Error{fmt::format("the initial number of executors is {}; it must lie between minExecutors = {} and "
                        "maxExecutors = {}{}",
                        initial, low, high, conf.max_executors ? "" : ", which counts as 1 when it is not set (Q20)")});
}

ForkConfOutcome read_fork_conf(const StringMap& raw, const ConfOptions& options) {
  ForkConfOutcome outcome;
  ForkReader reader(raw, options, outcome);
  ForkConf conf;
  fill_allocation(conf, reader);
  fill_names(conf, reader);
  fill_sizes(conf, reader);
  fill_pod(conf, reader);
  fill_shuffle(conf, reader);
  fill_dynamic_timeouts(conf, reader);
  conf.scheduling = core_scheduling(raw, reader);
  check_dynamic(conf, reader);
  warn_of_start(conf, reader);
  std::ranges::stable_sort(outcome.errors, {}, &FieldError::path);
  if (outcome.errors.empty()) outcome.conf = std::move(conf);
  return outcome;
}

ConfOutcome make_fork_conf(const StringMap& raw, const ConfOptions& options) {
  ForkConfOutcome read = read_fork_conf(raw, options);
  ConfOutcome outcome;
  outcome.errors = std::move(read.errors);
  outcome.warnings = std::move(read.warnings);
  if (!read.conf) return outcome;
  const ForkConf& fork = *read.conf;
  Conf conf;
  conf.compat = Compat::fork_2_2;
  conf.raw = raw;
  conf.batch_size = fork.batch_size;
  conf.batch_delay_us = fork.batch_delay_us;
  conf.max_pending_pods = INT32_MAX;
  conf.max_pending_pods_per_profile = INT32_MAX;
  conf.executor_ids_max = INT32_MAX;
  conf.initial_executors = fork_initial_executors(fork, {Fix::q20}).value_or(fork.min_executors);
  conf.dynamic_allocation = fork.dynamic_allocation;
  conf.scheduling = fork.scheduling;
  conf.min_registered_ratio = fork.min_registered_ratio;
  conf.max_registered_wait_us = fork.max_registered_wait_us;
  conf.request_timeout_us = 10 * kSecondUs;
  conf.connection_timeout_us = 10 * kSecondUs;
  conf.ns = fork.ns;
  conf.app_name = fork.app_name;
  conf.app_id = fork.app_id;
  conf.driver_pod_name = fork.driver_pod_name;
  conf.pod_name_prefix = fork.pod_name_prefix;
  conf.executor_image = fork.image;
  conf.executor_memory_mib = fork.memory_mib;
  conf.executor_cores = fork.cores();
  conf.scheduling.shuffle_service = fork.shuffle_service;
  outcome.conf = std::move(conf);
  return outcome;
}

}  // namespace podramp::backend
