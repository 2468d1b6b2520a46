// Settings that shape executor pods: names, images, labels, volumes, secrets (02 4.6, 5.2).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "backend/conf.h"

namespace podramp::backend::conf_pod_test {
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

TEST(SparkAcceptance, S_H18_BlockManagerPortIsZeroOrUnprivileged) {
  EXPECT_EQ(conf_of({{"spark.blockManager.port", "0"}}).block_manager_port, 0);
  EXPECT_EQ(conf_of({{"spark.blockManager.port", "1024"}}).block_manager_port, 1024);
  EXPECT_EQ(error_of({{"spark.blockManager.port", "1023"}}),
            "spark.blockManager.port: must be 0 or >= 1024 and <= 65535 at spark-4.0 (got 1023)");
  EXPECT_THAT(error_of({{"spark.blockManager.port", "65536"}}), HasSubstr("(got 65536)"));
}

TEST(SparkAcceptance, S_H7_BadPrefixesAreRejected) {
  for (const std::string bad : {"A", "-a", "a-", "a..b", "a_b", "", ".a", "a."}) {
    EXPECT_THAT(error_of({{"spark.kubernetes.executor.podNamePrefix", bad}}), HasSubstr("DNS-1123 subdomain")) << bad;
  }
  EXPECT_THAT(error_of({{"spark.kubernetes.executor.podNamePrefix", std::string(238, 'a')}}), HasSubstr("at most 237"));
  EXPECT_EQ(conf_of({{"spark.kubernetes.executor.podNamePrefix", std::string(237, 'a')}}).pod_name_prefix->size(),
            237U);
  EXPECT_EQ(conf_of({{"spark.kubernetes.executor.podNamePrefix", "a.b-c.d"}}).pod_name_prefix, "a.b-c.d");
}

TEST(SparkAcceptance, S_H3_TerminationGraceIsThirtyByDefaultAndNeverNegative) {
  const std::string key = "spark.kubernetes.executor.terminationGracePeriodSeconds";
  EXPECT_EQ(conf_of({}, Compat::spark_4_1).termination_grace_s, 30);
  EXPECT_EQ(conf_of({{key, "0"}}, Compat::spark_4_1).termination_grace_s, 0);
  EXPECT_THAT(error_of({{key, "-1"}}, Compat::spark_4_1), HasSubstr("must be >= 0 s"));
}

TEST(SparkAcceptance, S_G5_PullSecretsAreTrimmed) {
  EXPECT_EQ(conf_of({{"spark.kubernetes.container.image.pullSecrets", " my-secret-1,my-secret-2 "}}).image_pull_secrets,
            (std::vector<std::string>{"my-secret-1", "my-secret-2"}));
}

TEST(SparkAcceptance, S_G6_IllegalEnvironmentNamesAreDropped) {
  const ConfOutcome outcome = outcome_of({{"spark.executorEnv.1executorEnvVars1/var1", "v"},
                                          {"spark.executorEnv.executorEnvVars4-var4", "ok"},
                                          {"spark.executorEnv.executorEnvVars5-var5", "ok/"},
                                          {"spark.executorEnv.a=b", "v"}});
  EXPECT_EQ(outcome.conf->executor_env, (StringMap{{"executorEnvVars4-var4", "ok"}, {"executorEnvVars5-var5", "ok/"}}));
  EXPECT_EQ(warnings_of(outcome, ConfWarningKind::ignored).size(), 2U);
}

TEST(SparkAcceptance, S_G7_NodeSelectorsAreTheGenericAndTheExecutorsOwn) {
  EXPECT_EQ(conf_of({{"spark.kubernetes.node.selector.a", "1"},
                     {"spark.kubernetes.node.selector.b", "2"},
                     {"spark.kubernetes.driver.node.selector.c", "3"},
                     {"spark.kubernetes.executor.node.selector.b", "4"},
                     {"spark.kubernetes.executor.node.selector.d", "5"}})
                .node_selector,
            (StringMap{{"a", "1"}, {"b", "4"}, {"d", "5"}}));
}

TEST(SparkAcceptance, S_G8_TheRolesSchedulerNameWinsEvenWhenEmpty) {
  const std::string generic = "spark.kubernetes.scheduler.name";
  const std::string own = "spark.kubernetes.executor.scheduler.name";
  EXPECT_EQ(conf_of({}).scheduler_name, std::nullopt);
  EXPECT_EQ(conf_of({{generic, "x"}}).scheduler_name, "x");
  EXPECT_EQ(conf_of({{generic, "x"}, {own, "y"}}).scheduler_name, "y");
  EXPECT_EQ(conf_of({{generic, "x"}, {own, ""}}).scheduler_name, "");
}

TEST(SparkAcceptance, S_G11_TheSparkVersionIsFilledIntoImageNames) {
  const StringMap raw{{"spark.kubernetes.container.image", "apache/spark:{{SPARK_VERSION}}"}};
  EXPECT_EQ(conf_of(raw, Compat::spark_4_1).executor_image, "apache/spark:4.1.0");
  EXPECT_EQ(conf_of(raw, Compat::spark_4_0).executor_image, "apache/spark:{{SPARK_VERSION}}");
}

TEST(Conf, TheExecutorsOwnImageWinsAndAMissingOneMayBeAssumed) {
  EXPECT_EQ(conf_of({{"spark.kubernetes.container.image", "a"}, {"spark.kubernetes.executor.container.image", "b"}})
                .executor_image,
            "b");
  ConfOptions options;
  options.assumed_image = "spark";
  const ConfOutcome outcome = make_conf({}, Compat::spark_4_0, options);
  EXPECT_EQ(outcome.conf->executor_image, "spark");
  EXPECT_EQ(warnings_of(outcome, ConfWarningKind::assumed).size(), 1U);
}

TEST(Conf, ReservedLabelsMayNotBeSet) {
  for (const std::string label : {"spark-version", "spark-exec-id", "spark-app-selector", "spark-app-name",
                                  "spark-role", "spark-exec-resourceprofile-id"}) {
    EXPECT_THAT(error_of({{"spark.kubernetes.executor.label." + label, "x"}}), HasSubstr("Spark sets this label"));
  }
}

TEST(Conf, VolumesOfFourKindsAreReadByTypeAndName) {
  const std::string v = "spark.kubernetes.executor.volumes.";
  const Conf c = conf_of({{v + "hostPath.logs.mount.path", "/logs"},
                          {v + "hostPath.logs.mount.readOnly", "true"},
                          {v + "hostPath.logs.options.path", "/var/log"},
                          {v + "hostPath.logs.options.type", "Directory"},
                          {v + "emptyDir.tmp.mount.path", "/tmp"},
                          {v + "emptyDir.tmp.mount.subPath", "s"},
                          {v + "emptyDir.tmp.options.medium", "Memory"},
                          {v + "emptyDir.tmp.options.sizeLimit", "5G"},
                          {v + "nfs.share.mount.path", "/share"},
                          {v + "nfs.share.options.path", "/export"},
                          {v + "nfs.share.options.server", "files"},
                          {v + "persistentVolumeClaim.ref.mount.path", "/ref"},
                          {v + "persistentVolumeClaim.ref.options.claimName", "reference"}});
  ASSERT_EQ(c.volumes.size(), 4U);
  EXPECT_EQ(c.volumes[0], (ExecutorVolume{{"tmp", "emptyDir", "", {{"medium", "Memory"}, {"sizeLimit", "5G"}}},
                                          {"tmp", "/tmp", "s", false}}));
  EXPECT_EQ(c.volumes[1],
            (ExecutorVolume{{"logs", "hostPath", "/var/log", {{"type", "Directory"}}}, {"logs", "/logs", "", true}}));
  EXPECT_EQ(c.volumes[2], (ExecutorVolume{{"share", "nfs", "files:/export", {}}, {"share", "/share", "", false}}));
  EXPECT_EQ(c.volumes[3],
            (ExecutorVolume{{"ref", "persistentVolumeClaim", "reference", {}}, {"ref", "/ref", "", false}}));
}

TEST(Conf, MistakesInVolumesAreNamed) {
  const std::string v = "spark.kubernetes.executor.volumes.";
  EXPECT_EQ(error_of({{v + "hostPath.logs.options.path", "/var/log"}}),
            v + "hostPath.logs.mount.path: is required for a volume of type hostPath");
  EXPECT_EQ(error_of({{v + "hostPath.logs.mount.path", "/l"}}),
            v + "hostPath.logs.options.path: is required for a volume of type hostPath");
  EXPECT_EQ(error_of({{v + "nfs.s.mount.path", "/l"}, {v + "nfs.s.options.path", "/l"}}),
            v + "nfs.s.options.server: is required for a volume of type nfs");
  EXPECT_EQ(error_of({{v + "persistentVolumeClaim.s.mount.path", "/l"}}),
            v + "persistentVolumeClaim.s.options.claimName: is required for a volume of type persistentVolumeClaim");
  EXPECT_THAT(error_of({{v + "floppy.a.mount.path", "/l"}}), HasSubstr("volume type \"floppy\" is not one of"));
  EXPECT_THAT(error_of({{v + "oops", "/l"}}), HasSubstr("expected <type>.<name>.<property>"));
  EXPECT_THAT(error_of({{v + "emptyDir.a.mount.path", "/l"}, {v + "emptyDir.b.mount.path", "/l"}}),
              HasSubstr("\"/l\" is the mount path of volume a already"));
  EXPECT_THAT(error_of({{v + "emptyDir.a.mount.path", "/l"}, {v + "emptyDir.a.mount.readOnly", "ja"}}),
              HasSubstr("expected true or false"));
}

TEST(SparkAcceptance, S_H1_AResourceWithoutAnAmountIsRejected) {
  EXPECT_EQ(error_of({{"spark.executor.resource.gpu.vendor", "nvidia.com"}}),
            "spark.executor.resource.gpu.amount: must say how many of resource gpu an executor gets");
  EXPECT_EQ(conf_of({{"spark.executor.resource.gpu.amount", "2"}, {"spark.executor.resource.gpu.vendor", "nvidia.com"}})
                .custom_resources,
            (std::vector<CustomResource>{{"gpu", 2, "nvidia.com"}}));
}

TEST(Conf, SecretReferencesHaveTwoParts) {
  EXPECT_EQ(conf_of({{"spark.kubernetes.executor.secretKeyRef.PASS", "db:password"}}).secret_env,
            (std::vector<SecretKeyRef>{{"PASS", "db", "password"}}));
  EXPECT_THAT(error_of({{"spark.kubernetes.executor.secretKeyRef.PASS", "db"}}),
              HasSubstr("<secret name>:<key in it>"));
}

}  // namespace
}  // namespace podramp::backend::conf_pod_test
