#include "backend/conf_contradictions.h"

#include <fmt/format.h>

#include <string>
#include <string_view>

namespace podramp::backend {
namespace {

constexpr std::string_view kMaxPending = "spark.kubernetes.allocation.maxPendingPods";
constexpr std::string_view kRollPlugin = "org.apache.spark.scheduler.cluster.k8s.ExecutorRollPlugin";

class Contradictions {
 public:
  Contradictions(const Conf& conf, ConfReader& reader) : conf_(conf), reader_(reader) {}

  void allocation() {
    if (conf_.batch_size > conf_.max_pending_pods) {  // T11
      warn(written("spark.kubernetes.allocation.batch.size", kMaxPending),
           fmt::format("a round creates at most maxPendingPods = {} pods, batch.size = {} is never reached",
                       conf_.max_pending_pods, conf_.batch_size));
    }
    const DurationUs asked = reader_.us("spark.kubernetes.allocation.executor.timeout");
    if (conf_.creation_timeout_us > asked) {
      warn(written("spark.kubernetes.allocation.executor.timeout", "spark.kubernetes.allocation.batch.delay"),
           fmt::format("the creation time-out is 5 x batch.delay = {} instead of {}",
                       format_time(conf_.creation_timeout_us), format_time(asked)));
    }
    if (conf_.compat >= Compat::spark_4_1 && conf_.executor_ids_max - 1 < conf_.initial_executors) {  // 02 5.1
      warn("spark.kubernetes.allocation.maximum",
           fmt::format("allows {} executors in the application's whole life, but it starts with {}",
                       conf_.executor_ids_max - 1, conf_.initial_executors));
    }
    if (!conf_.enable_api_polling && reader_.is_set("spark.kubernetes.executor.missingPodDetectDelta")) {
      warn("spark.kubernetes.executor.missingPodDetectDelta", "without API polling missing pods are never detected");
    }
    if (!conf_.enable_api_polling && !conf_.enable_api_watcher) {
      warn("spark.kubernetes.executor.enableApiWatcher",
           "with neither polling nor watching no pod is ever seen, and no profile gets a second batch (T1)");
    }
  }

  void cpus() {
    const std::int64_t request = conf_.request_cpu_milli.value_or(conf_.executor_cores * 1000);
    if (conf_.limit_cpu_milli && request > *conf_.limit_cpu_milli) {  // 02 0.2
      warn("spark.kubernetes.executor.limit.cores",
           fmt::format("the cpu request {} is above the limit {}: {}", format_cpu_milli(request),
                       format_cpu_milli(*conf_.limit_cpu_milli), fate_of_large_request()));
    }
    if (conf_.executor_cores * kCpu < conf_.scheduling.task_cpus) {
      const auto task_cpus = conf_.raw.find("spark.task.cpus");
      warn(written("spark.task.cpus", "spark.executor.cores"),
           fmt::format("a task needs {} cpus and an executor has {} cores: Spark refuses to start",
                       task_cpus == conf_.raw.end() ? "1" : task_cpus->second, conf_.executor_cores));
    }
  }

  void memory() {
    if (conf_.memory_overhead_mib && reader_.is_set("spark.executor.memoryOverheadFactor")) {
      warn("spark.executor.memoryOverheadFactor", "spark.executor.memoryOverhead is given, so the factor is not used");
    }
    if (!conf_.off_heap_enabled && reader_.differs_from_default("spark.memory.offHeap.size")) {
      warn("spark.memory.offHeap.size", "counts only with spark.memory.offHeap.enabled");
    }
    if (conf_.pyspark_memory_mib && !conf_.python_application) {
      warn("spark.executor.pyspark.memory", "counts only in Python applications (spark.kubernetes.resource.type)");
    }
  }

  void dynamic_allocation() {
    if (!conf_.dynamic_allocation) return;  // its settings are kept for the jobs that switch it on
    const bool kept = conf_.scheduling.shuffle_service ||
                      reader_.boolean("spark.dynamicAllocation.shuffleTracking.enabled") ||
                      reader_.is_set("spark.shuffle.sort.io.plugin.class");
    // What Spark looks at when it starts; the blocks move only with spark.storage.decommission.enabled as well.
    const bool may_start = reader_.boolean("spark.decommission.enabled") &&
                           reader_.boolean("spark.storage.decommission.shuffleBlocks.enabled");
    if (!kept && !may_start) {
      warn(written("spark.dynamicAllocation.shuffleTracking.enabled", "spark.dynamicAllocation.enabled"),
           "Spark refuses to start: dynamic allocation needs shuffle tracking, an external shuffle service, or "
           "shuffle blocks that move when an executor is decommissioned");
    } else if (!kept && !conf_.decommission.moves_shuffle_files) {
      warn(written("spark.dynamicAllocation.shuffleTracking.enabled", "spark.decommission.enabled"),
           "the shuffle files of idle executors are lost with them: only spark.storage.decommission.enabled moves "
           "them away before");
    }
    if (conf_.scheduling.shuffle_service) {
      warn("spark.shuffle.service.enabled",
           "Spark ships no shuffle service for Kubernetes: executors fail to register unless somebody runs one on "
           "every node");
    }
    if (!reader_.boolean("spark.dynamicAllocation.shuffleTracking.enabled") &&
        reader_.is_set("spark.dynamicAllocation.shuffleTracking.timeout")) {
      warn("spark.dynamicAllocation.shuffleTracking.timeout", "shuffle tracking is off");
    }
  }

  void removal() {
    if (reader_.boolean("spark.storage.decommission.enabled") && !reader_.boolean("spark.decommission.enabled")) {
      warn("spark.storage.decommission.enabled", "counts only with spark.decommission.enabled");
    }
    if (reader_.whole("spark.kubernetes.executor.rollInterval") > 0) roll_plugin();
    if (reader_.is_set("spark.kubernetes.executor.decommissionLabelValue") &&
        reader_.text("spark.kubernetes.executor.decommissionLabel").empty()) {
      warn("spark.kubernetes.executor.decommissionLabelValue", "counts only with executor.decommissionLabel");
    }
    const bool own = reader_.boolean("spark.kubernetes.driver.ownPersistentVolumeClaim");
    const bool reuse = reader_.boolean("spark.kubernetes.driver.reusePersistentVolumeClaim");
    if (reader_.boolean("spark.kubernetes.driver.waitToReusePersistentVolumeClaim") && !(own && reuse)) {
      warn(
          "spark.kubernetes.driver.waitToReusePersistentVolumeClaim",
          "waits for claims that are never reused: ownPersistentVolumeClaim and reusePersistentVolumeClaim are needed");
    }
  }

  void registration() {
    if (reader_.maybe_number("spark.scheduler.minRegisteredResourcesRatio").value_or(0) > 1) {
      warn("spark.scheduler.minRegisteredResourcesRatio", "a share above 1 counts as 1");
    }
    const DurationUs heartbeat = reader_.us("spark.executor.heartbeatInterval");
    const DurationUs timeout = reader_.us("spark.network.timeout");
    if (heartbeat >= timeout) {
      warn(written("spark.executor.heartbeatInterval", "spark.network.timeout"),
           fmt::format("heartbeats come every {}, and silence of {} is a lost executor: Spark refuses to start",
                       format_time(heartbeat), format_time(timeout)));
    }
  }

 private:
  void warn(std::string_view key, std::string text) {
    reader_.warn(key, ConfWarningKind::contradiction, std::move(text));
  }

  // The first of the two that the user wrote.
  std::string_view written(std::string_view key, std::string_view other) const {
    return reader_.is_set(key) ? key : other;
  }

  std::string_view fate_of_large_request() const {
    if (conf_.compat >= Compat::spark_4_2) return "the driver exits when it builds the first pod";
    if (conf_.compat >= Compat::spark_4_1) return "the driver refuses to build the pod";
    return "the API server refuses the pod";
  }

  void roll_plugin() {
    if (!reader_.boolean("spark.decommission.enabled")) {
      warn("spark.kubernetes.executor.rollInterval", "executors are rolled only with spark.decommission.enabled");
    }
    const auto plugins = reader_.values().find("spark.plugins");
    if (plugins == reader_.values().end() || plugins->second.find(kRollPlugin) == std::string::npos) {
      warn("spark.kubernetes.executor.rollInterval",
           fmt::format("executors are rolled only by the plugin {} in spark.plugins", kRollPlugin));
    }
  }

  const Conf& conf_;
  ConfReader& reader_;
};

}  // namespace

void warn_contradictions(const Conf& conf, ConfReader& reader) {
  Contradictions look(conf, reader);
  look.allocation();
  look.cpus();
  look.memory();
  look.dynamic_allocation();
  look.removal();
  look.registration();
}

}  // namespace podramp::backend
