#include "backend/pod_builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "backend/pod_names.h"
#include "backend/redaction.h"

namespace podramp::backend {
namespace {

constexpr std::string_view kAppIdMark = "{{APP_ID}}";
constexpr std::string_view kExecutorIdMark = "{{EXECUTOR_ID}}";
constexpr std::string_view kConfDir = "/opt/spark/conf";
constexpr std::string_view kConfVolume = "spark-conf-volume-exec";
constexpr std::string_view kLocalDirVolume = "spark-local-dir-";
constexpr std::string_view kDirsEnv = "SPARK_EXECUTOR_DIRS";
constexpr std::string_view kSecretEnv = "_SPARK_AUTH_SECRET";

std::string replaced(std::string text, std::string_view what, std::string_view with) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size())) {
    text.replace(at, what.size(), with);
  }
  return text;
}

bool mentions(const std::string& text, std::string_view what) { return text.find(what) != std::string::npos; }

EnvVar env_value(std::string_view name, std::string value) {
  EnvVar env;
  env.name = std::string(name);
  env.value = std::move(value);
  return env;
}

EnvVar env_field(std::string_view name, std::string_view path) {
  EnvVar env;
  env.name = std::string(name);
  env.field_path = std::string(path);
  return env;
}

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
                            resource.name, resource.name)});
    }
    limits.other[fmt::format("{}/{}", resource.vendor, resource.name)] = resource.amount;
  }
  return limits;
}

Result<void> add_resources(const Conf& conf, const ResourceProfile& profile, const ExecutorSize& size,
                           Container& container) {
  const std::int64_t memory_bytes = size.total_mib() * (1LL << 20);
  const bool is_default = profile.id == kDefaultProfile;
  auto limits = limits_of(size, memory_bytes);
  if (!limits) return tl::unexpected(limits.error());
  container.limits = std::move(*limits);
  container.requests.memory_bytes = memory_bytes;
  container.requests.cpu_milli = size.cores * 1000;
  if (!is_default) return {};
  container.requests.cpu_milli = conf.request_cpu_milli.value_or(size.cores * 1000);
  container.limits.cpu_milli = conf.limit_cpu_milli;
  if (conf.compat >= Compat::spark_4_1 && conf.limit_cpu_milli &&
      *container.requests.cpu_milli > *conf.limit_cpu_milli) {  // SPARK-52933
    return tl::unexpected(
        Error{fmt::format("the executor cpu request {} must be less than or equal to the limit {}; change "
                          "spark.kubernetes.executor.request.cores or spark.kubernetes.executor.limit.cores",
                          format_cpu_milli(*container.requests.cpu_milli), format_cpu_milli(*conf.limit_cpu_milli))});
  }
  return {};
}

void add_config_map(const AppIdentity& app, PodTemplate& tmpl, Container& container) {
  Volume volume;
  volume.name = std::string(kConfVolume);
  volume.type = "configMap";
  volume.source = fmt::format("spark-exec-{}-conf-map", app.config_map_uid.empty() ? app.app_id : app.config_map_uid);
  tmpl.volumes.push_back(std::move(volume));
  container.mounts.push_back({std::string(kConfVolume), std::string(kConfDir), "", false});
}

void mount_secrets(const Conf& conf, PodTemplate& tmpl, Container& container) {
  for (const auto& [secret, path] : conf.secret_mounts) {
    const std::string name = secret + "-volume";
    tmpl.volumes.push_back({name, "secret", secret, {}});
    container.mounts.push_back({name, path, "", false});
  }
  for (const SecretKeyRef& ref : conf.secret_env) {
    EnvVar env;
    env.name = ref.env;
    env.secret_name = ref.secret;
    env.secret_key = ref.key;
    container.env.push_back(std::move(env));
  }
}

void mount_volumes(const Conf& conf, PodTemplate& tmpl, Container& container) {
  for (const ExecutorVolume& v : conf.volumes) {
    tmpl.volumes.push_back(v.volume);
    container.mounts.push_back(v.mount);
  }
}

// Volumes named spark-local-dir-* are the local directories; without any, each directory gets an emptyDir (02 6.3).
void add_local_dirs(const Conf& conf, const AppIdentity& app, PodTemplate& tmpl, Container& container) {
  std::vector<std::string> dirs;
  for (const VolumeMount& mount : container.mounts) {
    if (mount.name.starts_with(kLocalDirVolume)) dirs.push_back(mount.path);
  }
  if (dirs.empty()) {
    dirs = conf.local_dirs;
    // Spark takes a random UUID; a name of the application's own keeps the template the same in every run.
    if (dirs.empty()) dirs.push_back(fmt::format("/var/data/spark-{}", app.app_id));
    for (std::size_t i = 0; i < dirs.size(); ++i) {
      const std::string name = fmt::format("{}{}", kLocalDirVolume, i + 1);
      Volume volume{name, "emptyDir", "", {}};
      if (conf.local_dirs_tmpfs) volume.options.emplace("medium", "Memory");
      tmpl.volumes.push_back(std::move(volume));
      container.mounts.push_back({name, dirs[i], "", false});
    }
  }
  container.env.push_back(env_value("SPARK_LOCAL_DIRS", fmt::format("{}", fmt::join(dirs, ","))));
}

void add_labels(const Conf& conf, const AppIdentity& app, const ResourceProfile& profile, PodTemplate& tmpl) {
  for (const auto& [name, value] : conf.executor_labels) {
    if (!mentions(value, kExecutorIdMark)) tmpl.labels.emplace(name, replaced(value, kAppIdMark, app.app_id));
  }
  for (const auto& [name, value] : conf.executor_annotations) {
    if (!mentions(value, kExecutorIdMark)) tmpl.annotations.emplace(name, replaced(value, kAppIdMark, app.app_id));
  }
  tmpl.labels["spark-version"] = std::string(spark_version(conf.compat));
  tmpl.labels["spark-app-selector"] = app.app_id;
  tmpl.labels["spark-app-name"] = app_name_label(app.app_name.empty() ? conf.app_name : app.app_name);
  tmpl.labels["spark-role"] = "executor";
  tmpl.labels["spark-exec-resourceprofile-id"] = fmt::format("{}", profile.id);
}

}  // namespace

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
      driver_(driver) {
  if (conf.executor_image.empty()) {
    lasting_error_ = "the executor container image is missing; set spark.kubernetes.container.image";
  } else if (!is_valid_pod_name_prefix(prefix_)) {
    lasting_error_ = fmt::format(
        "\"{}\" cannot begin the names of executor pods: a DNS-1123 subdomain of at most 237 characters is needed; set "
        "spark.kubernetes.executor.podNamePrefix",
        prefix_);
  }
  collect_own_values(conf, app);
  std::map<ProfileId, ResourceProfile> all{{kDefaultProfile, ResourceProfile{}}};
  for (const ResourceProfile& profile : profiles) all.insert_or_assign(profile.id, profile);
  for (const auto& [id, profile] : all) {
    auto tmpl = make_template(conf, app, profile);
    templates_.emplace(id, tmpl ? Result<TemplatePtr>(share(std::move(*tmpl))) : tl::unexpected(tmpl.error()));
  }
}

void PodBuilder::collect_own_values(const Conf& conf, const AppIdentity& app) {
  const auto add = [&](std::vector<OwnValue>& to, const std::string& name, const std::string& value) {
    if (!mentions(value, kExecutorIdMark)) return;
    to.push_back({name, replaced(value, kAppIdMark, app.app_id), std::string(kExecutorIdMark)});
  };
  own_labels_.push_back({"spark-exec-id", std::string(kExecutorIdMark), std::string(kExecutorIdMark)});
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

void PodBuilder::add_environment(const Conf& conf, const AppIdentity& app, const ResourceProfile& profile,
                                 const ExecutorSize& size, Container& container) const {
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

Result<PodTemplate> PodBuilder::make_template(const Conf& conf, const AppIdentity& app,
                                              const ResourceProfile& profile) {
  if (!lasting_error_.empty()) return tl::unexpected(Error{lasting_error_});
  const ExecutorSize size = executor_size(conf, profile);
  PodTemplate tmpl;
  Container container;
  container.name = "spark-kubernetes-executor";
  container.image = conf.executor_image;
  container.image_pull_policy = conf.image_pull_policy;
  container.args = {"executor"};
  if (conf.block_manager_port != 0) {
    container.ports.push_back({"blockmanager", static_cast<int>(conf.block_manager_port)});
  }
  if (!conf.pre_stop_script.empty()) container.pre_stop_exec = {conf.pre_stop_script};
  if (const auto sized = add_resources(conf, profile, size, container); !sized) return tl::unexpected(sized.error());
  add_environment(conf, app, profile, size, container);
  add_labels(conf, app, profile, tmpl);
  if (driver_) {
    tmpl.owners.push_back(*driver_);
    tmpl.owners.back().controller = true;
  }
  tmpl.restart_policy = "Never";
  tmpl.node_selector = conf.node_selector;
  tmpl.scheduler_name = conf.scheduler_name.value_or("");
  tmpl.service_account = conf.service_account;
  tmpl.image_pull_secrets = conf.image_pull_secrets;
  tmpl.termination_grace_s = conf.termination_grace_s;
  if (conf.config_map) add_config_map(app, tmpl, container);
  mount_secrets(conf, tmpl, container);
  mount_volumes(conf, tmpl, container);
  add_local_dirs(conf, app, tmpl, container);
  tmpl.containers.push_back(std::move(container));
  return tmpl;
}

Result<TemplatePtr> PodBuilder::pod_template(ProfileId profile) const {
  const auto it = templates_.find(profile);
  if (it != templates_.end()) return it->second;
  return tl::unexpected(Error{fmt::format("resource profile {} was never declared by the application", profile)});
}

Result<PodPtr> PodBuilder::build(ExecutorId id, ProfileId profile) const {
  auto tmpl = pod_template(profile);
  if (!tmpl) return tl::unexpected(tmpl.error());
  return std::make_shared<const Pod>(make_pod(std::move(*tmpl), executor_pod_name(prefix_, id), fmt::format("{}", id)));
}

Result<PodPtr> PodBuilder::build_for_set(ProfileId profile) const {
  auto tmpl = pod_template(profile);
  if (!tmpl) return tl::unexpected(tmpl.error());
  Pod pod = make_pod(std::move(*tmpl), fmt::format("{}-exec-EXECID", prefix_), "EXECID");
  pod.name.clear();
  return std::make_shared<const Pod>(std::move(pod));
}

Pod PodBuilder::make_pod(TemplatePtr tmpl, const std::string& name, const std::string& id) const {
  Pod pod;
  pod.name = name;
  pod.ns = ns_;
  pod.tmpl = std::move(tmpl);
  pod.hostname = executor_hostname(pod.name);
  for (const OwnValue& own : own_labels_) pod.own_labels[own.name] = own.value(id);
  for (const OwnValue& own : own_annotations_) pod.own_annotations[own.name] = own.value(id);
  for (const OwnValue& own : own_env_) pod.own_env.push_back(env_value(own.name, own.value(id)));
  return pod;
}

}  // namespace podramp::backend
