// A kubeconfig's text -> the cluster and user that one of its contexts names. Pure: no file is opened and nothing is
// run here. Next: cluster_access.h (reads what it names, runs exec plugins).
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

#include "backend/port/status.h"

namespace podramp::live {

// A program that gives credentials (client.authentication.k8s.io v1 or v1beta1).
struct ExecPlugin {
  std::string command;  // a path of its own, or a name for PATH
  std::vector<std::string> args;
  std::vector<std::pair<std::string, std::string>> env;
  std::string api_version;
  std::string install_hint;
  bool provide_cluster_info = false;
  bool always_interactive = false;
};

// Paths are as they are to be opened: relative ones are taken from the kubeconfig's folder, as kubectl does.
struct KubeContext {
  std::string context;  // its name
  std::string file;     // where it stands, for messages
  std::string ns;       // "" when it names none

  std::string server;  // "https://host:6443", without a slash at its end
  std::string ca_file;
  std::string ca_data;  // decoded
  bool insecure = false;
  std::string tls_server_name;
  std::string proxy_url;

  std::string token;
  std::string token_file;  // wins over token
  std::string certificate_file;
  std::string certificate_data;  // decoded; wins over the file
  std::string key_file;
  std::string key_data;
  std::string username;
  std::string password;
  std::string as_user;  // impersonation
  std::string as_uid;
  std::vector<std::string> as_groups;
  std::vector<ExecPlugin> exec;  // none or one
};

// One file of $KUBECONFIG, or the one that --kubeconfig names.
struct KubeConfigText {
  std::string path;
  std::string text;
};

// The context of this name; "": the current-context. Several files are merged as kubectl does: the first that has a
// name keeps it. Errors: every mistake in what the context needs, with file, line and path; values are never shown.
tl::expected<KubeContext, FieldErrors> read_kube_config(const std::vector<KubeConfigText>& files,
                                                        std::string_view context);

}  // namespace podramp::live
