// The rows of conf_keys.h, and nothing else: 02 5.1-5.4 in the order of the document, then a few core keys that
// pod building and redaction read besides. Only conf_keys.cpp includes this.
#pragma once

#include "backend/conf_keys.h"

namespace podramp::backend {

constexpr KeySpec KeySpec::above(std::int64_t n) const {
  KeySpec key = *this;
  key.range.low = n;
  key.range.low_open = true;
  return key;
}
constexpr KeySpec KeySpec::at_least(std::int64_t n) const {
  KeySpec key = *this;
  key.range.low = n;
  return key;
}
constexpr KeySpec KeySpec::at_most(std::int64_t n) const {
  KeySpec key = *this;
  key.range.high = n;
  return key;
}
constexpr KeySpec KeySpec::below(std::int64_t n) const {
  KeySpec key = *this;
  key.range.high = n;
  key.range.high_open = true;
  return key;
}
constexpr KeySpec KeySpec::one_of(std::string_view choices) const {
  KeySpec key = *this;
  key.range.one_of = choices;
  return key;
}
constexpr KeySpec KeySpec::old(Compat up_to, std::string_view value) const {
  KeySpec key = *this;
  (key.older[0].value.empty() ? key.older[0] : key.older[1]) = LevelDefault{up_to, value};
  return key;
}
constexpr KeySpec KeySpec::modelled() const {
  KeySpec key = *this;
  key.influence = Influence::modelled;
  return key;
}
constexpr KeySpec KeySpec::because(Influence how, std::string_view sentence) const {
  KeySpec key = *this;
  key.influence = how;
  key.note = sentence;
  return key;
}
constexpr KeySpec KeySpec::secret() const {
  KeySpec key = *this;
  key.may_hold_secret = true;
  return key;
}
constexpr KeySpec KeySpec::hidden() const {
  KeySpec key = *this;
  key.internal = true;
  return key;
}

namespace table {

using enum ValueType;
using enum Compat;
inline constexpr auto kNotYet = Influence::not_modelled;

// `name` is the whole official key, so that a search for it ends here.
constexpr KeySpec unset(std::string_view name, ValueType type, int since) {
  KeySpec spec;
  spec.name = name;
  spec.type = type;
  spec.since = since;
  return spec;
}
constexpr KeySpec key(std::string_view name, ValueType type, std::string_view value, int since) {
  KeySpec spec = unset(name, type, since);
  spec.latest_default = value;
  return spec;
}
constexpr KeySpec port(std::string_view name, std::string_view value) {
  KeySpec spec = key(name, integer, value, 100).at_least(1024).at_most(65535).modelled();
  spec.range.or_zero = true;
  return spec;
}
constexpr KeySpec checked_by_dynamic(KeySpec spec) {
  spec.checked_by_dynamic = true;
  return spec;
}
constexpr KeySpec any_case(KeySpec spec) {
  spec.range.any_case = true;
  return spec;
}
constexpr KeySpec multiple_of_five(KeySpec spec) {
  spec.range.multiple_of = 5;
  return spec;
}

inline constexpr std::string_view kNoSteps =
    "user classes cannot run here; executor pods are built by Spark's own steps";
inline constexpr std::string_view kNoResize = "executor pods and their claims keep their size here";
inline constexpr std::string_view kDemandInstead =
    "the executor count follows the scenario's demand instead of the load";
inline constexpr std::string_view kRollPolicies =
    "ID;ADD_TIME;TOTAL_GC_TIME;TOTAL_DURATION;AVERAGE_DURATION;FAILED_TASKS;PEAK_JVM_ONHEAP_MEMORY;"
    "PEAK_JVM_OFFHEAP_MEMORY;TOTAL_SHUFFLE_WRITE;DISK_USED;OUTLIER;OUTLIER_NO_FALLBACK";
inline constexpr std::string_view kNoPools = "executors start without gang scheduling here";
inline constexpr std::string_view kRoomForAll = "an executor takes all the shuffle blocks that others move to it here";
inline constexpr std::string_view kNoFallback =
    "blocks of a decommissioned executor move to other executors or are lost here";

}  // namespace table

// clang-format off
inline constexpr auto kKeyTable = [] {
  using namespace table;  // NOLINT(google-build-using-namespace): the table's own words, for this table alone
  return std::to_array<KeySpec>({
      // 5.1 allocation and pod tracking
      key("spark.kubernetes.allocation.pods.allocator", text, "direct", 303).modelled(),
      key("spark.kubernetes.allocation.batch.size", integer, "20", 203).above(0).old(spark_3_5, "5")
          .old(spark_4_1, "10").modelled(),
      key("spark.kubernetes.allocation.batch.delay", milliseconds, "1s", 203).above(100).modelled(),
      key("spark.kubernetes.allocation.maximum", integer, "2147483647", 401).above(0).modelled(),
      key("spark.kubernetes.allocation.maxPendingPods", integer, "2147483647", 302).above(0).modelled(),
      key("spark.kubernetes.allocation.maxPendingPodsPerRp", integer, "2147483647", 401).above(0)
          .modelled(),
      key("spark.kubernetes.allocation.executor.timeout", milliseconds, "600s", 301).above(0).modelled(),
      key("spark.kubernetes.allocation.driver.readinessTimeout", seconds, "1s", 301).above(0).modelled(),
      unset("spark.kubernetes.allocation.recoveryMode.enabled", boolean, 402).modelled(),
      key("spark.kubernetes.executor.enableApiPolling", boolean, "true", 304).hidden().modelled(),
      key("spark.kubernetes.executor.enableApiWatcher", boolean, "true", 304).hidden().modelled(),
      key("spark.kubernetes.executor.apiPollingInterval", milliseconds, "30s", 204).above(0).modelled(),
      key("spark.kubernetes.executor.enablePollingWithResourceVersion", boolean, "false", 303).modelled(),
      key("spark.kubernetes.executor.eventProcessingInterval", milliseconds, "1s", 204).above(0).modelled(),
      key("spark.kubernetes.executor.missingPodDetectDelta", milliseconds, "30s", 301).above(0).modelled(),
      key("spark.kubernetes.executor.checkAllContainers", boolean, "true", 301).old(spark_3_5, "false").modelled(),
      key("spark.kubernetes.executor.deleteOnTermination", boolean, "true", 300).modelled(),
      key("spark.kubernetes.executor.deletedExecutorsCacheTimeout", seconds, "180s", 401).at_least(0).hidden()
          .modelled(),
      key("spark.kubernetes.executorSnapshotsSubscribersShutdownGracePeriod", seconds, "20s", 304).above(0).modelled(),
      key("spark.kubernetes.dynamicAllocation.deleteGracePeriod", milliseconds, "5s", 300).modelled(),
      unset("spark.kubernetes.executor.decommissionLabel", text, 303).modelled(),
      unset("spark.kubernetes.executor.decommissionLabelValue", text, 303).modelled(),
      unset("spark.kubernetes.executor.podDeletionCost", integer, 402).modelled(),
      key("spark.kubernetes.executor.terminationGracePeriodSeconds", seconds, "30s", 401).at_least(0).modelled(),
      unset("spark.kubernetes.appKillPodDeletionGracePeriod", seconds, 300),
      // 5.2 executor pod, volumes, images, scheduling
      key("spark.kubernetes.namespace", text, "default", 203).modelled(),
      unset("spark.kubernetes.container.image", text, 203).modelled(),
      unset("spark.kubernetes.driver.container.image", text, 203),
      unset("spark.kubernetes.executor.container.image", text, 203).modelled(),
      key("spark.kubernetes.container.image.pullPolicy", text, "IfNotPresent", 203)
          .one_of("Always;Never;IfNotPresent").modelled(),
      key("spark.kubernetes.container.image.pullSecrets", list, "", 204).modelled(),
      unset("spark.kubernetes.executor.podNamePrefix", text, 203).modelled(),
      unset("spark.kubernetes.executor.request.cores", cpu, 204).modelled(),
      unset("spark.kubernetes.executor.limit.cores", cpu, 203).modelled(),
      unset("spark.kubernetes.driver.request.cores", cpu, 300),
      unset("spark.kubernetes.driver.limit.cores", cpu, 203),
      key("spark.kubernetes.memoryOverheadFactor", fraction, "0.1", 204).at_least(0).modelled(),
      unset("spark.kubernetes.scheduler.name", text, 303).modelled(),
      unset("spark.kubernetes.driver.scheduler.name", text, 303),
      unset("spark.kubernetes.executor.scheduler.name", text, 300).modelled(),
      unset("spark.kubernetes.executor.podTemplateFile", text, 300).modelled(),
      unset("spark.kubernetes.driver.podTemplateFile", text, 300),
      unset("spark.kubernetes.executor.podTemplateContainerName", text, 300).modelled(),
      unset("spark.kubernetes.driver.podTemplateContainerName", text, 300),
      key("spark.kubernetes.executor.pod.featureSteps", list, "", 302).because(kNotYet, kNoSteps),
      key("spark.kubernetes.driver.pod.featureSteps", list, "", 302),
      key("spark.kubernetes.executor.pod.excludedFeatureSteps", list, "", 401).modelled(),
      key("spark.kubernetes.driver.pod.excludedFeatureSteps", list, "", 401),
      key("spark.kubernetes.executor.disableConfigMap", boolean, "false", 302).modelled(),
      key("spark.kubernetes.configMap.maxSize", long_integer, "1048576", 301).at_most(1048576),
      key("spark.kubernetes.executor.useDriverPodIP", boolean, "false", 401).modelled(),
      key("spark.kubernetes.local.dirs.tmpfs", boolean, "false", 300).modelled(),
      key("spark.kubernetes.driver.ownPersistentVolumeClaim", boolean, "true", 302).modelled(),
      key("spark.kubernetes.driver.reusePersistentVolumeClaim", boolean, "true", 302).modelled(),
      key("spark.kubernetes.driver.waitToReusePersistentVolumeClaim", boolean, "false", 304)
          .modelled(),
      key("spark.kubernetes.legacy.useReadWriteOnceAccessMode", boolean, "false", 304).hidden()
          .modelled(),
      key("spark.kubernetes.decommission.script", text, "/opt/decom.sh", 302).modelled(),
      unset("spark.kubernetes.authenticate.driver.serviceAccountName", text, 203).modelled(),
      unset("spark.kubernetes.authenticate.executor.serviceAccountName", text, 301).modelled(),
      key("spark.kubernetes.trust.certificates", boolean, "false", 302),
      unset("spark.kubernetes.scheduler.volcano.podGroupTemplateFile", text, 303).because(kNotYet, kNoPools),
      unset("spark.kubernetes.scheduler.volcano.podGroupTemplateJson", text, 402).because(kNotYet, kNoPools),
      // 5.3 driver, submission, client, plugins
      unset("spark.kubernetes.context", text, 300),
      key("spark.kubernetes.driver.master", text, "https://kubernetes.default.svc", 300).modelled(),
      unset("spark.kubernetes.driver.pod.name", text, 203).modelled(),
      unset("spark.kubernetes.driver.resourceNamePrefix", text, 300).hidden(),
      key("spark.kubernetes.submitInDriver", boolean, "false", 204).hidden(),
      unset("spark.kubernetes.resource.type", text, 204).one_of("java;python;r").hidden().modelled(),
      key("spark.kubernetes.driver.service.deleteOnTermination", boolean, "true", 302).modelled(),
      key("spark.kubernetes.driver.service.ipFamilyPolicy", text, "SingleStack", 304)
          .one_of("SingleStack;PreferDualStack;RequireDualStack"),
      key("spark.kubernetes.driver.service.ipFamilies", text, "IPv4", 304).one_of("IPv4;IPv6;IPv4,IPv6;IPv6,IPv4"),
      key("spark.kubernetes.driver.annotateExitException", boolean, "false", 401),
      key("spark.kubernetes.submission.waitAppCompletion", boolean, "true", 203),
      key("spark.kubernetes.report.interval", milliseconds, "1s", 203).above(0),
      key("spark.kubernetes.submission.requestTimeout", integer, "10000", 300),
      key("spark.kubernetes.submission.connectionTimeout", integer, "10000", 300),
      key("spark.kubernetes.driver.requestTimeout", integer, "10000", 300).modelled(),
      key("spark.kubernetes.driver.connectionTimeout", integer, "10000", 300).modelled(),
      unset("spark.kubernetes.file.upload.path", text, 300),
      unset("spark.kubernetes.kerberos.krb5.path", text, 300),
      unset("spark.kubernetes.kerberos.krb5.configMapName", text, 300),
      unset("spark.kubernetes.hadoop.configMapName", text, 300).modelled(),
      unset("spark.kubernetes.executor.hadoopConfigMapName", text, 300).hidden().modelled(),
      unset("spark.kubernetes.kerberos.tokenSecret.name", text, 300),
      unset("spark.kubernetes.kerberos.tokenSecret.itemKey", text, 300),
      key("spark.kubernetes.executor.rollInterval", seconds, "0", 303).at_least(0).modelled(),
      any_case(key("spark.kubernetes.executor.rollPolicy", text, "OUTLIER", 303).one_of(kRollPolicies).modelled()),
      key("spark.kubernetes.executor.minTasksPerExecutorBeforeRolling", integer, "0", 303).at_least(0).modelled(),
      key("spark.kubernetes.executor.resizeInterval", seconds, "0", 402).at_least(0).because(kNotYet, kNoResize),
      key("spark.kubernetes.executor.resizeThreshold", fraction, "0.9", 402).above(0).below(1),
      key("spark.kubernetes.executor.resizeFactor", fraction, "0.1", 402).above(0).at_most(1),
      key("spark.kubernetes.executor.resizeMaxMemory", bytes, "9223372036854775807", 404).above(0),
      multiple_of_five(key("spark.kubernetes.executor.pvc.resizeInterval", minutes, "5", 402).at_least(0))
          .because(kNotYet, kNoResize),
      key("spark.kubernetes.executor.pvc.resizeThreshold", fraction, "0.5", 402).above(0).below(1),
      key("spark.kubernetes.executor.pvc.resizeFactor", fraction, "1.0", 402).above(0).at_most(1),
      // 5.4 core keys
      key("spark.dynamicAllocation.enabled", boolean, "false", 102).modelled(),
      checked_by_dynamic(key("spark.dynamicAllocation.minExecutors", integer, "0", 102).at_least(0).modelled()),
      unset("spark.dynamicAllocation.initialExecutors", integer, 103).modelled(),
      checked_by_dynamic(key("spark.dynamicAllocation.maxExecutors", integer, "2147483647", 102).above(0).modelled()),
      checked_by_dynamic(key("spark.dynamicAllocation.executorAllocationRatio", fraction, "1.0", 204).above(0)
          .at_most(1).modelled()),
      checked_by_dynamic(key("spark.dynamicAllocation.schedulerBacklogTimeout", seconds, "1s", 102).above(0)
          .modelled()),
      checked_by_dynamic(unset("spark.dynamicAllocation.sustainedSchedulerBacklogTimeout", seconds, 102).above(0)
          .modelled()),
      key("spark.dynamicAllocation.executorIdleTimeout", seconds, "60s", 102).at_least(0).modelled(),
      key("spark.dynamicAllocation.cachedExecutorIdleTimeout", seconds, "2147483647", 104).at_least(0).modelled(),
      key("spark.dynamicAllocation.shuffleTracking.enabled", boolean, "true", 300).modelled(),
      key("spark.dynamicAllocation.shuffleTracking.timeout", milliseconds, "9223372036854775807", 300).at_least(0)
          .modelled(),
      key("spark.dynamicAllocation.testing", boolean, "false", 100).hidden(),
      unset("spark.executor.instances", integer, 100).modelled(),
      key("spark.executor.cores", integer, "1", 100).modelled(),
      key("spark.task.cpus", task_cpus, "1", 5).modelled(),
      key("spark.executor.memory", mebibytes, "1g", 7).at_least(450).modelled(),
      unset("spark.executor.memoryOverhead", mebibytes, 203).modelled(),
      key("spark.executor.minMemoryOverhead", mebibytes, "384m", 400).modelled(),
      key("spark.executor.memoryOverheadFactor", fraction, "0.1", 303).above(0).modelled(),
      unset("spark.executor.pyspark.memory", mebibytes, 204).modelled(),
      key("spark.memory.offHeap.enabled", boolean, "false", 106).modelled(),
      key("spark.memory.offHeap.size", bytes, "0", 106).modelled(),
      unset("spark.executor.maxNumFailures", integer, 305).modelled(),
      unset("spark.executor.failuresValidityInterval", milliseconds, 305).modelled(),
      key("spark.executor.heartbeatInterval", milliseconds, "10s", 101).modelled(),
      key("spark.network.timeout", seconds, "120s", 103).modelled(),
      key("spark.network.timeoutInterval", milliseconds, "60s", 103).modelled(),
      unset("spark.storage.blockManagerHeartbeatTimeoutMs", milliseconds, 101).modelled(),
      unset("spark.executor.decommission.forceKillTimeout", seconds, 301).modelled(),
      key("spark.decommission.enabled", boolean, "false", 301).modelled(),
      key("spark.storage.decommission.enabled", boolean, "false", 301).modelled(),
      key("spark.storage.decommission.shuffleBlocks.enabled", boolean, "true", 301).modelled(),
      key("spark.storage.decommission.rddBlocks.enabled", boolean, "true", 301).modelled(),
      key("spark.storage.decommission.shuffleBlocks.maxThreads", integer, "8", 301).above(0).modelled(),
      key("spark.storage.decommission.maxReplicationFailuresPerBlock", integer, "3", 301).hidden().modelled(),
      key("spark.storage.decommission.replicationReattemptInterval", milliseconds, "30s", 301)
          .above(0)
          .hidden()
          .modelled(),
      unset("spark.storage.decommission.shuffleBlocks.maxDiskSize", bytes, 302).because(kNotYet, kRoomForAll),
      unset("spark.storage.decommission.fallbackStorage.path", text, 301).because(kNotYet, kNoFallback),
      unset("spark.scheduler.minRegisteredResourcesRatio", fraction, 101).modelled(),
      key("spark.scheduler.maxRegisteredResourcesWaitingTime", milliseconds, "30s", 101).modelled(),
      key("spark.shuffle.service.enabled", boolean, "false", 102).modelled(),
      key("spark.shuffle.service.fetch.rdd.enabled", boolean, "false", 300).modelled(),
      port("spark.driver.port", "7078"),
      port("spark.blockManager.port", "7079"),
      unset("spark.driver.memoryOverhead", mebibytes, 203),
      key("spark.driver.minMemoryOverhead", mebibytes, "384m", 400),
      key("spark.driver.memoryOverheadFactor", fraction, "0.1", 303).above(0),
      // core keys of task scheduling, locality, exclusion and losses (Spark's configuration page)
      key("spark.locality.wait", milliseconds, "3s", 5).modelled(),
      unset("spark.locality.wait.process", milliseconds, 8).modelled(),
      unset("spark.locality.wait.node", milliseconds, 8).modelled(),
      unset("spark.locality.wait.rack", milliseconds, 8).modelled(),
      key("spark.locality.wait.legacyResetOnTaskLaunch", boolean, "false", 301).hidden().modelled(),
      key("spark.task.maxFailures", integer, "4", 8).above(0).modelled(),
      key("spark.stage.maxConsecutiveAttempts", integer, "4", 202).modelled(),
      key("spark.stage.ignoreDecommissionFetchFailure", boolean, "true", 304).old(spark_3_5, "false").modelled(),
      key("spark.scheduler.revive.interval", milliseconds, "1s", 8).modelled(),
      key("spark.scheduler.mode", text, "FIFO", 8),
      key("spark.speculation", boolean, "false", 6).modelled(),
      key("spark.speculation.interval", milliseconds, "100ms", 6).modelled(),
      key("spark.speculation.multiplier", fraction, "3", 6).old(spark_3_5, "1.5").modelled(),
      key("spark.speculation.quantile", fraction, "0.9", 6).old(spark_3_5, "0.75").modelled(),
      key("spark.speculation.minTaskRuntime", milliseconds, "100ms", 302).modelled(),
      unset("spark.excludeOnFailure.enabled", boolean, 301).modelled(),
      unset("spark.excludeOnFailure.taskAndStage.enabled", boolean, 400).modelled(),
      unset("spark.excludeOnFailure.application.enabled", boolean, 400).modelled(),
      key("spark.excludeOnFailure.timeout", milliseconds, "1h", 301).modelled(),
      key("spark.excludeOnFailure.task.maxTaskAttemptsPerExecutor", integer, "1", 301).modelled(),
      key("spark.excludeOnFailure.task.maxTaskAttemptsPerNode", integer, "2", 301).modelled(),
      key("spark.excludeOnFailure.stage.maxFailedTasksPerExecutor", integer, "2", 301).modelled(),
      key("spark.excludeOnFailure.stage.maxFailedExecutorsPerNode", integer, "2", 301).modelled(),
      key("spark.excludeOnFailure.application.maxFailedTasksPerExecutor", integer, "2", 301).modelled(),
      key("spark.excludeOnFailure.application.maxFailedExecutorsPerNode", integer, "2", 301).modelled(),
      key("spark.excludeOnFailure.application.fetchFailure.enabled", boolean, "false", 301).modelled(),
      key("spark.excludeOnFailure.killExcludedExecutors", boolean, "false", 301).modelled(),
      key("spark.excludeOnFailure.killExcludedExecutors.decommission", boolean, "false", 301).modelled(),
      key("spark.scheduler.excludeOnFailure.unschedulableTaskSetTimeout", seconds, "120s", 301).at_least(0).modelled(),
      key("spark.shuffle.reduceLocality.enabled", boolean, "true", 105).hidden().modelled(),
      key("spark.files.fetchFailure.unRegisterOutputOnHost", boolean, "false", 203).hidden().modelled(),
      unset("spark.executor.decommission.killInterval", seconds, 301),
      unset("spark.driver.blockManager.port", integer, 201),
      key("spark.ui.port", integer, "4040", 7),
      unset("spark.shuffle.sort.io.plugin.class", text, 300),
      // besides: what pod building, the failure limit and redaction read
      unset("spark.app.name", text, 9).modelled(),
      unset("spark.app.id", text, 100).modelled(),
      unset("spark.master", text, 9),
      unset("spark.submit.deployMode", text, 100).modelled(),
      unset("spark.driver.host", text, 7).modelled(),
      unset("spark.driver.bindAddress", text, 201).modelled(),
      unset("spark.driver.cores", integer, 103),
      unset("spark.driver.memory", mebibytes, 101),
      unset("spark.driver.extraClassPath", text, 100).secret(),
      unset("spark.driver.defaultJavaOptions", text, 300).secret(),
      unset("spark.driver.extraJavaOptions", text, 100).secret(),
      unset("spark.plugins", list, 300).modelled(),
      unset("spark.redaction.regex", text, 200).modelled(),
      unset("spark.local.dir", text, 5).modelled(),
      key("spark.authenticate", boolean, "false", 100).modelled(),
      unset("spark.authenticate.secret.file", text, 300).modelled().secret(),
      unset("spark.authenticate.secret.executor.file", text, 300).modelled().secret(),
      unset("spark.executor.extraClassPath", text, 100).modelled().secret(),
      unset("spark.executor.defaultJavaOptions", text, 300).modelled().secret(),
      unset("spark.executor.extraJavaOptions", text, 100).modelled().secret(),
      unset("spark.ui.custom.executor.log.url", text, 300).modelled().secret(),
      key("spark.streaming.dynamicAllocation.enabled", boolean, "false", 300).because(kNotYet, kDemandInstead),
      key("spark.streaming.dynamicAllocation.maxExecutors", integer, "2147483647", 300).modelled(),
  });
}();

inline constexpr auto kFamilyTable = [] {
  using namespace table;  // NOLINT(google-build-using-namespace): the table's own words, for this table alone
  constexpr auto kRead = Influence::modelled;
  constexpr auto kOther = Influence::none;
  return std::to_array<KeyFamily>({
      {"spark.kubernetes.node.selector.", kRead, "", false},
      {"spark.kubernetes.driver.node.selector.", kOther, "", false},
      {"spark.kubernetes.executor.node.selector.", kRead, "", false},
      {"spark.kubernetes.driver.label.", kOther, "", false},
      {"spark.kubernetes.driver.annotation.", kOther, "", false},
      {"spark.kubernetes.driver.service.label.", kOther, "", false},
      {"spark.kubernetes.driver.service.annotation.", kOther, "", false},
      {"spark.kubernetes.driver.secrets.", kOther, "", false},
      {"spark.kubernetes.driver.secretKeyRef.", kOther, "", false},
      {"spark.kubernetes.driver.volumes.", kOther, "", false},
      {"spark.kubernetes.executor.label.", kRead, "", false},
      {"spark.kubernetes.executor.annotation.", kRead, "", false},
      {"spark.kubernetes.executor.secrets.", kRead, "", false},
      {"spark.kubernetes.executor.secretKeyRef.", kRead, "", false},
      {"spark.kubernetes.executor.volumes.", kRead, "", false},
      {"spark.kubernetes.driverEnv.", kOther, "", true},
      {"spark.executorEnv.", kRead, "", true},
      {"spark.executor.resource.", kRead, "", false},
      {"spark.driver.resource.", kOther, "", false},
      {"spark.rpc.", kRead, "", true},
      {"spark.network.", kRead, "", true},
      {"spark.ssl.", kRead, "", true},
      {"spark.kubernetes.authenticate.submission.", kOther, "", true},
      {"spark.kubernetes.authenticate.driver.", kOther, "", true},
      {"spark.kubernetes.authenticate.driver.mounted.", kOther, "", true},
      {"spark.kubernetes.authenticate.executor.", kOther, "", true},
  });
}();
// clang-format on

}  // namespace podramp::backend
