#include "backend/task_settings.h"

#include <gtest/gtest.h>

#include "backend/conf.h"
#include "backend/fork_conf.h"

namespace podramp::backend::task_settings_test {
namespace {

TaskSettings settings_of(const StringMap& raw, Compat compat = Compat::spark_4_0) {
  const ConfOutcome outcome = make_conf(raw, compat);
  for (const FieldError& error : outcome.errors) ADD_FAILURE() << to_string(error);
  if (!outcome.conf) return {};
  return task_settings(outcome.conf->scheduling, outcome.conf->dynamic_allocation);
}

// Every key of task scheduling, each with a value of its own.
StringMap every_key() {
  return {{"spark.task.cpus", "2"},
          {"spark.executor.cores", "2"},
          {"spark.locality.wait", "13s"},
          {"spark.locality.wait.process", "11s"},
          {"spark.locality.wait.node", "12s"},
          {"spark.locality.wait.legacyResetOnTaskLaunch", "true"},
          {"spark.task.maxFailures", "5"},
          {"spark.stage.maxConsecutiveAttempts", "6"},
          {"spark.stage.ignoreDecommissionFetchFailure", "true"},
          {"spark.scheduler.revive.interval", "7s"},
          {"spark.shuffle.reduceLocality.enabled", "false"},
          {"spark.shuffle.service.enabled", "true"},
          {"spark.local.dir", "/tmp"},
          {"spark.files.fetchFailure.unRegisterOutputOnHost", "true"},
          {"spark.scheduler.excludeOnFailure.unschedulableTaskSetTimeout", "9"},
          {"spark.speculation", "true"},
          {"spark.speculation.interval", "200"},
          {"spark.speculation.minTaskRuntime", "300"},
          {"spark.speculation.quantile", "0.29"},
          {"spark.speculation.multiplier", "2.7599"},
          {"spark.excludeOnFailure.enabled", "true"},
          {"spark.excludeOnFailure.timeout", "8m"},
          {"spark.excludeOnFailure.task.maxTaskAttemptsPerExecutor", "3"},
          {"spark.excludeOnFailure.task.maxTaskAttemptsPerNode", "4"},
          {"spark.excludeOnFailure.stage.maxFailedTasksPerExecutor", "5"},
          {"spark.excludeOnFailure.stage.maxFailedExecutorsPerNode", "6"},
          {"spark.excludeOnFailure.application.maxFailedTasksPerExecutor", "7"},
          {"spark.excludeOnFailure.application.maxFailedExecutorsPerNode", "8"},
          {"spark.excludeOnFailure.application.fetchFailure.enabled", "true"},
          {"spark.excludeOnFailure.killExcludedExecutors", "true"},
          {"spark.excludeOnFailure.killExcludedExecutors.decommission", "true"}};
}

class TaskSettingsOfLevel : public testing::TestWithParam<Compat> {};

TEST_P(TaskSettingsOfLevel, DefaultsAreSparksOwn) {
  TaskSettings expected;
  if (GetParam() < Compat::spark_4_0) {
    expected.speculation_quantile_milli = 750;
    expected.speculation_multiplier_milli = 1500;
    expected.spares_decommissioned = false;
  }
  EXPECT_EQ(settings_of({}, GetParam()), expected);
}

TEST_P(TaskSettingsOfLevel, EveryKeyHasItsField) {
  StringMap raw = every_key();
  TaskSettings expected;
  expected.task_cpus = 2 * kCpu;
  expected.wait_process_us = 11 * kSecondUs;
  expected.wait_node_us = 12 * kSecondUs;
  expected.wait_rack_us = 13 * kSecondUs;
  expected.failures_max = 5;
  expected.stage_attempts_max = 6;
  expected.revive_us = 7 * kSecondUs;
  expected.reduce_locality = false;
  expected.shuffle_service = true;
  expected.speculation = true;
  expected.speculation_period_us = 200 * kMillisecondUs;
  expected.speculation_quantile_milli = 290;
  expected.speculation_multiplier_milli = 2759;
  expected.exclusion.shuffle_service = true;
  if (GetParam() == Compat::fork_2_2) {  // the rest are later Sparks' keys
    raw.emplace("spark.kubernetes.shuffle.labels", "app=shuffle");
    expected.spares_decommissioned = false;
  } else {
    expected.wait_resets_on_launch = true;
    expected.drops_whole_host = true;
    expected.unschedulable_us = 9 * kSecondUs;
    expected.speculation_least_us = 300 * kMillisecondUs;
    expected.exclusion = {true, true, 3, 4, 5, 6, 7, 8, true, true, true, true, 8 * kMinuteUs};
  }
  EXPECT_EQ(settings_of(raw, GetParam()), expected);
}

INSTANTIATE_TEST_SUITE_P(Levels, TaskSettingsOfLevel,
                         testing::Values(Compat::fork_2_2, Compat::spark_3_5, Compat::spark_4_0, Compat::spark_4_1,
                                         Compat::spark_4_2, Compat::spark_4_4),
                         [](const auto& level) {
                           std::string name(to_text(level.param));
                           std::erase_if(name, [](char c) { return c == '-' || c == '.'; });
                           return name;
                         });

TEST(TaskSettings, SettingsComeFromOfficialKeysAndTheLevel) {
  const TaskSettings old = settings_of({{"spark.locality.wait", "10s"},
                                        {"spark.locality.wait.node", "0"},
                                        {"spark.task.maxFailures", "8"},
                                        {"spark.speculation", "true"},
                                        {"spark.excludeOnFailure.enabled", "true"}},
                                       Compat::spark_3_5);
  EXPECT_EQ(old.wait_process_us, 10 * kSecondUs);
  EXPECT_EQ(old.wait_node_us, 0);
  EXPECT_EQ(old.failures_max, 8);
  EXPECT_EQ(old.speculation_quantile_milli, 750);
  EXPECT_EQ(old.speculation_multiplier_milli, 1500);
  EXPECT_FALSE(old.spares_decommissioned);
  EXPECT_TRUE(old.exclusion.task_sets);
  EXPECT_TRUE(old.exclusion.application);
  const TaskSettings modern = settings_of({{"spark.speculation.multiplier", "2.5"}}, Compat::spark_4_0);
  EXPECT_EQ(modern.wait_rack_us, 3 * kSecondUs);
  EXPECT_EQ(modern.speculation_quantile_milli, 900);
  EXPECT_EQ(modern.speculation_multiplier_milli, 2500);
  EXPECT_TRUE(modern.spares_decommissioned);
}

TEST(TaskSettings, EachKindOfExclusionHasASwitchOfItsOwnFrom40) {
  const StringMap raw{{"spark.excludeOnFailure.enabled", "true"},
                      {"spark.excludeOnFailure.application.enabled", "false"}};
  EXPECT_TRUE(settings_of(raw).exclusion.task_sets);
  EXPECT_FALSE(settings_of(raw).exclusion.application);
  EXPECT_TRUE(settings_of(raw, Compat::spark_3_5).exclusion.application) << "the key is of 4.0";
  const ExclusionSettings alone = settings_of({{"spark.excludeOnFailure.taskAndStage.enabled", "true"}}).exclusion;
  EXPECT_TRUE(alone.task_sets);
  EXPECT_FALSE(alone.application);
}

TEST(TaskSettings, WhatSparkWouldRefuseReadsAsTheDefault) {
  EXPECT_EQ(settings_of({{"spark.task.cpus", "0"},
                         {"spark.locality.wait", "-1"},
                         {"spark.stage.maxConsecutiveAttempts", "0"},
                         {"spark.scheduler.revive.interval", "0"},
                         {"spark.speculation.interval", "-1"},
                         {"spark.speculation.quantile", "-1"},
                         {"spark.excludeOnFailure.task.maxTaskAttemptsPerNode", "0"},
                         {"spark.excludeOnFailure.timeout", "-1"}}),
            TaskSettings{});
  EXPECT_EQ(settings_of({{"spark.speculation.multiplier", "-1"}}, Compat::spark_3_5).speculation_multiplier_milli,
            1500);
  const TaskSettings waits = settings_of({{"spark.locality.wait", "9s"}, {"spark.locality.wait.rack", "-1"}});
  EXPECT_EQ(waits.wait_rack_us, 9 * kSecondUs);
}

TEST(TaskSettings, CpusOfTasksAreExactFractionsFrom44) {
  EXPECT_EQ(settings_of({{"spark.task.cpus", "2"}, {"spark.executor.cores", "4"}}, Compat::spark_4_4).task_cpus,
            2 * kCpu);
  EXPECT_EQ(settings_of({{"spark.task.cpus", "0.1"}}, Compat::spark_4_4).task_cpus, kCpu / 10);
}

TEST(TaskSettings, TheForkTellsItsDriverTheSame) {
  const StringMap raw{{"spark.task.cpus", "2"}, {"spark.speculation", "true"}, {"spark.task.maxFailures", "1"}};
  const auto fork = read_fork_conf(raw).conf;
  ASSERT_TRUE(fork.has_value());
  EXPECT_EQ(task_settings(fork->scheduling, fork->dynamic_allocation), settings_of(raw, Compat::fork_2_2));
  EXPECT_EQ(settings_of(raw, Compat::fork_2_2).failures_max, 1);
}

}  // namespace
}  // namespace podramp::backend::task_settings_test
