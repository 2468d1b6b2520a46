#include "backend/fork_conf.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace podramp::backend::fork_conf_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

StringMap with(StringMap settings) {
  settings.emplace("spark.kubernetes.driver.pod.name", "driver");
  return settings;
}
std::string first_error(const StringMap& settings, UnknownKeys unknown = UnknownKeys::kError) {
  ConfOptions options;
  options.unknown_keys = unknown;
  const auto outcome = read_fork_conf(with(settings), options);
  return outcome.errors.empty() ? "" : to_string(outcome.errors.front());
}

TEST(ForkConf, DefaultsAreTheForks) {
  const auto outcome = read_fork_conf(with({}));
  ASSERT_TRUE(outcome.conf.has_value());
  EXPECT_THAT(outcome.warnings, IsEmpty());
  const ForkConf& conf = *outcome.conf;
  EXPECT_EQ(conf.batch_size, 5);
  EXPECT_EQ(conf.batch_delay_us, kSecondUs);
  EXPECT_EQ(conf.ns, "default");
  EXPECT_EQ(conf.image, "spark-executor:2.2.0");
  EXPECT_EQ(conf.pull_policy, "IfNotPresent");
  EXPECT_EQ(conf.memory_mib, 1024);
  EXPECT_EQ(conf.cpu_milli, 1000);
  EXPECT_EQ(conf.executor_port, 10000);
  EXPECT_EQ(conf.block_manager_port, 7079);
  EXPECT_EQ(conf.driver_port, 7078);
  EXPECT_EQ(conf.shuffle_port, 7337);
  EXPECT_EQ(conf.max_registered_wait_us, 30 * kSecondUs);
  EXPECT_FALSE(conf.node_name_dns_lookup);
  EXPECT_EQ(fork_initial_executors(conf, {}).value(), 1);
}

TEST(ForkConf, TheBatchDelayIsAPlainNumberOfSeconds) {
  EXPECT_EQ(read_fork_conf(with({{"spark.kubernetes.allocation.batch.delay", "60"}})).conf->batch_delay_us,
            60 * kSecondUs);
  EXPECT_THAT(first_error({{"spark.kubernetes.allocation.batch.delay", "1s"}}),
              HasSubstr("spark.kubernetes.allocation.batch.delay"));
  EXPECT_THAT(first_error({{"spark.kubernetes.allocation.batch.delay", "0"}}), HasSubstr("must be >= 1 (got 0)"));
  EXPECT_THAT(first_error({{"spark.kubernetes.allocation.batch.size", "0"}}), HasSubstr("must be >= 1 (got 0)"));
}

TEST(ForkConf, UnknownKeysAreErrorsWithTheNearestKey) {
  EXPECT_THAT(first_error({{"spark.kubernetes.allocation.batch.sizes", "5"}}),
              HasSubstr("did you mean spark.kubernetes.allocation.batch.size?"));
  const auto outcome = read_fork_conf(with({{"spark.kubernetes.allocation.maxPendingPods", "5"}}));
  ASSERT_THAT(outcome.warnings, SizeIs(1));
  EXPECT_EQ(outcome.warnings[0].kind, ConfWarningKind::later_level);
  ConfOptions warn;
  warn.unknown_keys = UnknownKeys::kWarn;
  const auto warned = read_fork_conf(with({{"spark.kubernetes.nonsense", "5"}}), warn);
  ASSERT_TRUE(warned.conf.has_value());
  ASSERT_THAT(warned.warnings, SizeIs(1));
  EXPECT_EQ(warned.warnings[0].kind, ConfWarningKind::unknown_kubernetes_key);
}

TEST(ForkConf, WhatEndsTheDriverAtItsStartIsAWarningBefore) {
  EXPECT_THAT(read_fork_conf({}).warnings, SizeIs(1));  // no driver pod
  const auto outcome = read_fork_conf(with({{"spark.dynamicAllocation.enabled", "true"},
                                            {"spark.dynamicAllocation.minExecutors", "2"},
                                            {"spark.executor.cores", "0.5"},
                                            {"spark.shuffle.service.enabled", "true"},
                                            {"spark.kubernetes.shuffle.labels", "a=b"},
                                            {"spark.local.dir", "/tmp"}}));
  ASSERT_TRUE(outcome.conf.has_value());
  ASSERT_THAT(outcome.warnings, SizeIs(2));
  EXPECT_THAT(outcome.warnings[0].text, HasSubstr("Q20"));
  EXPECT_THAT(outcome.warnings[1].text, HasSubstr("Q21"));
}

TEST(ForkConf, InitialExecutorsAreTheLargestOfThree) {
  ForkConf conf;
  conf.instances = 7;
  EXPECT_EQ(fork_initial_executors(conf, {}).value(), 7);
  conf.dynamic_allocation = true;
  conf.min_executors = 2;
  conf.max_executors = 10;
  EXPECT_EQ(fork_initial_executors(conf, {}).value(), 7);
  conf.dynamic_initial = 9;
  EXPECT_EQ(fork_initial_executors(conf, {}).value(), 9);
  conf.max_executors = 8;
  EXPECT_FALSE(fork_initial_executors(conf, {Fix::q20}).has_value());
}

TEST(ForkConf, ShuffleLabelsAreTrimmedPairs) {
  EXPECT_THAT(parse_shuffle_labels(" app = shuffle ,, version=2 ").value(),
              ElementsAre(Pair("app", "shuffle"), Pair("version", "2")));
  EXPECT_FALSE(parse_shuffle_labels("app").has_value());
  EXPECT_THAT(first_error({{"spark.shuffle.service.enabled", "true"}, {"spark.local.dir", "/tmp"}}),
              HasSubstr("spark.kubernetes.shuffle.labels"));
  EXPECT_THAT(first_error({{"spark.shuffle.service.enabled", "true"}, {"spark.kubernetes.shuffle.labels", "a=b"}}),
              HasSubstr("spark.local.dir"));
}

TEST(ForkConf, LocalDirectoriesComeFromTheDriversEnvironmentFirst) {
  EXPECT_THAT(read_fork_conf(with({{"spark.local.dir", "/a,/b"}})).conf->local_dirs, ElementsAre("/a", "/b"));
  EXPECT_THAT(read_fork_conf(with({{"spark.local.dir", "/a"}, {"spark.kubernetes.driverEnv.SPARK_LOCAL_DIRS", "/c"}}))
                  .conf->local_dirs,
              ElementsAre("/c"));
  EXPECT_THAT(read_fork_conf(with({})).conf->local_dirs, ElementsAre("/tmp"));
}

TEST(ForkConf, MakeConfOfTheLevelGivesTheOtherPartsWhatTheyNeed) {
  const auto outcome = make_conf(with({{"spark.executor.instances", "12"},
                                       {"spark.kubernetes.executor.docker.image", "exec:1"},
                                       {"spark.kubernetes.allocation.batch.delay", "2"}}),
                                 Compat::fork_2_2);
  ASSERT_TRUE(outcome.conf.has_value());
  EXPECT_EQ(outcome.conf->initial_executors, 12);
  EXPECT_EQ(outcome.conf->executor_image, "exec:1");
  EXPECT_EQ(outcome.conf->batch_delay_us, 2 * kSecondUs);
  EXPECT_EQ(outcome.conf->max_pending_pods, INT32_MAX);
}

TEST(ForkConf, EveryQuirkOfTheBackendIsSwitchedOffByItsNameOrAllAtOnce) {
  const Fixes all = parse_fixes({"corrected"}, Compat::fork_2_2).value();
  EXPECT_EQ(all.size(), 34U);
  EXPECT_TRUE(all.contains(Fix::q01));
  EXPECT_TRUE(all.contains(Fix::q48));
  EXPECT_EQ(parse_fixes({"Q12"}, Compat::fork_2_2).value(), Fixes{Fix::q12});
}

}  // namespace
}  // namespace podramp::backend::fork_conf_test
