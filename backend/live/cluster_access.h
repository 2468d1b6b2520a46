// How to reach one cluster and be known to it: from a kubeconfig or, inside a pod, from its service account. Opens the
// files and runs the plugins that these name; credentials are renewed when they end or are refused. Nothing secret
// leaves it but through headers() and tls(). Next: kube_config.h, exec_plugin.h.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backend/live/exec_plugin.h"
#include "backend/live/http_client.h"
#include "backend/live/kube_config.h"

namespace podramp::live {

// What a process knows of where it runs; tests give their own.
struct Surroundings {
  std::function<std::optional<std::string>(const char* name)> variable;
  std::string service_account = "/var/run/secrets/kubernetes.io/serviceaccount";
};
Surroundings process_surroundings();

// The file's text. Errors name the path and say why.
Result<std::string> read_text_file(const std::string& path);

class ClusterAccess {
 public:
  // --kubeconfig's file, else $KUBECONFIG (files joined by ':'), else ~/.kube/config, else the service account of the
  // pod around us. context: "" is the current one.
  static tl::expected<ClusterAccess, FieldErrors> open(const std::string& kubeconfig, const std::string& context,
                                                       const Surroundings& around, WallZero zero);

  const std::string& server() const { return context_.server; }
  const std::string& proxy() const { return context_.proxy_url; }
  const std::string& ns() const { return context_.ns; }        // "" when nothing names one
  const std::string& origin() const { return context_.file; }  // for messages
  const std::string& context() const { return context_.context; }

  // Who we are, for one request; may run a plugin, and then waits for it. now_us: since `zero`.
  Result<Headers> headers(TimeUs now_us);
  std::shared_ptr<const TlsIdentity> tls() const { return tls_; }
  // The server has answered 401: true when there is something newer to try.
  bool renew(TimeUs now_us);

 private:
  ClusterAccess(KubeContext context, WallZero zero) : context_(std::move(context)), zero_(zero) {}
  FieldErrors load();
  Result<bool> refresh(TimeUs now_us);

  KubeContext context_;
  WallZero zero_;
  TlsIdentity base_;  // what stays whatever the plugin says
  std::shared_ptr<const TlsIdentity> tls_;
  std::string token_;
  std::optional<TimeUs> stale_us_;  // from then on the token is asked for anew
  bool has_credentials_ = false;
};

}  // namespace podramp::live
