// The rows of 01 8.1-8.3, with the core and internal keys that the fork's driver reads besides, and nothing else.
// Only fork_conf.cpp includes this.
#pragma once

#include <array>
#include <string_view>

namespace podramp::backend::fork_table {

enum class Type : std::uint8_t {
  text,
  boolean,
  positive,  // whole number > 0
  whole,     // whole number >= 0
  number,
  cores,  // a real number > 0, no Kubernetes quantity (01 3.2)
  cpu,    // a Kubernetes quantity
  milliseconds,
  seconds,
  mebibytes,
  labels,  // k=v,k=v
  unread,  // another part of the fork reads it, or nobody does
};

struct Key {
  std::string_view name;
  Type type;
  std::string_view value;  // default, "" is not set
};

inline constexpr std::array kKeys{
    Key{"spark.kubernetes.namespace", Type::text, "default"},
    Key{"spark.kubernetes.driver.docker.image", Type::unread, "spark-driver:2.2.0"},
    Key{"spark.kubernetes.executor.docker.image", Type::text, "spark-executor:2.2.0"},
    Key{"spark.kubernetes.initcontainer.docker.image", Type::text, "spark-init:2.2.0"},
    Key{"spark.kubernetes.docker.image.pullPolicy", Type::text, "IfNotPresent"},
    Key{"spark.kubernetes.driver.pod.name", Type::text, ""},
    Key{"spark.kubernetes.executor.podNamePrefix", Type::text, ""},
    Key{"spark.kubernetes.driver.memoryOverhead", Type::unread, ""},
    Key{"spark.kubernetes.executor.memoryOverhead", Type::mebibytes, ""},
    Key{"spark.kubernetes.driver.limit.cores", Type::unread, ""},
    Key{"spark.kubernetes.executor.limit.cores", Type::cpu, ""},
    Key{"spark.kubernetes.submission.waitAppCompletion", Type::unread, "true"},
    Key{"spark.kubernetes.report.interval", Type::unread, "1s"},
    Key{"spark.kubernetes.allocation.batch.size", Type::positive, "5"},
    Key{"spark.kubernetes.allocation.batch.delay", Type::positive, "1"},  // plain integer seconds
    Key{"spark.kubernetes.driver.hdfslocality.clusterNodeNameDNSLookup.enabled", Type::boolean, "false"},
    Key{"spark.executor.instances", Type::whole, ""},
    Key{"spark.scheduler.minRegisteredResourcesRatio", Type::number, "0.8"},
    Key{"spark.scheduler.maxRegisteredResourcesWaitingTime", Type::milliseconds, "30s"},
    Key{"spark.network.timeout", Type::seconds, "120s"},
    Key{"spark.blacklist.enabled", Type::boolean, "false"},
    Key{"spark.blacklist.timeout", Type::milliseconds, "1h"},
    Key{"spark.blacklist.task.maxTaskAttemptsPerExecutor", Type::positive, "1"},
    Key{"spark.blacklist.task.maxTaskAttemptsPerNode", Type::positive, "2"},
    Key{"spark.blacklist.stage.maxFailedTasksPerExecutor", Type::positive, "2"},
    Key{"spark.blacklist.stage.maxFailedExecutorsPerNode", Type::positive, "2"},
    Key{"spark.blacklist.application.maxFailedTasksPerExecutor", Type::positive, "2"},
    Key{"spark.blacklist.application.maxFailedExecutorsPerNode", Type::positive, "2"},
    Key{"spark.blacklist.killBlacklistedExecutors", Type::boolean, "false"},
    Key{"spark.dynamicAllocation.enabled", Type::boolean, "false"},
    Key{"spark.dynamicAllocation.minExecutors", Type::whole, "0"},
    Key{"spark.dynamicAllocation.initialExecutors", Type::whole, ""},
    Key{"spark.dynamicAllocation.maxExecutors", Type::whole, ""},
    Key{"spark.dynamicAllocation.schedulerBacklogTimeout", Type::seconds, "1s"},
    Key{"spark.dynamicAllocation.sustainedSchedulerBacklogTimeout", Type::seconds, ""},
    Key{"spark.dynamicAllocation.executorIdleTimeout", Type::seconds, "60s"},
    Key{"spark.dynamicAllocation.cachedExecutorIdleTimeout", Type::seconds, ""},
    Key{"spark.executor.cores", Type::cores, "1.0"},
    Key{"spark.executor.memory", Type::mebibytes, "1g"},
    Key{"spark.driver.cores", Type::unread, "1"},
    Key{"spark.driver.memory", Type::unread, "1g"},
    Key{"spark.driver.host", Type::text, ""},
    Key{"spark.driver.port", Type::whole, "7078"},
    Key{"spark.driver.blockManager.port", Type::unread, "7079"},
    Key{"spark.blockmanager.port", Type::whole, "7079"},
    Key{"spark.blockManager.port", Type::whole, ""},
    Key{"spark.executor.port", Type::whole, "10000"},
    Key{"spark.app.id", Type::text, ""},
    Key{"spark.app.name", Type::text, ""},
    Key{"spark.executor.extraJavaOptions", Type::text, ""},
    Key{"spark.executor.extraClassPath", Type::text, ""},
    Key{"spark.local.dir", Type::text, ""},
    Key{"spark.shuffle.service.enabled", Type::boolean, "false"},
    Key{"spark.shuffle.service.port", Type::whole, "7337"},
    Key{"spark.shuffle.service.host", Type::unread, ""},
    Key{"spark.kubernetes.shuffle.namespace", Type::text, "default"},
    Key{"spark.kubernetes.shuffle.labels", Type::labels, ""},
    Key{"spark.kubernetes.shuffle.ip", Type::unread, ""},  // nobody reads it
    Key{"spark.kubernetes.shuffle.apiServer.url", Type::unread, "https://kubernetes.default.svc"},
    Key{"spark.kubernetes.mountdependencies.jarsDownloadDir", Type::text, "/var/spark-data/spark-jars"},
    Key{"spark.kubernetes.mountdependencies.filesDownloadDir", Type::text, "/var/spark-data/spark-files"},
    Key{"spark.kubernetes.mountdependencies.mountTimeout", Type::unread, "5m"},
    Key{"spark.kubernetes.mountdependencies.smallfiles.executor.secretName", Type::text, ""},
    Key{"spark.kubernetes.mountdependencies.smallfiles.executor.secretMountPath", Type::text, ""},
    Key{"spark.kubernetes.initcontainer.executor.configmapname", Type::text, ""},
    Key{"spark.kubernetes.initcontainer.executor.configmapkey", Type::text, ""},
    Key{"spark.kubernetes.initcontainer.executor.stagingServerSecret.name", Type::text, ""},
    Key{"spark.kubernetes.initcontainer.executor.stagingServerSecret.mountDir", Type::text, ""},
    Key{"spark.kubernetes.hadoop.conf.dir", Type::unread, ""},
    Key{"spark.kubernetes.hadoop.executor.hadoopConfigMapName", Type::text, ""},
    Key{"spark.kubernetes.kerberos.key-tab-secret-name", Type::text, ""},
    Key{"spark.kubernetes.kerberos.key-tab-secret-key", Type::text, ""},
    Key{"spark.kubernetes.kerberos.enabled", Type::unread, "false"},
    Key{"spark.kubernetes.kerberos.keytab", Type::unread, ""},
    Key{"spark.kubernetes.kerberos.principal", Type::unread, ""},
    Key{"spark.kubernetes.kerberos.renewer.principal", Type::unread, ""},
    Key{"spark.kubernetes.kerberos.tokensecret.name", Type::unread, ""},
    Key{"spark.kubernetes.kerberos.tokensecret.itemkey", Type::unread, ""},
    Key{"spark.kubernetes.kerberos.delegation-token-secret-name", Type::unread, ""},
};

// Families "<prefix><name>".
struct Family {
  std::string_view prefix;
  bool read;  // by the driver's backend, not only by another part of the fork
};

inline constexpr std::array kFamilies{
    Family{"spark.kubernetes.driver.label.", false},
    Family{"spark.kubernetes.driver.annotation.", false},
    Family{"spark.kubernetes.executor.label.", true},
    Family{"spark.kubernetes.executor.annotation.", true},
    Family{"spark.kubernetes.driverEnv.", true},
    Family{"spark.kubernetes.driver.secrets.", false},
    Family{"spark.kubernetes.executor.secrets.", true},
    Family{"spark.kubernetes.node.selector.", true},
    Family{"spark.kubernetes.authenticate.", false},
    Family{"spark.kubernetes.resourceStagingServer.", false},
    Family{"spark.kubernetes.initcontainer.", false},
    Family{"spark.ssl.", false},
    Family{"spark.executorEnv.", true},
};

}  // namespace podramp::backend::fork_table
