#include "backend/fork_pod.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "backend/fork_affinity.h"
#include "backend/pod_builder.h"
#include "backend/pod_labels.h"
#include "backend/pod_steps.h"

namespace podramp::backend {
namespace {

constexpr std::size_t kHostnameMax = 63;
constexpr std::int64_t kMiB = 1LL << 20;
constexpr std::int64_t kOverheadMinMib = 384;

// A DNS-1123 label's characters, dashes for all others.
std::string dns_label_of(std::string_view text) {
  std::string name;
  for (const char c : text) {
    const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    const bool fine = (lower >= 'a' && lower <= 'z') || (lower >= '0' && lower <= '9');
    name += fine ? lower : '-';
  }
  const std::size_t first = name.find_first_not_of('-');
  if (first == std::string::npos) return "x";
  return name.substr(first, name.find_last_not_of('-') - first + 1);
}

std::string last_element(const std::string& path) {
  const std::size_t end = path.find_last_not_of('/');
  if (end == std::string::npos) return "";
  const std::size_t slash = path.rfind('/', end);
  return path.substr(slash + 1, end - slash);
}

void add_volume(PodTemplate& tmpl, Container& container, Volume volume, std::string path) {
  container.mounts.push_back({volume.name, std::move(path), "", false});
  tmpl.volumes.push_back(std::move(volume));
}

}  // namespace

std::vector<LocalDir> fork_local_dirs(const ForkConf& conf) {
  std::vector<LocalDir> dirs;
  for (std::size_t i = 0; i < conf.local_dirs.size(); ++i) {
    const std::string& path = conf.local_dirs[i];
    const std::string base = last_element(path);
    Volume volume;
    if (conf.shuffle_service && !conf.sidecar) {
      volume = {fmt::format("{}-{}", i, base.substr(0, base.rfind('.'))), "hostPath", path, {}};
    } else {
      volume = {fmt::format("spark-local-dir-{}-{}", i, base), "emptyDir", "", {}};
    }
    dirs.push_back({volume, {volume.name, path, "", false}});
  }
  return dirs;
}

ForkPodFactory::ForkPodFactory(ForkConf conf, ForkIdentity identity, PodPtr driver, std::vector<LocalDir> local_dirs,
                               Fixes fixes)
    : conf_(std::move(conf)),
      identity_(std::move(identity)),
      driver_(std::move(driver)),
      local_dirs_(std::move(local_dirs)),
      fixes_(std::move(fixes)),
      prefix_(identity_.pod_name_prefix.empty() ? conf_.pod_name_prefix.value_or("spark") : identity_.pod_name_prefix) {
  if (fixed(Fix::q25)) prefix_ = dns_label_of(prefix_);
  if (driver_ != nullptr) template_ = share(make_template());
}

std::string ForkPodFactory::pod_name(ExecutorId id) const { return fmt::format("{}-exec-{}", prefix_, id); }

Result<PodPtr> ForkPodFactory::build(ExecutorId id, const std::map<std::string, std::int64_t>& hints) const {
  if (template_ == nullptr) {
    return tl::unexpected(Error{"the driver pod is not known, so the executor's pod would have no owner"});
  }
  auto pod = std::make_shared<Pod>();
  pod->name = pod_name(id);
  pod->ns = conf_.ns;
  pod->tmpl = template_;
  pod->hostname = pod->name.substr(pod->name.size() - std::min(pod->name.size(), kHostnameMax));
  if (fixed(Fix::q25)) pod->hostname = dns_label_of(pod->hostname);
  pod->own_labels[kExecutorIdLabel] = fmt::format("{}", id);
  pod->own_env.push_back(env_value("SPARK_EXECUTOR_ID", fmt::format("{}", id)));
  if (const std::string affinity = affinity_json(hints, fixes_); !affinity.empty()) {
    if (fixed(Fix::q17)) {
      PodTemplate with_affinity = *template_;
      for (WeightedNodes& term : affinity_weights(hints, fixes_)) {
        const Requirement host{"kubernetes.io/hostname", SelectorOp::in, std::move(term.nodes)};
        with_affinity.placement.preferred_nodes.push_back({term.weight, {{host}, {}}});
      }
      pod->tmpl = share(std::move(with_affinity));
    } else {
      pod->own_annotations["scheduler.alpha.kubernetes.io/affinity"] = affinity;
    }
  }
  return PodPtr(std::move(pod));
}

PodTemplate ForkPodFactory::make_template() const {
  PodTemplate tmpl;
  tmpl.labels = conf_.labels;  // the user's win
  tmpl.labels.emplace(kAppLabel, identity_.app_id);
  tmpl.labels.emplace(kRoleLabel, "executor");
  tmpl.annotations = conf_.annotations;
  tmpl.owners.push_back({"Pod", driver_->name, driver_->uid, true});
  tmpl.restart_policy = "Never";
  tmpl.node_selector = conf_.node_selector;
  Container container;
  container.name = "executor";
  container.image = conf_.image;
  container.image_pull_policy = conf_.pull_policy;
  container.ports.push_back({"executor", static_cast<int>(conf_.executor_port)});
  const std::int64_t block_manager =
      fixed(Fix::q48) ? conf_.official_block_manager_port.value_or(7079) : conf_.block_manager_port;
  container.ports.push_back({"blockmanager", static_cast<int>(block_manager)});
  add_sizes(container);
  add_environment(container);
  for (const LocalDir& dir : local_dirs_) {
    tmpl.volumes.push_back(dir.volume);
    container.mounts.push_back(dir.mount);
  }
  add_decorations(tmpl, container);
  tmpl.containers.push_back(std::move(container));  // the first: exit codes are read from it (01 1.8)
  if (conf_.sidecar) add_sidecar(tmpl);
  return tmpl;
}

// It shares the local directories (01 3.7).
void ForkPodFactory::add_sidecar(PodTemplate& tmpl) const {
  Container sidecar = *conf_.sidecar;
  for (const LocalDir& dir : local_dirs_) sidecar.mounts.push_back(dir.mount);
  tmpl.containers.push_back(std::move(sidecar));
}

// 01 3.2. The request leaves the overhead out, unless Q24 is fixed.
void ForkPodFactory::add_sizes(Container& container) const {
  const std::int64_t overhead = conf_.overhead_mib.value_or(std::max(conf_.memory_mib / 10, kOverheadMinMib));
  const std::int64_t limit = (conf_.memory_mib + overhead) * kMiB;
  container.requests.memory_bytes = fixed(Fix::q24) ? limit : conf_.memory_mib * kMiB;
  container.limits.memory_bytes = limit;
  container.requests.cpu_milli = conf_.cpu_milli;
  container.limits.cpu_milli = conf_.limit_cpu_milli;
}

// 01 3.3.
void ForkPodFactory::add_environment(Container& container) const {
  std::vector<EnvVar>& env = container.env;
  std::string url = identity_.driver_url;
  if (url.empty()) url = fmt::format("spark://CoarseGrainedScheduler@{}:{}", conf_.driver_host, conf_.driver_port);
  env.push_back(env_value("SPARK_EXECUTOR_PORT", fmt::format("{}", conf_.executor_port)));
  env.push_back(env_value("SPARK_DRIVER_URL", std::move(url)));
  env.push_back(env_value("SPARK_EXECUTOR_CORES", std::to_string(conf_.cores())));
  env.push_back(env_value("SPARK_EXECUTOR_MEMORY", conf_.memory_text));
  env.push_back(env_value("SPARK_APPLICATION_ID", identity_.app_id));
  env.push_back(env_value("SPARK_MOUNTED_CLASSPATH", conf_.jars_dir + "/*"));
  for (const auto& [name, value] : conf_.env) env.push_back(env_value(name, value));
  EnvVar ip;
  ip.name = "SPARK_EXECUTOR_POD_IP";
  ip.field_path = "status.podIP";
  env.push_back(std::move(ip));
  std::vector<std::string> options = split_command_string(conf_.java_options);
  if (!conf_.token_secret.empty()) options.emplace_back("-Dspark.hadoop.hadoop.security.authentication=simple");
  for (std::size_t i = 0; i < options.size(); ++i) {
    env.push_back(env_value(fmt::format("SPARK_JAVA_OPT_{}", i), options[i]));
  }
  if (!conf_.extra_class_path.empty()) {
    env.push_back(env_value("SPARK_EXECUTOR_EXTRA_CLASSPATH", conf_.extra_class_path));
  }
}

// 01 3.4, in its order.
void ForkPodFactory::add_decorations(PodTemplate& tmpl, Container& container) const {
  for (const auto& [secret, path] : conf_.secrets) {
    add_volume(tmpl, container, {secret + "-volume", "secret", secret, {}}, path);
  }
  if (!conf_.small_files_secret.empty() && !conf_.small_files_path.empty()) {
    add_volume(tmpl, container, {"submitted-files", "secret", conf_.small_files_secret, {}}, conf_.small_files_path);
    container.env.push_back(env_value("SPARK_MOUNTED_FILES_FROM_SECRET_DIR", conf_.small_files_path));
  }
  if (!conf_.init_config_map.empty() && !conf_.init_config_key.empty()) add_init_container(tmpl, container);
  if (!conf_.hadoop_config_map.empty()) add_hadoop(tmpl, container);
}

void ForkPodFactory::add_init_container(PodTemplate& tmpl, Container& container) const {
  Container init;
  init.name = "spark-init";
  init.image = conf_.init_image;
  init.image_pull_policy = conf_.pull_policy;
  init.args = {"/etc/spark-init/spark-init.properties"};
  for (const auto& [name, value] : conf_.env) init.env.push_back(env_value(name, value));
  Volume properties{"spark-init-properties", "configMap", conf_.init_config_map, {}};
  properties.options["items"] = conf_.init_config_key + ":spark-init.properties";
  add_volume(tmpl, init, std::move(properties), "/etc/spark-init");
  const auto shared_dir = [&](const char* name, const std::string& path) {
    add_volume(tmpl, init, {name, "emptyDir", "", {}}, path);
    container.mounts.push_back({name, path, "", false});
  };
  shared_dir("download-jars-volume", conf_.jars_dir);
  shared_dir("download-files", conf_.files_dir);
  container.env.push_back(env_value("SPARK_MOUNTED_FILES_DIR", conf_.files_dir));
  if (!conf_.staging_secret.empty() && !conf_.staging_secret_dir.empty()) {
    add_volume(tmpl, init, {"spark-init-secret", "secret", conf_.staging_secret, {}}, conf_.staging_secret_dir);
  }
  // The user's secrets are on the pod already; the init container only mounts them.
  for (const auto& [secret, path] : conf_.secrets) init.mounts.push_back({secret + "-volume", path, "", false});
  tmpl.init_containers.push_back(std::move(init));
}

void ForkPodFactory::add_hadoop(PodTemplate& tmpl, Container& container) const {
  Volume properties{"hadoop-properties", "configMap", conf_.hadoop_config_map, {}};
  std::string items;
  for (const std::string& file : identity_.hadoop_conf_files) {
    items += fmt::format("{}{}:{}", items.empty() ? "" : ",", file, file);
  }
  if (!items.empty()) properties.options["items"] = items;
  add_volume(tmpl, container, std::move(properties), "/etc/hadoop/conf");
  container.env.push_back(env_value("HADOOP_CONF_DIR", "/etc/hadoop/conf"));
  if (!conf_.token_secret.empty() && !conf_.token_item.empty()) {
    constexpr std::string_view kTokens = "/mnt/secrets/hadoop-credentials";
    add_volume(tmpl, container, {"hadoop-secret", "secret", conf_.token_secret, {}}, std::string(kTokens));
    container.env.push_back(env_value("HADOOP_TOKEN_FILE_LOCATION", fmt::format("{}/{}", kTokens, conf_.token_item)));
    container.env.push_back(env_value("SPARK_USER", conf_.user));
  } else if (!conf_.user.empty()) {
    container.env.push_back(env_value("SPARK_USER", conf_.user));
  }
}

}  // namespace podramp::backend
