#include "sim/kernel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/log_reader.h"
#include "sim/test_stream.h"

namespace podramp::sim::kernel_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(Kernel, EndsQuietWhenAllIsAsAskedAndNothingHappens) {
  const RunResult run = run_tiny(tiny_text());
  EXPECT_EQ(run.summary.ending, Ending::quiet);
  EXPECT_FALSE(run.summary.failed());
  EXPECT_TRUE(run.summary.waiting.empty());
  const auto last = run.projection.applications()[0].registered_first.back();
  EXPECT_EQ(last.first, 6);
  EXPECT_GE(run.summary.t, last.second);
  EXPECT_LT(run.summary.t, last.second + 2 * kMinuteUs);
}

TEST(Kernel, AStatedEndIsTheEndToTheMicrosecond) {
  const RunResult run = run_tiny(tiny_text(6, "16", R"(,"end":"10m","until_quiet":false)"));
  EXPECT_EQ(run.summary.ending, Ending::end);
  EXPECT_EQ(run.summary.t, 10 * kMinuteUs);
  EXPECT_EQ(run.summary.footer.ended, "end");
}

TEST(Kernel, AnEndBeforeTheTargetLeavesApplicationsWaiting) {
  const RunResult run = run_tiny(tiny_text(6, "16", R"(,"end":"500ms")"));
  EXPECT_EQ(run.summary.ending, Ending::end);
  ASSERT_FALSE(run.summary.waiting.empty());
  EXPECT_EQ(run.summary.waiting[0], "etl waits for executors: 0 of 6 are registered");
  EXPECT_EQ(run.summary.kpis.at("time_to_100_ms"), -1);
}

TEST(Kernel, WaitsForWhatTheScenarioStillHolds) {
  const RunResult run =
      run_tiny(tiny_text(2, "16", R"(,"timeline":[{"at":"40m","do":"set_target","application":"etl","executors":3}])"));
  EXPECT_EQ(run.summary.kpis.at("registered_max"), 3);
  EXPECT_EQ(run.summary.ending, Ending::quiet);
}

TEST(Kernel, IsNotQuietWhileTheClusterHasNotNoticedALostNode) {
  std::string text = tiny_text(6, "16", R"(,"timeline":[{"at":"2m","do":"nodes_down","nodes":["worker-1"]}])");
  const std::string conf = R"("conf":{)";  // heartbeats are waited for so long that the driver deletes nothing itself
  text.insert(text.find(conf) + conf.size(), R"("spark.storage.blockManagerHeartbeatTimeoutMs":"24h",)");
  const RunResult run = run_tiny(text);
  EXPECT_EQ(run.summary.ending, Ending::quiet);
  ASSERT_TRUE(run.summary.footer.by_type.contains("fact.pod_terminating"));  // evicted five minutes after the taint
  EXPECT_GT(run.summary.t, 2 * kMinuteUs + 340 * kSecondUs);
  EXPECT_EQ(run.summary.footer.by_type.at("fact.pod_terminating"),
            static_cast<std::uint64_t>(run.summary.kpis.at("lost")));
  EXPECT_EQ(run.summary.kpis.at("lost_noticed"), 0) << "the pods stay Terminating on the silent node";
}

TEST(Kernel, IsStuckWhenPodsFitNowhereAndNothingElseHappens) {
  const RunResult run = run_tiny(tiny_text(2, "500m"));
  EXPECT_EQ(run.summary.ending, Ending::stuck);
  EXPECT_EQ(run.summary.footer.ended, "stuck");
  ASSERT_EQ(run.summary.waiting.size(), 2U);
  EXPECT_EQ(run.summary.waiting[0], "etl waits for executors: 0 of 2 are registered");
  EXPECT_THAT(run.summary.waiting[1], HasSubstr("Insufficient cpu"));
}

TEST(Kernel, ALivelockIsAnInstantThatDoesNotPass) {
  std::string more = R"(,"timeline":[)";
  for (int i = 0; i < 60; ++i) {
    more += std::string(i == 0 ? "" : ",") + R"({"at":"30s","do":"set_target","application":"etl","executors":2})";
  }
  RunOptions options;
  options.livelock_items = 50;
  const RunResult run = run_tiny(tiny_text(2, "16", more + "]"), options);
  EXPECT_EQ(run.summary.ending, Ending::livelock);
  EXPECT_EQ(run.summary.t, 30 * kSecondUs);
  EXPECT_TRUE(run.summary.failed());
  options.livelock_items = kLivelockItems;
  EXPECT_EQ(run_tiny(tiny_text(2, "16", more + "]"), options).summary.ending, Ending::quiet);
}

TEST(Kernel, PollEndsTheRunAndTheLogIsWhole) {
  RunOptions options;
  int polls = 0;
  options.poll = [&](TimeUs) { return ++polls == 2; };
  options.log_path = testing::TempDir() + "/podramp_kernel_interrupted.jsonl";
  const RunResult run = run_tiny(tiny_text(6, "16", R"(,"end":"100h","until_quiet":false)"), options);
  EXPECT_EQ(run.summary.ending, Ending::interrupted);
  EXPECT_EQ(polls, 2);
  EXPECT_LT(run.summary.t, 100 * kHourUs);
  auto log = LogReader::open(options.log_path);
  ASSERT_TRUE(log);
  std::uint64_t events = 0;
  for (auto event = log->next(); event && *event; event = log->next()) ++events;
  ASSERT_TRUE(log->footer());
  EXPECT_EQ(log->footer()->ended, "interrupted");
  EXPECT_EQ(log->footer()->t, run.summary.t);
  EXPECT_EQ(log->footer()->events, events);
}

TEST(Kernel, AFailedPropertyWinsOverAnInterrupt) {
  RunOptions options;
  options.forged.emplace_back(
      0, std::pair<std::string, EventData>{"scheduler", fact::PodCreated{stream_pod(7, 99'000, 1, "worker-1")}});
  options.livelock_items = 0;  // every item would be one too many
  const RunResult run = run_tiny(tiny_text(), options);
  EXPECT_EQ(run.summary.ending, Ending::property_failed);
}

TEST(Kernel, ShuffledTiesGiveAnotherOrderButTheSameOutcome) {
  RunOptions options;
  options.ties_shuffled = true;
  const RunResult fixed = run_tiny(tiny_text(40, "64"));
  const RunResult shuffled = run_tiny(tiny_text(40, "64"), options);
  EXPECT_EQ(shuffled.summary.ending, Ending::quiet);
  EXPECT_FALSE(shuffled.summary.failed());
  EXPECT_EQ(shuffled.summary.kpis.at("registered_max"), 40);
  EXPECT_EQ(shuffled.summary.kpis.at("creates"), fixed.summary.kpis.at("creates"));
}

TEST(Kernel, TheSameSeedGivesTheSameFingerprints) {
  const RunResult a = run_tiny(tiny_text());
  const RunResult b = run_tiny(tiny_text());
  EXPECT_EQ(a.summary.footer.fingerprints, b.summary.footer.fingerprints);
  EXPECT_NE(a.summary.footer.fingerprints.decisions, "");
}

TEST(Kernel, AnExecutorThatExitsIsReplaced) {
  const RunResult run = run_tiny(tiny_text(
      6, "16", R"(,"timeline":[{"at":"2m","do":"executor_exit","application":"etl","executors":[2],"exit_code":3}])"));
  const ApplicationView& app = run.projection.applications()[0];
  ASSERT_EQ(app.executors.size(), 7U);
  EXPECT_EQ(app.executors[1].exit_code, 3);
  EXPECT_GE(app.executors[1].finished_us.value_or(0), 2 * kMinuteUs);
  EXPECT_TRUE(app.executors[1].removed_us.has_value());
  EXPECT_TRUE(app.executors[6].registered_us.has_value());
  EXPECT_EQ(run.summary.ending, Ending::quiet);
}

TEST(Executors, AProcessRegistersOnceAndIsForgottenWhenItStops) {
  Executors executors;
  executors.add_application(4, "app-1");
  Pod pod = *stream_pod(9);
  EXPECT_EQ(executors.started(11, pod), nullptr) << "it has no application label";
  pod.own_labels["spark-app-selector"] = "app-1";
  pod.own_labels["spark-role"] = "driver";
  EXPECT_EQ(executors.started(11, pod), nullptr) << "a driver is no executor";
  pod.own_labels["spark-role"] = "executor";
  pod.own_labels["spark-app-selector"] = "somebody-else";
  EXPECT_EQ(executors.started(11, pod), nullptr);
  pod.own_labels["spark-app-selector"] = "app-1";
  pod.node = "n1";
  ASSERT_NE(executors.started(11, pod), nullptr);
  EXPECT_EQ(executors.find(4, 9), 11U);
  EXPECT_EQ(executors.find(4, 8), std::nullopt);
  EXPECT_THAT(executors.of(4), ElementsAre(11U));
  const Process* process = executors.ask(11);
  ASSERT_NE(process, nullptr);
  EXPECT_EQ(process->executor, 9);
  EXPECT_EQ(process->host, "n1");
  EXPECT_EQ(executors.ask(11), nullptr) << "it has asked already";
  EXPECT_TRUE(executors.stopped(11)->asked);
  EXPECT_EQ(executors.stopped(11), std::nullopt);
  EXPECT_EQ(executors.ask(11), nullptr);
  EXPECT_TRUE(executors.of(4).empty());
}

TEST(Executors, AreListedPerApplicationInTheOrderOfTheirIds) {
  Executors executors;
  executors.add_application(0, "a");
  executors.add_application(1, "b");
  for (const auto& [pod_id, id, app] : {std::tuple{31, 3, "a"}, {21, 2, "b"}, {11, 1, "a"}}) {
    Pod pod = *stream_pod(id);
    pod.own_labels["spark-app-selector"] = app;
    pod.own_labels["spark-role"] = "executor";
    ASSERT_NE(executors.started(static_cast<fakeapi::PodId>(pod_id), pod), nullptr);
  }
  EXPECT_THAT(executors.of(0), ElementsAre(11U, 31U));
  EXPECT_THAT(executors.of(1), ElementsAre(21U));
}

}  // namespace
}  // namespace podramp::sim::kernel_test
