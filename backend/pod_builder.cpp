#include "backend/pod_builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "backend/conf_values.h"
#include "backend/pod_labels.h"
#include "backend/pod_names.h"
#include "backend/redaction.h"

namespace podramp::backend {
namespace {

constexpr std::string_view kAppIdMark = "{{APP_ID}}";
constexpr std::string_view kExecutorIdMark = "{{EXECUTOR_ID}}";
constexpr std::string_view kConfDir = "/opt/spark/conf";
constexpr std::string_view kConfVolume = "spark-conf-volume-exec";
constexpr std::string_view kDirsEnv = "SPARK_EXECUTOR_DIRS";
constexpr std::string_view kSecretEnv = "_SPARK_AUTH_SECRET";

bool mentions(const std::string& text, std::string_view what) { return text.find(what) != std::string::npos; }

// Java options in Spark's order: the user's, then what an executor needs to start. {{EXECUTOR_ID}} is still in them.
std::vector<std::string> java_options(const Conf& conf, const AppIdentity& app) {
  std::vector<std::string> options = split_command_string(replaced(conf.java_options, kAppIdMark, app.app_id));
  options.insert(options.end(), conf.startup_options.begin(), conf.startup_options.end());
  return options;
}

std::string driver_url(const Conf& conf, const AppIdentity& app) {
  std::string host = app.driver_host;
  if (host.empty()) host = conf.use_driver_pod_ip ? conf.driver_bind_address : conf.driver_host;
  return fmt::format("spark://CoarseGrainedScheduler@{}:{}", host, conf.driver_port);
}

Result<Resources> limits_of(const ExecutorSize& size, std::int64_t memory_bytes) {
  Resources limits;
  limits.memory_bytes = memory_bytes;
  for (const CustomResource& resource : size.custom_resources) {
    if (resource.vendor.empty()) {
      return tl::unexpected(
          Error{fmt::format("resource {} was requested without a vendor; set spark.executor.resource.{}.vendor",
                            resource.name, resource.name),
                ErrorKind::other});
    }
    limits.other[fmt::format("{}/{}", resource.vendor, resource.name)] = resource.amount;
  }
  return limits;
}

// Over what a template says; a profile of its own discards the template's (02 6.1).
Result<void> add_resources(const Conf& conf, const ResourceProfile& profile, const ExecutorSize& size,
                           Container& container) {
  const std::int64_t memory_bytes = size.total_mib() * (1LL << 20);
  const bool is_default = profile.id == kDefaultProfile;
  auto limits = limits_of(size, memory_bytes);
  if (!limits) return tl::unexpected(limits.error());
  Resources requests;
  requests.memory_bytes = memory_bytes;
  requests.cpu_milli = size.cores * 1000;
  if (is_default) {
    requests.cpu_milli = conf.request_cpu_milli.value_or(size.cores * 1000);
    limits->cpu_milli = conf.limit_cpu_milli;
  } else {
    container.requests = {};
    container.limits = {};
  }
  overlay(requests, container.requests);
  overlay(*limits, container.limits);
  if (is_default && conf.compat >= Compat::spark_4_1 && conf.limit_cpu_milli &&
      *requests.cpu_milli > *conf.limit_cpu_milli) {  // SPARK-52933
    return tl::unexpected(
        Error{fmt::format("the executor cpu request {} must be less than or equal to the limit {}; change "
                          "spark.kubernetes.executor.request.cores or spark.kubernetes.executor.limit.cores",
                          format_cpu_milli(*container.requests.cpu_milli), format_cpu_milli(*conf.limit_cpu_milli)),
              conf.compat >= Compat::spark_4_2 ? ErrorKind::bad_argument : ErrorKind::other});
  }
  return {};
}

void add_config_map(const AppIdentity& app, PodDraft& draft) {
  Volume volume;
  volume.name = std::string(kConfVolume);
  volume.type = "configMap";
  volume.source = fmt::format("spark-exec-{}-conf-map", app.config_map_uid.empty() ? app.app_id : app.config_map_uid);
  draft.pod.volumes.push_back(std::move(volume));
  draft.container.mounts.push_back({std::string(kConfVolume), std::string(kConfDir), "", false});
}

std::vector<std::string> local_dirs(const Conf& conf, const AppIdentity& app) {
  if (!conf.local_dirs.empty()) return conf.local_dirs;
  // Spark takes a random UUID; a name of the application's own keeps the template the same in every run.
  return {fmt::format("/var/data/spark-{}", app.app_id)};
}

void add_labels(const Conf& conf, const AppIdentity& app, const ResourceProfile& profile, PodTemplate& tmpl) {
  for (const auto& [name, value] : conf.executor_labels) {
    if (!mentions(value, kExecutorIdMark)) tmpl.labels[name] = replaced(value, kAppIdMark, app.app_id);
  }
  for (const auto& [name, value] : conf.executor_annotations) {
    if (!mentions(value, kExecutorIdMark)) tmpl.annotations[name] = replaced(value, kAppIdMark, app.app_id);
  }
  tmpl.labels["spark-version"] = std::string(spark_version(conf.compat));
  tmpl.labels[kAppLabel] = app.app_id;
  tmpl.labels["spark-app-name"] = app_name_label(app.app_name.empty() ? conf.app_name : app.app_name);
  tmpl.labels[kRoleLabel] = "executor";
  tmpl.labels["spark-exec-resourceprofile-id"] = fmt::format("{}", profile.id);
}

void add_environment(const Conf& conf, const AppIdentity& app, const ResourceProfile& profile, const ExecutorSize& size,
                     Container& container) {
  std::vector<EnvVar>& env = container.env;
  env.push_back(env_value("SPARK_USER", app.user));
  env.push_back(env_value("SPARK_DRIVER_URL", driver_url(conf, app)));
  env.push_back(env_value("SPARK_EXECUTOR_CORES", fmt::format("{}", size.cores)));
  env.push_back(env_value("SPARK_EXECUTOR_MEMORY", fmt::format("{}m", size.heap_mib)));
  env.push_back(env_value("SPARK_APPLICATION_ID", app.app_id));
  env.push_back(env_value("SPARK_CONF_DIR", std::string(kConfDir)));
  env.push_back(env_value("SPARK_RESOURCE_PROFILE_ID", fmt::format("{}", profile.id)));
  if (conf.custom_log_url) env.push_back(env_value("SPARK_EXECUTOR_ATTRIBUTE_APP_ID", app.app_id));
  for (const auto& [name, value] : conf.executor_env) {
    if (name != kDirsEnv) env.push_back(env_value(name, value));
  }
  if (conf.auth_secret_env) env.push_back(env_value(kSecretEnv, std::string(kRedacted)));
  if (!conf.extra_class_path.empty()) env.push_back(env_value("SPARK_CLASSPATH", conf.extra_class_path));
  const std::vector<std::string> options = java_options(conf, app);
  for (std::size_t i = 0; i < options.size(); ++i) {
    if (mentions(options[i], kExecutorIdMark)) continue;
    env.push_back(env_value(fmt::format("SPARK_JAVA_OPT_{}", i), options[i]));
  }
  env.push_back(env_field("SPARK_EXECUTOR_POD_IP", "status.podIP"));
  env.push_back(env_field("SPARK_EXECUTOR_POD_NAME", "metadata.name"));
}

// What the basic step writes into the pod besides labels (02 6.1). A template's own service account is the
// credentials step's business.
void set_pod_fields(const Conf& conf, PodTemplate& tmpl) {
  const bool is_set =
      conf.pods_allocator == PodsAllocator::stateful_set || conf.pods_allocator == PodsAllocator::deployment;
  tmpl.restart_policy = is_set ? "Always" : "Never";
  for (const auto& [name, value] : conf.node_selector) tmpl.node_selector[name] = value;
  if (conf.scheduler_name) tmpl.scheduler_name = *conf.scheduler_name;
  tmpl.image_pull_secrets.insert(tmpl.image_pull_secrets.end(), conf.image_pull_secrets.begin(),
                                 conf.image_pull_secrets.end());
  if (conf.termination_grace_s) tmpl.termination_grace_s = conf.termination_grace_s;
}

// In Spark's order; the class names are what excludedFeatureSteps takes.
enum ExecutorStep : std::size_t { kBasic, kCredentials, kSecrets, kSecretEnvs, kVolumes, kHadoop, kLocalDirs };
constexpr std::array<std::string_view, 7> kStepNames{
    "org.apache.spark.deploy.k8s.features.BasicExecutorFeatureStep",
    "org.apache.spark.deploy.k8s.features.ExecutorKubernetesCredentialsFeatureStep",
    "org.apache.spark.deploy.k8s.features.MountSecretsFeatureStep",
    "org.apache.spark.deploy.k8s.features.EnvSecretsFeatureStep",
    "org.apache.spark.deploy.k8s.features.MountVolumesFeatureStep",
    "org.apache.spark.deploy.k8s.features.HadoopConfExecutorFeatureStep",
    "org.apache.spark.deploy.k8s.features.LocalDirsFeatureStep",
};

bool is_excluded(const Conf& conf, std::string_view class_name) {
  return std::ranges::find(conf.excluded_feature_steps, class_name) != conf.excluded_feature_steps.end();
}

}  // namespace

std::vector<std::string_view> executor_step_names() { return {kStepNames.begin(), kStepNames.end()}; }

std::vector<UserStep> builtin_user_steps(const std::string& app_id) {
  UserStep volcano;
  volcano.class_name = "org.apache.spark.deploy.k8s.features.VolcanoFeatureStep";
  volcano.roles = {PodRole::driver, PodRole::executor};
  volcano.annotations = {{"scheduling.k8s.io/group-name", app_id + "-podgroup"}};
  return {volcano};
}

std::vector<std::string> split_command_string(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  bool in_word = false;
  char quote = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\\' && quote != '\'' && i + 1 < text.size()) {
      word += text[++i];
      in_word = true;
    } else if (quote != 0) {
      if (c == quote)
        quote = 0;
      else
        word += c;
    } else if (c == '"' || c == '\'') {
      quote = c;
      in_word = true;
    } else if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
      if (in_word) words.push_back(std::exchange(word, ""));
      in_word = false;
    } else {
      word += c;
      in_word = true;
    }
  }
  if (in_word) words.push_back(word);
  return words;
}

std::string PodBuilder::OwnValue::value(const std::string& id) const { return replaced(pattern, placeholder, id); }

PodBuilder::PodBuilder(const Conf& conf, const AppIdentity& app, const std::optional<OwnerReference>& driver,
                       const std::vector<ResourceProfile>& profiles)
    : prefix_(app.pod_name_prefix.empty() ? conf.pod_name_prefix.value_or("") : app.pod_name_prefix),
      ns_(conf.ns),
      node_(app.executor_template == nullptr ? "" : app.executor_template->node),
      lower_case_hostname_(conf.pods_allocator == PodsAllocator::deployment),
      basic_(!is_excluded(conf, kStepNames[kBasic])),
      driver_(driver) {
  find_lasting_error(conf, app);
  collect_own_values(conf, app);
  std::map<ProfileId, ResourceProfile> all{{kDefaultProfile, ResourceProfile{}}};
  for (const ResourceProfile& profile : profiles) all.insert_or_assign(profile.id, profile);
  for (const auto& [id, profile] : all) {
    auto tmpl = make_template(conf, app, profile);
    templates_.emplace(id, tmpl ? Result<TemplatePtr>(share(std::move(*tmpl))) : tl::unexpected(tmpl.error()));
  }
}

// User steps are made before Spark's own, and Spark's own even when they are excluded.
void PodBuilder::find_lasting_error(const Conf& conf, const AppIdentity& app) {
  std::vector<UserStep> known = builtin_user_steps(app.app_id);
  known.insert(known.end(), app.user_steps.begin(), app.user_steps.end());
  auto steps = find_user_steps(conf.feature_steps, known, PodRole::executor);
  if (!steps) {
    lasting_error_ = Error{steps.error().message, ErrorKind::other};
  } else if (conf.executor_image.empty()) {
    lasting_error_ =
        Error{"the executor container image is missing; set spark.kubernetes.container.image", ErrorKind::other};
  } else if (!is_valid_pod_name_prefix(prefix_)) {
    lasting_error_ = Error{fmt::format(
        "\"{}\" cannot begin the names of executor pods: a DNS-1123 subdomain of at most 237 characters is needed; set "
        "spark.kubernetes.executor.podNamePrefix",
        prefix_)};
  }
  if (steps) user_steps_ = std::move(*steps);
  std::erase_if(user_steps_, [&](const UserStep& step) { return is_excluded(conf, step.class_name); });
}

void PodBuilder::collect_own_values(const Conf& conf, const AppIdentity& app) {
  if (!basic_) return;
  const auto add = [&](std::vector<OwnValue>& to, const std::string& name, const std::string& value) {
    if (!mentions(value, kExecutorIdMark)) return;
    to.push_back({name, replaced(value, kAppIdMark, app.app_id), std::string(kExecutorIdMark)});
  };
  own_labels_.push_back({kExecutorIdLabel, std::string(kExecutorIdMark), std::string(kExecutorIdMark)});
  for (const auto& [name, value] : conf.executor_labels) add(own_labels_, name, value);
  for (const auto& [name, value] : conf.executor_annotations) add(own_annotations_, name, value);
  own_env_.push_back({"SPARK_EXECUTOR_ID", std::string(kExecutorIdMark), std::string(kExecutorIdMark)});
  if (conf.custom_log_url) {
    own_env_.push_back(
        {"SPARK_EXECUTOR_ATTRIBUTE_EXECUTOR_ID", std::string(kExecutorIdMark), std::string(kExecutorIdMark)});
  }
  if (const auto it = conf.executor_env.find(std::string(kDirsEnv)); it != conf.executor_env.end()) {
    own_env_.push_back({it->first, replaced(it->second, "SPARK_APPLICATION_ID", app.app_id), "SPARK_EXECUTOR_ID"});
  }
  const std::vector<std::string> options = java_options(conf, app);
  for (std::size_t i = 0; i < options.size(); ++i) add(own_env_, fmt::format("SPARK_JAVA_OPT_{}", i), options[i]);
}

Result<void> PodBuilder::basic_step(const Conf& conf, const AppIdentity& app, const ResourceProfile& profile,
                                    PodDraft& draft) const {
  const ExecutorSize size = executor_size(conf, profile);
  Container& container = draft.container;
  if (container.name.empty()) container.name = "spark-kubernetes-executor";
  container.image = conf.executor_image;
  container.image_pull_policy = conf.image_pull_policy;
  container.args.emplace_back("executor");
  if (conf.block_manager_port != 0) {
    container.ports.push_back({"blockmanager", static_cast<int>(conf.block_manager_port)});
  }
  if (!conf.pre_stop_script.empty()) container.pre_stop_exec = {conf.pre_stop_script};
  if (conf.compat >= Compat::spark_4_2) {  // SPARK-55431
    container.resize_policy.push_back({"cpu", "NotRequired"});
    container.resize_policy.push_back({"memory", "NotRequired"});
  }
  if (const auto sized = add_resources(conf, profile, size, container); !sized) return tl::unexpected(sized.error());
  add_environment(conf, app, profile, size, container);
  add_labels(conf, app, profile, draft.pod);
  if (driver_) {
    draft.pod.owners.push_back(*driver_);
    draft.pod.owners.back().controller = true;
  }
  set_pod_fields(conf, draft.pod);
  if (conf.config_map) add_config_map(app, draft);
  return {};
}

Result<PodTemplate> PodBuilder::make_template(const Conf& conf, const AppIdentity& app,
                                              const ResourceProfile& profile) {
  if (lasting_error_) return tl::unexpected(*lasting_error_);
  PodDraft draft = start_draft(app.executor_template, conf.pod_template_container);
  for (std::size_t step = 0; step < kStepNames.size(); ++step) {
    if (is_excluded(conf, kStepNames[step])) continue;
    switch (step) {
      case kBasic:
        if (const auto done = basic_step(conf, app, profile, draft); !done) {
          return tl::unexpected(done.error());
        }
        break;
      case kCredentials:
        if (draft.pod.service_account.empty()) draft.pod.service_account = conf.service_account;
        break;
      case kSecrets: mount_secrets(conf.secret_mounts, draft); break;
      case kSecretEnvs: env_secrets(conf.secret_env, draft); break;
      case kVolumes: mount_volumes(conf.volumes, draft); break;
      case kHadoop: mount_hadoop_conf(conf.hadoop_config_map, draft); break;
      case kLocalDirs: add_local_dirs(local_dirs(conf, app), conf.local_dirs_tmpfs, draft); break;
      default: break;
    }
  }
  for (const UserStep& step : user_steps_) apply_user_step(step, draft);
  return finish_draft(std::move(draft));
}

Result<TemplatePtr> PodBuilder::pod_template(ProfileId profile) const {
  const auto it = templates_.find(profile);
  if (it != templates_.end()) return it->second;
  return tl::unexpected(
      Error{fmt::format("resource profile {} was never declared by the application", profile), ErrorKind::other});
}

Result<PodPtr> PodBuilder::build(ExecutorId id, ProfileId profile) const {
  auto tmpl = pod_template(profile);
  if (!tmpl) return tl::unexpected(tmpl.error());
  return std::make_shared<const Pod>(make_pod(std::move(*tmpl), fmt::format("{}", id)));
}

Result<PodPtr> PodBuilder::build_for_set(ProfileId profile) const {
  auto tmpl = pod_template(profile);
  if (!tmpl) return tl::unexpected(tmpl.error());
  Pod pod = make_pod(std::move(*tmpl), "EXECID");
  pod.name.clear();
  return std::make_shared<const Pod>(std::move(pod));
}

Pod PodBuilder::make_pod(TemplatePtr tmpl, const std::string& id) const {
  Pod pod;
  pod.ns = ns_;
  pod.node = node_;
  pod.tmpl = std::move(tmpl);
  if (basic_) {
    pod.name = fmt::format("{}-exec-{}", prefix_, id);
    pod.hostname = executor_hostname(pod.name);
    if (lower_case_hostname_) pod.hostname = to_lower(pod.hostname);
  }
  for (const OwnValue& own : own_labels_) pod.own_labels[own.name] = own.value(id);
  for (const OwnValue& own : own_annotations_) pod.own_annotations[own.name] = own.value(id);
  for (const OwnValue& own : own_env_) pod.own_env.push_back(env_value(own.name, own.value(id)));
  return pod;
}

}  // namespace podramp::backend
