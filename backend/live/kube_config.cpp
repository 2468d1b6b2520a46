#include "backend/live/kube_config.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>

#include "backend/live/base64.h"
#include "backend/yaml/yaml_tree.h"

namespace podramp::live {
namespace {

using yaml::YamlKind;
using yaml::YamlValue;

// A kubeconfig as parsed: the tree and where it stands.
struct Parsed {
  std::string path;
  YamlValue root;
};

// One named entry: `clusters: [{name, cluster: {...}}]`.
struct Entry {
  const Parsed* file = nullptr;
  const YamlValue* body = nullptr;  // nullptr: no such entry
  std::string path;                 // "clusters[prod].cluster"
};

// Reads the fields of one entry; wrong types and texts that are no base64 become errors.
class EntryReader {
 public:
  EntryReader(const Entry& entry, FieldErrors& errors) : entry_(entry), errors_(errors) {}

  std::string text(std::string_view name) const {
    const YamlValue* value = find(name);
    if (value == nullptr) return "";
    if (value->is_scalar()) return value->text;
    error(*value, name, "must be a string");
    return "";
  }
  bool flag(std::string_view name) const {
    const YamlValue* value = find(name);
    if (value == nullptr) return false;
    if (value->kind != YamlKind::boolean) error(*value, name, "must be true or false");
    return value->kind == YamlKind::boolean && value->text == "true";
  }
  std::string decoded(std::string_view name) const {
    const std::string written = text(name);
    const auto bytes = decode_base64(written);
    if (!bytes) error(*find(name), name, "is no base64");
    return bytes.value_or("");
  }
  std::string path(std::string_view name) const {
    std::string written = text(name);
    if (written.empty() || std::filesystem::path(written).is_absolute()) return written;
    return (std::filesystem::path(entry_.file->path).parent_path() / written).string();
  }
  std::vector<std::string> texts(std::string_view name) const {
    std::vector<std::string> all;
    const YamlValue* list = find(name);
    if (list == nullptr) return all;
    if (list->kind != YamlKind::list) error(*list, name, "must be a list of strings");
    for (const YamlValue& item : list->items) {
      if (!item.is_scalar()) error(item, name, "must be a list of strings");
      all.push_back(item.text);
    }
    return all;
  }
  const YamlValue* find(std::string_view name) const {
    const YamlValue* value = entry_.body == nullptr ? nullptr : entry_.body->find(name);
    return value == nullptr || value->kind == YamlKind::null ? nullptr : value;
  }
  void error(const YamlValue& at, std::string_view name, std::string message) const {
    errors_.push_back({entry_.file->path, at.line, fmt::format("{}.{}", entry_.path, name), std::move(message)});
  }
  void error(std::string message) const {
    const int line = entry_.body == nullptr ? 0 : entry_.body->line;
    errors_.push_back({entry_.file->path, line, entry_.path, std::move(message)});
  }
  Entry inner(std::string_view name) const {
    return {entry_.file, find(name), fmt::format("{}.{}", entry_.path, name)};
  }

 private:
  const Entry& entry_;
  FieldErrors& errors_;
};

std::string name_of(const YamlValue& item) {
  const YamlValue* name = item.find("name");
  return name != nullptr && name->is_scalar() ? name->text : "";
}

// The first entry of this name in all files, and what names there are.
Entry find_entry(const std::vector<Parsed>& files, std::string_view list, std::string_view member,
                 const std::string& name, std::vector<std::string>& known) {
  for (const Parsed& file : files) {
    const YamlValue* items = file.root.find(list);
    if (items == nullptr || items->kind != YamlKind::list) continue;
    for (const YamlValue& item : items->items) {
      known.push_back(name_of(item));
      if (known.back() != name) continue;
      return {&file, item.find(member), fmt::format("{}[{}].{}", list, name, member)};
    }
  }
  return {};
}

void read_cluster(const EntryReader& cluster, KubeContext& into) {
  into.server = cluster.text("server");
  while (into.server.ends_with('/')) into.server.pop_back();
  if (into.server.find("://") == std::string::npos && !into.server.empty()) into.server = "https://" + into.server;
  if (into.server.empty()) {
    cluster.error("has no server");
  } else if (!into.server.starts_with("https://") && !into.server.starts_with("http://")) {
    cluster.error("server must be an http or https URL");
  }
  into.ca_file = cluster.path("certificate-authority");
  into.ca_data = cluster.decoded("certificate-authority-data");
  into.insecure = cluster.flag("insecure-skip-tls-verify");
  if (into.insecure && (!into.ca_file.empty() || !into.ca_data.empty())) {
    cluster.error("has both a certificate authority and insecure-skip-tls-verify: remove one");
  }
  into.tls_server_name = cluster.text("tls-server-name");
  into.proxy_url = cluster.text("proxy-url");
}

void read_exec(const EntryReader& user, FieldErrors& errors, KubeContext& into) {
  if (user.find("exec") == nullptr) return;
  const Entry entry = user.inner("exec");
  const EntryReader exec(entry, errors);
  ExecPlugin plugin;
  plugin.command = exec.text("command");
  if (plugin.command.find('/') != std::string::npos) plugin.command = exec.path("command");
  if (plugin.command.empty()) exec.error("has no command");
  plugin.args = exec.texts("args");
  plugin.api_version = exec.text("apiVersion");
  if (plugin.api_version != "client.authentication.k8s.io/v1" &&
      plugin.api_version != "client.authentication.k8s.io/v1beta1") {
    exec.error(fmt::format("apiVersion \"{}\": client.authentication.k8s.io/v1 and /v1beta1 are understood",
                           plugin.api_version));
  }
  plugin.install_hint = exec.text("installHint");
  plugin.provide_cluster_info = exec.flag("provideClusterInfo");
  plugin.always_interactive = exec.text("interactiveMode") == "Always";
  const YamlValue* env = exec.find("env");
  for (const YamlValue& item : env == nullptr ? std::vector<YamlValue>{} : env->items) {
    const YamlValue* value = item.find("value");
    plugin.env.emplace_back(name_of(item), value == nullptr ? "" : value->text);
  }
  into.exec.push_back(std::move(plugin));
}

void read_user(const EntryReader& user, FieldErrors& errors, KubeContext& into) {
  into.token = user.text("token");
  into.token_file = user.path("tokenFile");
  into.certificate_file = user.path("client-certificate");
  into.certificate_data = user.decoded("client-certificate-data");
  into.key_file = user.path("client-key");
  into.key_data = user.decoded("client-key-data");
  const bool certificate = !into.certificate_file.empty() || !into.certificate_data.empty();
  const bool key = !into.key_file.empty() || !into.key_data.empty();
  if (certificate != key) user.error("has a client certificate without its key, or the other way round");
  into.username = user.text("username");
  into.password = user.text("password");
  into.as_user = user.text("as");
  into.as_uid = user.text("as-uid");
  into.as_groups = user.texts("as-groups");
  read_exec(user, errors, into);
  if (user.find("auth-provider") != nullptr) {
    user.error(
        "auth-provider was removed from Kubernetes in 1.26: use an exec plugin, which your cloud's tool sets up");
  }
}

std::vector<Parsed> parse_all(const std::vector<KubeConfigText>& files, FieldErrors& errors) {
  std::vector<Parsed> all;
  for (const KubeConfigText& file : files) {
    yaml::YamlText parsed = yaml::parse_yaml(file.text, file.path);
    errors.insert(errors.end(), parsed.errors.begin(), parsed.errors.end());
    if (parsed.documents.empty()) continue;
    if (parsed.documents.size() > 1 || parsed.documents.front().kind != YamlKind::map) {
      errors.push_back({file.path, 1, "", "is no kubeconfig: one YAML object is expected"});
      continue;
    }
    all.push_back({file.path, std::move(parsed.documents.front())});
  }
  return all;
}

std::string current_context(const std::vector<Parsed>& files) {
  for (const Parsed& file : files) {
    const YamlValue* current = file.root.find("current-context");
    if (current != nullptr && current->is_scalar() && !current->text.empty()) return current->text;
  }
  return "";
}

FieldErrors missing(const std::vector<KubeConfigText>& files, std::string path, std::string message) {
  return {{files.empty() ? "" : files.front().path, 0, std::move(path), std::move(message)}};
}

}  // namespace

tl::expected<KubeContext, FieldErrors> read_kube_config(const std::vector<KubeConfigText>& files,
                                                        std::string_view context) {
  FieldErrors errors;
  const std::vector<Parsed> parsed = parse_all(files, errors);
  if (!errors.empty()) return tl::unexpected(errors);
  KubeContext found;
  found.context = context.empty() ? current_context(parsed) : std::string(context);
  std::vector<std::string> known;
  const Entry named = find_entry(parsed, "contexts", "context", found.context, known);
  if (named.body == nullptr) {
    return tl::unexpected(missing(
        files, "contexts",
        found.context.empty()
            ? fmt::format("there is no current-context: name one with --context; there are: {}", fmt::join(known, ", "))
            : fmt::format("there is no context \"{}\"; there are: {}", found.context, fmt::join(known, ", "))));
  }
  found.file = named.file->path;
  const EntryReader reader(named, errors);
  found.ns = reader.text("namespace");
  known.clear();
  const std::string cluster_name = reader.text("cluster");
  const Entry cluster = find_entry(parsed, "clusters", "cluster", cluster_name, known);
  if (cluster.body == nullptr) {
    reader.error(fmt::format("names the cluster \"{}\", which is not there; there are: {}", cluster_name,
                             fmt::join(known, ", ")));
  } else {
    read_cluster(EntryReader(cluster, errors), found);
  }
  known.clear();
  if (const std::string user_name = reader.text("user"); !user_name.empty()) {
    const Entry user = find_entry(parsed, "users", "user", user_name, known);
    if (user.file == nullptr) {
      reader.error(
          fmt::format("names the user \"{}\", which is not there; there are: {}", user_name, fmt::join(known, ", ")));
    } else {
      read_user(EntryReader(user, errors), errors, found);
    }
  }
  if (!errors.empty()) return tl::unexpected(errors);
  return found;
}

}  // namespace podramp::live
