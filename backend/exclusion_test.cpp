#include "backend/exclusion.h"

#include <gtest/gtest.h>

namespace podramp::backend::exclusion_test {
namespace {

ExclusionSettings defaults() {
  ExclusionSettings settings;
  settings.task_sets = true;
  settings.application = true;
  return settings;
}

TEST(TaskSetExclusion, ATaskThatFailedOnceOnAnExecutorDoesNotComeBackThere) {
  const ExclusionSettings settings = defaults();
  TaskSetExclusion exclusion(settings);
  exclusion.failed(0, "10.0.0.1", 1, 5);
  EXPECT_TRUE(exclusion.executor_out_for_task(1, 5));
  EXPECT_FALSE(exclusion.executor_out_for_task(1, 6));
  EXPECT_FALSE(exclusion.executor_out_for_task(2, 5));
  EXPECT_FALSE(exclusion.node_out_for_task("10.0.0.1", 5));
}

TEST(TaskSetExclusion, TwoAttemptsOfATaskOnANodeShutTheNodeForIt) {
  const ExclusionSettings settings = defaults();
  TaskSetExclusion exclusion(settings);
  exclusion.failed(0, "node", 1, 5);
  exclusion.failed(0, "node", 2, 5);
  EXPECT_TRUE(exclusion.node_out_for_task("node", 5));
  EXPECT_FALSE(exclusion.node_out_for_task("node", 6));
}

TEST(TaskSetExclusion, TwoDifferentFailedTasksShutAnExecutorForTheSet) {
  const ExclusionSettings settings = defaults();
  TaskSetExclusion exclusion(settings);
  exclusion.failed(0, "node", 1, 5);
  exclusion.failed(0, "node", 1, 5);
  EXPECT_FALSE(exclusion.executor_out(1)) << "the same task twice counts once";
  exclusion.failed(0, "node", 1, 6);
  EXPECT_TRUE(exclusion.executor_out(1));
  EXPECT_FALSE(exclusion.node_out("node"));
}

TEST(TaskSetExclusion, TwoShutExecutorsShutTheirNode) {
  const ExclusionSettings settings = defaults();
  TaskSetExclusion exclusion(settings);
  for (const ExecutorId id : {1, 2}) {
    exclusion.failed(0, "node", id, 5);
    exclusion.failed(0, "node", id, 6);
  }
  EXPECT_TRUE(exclusion.node_out("node"));
}

TEST(TaskSetExclusion, ADryRunCountsAndShutsNothing) {
  ExclusionSettings settings = defaults();
  settings.task_sets = false;
  TaskSetExclusion exclusion(settings);
  exclusion.failed(0, "node", 1, 5);
  exclusion.failed(0, "node", 1, 6);
  EXPECT_FALSE(exclusion.executor_out(1));
  EXPECT_FALSE(exclusion.executor_out_for_task(1, 5));
  EXPECT_EQ(exclusion.failures().at(1).tasks.size(), 2u);
}

std::map<ExecutorId, ExecutorFailures> failures_of(ExecutorId id, int tasks, TimeUs at) {
  ExecutorFailures failures;
  failures.node = "10.0.0." + std::to_string(id);
  for (int i = 0; i < tasks; ++i) failures.tasks[i] = {1, at};
  return {{id, failures}};
}

TEST(HealthTracker, FailuresOfSuccessfulTaskSetsAddUpToAnExclusionOfAnHour) {
  const ExclusionSettings settings = defaults();
  HealthTracker health(settings);
  health.task_set_succeeded(kSecondUs, failures_of(1, 1, 0));
  EXPECT_FALSE(health.executor_out(1));
  health.task_set_succeeded(2 * kSecondUs, failures_of(1, 1, 0));
  EXPECT_TRUE(health.executor_out(1));
  EXPECT_TRUE(health.take_orders().empty()) << "nobody is killed by default";
  health.expire(2 * kSecondUs + kHourUs);
  EXPECT_TRUE(health.executor_out(1)) << "it ends strictly after its time";
  health.expire(2 * kSecondUs + kHourUs + 1);
  EXPECT_FALSE(health.executor_out(1));
}

TEST(HealthTracker, OldFailuresDoNotCountAnyMore) {
  const ExclusionSettings settings = defaults();
  HealthTracker health(settings);
  health.task_set_succeeded(0, failures_of(1, 1, 0));
  health.task_set_succeeded(kHourUs + 1, failures_of(1, 1, kHourUs));
  EXPECT_FALSE(health.executor_out(1));
}

TEST(HealthTracker, WithTheKeySetAnExcludedExecutorIsKilledOnce) {
  ExclusionSettings settings = defaults();
  settings.kill = true;
  HealthTracker health(settings);
  health.task_set_succeeded(0, failures_of(1, 2, 0));
  EXPECT_EQ(health.take_orders(), (std::vector<ExclusionOrder>{{1, "", false}}));
  health.task_set_succeeded(0, failures_of(1, 2, 0));
  EXPECT_TRUE(health.take_orders().empty());
}

// On Kubernetes every executor has its own host, so a node is never excluded by counting executors.
TEST(HealthTracker, ExecutorsWithTheirOwnHostsNeverExcludeANode) {
  const ExclusionSettings settings = defaults();
  HealthTracker health(settings);
  for (ExecutorId id = 1; id <= 5; ++id) health.task_set_succeeded(0, failures_of(id, 2, 0));
  for (ExecutorId id = 1; id <= 5; ++id) EXPECT_FALSE(health.node_out("10.0.0." + std::to_string(id)));
}

TEST(HealthTracker, AFetchFailureExcludesTheExecutorAtOnceWhenAskedTo) {
  ExclusionSettings settings = defaults();
  HealthTracker off(settings);
  off.fetch_failed(0, "10.0.0.1", 1);
  EXPECT_FALSE(off.executor_out(1));
  settings.fetch_failures = true;
  settings.kill = true;
  settings.decommission = true;
  HealthTracker on(settings);
  on.fetch_failed(0, "10.0.0.1", 1);
  EXPECT_TRUE(on.executor_out(1));
  EXPECT_EQ(on.take_orders(), (std::vector<ExclusionOrder>{{1, "", true}}));
}

TEST(HealthTracker, WithAShuffleServiceAFetchFailureExcludesTheHost) {
  ExclusionSettings settings = defaults();
  settings.fetch_failures = true;
  settings.shuffle_service = true;
  settings.kill = true;
  HealthTracker health(settings);
  health.fetch_failed(0, "10.0.0.1", 1);
  EXPECT_FALSE(health.executor_out(1));
  EXPECT_TRUE(health.node_out("10.0.0.1"));
  EXPECT_EQ(health.take_orders(), (std::vector<ExclusionOrder>{{std::nullopt, "10.0.0.1", false}}));
}

}  // namespace
}  // namespace podramp::backend::exclusion_test
