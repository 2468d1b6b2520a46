#include "backend/conf_lint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "backend/level_changes.h"

namespace podramp::backend::conf_lint_test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

LintReport lint_of(const StringMap& raw, Compat level = Compat::spark_4_0, std::optional<Compat> against = {}) {
  return lint(raw, level, against, {});
}

KeyReport only_key(const std::string& key, const std::string& value, Compat level = Compat::spark_4_0) {
  const LintReport report = lint_of({{key, value}}, level);
  EXPECT_EQ(report.keys.size(), 1U);
  return report.keys.empty() ? KeyReport{} : report.keys.front();
}

std::vector<std::string> contradictions(const StringMap& raw, Compat level = Compat::spark_4_0) {
  std::vector<std::string> texts;
  for (const ConfWarning& w : lint_of(raw, level).warnings) {
    if (w.kind == ConfWarningKind::contradiction) texts.push_back(w.key + ": " + w.text);
  }
  return texts;
}

std::vector<std::string> drift(const StringMap& raw, Compat from, Compat to) {
  std::vector<std::string> texts;
  for (const Drift& d : lint_of(raw, from, to).drift) {
    if (!d.key.empty()) texts.push_back((d.breaks ? "! " : "") + d.key + " " + d.text);
  }
  return texts;
}

TEST(ConfLint, EveryKeySaysWhatItDoesAtTheLevel) {
  const KeyReport size = only_key("spark.kubernetes.allocation.batch.size", "50");
  EXPECT_EQ(size.effect, KeyEffect::modelled);
  EXPECT_EQ(size.default_value, "10");
  EXPECT_EQ(size.since, 203);
  EXPECT_FALSE(size.is_default);
  EXPECT_EQ(only_key("spark.kubernetes.allocation.batch.size", "50", Compat::spark_3_5).default_value, "5");
  EXPECT_TRUE(only_key("spark.kubernetes.allocation.batch.size", "20", Compat::spark_4_2).is_default);
  EXPECT_EQ(only_key("spark.kubernetes.context", "prod").effect, KeyEffect::other);
  const KeyReport later = only_key("spark.kubernetes.allocation.maximum", "5");
  EXPECT_EQ(later.effect, KeyEffect::later);
  EXPECT_EQ(later.text, "only Spark 4.1 and later know it");
  EXPECT_EQ(only_key("spark.kubernetes.executor.label.team", "x").effect, KeyEffect::modelled);
  EXPECT_EQ(only_key("spark.sql.shuffle.partitions", "800").effect, KeyEffect::other);
}

TEST(ConfLint, UnknownAndInventedKeysGetASuggestion) {
  const KeyReport slip = only_key("spark.kubernetes.allocation.maxPendingPod", "60");
  EXPECT_EQ(slip.effect, KeyEffect::unknown);
  EXPECT_EQ(slip.text, "no Spark release knows this key; did you mean spark.kubernetes.allocation.maxPendingPods?");
  // 02 5: a key without its allocation segment, and a time-out that does not exist; 5.1: pull requests and Spark 2.3.
  EXPECT_THAT(only_key("spark.kubernetes.maxPendingPods", "60").text,
              HasSubstr("did you mean spark.kubernetes.allocation.maxPendingPods?"));
  EXPECT_THAT(only_key("spark.kubernetes.executor.podPendingTimeout", "60s").text,
              HasSubstr("allocation.executor.timeout"));
  for (const std::string key :
       {"spark.kubernetes.allocation.batch.concurrency", "spark.kubernetes.executor.pod.snapshotSources",
        "spark.executor.failureTracker.keepaliveOnMinLiveExecutors",
        "spark.kubernetes.executor.lostCheck.maxAttempts"}) {
    EXPECT_THAT(only_key(key, "1").text, testing::AnyOf(HasSubstr("no released Spark"), HasSubstr("only Spark 2.3")))
        << key;
  }
}

// 01 8.1-8.3: the fork has its own table, with keys that no released Spark has and some that only Spark 2.3 took over.
TEST(ConfLint, AtTheForkItsOwnTableDecidesWhatIsKnown) {
  const KeyReport ns = only_key("spark.kubernetes.namespace", "default", Compat::fork_2_2);
  EXPECT_EQ(ns.effect, KeyEffect::modelled);
  EXPECT_TRUE(ns.is_default);
  EXPECT_EQ(only_key("spark.kubernetes.allocation.batch.delay", "2", Compat::fork_2_2).default_value, "1");
  EXPECT_EQ(only_key("spark.kubernetes.executor.docker.image", "x", Compat::fork_2_2).effect, KeyEffect::modelled);
  EXPECT_EQ(only_key("spark.kubernetes.node.selector.pool", "x", Compat::fork_2_2).effect, KeyEffect::modelled);
  EXPECT_EQ(only_key("spark.kubernetes.kerberos.enabled", "true", Compat::fork_2_2).effect, KeyEffect::other);
  EXPECT_EQ(only_key("spark.kubernetes.driver.label.team", "x", Compat::fork_2_2).effect, KeyEffect::other);
  EXPECT_EQ(only_key("spark.dynamicAllocation.executorIdleTimeout", "9", Compat::fork_2_2).effect, KeyEffect::idle);
  EXPECT_EQ(only_key("spark.kubernetes.allocation.maxPendingPods", "9", Compat::fork_2_2).effect, KeyEffect::later);
  const KeyReport slip = only_key("spark.kubernetes.shuffle.label", "a=b", Compat::fork_2_2);
  EXPECT_EQ(slip.effect, KeyEffect::unknown);
  EXPECT_EQ(slip.text, "no release of the fork knows this key; did you mean spark.kubernetes.shuffle.labels?");
}

TEST(ConfLint, LeavingTheForkSaysWhichKeysStayBehind) {
  const StringMap settings{{"spark.kubernetes.driver.pod.name", "d"},
                           {"spark.kubernetes.executor.docker.image", "x"},
                           {"spark.kubernetes.namespace", "team"}};
  EXPECT_THAT(drift(settings, Compat::fork_2_2, Compat::spark_3_5),
              Contains("spark.kubernetes.executor.docker.image is known to the fork only: spark-3.5 ignores it"));
  EXPECT_THAT(drift(settings, Compat::fork_2_2, Compat::spark_3_5),
              testing::Not(Contains(HasSubstr("spark.kubernetes.namespace is known"))));
}

TEST(ConfLint, SettingsOfDynamicAllocationAreIdleWhileItIsOff) {
  EXPECT_EQ(only_key("spark.dynamicAllocation.maxExecutors", "60").effect, KeyEffect::idle);
  EXPECT_EQ(only_key("spark.dynamicAllocation.executorIdleTimeout", "90s").effect, KeyEffect::modelled);
  for (const KeyReport& key :
       lint_of({{"spark.dynamicAllocation.maxExecutors", "60"}, {"spark.dynamicAllocation.enabled", "true"}}).keys) {
    EXPECT_NE(key.effect, KeyEffect::idle) << key.key;
  }
}

TEST(ConfLint, SecretsAreNotShown) {
  EXPECT_EQ(only_key("spark.hadoop.fs.s3a.secret.key", "hunter2").value, "*********(redacted)");
}

TEST(ConfLint, MistakesAreThoseOfSparkAtThatLevel) {
  const StringMap raw{{"spark.kubernetes.allocation.batch.delay", "1"}};
  EXPECT_THAT(lint_of(raw, Compat::spark_3_5).errors, IsEmpty());
  EXPECT_EQ(lint_of(raw, Compat::spark_3_5).worth_a_look(), 1U);  // a unit trap
  ASSERT_EQ(lint_of(raw, Compat::spark_4_0).errors.size(), 1U);
  EXPECT_THAT(lint_of(raw, Compat::spark_4_0).errors.front().message, HasSubstr("a bare number is milliseconds"));
}

TEST(ConfLint, WhatPodrampDoesNotDoIsNotTheUsersFault) {
  EXPECT_EQ(lint_of({{"spark.sql.shuffle.partitions", "800"}}).worth_a_look(), 0U);
  EXPECT_EQ(lint_of({{"spark.kubernetes.scheduler.name", "volcano"}}).worth_a_look(), 0U);
}

TEST(ConfLint, DriftNamesNewDefaultsRefusalsAndKeysThatAppear) {
  EXPECT_THAT(drift({}, Compat::spark_3_5, Compat::spark_4_2),
              Contains("spark.kubernetes.allocation.batch.size is not set: its default changes from 5 to 20"));
  EXPECT_THAT(drift({{"spark.kubernetes.allocation.batch.size", "7"}}, Compat::spark_3_5, Compat::spark_4_2),
              testing::Not(Contains(HasSubstr("batch.size"))));
  EXPECT_THAT(drift({{"spark.kubernetes.allocation.maximum", "9"}}, Compat::spark_4_0, Compat::spark_4_1),
              Contains("spark.kubernetes.allocation.maximum is known from Spark 4.1 on: spark-4.0 ignores it"));
  EXPECT_THAT(drift({{"spark.kubernetes.allocation.batch.delay", "1"}}, Compat::spark_3_5, Compat::spark_4_0),
              Contains(HasSubstr("! spark.kubernetes.allocation.batch.delay is refused by spark-4.0: ")));
  EXPECT_THAT(drift({{"spark.kubernetes.allocation.batch.delay", "1"}}, Compat::spark_4_0, Compat::spark_3_5),
              Contains("! spark.kubernetes.allocation.batch.delay is fine at spark-3.5"));
  EXPECT_THAT(drift({}, Compat::spark_4_2, Compat::spark_4_2), IsEmpty());
}

TEST(ConfLint, NoValueOfAnyKeyIsBeyondIt) {
  for (const KeySpec& spec : all_keys()) {
    for (const char* value : {"", "0", "-1", "true", "2147483647", "1e9", "5g", "${spark.app.name}"}) {
      for (const Compat level : {Compat::fork_2_2, Compat::spark_3_5, Compat::spark_4_4}) {
        EXPECT_EQ(lint_of({{std::string(spec.name), value}}, level, Compat::spark_4_0).keys.size(), 1U) << spec.name;
      }
    }
  }
}

TEST(LevelChanges, AreThoseBetweenTheTwoLevelsInEitherDirection) {
  EXPECT_EQ(level_changes(Compat::spark_4_2, Compat::spark_4_4).size(), 1U);
  EXPECT_EQ(level_changes(Compat::spark_4_4, Compat::spark_4_2).front().source, "SPARK-59331");
  EXPECT_EQ(level_changes(Compat::fork_2_2, Compat::spark_4_4).size(), all_level_changes().size());
  EXPECT_EQ(level_changes(Compat::fork_2_2, Compat::spark_3_5).front().source, "SPARK-22845");
  EXPECT_TRUE(level_changes(Compat::spark_4_0, Compat::spark_4_0).empty());
}

TEST(Contradictions, DynamicAllocationNeedsSomewhereToKeepShuffleData) {
  const StringMap off{{"spark.dynamicAllocation.enabled", "true"},
                      {"spark.dynamicAllocation.shuffleTracking.enabled", "false"}};
  EXPECT_THAT(contradictions(off), ElementsAre(HasSubstr("shuffleTracking.enabled: Spark refuses to start")));
  StringMap moved = off;
  moved["spark.decommission.enabled"] = "true";
  EXPECT_THAT(contradictions(moved), ElementsAre(HasSubstr("files of idle executors are lost with them")));
  moved["spark.storage.decommission.enabled"] = "true";
  EXPECT_THAT(contradictions(moved), IsEmpty());
  StringMap service = off;
  service["spark.shuffle.service.enabled"] = "true";
  EXPECT_THAT(contradictions(service), ElementsAre(HasSubstr("ships no shuffle service for Kubernetes")));
}

TEST(Contradictions, LimitsThatExcludeEachOtherAreNamed) {
  EXPECT_THAT(contradictions({{"spark.kubernetes.allocation.batch.size", "50"},
                              {"spark.kubernetes.allocation.maxPendingPods", "20"}}),
              ElementsAre(HasSubstr("batch.size = 50 is never reached")));
  EXPECT_THAT(
      contradictions({{"spark.kubernetes.allocation.maximum", "5"}, {"spark.executor.instances", "5"}},
                     Compat::spark_4_1),
      ElementsAre("spark.kubernetes.allocation.maximum: allows 4 executors in the application's whole life, but "
                  "it starts with 5"));
  EXPECT_THAT(contradictions({{"spark.task.cpus", "2"}}),
              ElementsAre("spark.task.cpus: a task needs 2 cpus and an executor has 1 cores: Spark refuses to start"));
  EXPECT_THAT(contradictions({{"spark.executor.cores", "0"}}),
              ElementsAre("spark.executor.cores: a task needs 1 cpus and an executor has 0 cores: Spark refuses to "
                          "start"));
  EXPECT_THAT(contradictions({{"spark.executor.heartbeatInterval", "120s"}}),
              ElementsAre(HasSubstr("Spark refuses to start")));
  const StringMap cpu{{"spark.kubernetes.executor.request.cores", "2"}, {"spark.kubernetes.executor.limit.cores", "1"}};
  EXPECT_THAT(contradictions(cpu), ElementsAre(HasSubstr("the API server refuses the pod")));
  EXPECT_THAT(contradictions(cpu, Compat::spark_4_1), ElementsAre(HasSubstr("the driver refuses to build the pod")));
  EXPECT_THAT(contradictions(cpu, Compat::spark_4_2), ElementsAre(HasSubstr("the driver exits")));
}

TEST(Contradictions, SettingsWithoutTheirSwitchAreNamed) {
  EXPECT_THAT(contradictions({{"spark.memory.offHeap.size", "1g"}}), ElementsAre(HasSubstr("offHeap.enabled")));
  EXPECT_THAT(contradictions({{"spark.kubernetes.executor.rollInterval", "1h"}}),
              ElementsAre(HasSubstr("only with spark.decommission.enabled"), HasSubstr("ExecutorRollPlugin")));
  EXPECT_THAT(contradictions({{"spark.kubernetes.executor.rollInterval", "1h"},
                              {"spark.decommission.enabled", "true"},
                              {"spark.plugins", "org.apache.spark.scheduler.cluster.k8s.ExecutorRollPlugin"}}),
              IsEmpty());
  EXPECT_THAT(contradictions({{"spark.executor.memoryOverhead", "1g"}, {"spark.executor.memoryOverheadFactor", "0.3"}}),
              ElementsAre(HasSubstr("the factor is not used")));
  EXPECT_THAT(contradictions({{"spark.storage.decommission.enabled", "true"}}),
              ElementsAre(HasSubstr("counts only with spark.decommission.enabled")));
}

}  // namespace
}  // namespace podramp::backend::conf_lint_test
