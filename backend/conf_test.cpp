#include "backend/conf.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "backend/redaction.h"

namespace podramp::backend::conf_test {
namespace {

using testing::HasSubstr;

ConfOutcome outcome_of(const StringMap& raw, Compat compat = Compat::spark_4_0,
                       UnknownKeys unknown = UnknownKeys::kError) {
  ConfOptions options;
  options.unknown_keys = unknown;
  return make_conf(raw, compat, options);
}

Conf conf_of(const StringMap& raw, Compat compat = Compat::spark_4_0) {
  ConfOutcome outcome = outcome_of(raw, compat, UnknownKeys::kWarn);
  for (const FieldError& error : outcome.errors) ADD_FAILURE() << to_string(error);
  return outcome.conf.value_or(Conf{});
}

// The one error of a conf, "" when there is none or more than one.
std::string error_of(const StringMap& raw, Compat compat = Compat::spark_4_0) {
  const ConfOutcome outcome = outcome_of(raw, compat);
  EXPECT_EQ(outcome.errors.size(), 1U);
  return outcome.errors.size() == 1 ? to_string(outcome.errors.front()) : "";
}

std::vector<std::string> warnings_of(const ConfOutcome& outcome, ConfWarningKind kind) {
  std::vector<std::string> texts;
  for (const ConfWarning& w : outcome.warnings) {
    if (w.kind == kind) texts.push_back(w.key + ": " + w.text);
  }
  return texts;
}

TEST(Conf, DefaultsOfSpark40) {
  const Conf c = conf_of({});
  EXPECT_EQ(c.batch_size, 10);
  EXPECT_EQ(c.batch_delay_us, kSecondUs);
  EXPECT_EQ(c.max_pending_pods, INT32_MAX);
  EXPECT_EQ(c.creation_timeout_us, 600 * kSecondUs);
  EXPECT_EQ(c.executor_idle_timeout_us, 60 * kSecondUs);
  EXPECT_EQ(c.driver_readiness_timeout_us, kSecondUs);
  EXPECT_EQ(c.initial_executors, 2);
  EXPECT_EQ(c.api_polling_interval_us, 30 * kSecondUs);
  EXPECT_EQ(c.event_processing_interval_us, kSecondUs);
  EXPECT_EQ(c.missing_pod_detect_delta_us, 30 * kSecondUs);
  EXPECT_EQ(c.deleted_executors_cache_timeout_us, 180 * kSecondUs);
  EXPECT_TRUE(c.enable_api_polling && c.enable_api_watcher && c.check_all_containers && c.delete_on_termination);
  EXPECT_FALSE(c.polling_with_resource_version);
  EXPECT_EQ(c.max_executor_failures, 3);
  EXPECT_EQ(c.failures_validity_interval_us, std::nullopt);
  EXPECT_EQ(c.min_registered_ratio, 0.8);
  EXPECT_EQ(c.max_registered_wait_us, 30 * kSecondUs);
  EXPECT_EQ(c.request_timeout_us, 10 * kSecondUs);
  EXPECT_EQ(c.delete_grace_period_us, 5 * kSecondUs);
  EXPECT_EQ(c.ns, "default");
  EXPECT_EQ(c.driver_port, 7078);
  EXPECT_EQ(c.block_manager_port, 7079);
  EXPECT_EQ(c.termination_grace_s, std::nullopt);
  EXPECT_EQ(c.pods_allocator, PodsAllocator::direct);
}

TEST(Conf, LevelsChooseDefaultsAndKeys) {
  EXPECT_EQ(conf_of({}, Compat::spark_3_5).batch_size, 5);
  EXPECT_FALSE(conf_of({}, Compat::spark_3_5).check_all_containers);
  EXPECT_EQ(conf_of({}, Compat::spark_4_1).batch_size, 10);
  EXPECT_EQ(conf_of({}, Compat::spark_4_2).batch_size, 20);
  EXPECT_EQ(conf_of({}, Compat::spark_4_4).termination_grace_s, 30);
}

TEST(SparkAcceptance, S_A1_BatchDelayOfOneIsOneMillisecondAndRejected) {
  EXPECT_EQ(error_of({{"spark.kubernetes.allocation.batch.delay", "1"}}),
            "spark.kubernetes.allocation.batch.delay: a bare number is milliseconds: 1 ms, must be > 100 ms at "
            "spark-4.0");
  EXPECT_EQ(error_of({{"spark.kubernetes.allocation.batch.delay", "100ms"}}),
            "spark.kubernetes.allocation.batch.delay: must be > 100 ms at spark-4.0 (got 100 ms)");
  EXPECT_EQ(conf_of({{"spark.kubernetes.allocation.batch.delay", "101ms"}}).batch_delay_us, 101'000);
  EXPECT_EQ(conf_of({{"spark.kubernetes.allocation.batch.delay", "1"}}, Compat::spark_3_5).batch_delay_us, 1'000);
}

TEST(Conf, AllErrorsComeAtOnceWithTheirPlaces) {
  ConfOptions options;
  options.places["spark.executor.cores"] = {"job.conf", 7};
  options.path_prefix = "applications[0].conf.";
  const ConfOutcome outcome = make_conf({{"spark.executor.cores", "two"},
                                         {"spark.kubernetes.allocation.batch.size", "0"},
                                         {"spark.kubernetes.allocation.maxPendingPods", "-1"},
                                         {"spark.kubernetes.executor.deleteOnTermination", "yes"}},
                                        Compat::spark_4_0, options);
  EXPECT_FALSE(outcome.conf.has_value());
  ASSERT_EQ(outcome.errors.size(), 4U);
  EXPECT_EQ(to_string(outcome.errors[0]),
            "job.conf:7: applications[0].conf.spark.executor.cores: expected a whole number of at most 32 bits, got "
            "\"two\"");
  EXPECT_EQ(outcome.errors[1].message, "must be > 0 at spark-4.0 (got 0)");
  EXPECT_EQ(outcome.errors[2].message, "must be > 0 at spark-4.0 (got -1)");
  EXPECT_EQ(outcome.errors[3].message, "expected true or false, got \"yes\"");
}

TEST(Conf, CreationTimeoutIsTheLargerOfFiveDelaysAndItsKey) {
  EXPECT_EQ(conf_of({{"spark.kubernetes.allocation.batch.delay", "3min"}}).creation_timeout_us, 900 * kSecondUs);
  const StringMap low{{"spark.kubernetes.allocation.executor.timeout", "2s"}};
  EXPECT_EQ(conf_of(low).creation_timeout_us, 5 * kSecondUs);
  EXPECT_THAT(warnings_of(outcome_of(low), ConfWarningKind::contradiction),
              testing::ElementsAre("spark.kubernetes.allocation.executor.timeout: the creation time-out is 5 x "
                                   "batch.delay = 5.000s instead of 2.000s"));
}

TEST(Conf, InitialExecutorsFollowTheModeOfAllocation) {
  EXPECT_EQ(conf_of({{"spark.executor.instances", "7"}}).initial_executors, 7);
  EXPECT_EQ(conf_of({{"spark.executor.instances", "0"}}).initial_executors, 0);
  const StringMap dynamic{{"spark.dynamicAllocation.enabled", "true"},
                          {"spark.dynamicAllocation.minExecutors", "3"},
                          {"spark.dynamicAllocation.initialExecutors", "5"},
                          {"spark.dynamicAllocation.maxExecutors", "10"}};
  EXPECT_EQ(conf_of(dynamic).initial_executors, 5);
  StringMap more = dynamic;
  more["spark.executor.instances"] = "8";
  EXPECT_EQ(conf_of(more).initial_executors, 8);
  more["spark.executor.instances"] = "11";
  EXPECT_THAT(error_of(more), HasSubstr("it must lie between minExecutors = 3 and maxExecutors = 10"));
  StringMap crossed = dynamic;
  crossed["spark.dynamicAllocation.maxExecutors"] = "2";
  EXPECT_THAT(error_of(crossed), HasSubstr("must be <= spark.dynamicAllocation.maxExecutors = 2 (got 3)"));
}

TEST(Conf, RangesOfDynamicAllocationCountOnlyWhenItIsOn) {
  EXPECT_TRUE(outcome_of({{"spark.dynamicAllocation.maxExecutors", "0"}}).errors.empty());
  EXPECT_THAT(error_of({{"spark.dynamicAllocation.maxExecutors", "0"}, {"spark.dynamicAllocation.enabled", "true"}}),
              HasSubstr("must be > 0"));
}

TEST(Conf, FailureLimitFollowsTheExecutorCount) {
  EXPECT_EQ(conf_of({{"spark.executor.instances", "100"}}).max_executor_failures, 200);
  EXPECT_EQ(conf_of({{"spark.executor.instances", "1"}}).max_executor_failures, 3);
  EXPECT_EQ(conf_of({{"spark.executor.maxNumFailures", "2"}}).max_executor_failures, 2);
  EXPECT_EQ(conf_of({{"spark.dynamicAllocation.enabled", "true"}}).max_executor_failures, INT32_MAX);
  EXPECT_EQ(conf_of({{"spark.dynamicAllocation.enabled", "true"}, {"spark.dynamicAllocation.maxExecutors", "50"}})
                .max_executor_failures,
            100);
  EXPECT_EQ(conf_of({{"spark.executor.instances", "1073741824"}}).max_executor_failures, INT32_MAX);
  EXPECT_EQ(conf_of({{"spark.streaming.dynamicAllocation.enabled", "true"},
                     {"spark.streaming.dynamicAllocation.maxExecutors", "9"}})
                .max_executor_failures,
            18);
}

TEST(Conf, FailureWindowCountsOnlyWhenPositive) {
  EXPECT_EQ(conf_of({{"spark.executor.failuresValidityInterval", "2s"}}).failures_validity_interval_us, 2 * kSecondUs);
  EXPECT_EQ(conf_of({{"spark.executor.failuresValidityInterval", "0"}}).failures_validity_interval_us, std::nullopt);
  EXPECT_EQ(conf_of({{"spark.executor.failuresValidityInterval", "-1s"}}).failures_validity_interval_us, std::nullopt);
}

TEST(Conf, OldNamesAreReadWithAWarning) {
  const ConfOutcome outcome = outcome_of({{"spark.yarn.max.executor.failures", "9"}});
  EXPECT_EQ(outcome.conf->max_executor_failures, 9);
  EXPECT_THAT(
      warnings_of(outcome, ConfWarningKind::deprecated),
      testing::ElementsAre("spark.yarn.max.executor.failures: an old name; write spark.executor.maxNumFailures"));
  EXPECT_EQ(conf_of({{"spark.yarn.max.executor.failures", "9"}, {"spark.executor.maxNumFailures", "4"}})
                .max_executor_failures,
            4);
  EXPECT_THAT(error_of({{"spark.yarn.max.executor.failures", "x"}}), HasSubstr("spark.yarn.max.executor.failures: "));
}

TEST(Conf, RegisteredRatioIsCappedAtOne) {
  EXPECT_EQ(conf_of({{"spark.scheduler.minRegisteredResourcesRatio", "0.5"}}).min_registered_ratio, 0.5);
  EXPECT_EQ(conf_of({{"spark.scheduler.minRegisteredResourcesRatio", "3"}}).min_registered_ratio, 1.0);
}

TEST(Conf, UnknownKubernetesKeysAreErrorsInAScenarioAndWarningsInAUsersFile) {
  const StringMap raw{{"spark.kubernetes.maxPendingPods", "50"}};
  EXPECT_EQ(error_of(raw),
            "spark.kubernetes.maxPendingPods: no Spark release knows this key; did you mean "
            "spark.kubernetes.allocation.maxPendingPods?");
  const ConfOutcome outcome = outcome_of(raw, Compat::spark_4_0, UnknownKeys::kWarn);
  ASSERT_TRUE(outcome.conf.has_value());
  EXPECT_EQ(outcome.conf->max_pending_pods, INT32_MAX);
  ASSERT_EQ(outcome.warnings.size(), 1U);
  EXPECT_EQ(outcome.warnings[0].kind, ConfWarningKind::unknown_kubernetes_key);
  EXPECT_EQ(to_string(outcome.warnings[0]),
            "spark.kubernetes.maxPendingPods = 50: no Spark release knows this key and Spark ignores it; did you mean "
            "spark.kubernetes.allocation.maxPendingPods?");
}

TEST(Conf, OtherKeysAreWarnings) {
  const ConfOutcome outcome = outcome_of({{"spark.sql.shuffle.partitions", "8"}, {"executor.memory", "4g"}});
  ASSERT_EQ(outcome.warnings.size(), 2U);
  EXPECT_EQ(outcome.warnings[0].kind, ConfWarningKind::non_spark_key);
  EXPECT_EQ(outcome.warnings[1].kind, ConfWarningKind::unknown_spark_key);
  EXPECT_EQ(outcome.warnings[1].text, "podramp does not read it, it changes nothing here");
}

TEST(Conf, KeysOfALaterLevelAreIgnoredWithAWarning) {
  const StringMap raw{{"spark.kubernetes.allocation.maximum", "oops"}};
  const ConfOutcome outcome = outcome_of(raw);
  EXPECT_EQ(outcome.conf->executor_ids_max, INT32_MAX);
  EXPECT_THAT(warnings_of(outcome, ConfWarningKind::later_level),
              testing::ElementsAre("spark.kubernetes.allocation.maximum: only Spark 4.1 and later know it; spark-4.0 "
                                   "ignores it"));
  EXPECT_FALSE(outcome_of(raw, Compat::spark_4_1).conf.has_value());
  EXPECT_EQ(
      conf_of({{"spark.kubernetes.executor.deletedExecutorsCacheTimeout", "1s"}}).deleted_executors_cache_timeout_us,
      180 * kSecondUs);
}

TEST(Conf, UnitTrapsAreNamed) {
  const auto traps = [](const StringMap& raw, Compat compat = Compat::spark_4_0) {
    return warnings_of(outcome_of(raw, compat), ConfWarningKind::unit_trap);
  };
  EXPECT_THAT(traps({{"spark.kubernetes.executor.apiPollingInterval", "30"}}),
              testing::ElementsAre("spark.kubernetes.executor.apiPollingInterval: a bare number is milliseconds: 30 "
                                   "ms; write \"30s\" if that was meant"));
  EXPECT_THAT(traps({{"spark.dynamicAllocation.executorIdleTimeout", "60000"}}),
              testing::ElementsAre(HasSubstr("a bare number is seconds: 60000 s; write \"60000ms\"")));
  EXPECT_THAT(traps({{"spark.dynamicAllocation.executorIdleTimeout", "1500ms"}}),
              testing::ElementsAre(HasSubstr("the key counts in seconds and the rest is cut off: 1 s")));
  EXPECT_THAT(traps({{"spark.executor.memory", "4294967"}}),
              testing::ElementsAre(HasSubstr("a bare number is MiB: 4294967 MiB; write \"4294967k\"")));
  EXPECT_THAT(traps({{"spark.memory.offHeap.size", "512"}}),
              testing::ElementsAre(HasSubstr("a bare number is bytes: 512 bytes; write \"512m\"")));
  EXPECT_THAT(traps({{"spark.kubernetes.allocation.batch.delay", "1"}}, Compat::spark_3_5),
              testing::ElementsAre(HasSubstr("1 ms; write \"1s\"")));
  EXPECT_TRUE(
      traps({{"spark.executor.memory", "4096"}, {"spark.dynamicAllocation.executorIdleTimeout", "60"}}).empty());
}

struct NotModelledRow {
  std::string key;
  std::string value;
  std::string text;
};
class NotModelled : public testing::TestWithParam<NotModelledRow> {};

TEST_P(NotModelled, IsOneClearSentence) {
  const ConfOutcome outcome = outcome_of({{GetParam().key, GetParam().value}});
  ASSERT_TRUE(outcome.conf.has_value());
  EXPECT_THAT(warnings_of(outcome, ConfWarningKind::not_modelled),
              testing::ElementsAre(GetParam().key + ": not modelled yet: " + GetParam().text));
}

INSTANTIATE_TEST_SUITE_P(
    Keys, NotModelled,
    testing::Values(NotModelledRow{"spark.streaming.dynamicAllocation.enabled", "true",
                                   "the executor count follows the scenario's demand instead of the load"},
                    NotModelledRow{"spark.kubernetes.scheduler.name", "volcano",
                                   "only schedulers of the scenario's cluster place pods, others leave them Pending"},
                    NotModelledRow{"spark.kubernetes.executor.scheduler.name", "yunikorn",
                                   "only schedulers of the scenario's cluster place pods, others leave them Pending"},
                    NotModelledRow{"spark.kubernetes.executor.pod.featureSteps", "com.acme.Step",
                                   "user classes cannot run here; executor pods are built by Spark's own steps"},
                    NotModelledRow{"spark.kubernetes.scheduler.volcano.podGroupTemplateFile", "/pods.yaml",
                                   "executors start without gang scheduling here"}));

TEST(Conf, DynamicAllocationIsModelledAndItsSettingsAreSilentWhileItIsOff) {
  const StringMap raw{{"spark.dynamicAllocation.maxExecutors", "50"}};
  EXPECT_TRUE(outcome_of(raw).warnings.empty());
  StringMap on = raw;
  on["spark.dynamicAllocation.enabled"] = "true";
  EXPECT_THAT(warnings_of(outcome_of(on), ConfWarningKind::not_modelled), testing::IsEmpty());
}

TEST(Conf, ClaimsAreModelled) {
  const std::string volume = "spark.kubernetes.executor.volumes.persistentVolumeClaim.spark-local-dir-1.";
  StringMap raw{{volume + "mount.path", "/data"},
                {volume + "options.claimName", "OnDemand"},
                {volume + "options.storageClass", "gp3"},
                {volume + "options.sizeLimit", "100Gi"}};
  const std::string own = "spark.kubernetes.driver.waitToReusePersistentVolumeClaim";
  raw[own] = "true";
  EXPECT_TRUE(outcome_of(raw).warnings.empty());
  EXPECT_TRUE(outcome_of(raw).conf.value().wait_to_reuse_claims);
  EXPECT_EQ(outcome_of(raw).conf.value().claims_max, 2) << "executor.instances is not set";
  raw["spark.executor.instances"] = "7";
  EXPECT_EQ(outcome_of(raw).conf.value().claims_max, 7);
  raw["spark.dynamicAllocation.enabled"] = "true";
  raw["spark.dynamicAllocation.maxExecutors"] = "30";
  EXPECT_EQ(outcome_of(raw).conf.value().claims_max, 30);
}

TEST(Conf, ContradictionsAreNamed) {
  EXPECT_THAT(
      warnings_of(outcome_of({{"spark.kubernetes.allocation.batch.size", "50"},
                              {"spark.kubernetes.allocation.maxPendingPods", "20"}}),
                  ConfWarningKind::contradiction),
      testing::ElementsAre("spark.kubernetes.allocation.batch.size: a round creates at most maxPendingPods = 20 "
                           "pods, batch.size = 50 is never reached"));
  EXPECT_THAT(warnings_of(outcome_of({{"spark.kubernetes.executor.request.cores", "2"},
                                      {"spark.kubernetes.executor.limit.cores", "1500m"}}),
                          ConfWarningKind::contradiction),
              testing::ElementsAre("spark.kubernetes.executor.limit.cores: the cpu request 2 is above the limit 1500m: "
                                   "the API server refuses the pod"));
  EXPECT_THAT(warnings_of(outcome_of({{"spark.kubernetes.executor.enableApiPolling", "false"},
                                      {"spark.kubernetes.executor.missingPodDetectDelta", "60s"}}),
                          ConfWarningKind::contradiction),
              testing::ElementsAre(HasSubstr("missing pods are never detected")));
}

TEST(Conf, PendingCapPerProfileMustFitUnderTheOneOfTheApplication) {
  const StringMap raw{{"spark.kubernetes.allocation.maxPendingPods", "10"},
                      {"spark.kubernetes.allocation.maxPendingPodsPerRp", "11"}};
  EXPECT_EQ(error_of(raw, Compat::spark_4_1),
            "spark.kubernetes.allocation.maxPendingPodsPerRp: must be <= spark.kubernetes.allocation.maxPendingPods = "
            "10 (got 11)");
  EXPECT_TRUE(outcome_of(raw).errors.empty());
  EXPECT_TRUE(outcome_of({{"spark.kubernetes.allocation.maxPendingPods", "10"}}, Compat::spark_4_1).errors.empty());
}

TEST(Conf, OffHeapNeedsASize) {
  EXPECT_THAT(error_of({{"spark.memory.offHeap.enabled", "true"}}), HasSubstr("must be at least 1 MiB"));
  EXPECT_EQ(conf_of({{"spark.memory.offHeap.enabled", "true"}, {"spark.memory.offHeap.size", "42m"}}).off_heap_mib, 42);
  EXPECT_EQ(conf_of({{"spark.memory.offHeap.size", "42m"}}).off_heap_mib, 0);
}

TEST(Conf, ExecutorMemoryHasAFloorAndACeiling) {
  EXPECT_THAT(error_of({{"spark.executor.memory", "449m"}}),
              HasSubstr("must be >= 450 MiB at spark-4.0 (got 449 MiB)"));
  EXPECT_THAT(error_of({{"spark.executor.memory", "4p"}}), HasSubstr("between 0 and 2147483647 MiB"));
  EXPECT_THAT(error_of({{"spark.executor.memory", "4Gi"}}), HasSubstr("write \"g\""));
}

TEST(Conf, ReferencesToOtherKeysAreFilledIn) {
  EXPECT_EQ(
      conf_of({{"spark.my.size", "33"}, {"spark.kubernetes.allocation.batch.size", "${spark.my.size}"}}).batch_size,
      33);
  EXPECT_EQ(conf_of({{"spark.app.name", "a-${spark.kubernetes.namespace}-b"}}).app_name, "a-default-b");
  const ConfOutcome outcome = outcome_of({{"spark.app.name", "x-${env:USER}"}});
  EXPECT_EQ(outcome.conf->app_name, "x-${env:USER}");
  EXPECT_EQ(warnings_of(outcome, ConfWarningKind::not_modelled).size(), 1U);
}

TEST(Conf, SecretsDoNotReachTypedFieldsOrWarnings) {
  const StringMap raw{{"spark.executorEnv.DB_PASSWORD", "hunter2"},
                      {"spark.executor.extraJavaOptions", "-Dtoken=hunter2 -Dx=y"},
                      {"spark.my.password", "hunter2"},
                      {"spark.executor.defaultJavaOptions", "-Da=${spark.my.password}"},
                      {"spark.ssl.keyPassword", "hunter2"},
                      {"spark.kubernetes.executor.secretKeyRef.PASS", "db:password"},
                      {"spark.kubernetes.executor.node.selector.pool", "tokenizers"}};
  const ConfOutcome outcome = outcome_of(raw, Compat::spark_4_0, UnknownKeys::kWarn);
  ASSERT_TRUE(outcome.conf.has_value());
  const Conf& c = *outcome.conf;
  EXPECT_EQ(c.executor_env.at("DB_PASSWORD"), kRedacted);
  EXPECT_EQ(c.java_options.find("hunter2"), std::string::npos);
  EXPECT_EQ(c.startup_options, std::vector<std::string>{"-Dspark.ssl.keyPassword=*********(redacted)"});
  EXPECT_EQ(c.node_selector.at("pool"), "tokenizers");
  EXPECT_EQ(c.secret_env.size(), 1U);
  for (const ConfWarning& w : outcome.warnings) EXPECT_EQ(to_string(w).find("hunter2"), std::string::npos);
}

TEST(Conf, TheRedactedMapGivesTheSameSettings) {
  const StringMap raw{{"spark.executorEnv.DB_PASSWORD", "hunter2"},
                      {"spark.executor.extraJavaOptions", "-Dtoken=hunter2"},
                      {"spark.authenticate", "true"},
                      {"spark.authenticate.secret", "hunter2"},
                      {"spark.app.name", "tokenizer"},
                      {"spark.kubernetes.executor.secrets.my-secret", "/etc/secret"},
                      {"spark.kubernetes.container.image", "registry/token-service:1"}};
  const StringMap shown = redacted(raw);
  const Conf a = conf_of(raw);
  const Conf b = conf_of(shown);
  EXPECT_EQ(shown.at("spark.authenticate.secret"), kRedacted);
  EXPECT_EQ(a.executor_env, b.executor_env);
  EXPECT_EQ(a.java_options, b.java_options);
  EXPECT_EQ(a.app_name, b.app_name);
  EXPECT_EQ(a.app_name, "tokenizer");
  EXPECT_EQ(a.executor_image, b.executor_image);
  EXPECT_EQ(a.secret_mounts, b.secret_mounts);
  EXPECT_EQ(a.secret_mounts.at("my-secret"), "/etc/secret");
  EXPECT_EQ(a.startup_options, b.startup_options);
  EXPECT_TRUE(a.auth_secret_env && b.auth_secret_env);
}

TEST(Redaction, TheUsersPatternReplacesTheDefault) {
  const StringMap raw{{"spark.redaction.regex", "(?i)hush"}, {"spark.a.HUSH", "1"}, {"spark.b.password", "2"}};
  EXPECT_EQ(redacted(raw).at("spark.a.HUSH"), kRedacted);
  EXPECT_EQ(redacted(raw).at("spark.b.password"), "2");
}

TEST(Redaction, APatternWeCannotReadHidesTooMuch) {
  const StringMap raw{{"spark.redaction.regex", "(?<!x)["}, {"spark.a", "1"}, {"spark.executor.cores", "2"}};
  EXPECT_EQ(redacted(raw).at("spark.a"), kRedacted);
  EXPECT_EQ(redacted(raw).at("spark.executor.cores"), "2");
  EXPECT_EQ(warnings_of(outcome_of(raw), ConfWarningKind::ignored).size(), 1U);
}

TEST(Redaction, TheDefaultKnowsFourWords) {
  const Redactor r("");
  EXPECT_TRUE(r.hides("spark.hadoop.fs.s3a.access.key", "x"));
  EXPECT_TRUE(r.hides("spark.x", "MySecret"));
  EXPECT_TRUE(r.hides("spark.accessKey", ""));
  EXPECT_FALSE(r.hides("spark.access-key", ""));
}

}  // namespace
}  // namespace podramp::backend::conf_test
