#include "backend/submit/driver_pod.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>

#include "backend/conf_values.h"
#include "backend/executor_volumes.h"
#include "backend/pod_builder.h"
#include "backend/pod_labels.h"
#include "backend/pod_names.h"

namespace podramp::submit {
namespace {

using backend::Compat;
using backend::env_field;
using backend::env_value;
using backend::PodDraft;

constexpr std::string_view kAppIdMark = "{{APP_ID}}";
constexpr std::string_view kConfDir = "/opt/spark/conf";
constexpr double kJavaOverhead = 0.1;
constexpr double kOtherLanguageOverhead = 0.4;

// In Spark's order. Those between the command and Hadoop's that only act with files or tickets of the submitting
// machine (Kerberos, pod template ConfigMap) come with the submission client.
enum DriverStep : std::size_t {
  kBasic,
  kCredentials,
  kService,
  kSecrets,
  kSecretEnvs,
  kVolumes,
  kCommand,
  kHadoop,
  kKerberos,
  kTemplateConfigMap,
  kLocalDirs,
};
constexpr std::array<std::string_view, 11> kStepNames{
    "org.apache.spark.deploy.k8s.features.BasicDriverFeatureStep",
    "org.apache.spark.deploy.k8s.features.DriverKubernetesCredentialsFeatureStep",
    "org.apache.spark.deploy.k8s.features.DriverServiceFeatureStep",
    "org.apache.spark.deploy.k8s.features.MountSecretsFeatureStep",
    "org.apache.spark.deploy.k8s.features.EnvSecretsFeatureStep",
    "org.apache.spark.deploy.k8s.features.MountVolumesFeatureStep",
    "org.apache.spark.deploy.k8s.features.DriverCommandFeatureStep",
    "org.apache.spark.deploy.k8s.features.HadoopConfDriverFeatureStep",
    "org.apache.spark.deploy.k8s.features.KerberosConfDriverFeatureStep",
    "org.apache.spark.deploy.k8s.features.PodTemplateConfigMapStep",
    "org.apache.spark.deploy.k8s.features.LocalDirsFeatureStep",
};

bool is_excluded(const DriverConf& conf, std::string_view class_name) {
  return std::ranges::find(conf.excluded_feature_steps, class_name) != conf.excluded_feature_steps.end();
}

std::string pod_name(const DriverConf& conf, const DriverIdentity& app) {
  return conf.pod_name.empty() ? app.prefix + "-driver" : conf.pod_name;
}

Result<void> add_resources(const DriverConf& conf, Container& container) {
  Resources requests;
  requests.cpu_milli = conf.request_cpu_milli.value_or(conf.cores * 1000);  // S-J2
  requests.memory_bytes = driver_memory_mib(conf) * (1LL << 20);
  Resources limits;
  limits.cpu_milli = conf.limit_cpu_milli;
  limits.memory_bytes = requests.memory_bytes;
  for (const backend::CustomResource& resource : conf.custom_resources) {
    if (resource.vendor.empty()) {
      return tl::unexpected(
          Error{fmt::format("resource {} was requested without a vendor; set spark.driver.resource.{}.vendor",
                            resource.name, resource.name)});
    }
    limits.other[fmt::format("{}/{}", resource.vendor, resource.name)] = resource.amount;
  }
  backend::overlay(requests, container.requests);
  backend::overlay(limits, container.limits);
  return {};
}

void add_ports(const DriverConf& conf, Container& container) {
  container.ports.push_back({"driver-rpc-port", static_cast<int>(conf.port)});
  container.ports.push_back({"blockmanager", static_cast<int>(conf.block_manager_port)});
  container.ports.push_back({"spark-ui", static_cast<int>(conf.ui_port)});
  if (conf.compat >= Compat::spark_4_0) container.ports.push_back({"spark-connect", 15002});
}

Result<void> basic_step(const DriverConf& conf, const DriverIdentity& app, PodDraft& draft) {
  Container& container = draft.container;
  if (container.name.empty()) container.name = "spark-kubernetes-driver";
  container.image = conf.image;
  container.image_pull_policy = conf.image_pull_policy;
  add_ports(conf, container);
  container.env.push_back(env_value("SPARK_USER", app.user));
  container.env.push_back(env_value("SPARK_APPLICATION_ID", app.app_id));
  for (const auto& [name, value] : conf.env) container.env.push_back(env_value(name, value));
  container.env.push_back(env_field("SPARK_DRIVER_BIND_ADDRESS", "status.podIP"));
  if (auto sized = add_resources(conf, container); !sized) return sized;
  PodTemplate& pod = draft.pod;
  for (const auto& [name, value] : driver_labels(conf, app)) pod.labels[name] = value;
  for (const auto& [name, value] : conf.annotations) {
    pod.annotations[name] = backend::replaced(backend::replaced(value, kAppIdMark, app.app_id), "{{EXECUTOR_ID}}", "");
  }
  pod.restart_policy = "Never";
  for (const auto& [name, value] : conf.node_selector) pod.node_selector[name] = value;
  pod.image_pull_secrets.insert(pod.image_pull_secrets.end(), conf.image_pull_secrets.begin(),
                                conf.image_pull_secrets.end());
  if (conf.scheduler_name) pod.scheduler_name = *conf.scheduler_name;
  return {};
}

void command_step(const DriverIdentity& app, PodDraft& draft) {
  std::vector<std::string>& args = draft.container.args;
  args.insert(args.end(), {"driver", "--properties-file", fmt::format("{}/spark.properties", kConfDir), "--class",
                           app.main_class, app.main_resource.empty() ? "spark-internal" : app.main_resource});
  args.insert(args.end(), app.arguments.begin(), app.arguments.end());
}

// A claim named OnDemand gets a name of the driver's own (02 6.3).
std::vector<backend::ExecutorVolume> driver_volumes(const DriverConf& conf, const DriverIdentity& app) {
  std::vector<backend::ExecutorVolume> volumes = conf.volumes;
  for (std::size_t i = 0; i < volumes.size(); ++i) {
    if (volumes[i].volume.type != backend::kClaimType) continue;
    volumes[i].volume.source =
        backend::replaced(volumes[i].volume.source, "OnDemand", fmt::format("{}-driver-pvc-{}", app.prefix, i));
  }
  return volumes;
}

void mount_conf(const DriverIdentity& app, PodDraft& draft) {
  if (app.config_map.empty()) return;
  draft.pod.volumes.push_back({"spark-conf-volume-driver", "configMap", app.config_map, {}});
  draft.container.mounts.push_back({"spark-conf-volume-driver", std::string(kConfDir), "", false});
  draft.container.env.push_back(env_value("SPARK_CONF_DIR", std::string(kConfDir)));
}

Result<void> run_step(std::size_t step, const DriverConf& conf, const DriverIdentity& app, PodDraft& draft) {
  switch (step) {
    case kBasic: return basic_step(conf, app, draft);
    case kCredentials:
      if (!conf.service_account.empty()) draft.pod.service_account = conf.service_account;
      break;
    case kSecrets: backend::mount_secrets(conf.secret_mounts, draft); break;
    case kSecretEnvs: backend::env_secrets(conf.secret_env, draft); break;
    case kVolumes: backend::mount_volumes(driver_volumes(conf, app), draft); break;
    case kCommand: command_step(app, draft); break;
    case kHadoop: backend::mount_hadoop_conf(conf.hadoop_config_map, draft); break;
    case kLocalDirs: {
      std::vector<std::string> dirs = conf.local_dirs;
      if (dirs.empty()) dirs.push_back(fmt::format("/var/data/spark-{}", app.app_id));
      backend::add_local_dirs(std::move(dirs), conf.local_dirs_tmpfs, draft);
      break;
    }
    default: break;
  }
  return {};
}

StringMap system_properties(const DriverConf& conf, const DriverIdentity& app) {
  StringMap properties{
      {"spark.kubernetes.driver.pod.name", pod_name(conf, app)},
      {"spark.app.id", app.app_id},
      {"spark.kubernetes.submitInDriver", "true"},
      {"spark.kubernetes.memoryOverheadFactor", fmt::format("{}", propagated_overhead_factor(conf))},
  };
  if (!conf.hadoop_config_map.empty()) {
    properties["spark.kubernetes.executor.hadoopConfigMapName"] = conf.hadoop_config_map;
  }
  return properties;
}

}  // namespace

std::vector<std::string_view> driver_step_names() { return {kStepNames.begin(), kStepNames.end()}; }

double propagated_overhead_factor(const DriverConf& conf) {
  if (conf.kubernetes_overhead_factor) return *conf.kubernetes_overhead_factor;
  return conf.resource_type == "python" || conf.resource_type == "r" ? kOtherLanguageOverhead : kJavaOverhead;
}

std::int64_t driver_memory_mib(const DriverConf& conf) {
  if (conf.memory_overhead_mib) return conf.memory_mib + *conf.memory_overhead_mib;
  const double factor = conf.own_overhead_factor.value_or(propagated_overhead_factor(conf));
  const double product = factor * static_cast<double>(conf.memory_mib);
  const std::int64_t cut = product >= static_cast<double>(INT32_MAX) ? INT32_MAX : static_cast<std::int64_t>(product);
  return conf.memory_mib + std::max(cut, conf.min_memory_overhead_mib);
}

StringMap driver_labels(const DriverConf& conf, const DriverIdentity& app) {
  StringMap labels;
  for (const auto& [name, value] : conf.labels) {
    labels[name] = backend::replaced(backend::replaced(value, kAppIdMark, app.app_id), "{{EXECUTOR_ID}}", "");
  }
  labels["spark-version"] = std::string(spark_version(conf.compat));
  labels[backend::kAppLabel] = app.app_id;
  labels["spark-app-name"] = backend::app_name_label(app.app_name);
  labels[backend::kRoleLabel] = "driver";
  return labels;
}

Result<DriverPod> build_driver_pod(const DriverConf& conf, const DriverIdentity& app) {
  std::vector<backend::UserStep> known = backend::builtin_user_steps(app.app_id);
  known.insert(known.end(), app.user_steps.begin(), app.user_steps.end());
  const auto user_steps = backend::find_user_steps(conf.feature_steps, known, backend::PodRole::driver);
  if (!user_steps) return tl::unexpected(user_steps.error());
  if (conf.image.empty()) {
    return tl::unexpected(Error{"the driver container image is missing; set spark.kubernetes.container.image"});
  }
  PodDraft draft = backend::start_draft(app.driver_template, conf.pod_template_container);
  for (std::size_t step = 0; step < kStepNames.size(); ++step) {
    if (is_excluded(conf, kStepNames[step])) continue;
    if (const auto done = run_step(step, conf, app, draft); !done) return tl::unexpected(done.error());
  }
  for (const backend::UserStep& step : *user_steps) {
    if (!is_excluded(conf, step.class_name)) backend::apply_user_step(step, draft);
  }
  mount_conf(app, draft);
  auto pod = std::make_shared<Pod>();
  pod->name = pod_name(conf, app);
  pod->ns = conf.ns;
  if (app.driver_template != nullptr) pod->node = app.driver_template->node;
  pod->tmpl = share(backend::finish_draft(std::move(draft)));
  return DriverPod{std::move(pod), system_properties(conf, app)};
}

}  // namespace podramp::submit
