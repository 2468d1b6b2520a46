// (spark-operator, internal/controller/sparkapplication/submission.go and api/v1beta2/defaults.go)
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>

#include "sim/import/manifest.h"

namespace podramp::sim {
namespace {

using yaml::ManifestFields;

struct FieldKey {
  std::string_view field;
  std::string_view key;
};

constexpr std::array<FieldKey, 4> kOfSpec{{{"image", "spark.kubernetes.container.image"},
                                           {"imagePullPolicy", "spark.kubernetes.container.image.pullPolicy"},
                                           {"pythonVersion", "spark.kubernetes.pyspark.pythonVersion"},
                                           {"memoryOverheadFactor", "spark.kubernetes.memoryOverheadFactor"}}};
constexpr std::array<FieldKey, 10> kOfDriver{
    {{"podName", "spark.kubernetes.driver.pod.name"},
     {"image", "spark.kubernetes.driver.container.image"},
     {"cores", "spark.driver.cores"},
     {"coreRequest", "spark.kubernetes.driver.request.cores"},
     {"coreLimit", "spark.kubernetes.driver.limit.cores"},
     {"memory", "spark.driver.memory"},
     {"memoryOverhead", "spark.driver.memoryOverhead"},
     {"serviceAccount", "spark.kubernetes.authenticate.driver.serviceAccountName"},
     {"javaOptions", "spark.driver.extraJavaOptions"},
     {"kubernetesMaster", "spark.kubernetes.driver.master"}}};
constexpr std::array<FieldKey, 10> kOfExecutor{
    {{"instances", "spark.executor.instances"},
     {"image", "spark.kubernetes.executor.container.image"},
     {"cores", "spark.executor.cores"},
     {"coreRequest", "spark.kubernetes.executor.request.cores"},
     {"coreLimit", "spark.kubernetes.executor.limit.cores"},
     {"memory", "spark.executor.memory"},
     {"memoryOverhead", "spark.executor.memoryOverhead"},
     {"serviceAccount", "spark.kubernetes.authenticate.executor.serviceAccountName"},
     {"deleteOnTermination", "spark.kubernetes.executor.deleteOnTermination"},
     {"javaOptions", "spark.executor.extraJavaOptions"}}};
constexpr std::array<FieldKey, 4> kOfDynamicAllocation{
    {{"initialExecutors", "spark.dynamicAllocation.initialExecutors"},
     {"minExecutors", "spark.dynamicAllocation.minExecutors"},
     {"maxExecutors", "spark.dynamicAllocation.maxExecutors"},
     {"shuffleTrackingTimeout", "spark.dynamicAllocation.shuffleTracking.timeout"}}};  // a bare number: milliseconds

// Maps whose members are keys behind a prefix.
constexpr std::array<FieldKey, 5> kMapsOfDriver{{{"labels", "spark.kubernetes.driver.label."},
                                                 {"annotations", "spark.kubernetes.driver.annotation."},
                                                 {"serviceLabels", "spark.kubernetes.driver.service.label."},
                                                 {"serviceAnnotations", "spark.kubernetes.driver.service.annotation."},
                                                 {"envVars", "spark.kubernetes.driverEnv."}}};
constexpr std::array<FieldKey, 4> kMapsOfExecutor{{{"labels", "spark.kubernetes.executor.label."},
                                                   {"annotations", "spark.kubernetes.executor.annotation."},
                                                   {"envVars", "spark.executorEnv."},
                                                   // The webhook's; the setting makes the same pod.
                                                   {"nodeSelector", "spark.kubernetes.executor.node.selector."}}};

template <std::size_t N>
void put_fields(ManifestFields& from, const std::array<FieldKey, N>& table, StringMap& conf) {
  for (const auto& [field, key] : table) {
    if (const std::string value = from.text(field); !value.empty()) conf[std::string(key)] = value;
  }
}

template <std::size_t N>
void put_maps(ManifestFields& from, const std::array<FieldKey, N>& table, StringMap& conf) {
  for (const auto& [field, prefix] : table) {
    for (const auto& [name, value] : from.map(field)) conf[fmt::format("{}{}", prefix, name)] = value;
  }
}

// envSecretKeyRefs and secrets of a driver or an executor.
void put_secrets(ManifestFields& from, std::string_view role, std::string_view env, StringMap& conf) {
  if (const yaml::YamlValue* refs = from.take("envSecretKeyRefs")) {
    for (const yaml::YamlValue& ref : refs->items) {
      ManifestFields fields(&ref, fmt::format("{}.{}", from.path_of("envSecretKeyRefs"), ref.key), from.faults());
      conf[fmt::format("spark.kubernetes.{}.secretKeyRef.{}", role, ref.key)] =
          fmt::format("{}:{}", fields.text("name"), fields.text("key"));
    }
  }
  from.each("secrets", [&](const yaml::YamlValue& value, const std::string& path) {
    ManifestFields fields(&value, path, from.faults());
    const std::string mount = fields.text("path");
    conf[fmt::format("spark.kubernetes.{}.secrets.{}", role, fields.text("name"))] = mount;
    const std::string type = fields.text("secretType");
    if (type == "GCPServiceAccount") conf[fmt::format("{}GOOGLE_APPLICATION_CREDENTIALS", env)] = mount + "/key.json";
    if (type == "HadoopDelegationToken")
      conf[fmt::format("{}HADOOP_TOKEN_FILE_LOCATION", env)] = mount + "/hadoop.token";
  });
}

void put_dynamic_allocation(ManifestFields& spec, StringMap& conf) {
  const yaml::YamlValue* block = spec.take("dynamicAllocation");
  ManifestFields dynamic(block, spec.path_of("dynamicAllocation"), spec.faults());
  if (block == nullptr || !dynamic.flag("enabled")) return;
  conf["spark.dynamicAllocation.enabled"] = "true";
  put_fields(dynamic, kOfDynamicAllocation, conf);
  const std::string tracking = dynamic.text("shuffleTrackingEnabled");
  conf["spark.dynamicAllocation.shuffleTracking.enabled"] = tracking.empty() ? "true" : tracking;
}

// What the operator fills in: not Spark's own two executors.
void put_defaults(StringMap& conf) {
  conf.try_emplace("spark.driver.cores", "1");
  conf.try_emplace("spark.driver.memory", "1g");
  conf.try_emplace("spark.executor.cores", "1");
  conf.try_emplace("spark.executor.memory", "1g");
}

}  // namespace

void submit_as_operator(ManifestFields& spec, ManifestFields& driver, ManifestFields& executor, const StringMap& labels,
                        OperatorSubmission& submission) {
  StringMap& conf = submission.conf;
  conf["spark.app.name"] = submission.name;
  conf["spark.kubernetes.namespace"] = submission.ns;
  put_fields(spec, kOfSpec, conf);
  if (const auto secrets = spec.texts("imagePullSecrets"); !secrets.empty()) {
    conf["spark.kubernetes.container.image.pullSecrets"] = fmt::format("{}", fmt::join(secrets, ","));
  }
  for (const auto& [key, value] : spec.map("sparkConf")) conf[key] = value;
  const bool own_instances = conf.contains("spark.executor.instances");
  for (const auto& [key, value] : spec.map("hadoopConf")) conf["spark.hadoop." + key] = value;
  for (const std::string_view role : {"driver", "executor"}) {
    const std::string label = fmt::format("spark.kubernetes.{}.label.", role);
    conf[label + "sparkoperator.k8s.io/app-name"] = submission.name;
    conf[label + "sparkoperator.k8s.io/launched-by-spark-operator"] = "true";
    for (const auto& [name, value] : labels) {
      if (!name.starts_with("kueue.x-k8s.io/")) conf[label + name] = value;
    }
  }
  put_fields(driver, kOfDriver, conf);
  put_maps(driver, kMapsOfDriver, conf);
  put_secrets(driver, "driver", "spark.kubernetes.driverEnv.", conf);
  const bool counted = executor.take("instances") != nullptr;
  put_fields(executor, kOfExecutor, conf);
  put_maps(executor, kMapsOfExecutor, conf);
  put_secrets(executor, "executor", "spark.executorEnv.", conf);
  for (const auto& [name, value] : spec.map("nodeSelector")) conf["spark.kubernetes.node.selector." + name] = value;
  put_dynamic_allocation(spec, conf);
  put_defaults(conf);
  if (!counted && !own_instances && !conf.contains("spark.dynamicAllocation.enabled")) {
    conf["spark.executor.instances"] = "1";
  }
}

}  // namespace podramp::sim
