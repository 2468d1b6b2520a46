// The task side beyond the plain course of jobs: second copies, exclusion, what listeners hear, the stop.
#include <gtest/gtest.h>

#include <algorithm>

#include "backend/task_side.h"
#include "backend/test_task_world.h"

namespace podramp::backend::task_side_listener_test {
namespace {

using Words = std::vector<std::string>;

TEST(TaskSide, SlowTasksGetASecondCopyAndTheLoserIsKilled) {
  TaskSettings settings;
  settings.speculation = true;
  TaskWorld world(settings);
  for (ExecutorId id = 1; id <= 11; ++id) world.add(id);
  world.job(0, {result_stage(0, 10)});
  world.run(kSecondUs);
  const TaskId slow = 9;
  for (TaskId task = 0; task < 9; ++task) world.succeed(task);
  world.take_log();
  world.run(3 * kSecondUs);
  EXPECT_EQ(world.running.size(), 1u) << "three times the median is not over";
  world.run(3 * kSecondUs + 100 * kMillisecondUs);
  ASSERT_EQ(world.running.size(), 2u);
  const auto copy = *world.running.rbegin();
  EXPECT_TRUE(copy.second.speculative);
  EXPECT_EQ(copy.second.index, world.running.at(slow).index);
  EXPECT_NE(copy.second.executor, world.running.at(slow).executor);
  world.succeed(copy.first);
  // Once by its task set, once with the whole stage as the job ends.
  EXPECT_EQ(world.take_log(), (Words{"kill 9", "end 0.0", "job 0 done", "kill 9"}));
}

TEST(TaskSide, AShutOutTaskHasAnIdleExecutorKilledForIt) {
  TaskSettings settings;
  settings.exclusion.task_sets = settings.exclusion.application = true;
  TaskWorld world(settings);
  world.add(1);
  world.job(0, {result_stage(0, 1)});
  world.fail(0);
  EXPECT_EQ(world.side.take_orders(), (std::vector<ExclusionOrder>{{1, "", false}}));
  world.remove(1);
  world.add(2);
  world.run(kSecondUs);
  EXPECT_EQ(world.on(2), (Words{"0.0"})) << "a new executor takes it";
}

TEST(TaskSide, AShutOutTaskEndsItsJobAfterTwoMinutesWithoutAnExecutorForIt) {
  TaskSettings settings;
  settings.exclusion.task_sets = settings.exclusion.application = true;
  TaskWorld world(settings);
  world.add(1);
  world.job(0, {result_stage(0, 1)});
  world.fail(0);
  world.take_log();
  world.run(119 * kSecondUs);
  EXPECT_EQ(world.take_log(), (Words{}));
  world.run(120 * kSecondUs);
  EXPECT_EQ(world.take_log().size(), 2u);
}

class Ear : public TaskListener {
 public:
  void stage_submitted(TimeUs, const StageSubmission& s) override {
    heard.push_back("stage " + std::to_string(s.stage) + " of " + std::to_string(s.tasks) + ", " +
                    std::to_string(s.tasks_with_places) + " with places");
    hints = s.tasks_by_host;
  }
  void stage_completed(TimeUs, StageId s, int) override { heard.push_back("completed " + std::to_string(s)); }
  void task_started(TimeUs, StageId, int, const TaskAttempt& t) override {
    heard.push_back("start " + std::to_string(t.index));
  }
  void task_ended(TimeUs, StageId, int, const TaskAttempt& t, const TaskResult&) override {
    heard.push_back("ended " + std::to_string(t.index));
  }
  void unschedulable_added(TimeUs, StageId, int) override { heard.emplace_back("unschedulable"); }
  void unschedulable_removed(TimeUs, StageId, int) override { heard.emplace_back("schedulable"); }
  std::vector<std::string> heard;
  std::map<std::string, std::int64_t> hints;
};

TEST(TaskSide, ListenersHearOfStagesAndTasksInSparksOrder) {
  TaskWorld world;
  Ear ear;
  world.side.add_listener(&ear);
  world.add(1);
  StagePlan stage = result_stage(0, 2);
  stage.preferred = {{"node-1", "node-2"}, {"node-1"}};
  world.job(0, {stage});
  EXPECT_EQ(ear.heard, (Words{"stage 0 of 2, 2 with places", "start 0"}));
  EXPECT_EQ(ear.hints, (std::map<std::string, std::int64_t>{{"node-1", 2}, {"node-2", 1}}));
  ear.heard.clear();
  world.succeed(0);
  EXPECT_EQ(ear.heard, (Words{"start 1", "ended 0"})) << "the core is offered before the result is looked at";
  ear.heard.clear();
  world.succeed(1);
  EXPECT_EQ(ear.heard, (Words{"ended 1", "completed 0"}));
}

TEST(TaskSide, WithDynamicAllocationAShutOutSetIsToldInsteadOfKilled) {
  TaskSettings settings;
  settings.exclusion.task_sets = true;
  settings.dynamic_allocation = true;
  TaskWorld world(settings);
  Ear ear;
  world.side.add_listener(&ear);
  world.add(1);
  world.job(0, {result_stage(0, 2)});
  world.fail(0);  // task 0 may not run there again; task 1 does
  world.run(kSecondUs);
  EXPECT_EQ(std::ranges::count(ear.heard, "unschedulable"), 1);
  world.add(2);
  world.run(2 * kSecondUs);
  EXPECT_EQ(std::ranges::count(ear.heard, "schedulable"), 1);
}

TEST(TaskSide, AStopCancelsItsTimersAndLaunchesNothingMore) {
  TaskWorld world;
  world.job(0, {result_stage(0, 1)});
  ASSERT_EQ(world.timers.size(), 1u);
  Outbox out;
  world.side.stop(out);
  ASSERT_EQ(out.effects().size(), 1u);
  EXPECT_TRUE(std::holds_alternative<out::TimerCancelled>(out.effects()[0]));
  world.add(1);
  EXPECT_TRUE(world.running.empty());
}

TEST(TaskSide, WithoutJobsItSaysNothing) {
  TaskWorld world;
  Outbox out;
  world.side.executor_added(0, {1, "10.0.0.1", 0, 4}, out);
  world.side.executor_disconnected(0, 1, out);
  world.side.executor_removed(0, 1, {}, out);
  EXPECT_TRUE(out.effects().empty());
}

}  // namespace
}  // namespace podramp::backend::task_side_listener_test
