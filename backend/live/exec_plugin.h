// Runs a kubeconfig's exec plugin (cloud logins) and reads the credentials that it prints. The process that asks waits.
// Source: the API client.authentication.k8s.io, kinds ExecCredential v1 and v1beta1.
#pragma once

#include <optional>
#include <string>

#include "backend/live/kube_config.h"
#include "backend/port/wall_time.h"

namespace podramp::live {

struct PluginCredentials {
  std::string token;
  std::string certificate;  // PEM
  std::string key;
  std::optional<TimeUs> expires_us;  // absent: good until the server refuses it
};

inline constexpr int kPluginTimeoutS = 60;

// cluster: of its context, told to the plugin when it asks for that. Errors say what to do and hold nothing that the
// plugin printed on stdout; its stderr goes to ours.
Result<PluginCredentials> run_exec_plugin(const ExecPlugin& plugin, const KubeContext& cluster, WallZero zero);

// Its answer. Errors: no ExecCredential of this version, no credentials in it.
Result<PluginCredentials> read_exec_credential(std::string_view text, const ExecPlugin& plugin, WallZero zero);

}  // namespace podramp::live
