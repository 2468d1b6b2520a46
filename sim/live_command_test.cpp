// Live runs of both executables against a small API server: their logs replay, and they decide the same.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>

#include "backend/live/test_live_world.h"
#include "backend/live/test_process.h"
#include "sim/live_plan.h"
#include "sim/replay.h"
#include "sim/test_scenario_text.h"

namespace podramp::sim::live_command_test {
namespace {

using live::LivePlan;
using live::PlanRequest;
using testing::HasSubstr;

constexpr const char* kScenario = R"({"schema":"podramp/v1","name":"small","until_quiet":true,
  "cluster":{"nodes":[{"group":"w","count":2,"cpu":"8","memory":"32Gi"}]},"live":{"driver_pod":true},
  "applications":[{"name":"etl","namespace":"spark","conf":{"spark.executor.instances":"3",
    "spark.kubernetes.allocation.batch.size":"1","spark.kubernetes.container.image":"spark:4"},
    "demand":[{"at":"2s","executors":4}]}]})";

// What was created, in order, without the run's own names.
std::string creates_of(const std::string& path) {
  std::string all;
  const std::string log = live::read_text_file(path).value_or("");
  static const std::regex kCreate(R"regex("verb":"create","kind":"(\w+)".*?"name":"([^"]*)")regex");
  static const std::regex kRun("r-[0-9a-f]{10}");
  for (std::size_t at = 0; at < log.size(); at = log.find('\n', at) + 1) {
    const std::string line = log.substr(at, log.find('\n', at) - at);
    std::smatch found;
    const bool create = line.find("\"out.called\"") != std::string::npos && std::regex_search(line, found, kCreate);
    if (create) all += found[1].str() + " " + std::regex_replace(found[2].str(), kRun, "RUN") + "\n";
  }
  return all;
}

TEST(LiveCommand, LogsOfBothExecutablesReplayAndHoldTheSameDecisions) {
  std::vector<std::string> creates;
  for (const std::vector<std::string>& program :
       {std::vector<std::string>{PODRAMP_BINARY, "live"}, std::vector<std::string>{PODRAMP_LIVE_BINARY}}) {
    const http::TestFolder folder;
    live::TestApiServer server;
    std::vector<std::string> words = program;
    words.insert(words.end(), {folder.write("small.json", kScenario), "--kubeconfig",
                               folder.write("config", live::kubeconfig_for(server.url())), "--out", folder.path(),
                               "--hold", "100ms"});
    live::TestProcess process(words, folder.path() + "/run");
    EXPECT_EQ(process.wait(), kExitFine) << process.err();
    EXPECT_THAT(process.out(), HasSubstr("etl: 4 of 4 executors"));
    const auto replayed = replay_log(folder.path() + "/events.jsonl");
    ASSERT_TRUE(replayed.has_value()) << replayed.error().message;
    EXPECT_FALSE(replayed->divergence.has_value()) << replayed->divergence->why << "\n" << replayed->divergence->actual;
    EXPECT_TRUE(replayed->finished);
    EXPECT_GT(replayed->decisions, 20U);
    creates.push_back(creates_of(folder.path() + "/events.jsonl"));
    EXPECT_THAT(server.objects(), testing::IsEmpty());
  }
  EXPECT_EQ(creates[0], creates[1]);
  EXPECT_THAT(creates[0], HasSubstr("pods etl-RUN-exec-4\n"));
}

// What podramp-live has decided, the other executable decides from the same inputs, line by line: and it would notice.
TEST(LiveCommand, ASessionThatOneExecutableRecordedHasTheSameOutLinesInTheOther) {
  const http::TestFolder folder;
  live::TestApiServer server;
  const std::string log = folder.path() + "/events.jsonl";
  live::TestProcess process(
      {PODRAMP_LIVE_BINARY, folder.write("small.json", kScenario), "--kubeconfig",
       folder.write("config", live::kubeconfig_for(server.url())), "--out", folder.path(), "--hold", "100ms"},
      folder.path() + "/run");
  ASSERT_EQ(process.wait(), kExitFine) << process.err();
  const std::string text = live::read_text_file(log).value();
  std::vector<std::size_t> outs;  // where its out lines have their type
  for (std::size_t at = 0; (at = text.find(R"("type":"out.)", at + 1)) != std::string::npos;) outs.push_back(at);
  ASSERT_GT(outs.size(), 20U);

  const auto replay = [&] {
    live::TestProcess other({PODRAMP_BINARY, "replay", log}, folder.path() + "/replay");
    const int code = other.wait();
    return std::pair(code, other.out() + other.err());
  };
  const auto [same, said] = replay();
  EXPECT_EQ(same, kExitFine) << said;
  EXPECT_THAT(said, HasSubstr(fmt::format("{} decisions", outs.size())));
  for (const std::size_t at : {outs.front(), outs[outs.size() / 2], outs.back()}) {
    // One that is not there any more.
    const std::size_t begin = text.rfind('\n', at) + 1;
    folder.write("events.jsonl", text.substr(0, begin) + text.substr(text.find('\n', at) + 1));
    const auto [other, why] = replay();
    EXPECT_NE(other, kExitFine) << why;
  }
}

Loaded loaded(const std::string& text) {
  auto scenario = load_scenario({"small.json", text}, {}, {});
  EXPECT_TRUE(scenario.has_value()) << (scenario ? "" : to_string(scenario.error().front()));
  return scenario.value_or(Loaded{});
}

TEST(LivePlan, BothReadersMakeTheSamePlan) {
  const PlanRequest request{"small.json", "r-0123456789", "", false};
  const auto ours = live_plan_of(loaded(kScenario), request);
  const auto theirs = live::read_plan(kScenario, request);
  ASSERT_TRUE(ours.has_value() && theirs.has_value());
  EXPECT_EQ(ours->ns, theirs->ns);
  EXPECT_EQ(ours->live, theirs->live);
  EXPECT_EQ(ours->until_quiet, theirs->until_quiet);
  const backend::Application& a = ours->applications.front().application;
  const backend::Application& b = theirs->applications.front().application;
  EXPECT_EQ(a.app_id, b.app_id);
  EXPECT_EQ(a.pod_name_prefix, b.pod_name_prefix);
  EXPECT_EQ(a.conf.raw, b.conf.raw);
  EXPECT_EQ(ours->applications.front().planned.size(), theirs->applications.front().planned.size());
}

TEST(LivePlan, TheTimelinesKillsArePlannedAndTheWorldsTroublesPassedOver) {
  const std::string text = R"({"schema":"podramp/v1","end":"5m",
    "cluster":{"nodes":[{"group":"w","count":2,"cpu":"8","memory":"32Gi"}]},
    "applications":[{"name":"etl","namespace":"spark","start":"10s","stop":"60s",
      "conf":{"spark.kubernetes.container.image":"spark:4"}}],
    "timeline":[{"at":"30s","do":"kill_executors","application":"etl","executors":[1]},
                {"at":"40s","do":"nodes_down","nodes":["w-1"]}]})";
  const auto plan = live_plan_of(loaded(text), {"small.json", "r-1", "", false});
  ASSERT_TRUE(plan.has_value());
  const auto& planned = plan->applications.front().planned;
  ASSERT_EQ(planned.size(), 2U);
  EXPECT_EQ(planned[0].after_us, 20 * kSecondUs);
  EXPECT_TRUE(std::holds_alternative<in::KillRequested>(planned[0].input));
  EXPECT_TRUE(std::holds_alternative<in::Stopped>(planned[1].input));
  EXPECT_THAT(plan->notes, testing::Contains(HasSubstr("passed over, because the cluster is real")));
}

TEST(LivePlan, AWorkloadOrNoNamespaceIsAMistake) {
  const auto told = [](const std::string& members) {
    return to_string(
        live_plan_of(loaded(R"({"schema":"podramp/v1","cluster":{"nodes":[{"group":"w","cpu":"8","memory":"32Gi"}]},)"
                            R"("applications":[{"name":"etl","conf":{"spark.kubernetes.container.image":"spark:4"})" +
                            members + "}]}"),
                     {"small.json", "r-1", "", false})
            .error()
            .front());
  };
  EXPECT_THAT(told(""), HasSubstr("name the namespace to run in"));
  EXPECT_THAT(told(R"(,"namespace":"spark","workload":{"jobs":[{"name":"j",)"
                   R"("stages":[{"name":"s","tasks":1,"duration":{"constant":"1s"}}]}]})"),
              HasSubstr("has a workload, and a live run has no Spark"));
}

}  // namespace
}  // namespace podramp::sim::live_command_test
