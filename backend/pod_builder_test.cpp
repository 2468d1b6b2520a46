#include "backend/pod_builder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "backend/pod_names.h"
#include "backend/test_executor_pods.h"

namespace podramp::backend::pod_builder_test {
namespace {

using testing::HasSubstr;

TEST(SparkAcceptance, S_H5_AnExecutorPodWithDefaults) {
  const PodBuilder b(executor_conf({{"spark.local.dir", "/tmp"}}), app(),
                     OwnerReference{"Pod", "driver", "driver-uid", false}, {});
  const PodPtr built = b.build(1, kDefaultProfile).value();
  const Pod& pod = *built;
  EXPECT_EQ(pod.name, "app-1-exec-1");
  EXPECT_EQ(pod.ns, "default");
  EXPECT_EQ(pod.hostname, "app-1-exec-1");
  EXPECT_EQ(pod.own_labels, (StringMap{{"spark-exec-id", "1"}}));
  EXPECT_EQ(pod.tmpl->labels, (StringMap{{"spark-version", "4.0.0"},
                                         {"spark-app-selector", "spark-app-id"},
                                         {"spark-app-name", "test-app"},
                                         {"spark-role", "executor"},
                                         {"spark-exec-resourceprofile-id", "0"}}));
  EXPECT_EQ(pod.tmpl->owners, (std::vector<OwnerReference>{{"Pod", "driver", "driver-uid", true}}));
  EXPECT_EQ(pod.tmpl->restart_policy, "Never");
  EXPECT_EQ(pod.tmpl->scheduler_name, "");
  EXPECT_EQ(pod.tmpl->termination_grace_s, std::nullopt);
  ASSERT_EQ(pod.tmpl->containers.size(), 1U);
  const Container& c = spark_container(pod);
  EXPECT_EQ(c.name, "spark-kubernetes-executor");
  EXPECT_EQ(c.image, "spark:4");
  EXPECT_EQ(c.image_pull_policy, "IfNotPresent");
  EXPECT_EQ(c.args, std::vector<std::string>{"executor"});
  EXPECT_EQ(c.ports, (std::vector<ContainerPort>{{"blockmanager", 7079}}));
  EXPECT_EQ(c.requests.cpu_milli, 1000);
  EXPECT_EQ(format_bytes(*c.requests.memory_bytes), "1408Mi");
  EXPECT_EQ(c.limits.memory_bytes, c.requests.memory_bytes);
  EXPECT_EQ(c.limits.cpu_milli, std::nullopt);
  EXPECT_TRUE(c.pre_stop_exec.empty());
  // The configuration, and the local directory that the last step adds.
  EXPECT_EQ(pod.tmpl->volumes,
            (std::vector<Volume>{{"spark-conf-volume-exec", "configMap", "spark-exec-spark-app-id-conf-map", {}},
                                 {"spark-local-dir-1", "emptyDir", "", {}}}));
  EXPECT_EQ(c.mounts, (std::vector<VolumeMount>{{"spark-conf-volume-exec", "/opt/spark/conf", "", false},
                                                {"spark-local-dir-1", "/tmp", "", false}}));
}

TEST(SparkAcceptance, S_H5_TheBasicStepAloneAddsOneVolume) {
  const Pod pod = pod_of({{"spark.kubernetes.executor.pod.excludedFeatureSteps",
                           "org.apache.spark.deploy.k8s.features.LocalDirsFeatureStep"}},
                         Compat::spark_4_1);
  EXPECT_EQ(pod.tmpl->volumes,
            (std::vector<Volume>{{"spark-conf-volume-exec", "configMap", "spark-exec-spark-app-id-conf-map", {}}}));
  EXPECT_EQ(spark_container(pod).mounts,
            (std::vector<VolumeMount>{{"spark-conf-volume-exec", "/opt/spark/conf", "", false}}));
}

TEST(PodBuilderTest, EnvironmentIsInSparksOrder) {
  const Pod pod = pod_of({{"spark.executorEnv.FOO", "bar"}, {"spark.executorEnv.EMPTY", ""}});
  EXPECT_EQ(env_names(spark_container(pod).env),
            (std::vector<std::string>{"SPARK_USER", "SPARK_DRIVER_URL", "SPARK_EXECUTOR_CORES", "SPARK_EXECUTOR_MEMORY",
                                      "SPARK_APPLICATION_ID", "SPARK_CONF_DIR", "SPARK_RESOURCE_PROFILE_ID", "EMPTY",
                                      "FOO", "SPARK_EXECUTOR_POD_IP", "SPARK_EXECUTOR_POD_NAME", "SPARK_LOCAL_DIRS"}));
  EXPECT_EQ(env_names(pod.own_env), std::vector<std::string>{"SPARK_EXECUTOR_ID"});
  EXPECT_EQ(env(pod, "SPARK_DRIVER_URL"), "spark://CoarseGrainedScheduler@driver-svc:7078");
  EXPECT_EQ(env(pod, "SPARK_EXECUTOR_CORES"), "1");
  EXPECT_EQ(env(pod, "SPARK_EXECUTOR_MEMORY"), "1024m");
  EXPECT_EQ(env(pod, "SPARK_APPLICATION_ID"), "spark-app-id");
  EXPECT_EQ(env(pod, "SPARK_CONF_DIR"), "/opt/spark/conf");
  EXPECT_EQ(env(pod, "SPARK_EXECUTOR_ID"), "1");
  EXPECT_EQ(env(pod, "SPARK_RESOURCE_PROFILE_ID"), "0");
  EXPECT_EQ(env(pod, "EMPTY"), "");
  EXPECT_EQ(spark_container(pod).env.at(9).field_path, "status.podIP");
  EXPECT_EQ(spark_container(pod).env.at(10).field_path, "metadata.name");
}

TEST(PodBuilderTest, PodsOfAProfileShareOneTemplate) {
  const PodBuilder b = builder({}, Compat::spark_4_0, {ResourceProfile{.id = 3}});
  const PodPtr first = b.build(1, 0).value();
  const PodPtr second = b.build(2, 0).value();
  const PodPtr other = b.build(3, 3).value();
  EXPECT_EQ(first->tmpl, second->tmpl);
  EXPECT_NE(first->tmpl, other->tmpl);
  EXPECT_EQ(second->name, "app-1-exec-2");
  EXPECT_EQ(*second->label("spark-exec-id"), "2");
  EXPECT_EQ(*other->label("spark-exec-resourceprofile-id"), "3");
}

TEST(PodBuilderTest, AnUndeclaredProfileIsAnError) {
  EXPECT_EQ(builder({}).build(1, 9).error().message, "resource profile 9 was never declared by the application");
}

struct MemoryRow {
  std::string about;
  StringMap raw;
  std::string expected;
};
class MemoryTable : public testing::TestWithParam<MemoryRow> {};

TEST_P(MemoryTable, RequestAndLimitAreTheSum) {
  const Pod pod = pod_of(GetParam().raw);
  EXPECT_EQ(format_bytes(*spark_container(pod).requests.memory_bytes), GetParam().expected) << GetParam().about;
  EXPECT_EQ(spark_container(pod).limits.memory_bytes, spark_container(pod).requests.memory_bytes);
}

INSTANTIATE_TEST_SUITE_P(
    SparkTable, MemoryTable,
    testing::Values(
        MemoryRow{"defaults", {}, "1408Mi"},
        MemoryRow{"S-H13",
                  {{"spark.executor.pyspark.memory", "42m"}, {"spark.kubernetes.resource.type", "python"}},
                  "1450Mi"},
        MemoryRow{"S-H13, not Python", {{"spark.executor.pyspark.memory", "42m"}}, "1408Mi"},
        MemoryRow{"S-H15", {{"spark.memory.offHeap.enabled", "true"}, {"spark.memory.offHeap.size", "42m"}}, "1450Mi"},
        MemoryRow{"S-H22 minimum", {{"spark.executor.minMemoryOverhead", "500m"}}, "1524Mi"},
        MemoryRow{"S-H22 explicit",
                  {{"spark.executor.memoryOverhead", "150m"}, {"spark.executor.minMemoryOverhead", "500m"}},
                  "1174Mi"},
        MemoryRow{
            "factor", {{"spark.executor.memoryOverheadFactor", "0.2"}, {"spark.executor.memory", "7680m"}}, "9Gi"},
        MemoryRow{"S-H20 the executor's factor wins",
                  {{"spark.executor.memoryOverheadFactor", "0.2"},
                   {"spark.kubernetes.memoryOverheadFactor", "0.5"},
                   {"spark.executor.memory", "7680m"}},
                  "9Gi"},
        MemoryRow{"S-H20 else Kubernetes' own",
                  {{"spark.kubernetes.memoryOverheadFactor", "0.2"}, {"spark.executor.memory", "7680m"}},
                  "9Gi"},
        MemoryRow{"Python in client mode",
                  {{"spark.kubernetes.resource.type", "python"}, {"spark.executor.memory", "10g"}},
                  "11Gi"},
        MemoryRow{"Python in cluster mode",
                  {{"spark.kubernetes.resource.type", "python"},
                   {"spark.submit.deployMode", "cluster"},
                   {"spark.executor.memory", "10g"}},
                  "14Gi"},
        MemoryRow{"R in cluster mode, factor given",
                  {{"spark.kubernetes.resource.type", "r"},
                   {"spark.submit.deployMode", "cluster"},
                   {"spark.kubernetes.memoryOverheadFactor", "0.1"},
                   {"spark.executor.memory", "10g"}},
                  "11Gi"}));

TEST(SparkAcceptance, S_H16_CustomProfilesHaveTheirOwnSizes) {
  ResourceProfile profile{.id = 1, .cores = 4, .memory_mib = 2048, .overhead_mib = 1024, .pyspark_mib = 3072};
  profile.custom_resources = {{"gpu", 2, "nvidia.com"}};
  const PodBuilder b = builder({{"spark.kubernetes.resource.type", "python"},
                                {"spark.kubernetes.executor.limit.cores", "8"},
                                {"spark.kubernetes.executor.request.cores", "500m"}},
                               Compat::spark_4_0, {profile});
  const PodPtr pod = b.build(1, 1).value();
  const Container& c = spark_container(*pod);
  EXPECT_EQ(*c.requests.memory_bytes, 6144LL << 20);
  EXPECT_EQ(c.requests.cpu_milli, 4000);
  EXPECT_EQ(c.limits.cpu_milli, std::nullopt);
  EXPECT_EQ(c.limits.other, (std::map<std::string, std::int64_t>{{"nvidia.com/gpu", 2}}));
  EXPECT_EQ(env(*pod, "SPARK_EXECUTOR_MEMORY"), "2048m");
  EXPECT_EQ(env(*pod, "SPARK_EXECUTOR_CORES"), "4");
  EXPECT_EQ(env(*pod, "SPARK_RESOURCE_PROFILE_ID"), "1");
  const PodPtr plain = b.build(2, 0).value();
  EXPECT_EQ(spark_container(*plain).requests.cpu_milli, 500);
  EXPECT_EQ(spark_container(*plain).limits.cpu_milli, 8000);
  EXPECT_TRUE(spark_container(*plain).limits.other.empty());
}

TEST(ExecutorSizeTest, AProfileWithAnotherHeapKeepsTheDefaultOverhead) {
  const Conf conf = executor_conf({{"spark.executor.memory", "10g"}});
  EXPECT_EQ(executor_size(conf, {}).overhead_mib, 1024);
  const ExecutorSize size = executor_size(conf, ResourceProfile{.id = 1, .memory_mib = 1024});
  EXPECT_EQ(size.overhead_mib, 1024);
  EXPECT_EQ(size.total_mib(), 2048);
}

TEST(ExecutorSizeTest, OffHeapOfAProfileCountsOnlyWhenItIsEnabled) {
  const ResourceProfile profile{.id = 1, .off_heap_mib = 100};
  EXPECT_EQ(executor_size(executor_conf({}), profile).off_heap_mib, 0);
  EXPECT_EQ(executor_size(
                executor_conf({{"spark.memory.offHeap.enabled", "true"}, {"spark.memory.offHeap.size", "7m"}}), profile)
                .off_heap_mib,
            100);
}

TEST(SparkAcceptance, S_H1_AResourceWithoutVendorIsRejected) {
  const PodBuilder b = builder({{"spark.executor.resource.gpu.amount", "2"}});
  EXPECT_EQ(b.build(1, 0).error().message,
            "resource gpu was requested without a vendor; set spark.executor.resource.gpu.vendor");
}

TEST(SparkAcceptance, S_H2_CpuRequestAboveLimitIsRejectedFrom41) {
  const StringMap raw{{"spark.kubernetes.executor.request.cores", "2"}, {"spark.kubernetes.executor.limit.cores", "1"}};
  EXPECT_THAT(builder(raw, Compat::spark_4_1).build(1, 0).error().message,
              HasSubstr("cpu request 2 must be less than or equal to the limit 1"));
  EXPECT_TRUE(builder(raw, Compat::spark_4_0).build(1, 0).has_value());
  StringMap equal = raw;
  equal["spark.kubernetes.executor.limit.cores"] = "2";
  EXPECT_TRUE(builder(equal, Compat::spark_4_2).build(1, 0).has_value());
}

TEST(SparkAcceptance, S_H3_TheGracePeriodIsInThePodFrom41) {
  const std::string key = "spark.kubernetes.executor.terminationGracePeriodSeconds";
  EXPECT_EQ(pod_of({}, Compat::spark_4_1).tmpl->termination_grace_s, 30);
  EXPECT_EQ(pod_of({{key, "0"}}, Compat::spark_4_1).tmpl->termination_grace_s, 0);
}

TEST(SparkAcceptance, S_H4_LimitsHoldMemoryAndCustomResources) {
  const Pod pod = pod_of({{"spark.executor.resource.gpu.amount", "2"},
                          {"spark.executor.resource.gpu.vendor", "nvidia.com"},
                          {"spark.executor.resource.foo.amount", "1"},
                          {"spark.executor.resource.foo.vendor", "foo.com"}});
  const Resources& limits = spark_container(pod).limits;
  EXPECT_EQ(limits.memory_bytes, 1408LL << 20);
  EXPECT_EQ(limits.other, (std::map<std::string, std::int64_t>{{"foo.com/foo", 1}, {"nvidia.com/gpu", 2}}));
}

TEST(SparkAcceptance, S_H6_ALongPrefixStillGivesAValidHostname) {
  const Pod pod = pod_of({{"spark.kubernetes.executor.podNamePrefix", std::string(60, 'a') + ".b"}});
  EXPECT_EQ(pod.name, std::string(60, 'a') + ".b-exec-1");
  EXPECT_EQ(pod.hostname, std::string(54, 'a') + "_b-exec-1");
}

TEST(SparkAcceptance, S_H7_APrefixThatIsTooLongFailsWhenAPodIsBuilt) {
  AppIdentity identity = app();
  identity.pod_name_prefix = resource_name_prefix(std::string(240, 'a'), "0");
  const PodBuilder b(executor_conf({}), identity, std::nullopt, {});
  EXPECT_THAT(b.build(1, 0).error().message, HasSubstr("at most 237 characters"));
}

TEST(SparkAcceptance, S_H9_ClassPathAndJavaOptionsBecomeEnvironment) {
  const Pod pod = pod_of({{"spark.executor.extraClassPath", "bar:baz"},
                          {"spark.executor.defaultJavaOptions", "-Da=1"},
                          {"spark.executor.extraJavaOptions", "-Dfoo='b a r' -Did={{EXECUTOR_ID}} -Dapp={{APP_ID}}"},
                          {"spark.rpc.askTimeout", "9s"}});
  EXPECT_EQ(env(pod, "SPARK_CLASSPATH"), "bar:baz");
  EXPECT_EQ(env(pod, "SPARK_JAVA_OPT_0"), "-Da=1");
  EXPECT_EQ(env(pod, "SPARK_JAVA_OPT_1"), "-Dfoo=b a r");
  EXPECT_EQ(env(pod, "SPARK_JAVA_OPT_2"), "-Did=1");
  EXPECT_EQ(env(pod, "SPARK_JAVA_OPT_3"), "-Dapp=spark-app-id");
  EXPECT_EQ(env(pod, "SPARK_JAVA_OPT_4"), "-Dspark.rpc.askTimeout=9s");
  EXPECT_EQ(env(pod, "SPARK_JAVA_OPT_5"), "(unset)");
  EXPECT_EQ(env_names(pod.own_env), (std::vector<std::string>{"SPARK_EXECUTOR_ID", "SPARK_JAVA_OPT_2"}));
}

TEST(SparkAcceptance, S_H10_ExecutorDirsMayNameTheExecutor) {
  const Pod pod = pod_of({{"spark.executorEnv.SPARK_EXECUTOR_DIRS", "/p1/SPARK_APPLICATION_ID/SPARK_EXECUTOR_ID"}});
  EXPECT_EQ(env(pod, "SPARK_EXECUTOR_DIRS"), "/p1/spark-app-id/1");
}

TEST(SparkAcceptance, S_H11_ACustomLogUrlAddsAttributes) {
  const Pod pod = pod_of({{"spark.ui.custom.executor.log.url", "http://logs/{{APP_ID}}"}});
  EXPECT_EQ(env(pod, "SPARK_EXECUTOR_ATTRIBUTE_APP_ID"), "spark-app-id");
  EXPECT_EQ(env(pod, "SPARK_EXECUTOR_ATTRIBUTE_EXECUTOR_ID"), "1");
  EXPECT_EQ(env(pod_of({}), "SPARK_EXECUTOR_ATTRIBUTE_APP_ID"), "(unset)");
}

TEST(SparkAcceptance, S_H12_TheDriversPodIpCanBeUsed) {
  const StringMap raw{{"spark.kubernetes.executor.useDriverPodIP", "true"}, {"spark.driver.bindAddress", "10.0.0.7"}};
  EXPECT_EQ(env(pod_of(raw, Compat::spark_4_1), "SPARK_DRIVER_URL"), "spark://CoarseGrainedScheduler@10.0.0.7:7078");
  EXPECT_EQ(env(pod_of(raw, Compat::spark_4_0), "SPARK_DRIVER_URL"), "spark://CoarseGrainedScheduler@driver-svc:7078");
}

TEST(SparkAcceptance, S_H14_TheAuthSecretIsInTheEnvironmentUnlessItIsInAFile) {
  const StringMap raw{{"spark.authenticate", "true"}, {"spark.authenticate.secret", "hunter2"}};
  EXPECT_EQ(env(pod_of(raw), "_SPARK_AUTH_SECRET"), "*********(redacted)");
  StringMap file = raw;
  file["spark.authenticate.secret.executor.file"] = "/f";
  EXPECT_EQ(env(pod_of(file), "_SPARK_AUTH_SECRET"), "(unset)");
}

TEST(SparkAcceptance, S_H17_TheConfVolumeCanBeDisabledForAnyProfile) {
  const std::vector<ResourceProfile> profiles{ResourceProfile{.id = 1}};
  const auto has_conf_volume = [](const PodBuilder& b, ProfileId id) {
    const auto& volumes = b.pod_template(id).value()->volumes;
    return std::ranges::any_of(volumes, [](const Volume& v) { return v.name == "spark-conf-volume-exec"; });
  };
  const PodBuilder with = builder({}, Compat::spark_4_0, profiles);
  const PodBuilder without =
      builder({{"spark.kubernetes.executor.disableConfigMap", "true"}}, Compat::spark_4_0, profiles);
  for (const ProfileId id : {0, 1}) {
    EXPECT_TRUE(has_conf_volume(with, id));
    EXPECT_FALSE(has_conf_volume(without, id));
  }
}

TEST(SparkAcceptance, S_H18_BlockManagerPortZeroIsNotAContainerPort) {
  EXPECT_TRUE(spark_container(pod_of({{"spark.blockManager.port", "0"}})).ports.empty());
  EXPECT_EQ(spark_container(pod_of({{"spark.blockManager.port", "12345"}})).ports,
            (std::vector<ContainerPort>{{"blockmanager", 12345}}));
}

TEST(SparkAcceptance, S_H19_AnUnsetPrefixIsDerivedFromTheApplicationsName) {
  AppIdentity identity = app();
  identity.pod_name_prefix = resource_name_prefix("My App", unique_id(0xA1B2C3, 255));
  const PodBuilder b(executor_conf({}), identity, std::nullopt, {});
  EXPECT_EQ(b.build(1, 0).value()->name, "my-app-a1b2c3ff-exec-1");
}

TEST(SparkAcceptance, S_G3_LabelsAnnotationsSecretsAndEnvironmentWithPlaceholders) {
  const std::string k = "spark.kubernetes.executor.";
  const Pod pod = pod_of({{k + "label.plain", "v"},
                          {k + "label.app", "a-{{APP_ID}}"},
                          {k + "label.own", "e-{{EXECUTOR_ID}}-{{APP_ID}}"},
                          {k + "annotation.plain", "w"},
                          {k + "annotation.own", "{{EXECUTOR_ID}}"},
                          {k + "secrets.s1", "/etc/s1"},
                          {k + "secretKeyRef.PASS", "db:password"}});
  EXPECT_EQ(*pod.label("plain"), "v");
  EXPECT_EQ(*pod.label("app"), "a-spark-app-id");
  EXPECT_EQ(pod.own_labels, (StringMap{{"spark-exec-id", "1"}, {"own", "e-1-spark-app-id"}}));
  EXPECT_EQ(pod.tmpl->annotations, (StringMap{{"plain", "w"}}));
  EXPECT_EQ(pod.own_annotations, (StringMap{{"own", "1"}}));
  EXPECT_EQ(pod.tmpl->volumes.at(1), (Volume{"s1-volume", "secret", "s1", {}}));
  EXPECT_EQ(spark_container(pod).mounts.at(1), (VolumeMount{"s1-volume", "/etc/s1", "", false}));
  const auto& all = spark_container(pod).env;
  const auto it = std::ranges::find(all, "PASS", &EnvVar::name);
  ASSERT_NE(it, all.end());
  EXPECT_EQ(it->secret_name, "db");
  EXPECT_EQ(it->secret_key, "password");
}

TEST(SparkAcceptance, S_G4_TheProfileIdIsCarried) {
  const PodBuilder b = builder({}, Compat::spark_4_0, {ResourceProfile{.id = 10}});
  EXPECT_EQ(*b.build(1, 10).value()->label("spark-exec-resourceprofile-id"), "10");
}

TEST(PodBuilderTest, PlacementAndAccountsComeFromTheConf) {
  const Pod pod = pod_of({{"spark.kubernetes.node.selector.pool", "batch"},
                          {"spark.kubernetes.executor.scheduler.name", "mine"},
                          {"spark.kubernetes.authenticate.driver.serviceAccountName", "driver-sa"},
                          {"spark.kubernetes.container.image.pullSecrets", "a, b"},
                          {"spark.kubernetes.namespace", "jobs"},
                          {"spark.decommission.enabled", "true"}});
  EXPECT_EQ(pod.tmpl->node_selector, (StringMap{{"pool", "batch"}}));
  EXPECT_EQ(pod.tmpl->scheduler_name, "mine");
  EXPECT_EQ(pod.tmpl->service_account, "driver-sa");
  EXPECT_EQ(pod.tmpl->image_pull_secrets, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(pod.ns, "jobs");
  EXPECT_EQ(spark_container(pod).pre_stop_exec, std::vector<std::string>{"/opt/decom.sh"});
}

TEST(PodBuilderTest, LocalDirectoriesAreEmptyDirsUnlessAVolumeSuppliesThem) {
  const Pod tmpfs = pod_of({{"spark.local.dir", "/a,/b"}, {"spark.kubernetes.local.dirs.tmpfs", "true"}});
  EXPECT_EQ(tmpfs.tmpl->volumes.at(1), (Volume{"spark-local-dir-1", "emptyDir", "", {{"medium", "Memory"}}}));
  EXPECT_EQ(tmpfs.tmpl->volumes.at(2).name, "spark-local-dir-2");
  EXPECT_EQ(env(tmpfs, "SPARK_LOCAL_DIRS"), "/a,/b");
  const std::string v = "spark.kubernetes.executor.volumes.hostPath.spark-local-dir-x.";
  const Pod given = pod_of({{v + "mount.path", "/fast"}, {v + "options.path", "/mnt/nvme"}, {"spark.local.dir", "/a"}});
  ASSERT_EQ(given.tmpl->volumes.size(), 2U);
  EXPECT_EQ(given.tmpl->volumes.at(1).name, "spark-local-dir-x");
  EXPECT_EQ(env(given, "SPARK_LOCAL_DIRS"), "/fast");
  EXPECT_EQ(env(pod_of({}), "SPARK_LOCAL_DIRS"), "/var/data/spark-spark-app-id");
}

TEST(PodBuilderTest, NoImageIsAnErrorOfBuilding) {
  Conf conf = executor_conf({});
  conf.executor_image = "";
  EXPECT_EQ(PodBuilder(conf, app(), std::nullopt, {}).build(1, 0).error().message,
            "the executor container image is missing; set spark.kubernetes.container.image");
}

TEST(PodBuilderTest, TheSameConfGivesTheSameTemplateHash) {
  EXPECT_EQ(builder({}).pod_template(0).value()->hash, builder({}).pod_template(0).value()->hash);
  EXPECT_NE(builder({}).pod_template(0).value()->hash,
            builder({{"spark.executor.cores", "2"}}).pod_template(0).value()->hash);
}

TEST(SplitCommandString, QuotesAndBackslashesProtect) {
  EXPECT_EQ(split_command_string("a  b"), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(split_command_string("-D\"x y\"=1 'a\\b' \\\"q\\\" \"\""),
            (std::vector<std::string>{"-Dx y=1", "a\\b", "\"q\"", ""}));
  EXPECT_TRUE(split_command_string("  ").empty());
}

}  // namespace
}  // namespace podramp::backend::pod_builder_test
