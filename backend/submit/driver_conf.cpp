#include "backend/submit/driver_conf.h"

#include <fmt/format.h>

#include <map>

#include "backend/conf_checks.h"
#include "backend/conf_reader.h"
#include "backend/conf_values.h"
#include "backend/executor_volumes.h"
#include "backend/pod_names.h"
#include "backend/pod_steps.h"

namespace podramp::submit {
namespace {

using backend::Compat;
using backend::ConfReader;

constexpr std::string_view kBindKey = "spark.driver.bindAddress";
constexpr std::string_view kHostKey = "spark.driver.host";

void fill_size(DriverConf& conf, ConfReader& r) {
  conf.cores = r.maybe_whole("spark.driver.cores").value_or(1);
  conf.request_cpu_milli = r.maybe_whole("spark.kubernetes.driver.request.cores");
  conf.limit_cpu_milli = r.maybe_whole("spark.kubernetes.driver.limit.cores");
  conf.memory_mib = r.maybe_whole("spark.driver.memory").value_or(1024);
  conf.memory_overhead_mib = r.maybe_whole("spark.driver.memoryOverhead");
  conf.min_memory_overhead_mib = r.whole("spark.driver.minMemoryOverhead");
  if (r.is_set("spark.driver.memoryOverheadFactor")) {
    conf.own_overhead_factor = r.number("spark.driver.memoryOverheadFactor");
  }
  if (r.is_set("spark.kubernetes.memoryOverheadFactor")) {
    conf.kubernetes_overhead_factor = r.number("spark.kubernetes.memoryOverheadFactor");
  }
  conf.resource_type = r.text("spark.kubernetes.resource.type");
  std::map<std::string, backend::CustomResource> resources;
  for (const auto& [tail, value] : r.family("spark.driver.resource.")) {
    const std::string name = tail.substr(0, tail.find('.'));
    resources[name].name = name;
    if (tail == name + ".vendor") resources[name].vendor = value;
    if (tail == name + ".amount") resources[name].amount = backend::parse_spark_int(value).value_or(0);
  }
  for (const auto& [name, resource] : resources) conf.custom_resources.push_back(resource);
}

void fill_pod(DriverConf& conf, ConfReader& r) {
  conf.image =
      r.maybe_text("spark.kubernetes.driver.container.image").value_or(r.text("spark.kubernetes.container.image"));
  if (conf.compat >= Compat::spark_4_1) {  // S-G11
    conf.image = backend::replaced(conf.image, "{{SPARK_VERSION}}", spark_version(conf.compat));
  }
  conf.pod_name = r.text("spark.kubernetes.driver.pod.name");
  conf.image_pull_policy = r.text("spark.kubernetes.container.image.pullPolicy");
  conf.image_pull_secrets = r.list("spark.kubernetes.container.image.pullSecrets");
  conf.scheduler_name = r.maybe_text("spark.kubernetes.driver.scheduler.name");
  if (!conf.scheduler_name) conf.scheduler_name = r.maybe_text("spark.kubernetes.scheduler.name");
  conf.service_account = r.text("spark.kubernetes.authenticate.driver.serviceAccountName");
  conf.node_selector = r.family("spark.kubernetes.driver.node.selector.");
  conf.node_selector.merge(r.family("spark.kubernetes.node.selector."));  // the driver's own win
  conf.labels = r.family("spark.kubernetes.driver.label.");
  conf.annotations = r.family("spark.kubernetes.driver.annotation.");
  for (const auto& [name, value] : r.family("spark.kubernetes.driverEnv.")) {
    if (backend::is_valid_env_name(name)) conf.env.emplace(name, value);
  }
  conf.secret_mounts = r.family("spark.kubernetes.driver.secrets.");
  conf.secret_env = backend::read_secret_refs(r, "spark.kubernetes.driver.secretKeyRef.");
  conf.volumes = backend::read_volumes(r, "spark.kubernetes.driver.volumes.");
  conf.local_dirs = backend::parse_spark_list(r.text("spark.local.dir"));
  conf.local_dirs_tmpfs = r.boolean("spark.kubernetes.local.dirs.tmpfs");
  conf.hadoop_config_map = r.text("spark.kubernetes.hadoop.configMapName");
  conf.pod_template_container = r.maybe_text("spark.kubernetes.driver.podTemplateContainerName");
  conf.feature_steps = r.list("spark.kubernetes.driver.pod.featureSteps");
  if (conf.compat >= Compat::spark_4_1) {
    conf.excluded_feature_steps = r.list("spark.kubernetes.driver.pod.excludedFeatureSteps");
  }
  for (const auto& [label, value] : conf.labels) {
    if (backend::is_reserved_label(label)) {
      r.error(fmt::format("spark.kubernetes.driver.label.{}", label), "Spark sets this label itself; remove the key");
    }
  }
}

void fill_service(DriverConf& conf, ConfReader& r) {
  conf.port = r.whole("spark.driver.port");
  conf.block_manager_port =
      r.maybe_whole("spark.driver.blockManager.port").value_or(r.whole("spark.blockManager.port"));  // SPARK-35493
  conf.ui_port = r.whole("spark.ui.port");
  conf.service_labels = r.family("spark.kubernetes.driver.service.label.");
  conf.service_annotations = r.family("spark.kubernetes.driver.service.annotation.");
  conf.ip_family_policy = r.text("spark.kubernetes.driver.service.ipFamilyPolicy");
  conf.ip_families = backend::parse_spark_list(r.text("spark.kubernetes.driver.service.ipFamilies"));
  if (r.is_set(kBindKey)) {
    r.error(kBindKey, "is not supported on Kubernetes: the driver binds to the address of its pod; remove the key");
  }
  if (r.is_set(kHostKey)) {
    r.error(kHostKey, "is not supported on Kubernetes: the driver is reached through its service; remove the key");
  }
}

}  // namespace

DriverConfOutcome make_driver_conf(const StringMap& raw, Compat compat) {
  backend::ConfOptions options;
  options.unknown_keys = backend::UnknownKeys::kWarn;
  backend::ConfOutcome read;
  ConfReader reader(raw, compat, options, read);
  DriverConf conf;
  conf.compat = compat;
  conf.ns = reader.text("spark.kubernetes.namespace");
  fill_size(conf, reader);
  fill_pod(conf, reader);
  fill_service(conf, reader);
  DriverConfOutcome outcome;
  outcome.errors = std::move(read.errors);
  if (outcome.errors.empty()) outcome.conf = std::move(conf);
  return outcome;
}

}  // namespace podramp::submit
