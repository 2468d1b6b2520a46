#include "backend/conf_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "backend/conf_contradictions.h"
#include "backend/executor_volumes.h"
#include "backend/pod_names.h"
#include "backend/pods_allocator_kind.h"

namespace podramp::backend {
namespace {

constexpr std::string_view kLabelFamily = "spark.kubernetes.executor.label.";
constexpr std::string_view kEnvFamily = "spark.executorEnv.";

void check_dynamic_allocation(const Conf& conf, ConfReader& reader) {
  if (!conf.dynamic_allocation) return;
  const std::int64_t low = reader.whole("spark.dynamicAllocation.minExecutors");
  const std::int64_t high = reader.whole("spark.dynamicAllocation.maxExecutors");
  if (low > high) {
    reader.error("spark.dynamicAllocation.minExecutors",
                 fmt::format("must be <= spark.dynamicAllocation.maxExecutors = {} (got {})", high, low));
  } else if (conf.initial_executors < low || conf.initial_executors > high) {
    reader.error(
        "spark.dynamicAllocation.initialExecutors",
        fmt::format("the largest of minExecutors, initialExecutors and spark.executor.instances is {}; it must "
                    "lie between minExecutors = {} and maxExecutors = {}",
                    conf.initial_executors, low, high));
  }
}

void check_pod_settings(const Conf& conf, ConfReader& reader) {
  if (conf.pod_name_prefix && !is_valid_pod_name_prefix(*conf.pod_name_prefix)) {
    reader.error(
        "spark.kubernetes.executor.podNamePrefix",
        fmt::format("must be a DNS-1123 subdomain (a-z, 0-9, \"-\" and \".\", starting and ending with a letter "
                    "or digit) of at most 237 characters (got \"{}\")",
                    *conf.pod_name_prefix));
  }
  for (const auto& [label, value] : conf.executor_labels) {
    if (is_reserved_label(label)) {
      reader.error(fmt::format("{}{}", kLabelFamily, label), "Spark sets this label itself; remove the key");
    }
  }
  if (conf.off_heap_enabled && conf.off_heap_mib <= 0) {
    reader.error("spark.memory.offHeap.size", "must be at least 1 MiB when spark.memory.offHeap.enabled is true");
  }
  if (conf.compat >= Compat::spark_4_1 &&
      reader.differs_from_default("spark.kubernetes.allocation.maxPendingPodsPerRp") &&
      conf.max_pending_pods_per_profile > conf.max_pending_pods) {
    reader.error("spark.kubernetes.allocation.maxPendingPodsPerRp",
                 fmt::format("must be <= spark.kubernetes.allocation.maxPendingPods = {} (got {})",
                             conf.max_pending_pods, conf.max_pending_pods_per_profile));
  }
}

// Spark keeps these in 32 bits and would wrap around in silence.
void check_sizes_fit(ConfReader& reader) {
  for (const std::string_view key : {"spark.executor.memory", "spark.executor.memoryOverhead",
                                     "spark.executor.minMemoryOverhead", "spark.executor.pyspark.memory"}) {
    const auto mib = reader.maybe_whole(key);
    if (!mib || (*mib >= 0 && *mib <= INT32_MAX)) continue;
    reader.error(key, fmt::format("must be between 0 and {} MiB (got {} MiB)", INT32_MAX, *mib));
  }
}

// 02 4.1: Spark loads a class, and throws when executors that it chose to kill could not be told apart.
void check_allocator(const Conf& conf, ConfReader& reader) {
  constexpr std::string_view kKey = "spark.kubernetes.allocation.pods.allocator";
  const auto kind = parse_pods_allocator(reader.text(kKey), conf.compat);
  if (!kind) return reader.error(kKey, kind.error().message);
  if (*kind == PodsAllocator::deployment && conf.dynamic_allocation && !conf.pod_deletion_cost) {
    reader.error("spark.kubernetes.executor.podDeletionCost",
                 "must be set for the deployment allocator with dynamic allocation, so that the executors chosen for "
                 "removal are the ones that go");
  }
}

// HeartbeatReceiver's own requirement.
void check_heartbeats(const Conf& conf, ConfReader& reader) {
  if (conf.network_timeout_interval_us <= conf.network_timeout_us) return;
  reader.error("spark.network.timeoutInterval",
               fmt::format("must be <= the heartbeat timeout {} (got {})", format_time(conf.network_timeout_us),
                           format_time(conf.network_timeout_interval_us)));
}

bool is_other_scheduler(const Conf& conf) {
  return conf.scheduler_name && !conf.scheduler_name->empty() && *conf.scheduler_name != "default-scheduler";
}

// While their plugin is on, these count at their default too.
void warn_resizing(const Conf& conf, ConfReader& reader) {
  const auto warn = [&](std::string_view key, bool on) {
    if (!on || reader.differs_from_default(key)) return;
    reader.warn(key, ConfWarningKind::not_modelled, fmt::format("not modelled yet: {}", find_key(key)->note));
  };
  warn("spark.kubernetes.executor.resizeInterval", conf.scaling.resize.has_value());
  warn("spark.kubernetes.executor.pvc.resizeInterval", conf.scaling.claim_resize.has_value());
}

void warn_not_modelled(const Conf& conf, ConfReader& reader) {
  const bool claims = std::ranges::any_of(conf.volumes, [](const auto& v) { return v.volume.type == kClaimType; });
  for (const KeySpec& spec : all_keys()) {
    const bool counts = spec.influence == Influence::not_modelled ||
                        (spec.influence == Influence::with_dynamic && conf.dynamic_allocation) ||
                        (spec.influence == Influence::with_claims && claims);
    if (counts && reader.differs_from_default(spec.name)) {
      reader.warn(spec.name, ConfWarningKind::not_modelled, fmt::format("not modelled yet: {}", spec.note));
    }
  }
  warn_resizing(conf, reader);
  if (is_other_scheduler(conf)) {
    const bool own = reader.is_set("spark.kubernetes.executor.scheduler.name");
    reader.warn(own ? "spark.kubernetes.executor.scheduler.name" : "spark.kubernetes.scheduler.name",
                ConfWarningKind::not_modelled,
                "not modelled yet: only schedulers of the scenario's cluster place pods, others leave them Pending");
  }
}

}  // namespace

bool is_reserved_label(std::string_view key) {
  static constexpr std::array<std::string_view, 6> kReserved{"spark-version",      "spark-exec-id",
                                                             "spark-app-selector", "spark-app-name",
                                                             "spark-role",         "spark-exec-resourceprofile-id"};
  return std::ranges::find(kReserved, key) != kReserved.end();
}

void check_conf(const Conf& conf, ConfReader& reader) {
  check_dynamic_allocation(conf, reader);
  check_scaling(conf, reader);
  check_pod_settings(conf, reader);
  check_sizes_fit(reader);
  check_allocator(conf, reader);
  check_heartbeats(conf, reader);
}

void lint_conf(const Conf& conf, ConfReader& reader) {
  for (const auto& [name, value] : reader.family(kEnvFamily)) {
    if (is_valid_env_name(name)) continue;
    reader.warn(fmt::format("{}{}", kEnvFamily, name), ConfWarningKind::ignored,
                "not a legal name for an environment variable; Spark leaves it out");
  }
  warn_not_modelled(conf, reader);
  warn_contradictions(conf, reader);
}

}  // namespace podramp::backend
