#include "backend/live/cluster_access.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "backend/live/base64.h"

namespace podramp::live {
namespace {

constexpr DurationUs kTokenFileUs = kMinuteUs;  // a token file is read again after this, as client-go does
constexpr DurationUs kExpiryMarginUs = 30 * kSecondUs;

FieldErrors one_error(std::string file, std::string message) { return {{std::move(file), 0, "", std::move(message)}}; }

std::string trim_end(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) text.pop_back();
  return text;
}

std::vector<std::string> config_paths(const std::string& kubeconfig, const Surroundings& around) {
  if (!kubeconfig.empty()) return {kubeconfig};
  std::vector<std::string> paths;
  if (const auto listed = around.variable("KUBECONFIG"); listed && !listed->empty()) {
    std::istringstream all(*listed);
    // As kubectl: files of the list that are not there are passed over.
    for (std::string path; std::getline(all, path, ':');) {
      if (!path.empty() && std::filesystem::exists(path)) paths.push_back(path);
    }
    if (paths.empty()) paths.push_back(listed->substr(0, listed->find(':')));
    return paths;
  }
  const auto home = around.variable("HOME");
  const std::string usual = home ? *home + "/.kube/config" : "";
  if (!usual.empty() && std::filesystem::exists(usual)) paths.push_back(usual);
  return paths;
}

// Inside a pod: rest.InClusterConfig of client-go.
tl::expected<KubeContext, FieldErrors> in_cluster(const Surroundings& around) {
  const auto host = around.variable("KUBERNETES_SERVICE_HOST");
  const auto port = around.variable("KUBERNETES_SERVICE_PORT");
  if (!host || !port || host->empty() || port->empty()) {
    return tl::unexpected(one_error(
        "",
        "no cluster is known: name a kubeconfig with --kubeconfig or KUBECONFIG (there is no ~/.kube/config, and "
        "this is no pod: KUBERNETES_SERVICE_HOST is not set)"));
  }
  KubeContext context;
  context.context = "in-cluster";
  context.file = around.service_account;
  context.server = host->find(':') == std::string::npos ? fmt::format("https://{}:{}", *host, *port)
                                                        : fmt::format("https://[{}]:{}", *host, *port);
  context.token_file = around.service_account + "/token";
  context.ca_file = around.service_account + "/ca.crt";
  if (const auto ns = read_text_file(around.service_account + "/namespace")) context.ns = trim_end(*ns);
  return context;
}

}  // namespace

Surroundings process_surroundings() {
  Surroundings around;
  around.variable = [](const char* name) -> std::optional<std::string> {
    const char* value = std::getenv(name);  // NOLINT: there is one thread
    if (value == nullptr) return std::nullopt;
    return value;
  };
  return around;
}

Result<std::string> read_text_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (!file || !(text << file.rdbuf())) {
    const std::string why = std::filesystem::is_directory(path) ? "it is a folder" : std::strerror(errno);
    if (std::error_code none; file && std::filesystem::is_empty(path, none)) return std::string();
    return tl::unexpected(Error{fmt::format("cannot read {}: {}", path, why)});
  }
  return text.str();
}

tl::expected<ClusterAccess, FieldErrors> ClusterAccess::open(const std::string& kubeconfig, const std::string& context,
                                                             const Surroundings& around, WallZero zero) {
  std::vector<KubeConfigText> files;
  for (const std::string& path : config_paths(kubeconfig, around)) {
    auto text = read_text_file(path);
    if (!text) return tl::unexpected(one_error(path, text.error().message));
    files.push_back({path, std::move(*text)});
  }
  auto found = files.empty() ? in_cluster(around) : read_kube_config(files, context);
  if (!found) return tl::unexpected(found.error());
  ClusterAccess access(std::move(*found), zero);
  if (FieldErrors errors = access.load(); !errors.empty()) return tl::unexpected(std::move(errors));
  return access;
}

// The files that the context names. Data in the kubeconfig wins over them.
FieldErrors ClusterAccess::load() {
  FieldErrors errors;
  const auto pem = [&](const std::string& data, const std::string& path, std::string_view what) -> std::string {
    if (!data.empty() || path.empty()) return data;
    auto text = read_text_file(path);
    if (text) return std::move(*text);
    errors.push_back({context_.file, 0, std::string(what), text.error().message});
    return "";
  };
  base_.ca = pem(context_.ca_data, context_.ca_file, "certificate-authority");
  base_.certificate = pem(context_.certificate_data, context_.certificate_file, "client-certificate");
  base_.key = pem(context_.key_data, context_.key_file, "client-key");
  context_.ca_data = base_.ca;  // a plugin may want to know it
  base_.insecure = context_.insecure;
  base_.server_name = context_.tls_server_name;
  tls_ = std::make_shared<const TlsIdentity>(base_);
  if (!context_.token_file.empty()) {
    if (auto token = read_text_file(context_.token_file); !token) {
      errors.push_back({context_.file, 0, "tokenFile", token.error().message});
    }
  }
  return errors;
}

Result<bool> ClusterAccess::refresh(TimeUs now_us) {
  if (has_credentials_ && (!stale_us_ || now_us < *stale_us_)) return true;
  if (!context_.token_file.empty()) {
    auto token = read_text_file(context_.token_file);
    if (!token) {  // it is being replaced: the one we have may still do
      if (has_credentials_) return true;
      return tl::unexpected(token.error());
    }
    token_ = trim_end(std::move(*token));
    stale_us_ = now_us + kTokenFileUs;
  } else if (!context_.token.empty()) {
    token_ = context_.token;
  } else if (!context_.exec.empty()) {
    auto given = run_exec_plugin(context_.exec.front(), context_, zero_);
    if (!given) return tl::unexpected(given.error());
    token_ = given->token;
    stale_us_.reset();
    if (given->expires_us) stale_us_ = *given->expires_us - kExpiryMarginUs;
    if (!given->certificate.empty()) {
      TlsIdentity tls = base_;
      tls.certificate = given->certificate;
      tls.key = given->key;
      tls_ = std::make_shared<const TlsIdentity>(std::move(tls));
    }
  }
  has_credentials_ = true;
  return true;
}

Result<Headers> ClusterAccess::headers(TimeUs now_us) {
  if (auto fresh = refresh(now_us); !fresh) return tl::unexpected(fresh.error());
  Headers headers;
  if (!token_.empty()) {
    headers.emplace_back("Authorization", "Bearer " + token_);
  } else if (!context_.username.empty()) {
    headers.emplace_back("Authorization",
                         "Basic " + encode_base64(fmt::format("{}:{}", context_.username, context_.password)));
  }
  if (!context_.as_user.empty()) headers.emplace_back("Impersonate-User", context_.as_user);
  if (!context_.as_uid.empty()) headers.emplace_back("Impersonate-Uid", context_.as_uid);
  for (const std::string& group : context_.as_groups) headers.emplace_back("Impersonate-Group", group);
  return headers;
}

bool ClusterAccess::renew(TimeUs now_us) {
  if (context_.token_file.empty() && context_.exec.empty()) return false;
  const std::string token = token_;
  const auto tls = tls_;
  has_credentials_ = false;
  if (!refresh(now_us)) return false;
  return token_ != token || tls_ != tls;
}

}  // namespace podramp::live
