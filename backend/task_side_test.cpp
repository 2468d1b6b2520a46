// Jobs, stages and tasks through the whole task side, against the rules of Spark's DAGScheduler and TaskSchedulerImpl.
#include "backend/task_side.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "backend/test_task_world.h"

namespace podramp::backend::task_side_test {
namespace {

using Words = std::vector<std::string>;

TEST(TaskSide, AChildStageStartsWhenAllOutputsOfItsParentAreThere) {
  TaskWorld world;
  world.add(1, 2);
  world.job(0, {map_stage(0, 3), result_stage(1, 2, {0})});
  EXPECT_EQ(world.take_log(), (Words{"stage 0.0 of 3"}));
  EXPECT_EQ(world.on(1), (Words{"0.0", "0.1"}));
  world.succeed_all();
  EXPECT_EQ(world.take_log(), (Words{}));
  EXPECT_EQ(world.on(1), (Words{"0.2"}));
  world.succeed_all();
  EXPECT_EQ(world.take_log(), (Words{"end 0.0", "stage 1.0 of 2"}));
  world.succeed_all();
  EXPECT_EQ(world.take_log(), (Words{"end 1.0", "job 0 done"}));
  EXPECT_TRUE(world.running.empty());
}

// (SPARK-9851: SparkContext.submitMapStage, one for each exchange of an adaptive query.)
TEST(TaskSide, AMapStageJobEndsWhenAllOutputsAreThereAndLaterJobsReadThem) {
  TaskWorld world;
  world.add(1, 2);
  world.job(0, {map_stage(0, 2)});
  EXPECT_EQ(world.take_log(), (Words{"stage 0.0 of 2"}));
  world.succeed_all();
  EXPECT_EQ(world.take_log(), (Words{"end 0.0", "job 0 done"}));
  world.job(1, {map_stage(1, 1, {0}), result_stage(2, 1, {1})});
  EXPECT_EQ(world.take_log(), (Words{"stage 1.0 of 1"})) << "stage 0 is skipped";
  world.succeed_all();
  world.succeed_all();
  EXPECT_EQ(world.take_log(), (Words{"end 1.0", "stage 2.0 of 1", "end 2.0", "job 1 done"}));
}

TEST(TaskSide, JobsWaitUntilTheBackendIsReady) {
  TaskSide side({}, std::make_unique<PlainHostNames>(), "app-1");
  side.start(0);
  Outbox out;
  side.executor_added(0, {1, "10.0.0.1", 0, 1}, out);
  side.job_submitted(0, {0, {result_stage(0, 1)}}, out);
  EXPECT_TRUE(out.take().empty());
  side.ready(kSecondUs, out);
  EXPECT_TRUE(std::holds_alternative<out::StageStarted>(out.effects().at(0)));
  EXPECT_TRUE(std::holds_alternative<out::TaskLaunched>(out.effects().at(1)));
}

TEST(TaskSide, AnExecutorHoldsAsManyTasksAsItsCoresAllow) {
  TaskSettings settings;
  settings.task_cpus = 2 * kCpu;
  TaskWorld world(settings);
  world.add(1, 5);
  world.job(0, {result_stage(0, 9)});
  EXPECT_EQ(world.on(1), (Words{"0.0", "0.1"}));
}

TEST(TaskSide, ATenthOfACpuFitsTenTimesIntoOne) {  // SPARK-58192
  TaskSettings settings;
  settings.task_cpus = kCpu / 10;
  TaskWorld world(settings);
  world.add(1, 1);
  world.job(0, {result_stage(0, 11)});
  EXPECT_EQ(world.running.size(), 10U);
}

TEST(TaskSide, TasksRunOnlyOnExecutorsOfTheirProfile) {
  TaskWorld world;
  world.add(1);
  StagePlan stage = result_stage(0, 1);
  stage.profile = 3;
  world.job(0, {stage});
  EXPECT_TRUE(world.running.empty());
  world.add(2, 1, 3);
  EXPECT_EQ(world.on(2), (Words{"0.0"}));
}

TEST(TaskSide, EarlierJobsGoFirstAndTasksAreDealtOutOneEach) {
  TaskWorld world;
  world.job(0, {result_stage(0, 2)});
  world.job(1, {result_stage(1, 4)});
  for (ExecutorId id = 1; id <= 2; ++id) world.add(id, 2);
  world.run(kSecondUs);
  EXPECT_EQ(world.running.size(), 4u);
  EXPECT_EQ(world.running.at(0).stage, 0);
  EXPECT_EQ(world.running.at(1).stage, 0);
  EXPECT_EQ(world.running.at(2).stage, 1);
}

TEST(TaskSide, OffersAreSpreadOverTheExecutorsBeforeASecondTaskGoesToOne) {
  TaskWorld world;
  for (ExecutorId id = 1; id <= 3; ++id) world.add(id, 4);
  world.job(0, {result_stage(0, 3)});
  for (ExecutorId id = 1; id <= 3; ++id) EXPECT_EQ(world.on(id).size(), 1u) << id;
}

TEST(TaskSide, TheOrderOfOffersIsTheSameForTheSameApplication) {
  std::vector<std::vector<ExecutorId>> orders;
  for (int i = 0; i < 2; ++i) {
    TaskWorld world;
    for (ExecutorId id = 1; id <= 20; ++id) world.add(id);
    world.job(0, {result_stage(0, 20)});
    auto& order = orders.emplace_back();
    for (const auto& [task, launched] : world.running) order.push_back(launched.executor);
  }
  EXPECT_EQ(orders[0], orders[1]);
  EXPECT_FALSE(std::ranges::is_sorted(orders[0])) << "they are shuffled";
}

TEST(TaskSide, ATaskMayFailThreeTimesAndTheFourthEndsTheJob) {
  TaskWorld world;
  world.add(1);
  world.job(0, {result_stage(0, 1)});
  for (TaskId task = 0; task < 3; ++task) {
    ASSERT_EQ(world.running.count(task), 1u);
    EXPECT_EQ(world.running.at(task).attempt, task);
    world.fail(task);
  }
  EXPECT_EQ(world.take_log(), (Words{"stage 0.0 of 1"}));
  world.fail(3);
  const std::string why =
      "Job aborted due to stage failure: Task 0 in stage 0.0 failed 4 times, most recent failure: it broke";
  EXPECT_EQ(world.take_log(), (Words{"end 0.0: " + why, "job 0: " + why}));
}

TEST(TaskSide, KilledTasksAndExecutorsThatDiedForOtherReasonsDoNotCount) {
  TaskWorld world;
  world.add(1);
  world.job(0, {result_stage(0, 1)});
  for (TaskId task = 0; task < 5; ++task) world.fail(task, TaskEnd::killed);
  for (ExecutorId id = 2; id < 8; ++id) {
    world.add(id);
    world.remove(id - 1, {false, false, "node went down"});
    EXPECT_EQ(world.on(id), (Words{"0.0"}));
  }
  for (ExecutorId id = 8; id < 11; ++id) {
    world.add(id);
    world.remove(id - 1, {true, false, "exit code 137"});
    EXPECT_EQ(world.on(id), (Words{"0.0"}));
  }
  EXPECT_EQ(world.take_log(), (Words{"stage 0.0 of 1"}));
  world.remove(10, {true, false, "exit code 137"});
  EXPECT_EQ(world.take_log().size(), 2u) << "the fourth time by the application's fault";
}

// 01 1.8: at the disconnect offers stop and map outputs are gone; tasks fail when the reason is known.
TEST(TaskSide, ADisconnectTakesTheMapOutputsAndTheReasonFailsTheTasks) {
  TaskWorld world;
  world.add(1);
  world.add(2);
  world.job(0, {map_stage(0, 2), result_stage(1, 4, {0})});
  world.succeed_all();
  ASSERT_EQ(world.side.shuffles().available(0), 2);
  ASSERT_EQ(world.on(1).size(), 1u);
  const TaskId there = world.running.begin()->second.executor == 1 ? world.running.begin()->first
                                                                   : std::next(world.running.begin())->first;
  world.disconnect(1);
  EXPECT_EQ(world.side.shuffles().available(0), 1);
  EXPECT_FALSE(world.side.busy(1));
  EXPECT_EQ(world.running.count(there), 1u) << "nobody has said that it failed";
  world.take_log();
  world.remove(1, {false, false, "deleted"});
  EXPECT_EQ(world.side.shuffles().available(0), 1) << "and they are not dropped twice";
}

TEST(TaskSide, WithAShuffleServiceTheOutputsOutliveTheirExecutor) {
  TaskSettings settings;
  settings.shuffle_service = true;
  TaskWorld world(settings);
  world.add(1);
  world.job(0, {map_stage(0, 2), result_stage(1, 1, {0})});
  world.succeed_all();
  world.disconnect(1);
  world.remove(1);
  EXPECT_EQ(world.side.shuffles().available(0), 1);
  world.add(2);
  world.run(kSecondUs);
  EXPECT_EQ(world.on(2), (Words{"0.1"})) << "map task 0 does not run again";
}

TEST(TaskSide, MapTasksOfALostExecutorRunAgainWithinTheSameAttempt) {
  TaskWorld world;
  world.add(1);
  world.add(2);
  world.job(0, {map_stage(0, 3), result_stage(1, 1, {0})});
  const TaskId on_one = world.running.at(0).executor == 1 ? 0 : 1;
  world.succeed(on_one);  // executor 1 goes on with task 2
  world.disconnect(1);
  world.remove(1);
  EXPECT_EQ(world.take_log(), (Words{"stage 0.0 of 3"})) << "no new attempt";
  world.succeed_all();
  world.succeed_all();
  world.succeed_all();
  EXPECT_EQ(world.take_log(), (Words{"end 0.0", "stage 1.0 of 1"}));
}

TEST(TaskSide, AFetchFailureSendsBothStagesAroundAgainAfter200Ms) {
  TaskWorld world;
  world.add(1);
  world.add(2);
  world.job(0, {map_stage(0, 2), result_stage(1, 2, {0})});
  const ExecutorId wrote_map_0 = world.running.at(0).executor;
  world.succeed_all();
  world.take_log();
  world.now = kSecondUs / 2;
  world.fail_fetch(world.running.begin()->first, 0, 0, wrote_map_0);
  EXPECT_EQ(world.take_log(), (Words{"end 1.0: no shuffle file"}));
  EXPECT_EQ(world.running.size(), 1u) << "the other task of the attempt goes on, a zombie";
  EXPECT_EQ(world.side.shuffles().missing(0), (std::vector<int>{0}));
  world.run(kSecondUs / 2 + 199'999);
  EXPECT_EQ(world.take_log(), (Words{}));
  world.run(kSecondUs / 2 + 200'000);
  EXPECT_EQ(world.take_log(), (Words{"stage 0.1 of 1"}));
  world.succeed_all();  // the zombie, too: its result counts
  EXPECT_EQ(world.take_log(), (Words{"end 0.1", "stage 1.1 of 1"}));
  world.succeed_all();
  EXPECT_EQ(world.take_log(), (Words{"end 1.1", "job 0 done"}));
}

TEST(TaskSide, FourFetchFailuresInARowEndTheJob) {
  TaskWorld world;
  world.add(1);
  world.job(0, {map_stage(0, 1), result_stage(1, 1, {0})});
  for (int attempt = 0; attempt < 4; ++attempt) {
    world.succeed_all();
    ASSERT_EQ(world.on(1), (Words{"1.0"}));
    EXPECT_EQ(world.running.begin()->second.stage_attempt, attempt);
    world.take_log();
    world.fail_fetch(world.running.begin()->first, 0, 0, 1);
    world.run(world.now + kSecondUs);
  }
  const Words log = world.take_log();
  ASSERT_EQ(log.size(), 2u);
  EXPECT_EQ(log[1],
            "job 0: Job aborted due to stage failure: stage 1 has failed the maximum allowable number of times: 4. "
            "Most recent failure reason: no shuffle file");
}

TEST(TaskSide, ASuccessInBetweenClearsTheCountOfFetchFailures) {
  TaskWorld world;
  world.add(1);
  world.job(0, {map_stage(0, 1), map_stage(1, 1, {0}), result_stage(2, 1, {1})});
  for (int i = 0; i < 3; ++i) {
    world.succeed_all();
    world.fail_fetch(world.running.begin()->first, 0, 0, 1);
    world.run(world.now + kSecondUs);
  }
  world.succeed_all();  // map stage 0
  world.succeed_all();  // stage 1 at its fourth attempt
  ASSERT_EQ(world.on(1), (Words{"2.0"}));
  world.fail_fetch(world.running.begin()->first, 1, 0, 1);  // both shuffles are gone with executor 1's files
  world.run(world.now + kSecondUs);
  world.take_log();
  for (int i = 0; i < 3; ++i) {
    world.succeed_all();
    ASSERT_EQ(world.on(1), (Words{"1.0"}));
    world.fail_fetch(world.running.begin()->first, 0, 0, 1);
    world.run(world.now + kSecondUs);
  }
  for (const std::string& line : world.take_log()) EXPECT_EQ(line.find("job"), std::string::npos) << line;
}

TEST(TaskSide, AFetchFailureOfAnOldAttemptIsIgnored) {
  TaskWorld world;
  world.add(1, 2);
  world.job(0, {map_stage(0, 1), result_stage(1, 2, {0})});
  world.succeed_all();
  const TaskId first = world.running.begin()->first;
  const TaskId second = std::next(world.running.begin())->first;
  world.fail_fetch(first, 0, 0, 1);
  world.run(kSecondUs);
  world.succeed(std::prev(world.running.end())->first);  // the map task's second attempt; stage 1.1 starts
  world.take_log();
  world.fail_fetch(second, 0, 0, 1);
  EXPECT_EQ(world.take_log(), (Words{}));
  EXPECT_EQ(world.side.shuffles().available(0), 1);
}

TEST(TaskSide, ADecommissionedExecutorsFetchFailuresDoNotCountTowardsTheLimit) {
  TaskWorld world;
  world.add(1);
  world.add(2);
  world.job(0, {map_stage(0, 2), result_stage(1, 1, {0})});
  world.succeed_all();
  Outbox out;
  world.side.executor_decommissioning(world.now, 1, out);
  world.take_log();
  for (int i = 0; i < 6; ++i) {
    for (const auto& [task, launched] : std::map<TaskId, out::TaskLaunched>(world.running)) {
      if (launched.stage == 1) world.fail_fetch(task, 0, 0, 1);
    }
    world.run(world.now + kSecondUs);
    world.succeed_all();
  }
  for (const std::string& line : world.take_log()) EXPECT_EQ(line.find("aborted"), std::string::npos) << line;
}

TEST(TaskSide, OutputsThatHaveMovedNeedNotBeMadeAgain) {
  TaskWorld world;
  world.add(1);
  world.add(2);
  world.job(0, {map_stage(0, 2), result_stage(1, 1, {0})});
  const ExecutorId from = world.running.at(0).executor;
  world.succeed_all();
  world.side.block_updated({3 - from, -1, 0, 0, 100});
  world.disconnect(from);
  world.remove(from, {false, true, "decommissioned"});
  EXPECT_EQ(world.side.shuffles().available(0), 2);
}

TEST(TaskSide, AnOutputMayMoveToAnExecutorThatWasNeverOfferedAndIsLostWithIt) {
  TaskWorld world;
  world.add(1);
  world.job(0, {map_stage(0, 1), result_stage(1, 1, {0})});
  world.succeed_all();
  world.succeed_all();
  world.add(2);  // nothing runs, so nothing is offered
  world.side.block_updated({2, -1, 0, 0, 100});
  world.remove(1, {false, true, "decommissioned"});
  ASSERT_EQ(world.side.shuffles().available(0), 1);
  EXPECT_EQ(world.side.shuffles().find(0, 0)->executor, 2);
  EXPECT_EQ(world.side.shuffles().find(0, 0)->host, TaskWorld::host(2));
  world.remove(2);
  EXPECT_EQ(world.side.shuffles().available(0), 0);
}

TEST(TaskSide, ALaterJobReusesTheShuffleOfAnEarlierOne) {
  TaskWorld world;
  world.add(1);
  world.job(0, {map_stage(0, 1), result_stage(1, 1, {0})});
  world.succeed_all();
  world.succeed_all();
  world.take_log();
  world.job(1, {result_stage(2, 1, {0})});
  EXPECT_EQ(world.take_log(), (Words{"stage 2.0 of 1"}));
  world.disconnect(1);
  world.remove(1);
  world.add(2);
  world.take_log();
  world.run(world.now + kSecondUs);
  ASSERT_EQ(world.on(2), (Words{"2.0"}));
  world.fail_fetch(world.running.begin()->first, 0, 0, 1);
  world.run(world.now + kSecondUs);
  EXPECT_EQ(world.take_log(), (Words{"end 2.0: no shuffle file", "stage 0.0 of 1"}));
}

TEST(TaskSide, ReduceTasksPreferTheHostsThatHoldTheirInput) {
  TaskWorld world;
  world.add(1, 4);
  world.job(0, {map_stage(0, 2), result_stage(1, 2, {0})});
  world.succeed_all();
  for (const auto& [task, launched] : world.running) EXPECT_EQ(launched.locality, Locality::node_local);
}

TEST(TaskSide, TasksPreferTheExecutorThatCachesTheirBlock) {
  TaskWorld world;
  world.add(1, 1);
  world.add(2, 1);
  world.job(0, {result_stage(0, 2)});
  world.succeed_all();
  world.side.block_updated({2, 5, 0, 100, 0});
  world.side.block_updated({1, 5, 1, 100, 0});
  StagePlan reads = result_stage(1, 2);
  reads.caches_rdd = 5;
  world.job(1, {reads});
  EXPECT_EQ(world.on(2), (Words{"1.0"}));
  EXPECT_EQ(world.on(1), (Words{"1.1"}));
  for (const auto& [task, launched] : world.running) EXPECT_EQ(launched.locality, Locality::process_local);
}

TEST(TaskSide, ADroppedBlockIsNoPreferenceAnyMore) {
  TaskWorld world;
  world.add(1, 1);
  world.job(0, {result_stage(0, 1)});
  world.succeed_all();
  world.side.block_updated({1, 5, 0, 100, 0});
  world.side.block_updated({1, 5, 0, 0, 0});
  StagePlan reads = result_stage(1, 1);
  reads.caches_rdd = 5;
  world.job(1, {reads});
  const auto* set = world.side.tasks().find(1, 0);
  ASSERT_NE(set, nullptr);
  EXPECT_TRUE(set->plan().places.at(0).empty());
}

// Delay scheduling and the revive tick: the free executor waits for the third second, then for the next tick.
TEST(TaskSide, ATaskWaitsThreeSecondsForItsHostAndTakesTheNextTick) {
  TaskWorld world;
  world.now = kSecondUs / 4;
  world.add(1);
  world.add(2);
  StagePlan stage = result_stage(0, 2);
  stage.preferred = {{TaskWorld::host(1)}, {TaskWorld::host(1)}};
  world.job(0, {stage});
  EXPECT_EQ(world.on(1).size(), 1u);
  EXPECT_TRUE(world.on(2).empty());
  world.run(3 * kSecondUs);
  EXPECT_TRUE(world.on(2).empty());
  world.run(4 * kSecondUs);
  ASSERT_EQ(world.on(2).size(), 1u);
  EXPECT_EQ(world.running.rbegin()->second.locality, Locality::any);
}

// Spark 3.5-4.4: HDFS names nodes, executors are pod IPs; nothing matches and nothing is waited for.
TEST(TaskSide, TasksThatPreferNodesRunAnywhereAtOnce) {
  TaskWorld world;
  world.add(1);
  StagePlan stage = result_stage(0, 1);
  stage.preferred = {{"node-1"}};
  world.job(0, {stage});
  ASSERT_EQ(world.on(1), (Words{"0.0"}));
  EXPECT_EQ(world.running.at(0).locality, Locality::any);
}

}  // namespace
}  // namespace podramp::backend::task_side_test
