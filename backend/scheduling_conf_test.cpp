#include "backend/scheduling_conf.h"

#include <gtest/gtest.h>

#include "backend/conf.h"

namespace podramp::backend::scheduling_conf_test {
namespace {

Conf conf_of(const StringMap& raw, Compat compat = Compat::spark_4_0) {
  ConfOutcome outcome = make_conf(raw, compat);
  for (const FieldError& error : outcome.errors) ADD_FAILURE() << to_string(error);
  return outcome.conf.value_or(Conf{});
}

TEST(SchedulingConfTest, DefaultsAreSparksOwnAndThoseOfTheStructs) {
  EXPECT_EQ(conf_of({}).scheduling, SchedulingConf{});
  const SchedulingConf old = conf_of({}, Compat::spark_3_5).scheduling;
  EXPECT_EQ(old.speculation_multiplier_milli, 1500);
  EXPECT_EQ(old.speculation_quantile_milli, 750);
  EXPECT_FALSE(old.spares_decommissioned);
}

TEST(SchedulingConfTest, LocalityWaitsFallBackToTheCommonOne) {
  const SchedulingConf c = conf_of({{"spark.locality.wait", "5s"}, {"spark.locality.wait.node", "0"}}).scheduling;
  EXPECT_EQ(c.wait_process_us, 5 * kSecondUs);
  EXPECT_EQ(c.wait_node_us, 0);
  EXPECT_EQ(c.wait_rack_us, 5 * kSecondUs);
}

TEST(SchedulingConfTest, TaskCpusAreWholeUpTo42) {
  EXPECT_EQ(conf_of({{"spark.task.cpus", "2"}}).scheduling.task_cpus, 2 * kCpu);
  EXPECT_EQ(conf_of({{"spark.task.cpus", "0.5"}}, Compat::spark_4_4).scheduling.task_cpus, kCpu / 2);
  EXPECT_EQ(make_conf({{"spark.task.cpus", "0.5"}}, Compat::spark_4_2).errors.size(), 1U);
}

TEST(SchedulingConfTest, OldNamesOfExclusionCountUpTo40) {
  const ExclusionConf c = conf_of({{"spark.blacklist.enabled", "true"},
                                   {"spark.blacklist.timeout", "10m"},
                                   {"spark.blacklist.killBlacklistedExecutors", "true"}})
                              .scheduling.exclusion;
  EXPECT_EQ(c.enabled, true);
  EXPECT_EQ(c.timeout_us, 10 * kMinuteUs);
  EXPECT_TRUE(c.kill);
  // From 4.1 on Spark does not read them.
  EXPECT_EQ(conf_of({{"spark.blacklist.enabled", "true"}}, Compat::spark_4_1).scheduling.exclusion.enabled,
            std::nullopt);
}

TEST(SchedulingConfTest, TheSustainedBacklogTimeoutFollowsTheFirstOne) {
  const DynamicAllocationSettings c = conf_of({{"spark.dynamicAllocation.enabled", "true"},
                                               {"spark.dynamicAllocation.schedulerBacklogTimeout", "3s"},
                                               {"spark.dynamicAllocation.minExecutors", "2"},
                                               {"spark.dynamicAllocation.initialExecutors", "4"},
                                               {"spark.executor.instances", "3"}})
                                          .scaling.dynamic;
  EXPECT_EQ(c.backlog_timeout_us, 3 * kSecondUs);
  EXPECT_EQ(c.sustained_backlog_timeout_us, 3 * kSecondUs);
  EXPECT_EQ(c.min, 2);
  EXPECT_EQ(c.initial, 4);
}

}  // namespace
}  // namespace podramp::backend::scheduling_conf_test
