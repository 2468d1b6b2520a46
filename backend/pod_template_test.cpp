// Executor pods from a pod template, the user's own steps, steps left out, and sets of pods (02 6.1, 6.3).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "backend/test_executor_pods.h"

namespace podramp::backend::pod_template_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kContainerName = "spark.kubernetes.executor.podTemplateContainerName";
constexpr const char* kExcluded = "spark.kubernetes.executor.pod.excludedFeatureSteps";
constexpr const char* kUserSteps = "spark.kubernetes.executor.pod.featureSteps";
const std::string kFeatures = "org.apache.spark.deploy.k8s.features.";

Container container(const std::string& name) {
  Container c;
  c.name = name;
  c.image = name + ":1";
  return c;
}

PodPtr template_of(PodTemplate tmpl) {
  auto pod = std::make_shared<Pod>();
  pod->tmpl = share(std::move(tmpl));
  return pod;
}

PodPtr with_containers(std::vector<Container> containers) {
  PodTemplate tmpl;
  tmpl.containers = std::move(containers);
  return template_of(std::move(tmpl));
}

std::vector<std::string> names(const std::vector<Container>& containers) {
  std::vector<std::string> all;
  for (const Container& c : containers) all.push_back(c.name);
  return all;
}

TEST(SparkAcceptance, S_H21_ThePortsOfATemplateAreKept) {
  Container c = container("spark");
  c.ports = {{"metrics", 9090}};
  const Pod pod = templated_pod(with_containers({c}), {});
  EXPECT_THAT(spark_container(pod).ports,
              ElementsAre(ContainerPort{"metrics", 9090}, ContainerPort{"blockmanager", 7079}));
}

TEST(SparkAcceptance, S_I1_WithoutATemplateThePodHoldsSparksOwnFieldsOnly) {
  const PodDraft draft = start_draft(nullptr, "spark");
  EXPECT_EQ(draft.pod, PodTemplate{});
  EXPECT_EQ(draft.container, Container{});
  EXPECT_EQ(container_warning(nullptr, "spark"), "");
  EXPECT_EQ(templated_pod(nullptr, {}), pod_of({}));
}

// A template that sets every field: what is the user's stays, lists grow, what Spark owns is overwritten.
PodPtr full_template() {
  Container c = container("user");
  c.image_pull_policy = "Never";
  c.command = {"tini"};
  c.args = {"--"};
  c.env = {env_value("MINE", "1")};
  c.mounts = {{"data", "/data", "", false}};
  c.requests = {100, 1 << 20, {{"ephemeral-storage", 5}}};
  c.limits = {7000, 2 << 20, {}};
  c.pre_stop_exec = {"/bye"};
  c.extra_json = R"({"securityContext":{"runAsUser":185}})";
  PodTemplate t;
  t.labels = {{"team", "data"}, {"spark-role", "driver"}};
  t.annotations = {{"note", "yes"}};
  t.owners = {{"Node", "n1", "u1", false}};
  t.init_containers = {container("fetch")};
  t.containers = {container("log"), c};
  t.restart_policy = "OnFailure";
  t.node_selector = {{"disk", "ssd"}, {"pool", "old"}};
  t.tolerations = {{"spot", "Exists", "", "", std::nullopt}};
  t.scheduler_name = "volcano";
  t.service_account = "runner";
  t.priority_class = "high";
  t.image_pull_secrets = {"first"};
  t.volumes = {{"data", "emptyDir", "", {}}};
  t.termination_grace_s = 45;
  t.extra_json = R"({"spec":{"affinity":{}}})";
  auto pod = std::make_shared<Pod>(*template_of(std::move(t)));
  pod->name = "ignored";
  pod->ns = "ignored";
  pod->hostname = "ignored";
  pod->node = "node-7";
  return pod;
}

const StringMap kOverTemplate{{kContainerName, "user"},
                              {"spark.kubernetes.namespace", "jobs"},
                              {"spark.local.dir", "/tmp"},
                              {"spark.kubernetes.node.selector.pool", "batch"},
                              {"spark.kubernetes.authenticate.driver.serviceAccountName", "driver-sa"},
                              {"spark.kubernetes.container.image.pullSecrets", "second"},
                              {"spark.kubernetes.executor.annotation.note", "no"}};

TEST(SparkAcceptance, S_I2_ATemplateIsMergedIntoThePodAndKeepsTheUsersFields) {
  AppIdentity identity = app();
  identity.executor_template = full_template();
  const PodBuilder b(executor_conf(kOverTemplate), identity, OwnerReference{"Pod", "driver", "d", false}, {});
  const PodPtr pod = b.build(1, 0).value();
  const PodTemplate& t = *pod->tmpl;
  EXPECT_EQ(t.labels.at("team"), "data");
  EXPECT_THAT(names(t.init_containers), ElementsAre("fetch"));
  EXPECT_THAT(names(t.containers), ElementsAre("log", "user"));
  EXPECT_EQ(t.containers[0], container("log"));
  EXPECT_EQ(t.node_selector, (StringMap{{"disk", "ssd"}, {"pool", "batch"}}));
  EXPECT_THAT(t.tolerations, ElementsAre(Toleration{"spot", "Exists", "", "", std::nullopt}));
  EXPECT_EQ(t.scheduler_name, "volcano");
  EXPECT_EQ(t.service_account, "runner");
  EXPECT_EQ(t.priority_class, "high");
  EXPECT_THAT(t.image_pull_secrets, ElementsAre("first", "second"));
  EXPECT_EQ(t.termination_grace_s, 45);
  EXPECT_EQ(t.extra_json, R"({"spec":{"affinity":{}}})");
  EXPECT_THAT(t.owners,
              ElementsAre(OwnerReference{"Node", "n1", "u1", false}, OwnerReference{"Pod", "driver", "d", true}));
  EXPECT_EQ(pod->node, "node-7");
  ASSERT_EQ(t.volumes.size(), 3U);
  EXPECT_EQ(t.volumes[0].name, "data");
  const Container& c = t.containers[1];
  EXPECT_THAT(c.command, ElementsAre("tini"));
  EXPECT_THAT(c.args, ElementsAre("--", "executor"));
  EXPECT_EQ(c.env.front(), env_value("MINE", "1"));
  EXPECT_EQ(c.mounts.front(), (VolumeMount{"data", "/data", "", false}));
  EXPECT_THAT(c.pre_stop_exec, ElementsAre("/bye"));
  EXPECT_EQ(c.extra_json, R"({"securityContext":{"runAsUser":185}})");
}

TEST(SparkAcceptance, S_I2_FieldsThatSparkOwnsAreOverwritten) {
  const Pod pod = templated_pod(full_template(), kOverTemplate);
  EXPECT_EQ(pod.name, "app-1-exec-1");
  EXPECT_EQ(pod.ns, "jobs");
  EXPECT_EQ(pod.hostname, "app-1-exec-1");
  EXPECT_EQ(pod.tmpl->restart_policy, "Never");
  EXPECT_EQ(pod.tmpl->labels.at("spark-role"), "executor");
  EXPECT_EQ(pod.tmpl->annotations.at("note"), "no");
  const Container& c = spark_container(pod);
  EXPECT_EQ(c.image, "spark:4");
  EXPECT_EQ(c.image_pull_policy, "IfNotPresent");
  EXPECT_EQ(c.requests, (Resources{1000, 1408LL << 20, {{"ephemeral-storage", 5}}}));
  EXPECT_EQ(c.limits, (Resources{7000, 1408LL << 20, {}}));
  EXPECT_EQ(templated_pod(full_template(), kOverTemplate, Compat::spark_4_1).tmpl->termination_grace_s, 30);
  StringMap more = kOverTemplate;
  more["spark.kubernetes.executor.scheduler.name"] = "";
  more["spark.decommission.enabled"] = "true";
  const Pod other = templated_pod(full_template(), more);
  EXPECT_EQ(other.tmpl->scheduler_name, "");
  EXPECT_THAT(spark_container(other).pre_stop_exec, ElementsAre("/opt/decom.sh"));
}

TEST(SparkAcceptance, S_I2_AProfileOfItsOwnDiscardsTheTemplatesResources) {
  AppIdentity identity = app();
  identity.executor_template = full_template();
  const PodBuilder b(executor_conf(kOverTemplate), identity, std::nullopt, {ResourceProfile{.id = 1, .cores = 2}});
  const PodPtr pod = b.build(1, 1).value();
  EXPECT_EQ(spark_container(*pod).requests, (Resources{2000, 1408LL << 20, {}}));
  EXPECT_EQ(spark_container(*pod).limits, (Resources{std::nullopt, 1408LL << 20, {}}));
}

UserStep labels_it(const std::string& name, std::vector<PodRole> roles, const std::string& value) {
  UserStep step;
  step.class_name = name;
  step.roles = std::move(roles);
  step.labels = {{"by", value}};
  step.env = {{"STEP", value}};
  return step;
}

Result<PodPtr> with_steps(const StringMap& raw, Compat compat = Compat::spark_4_1) {
  AppIdentity identity = app();
  identity.user_steps = {labels_it("a.First", {PodRole::executor}, "first"),
                         labels_it("a.Second", {PodRole::driver, PodRole::executor}, "second"),
                         labels_it("a.DriversOnly", {PodRole::driver}, "never"), labels_it("a.NoStep", {}, "never")};
  return PodBuilder(executor_conf(raw, compat), identity, std::nullopt, {}).build(1, kDefaultProfile);
}

std::vector<std::string> step_marks(const Pod& pod) {
  std::vector<std::string> marks;
  for (const EnvVar& e : spark_container(pod).env) {
    if (e.name == "STEP") marks.push_back(e.value);
  }
  return marks;
}

TEST(SparkAcceptance, S_I3_UserStepsRunInOrderAfterSparksOwn) {
  const PodPtr pod = with_steps({{kUserSteps, "a.First, a.Second"}}).value();
  EXPECT_THAT(step_marks(*pod), ElementsAre("first", "second"));
  EXPECT_EQ(*pod->label("by"), "second");
  EXPECT_EQ(*with_steps({{kUserSteps, "a.Second,a.First"}}).value()->label("by"), "first");
  EXPECT_EQ(spark_container(*pod).env.back().name, "STEP");
}

TEST(SparkAcceptance, S_I3_AnExcludedUserStepIsSkipped) {
  EXPECT_THAT(step_marks(**with_steps({{kUserSteps, "a.First,a.Second"}, {kExcluded, "a.First"}})),
              ElementsAre("second"));
  // Before 4.1 nobody reads the key (SPARK-52830).
  EXPECT_THAT(step_marks(**with_steps({{kUserSteps, "a.First"}, {kExcluded, "a.First"}}, Compat::spark_4_0)),
              ElementsAre("first"));
}

TEST(SparkAcceptance, S_I3_ExcludedStepsOfSparkAreLeftOutByExactClassName) {
  EXPECT_THAT(executor_step_names(),
              ElementsAre(kFeatures + "BasicExecutorFeatureStep",
                          kFeatures + "ExecutorKubernetesCredentialsFeatureStep", kFeatures + "MountSecretsFeatureStep",
                          kFeatures + "EnvSecretsFeatureStep", kFeatures + "MountVolumesFeatureStep",
                          kFeatures + "HadoopConfExecutorFeatureStep", kFeatures + "LocalDirsFeatureStep"));
  const StringMap raw{{"spark.kubernetes.executor.secrets.s1", "/etc/s1"},
                      {"spark.kubernetes.executor.secretKeyRef.PASS", "db:password"},
                      {"spark.kubernetes.executor.volumes.emptyDir.v.mount.path", "/v"},
                      {"spark.kubernetes.executor.hadoopConfigMapName", "hadoop"},
                      {"spark.kubernetes.authenticate.driver.serviceAccountName", "sa"}};
  const auto without = [&](const std::string& steps) {
    StringMap all = raw;
    all[kExcluded] = steps;
    return pod_of(all, Compat::spark_4_1);
  };
  const auto volumes = [](const Pod& pod) {
    std::vector<std::string> all;
    for (const Volume& v : pod.tmpl->volumes) all.push_back(v.name);
    return all;
  };
  EXPECT_THAT(volumes(without("")),
              ElementsAre("spark-conf-volume-exec", "s1-volume", "v", "hadoop-properties", "spark-local-dir-1"));
  EXPECT_THAT(volumes(without(kFeatures + "MountSecretsFeatureStep")),
              ElementsAre("spark-conf-volume-exec", "v", "hadoop-properties", "spark-local-dir-1"));
  EXPECT_THAT(volumes(without(kFeatures + "MountVolumesFeatureStep," + kFeatures + "HadoopConfExecutorFeatureStep")),
              ElementsAre("spark-conf-volume-exec", "s1-volume", "spark-local-dir-1"));
  EXPECT_EQ(env(without(kFeatures + "EnvSecretsFeatureStep"), "PASS"), "(unset)");
  EXPECT_EQ(env(without(kFeatures + "LocalDirsFeatureStep"), "SPARK_LOCAL_DIRS"), "(unset)");
  EXPECT_EQ(without(kFeatures + "ExecutorKubernetesCredentialsFeatureStep").tmpl->service_account, "");
  EXPECT_EQ(without("LocalDirsFeatureStep"), without(""));
  const Pod bare = without(kFeatures + "BasicExecutorFeatureStep");
  EXPECT_EQ(bare.name, "");
  EXPECT_TRUE(bare.tmpl->labels.empty());
  EXPECT_THAT(spark_container(bare).args, IsEmpty());
}

TEST(SparkAcceptance, S_I3_AStepOfTheWrongTypeOrAnUnknownClassFails) {
  EXPECT_EQ(with_steps({{kUserSteps, "a.Nobody"}}).error().message, "class not found: a.Nobody");
  for (const std::string wrong : {"a.DriversOnly", "a.NoStep"}) {
    EXPECT_THAT(with_steps({{kUserSteps, wrong}}).error().message,
                HasSubstr(wrong + " cannot be a feature step of the executor"));
  }
  // A step is made before it can be left out.
  EXPECT_EQ(with_steps({{kUserSteps, "a.Nobody"}, {kExcluded, "a.Nobody"}}).error().message,
            "class not found: a.Nobody");
}

TEST(PodTemplateTest, VolcanosStepPutsPodsIntoTheApplicationsGroup) {
  const PodPtr pod = with_steps({{kUserSteps, kFeatures + "VolcanoFeatureStep"}}).value();
  EXPECT_EQ(pod->tmpl->annotations.at("scheduling.k8s.io/group-name"), "spark-app-id-podgroup");
}

TEST(SparkAcceptance, S_I5_TheNamedContainerIsSparks) {
  const PodPtr tmpl = with_containers({container("first"), container("second"), container("third")});
  const Pod pod = templated_pod(tmpl, {{kContainerName, "second"}});
  EXPECT_THAT(names(pod.tmpl->containers), ElementsAre("first", "third", "second"));
  EXPECT_EQ(spark_container(pod).image, "spark:4");
  EXPECT_EQ(pod.tmpl->containers[0].image, "first:1");
  EXPECT_EQ(container_warning(tmpl, "second"), "");
}

TEST(SparkAcceptance, S_I5_WithoutANameTheFirstContainerIsSparks) {
  const PodPtr tmpl = with_containers({container("first"), container("second")});
  EXPECT_THAT(names(templated_pod(tmpl, {}).tmpl->containers), ElementsAre("second", "first"));
  EXPECT_EQ(container_warning(tmpl, std::nullopt), "");
}

TEST(SparkAcceptance, S_I5_ANameThatNobodyOrMoreThanOneHasFallsBackToTheFirstWithAWarning) {
  const PodPtr tmpl = with_containers({container("first"), container("twice"), container("twice")});
  for (const std::string name : {"nobody", "twice"}) {
    EXPECT_THAT(names(templated_pod(tmpl, {{kContainerName, name}}).tmpl->containers),
                ElementsAre("twice", "twice", "first"));
    EXPECT_EQ(container_warning(tmpl, name),
              "the pod template has no single container \"" + name + "\"; Spark takes the first one");
  }
}

TEST(SparkAcceptance, S_I5_WithoutContainersSparkMakesOneOfItsOwn) {
  const PodPtr tmpl = with_containers({});
  const PodDraft draft = start_draft(tmpl, "spark");
  EXPECT_EQ(draft.container, Container{});
  EXPECT_EQ(container_warning(tmpl, "spark"),
            "the pod template has no single container \"spark\"; Spark makes one of its own");
  EXPECT_THAT(names(templated_pod(tmpl, {{kContainerName, "spark"}}).tmpl->containers),
              ElementsAre("spark-kubernetes-executor"));
}

TEST(SparkAcceptance, S_H8_PodsOfADeploymentHaveALowerCaseHostnameAndRestartAlways) {
  AppIdentity identity = app();
  identity.pod_name_prefix = "app-1";
  const auto pod_by = [&](const std::string& allocator, Compat compat) {
    const Conf conf = executor_conf({{"spark.kubernetes.allocation.pods.allocator", allocator}}, compat);
    return PodBuilder(conf, identity, std::nullopt, {}).build_for_set(kDefaultProfile).value();
  };
  const PodPtr deployed = pod_by("deployment", Compat::spark_4_2);
  EXPECT_EQ(deployed->hostname, "app-1-exec-execid");
  EXPECT_EQ(deployed->tmpl->restart_policy, "Always");
  EXPECT_EQ(*deployed->label("spark-exec-id"), "EXECID");
  EXPECT_EQ(env(*deployed, "SPARK_EXECUTOR_ID"), "EXECID");
  const PodPtr in_set = pod_by("statefulset", Compat::spark_4_2);
  EXPECT_EQ(in_set->hostname, "app-1-exec-EXECID");
  EXPECT_EQ(in_set->tmpl->restart_policy, "Always");
}

TEST(SparkAcceptance, S_H23_CpuAndMemoryCanBeResizedWithoutARestartFrom42) {
  EXPECT_THAT(spark_container(pod_of({}, Compat::spark_4_2)).resize_policy,
              ElementsAre(ResizePolicy{"cpu", "NotRequired"}, ResizePolicy{"memory", "NotRequired"}));
  EXPECT_THAT(spark_container(pod_of({}, Compat::spark_4_1)).resize_policy, IsEmpty());
}

TEST(PodBuilderTest, TheHadoopConfigurationIsMountedWhereTheDriverHasOne) {
  const Pod pod = pod_of({{"spark.kubernetes.hadoop.configMapName", "hadoop"}, {"spark.submit.deployMode", "cluster"}});
  EXPECT_EQ(pod.tmpl->volumes.at(1), (Volume{"hadoop-properties", "configMap", "hadoop", {}}));
  EXPECT_EQ(spark_container(pod).mounts.at(1), (VolumeMount{"hadoop-properties", "/opt/hadoop/conf", "", false}));
  EXPECT_EQ(env(pod, "HADOOP_CONF_DIR"), "/opt/hadoop/conf");
  EXPECT_EQ(env(pod_of({{"spark.kubernetes.hadoop.configMapName", "hadoop"}}), "HADOOP_CONF_DIR"), "(unset)");
}

TEST(PodBuilderTest, VolumesOfAllFourKindsAreMounted) {
  const std::string v = "spark.kubernetes.executor.volumes.";
  const StringMap raw{{v + "hostPath.logs.mount.path", "/logs"},
                      {v + "hostPath.logs.options.path", "/var/log"},
                      {v + "emptyDir.tmp.mount.path", "/scratch"},
                      {v + "emptyDir.tmp.mount.subPathExpr", "$(SPARK_EXECUTOR_ID)"},
                      {v + "emptyDir.tmp.options.sizeLimit", "5G"},
                      {v + "nfs.share.mount.path", "/share"},
                      {v + "nfs.share.options.path", "/export"},
                      {v + "nfs.share.options.server", "files"},
                      {v + "persistentVolumeClaim.ref.mount.path", "/ref"},
                      {v + "persistentVolumeClaim.ref.mount.readOnly", "true"},
                      {v + "persistentVolumeClaim.ref.label.team", "data"},
                      {v + "persistentVolumeClaim.ref.annotation.note", "x"},
                      {v + "persistentVolumeClaim.ref.options.claimName", "reference"}};
  const Pod pod = pod_of(raw);
  const auto& volumes = pod.tmpl->volumes;
  ASSERT_EQ(volumes.size(), 6U);
  EXPECT_EQ(volumes[1], (Volume{"tmp", "emptyDir", "", {{"sizeLimit", "5G"}}}));
  EXPECT_EQ(volumes[2], (Volume{"logs", "hostPath", "/var/log", {}}));
  EXPECT_EQ(volumes[3], (Volume{"share", "nfs", "files:/export", {}}));
  EXPECT_EQ(volumes[4], (Volume{"ref", "persistentVolumeClaim", "reference", {{"readOnly", "true"}}}));
  EXPECT_EQ(spark_container(pod).mounts.at(1).sub_path_expr, "$(SPARK_EXECUTOR_ID)");
  const Conf conf = executor_conf(raw);
  EXPECT_EQ(conf.volumes.back().claim_labels, (StringMap{{"team", "data"}}));
  EXPECT_EQ(conf.volumes.back().claim_annotations, (StringMap{{"note", "x"}}));
}

std::string memory_of(const StringMap& raw) {
  return format_bytes(*spark_container(pod_of(raw)).requests.memory_bytes);
}

TEST(SparkAcceptance, S_H13_PysparkMemoryCountsForPythonApplicationsOnly) {
  EXPECT_EQ(memory_of({{"spark.executor.pyspark.memory", "42m"}, {"spark.kubernetes.resource.type", "python"}}),
            "1450Mi");
  EXPECT_EQ(memory_of({{"spark.executor.pyspark.memory", "42m"}, {"spark.kubernetes.resource.type", "r"}}), "1408Mi");
  EXPECT_EQ(memory_of({{"spark.executor.pyspark.memory", "42m"}}), "1408Mi");
}

TEST(SparkAcceptance, S_H15_OffHeapMemoryCountsWhenItIsEnabled) {
  EXPECT_EQ(memory_of({{"spark.memory.offHeap.enabled", "true"}, {"spark.memory.offHeap.size", "42m"}}), "1450Mi");
  EXPECT_EQ(memory_of({{"spark.memory.offHeap.size", "42m"}}), "1408Mi");
}

TEST(SparkAcceptance, S_H20_TheExecutorsOverheadFactorWinsOverKubernetesOwn) {
  const std::string own = "spark.executor.memoryOverheadFactor";
  const std::string kubernetes = "spark.kubernetes.memoryOverheadFactor";
  EXPECT_EQ(memory_of({{own, "0.2"}, {kubernetes, "0.5"}, {"spark.executor.memory", "7680m"}}), "9Gi");
  EXPECT_EQ(memory_of({{own, "0.2"}, {"spark.executor.memory", "7680m"}}), "9Gi");
  EXPECT_EQ(memory_of({{kubernetes, "0.2"}, {"spark.executor.memory", "7680m"}}), "9Gi");
}

TEST(SparkAcceptance, S_H22_TheMinimumOverheadCanBeChangedAndAnExplicitOneMayBeBelowIt) {
  EXPECT_EQ(memory_of({{"spark.executor.minMemoryOverhead", "500m"}}), "1524Mi");
  EXPECT_EQ(memory_of({{"spark.executor.memoryOverhead", "150m"}, {"spark.executor.minMemoryOverhead", "500m"}}),
            "1174Mi");
}

}  // namespace
}  // namespace podramp::backend::pod_template_test
