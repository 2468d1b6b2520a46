#include "backend/live/exec_plugin.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include "backend/live/base64.h"
#include "backend/yaml/yaml_tree.h"

namespace podramp::live {
namespace {

constexpr std::size_t kPluginOutputMax = 1 << 20;
constexpr int kNotFound = 127;

yaml::YamlValue scalar(std::string key, std::string text, yaml::YamlKind kind = yaml::YamlKind::text) {
  yaml::YamlValue value;
  value.kind = kind;
  value.key = std::move(key);
  value.text = std::move(text);
  return value;
}

yaml::YamlValue object(std::string key, std::vector<yaml::YamlValue> members) {
  yaml::YamlValue value;
  value.kind = yaml::YamlKind::map;
  value.key = std::move(key);
  value.items = std::move(members);
  return value;
}

// KUBERNETES_EXEC_INFO: what the plugin is asked, and of which cluster when it wants to know.
std::string exec_info(const ExecPlugin& plugin, const KubeContext& cluster) {
  const bool interactive = plugin.always_interactive && isatty(STDIN_FILENO) != 0;
  std::vector<yaml::YamlValue> spec{scalar("interactive", interactive ? "true" : "false", yaml::YamlKind::boolean)};
  if (plugin.provide_cluster_info) {
    std::vector<yaml::YamlValue> about{scalar("server", cluster.server)};
    if (!cluster.ca_data.empty()) about.push_back(scalar("certificate-authority-data", encode_base64(cluster.ca_data)));
    if (cluster.insecure) about.push_back(scalar("insecure-skip-tls-verify", "true", yaml::YamlKind::boolean));
    if (!cluster.tls_server_name.empty()) about.push_back(scalar("tls-server-name", cluster.tls_server_name));
    if (!cluster.proxy_url.empty()) about.push_back(scalar("proxy-url", cluster.proxy_url));
    spec.push_back(object("cluster", std::move(about)));
  }
  return to_json(object("", {scalar("apiVersion", plugin.api_version), scalar("kind", "ExecCredential"),
                             object("spec", std::move(spec))}));
}

[[noreturn]] void become(const ExecPlugin& plugin, const std::string& info, int output) {
  dup2(output, STDOUT_FILENO);
  if (!plugin.always_interactive) {
    const int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    dup2(nothing, STDIN_FILENO);
  }
  for (const auto& [name, value] : plugin.env) setenv(name.c_str(), value.c_str(), 1);
  setenv("KUBERNETES_EXEC_INFO", info.c_str(), 1);
  std::vector<std::string> words{plugin.command};
  words.insert(words.end(), plugin.args.begin(), plugin.args.end());
  std::vector<char*> argv;
  argv.reserve(words.size() + 1);
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  execvp(argv.front(), argv.data());
  _exit(kNotFound);
}

// Everything until the other end is closed; nullopt when the time is over or it is too much.
std::optional<std::string> drain(int input, std::chrono::steady_clock::time_point deadline) {
  std::string text;
  std::array<char, 4096> piece{};
  while (true) {
    const auto left = deadline - std::chrono::steady_clock::now();
    const auto left_ms = std::chrono::duration_cast<std::chrono::milliseconds>(left).count();
    if (left_ms <= 0 || text.size() > kPluginOutputMax) return std::nullopt;
    pollfd waiting{input, POLLIN, 0};
    if (poll(&waiting, 1, static_cast<int>(left_ms)) < 0 && errno != EINTR) return std::nullopt;
    if (waiting.revents == 0) continue;
    const ssize_t n = read(input, piece.data(), piece.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return text;
    text.append(piece.data(), static_cast<std::size_t>(n));
  }
}

Error plugin_error(const ExecPlugin& plugin, const std::string& why) {
  const std::string hint = plugin.install_hint.empty() ? "" : "\n" + plugin.install_hint;
  return Error{fmt::format("the credentials plugin {} {}{}", plugin.command, why, hint)};
}

std::string text_in(const yaml::YamlValue* map, std::string_view name) {
  const yaml::YamlValue* value = map == nullptr ? nullptr : map->find(name);
  return value == nullptr || !value->is_scalar() || value->kind == yaml::YamlKind::null ? "" : value->text;
}

}  // namespace

Result<PluginCredentials> read_exec_credential(std::string_view text, const ExecPlugin& plugin, WallZero zero) {
  const auto refuse = [&](const std::string& why) { return tl::unexpected(plugin_error(plugin, why)); };
  const yaml::YamlText parsed = yaml::parse_yaml(text, "its answer");
  if (!parsed.errors.empty() || parsed.documents.size() != 1) return refuse("printed something that is no JSON");
  const yaml::YamlValue& answer = parsed.documents.front();
  if (text_in(&answer, "kind") != "ExecCredential") return refuse("printed no ExecCredential");
  if (const std::string version = text_in(&answer, "apiVersion"); version != plugin.api_version) {
    return refuse(fmt::format("answers as {}, the kubeconfig says {}", version, plugin.api_version));
  }
  const yaml::YamlValue* status = answer.find("status");
  PluginCredentials credentials;
  credentials.token = text_in(status, "token");
  credentials.certificate = text_in(status, "clientCertificateData");
  credentials.key = text_in(status, "clientKeyData");
  if (credentials.certificate.empty() != credentials.key.empty()) {
    return refuse("gave a certificate without its key, or the other way round");
  }
  if (credentials.token.empty() && credentials.certificate.empty()) {
    return refuse("gave neither a token nor a certificate");
  }
  if (const std::string expires = text_in(status, "expirationTimestamp"); !expires.empty()) {
    credentials.expires_us = parse_wall_time(expires, zero);
    if (!credentials.expires_us) return refuse("gave an expirationTimestamp that is no date");
  }
  return credentials;
}

Result<PluginCredentials> run_exec_plugin(const ExecPlugin& plugin, const KubeContext& cluster, WallZero zero) {
  const auto refuse = [&](const std::string& why) { return tl::unexpected(plugin_error(plugin, why)); };
  const std::string info = exec_info(plugin, cluster);
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return refuse(fmt::format("cannot be run: {}", std::strerror(errno)));
  const pid_t child = fork();
  if (child == 0) become(plugin, info, ends[1]);
  close(ends[1]);
  if (child < 0) {
    close(ends[0]);
    return refuse(fmt::format("cannot be run: {}", std::strerror(errno)));
  }
  const auto text = drain(ends[0], std::chrono::steady_clock::now() + std::chrono::seconds(kPluginTimeoutS));
  close(ends[0]);
  if (!text) kill(child, SIGKILL);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!text) return refuse(fmt::format("did not answer within {} s, or said too much", kPluginTimeoutS));
  if (WIFEXITED(status) && WEXITSTATUS(status) == kNotFound) return refuse("was not found");
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    return refuse(WIFEXITED(status) ? fmt::format("failed with exit code {}", WEXITSTATUS(status))
                                    : fmt::format("was ended by signal {}", WTERMSIG(status)));
  }
  return read_exec_credential(*text, plugin, zero);
}

}  // namespace podramp::live
