// Whole runs with executors that leave: tasks that finish first, blocks that move or are lost, the force kill.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "sim/decommissioner.h"
#include "sim/replay.h"
#include "sim/test_runs.h"

namespace podramp::sim::decommission_run_test {
namespace {

using testing::ElementsAre;

constexpr TimeUs s(std::int64_t n) { return n * kSecondUs; }

const std::string kOn = R"(, "spark.decommission.enabled": "true")";
const std::string kMoves = kOn + R"(, "spark.storage.decommission.enabled": "true")";
// 6 map tasks of 10 s from 20 s on, one slot each, then a pause until the same shuffle is read once more.
const std::string kJobs = R"({"name": "write", "start": "20s", "stages": [
    {"name": "map", "tasks": 6, "duration": {"constant": "10s"}, "shuffle_write": "125M"},
    {"name": "count", "parents": ["map"], "tasks": 1, "duration": {"constant": "1s"}}]},
  {"name": "read", "after": "write", "start": "2m", "stages": [
    {"name": "join", "parents": ["write/map"], "tasks": 6, "duration": {"constant": "10s"}}]})";
const std::string kLong = R"({"name": "long", "start": "20s", "stages": [
    {"name": "only", "tasks": 9, "duration": {"constant": "90s"}}]})";

std::string leave(const std::string& at, const std::string& ids) {
  return R"({"at": ")" + at + R"(", "do": "decommission_executors", "application": "etl", "executors": [)" + ids + "]}";
}

// Three executors of two cores, one on each node, and replacements for those that leave.
Scenario scenario_of(const std::string& jobs, const std::string& conf, const std::string& timeline) {
  return text_scenario(R"({"schema": "podramp/v1", "seed": 3,
    "cluster": {"nodes": [{"group": "n", "count": 3, "cpu": "5", "memory": "16Gi", "bandwidth": "1Gbps"}]},
    "applications": [{"name": "etl", "conf": {"spark.executor.instances": "3", "spark.executor.cores": "2",
      "spark.kubernetes.container.image": "spark:4")" +
                       conf + R"(}, "workload": {"jobs": [)" + jobs + R"(]}}],
    "timeline": [)" + timeline +
                       "]}");
}

TimeUs gone_us(const std::vector<LoggedEvent>& events, ExecutorId id) {
  for (const auto& [t, gone] : all<in::Disconnected>(events)) {
    if (gone.executor == id) return t;
  }
  return -1;
}

// How often stages were started beyond the first time.
std::int64_t recomputed(const std::vector<LoggedEvent>& events) {
  std::set<StageId> seen;
  std::int64_t again = 0;
  for (const auto& [t, stage] : all<out::StageStarted>(events)) again += seen.insert(stage.stage).second ? 0 : 1;
  return again;
}

std::int64_t moved(const std::vector<LoggedEvent>& events) {
  const auto blocks = all<in::BlockUpdated>(events);
  return std::ranges::count_if(blocks, [](const auto& block) { return block.second.rdd < 0; });
}

TEST(DecommissionRun, RunningTasksFinishAndNoNewOnesCome) {
  const auto events = run_and_read(scenario_of(kLong, kOn, leave("40s", "2")));
  std::map<TaskId, ExecutorId> on;
  for (const auto& [t, task] : all<out::TaskLaunched>(events)) {
    if (t > s(40)) {
      EXPECT_NE(task.executor, 2);
    }
    on[task.task] = task.executor;
  }
  TimeUs last = 0;
  for (const auto& [t, end] : all<in::TaskEnded>(events)) {
    EXPECT_EQ(end.result.end, TaskEnd::success);
    if (on.at(end.task) == 2) last = t;
  }
  EXPECT_GT(last, s(110));
  EXPECT_GT(gone_us(events, 2), last);
  EXPECT_LT(gone_us(events, 2), last + s(3)) << "it looks every second";
  EXPECT_EQ(all<out::TaskLaunched>(events).size(), 9U) << "nothing runs twice";
}

TEST(DecommissionRun, TasksThatOutlastTheForceKillTimeoutAreKilledWithTheirExecutor) {
  const auto events = run_and_read(
      scenario_of(kLong, kOn + R"(, "spark.executor.decommission.forceKillTimeout": "30s")", leave("40s", "2")));
  const auto removed = all<out::ExecutorRemoved>(events);
  ASSERT_FALSE(removed.empty());
  EXPECT_EQ(removed[0].first, s(70));
  EXPECT_EQ(removed[0].second.reason, "killed");
  EXPECT_EQ(all<out::TaskLaunched>(events).size(), 9U + 2U) << "its two tasks run again";
  for (const auto& [t, job] : all<out::JobEnded>(events)) EXPECT_EQ(job.error, "");
}

TEST(DecommissionRun, FilesThatMoveAreReadWhereTheyLieAndNothingIsComputedAnew) {
  const std::string path = scratch_file("moves.jsonl");
  run_to(path, scenario_of(kJobs, kMoves, leave("60s", "2")));
  const auto events = read_events(path);
  EXPECT_EQ(moved(events), 2);
  EXPECT_EQ(recomputed(events), 0);
  EXPECT_GT(gone_us(events, 2), s(90)) << "a second look after half a minute sees that nothing is left";
  EXPECT_LT(gone_us(events, 2), s(93));
  const auto jobs = all<out::JobEnded>(events);
  ASSERT_EQ(jobs.size(), 2U);
  EXPECT_EQ(jobs[1].second.error, "");
  const auto replayed = replay_log(path);
  ASSERT_TRUE(replayed) << replayed.error().message;
  EXPECT_FALSE(replayed->divergence);
  std::remove(path.c_str());
}

TEST(DecommissionRun, FilesThatStayAreLostAndTheirStageRunsAgain) {
  for (const std::string& conf : {kOn, kMoves + R"(, "spark.storage.decommission.shuffleBlocks.enabled": "false")"}) {
    const auto events = run_and_read(scenario_of(kJobs, conf, leave("60s", "2")));
    EXPECT_EQ(moved(events), 0);
    EXPECT_EQ(recomputed(events), 1);
    EXPECT_LT(gone_us(events, 2), s(63));
  }
}

TEST(DecommissionRun, WhenAllLeaveAtOnceNobodyTakesTheirFiles) {
  const auto events = run_and_read(scenario_of(kJobs, kMoves, leave("60s", "1,2,3")));
  EXPECT_EQ(moved(events), 0);
  for (const ExecutorId id : {1, 2, 3}) EXPECT_LT(gone_us(events, id), s(63));
  EXPECT_EQ(recomputed(events), 1);
}

TEST(DecommissionRun, FilesMoveOnToReplacementsThatHaveNeverHadATask) {
  const auto events = run_and_read(scenario_of(kJobs, kMoves, leave("60s", "2") + "," + leave("110s", "1,3")));
  EXPECT_EQ(moved(events), 2 + 6);
  EXPECT_EQ(recomputed(events), 0);
  for (const auto& [t, block] : all<in::BlockUpdated>(events)) {
    if (t > s(110)) {
      EXPECT_EQ(block.executor, 4);
    }
  }
}

// Its two files of 125 MB take a second each over its link of 1 Gb/s, one after the other.
TEST(DecommissionRun, ANodeThatDiesWhileBlocksMoveLosesThoseThatHaveNotMoved) {
  const std::string conf = kMoves + R"(, "spark.storage.decommission.shuffleBlocks.maxThreads": "1")";
  std::string node;
  for (const auto& [t, bound] : all<fact::PodBound>(run_and_read(scenario_of(kJobs, conf, "")))) {
    if (bound.pod.ends_with("-exec-2")) node = bound.node;
  }
  const auto events = run_and_read(scenario_of(
      kJobs, conf, leave("60s", "2") + R"(, {"at": "61500ms", "do": "nodes_down", "nodes": [")" + node + R"("]})"));
  EXPECT_EQ(moved(events), 1);
  std::vector<std::int64_t> again;
  for (const auto& [t, stage] : all<out::StageStarted>(events)) {
    if (stage.stage == 0 && t > s(60)) again.push_back(stage.tasks);
  }
  EXPECT_THAT(again, ElementsAre(1)) << "the other file is safe";
  EXPECT_EQ(all<out::JobEnded>(events).size(), 2U);
}

TEST(DecommissionRun, CachedBlocksMoveAndTheirReadersFollow) {
  const std::string cached = R"({"name": "load", "start": "20s", "stages": [
      {"name": "scan", "tasks": 6, "duration": {"constant": "10s"}, "cache": {"name": "rows", "bytes": "125M"}}]},
    {"name": "again", "after": "load", "start": "1m", "stages": [
      {"name": "scan", "tasks": 6, "duration": {"constant": "10s"}, "cache": {"name": "rows", "bytes": "125M"}}]})";
  const auto events = run_and_read(scenario_of(cached, kMoves, leave("50s", "2")));
  std::vector<std::string> told;
  for (const auto& [t, block] : all<in::BlockUpdated>(events)) {
    if (t < s(50) || t > s(60)) continue;
    told.push_back(fmt::format("{}: {} bytes on {}", block.split, block.memory_bytes, block.executor));
  }
  EXPECT_THAT(told,
              ElementsAre("0: 125000000 bytes on 3", "0: 0 bytes on 2", "3: 125000000 bytes on 3", "3: 0 bytes on 2"));
  for (const auto& [t, task] : all<out::TaskLaunched>(events)) {
    if (task.stage != 1 || task.index != 0) continue;
    EXPECT_EQ(task.executor, 3);
    EXPECT_EQ(task.locality, Locality::process_local);
  }
  EXPECT_LT(gone_us(events, 2), s(55)) << "there are no files to look for a second time";
}

TEST(DecommissionRun, TheSameRunGivesTheSameBytesAndBothEnginesTheSameDecisions) {
  const Scenario scenario = scenario_of(kJobs, kMoves, leave("60s", "2"));
  std::vector<std::string> logs;
  for (const std::string name : {"a.jsonl", "b.jsonl"}) {
    const std::string path = scratch_file(name);
    run_to(path, scenario);
    logs.push_back(read_bytes(path));
    std::remove(path.c_str());
  }
  EXPECT_EQ(logs[0], logs[1]);
  const std::string path = scratch_file("simgrid.jsonl");
  run_in_child(path, scenario, {});
  auto fluid = split_lines(logs[0]);
  auto simgrid = split_lines(read_bytes(path));
  std::remove(path.c_str());
  fluid.erase(fluid.begin());  // the header names the engine
  simgrid.erase(simgrid.begin());
  EXPECT_EQ(fluid, simgrid);
}

}  // namespace
}  // namespace podramp::sim::decommission_run_test
