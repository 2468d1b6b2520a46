// One application's Spark settings, typed: what the backend, the pod builder and the lifecycle manager read.
// Made from official Spark keys verbatim by make_conf(), which reports all mistakes at once and says what a run will
// not do. Next: conf_keys.h (the table), conf_reader.h (one key), conf_checks.h (rules across keys), spark_defaults.h.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "backend/compat.h"
#include "backend/decommission_conf.h"
#include "backend/port/kube.h"
#include "backend/port/status.h"
#include "backend/scaling_conf.h"
#include "backend/scheduling_conf.h"

namespace podramp::backend {

enum class ConfWarningKind : std::uint8_t {
  unknown_kubernetes_key,  // spark.kubernetes.* that no level knows; Spark ignores it in silence
  unknown_spark_key,       // another spark.* key that podramp does not read
  non_spark_key,           // does not begin with "spark."; Spark drops it
  later_level,             // a later Spark's key, ignored at this level
  deprecated,              // an old spelling, still read
  duplicate,               // given twice; the last one counts
  unit_trap,               // a bare number or a cut-off remainder that is likely not what was meant
  not_modelled,            // changes what Spark does, but not yet what podramp does
  contradiction,           // two settings that work against each other
  ignored,                 // a part of a value that Spark drops, such as an illegal environment name
  assumed,                 // something needed was missing and podramp put in a value
};

struct ConfWarning {
  std::string key;
  std::string value;  // as written, redacted
  ConfWarningKind kind = ConfWarningKind::unknown_spark_key;
  std::string text;  // one sentence
  std::string file;
  int line = 0;  // 0 when unknown
  static void fields(auto& visit, auto& self) {
    visit("key", self.key);
    visit("value", self.value);
    visit("kind", self.kind);
    visit("text", self.text);
  }
  friend bool operator==(const ConfWarning&, const ConfWarning&) = default;
};
// "file:line: key = value: text"
std::string to_string(const ConfWarning& warning);

enum class PodsAllocator : std::uint8_t { direct, stateful_set, deployment };

// An executor's custom resource, such as a GPU: spark.executor.resource.<name>.amount and .vendor.
struct CustomResource {
  std::string name;
  std::int64_t amount = 0;
  std::string vendor;  // "" when missing: an error when a pod is built (H1)
  friend bool operator==(const CustomResource&, const CustomResource&) = default;
};

// One volume of spark.kubernetes.executor.volumes.*, with its mount in the Spark container.
struct ExecutorVolume {
  Volume volume;
  VolumeMount mount;
  StringMap claim_labels{};  // of the claim that is made on demand
  StringMap claim_annotations{};
  friend bool operator==(const ExecutorVolume&, const ExecutorVolume&) = default;
};

struct SecretKeyRef {
  std::string env;
  std::string secret;
  std::string key;
  friend bool operator==(const SecretKeyRef&, const SecretKeyRef&) = default;
};

struct Conf {
  Compat compat = Compat::spark_4_0;
  StringMap raw;  // as given: may hold secrets, show only redacted(raw)

  // Allocator (02 1).
  PodsAllocator pods_allocator = PodsAllocator::direct;
  std::int64_t batch_size = 0;
  DurationUs batch_delay_us = 0;
  std::int64_t max_pending_pods = 0;
  std::int64_t max_pending_pods_per_profile = 0;  // INT32_MAX below spark-4.1
  std::int64_t executor_ids_max = 0;              // allocation.maximum; INT32_MAX below spark-4.1
  DurationUs creation_timeout_us = 0;             // max(5 x batch.delay, allocation.executor.timeout) (02 1.1)
  DurationUs executor_idle_timeout_us = 0;        // also without dynamic allocation (02 1.1)
  DurationUs driver_readiness_timeout_us = 0;
  std::int64_t initial_executors = 0;  // 02 4.2
  bool dynamic_allocation = false;
  DurationUs delete_grace_period_us = 0;  // dynamicAllocation.deleteGracePeriod (02 4.2 kill)

  SchedulingConf scheduling;
  // Claims (02 1.1, 6.3) and recovery after an OOM (02 4.2).
  bool own_claims = true;    // driver.ownPersistentVolumeClaim
  bool reuse_claims = true;  // driver.reusePersistentVolumeClaim
  bool wait_to_reuse_claims = false;
  std::int64_t claims_max = 2;          // maxExecutors with dynamic allocation, else executor.instances, else 2
  bool read_write_once_claims = false;  // below spark-4.0, and by the legacy key; else ReadWriteOncePod
  std::optional<bool> recovery_mode;    // from spark-4.2; absent: armed
  std::int64_t recovery_cores = 1;      // spark.task.cpus: one slot

  // Watch, poll, snapshots, lifecycle manager (02 2, 3).
  bool enable_api_polling = true;
  bool enable_api_watcher = true;
  bool polling_with_resource_version = false;
  DurationUs api_polling_interval_us = 0;
  DurationUs event_processing_interval_us = 0;
  DurationUs missing_pod_detect_delta_us = 0;
  bool check_all_containers = true;
  bool delete_on_termination = true;
  DurationUs deleted_executors_cache_timeout_us = 0;        // 0 disables the cache
  std::int64_t max_executor_failures = 0;                   // 02 3, failure tracker
  std::optional<DurationUs> failures_validity_interval_us;  // absent: failures never expire

  // Scheduler backend (02 4.2) and the driver's Kubernetes client.
  double min_registered_ratio = 0.8;
  DurationUs max_registered_wait_us = 0;
  DurationUs request_timeout_us = 0;
  DurationUs connection_timeout_us = 0;
  std::optional<std::string> decommission_label;  // put on the pods of executors that are killed or decommissioned
  std::string decommission_label_value;
  std::optional<std::int64_t> pod_deletion_cost;         // likewise, with the Deployment allocator
  std::optional<DurationUs> decommission_force_kill_us;  // executor.decommission.forceKillTimeout
  DecommissionConf decommission;                         // what the executor itself does
  DurationUs network_timeout_us = 120 * kSecondUs;       // an executor without heartbeats is lost
  DurationUs network_timeout_interval_us = 60 * kSecondUs;
  DurationUs heartbeat_interval_us = 10 * kSecondUs;
  DurationUs subscribers_grace_us = 20 * kSecondUs;  // how long a stop waits for runs in progress (02 2.1)
  bool delete_services = true;                       // driver.service.deleteOnTermination
  std::string local_master;                          // "local[4]": the driver runs alone (S-D10); "" on a cluster

  // Names.
  std::string ns;
  std::string app_name;                        // "" when not set
  std::string app_id;                          // "" when not set
  std::string driver_pod_name;                 // "" when there is none
  std::optional<std::string> pod_name_prefix;  // absent: derived from the application's name (pod_names.h)

  // One executor of the default profile (02 6.2).
  std::int64_t executor_cores = 1;
  std::int64_t executor_memory_mib = 0;
  std::optional<std::int64_t> memory_overhead_mib;
  std::int64_t min_memory_overhead_mib = 0;
  double memory_overhead_factor = 0.1;  // the one that counts (02 6.2)
  std::int64_t off_heap_mib = 0;        // 0 when off
  bool off_heap_enabled = false;
  std::optional<std::int64_t> pyspark_memory_mib;
  bool python_application = false;
  std::optional<std::int64_t> request_cpu_milli;  // executor.request.cores
  std::optional<std::int64_t> limit_cpu_milli;    // executor.limit.cores
  std::vector<CustomResource> custom_resources;

  // Executor pod (02 6.1, 6.3).
  std::string executor_image;  // "" when missing: an error when a pod is built
  std::string image_pull_policy;
  std::vector<std::string> image_pull_secrets;
  std::optional<std::string> scheduler_name;  // "" was set to empty on purpose (G8)
  std::string service_account;
  StringMap node_selector;    // generic, then the executor's own
  StringMap executor_labels;  // may hold {{APP_ID}} and {{EXECUTOR_ID}}
  StringMap executor_annotations;
  StringMap executor_env;   // legal names only; secret values are replaced by kRedacted
  StringMap secret_mounts;  // secret -> path
  std::vector<SecretKeyRef> secret_env;
  std::vector<ExecutorVolume> volumes;  // by type, then name
  std::vector<std::string> local_dirs;  // spark.local.dir; empty: one directory of its own
  bool local_dirs_tmpfs = false;
  bool config_map = true;         // not executor.disableConfigMap
  std::string pod_template_file;  // as written; who reads it is the shell
  std::optional<std::string> pod_template_container;
  std::vector<std::string> feature_steps;           // the user's classes, in order
  std::vector<std::string> excluded_feature_steps;  // from spark-4.1; class names, Spark's own and the user's
  std::string hadoop_config_map;                    // "" mounts none
  std::optional<std::int64_t> termination_grace_s;  // from spark-4.1
  std::string pre_stop_script;                      // "" without spark.decommission.enabled
  std::int64_t driver_port = 0;
  std::int64_t block_manager_port = 0;  // 0 is chosen at run time
  std::string driver_host;              // "" when not set
  std::string driver_bind_address;
  bool use_driver_pod_ip = false;
  bool custom_log_url = false;
  bool auth_secret_env = false;  // spark.authenticate without a secret file (H14)
  std::string extra_class_path;
  std::string java_options;                  // default and extra ones, redacted
  std::vector<std::string> startup_options;  // -Dkey=value of what an executor needs before it can ask the driver

  ScalingConf scaling;  // dynamic allocation, plugins (02 4.3, 4.5)
};

enum class UnknownKeys : std::uint8_t {
  kError,  // a scenario: an unknown spark.kubernetes.* key is a mistake (05 E2)
  kWarn,   // a user's own spark-defaults.conf: Spark ignores it, we say so
};

struct ConfPlace {
  std::string file;
  int line = 0;
};

struct ConfOptions {
  UnknownKeys unknown_keys = UnknownKeys::kError;
  std::map<std::string, ConfPlace> places;  // where a key was written, as far as known
  std::string path_prefix;                  // "applications[0].conf." before the key in FieldError::path
  std::string assumed_image;                // used, with a warning, when no executor image is named
};

struct ConfOutcome {
  std::optional<Conf> conf;  // absent exactly when there are errors
  FieldErrors errors;        // all of them, in the order of the keys
  std::vector<ConfWarning> warnings;
};

// Official Spark keys verbatim -> typed settings of one level. Pure: the same map gives the same outcome, and
// redacted(raw) gives the same Conf but for raw itself, so that a log's header rebuilds every decision.
ConfOutcome make_conf(const StringMap& raw, Compat compat, const ConfOptions& options = {});

}  // namespace podramp::backend

template <>
struct podramp::EnumText<podramp::backend::ConfWarningKind> {
  static constexpr std::array<std::string_view, 11> names{"unknown_kubernetes_key",
                                                          "unknown_spark_key",
                                                          "non_spark_key",
                                                          "later_level",
                                                          "deprecated",
                                                          "duplicate",
                                                          "unit_trap",
                                                          "not_modelled",
                                                          "contradiction",
                                                          "ignored",
                                                          "assumed"};
};
