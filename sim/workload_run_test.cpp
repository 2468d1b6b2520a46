// Whole runs with a workload: locality, losses, what a job takes, and that their logs replay.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "sim/replay.h"
#include "sim/test_runs.h"

namespace podramp::sim::workload_run_test {
namespace {

// Three executors of two cores, one on each node, and the jobs of the test.
Scenario scenario_of(const std::string& jobs, const std::string& conf = "", const std::string& timeline = "") {
  return text_scenario(R"({"schema": "podramp/v1", "seed": 3,
    "cluster": {"nodes": [{"group": "n", "count": 3, "cpu": "3", "memory": "16Gi", "bandwidth": "1Gbps"}]},
    "applications": [{"name": "etl", "conf": {"spark.executor.instances": "3", "spark.executor.cores": "2",
      "spark.kubernetes.container.image": "spark:4")" +
                       conf + R"(}, "workload": {"jobs": [)" + jobs + R"(]}}],
    "timeline": [)" + timeline +
                       "]}");
}

std::string stage(const std::string& name, int tasks, const std::string& more = "") {
  return R"({"name": ")" + name + R"(", "tasks": )" + std::to_string(tasks) + R"(, "duration": {"constant": "10s"})" +
         more + "}";
}

std::string job(const std::string& stages) { return R"({"name": "job", "start": "20s", "stages": [)" + stages + "]}"; }

const char* const kLoseANode = R"({"at": "45s", "do": "nodes_down", "nodes": ["n-2"]})";

TEST(WorkloadRun, AJobTakesAsManyWavesAsItsSlotsNeedAndThenTheApplicationStops) {
  const auto events = run_and_read(scenario_of(job(stage("only", 12))));
  const auto started = all<out::StageStarted>(events);
  const auto ended = all<out::JobEnded>(events);
  ASSERT_EQ(started.size(), 1u);
  ASSERT_EQ(ended.size(), 1u);
  EXPECT_EQ(ended[0].second.error, "");
  const DurationUs took = ended[0].first - started[0].first;
  EXPECT_GE(took, 20 * kSecondUs) << "12 tasks on 6 slots are two waves of 10 s";
  EXPECT_LT(took, 21 * kSecondUs);
  ASSERT_EQ(all<in::Stopped>(events).size(), 1u);
  EXPECT_EQ(all<in::Stopped>(events)[0].first, ended[0].first);
}

TEST(WorkloadRun, MeasuredTasksTakeTheirOwnTimes) {
  const auto events =
      run_and_read(scenario_of(job(R"({"name": "only", "tasks": 3, "durations": ["1s", "5s", "20ms"]})")));
  std::map<TaskId, int> index;
  for (const auto& [at, task] : all<out::TaskLaunched>(events)) index[task.task] = task.index;
  std::map<int, DurationUs> took;
  for (const auto& [at, ended] : all<in::TaskEnded>(events)) took[index.at(ended.task)] = ended.result.run_us;
  EXPECT_EQ(took, (std::map<int, DurationUs>{{0, kSecondUs}, {1, 5 * kSecondUs}, {2, 20 * kMillisecondUs}}));
}

TEST(WorkloadRun, AMapStageJobFillsTheShuffleThatALaterJobReads) {
  const auto events = run_and_read(scenario_of(
      R"({"name": "exchange", "start": "20s", "map_stage": true, "stages": [)" +
      stage("map", 6, R"(, "shuffle_write": "64Mi")") + R"(]}, {"name": "query", "after": "exchange", "stages": [)" +
      stage("reduce", 6, R"(, "parents": ["exchange/map"])") + "]}"));
  const auto started = all<out::StageStarted>(events);
  const auto ended = all<out::JobEnded>(events);
  ASSERT_EQ(started.size(), 2u);
  ASSERT_EQ(ended.size(), 2u);
  EXPECT_EQ(started[1].first, ended[0].first);
  EXPECT_EQ(ended[1].second.error, "");
}

TEST(WorkloadRun, MeasuredTimesAndMapStageJobsAreWrittenAsTheyAreRead) {
  const Scenario scenario = scenario_of(
      R"({"name": "exchange", "map_stage": true, "stages": [{"name": "map", "tasks": 2, "durations": ["1500us", "0s"],
        "shuffle_write": "1Mi"}]}, )" +
      job(stage("reduce", 2, R"(, "parents": ["exchange/map"])")));
  EXPECT_EQ(text_scenario(to_json(scenario)).applications, scenario.applications);
}

TEST(WorkloadRun, HdfsBlocksAreNeverNodeLocalOnModernSpark) {
  const Scenario scenario = scenario_of(job(stage("scan", 6, R"(, "input": {"bytes": "125M", "replicas": 1})")));
  const auto launched = all<out::TaskLaunched>(run_and_read(scenario));
  ASSERT_EQ(launched.size(), 6u);
  for (const auto& [at, task] : launched) EXPECT_EQ(task.locality, Locality::any);
}

TEST(WorkloadRun, ReducersRunWhereTheirInputLies) {
  const auto events = run_and_read(scenario_of(
      job(stage("map", 6, R"(, "shuffle_write": "64Mi")") + "," + stage("reduce", 6, R"(, "parents": ["map"])"))));
  for (const auto& [at, task] : all<out::TaskLaunched>(events)) {
    EXPECT_EQ(task.locality, task.stage == 1 ? Locality::node_local : Locality::process_local);
  }
}

TEST(WorkloadRun, ALostNodeSendsMapTasksAndTheirReadersAroundAgain) {
  const std::string stages =
      stage("map", 6, R"(, "shuffle_write": "64Mi")") + "," + stage("reduce", 24, R"(, "parents": ["map"])");
  const std::string path = scratch_file("lost.jsonl");
  const RunResult result = run_to(path, scenario_of(job(stages), "", kLoseANode));
  EXPECT_EQ(result.summary.kpis.at("jobs_done"), 1);
  EXPECT_GE(result.summary.kpis.at("stages_recomputed"), 2);
  EXPECT_GE(result.summary.kpis.at("fetch_failures"), 1);
  EXPECT_EQ(result.summary.kpis.at("leaked_pods"), 0);
  const auto replayed = replay_log(path);
  ASSERT_TRUE(replayed) << replayed.error().message;
  EXPECT_FALSE(replayed->divergence);
  std::remove(path.c_str());
}

TEST(WorkloadRun, WithoutAWorkloadNothingIsSaidOfTasks) {
  const RunResult result = run_to(scratch_file("none.jsonl"), text_scenario(kSmallScenario));
  EXPECT_FALSE(result.summary.kpis.contains("tasks"));
}

TEST(WorkloadRun, TheBatchSizeChangesNoTasksDuration) {
  const std::string random = R"({"name": "only", "tasks": 30, "duration": {"median": "8s", "sigma": "0.5"}})";
  std::vector<std::map<int, DurationUs>> durations;
  for (const std::string batch : {"1", "10"}) {
    const auto events =
        run_and_read(scenario_of(job(random), R"(, "spark.kubernetes.allocation.batch.size": ")" + batch + R"(")"));
    std::map<TaskId, int> index;
    for (const auto& [at, task] : all<out::TaskLaunched>(events)) index[task.task] = task.index;
    auto& mine = durations.emplace_back();
    for (const auto& [at, end] : all<in::TaskEnded>(events)) mine[index.at(end.task)] = end.result.run_us;
  }
  EXPECT_EQ(durations[0].size(), 30u);
  EXPECT_EQ(durations[0], durations[1]);
}

}  // namespace
}  // namespace podramp::sim::workload_run_test
