// Whole live runs over TLS against a served cluster that lets in only whom it knows; and secrets planted in every place
// that can hold one, on both sides: no log, report or error text shows them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "fakeapi/http/secrets.h"
#include "sim/test_served_process.h"

namespace podramp::sim::live_tls_test {
namespace {

using testing::HasSubstr;
using testing::Not;

// Each secret has "canary" in it, in plain or as base64.
constexpr const char* kToken = "canary-token";

struct TlsWorld {
  http::TestFolder folder;
  http::TestCa ca;
  http::TestIdentity server = ca.issue_server();
  http::TestIdentity me = ca.issue({{"O", "system:masters"}, {"CN", "me"}}, "");
  std::string audit = folder.path() + "/audit.log";
  std::string run_log = folder.path() + "/served.jsonl";
  ServedProcess served{
      folder,
      served_scenario(),
      {"--speed", "10", "--tls-cert", folder.write("server.crt", server.certificate), "--tls-key",
       folder.write("server.key", server.key), "--client-ca", folder.write("ca.crt", ca.certificate()), "--token-file",
       folder.write("tokens", std::string(kToken) + ",alice,1,\"system:masters\"\ncanary-other,bob,2\n"), "--audit-log",
       audit, "--log-file", run_log}};

  // A kubeconfig of somebody else for the same server.
  std::string config_of(const std::string& user, const std::string& cluster = "") const {
    const std::string own = live::read_text_file(served.config()).value();
    const std::size_t at = own.find("https://");
    const std::string url = own.substr(at, own.find_first_of("\"\n ,}", at) - at);
    return folder.write(
        "config-" + std::to_string(hash_text(user + cluster)),
        fmt::format("current-context: c\ncontexts: [{{name: c, context: {{cluster: k, user: u}}}}]\n"
                    "clusters: [{{name: k, cluster: {{server: \"{}\", certificate-authority: {}{}}}}}]\n"
                    "users: [{{name: u, user: {{{}}}}}]\n",
                    url, folder.path() + "/ca.crt", cluster, user));
  }
  struct Ran {
    int code = 0;
    std::string said;
    std::string log;
  };
  Ran run(const std::string& config, const std::vector<std::string>& more = {}) {
    const std::string out = fmt::format("{}/live-{}", folder.path(), ++runs_);
    const std::string scenario =
        folder.write("small.json", live::live_scenario(2, R"("spark.hadoop.fs.s3a.secret.key":"canary-conf",)"
                                                          R"("spark.kubernetes.driverEnv.MY_PASSWORD":"canary-env",)"
                                                          R"("spark.ssl.keyStorePassword":"canary-store",)"));
    std::vector<std::string> words{PODRAMP_LIVE_BINARY, scenario, "--kubeconfig", config, "--out", out, "--hold", "1s"};
    words.insert(words.end(), more.begin(), more.end());
    live::TestProcess process(words, out);
    const int code = process.wait();
    return {code, process.out() + process.err(), live::read_text_file(out + "/events.jsonl").value_or("")};
  }

 private:
  int runs_ = 0;
};

std::string in_base64(const std::string& text) { return fakeapi::rest::base64(text); }

void expect_no_canary(const std::string& text) {
  const std::size_t at = text.find("canary");
  EXPECT_EQ(at, std::string::npos) << text.substr(at < 80 ? 0 : at - 80, 200);
  for (const char* secret : {"canary-token", "canary-plain", "canary-data", "canary-password"}) {
    EXPECT_THAT(text, Not(HasSubstr(in_base64(secret).substr(0, 8))));
  }
}

void expect_whole(const TlsWorld::Ran& ran) {
  EXPECT_EQ(ran.code, 0) << ran.said;
  EXPECT_THAT(ran.said, HasSubstr("etl: 2 of 2 executors"));
  EXPECT_THAT(ran.said, HasSubstr("0 are still there"));
}

TEST(LiveTls, AWholeRunWithATokenFromAFile) {
  TlsWorld world;
  expect_whole(world.run(world.served.config()));  // as the server wrote it: its token stands in the kubeconfig
  const std::string file = world.folder.write("token", std::string(kToken) + "\n");
  expect_whole(world.run(world.config_of("tokenFile: " + file)));
  EXPECT_EQ(world.served.pods_left(), "");
}

TEST(LiveTls, AWholeRunWithAClientCertificate) {
  TlsWorld world;
  expect_whole(world.run(world.config_of(fmt::format("client-certificate: {}, client-key: {}",
                                                     world.folder.write("me.crt", world.me.certificate),
                                                     world.folder.write("me.key", world.me.key)))));
  EXPECT_THAT(live::read_text_file(world.audit).value(), HasSubstr(R"("username":"me")"));
  EXPECT_EQ(world.served.pods_left(), "");
}

TEST(LiveTls, SecretsOfEveryPlaceStayOutOfLogsReportsAndErrors) {
  TlsWorld world;
  const std::string plugin = world.folder.write(
      "login", std::string("#!/bin/sh\necho 'please log in' >&2\necho '{\"kind\":\"ExecCredential\",\"apiVersion\":"
                           "\"client.authentication.k8s.io/v1\",\"status\":{\"token\":\"") +
                   kToken + "\"}}'\n");
  const std::string broken = world.folder.write("broken", "#!/bin/sh\necho canary-garbage\nexit 1\n");
  for (const std::string& script : {plugin, broken}) ::chmod(script.c_str(), 0700);
  const auto exec = [](const std::string& path) {
    return fmt::format(
        "exec: {{apiVersion: client.authentication.k8s.io/v1, command: {}, interactiveMode: Never, "
        "env: [{{name: KEY, value: canary-plugin-env}}]}}",
        path);
  };
  const std::string key = in_base64(world.me.key);
  const std::string certificate = in_base64(world.me.certificate);
  struct Way {
    std::string user;
    std::string cluster;
    bool works;
  };
  const std::vector<Way> ways{
      {"token: canary-token", "", true},
      {"token: canary-nobody", "", false},
      {"tokenFile: " + world.folder.write("token", kToken), "", true},
      {"tokenFile: " + world.folder.write("wrong-token", "canary-nobody"), "", false},
      {"username: canary-name, password: canary-password", "", false},
      {exec(plugin), "", true},
      {exec(broken), "", false},
      {fmt::format("client-certificate-data: {}, client-key-data: {}", certificate, key), "", true},
      {fmt::format("client-certificate-data: {}, client-key-data: {}", certificate, in_base64("canary-data")), "",
       false},
      {"client-key-data: 'canary-not base64'", "", false},
      {"token: canary-token", ", proxy-url: \"http://canary-user:canary-password@127.0.0.1:1\"", false},
      {"token: canary-token", ", proxy-url: \"nosuch://canary-user:canary-password@127.0.0.1:1\"", false},
  };
  for (const Way& way : ways) {
    const TlsWorld::Ran ran = world.run(world.config_of(way.user, way.cluster), {"--dry-run"});
    EXPECT_EQ(ran.code == 0, way.works) << way.user << "\n" << ran.said;
    expect_no_canary(ran.said + ran.log);
    EXPECT_THAT(ran.said + ran.log, Not(HasSubstr(key.substr(40, 40)))) << way.user;
  }
  const TlsWorld::Ran whole = world.run(world.served.config(), {"--json"});
  EXPECT_EQ(whole.code, 0) << whole.said;
  expect_no_canary(whole.said + whole.log);

  // What clients send to the served cluster.
  const std::string secrets = "/api/v1/namespaces/spark/secrets";
  world.served.ask("POST", secrets, R"({"metadata":{"name":"a"},"stringData":{"k":"canary-plain"}})");
  world.served.ask("POST", secrets, R"({"metadata":{"name":"b"},"data":{"k":")" + in_base64("canary-data") + "\"}}");
  world.served.ask("PUT", secrets + "/a",
                   R"({"metadata":{"name":"a"},"stringData":{"k":"canary-plain","l":"canary"}})");
  world.served.ask("POST", secrets, R"({"metadata":{"name":"B A D"},"stringData":{"k":"canary-plain"}})");
  EXPECT_THAT(world.served.ask("GET", secrets + "/a"), HasSubstr(in_base64("canary-plain")));
  EXPECT_EQ(world.served.end(), 0);
  expect_no_canary(world.served.process().out() + world.served.process().err());
  expect_no_canary(live::read_text_file(world.audit).value());
  expect_no_canary(live::read_text_file(world.run_log).value());
}

// Mistakes in the server's own files.
TEST(LiveTls, ATokenFileThatIsWrongIsToldWithoutItsTokens) {
  const http::TestFolder folder;
  const std::string scenario = folder.write("served.json", served_scenario());
  for (const char* tokens :
       {"canary-alone\n", "canary-a,b,1\ncanary-a,c,2\n", "canary-a,\"b,1\n", ",canary-user,1\n"}) {
    live::TestProcess process({PODRAMP_BINARY, "serve", scenario, "--port", "0", "--token-file",
                               folder.write("tokens", tokens), "--listen", "127.0.0.1:0"},
                              folder.path() + "/serve");
    live::wait_until([&] { return !(process.out() + process.err()).empty(); });
    process.kill(SIGINT);
    process.wait();
    EXPECT_THAT(process.out() + process.err(), Not(HasSubstr("canary-a"))) << tokens;
  }
}

}  // namespace
}  // namespace podramp::sim::live_tls_test
