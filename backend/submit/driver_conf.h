// The settings of a driver pod and its service, typed: what a submission reads that the driver itself does not.
// Not here: executors (conf.h), building the pod (driver_pod.h). Sources: 02 5.2, 5.3, 6.4.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "backend/conf.h"

namespace podramp::submit {

struct DriverConf {
  backend::Compat compat = backend::Compat::spark_4_0;
  std::string ns;

  // Size (S-J2, S-J3).
  std::int64_t cores = 1;
  std::optional<std::int64_t> request_cpu_milli;
  std::optional<std::int64_t> limit_cpu_milli;
  std::int64_t memory_mib = 1024;
  std::optional<std::int64_t> memory_overhead_mib;
  std::int64_t min_memory_overhead_mib = 384;
  std::optional<double> own_overhead_factor;         // spark.driver.memoryOverheadFactor, when it is written
  std::optional<double> kubernetes_overhead_factor;  // spark.kubernetes.memoryOverheadFactor, when it is written
  std::string resource_type;                         // "java", "python", "r"; "" is java
  std::vector<backend::CustomResource> custom_resources;

  // Pod (S-J1, S-G3 to S-G8, S-G11).
  std::string image;     // "" when missing: an error when the pod is built
  std::string pod_name;  // "" takes <prefix>-driver
  std::string image_pull_policy;
  std::vector<std::string> image_pull_secrets;
  std::optional<std::string> scheduler_name;  // "" was set to empty on purpose
  std::string service_account;                // "" leaves the template's
  StringMap node_selector;
  StringMap labels;  // may hold {{APP_ID}}
  StringMap annotations;
  StringMap env;
  StringMap secret_mounts;
  std::vector<backend::SecretKeyRef> secret_env;
  std::vector<backend::ExecutorVolume> volumes;
  std::vector<std::string> local_dirs;
  bool local_dirs_tmpfs = false;
  std::string hadoop_config_map;
  std::optional<std::string> pod_template_container;
  std::vector<std::string> feature_steps;
  std::vector<std::string> excluded_feature_steps;

  // Ports and service (S-J4, S-J5).
  std::int64_t port = 7078;
  std::int64_t block_manager_port = 7079;  // driver.blockManager.port, else blockManager.port
  std::int64_t ui_port = 4040;
  StringMap service_labels;
  StringMap service_annotations;
  std::string ip_family_policy;
  std::vector<std::string> ip_families;
};

struct DriverConfOutcome {
  std::optional<DriverConf> conf;  // absent exactly when there are errors
  FieldErrors errors;              // those of make_conf too, and a host or bind address of the user's (S-J5)
};

// Official Spark keys verbatim -> the driver's side of them.
DriverConfOutcome make_driver_conf(const StringMap& raw, backend::Compat compat);

}  // namespace podramp::submit
