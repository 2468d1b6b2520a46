// Whole runs with pods that are deleted while their preStop hook has something to do: SIGPWR, which makes an executor
// decommission itself. Decommissioning as such: decommission_run_test.cpp.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/test_runs.h"

namespace podramp::sim::pre_stop_run_test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr TimeUs s(std::int64_t n) { return n * kSecondUs; }

const std::string kOn = R"(, "spark.decommission.enabled": "true")";
const std::string kMoves = kOn + R"(, "spark.storage.decommission.enabled": "true")";

// Three executors of two cores, one on each node; 6 map tasks of 10 s from 20 s on, read again from two minutes on.
Scenario scenario_of(const std::string& conf, const std::string& timeline) {
  return text_scenario(R"({"schema": "podramp/v1", "seed": 3,
    "cluster": {"nodes": [{"group": "n", "count": 3, "cpu": "5", "memory": "16Gi", "bandwidth": "1Gbps"}]},
    "applications": [{"name": "etl", "compat": "spark-4.1",
      "conf": {"spark.executor.instances": "3", "spark.executor.cores": "2",
      "spark.kubernetes.container.image": "spark:4")" +
                       conf + R"(}, "workload": {"jobs": [{"name": "write", "start": "20s", "stages": [
        {"name": "map", "tasks": 6, "duration": {"constant": "10s"}, "shuffle_write": "125M"},
        {"name": "count", "parents": ["map"], "tasks": 1, "duration": {"constant": "1s"}}]},
      {"name": "read", "after": "write", "start": "3m", "stages": [
        {"name": "join", "parents": ["write/map"], "tasks": 6, "duration": {"constant": "10s"}}]}]}}],
    "timeline": [)" + timeline +
                       "]}");
}

const std::string kDrain = R"({"at": "60s", "do": "drain_nodes", "nodes": ["n-1"]})";

std::vector<int> exit_codes(const std::vector<LoggedEvent>& events, TimeUs until) {
  std::vector<int> codes;
  for (const auto& [t, end] : all<fact::PodFinished>(events)) {
    if (t < until) codes.push_back(end.exit_code);
  }
  return codes;
}

std::int64_t moved(const std::vector<LoggedEvent>& events) {
  std::int64_t files = 0;
  for (const auto& [t, block] : all<in::BlockUpdated>(events)) files += block.rdd < 0 ? 1 : 0;
  return files;
}

TEST(PreStopRun, WithoutDecommissioningADrainedExecutorGetsSigtermAtOnce) {
  const auto events = run_and_read(scenario_of("", kDrain));
  EXPECT_THAT(all<in::DecommissionRequested>(events), IsEmpty());
  EXPECT_THAT(exit_codes(events, s(65)), ElementsAre(143));
}

TEST(PreStopRun, ADrainedExecutorTellsItsDriverThatItLeavesAndEndsByItself) {
  const auto events = run_and_read(scenario_of(kOn, kDrain));
  const auto leaving = all<in::DecommissionRequested>(events);
  ASSERT_GE(leaving.size(), 1U);
  EXPECT_GT(leaving[0].first, s(60));
  EXPECT_LT(leaving[0].first, s(61));
  EXPECT_TRUE(leaving[0].second.by_executor);
  EXPECT_FALSE(leaving[0].second.adjust_target);
  EXPECT_THAT(exit_codes(events, s(65)), ElementsAre(0)) << "its first look, a second later, finds nothing to do";
}

TEST(PreStopRun, FilesMoveWithinTheGraceAndNothingIsComputedAnew) {
  const auto events = run_and_read(
      scenario_of(kMoves + R"(, "spark.kubernetes.executor.terminationGracePeriodSeconds": "60s")", kDrain));
  EXPECT_EQ(moved(events), 2);
  EXPECT_THAT(exit_codes(events, s(100)), ElementsAre(0));
  EXPECT_EQ(all<out::StageStarted>(events).size(), 3U);
}

TEST(PreStopRun, TheDefaultGraceCutsOffAnExecutorWhoseFilesHaveMoved) {
  const auto events = run_and_read(scenario_of(kMoves, kDrain));
  EXPECT_EQ(moved(events), 2);
  EXPECT_THAT(exit_codes(events, s(100)), ElementsAre(143)) << "it looks again 30 s after its first look: too late";
  EXPECT_EQ(all<out::StageStarted>(events).size(), 3U) << "the files have moved all the same";
}

TEST(PreStopRun, SigpwrEndsAnExecutorThatHasNoHandlerYet) {
  Scenario scenario = scenario_of(kOn, R"({"at": "4s", "do": "drain_nodes", "nodes": ["n-1"]})");
  scenario.cluster.latency.jvm = fakeapi::LatencyModel::constant(s(10));
  const auto events = run_and_read(scenario);
  EXPECT_THAT(exit_codes(events, s(10)), ElementsAre(158));
}

}  // namespace
}  // namespace podramp::sim::pre_stop_run_test
