#include "backend/live/kube_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace podramp::live::kube_config_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kConfig = R"(apiVersion: v1
kind: Config
current-context: prod
contexts:
- {name: prod, context: {cluster: big, user: admin, namespace: spark}}
- {name: edge, context: {cluster: small, user: robot}}
- {name: lost, context: {cluster: nowhere, user: nobody}}
clusters:
- name: big
  cluster:
    server: https://10.0.0.1:6443/
    certificate-authority: ca/big.crt
    tls-server-name: kubernetes
    proxy-url: http://proxy:3128
- name: small
  cluster: {server: small.example:443, insecure-skip-tls-verify: true}
users:
- name: admin
  user:
    client-certificate-data: Q0VSVA==
    client-key-data: S0VZ
    as: auditor
    as-groups: [readers, writers]
- name: robot
  user:
    exec:
      apiVersion: client.authentication.k8s.io/v1beta1
      command: ./login
      args: [get-token, --cluster=small]
      env: [{name: REGION, value: north}]
      provideClusterInfo: true
      interactiveMode: Never
      installHint: install the login tool
)";

KubeContext read(const std::string& text, std::string_view context = "") {
  const auto found = read_kube_config({{"/cfg/config", text}}, context);
  EXPECT_TRUE(found.has_value()) << (found ? "" : to_string(found.error().front()));
  return found.value_or(KubeContext{});
}

std::string mistakes(const std::string& text, std::string_view context = "") {
  std::string all;
  const auto found = read_kube_config({{"/cfg/config", text}}, context);
  EXPECT_FALSE(found.has_value());
  for (const FieldError& error : found ? FieldErrors{} : found.error()) all += to_string(error) + "\n";
  return all;
}

TEST(KubeConfig, TheCurrentContextNamesClusterAndUser) {
  const KubeContext context = read(kConfig);
  EXPECT_EQ(context.context, "prod");
  EXPECT_EQ(context.ns, "spark");
  EXPECT_EQ(context.server, "https://10.0.0.1:6443");
  EXPECT_EQ(context.ca_file, "/cfg/ca/big.crt");
  EXPECT_EQ(context.tls_server_name, "kubernetes");
  EXPECT_EQ(context.proxy_url, "http://proxy:3128");
  EXPECT_EQ(context.certificate_data, "CERT");
  EXPECT_EQ(context.key_data, "KEY");
  EXPECT_EQ(context.as_user, "auditor");
  EXPECT_THAT(context.as_groups, ElementsAre("readers", "writers"));
  EXPECT_FALSE(context.insecure);
}

TEST(KubeConfig, AnotherContextMayBeChosenAndMayUseAnExecPlugin) {
  const KubeContext context = read(kConfig, "edge");
  EXPECT_EQ(context.server, "https://small.example:443");
  EXPECT_TRUE(context.insecure);
  ASSERT_EQ(context.exec.size(), 1U);
  const ExecPlugin& plugin = context.exec.front();
  EXPECT_EQ(plugin.command, "/cfg/./login");
  EXPECT_THAT(plugin.args, ElementsAre("get-token", "--cluster=small"));
  EXPECT_THAT(plugin.env, ElementsAre(std::pair<std::string, std::string>("REGION", "north")));
  EXPECT_EQ(plugin.api_version, "client.authentication.k8s.io/v1beta1");
  EXPECT_EQ(plugin.install_hint, "install the login tool");
  EXPECT_TRUE(plugin.provide_cluster_info);
}

TEST(KubeConfig, OfSeveralFilesTheFirstThatHasANameKeepsIt) {
  const auto found = read_kube_config(
      {{"/a/one", "current-context: mine\ncontexts: [{name: mine, context: {cluster: big, user: admin}}]\n"},
       {"/cfg/config", kConfig}},
      "");
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->context, "mine");
  EXPECT_EQ(found->ns, "");
  EXPECT_EQ(found->ca_file, "/cfg/ca/big.crt");
}

TEST(KubeConfig, MistakesHaveTheirPlaceAndSayWhatThereIs) {
  EXPECT_EQ(mistakes(kConfig, "nope"),
            "/cfg/config: contexts: there is no context \"nope\"; there are: prod, edge, lost\n");
  EXPECT_EQ(mistakes(kConfig, "lost"),
            "/cfg/config:7: contexts[lost].context: names the cluster \"nowhere\", which is not there; there are: big, "
            "small\n/cfg/config:7: contexts[lost].context: names the user \"nobody\", which is not there; there are: "
            "admin, robot\n");
  EXPECT_THAT(mistakes("contexts: []\n"), HasSubstr("there is no current-context: name one with --context"));
  EXPECT_THAT(mistakes("- a\n"), HasSubstr("is no kubeconfig"));
}

TEST(KubeConfig, WhatIsWrongInAnEntryIsToldWithoutItsValue) {
  const std::string told = mistakes(R"(current-context: c
contexts: [{name: c, context: {cluster: k, user: u}}]
clusters:
- name: k
  cluster: {server: "https://k", certificate-authority-data: "canary!", insecure-skip-tls-verify: 7}
users:
- name: u
  user:
    client-certificate-data: Q0VSVA==
    token: [canary]
    auth-provider: {name: gcp}
    exec: {apiVersion: client.authentication.k8s.io/v1alpha1, command: x}
)");
  EXPECT_THAT(told, HasSubstr("clusters[k].cluster.certificate-authority-data: is no base64"));
  EXPECT_THAT(told, HasSubstr("clusters[k].cluster.insecure-skip-tls-verify: must be true or false"));
  EXPECT_THAT(told, HasSubstr(":10: users[u].user.token: must be a string"));
  EXPECT_THAT(told, HasSubstr("has a client certificate without its key"));
  EXPECT_THAT(told, HasSubstr("auth-provider was removed from Kubernetes in 1.26"));
  EXPECT_THAT(told, HasSubstr("apiVersion \"client.authentication.k8s.io/v1alpha1\""));
  EXPECT_THAT(told, testing::Not(HasSubstr("canary")));
}

}  // namespace
}  // namespace podramp::live::kube_config_test
