#include "sim/serve_access.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/test_runs.h"

namespace podramp::sim::serve_access_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(TokenFile, ALineNamesATokenItsUserAndItsGroups) {
  const auto tokens = parse_token_file("# people\nabc,alice,1,\"dev,ops\"\r\n\nxyz,bob,2\n");
  ASSERT_TRUE(tokens);
  EXPECT_EQ(tokens->at("abc").user, "alice");
  EXPECT_THAT(tokens->at("abc").groups, ElementsAre("dev", "ops"));
  EXPECT_EQ(tokens->at("xyz").user, "bob");
}

TEST(TokenFile, ATokenMayBeLimitedToNamespacesAndVerbs) {
  const auto tokens = parse_token_file("t,ci,1,,\"team,other\",\"get,list,watch\"\n");
  ASSERT_TRUE(tokens);
  const auto& caller = tokens->at("t");
  EXPECT_TRUE(caller.may("get", "team"));
  EXPECT_FALSE(caller.may("delete", "team"));
  EXPECT_FALSE(caller.may("get", "default"));
  EXPECT_FALSE(caller.may("list", ""));
}

TEST(TokenFile, MistakesNameTheLineAndNeverTheToken) {
  const auto error = [](const char* text) { return parse_token_file(text).error().message; };
  EXPECT_EQ(error("abc,alice\n"), "line 1: token,user,uid[,\"group1,group2\"] is expected");
  EXPECT_EQ(error("abc,a,1\nabc,b,2\n"), "line 2: this token stands in the file twice");
  EXPECT_EQ(error("# nobody\n"), "it holds no token");
}

TEST(ListenAddress, APortAloneIsOnLoopback) {
  EXPECT_EQ(parse_listen_address("6443")->address, "127.0.0.1");
  EXPECT_EQ(parse_listen_address(":6443")->port, 6443);
  EXPECT_EQ(parse_listen_address("[::1]:80")->address, "::1");
  EXPECT_EQ(parse_listen_address("0.0.0.0:1")->address, "0.0.0.0");
  EXPECT_FALSE(parse_listen_address("localhost"));
  EXPECT_FALSE(parse_listen_address("127.0.0.1:99999"));
  EXPECT_TRUE(is_loopback("127.0.0.1"));
  EXPECT_FALSE(is_loopback("0.0.0.0"));
}

TEST(Kubeconfig, ItHasOneContextAndTheTokenOnlyWhenThereIsOne) {
  const std::string plain = kubeconfig_text("http://127.0.0.1:1", "", "");
  EXPECT_THAT(plain, HasSubstr("    server: http://127.0.0.1:1\n"));
  EXPECT_THAT(plain, HasSubstr("  user: {}\n"));
  const std::string safe = kubeconfig_text("https://127.0.0.1:1", "PEM", "abc");
  EXPECT_THAT(safe, HasSubstr("certificate-authority-data: UEVN\n"));
  EXPECT_THAT(safe, HasSubstr("    token: \"abc\"\n"));
}

// The exit code and what was said.
std::pair<int, std::string> served(const std::string& options) {
  const std::string out = scratch_file("out.txt");
  const std::string scenario = std::string(PODRAMP_SOURCE_DIR) + "/scenarios/playground.json";
  const std::string line = std::string(PODRAMP_BINARY) + " serve " + scenario + " " + options + " > " + out + " 2>&1";
  const int status = std::system(line.c_str());
  std::string said = read_bytes(out);
  std::remove(out.c_str());
  return {WEXITSTATUS(status), std::move(said)};
}

TEST(ServeCommand, AnAddressThatOthersReachNeedsTlsAndTokens) {
  const auto [code, said] = served("--listen 0.0.0.0:0");
  EXPECT_EQ(code, kExitBadInput);
  EXPECT_THAT(said, HasSubstr("needs --tls-cert, --tls-key and --token-file"));
  EXPECT_EQ(served("--tls-cert x").first, kExitBadInput);
  EXPECT_EQ(served("--speed fast").first, kExitBadInput);
  EXPECT_EQ(served("another.json").first, kExitBadInput);
}

}  // namespace
}  // namespace podramp::sim::serve_access_test
