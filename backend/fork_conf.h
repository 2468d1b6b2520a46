// Spark settings of the 2017 fork, typed (01 8.1-8.3 and the core keys its driver reads): what compat level fork-2.2
// reads instead of conf.h's. Not here: what later Sparks read (conf.h), the fork's services and submission client.
// Next: fork_conf_keys.h (the table), fork_driver.h (who uses it).
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "backend/conf.h"
#include "backend/fixes.h"
#include "backend/port/kube.h"

namespace podramp::backend {

struct ForkConf {
  // Allocation and scheduling (01 8.2).
  std::int64_t batch_size = 5;
  DurationUs batch_delay_us = kSecondUs;
  bool dynamic_allocation = false;
  std::int64_t min_executors = 0;
  std::optional<std::int64_t> dynamic_initial;  // spark.dynamicAllocation.initialExecutors
  std::optional<std::int64_t> max_executors;
  std::optional<std::int64_t> instances;
  DurationUs backlog_timeout_us = kSecondUs;  // of dynamic allocation (01 4.1)
  DurationUs sustained_backlog_timeout_us = kSecondUs;
  DurationUs idle_timeout_us = 60 * kSecondUs;
  DurationUs cached_idle_timeout_us = INT32_MAX * kSecondUs;
  double min_registered_ratio = 0.8;
  DurationUs max_registered_wait_us = 30 * kSecondUs;
  DurationUs network_timeout_us = 120 * kSecondUs;
  bool node_name_dns_lookup = false;
  DurationUs registration_timeout_us = 600 * kSecondUs;  // only fix Q02 heeds it; the key is a later Spark's

  // Names (01 8.1).
  std::string ns = "default";
  std::string app_id;
  std::string app_name;
  std::string driver_pod_name;                 // "" when missing: the driver does not start
  std::optional<std::string> pod_name_prefix;  // absent: the submission client's

  // Executor pod (01 3).
  std::string image;
  std::string pull_policy;
  std::string memory_text;  // as written: SPARK_EXECUTOR_MEMORY
  std::int64_t memory_mib = 1024;
  std::optional<std::int64_t> overhead_mib;
  std::int64_t cpu_milli = 1000;
  std::int64_t cores() const { return (cpu_milli + 999) / 1000; }  // that an executor is told it has
  bool cores_are_whole = true;                                     // the key parses as an integer (Q21)
  std::optional<std::int64_t> limit_cpu_milli;
  std::int64_t executor_port = 10000;
  std::int64_t block_manager_port = 7079;                   // spark.blockmanager.port, which nothing else reads (Q48)
  std::optional<std::int64_t> official_block_manager_port;  // spark.blockManager.port
  std::string driver_host;
  std::int64_t driver_port = 7078;
  StringMap labels;
  StringMap annotations;
  StringMap node_selector;
  StringMap env;      // spark.executorEnv.*
  StringMap secrets;  // secret -> mount path
  std::string java_options;
  std::string extra_class_path;
  std::string jars_dir;
  std::string files_dir;
  std::vector<std::string> local_dirs;  // resolved as the driver does (01 3.5)
  std::string small_files_secret;
  std::string small_files_path;
  std::string init_image;
  std::string init_config_map;  // with its key; the init container needs both (01 3.4)
  std::string init_config_key;
  std::string staging_secret;
  std::string staging_secret_dir;
  std::string hadoop_config_map;
  std::string token_secret;
  std::string token_item;
  std::string user;  // of the Hadoop steps

  // Shuffle (01 8.3).
  std::optional<Container> sidecar;  // not a key: the shuffle service is in the executor's own pod
  bool shuffle_service = false;
  std::string shuffle_ns = "default";
  StringMap shuffle_labels;
  std::int64_t shuffle_port = 7337;

  SchedulingConf scheduling;  // Spark's own keys, as core 2.2 has them; a mistake reads as the default
};

struct ForkConfOutcome {
  std::optional<ForkConf> conf;  // absent exactly when there are errors
  FieldErrors errors;            // by path
  std::vector<ConfWarning> warnings;
};
// Official keys verbatim -> typed settings. What the real driver finds out only while it starts (no driver pod, Q20,
// Q21) is a warning here, and ends the driver there.
ForkConfOutcome read_fork_conf(const StringMap& raw, const ConfOptions& options = {});
// The same as conf.h's make_conf() gives it: what the parts that know no fork need of it.
ConfOutcome make_fork_conf(const StringMap& raw, const ConfOptions& options = {});

// How many executors are asked for at the start (01 1.2 step 6). Error: not between min and max, where a missing
// maximum counts as 1 (Q20) or, with the fix, as 2^31-1.
Result<std::int64_t> fork_initial_executors(const ForkConf& conf, const Fixes& fixes);

// A key of the fork's own table, or of one of its families.
struct ForkKey {
  std::string_view default_value;  // "" is not set
  bool read = false;               // by the driver's backend, not only by another part of the fork
  bool in_family = false;
};
std::optional<ForkKey> find_fork_key(std::string_view key);
// Whether the fork reads it, families aside. What no later Spark has holds names and sizes, never a secret's value.
bool is_fork_key(std::string_view key);
// "did you mean ...?" among the fork's own keys, "" when none is near.
std::string hint_for_fork_key(std::string_view key);

// "app=shuffle, version=2" (01 4.2): items are trimmed, empty ones dropped. Error: one without "=".
Result<StringMap> parse_shuffle_labels(std::string_view text);

}  // namespace podramp::backend
