// Rung 7 of the replay ladder (design 2.4): the live client against `podramp serve` asks for the same things, in the
// same order and word for word, as the same scenario does on its direct link to the cluster. docs/live.md says what may
// differ: when it happens.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/experiment.h"
#include "sim/replay.h"
#include "sim/test_served_process.h"

namespace podramp::sim::live_parity_test {
namespace {

using testing::HasSubstr;

std::string scenario_of(const std::string& cluster, const std::string& applications, const std::string& more) {
  return fmt::format(R"({{"schema":"podramp/v1","name":"parity","end":"30s","cluster":{{"nodes":[)"
                     R"({{"group":"w","count":4,"cpu":"4","memory":"16Gi"}}]{}}},"applications":[{}]{}}})",
                     cluster, applications, more);
}

// Names of its own, so that both runs have the same.
std::string application(const std::string& compat, const std::string& conf, const std::string& more = "") {
  return fmt::format(R"({{"name":"etl","namespace":"spark","compat":"{}","stop":"8s","conf":{{)"
                     R"("spark.app.id":"spark-parity","spark.kubernetes.executor.podNamePrefix":"etl-parity",)"
                     R"("spark.kubernetes.container.image":"spark:4","spark.executor.memory":"1g"{}}}{}}})",
                     compat, conf, more);
}

struct Calls {
  std::vector<std::string> before_stop;
  std::vector<std::string> after_stop;
  std::string ended;
};

// What a log's backend asked the server to change, word for word. But not the labels that say which pod of a set is
// which executor: they follow registrations, which come when pods are ready here, and when a JVM is up there.
Calls calls_of(const std::string& path) {
  Calls calls;
  const std::string log = live::read_text_file(path).value_or("");
  bool stopped = false;
  for (std::size_t at = 0; at < log.size(); at = log.find('\n', at) + 1) {
    const std::string line = log.substr(at, log.find('\n', at) - at);
    if (line.find(R"("type":"in.stopped")") != std::string::npos) stopped = true;
    const std::size_t request = line.find(R"("request":)");
    if (line.find(R"("type":"out.called")") == std::string::npos || request == std::string::npos) continue;
    const auto has = [&](const char* part) { return line.find(part) != std::string::npos; };
    if (has(R"("verb":"list")") || has(R"("verb":"watch")") || has(R"("set_labels":{"spark-exec-id")")) continue;
    (stopped ? calls.after_stop : calls.before_stop).push_back(line.substr(request));
  }
  return calls;
}

// more: of the scenario, but not of the served cluster.
void expect_parity(const std::string& app, const std::string& cluster = "", const std::string& more = "") {
  const http::TestFolder folder;
  const std::string text = scenario_of(cluster, app, more);
  const std::string scenario = folder.write("parity.json", text);
  const auto loaded = load_scenario({"parity.json", text}, {}, {});
  ASSERT_TRUE(loaded.has_value()) << to_string(loaded.error().front());
  RunOptions options;
  options.engine = EngineKind::fluid;
  options.level = LogLevel::decisions;
  options.log_path = folder.path() + "/direct.jsonl";
  ASSERT_TRUE(run_experiment(loaded->scenario, options).has_value());

  const ServedProcess served(folder, served_scenario("", cluster));
  live::TestProcess process({PODRAMP_BINARY, "live", scenario, "--kubeconfig", served.config(), "--out",
                             folder.path() + "/live", "--over-quota"},
                            folder.path() + "/run");
  process.wait();
  EXPECT_THAT(process.out(), HasSubstr("0 are still there")) << process.err();
  const std::string log = folder.path() + "/live/events.jsonl";
  const auto replayed = replay_log(log);
  ASSERT_TRUE(replayed.has_value());
  EXPECT_FALSE(replayed->divergence.has_value());

  const Calls direct = calls_of(folder.path() + "/direct.jsonl");
  const Calls live = calls_of(log);
  EXPECT_GT(direct.before_stop.size(), 3U);
  // A round more or less may fit into the time before the stop, where creates are refused again and again.
  const std::size_t common = std::min(direct.before_stop.size(), live.before_stop.size());
  EXPECT_LE(std::max(direct.before_stop.size(), live.before_stop.size()), common + 3);
  for (std::size_t i = 0; i < common; ++i) ASSERT_EQ(direct.before_stop[i], live.before_stop[i]) << i;
  EXPECT_EQ(direct.after_stop, live.after_stop);
}

TEST(LiveParity, AStaticStartInBatches) {
  expect_parity(
      application("spark-4.0", R"(,"spark.executor.instances":"7","spark.kubernetes.allocation.batch.size":"3")"));
}

TEST(LiveParity, ATargetThatRises) {
  expect_parity(
      application("spark-3.5", R"(,"spark.executor.instances":"2")", R"(,"demand":[{"at":"3s","executors":5}])"));
}

TEST(LiveParity, AQuotaThatRefuses) {
  expect_parity(application("spark-4.4", R"(,"spark.executor.instances":"6")"),
                R"(,"quotas":[{"namespace":"spark","hard":{"pods":"4"}}])");
}

TEST(LiveParity, AFewPendingPodsAtATime) {
  expect_parity(
      application("spark-4.2", R"(,"spark.executor.instances":"4","spark.kubernetes.allocation.maxPendingPods":"2")"));
}

// The executors belong to a driver pod: one that the live run makes, and one that is there from the start.
constexpr const char* kDriverPod =
    R"(,"live":{"driver_pod":true},"background":[{"name":"etl-driver","namespace":"spark","cpu":"10m",)"
    R"("memory":"16Mi","node":"w-1","restart_policy":"Never","labels":{"spark-role":"driver"}}])";
constexpr const char* kNamesDriver =
    R"(,"spark.executor.instances":"3","spark.kubernetes.driver.pod.name":"etl-driver")";

TEST(LiveParity, ADriverPodThatOwnsTheExecutors) {
  expect_parity(application("spark-4.0", kNamesDriver), "", kDriverPod);
}

TEST(LiveParity, AStatefulSetThatGrows) {
  expect_parity(
      application("spark-4.0",
                  std::string(kNamesDriver) + R"(,"spark.kubernetes.allocation.pods.allocator":"statefulset")",
                  R"(,"demand":[{"at":"3s","executors":5}])"),
      "", kDriverPod);
}

TEST(LiveParity, ADeploymentThatGrows) {
  expect_parity(application("spark-4.2",
                            std::string(kNamesDriver) + R"(,"spark.kubernetes.allocation.pods.allocator":"deployment")",
                            R"(,"demand":[{"at":"3s","executors":5}])"),
                "", kDriverPod);
}

}  // namespace
}  // namespace podramp::sim::live_parity_test
