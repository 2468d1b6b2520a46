#include "backend/changed_conf.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace podramp::backend::changed_conf_test {
namespace {

using testing::HasSubstr;

Conf started(Compat compat = Compat::spark_4_0) {
  StringMap raw{{"spark.kubernetes.container.image", "spark:4"},
                {"spark.dynamicAllocation.enabled", "true"},
                {"spark.dynamicAllocation.shuffleTracking.enabled", "true"}};
  if (compat == Compat::fork_2_2) raw = {{"spark.kubernetes.driver.pod.name", "d"}};
  ConfOptions options;
  options.assumed_image = "spark";
  return *make_conf(raw, compat, options).conf;
}

TEST(ChangedConf, EveryChangeableKeyIsReadAtItsLevelAndChangesItsSetting) {
  const Conf before = started(Compat::spark_4_1);
  for (const std::string_view key : changeable_keys(Compat::spark_4_1)) {
    const bool time = !key.ends_with("Executors") && !key.ends_with("Ratio") && !key.ends_with("batch.size") &&
                      !key.ends_with("maximum") && key.find("maxPending") == std::string_view::npos;
    const std::string value = time ? "17s" : key.ends_with("Ratio") ? "0.5" : "17";
    const ConfOutcome changed = changed_conf(before, {{std::string(key), value}});
    ASSERT_TRUE(changed.conf) << key << ": " << to_string(changed.errors.front());
    Conf after = *changed.conf;
    after.raw = before.raw;
    after.scaling = before.scaling;
    const bool in_scaling =
        changed.conf->scaling.dynamic.min != before.scaling.dynamic.min ||
        changed.conf->scaling.dynamic.max != before.scaling.dynamic.max ||
        changed.conf->scaling.dynamic.ratio != before.scaling.dynamic.ratio ||
        changed.conf->scaling.dynamic.backlog_timeout_us != before.scaling.dynamic.backlog_timeout_us ||
        changed.conf->scaling.dynamic.sustained_backlog_timeout_us !=
            before.scaling.dynamic.sustained_backlog_timeout_us ||
        changed.conf->scaling.dynamic.monitor.idle_timeout_us != before.scaling.dynamic.monitor.idle_timeout_us ||
        changed.conf->scaling.dynamic.monitor.cached_idle_timeout_us !=
            before.scaling.dynamic.monitor.cached_idle_timeout_us ||
        changed.conf->scaling.dynamic.monitor.shuffle_timeout_us != before.scaling.dynamic.monitor.shuffle_timeout_us;
    const bool in_backend = after.batch_size != before.batch_size || after.batch_delay_us != before.batch_delay_us ||
                            after.executor_ids_max != before.executor_ids_max ||
                            after.max_pending_pods != before.max_pending_pods ||
                            after.max_pending_pods_per_profile != before.max_pending_pods_per_profile ||
                            after.creation_timeout_us != before.creation_timeout_us ||
                            after.api_polling_interval_us != before.api_polling_interval_us ||
                            after.event_processing_interval_us != before.event_processing_interval_us ||
                            after.missing_pod_detect_delta_us != before.missing_pod_detect_delta_us;
    EXPECT_TRUE(in_scaling || in_backend) << key;
  }
}

TEST(ChangedConf, WhatShapesPodsIsRefusedWithItsPath) {
  ConfOptions options;
  options.path_prefix = "timeline[0].conf.";
  const ConfOutcome changed = changed_conf(started(), {{"spark.executor.memory", "8g"}}, options);
  EXPECT_FALSE(changed.conf);
  ASSERT_EQ(changed.errors.size(), 1U);
  EXPECT_EQ(changed.errors[0].path, "timeline[0].conf.spark.executor.memory");
  EXPECT_THAT(changed.errors[0].message, HasSubstr("cannot change while the application runs"));
}

TEST(ChangedConf, TheForkChangesItsBatchOnly) {
  const Conf before = started(Compat::fork_2_2);
  const ConfOutcome batch = changed_conf(before, {{"spark.kubernetes.allocation.batch.size", "7"}});
  ASSERT_TRUE(batch.conf);
  EXPECT_EQ(batch.conf->batch_size, 7);
  EXPECT_FALSE(changed_conf(before, {{"spark.dynamicAllocation.maxExecutors", "7"}}).conf);
}

TEST(ChangedConf, ContradictionsOfDynamicAllocationAreErrors) {
  const Conf before = started();
  const ConfOutcome changed = changed_conf(
      before, {{"spark.dynamicAllocation.minExecutors", "9"}, {"spark.dynamicAllocation.maxExecutors", "3"}});
  EXPECT_FALSE(changed.conf);
}

}  // namespace
}  // namespace podramp::backend::changed_conf_test
