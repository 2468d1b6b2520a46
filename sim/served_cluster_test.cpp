#include "sim/served_cluster.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>

#include "sim/test_served.h"

namespace podramp::sim::served_cluster_test {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kPods = "/api/v1/namespaces/default/pods";
constexpr const char* kMaps = "/api/v1/namespaces/default/configmaps";

std::string pod(const std::string& name) {
  return R"({"metadata":{"name":")" + name + R"(","labels":{"who":"tester"}},"spec":{"containers":[)" +
         R"({"name":"main","image":"pause","resources":{"requests":{"cpu":"1m"}}}]}})";
}

ServeOptions fast() {
  ServeOptions options;
  options.speed_percent = 1'000;  // a watch of half an hour has to outlast a slow machine
  return options;
}

TEST(ServedCluster, AClientCreatesAPodAndWatchesItRun) {
  ServedRun run(fast());
  BlockingClient watch = run.client();
  watch.ask("GET", std::string(kPods) + "?watch=true&labelSelector=who%3Dtester");
  watch.read_until("200 OK");
  BlockingClient client = run.client();
  client.ask("POST", kPods, pod("a"));
  client.read_until("201 Created");
  EXPECT_THAT(watch.read_until("\"phase\":\"Running\""), HasSubstr("ADDED"));
  client.ask("GET", std::string(kPods) + "/a/log");
  client.read_until("a simulated process");
}

TEST(ServedCluster, AWatchMayBeAWebSocket) {
  ServedRun run(fast());
  BlockingClient watch = run.client();
  watch.ask("GET", std::string(kMaps) + "?watch=true", "",
            "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n");
  watch.read_until("101 Switching Protocols");
  BlockingClient client = run.client();
  client.ask("POST", kMaps, R"({"metadata":{"name":"from-websocket"}})");
  watch.read_until("from-websocket");
}

TEST(ServedCluster, OnlyThoseWithATokenAreLetIn) {
  ServeOptions options = fast();
  options.tokens["letmein"] = {"alice", {}, {"default"}, {"list"}};
  ServedRun run(options);
  BlockingClient nobody = run.client();
  nobody.ask("GET", "/api/v1/pods");
  EXPECT_THAT(nobody.read_until("Unauthorized"), HasSubstr("401"));
  BlockingClient wrong = run.client();
  wrong.ask("GET", "/version", "", "Authorization: Bearer letmeout\r\n");
  wrong.read_until("401");
  BlockingClient alice = run.client();
  alice.ask("GET", kPods, "", "Authorization: Bearer letmein\r\n");
  alice.read_until("PodList");
  alice.ask("DELETE", std::string(kPods) + "/x", "", "Authorization: Bearer letmein\r\n");
  alice.read_until("User \\\"alice\\\" cannot delete resource \\\"pods\\\"");
}

TEST(ServedCluster, ARequestStandsInTheLogBeforeWhatFollowsFromIt) {
  const std::string path = scratch_file("log.jsonl");
  {
    ServedRun run(fast(), path);
    BlockingClient client = run.client();
    client.ask("POST", kPods, pod("logged"));
    client.read_until("201 Created");
    client.ask("POST", "/api/v1/namespaces/default/secrets",
               R"({"metadata":{"name":"s"},"stringData":{"password":"canary-in-a-coal-mine"}})");
    client.read_until("\"kind\":\"Secret\"");
  }
  const std::string log = read_bytes(path);
  const std::size_t asked = log.find("\"type\":\"run.requested\",\"by\":\"tester\"");
  const std::size_t made = log.find("pods/default/logged");
  ASSERT_NE(asked, std::string::npos);
  EXPECT_LT(asked, made);
  EXPECT_THAT(log, Not(HasSubstr("canary-in-a-coal-mine")));
  std::remove(path.c_str());
}

TEST(ServedCluster, EachRequestStandsInTheAuditLog) {
  std::vector<std::string> lines;
  {
    ServeOptions options = fast();
    options.audit = [&](std::string_view line) { lines.emplace_back(line); };
    ServedRun run(options);
    BlockingClient client = run.client();
    client.ask("POST", kPods, pod("audited"));
    client.read_until("201 Created");
    client.ask("GET", "/api/v1/nonsense");
    client.read_until("404");
  }
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_THAT(lines[0], HasSubstr(R"("verb":"create")"));
  EXPECT_THAT(lines[0], HasSubstr(R"("name":"audited")"));
  EXPECT_THAT(lines[0], HasSubstr(R"("code":201)"));
  EXPECT_THAT(lines[1], HasSubstr(R"("code":404)"));
}

TEST(ServedCluster, ThreeHundredWatchersSeeTwoHundredEventsInOrder) {
  ServedRun run(fast());
  std::vector<BlockingClient> watchers;
  for (int i = 0; i < 300; ++i) {
    watchers.push_back(run.client());
    watchers.back().ask("GET", std::string(kMaps) + "?watch=true&labelSelector=n");
  }
  for (BlockingClient& watcher : watchers) watcher.read_until("200 OK");
  BlockingClient writer = run.client();
  for (int i = 0; i < 200; ++i) {
    writer.ask("POST", kMaps, R"({"metadata":{"name":"map-)" + std::to_string(1000 + i) + R"(","labels":{"n":"1"}}})");
    writer.read_until("201 Created", static_cast<std::size_t>(i) + 1);
  }
  for (BlockingClient& watcher : watchers) {
    const std::string& seen = watcher.read_until("\"type\":\"ADDED\"", 200);
    std::size_t last = 0;
    for (int i = 0; i < 200; ++i) {
      const std::size_t at = seen.find("map-" + std::to_string(1000 + i));
      ASSERT_NE(at, std::string::npos);
      ASSERT_GT(at, last);
      last = at;
    }
  }
}

TEST(ServedCluster, AtFullSpeedTimeRunsAheadOfTheWall) {
  ServeOptions options;
  options.speed_percent = 0;
  ServedRun run(options);
  BlockingClient client = run.client();
  client.ask("GET", "/api/v1/namespaces/default");
  client.read_until("kubernetes.io/metadata.name");
}

TEST(ServedCluster, AProgramThatAFaultCrashesSeesItsConnectionsCutAndMayComeBack) {
  fakeapi::FaultSpec crash;
  crash.point = "client.crash";
  crash.client = "tester";
  crash.verb = Verb::create;
  ServedRun run(fast(), "", {crash});
  BlockingClient watch = run.client();
  watch.ask("GET", std::string(kMaps) + "?watch=true");
  watch.read_until("200 OK");
  BlockingClient writer = run.client();
  writer.ask("POST", kMaps, R"({"metadata":{"name":"last-words"}})");
  EXPECT_TRUE(writer.is_cut());
  EXPECT_TRUE(watch.is_cut());
  BlockingClient again = run.client();
  again.ask("GET", std::string(kMaps) + "/last-words");
  again.read_until("200 OK");
}

TEST(ServedCluster, QuotasThatPeopleMakeAreEnforced) {
  ServedRun run(fast());
  BlockingClient client = run.client();
  client.ask("POST", "/api/v1/namespaces", R"({"metadata":{"name":"team"}})");
  client.read_until("201 Created");
  client.ask("POST", "/api/v1/namespaces/team/resourcequotas",
             R"({"metadata":{"name":"q"},"spec":{"hard":{"pods":"1"}}})");
  client.read_until("201 Created", 2);
  for (int i = 0; i < 200 && client.count("\"used\":{\"pods\":\"0\"}") == 0; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    client.ask("GET", "/api/v1/namespaces/team/resourcequotas/q");
    client.read_until("200 OK", static_cast<std::size_t>(i) + 1);
  }
  client.ask("POST", "/api/v1/namespaces/team/pods", pod("one"));
  client.read_until("201 Created", 3);
  client.ask("POST", "/api/v1/namespaces/team/pods", pod("two"));
  client.read_until("exceeded quota: q");
}

// Pods of image "sh" run a line of shell.
class ServedProcesses : public testing::Test {
 protected:
  ServedProcesses() {
    auto made = LocalProcesses::prepare({.specs = {{.image = "sh"}}, .folder = scratch_file("pods")});
    EXPECT_TRUE(made);
    processes_ = std::move(*made);
    ServeOptions options;  // at the wall clock's pace
    options.processes = processes_.get();
    run_.emplace(std::move(options));
  }
  static std::string shell_pod(const std::string& name, const std::string& line) {
    return R"({"metadata":{"name":")" + name + R"(","labels":{"who":"tester"}},"spec":{"restartPolicy":"Never",)" +
           R"("containers":[{"name":"main","image":"sh","command":["sh","-c",")" + line + R"("]}]}})";
  }
  BlockingClient watching() {
    BlockingClient watch = run_->client();
    watch.ask("GET", std::string(kPods) + "?watch=true&labelSelector=who%3Dtester");
    watch.read_until("200 OK");
    return watch;
  }
  void create(const std::string& name, const std::string& line) {
    BlockingClient client = run_->client();
    client.ask("POST", kPods, shell_pod(name, line));
    client.read_until("201 Created");
  }

  std::unique_ptr<LocalProcesses> processes_;
  std::optional<ServedRun> run_;  // ends before the processes do
};

TEST_F(ServedProcesses, AProcessRunsAndItsExitCodeIsTheContainers) {
  BlockingClient watch = watching();
  create("a", "echo hello; exit 7");
  EXPECT_THAT(watch.read_until("\"exitCode\":7"), HasSubstr("\"phase\":\"Failed\""));
  BlockingClient client = run_->client();
  client.ask("GET", std::string(kPods) + "/a/log");
  client.read_until("hello");
}

TEST_F(ServedProcesses, ADeletionIsSigtermAndThePodIsGoneWhenItsProcessIs) {
  BlockingClient watch = watching();
  create("a", "trap 'echo bye; exit 5' TERM; echo ready; while true; do sleep 0.05; done");
  watch.read_until("\"phase\":\"Running\"");
  BlockingClient log = run_->client();
  log.ask("GET", std::string(kPods) + "/a/log?follow=true");
  log.read_until("ready");
  BlockingClient client = run_->client();
  client.ask("DELETE", std::string(kPods) + "/a");
  log.read_until("bye");
  EXPECT_THAT(watch.read_until("DELETED"), HasSubstr("\"exitCode\":5"));
}

TEST_F(ServedProcesses, PodsOfOtherImagesAreSimulatedAndGoToo) {
  BlockingClient watch = watching();
  BlockingClient client = run_->client();
  client.ask("POST", kPods, pod("b"));
  watch.read_until("\"phase\":\"Running\"");
  client.ask("DELETE", std::string(kPods) + "/b");
  watch.read_until("DELETED");
  EXPECT_EQ(processes_->running(), 0U);
}

}  // namespace
}  // namespace podramp::sim::served_cluster_test
