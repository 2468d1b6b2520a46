// Access to a cluster from files, plugins and a pod's service account, in folders of the test's own.
#include "backend/live/cluster_access.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>

#include "backend/http/test_certificates.h"

namespace podramp::live::cluster_access_test {
namespace {

using http::TestFolder;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

Surroundings around(std::map<std::string, std::string> variables, std::string service_account = "") {
  Surroundings given;
  given.variable = [variables = std::move(variables)](const char* name) -> std::optional<std::string> {
    const auto it = variables.find(name);
    return it == variables.end() ? std::nullopt : std::optional(it->second);
  };
  given.service_account = std::move(service_account);
  return given;
}

std::string config_with(const std::string& user, const std::string& cluster = R"(server: "http://x:1")") {
  return fmt::format(
      "current-context: c\ncontexts: [{{name: c, context: {{cluster: k, user: u}}}}]\n"
      "clusters: [{{name: k, cluster: {{{}}}}}]\nusers: [{{name: u, user: {{{}}}}}]\n",
      cluster, user);
}

ClusterAccess open(const std::string& path) {
  auto access = ClusterAccess::open(path, "", around({}), {});
  EXPECT_TRUE(access.has_value()) << (access ? "" : to_string(access.error().front()));
  return std::move(*access);
}

std::string refusal(const std::string& path, const Surroundings& given) {
  const auto access = ClusterAccess::open(path, "", given, {});
  EXPECT_FALSE(access.has_value());
  return access ? "" : to_string(access.error().front());
}

TEST(ClusterAccess, ATokenOrAPasswordGoesIntoAHeader) {
  const TestFolder folder;
  ClusterAccess token = open(folder.write("a", config_with("token: abc, as: someone, as-groups: [g]")));
  EXPECT_THAT(token.headers(0).value(),
              ElementsAre(Pair("Authorization", "Bearer abc"), Pair("Impersonate-User", "someone"),
                          Pair("Impersonate-Group", "g")));
  ClusterAccess password = open(folder.write("b", config_with("username: me, password: pw")));
  EXPECT_THAT(password.headers(0).value(), ElementsAre(Pair("Authorization", "Basic bWU6cHc=")));
  EXPECT_FALSE(password.renew(0));
}

TEST(ClusterAccess, CertificatesComeFromFilesBesideTheKubeconfig) {
  const TestFolder folder;
  folder.write("pki/ca.crt", "CA");
  folder.write("pki/me.crt", "CERT");
  folder.write("pki/me.key", "KEY");
  const ClusterAccess access =
      open(folder.write("config", config_with("client-certificate: pki/me.crt, client-key: pki/me.key",
                                              R"(server: "https://x:1", certificate-authority: pki/ca.crt)")));
  EXPECT_EQ(*access.tls(), (TlsIdentity{"CA", "CERT", "KEY", "", false}));
}

TEST(ClusterAccess, AFileThatIsNotThereIsNamedWithTheFieldThatNamesIt) {
  const TestFolder folder;
  const std::string path = folder.write("config", config_with("client-certificate: no.crt, client-key: no.key"));
  EXPECT_EQ(
      refusal(path, around({})),
      fmt::format("{0}/config: client-certificate: cannot read {0}/no.crt: No such file or directory", folder.path()));
  EXPECT_THAT(refusal(folder.path() + "/none", around({})), HasSubstr("none: No such file or directory"));
}

TEST(ClusterAccess, ATokenFileIsReadAgainAfterAMinuteAndWhenTheTokenIsRefused) {
  const TestFolder folder;
  folder.write("token", "one\n");
  ClusterAccess access = open(folder.write("config", config_with("tokenFile: token")));
  EXPECT_THAT(access.headers(0).value(), ElementsAre(Pair("Authorization", "Bearer one")));
  folder.write("token", "two\n");
  EXPECT_THAT(access.headers(59 * kSecondUs).value(), ElementsAre(Pair("Authorization", "Bearer one")));
  EXPECT_THAT(access.headers(60 * kSecondUs).value(), ElementsAre(Pair("Authorization", "Bearer two")));
  EXPECT_FALSE(access.renew(61 * kSecondUs));
  folder.write("token", "three\n");
  EXPECT_TRUE(access.renew(62 * kSecondUs));
  EXPECT_THAT(access.headers(62 * kSecondUs).value(), ElementsAre(Pair("Authorization", "Bearer three")));
}

TEST(ClusterAccess, KubeconfigsOfTheEnvironmentAreMergedAndMissingOnesPassedOver) {
  const TestFolder folder;
  const std::string first = folder.write("first", "current-context: c\n");
  const std::string second = folder.write("second", config_with("token: abc"));
  auto access =
      ClusterAccess::open("", "", around({{"KUBECONFIG", folder.path() + "/none:" + first + ":" + second}}), {});
  ASSERT_TRUE(access.has_value());
  EXPECT_EQ(access->server(), "http://x:1");
  folder.write(".kube/config", config_with("token: home"));
  access = ClusterAccess::open("", "", around({{"HOME", folder.path()}}), {});
  ASSERT_TRUE(access.has_value());
  EXPECT_THAT(access->headers(0).value(), ElementsAre(Pair("Authorization", "Bearer home")));
}

TEST(ClusterAccess, InsideAPodTheServiceAccountIsUsed) {
  const TestFolder folder;
  folder.write("sa/token", "sa-token");
  folder.write("sa/ca.crt", "CA");
  folder.write("sa/namespace", "jobs\n");
  const std::map<std::string, std::string> pod{
      {"KUBERNETES_SERVICE_HOST", "10.96.0.1"}, {"KUBERNETES_SERVICE_PORT", "443"}, {"HOME", folder.path()}};
  auto access = ClusterAccess::open("", "", around(pod, folder.path() + "/sa"), {});
  ASSERT_TRUE(access.has_value());
  EXPECT_EQ(access->server(), "https://10.96.0.1:443");
  EXPECT_EQ(access->ns(), "jobs");
  EXPECT_EQ(access->tls()->ca, "CA");
  EXPECT_THAT(access->headers(0).value(), ElementsAre(Pair("Authorization", "Bearer sa-token")));
  EXPECT_THAT(refusal("", around({{"HOME", folder.path()}})), HasSubstr("no cluster is known: name a kubeconfig"));
}

// --- exec plugins --------------------------------------------------------------------------------------------------

// A plugin that is a shell script; it sees its arguments and environment.
std::string plugin_config(const TestFolder& folder, const std::string& script, const std::string& more = "") {
  const std::string path = folder.write("login", "#!/bin/sh\n" + script + "\n");
  std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  return folder.write("config",
                      config_with("exec: {apiVersion: client.authentication.k8s.io/v1, command: ./login, args: [a b], "
                                  "env: [{name: PLACE, value: north}], installHint: install it" +
                                      more + "}",
                                  R"(server: "https://x:1", certificate-authority-data: Q0E=)"));
}

constexpr const char* kCredential =
    R"({"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{)";

TEST(ExecPlugin, ItsTokenIsUsedUntilShortlyBeforeItExpires) {
  const TestFolder folder;
  // The token says how often it was asked, what it was given, and where.
  ClusterAccess access = open(plugin_config(
      folder, fmt::format("cd '{}'; echo x >> times; printf '%s\"token\":\"t%s-%s-%s\",\"expirationTimestamp\":"
                          "\"2026-01-01T00:10:00Z\"}}}}' '{}' $(wc -l < times) \"$1\" $PLACE",
                          folder.path(), kCredential)));
  EXPECT_THAT(access.headers(0).value(), ElementsAre(Pair("Authorization", "Bearer t1-a b-north")));
  EXPECT_THAT(access.headers(569 * kSecondUs).value(), ElementsAre(Pair("Authorization", "Bearer t1-a b-north")));
  EXPECT_THAT(access.headers(570 * kSecondUs).value(), ElementsAre(Pair("Authorization", "Bearer t2-a b-north")));
  EXPECT_TRUE(access.renew(kSecondUs));
}

TEST(ExecPlugin, ItMayGiveACertificateAndAskForTheCluster) {
  const TestFolder folder;
  ClusterAccess access = open(plugin_config(
      folder,
      fmt::format("printf '%s' \"$KUBERNETES_EXEC_INFO\" > '{}/info'\nprintf '%s\"clientCertificateData\":\"CERT\","
                  "\"clientKeyData\":\"KEY\"}}}}' '{}'",
                  folder.path(), kCredential),
      ", provideClusterInfo: true"));
  EXPECT_TRUE(access.headers(0).value().empty());
  EXPECT_EQ(*access.tls(), (TlsIdentity{"CA", "CERT", "KEY", "", false}));
  EXPECT_EQ(read_text_file(folder.path() + "/info").value(),
            R"({"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","spec":{"cluster":{)"
            R"("certificate-authority-data":"Q0E=","server":"https://x:1"},"interactive":false}})");
}

TEST(ExecPlugin, WhatGoesWrongIsToldWithTheHintAndWithoutWhatItPrinted) {
  const TestFolder folder;
  const auto told = [&](const std::string& script) {
    return open(plugin_config(folder, script)).headers(0).error().message;
  };
  EXPECT_THAT(told("exit 7"), HasSubstr("login failed with exit code 7\ninstall it"));
  EXPECT_THAT(told("kill -9 $$"), HasSubstr("was ended by signal 9"));
  EXPECT_THAT(told("echo canary"),
              testing::AllOf(HasSubstr("printed no ExecCredential"), testing::Not(HasSubstr("canary"))));
  EXPECT_THAT(told(fmt::format("echo '{}}}}}'", kCredential)), HasSubstr("gave neither a token nor a certificate"));
  EXPECT_THAT(told(R"(echo '{"apiVersion":"client.authentication.k8s.io/v1beta1","kind":"ExecCredential"}')"),
              HasSubstr("answers as client.authentication.k8s.io/v1beta1"));
  EXPECT_THAT(told(fmt::format("echo '{}\"token\":\"canary\",\"expirationTimestamp\":\"soon\"}}}}'", kCredential)),
              HasSubstr("gave an expirationTimestamp that is no date"));
  std::filesystem::remove(folder.path() + "/login");
  ClusterAccess gone = open(folder.path() + "/config");
  EXPECT_THAT(gone.headers(0).error().message, HasSubstr("was not found\ninstall it"));
}

}  // namespace
}  // namespace podramp::live::cluster_access_test
