// Rung 7 of the replay ladder (design 2.4): the live client against `podramp serve` asks for the same things, in the
// same order and word for word, as the same scenario does on its direct link to the cluster. docs/live.md says what may
// differ: when it happens.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "backend/live/test_live_world.h"
#include "backend/live/test_process.h"
#include "sim/experiment.h"
#include "sim/replay.h"

namespace podramp::sim::live_parity_test {
namespace {

using testing::HasSubstr;

std::string scenario_of(const std::string& cluster, const std::string& applications) {
  return fmt::format(R"({{"schema":"podramp/v1","name":"parity","end":"30s","cluster":{{"nodes":[)"
                     R"({{"group":"w","count":4,"cpu":"4","memory":"16Gi"}}]{}}},"applications":[{}]}})",
                     cluster, applications);
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

// What a log's backend asked the server to change, word for word.
Calls calls_of(const std::string& path) {
  Calls calls;
  const std::string log = live::read_text_file(path).value_or("");
  bool stopped = false;
  for (std::size_t at = 0; at < log.size(); at = log.find('\n', at) + 1) {
    const std::string line = log.substr(at, log.find('\n', at) - at);
    if (line.find(R"("type":"in.stopped")") != std::string::npos) stopped = true;
    const std::size_t request = line.find(R"("request":)");
    if (line.find(R"("type":"out.called")") == std::string::npos || request == std::string::npos) continue;
    if (line.find(R"("verb":"list")") != std::string::npos || line.find(R"("verb":"watch")") != std::string::npos)
      continue;
    (stopped ? calls.after_stop : calls.before_stop).push_back(line.substr(request));
  }
  return calls;
}

// A cluster without applications, served by a process of its own, with the namespace that they will use.
class Served {
 public:
  Served(const http::TestFolder& folder, const std::string& scenario)
      : config_(folder.path() + "/kubeconfig"),
        process_({PODRAMP_BINARY, "serve", scenario, "--port", "0", "--kubeconfig-out", config_},
                 folder.path() + "/serve") {
    EXPECT_TRUE(live::wait_until([&] { return process_.out().find("serving") != std::string::npos; }))
        << process_.err();
    live::Surroundings none;
    none.variable = [](const char*) { return std::nullopt; };
    const live::LiveClock clock;
    auto access = live::ClusterAccess::open(config_, "", none, clock.zero());
    EXPECT_TRUE(access.has_value());
    live::ClusterClient client(*access, clock);
    client.ask("POST", "/api/v1/namespaces", R"({"metadata":{"name":"spark"}})", 5 * kSecondUs);
  }
  const std::string& config() const { return config_; }

 private:
  std::string config_;
  live::TestProcess process_;
};

void expect_parity(const std::string& app, const std::string& cluster = "") {
  const http::TestFolder folder;
  const std::string text = scenario_of(cluster, app);
  const std::string scenario = folder.write("parity.json", text);
  const auto loaded = load_scenario({"parity.json", text}, {}, {});
  ASSERT_TRUE(loaded.has_value()) << to_string(loaded.error().front());
  RunOptions options;
  options.engine = EngineKind::fluid;
  options.level = LogLevel::decisions;
  options.log_path = folder.path() + "/direct.jsonl";
  ASSERT_TRUE(run_experiment(loaded->scenario, options).has_value());

  const Served served(folder, folder.write("served.json", scenario_of(cluster, "")));
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

}  // namespace
}  // namespace podramp::sim::live_parity_test
