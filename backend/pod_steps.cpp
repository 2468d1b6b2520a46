#include "backend/pod_steps.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

namespace podramp::backend {
namespace {

constexpr std::string_view kLocalDirVolume = "spark-local-dir-";
constexpr std::string_view kHadoopVolume = "hadoop-properties";
constexpr std::string_view kHadoopDir = "/opt/hadoop/conf";

// Where the template's container of that name stands; absent unless there is exactly one.
std::optional<std::size_t> named_container(const std::vector<Container>& containers, const std::string& name) {
  if (std::ranges::count(containers, name, &Container::name) != 1) return std::nullopt;
  return static_cast<std::size_t>(std::ranges::find(containers, name, &Container::name) - containers.begin());
}

}  // namespace

PodDraft start_draft(const PodPtr& pod_template, const std::optional<std::string>& container_name) {
  PodDraft draft;
  if (pod_template == nullptr) return draft;
  draft.pod = *pod_template->tmpl;
  std::vector<Container>& containers = draft.pod.containers;
  if (containers.empty()) return draft;
  const std::size_t chosen = container_name ? named_container(containers, *container_name).value_or(0) : 0;
  draft.container = containers[chosen];
  containers.erase(containers.begin() + static_cast<std::ptrdiff_t>(chosen));
  return draft;
}

std::string container_warning(const PodPtr& pod_template, const std::optional<std::string>& container_name) {
  if (pod_template == nullptr || !container_name) return "";
  const std::vector<Container>& containers = pod_template->tmpl->containers;
  if (named_container(containers, *container_name)) return "";
  return fmt::format("the pod template has no single container \"{}\"; {}", *container_name,
                     containers.empty() ? "Spark makes one of its own" : "Spark takes the first one");
}

PodTemplate finish_draft(PodDraft draft) {
  draft.pod.containers.push_back(std::move(draft.container));
  return std::move(draft.pod);
}

void mount_secrets(const StringMap& secret_to_path, PodDraft& draft) {
  for (const auto& [secret, path] : secret_to_path) {
    const std::string name = secret + "-volume";
    draft.pod.volumes.push_back({name, "secret", secret, {}});
    draft.container.mounts.push_back({name, path, "", false});
  }
}

void env_secrets(const std::vector<SecretKeyRef>& refs, PodDraft& draft) {
  for (const SecretKeyRef& ref : refs) {
    EnvVar env;
    env.name = ref.env;
    env.secret_name = ref.secret;
    env.secret_key = ref.key;
    draft.container.env.push_back(std::move(env));
  }
}

void mount_volumes(const std::vector<ExecutorVolume>& volumes, PodDraft& draft) {
  for (const ExecutorVolume& v : volumes) {
    draft.pod.volumes.push_back(v.volume);
    draft.container.mounts.push_back(v.mount);
  }
}

void mount_hadoop_conf(const std::string& config_map, PodDraft& draft) {
  if (config_map.empty()) return;
  draft.pod.volumes.push_back({std::string(kHadoopVolume), "configMap", config_map, {}});
  draft.container.mounts.push_back({std::string(kHadoopVolume), std::string(kHadoopDir), "", false});
  draft.container.env.push_back(env_value("HADOOP_CONF_DIR", std::string(kHadoopDir)));
}

void add_local_dirs(std::vector<std::string> dirs, bool tmpfs, PodDraft& draft) {
  std::vector<std::string> mounted;
  for (const VolumeMount& mount : draft.container.mounts) {
    if (mount.name.starts_with(kLocalDirVolume)) mounted.push_back(mount.path);
  }
  if (mounted.empty()) {
    for (std::size_t i = 0; i < dirs.size(); ++i) {
      const std::string name = fmt::format("{}{}", kLocalDirVolume, i + 1);
      Volume volume{name, "emptyDir", "", {}};
      if (tmpfs) volume.options.emplace("medium", "Memory");
      draft.pod.volumes.push_back(std::move(volume));
      draft.container.mounts.push_back({name, dirs[i], "", false});
    }
    mounted = std::move(dirs);
  }
  draft.container.env.push_back(env_value("SPARK_LOCAL_DIRS", fmt::format("{}", fmt::join(mounted, ","))));
}

void overlay(const Resources& spark, Resources& into) {
  if (spark.cpu_milli) into.cpu_milli = spark.cpu_milli;
  if (spark.memory_bytes) into.memory_bytes = spark.memory_bytes;
  for (const auto& [name, amount] : spark.other) into.other[name] = amount;
}

Result<std::vector<UserStep>> find_user_steps(const std::vector<std::string>& class_names,
                                              const std::vector<UserStep>& known, PodRole role) {
  std::vector<UserStep> steps;
  const std::string_view role_name = role == PodRole::driver ? "driver" : "executor";
  for (const std::string& name : class_names) {
    const auto it = std::ranges::find(known, name, &UserStep::class_name);
    if (it == known.end()) return tl::unexpected(Error{fmt::format("class not found: {}", name)});
    if (std::ranges::find(it->roles, role) == it->roles.end()) {
      return tl::unexpected(
          Error{fmt::format("{} cannot be a feature step of the {}: the class is not of the {} side's step type; "
                            "change spark.kubernetes.{}.pod.featureSteps",
                            name, role_name, role_name, role_name)});
    }
    steps.push_back(*it);
  }
  return steps;
}

void apply_user_step(const UserStep& step, PodDraft& draft) {
  for (const auto& [name, value] : step.labels) draft.pod.labels[name] = value;
  for (const auto& [name, value] : step.annotations) draft.pod.annotations[name] = value;
  for (const auto& [name, value] : step.env) draft.container.env.push_back(env_value(name, value));
}

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

}  // namespace podramp::backend
