// 01 9.1, ExecutorPodFactorySuite and ExecutorLocalDirVolumeProviderSuite, with their own numbers; 01 2.4 and 3.
#include "backend/fork_pod.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "backend/fork_affinity.h"
#include "backend/test_fork.h"

namespace podramp::backend::fork_pod_test {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

struct Fixture {
  explicit Fixture(const StringMap& more = {}) : settings(more) {
    settings.emplace("spark.kubernetes.executor.docker.image", "executor-image");
    settings.emplace("spark.kubernetes.driver.pod.name", "driver-pod");
  }
  StringMap settings;
  std::string prefix = "base";
  std::vector<LocalDir> local_dirs;  // the provider is a mock: none
  std::vector<std::string> hadoop_files;
  std::string user;
  Fixes fixes;
  std::map<std::string, std::int64_t> hints;

  ForkConf conf() const {
    const auto outcome = read_fork_conf(settings);
    EXPECT_TRUE(outcome.conf.has_value());
    ForkConf conf = outcome.conf.value_or(ForkConf{});
    conf.user = user;
    return conf;
  }
  Pod build(ExecutorId id = 1) const {
    Pod driver = driver_pod();
    ForkIdentity identity{"dummy", prefix, "dummy", hadoop_files};
    const ForkPodFactory factory(conf(), identity, stored(driver), local_dirs, fixes);
    const auto pod = factory.build(id, hints);
    EXPECT_TRUE(pod.has_value());
    return **pod;
  }
};

// Name -> value of the whole environment as it is sent.
StringMap environment(const Pod& pod) {
  StringMap env;
  for (const EnvVar& one : pod.tmpl->containers.at(0).env) {
    env[one.name] = one.field_path.empty() ? one.value : "field " + one.field_path;
  }
  for (const EnvVar& one : pod.own_env) env[one.name] = one.value;
  return env;
}

const Container& main_container(const Pod& pod) { return pod.tmpl->containers.at(0); }

std::vector<std::string> volume_names(const Pod& pod) {
  std::vector<std::string> names;
  for (const Volume& volume : pod.tmpl->volumes) names.push_back(volume.name);
  return names;
}

StringMap mounts(const Container& container) {
  StringMap paths;
  for (const VolumeMount& mount : container.mounts) paths[mount.name] = mount.path;
  return paths;
}

TEST(ForkPod, F_ExecutorPodFactorySuite_81_ABasicExecutorPod) {
  const Pod pod = Fixture().build();
  EXPECT_EQ(pod.name, "base-exec-1");
  StringMap labels = pod.tmpl->labels;
  labels.insert(pod.own_labels.begin(), pod.own_labels.end());
  EXPECT_THAT(labels, ElementsAre(Pair("spark-app-selector", "dummy"), Pair("spark-exec-id", "1"),
                                  Pair("spark-role", "executor")));
  ASSERT_THAT(pod.tmpl->containers, SizeIs(1));
  EXPECT_EQ(main_container(pod).name, "executor");
  EXPECT_EQ(main_container(pod).image, "executor-image");
  EXPECT_THAT(main_container(pod).mounts, IsEmpty());
  EXPECT_THAT(pod.tmpl->volumes, IsEmpty());
  EXPECT_THAT(pod.tmpl->node_selector, IsEmpty());
  EXPECT_THAT(pod.tmpl->init_containers, IsEmpty());
  const Resources& limits = main_container(pod).limits;
  EXPECT_EQ(format_bytes(limits.memory_bytes.value_or(0)), "1408Mi");
  EXPECT_FALSE(limits.cpu_milli.has_value());
  EXPECT_THAT(limits.other, IsEmpty());
  EXPECT_THAT(environment(pod),
              UnorderedElementsAre(Pair("SPARK_EXECUTOR_PORT", "10000"), Pair("SPARK_DRIVER_URL", "dummy"),
                                   Pair("SPARK_EXECUTOR_CORES", "1"), Pair("SPARK_EXECUTOR_MEMORY", "1g"),
                                   Pair("SPARK_APPLICATION_ID", "dummy"), Pair("SPARK_EXECUTOR_ID", "1"),
                                   Pair("SPARK_MOUNTED_CLASSPATH", "/var/spark-data/spark-jars/*"),
                                   Pair("SPARK_EXECUTOR_POD_IP", "field status.podIP")));
  ASSERT_THAT(pod.tmpl->owners, SizeIs(1));
  EXPECT_EQ(pod.tmpl->owners[0], (OwnerReference{"Pod", "driver-pod", "driver-uid", true}));
  EXPECT_EQ(pod.tmpl->restart_policy, "Never");
  // The affinity decorator is asked once for each pod; without hints it adds nothing.
  EXPECT_THAT(pod.own_annotations, IsEmpty());
}

// The decorator's work shows only with hints: one annotation then, and nothing else that differs.
TEST(ForkPod, F_ExecutorPodFactorySuite_81_TheAffinityDecoratorIsCalledOnce) {
  Fixture fixture;
  fixture.hints = {{"n1", 3}};
  const Pod pod = fixture.build();
  EXPECT_THAT(pod.own_annotations,
              ElementsAre(Pair("scheduler.alpha.kubernetes.io/affinity",
                               R"({"nodeAffinity":{"preferredDuringSchedulingIgnoredDuringExecution":[{"weight":100,)"
                               R"("preference":{"matchExpressions":[{"key":"kubernetes.io/hostname","operator":"In",)"
                               R"("values":["n1"]}]}}]}})")));
  EXPECT_THAT(pod.tmpl->annotations, IsEmpty());
  Pod undecorated = pod;
  undecorated.own_annotations.clear();
  EXPECT_EQ(undecorated, Fixture().build());
}

TEST(ForkPod, F_ExecutorPodFactorySuite_121_AHostnameHas63Characters) {
  Fixture fixture;
  fixture.prefix = "loremipsumdolorsitametvimatelitrefficiendisuscipianturvixlegeresple";
  ASSERT_EQ(fixture.prefix.size(), 67U);
  EXPECT_EQ(fixture.build().hostname.size(), 63U);
}

TEST(ForkPod, F_ExecutorPodFactorySuite_147_SecretsAreMounted) {
  const Pod pod = Fixture(StringMap{{"spark.kubernetes.executor.secrets.secret1", "/var/secret1"}}).build();
  ASSERT_THAT(pod.tmpl->volumes, SizeIs(1));
  EXPECT_EQ(pod.tmpl->volumes[0], (Volume{"secret1-volume", "secret", "secret1", {}}));
  EXPECT_THAT(mounts(main_container(pod)), ElementsAre(Pair("secret1-volume", "/var/secret1")));
}

const StringMap kInit = {{"spark.kubernetes.initcontainer.executor.configmapname", "init-map"},
                         {"spark.kubernetes.initcontainer.executor.configmapkey", "init-key"}};

TEST(ForkPod, F_ExecutorPodFactorySuite_183_AnInitContainerWhenItIsConfigured) {
  const Pod pod = Fixture(kInit).build();
  ASSERT_THAT(pod.tmpl->init_containers, SizeIs(1));
  EXPECT_EQ(pod.tmpl->init_containers[0].name, "spark-init");
  EXPECT_THAT(pod.tmpl->init_containers[0].args, ElementsAre("/etc/spark-init/spark-init.properties"));
}

TEST(ForkPod, F_ExecutorPodFactorySuite_212_OneSecretVolumeForBothContainers) {
  StringMap settings = kInit;
  settings["spark.kubernetes.executor.secrets.secret1"] = "/var/secret1";
  const Pod pod = Fixture(settings).build();
  EXPECT_EQ(std::ranges::count(volume_names(pod), "secret1-volume"), 1);
  EXPECT_THAT(mounts(main_container(pod)), Contains(Pair("secret1-volume", "/var/secret1")));
  EXPECT_THAT(mounts(pod.tmpl->init_containers.at(0)), Contains(Pair("secret1-volume", "/var/secret1")));
}

TEST(ForkPod, F_ExecutorPodFactorySuite_250_LocalDirVolumesAppearAsTheyAre) {
  Fixture fixture;
  fixture.local_dirs = {{{"local-dir-1", "emptyDir", "", {}}, {"local-dir-1", "/tmp/one", "", false}}};
  const Pod pod = fixture.build();
  EXPECT_THAT(pod.tmpl->volumes, ElementsAre(fixture.local_dirs[0].volume));
  EXPECT_THAT(main_container(pod).mounts, ElementsAre(fixture.local_dirs[0].mount));
}

TEST(ForkPod, F_ExecutorPodFactorySuite_283_SmallFilesComeFromASecret) {
  const Pod pod = Fixture({{"spark.kubernetes.mountdependencies.smallfiles.executor.secretName", "secret1"},
                           {"spark.kubernetes.mountdependencies.smallfiles.executor.secretMountPath", "/var/secret1"}})
                      .build();
  EXPECT_THAT(pod.tmpl->volumes, ElementsAre(Volume{"submitted-files", "secret", "secret1", {}}));
  EXPECT_THAT(mounts(main_container(pod)), ElementsAre(Pair("submitted-files", "/var/secret1")));
  EXPECT_THAT(environment(pod), Contains(Pair("SPARK_MOUNTED_FILES_FROM_SECRET_DIR", "/var/secret1")));
}

TEST(ForkPod, F_ExecutorPodFactorySuite_318_JavaOptionsClassPathAndEnvironmentPassThrough) {
  const Pod pod = Fixture({{"spark.executor.extraJavaOptions", "foo=bar"},
                           {"spark.executor.extraClassPath", "bar=baz"},
                           {"spark.executorEnv.qux", "quux"}})
                      .build();
  const StringMap env = environment(pod);
  EXPECT_THAT(env, SizeIs(11));  // the eight defaults and these
  EXPECT_THAT(env, Contains(Pair("SPARK_JAVA_OPT_0", "foo=bar")));
  EXPECT_THAT(env, Contains(Pair("SPARK_EXECUTOR_EXTRA_CLASSPATH", "bar=baz")));
  EXPECT_THAT(env, Contains(Pair("qux", "quux")));
}

const StringMap kHadoop = {{"spark.kubernetes.hadoop.executor.hadoopConfigMapName", "hadoop-map"}};

// One item per file, mounted where the environment says.
void expect_hadoop_conf(const Pod& pod) {
  EXPECT_THAT(pod.tmpl->volumes,
              ElementsAre(Volume{"hadoop-properties",
                                 "configMap",
                                 "hadoop-map",
                                 {{"items", "core-site.xml:core-site.xml,hdfs-site.xml:hdfs-site.xml"}}}));
  EXPECT_THAT(mounts(main_container(pod)), ElementsAre(Pair("hadoop-properties", "/etc/hadoop/conf")));
  EXPECT_THAT(environment(pod), Contains(Pair("HADOOP_CONF_DIR", "/etc/hadoop/conf")));
}

TEST(ForkPod, F_ExecutorPodFactorySuite_348_HadoopConfIsMountedFileByFile) {
  Fixture fixture(kHadoop);
  fixture.hadoop_files = {"core-site.xml", "hdfs-site.xml"};
  const Pod pod = fixture.build();
  expect_hadoop_conf(pod);
  EXPECT_FALSE(environment(pod).contains("SPARK_USER"));
}

TEST(ForkPod, F_ExecutorPodFactorySuite_384_HadoopConfWithAUser) {
  Fixture fixture(kHadoop);
  fixture.hadoop_files = {"core-site.xml", "hdfs-site.xml"};
  fixture.user = "test-user";
  const Pod pod = fixture.build();
  expect_hadoop_conf(pod);
  EXPECT_THAT(environment(pod), Contains(Pair("SPARK_USER", "test-user")));
}

TEST(ForkPod, F_ExecutorPodFactorySuite_422_HadoopConfWithKerberos) {
  StringMap settings = kHadoop;
  settings["spark.kubernetes.kerberos.key-tab-secret-name"] = "secret-test";
  settings["spark.kubernetes.kerberos.key-tab-secret-key"] = "item-test";
  Fixture fixture(settings);
  fixture.user = "sparkUser";
  const Pod pod = fixture.build();
  EXPECT_THAT(volume_names(pod), ElementsAre("hadoop-properties", "hadoop-secret"));
  EXPECT_THAT(mounts(main_container(pod)), Contains(Pair("hadoop-secret", "/mnt/secrets/hadoop-credentials")));
  const StringMap env = environment(pod);
  EXPECT_THAT(env, Contains(Pair("HADOOP_CONF_DIR", "/etc/hadoop/conf")));
  EXPECT_THAT(env, Contains(Pair("HADOOP_TOKEN_FILE_LOCATION", "/mnt/secrets/hadoop-credentials/item-test")));
  EXPECT_THAT(env, Contains(Pair("SPARK_USER", "sparkUser")));
}

TEST(ForkPod, F_ExecutorLocalDirVolumeProviderSuite_27_BesideAShuffleServiceTheyAreHostPaths) {
  ForkConf conf;
  conf.shuffle_service = true;
  conf.local_dirs = {"/tmp/dir.one", "/data/two"};
  const auto dirs = fork_local_dirs(conf);
  ASSERT_THAT(dirs, SizeIs(2));  // exactly the shuffle manager's list
  EXPECT_EQ(dirs[0].volume, (Volume{"0-dir", "hostPath", "/tmp/dir.one", {}}));
  EXPECT_EQ(dirs[0].mount, (VolumeMount{"0-dir", "/tmp/dir.one", "", false}));
  EXPECT_EQ(dirs[1].volume, (Volume{"1-two", "hostPath", "/data/two", {}}));
}

TEST(ForkPod, F_ExecutorLocalDirVolumeProviderSuite_47_WithoutOneEachDirectoryIsAnEmptyDir) {
  ForkConf conf;
  conf.local_dirs = {"/tmp/test-local-dir-1", "/tmp/test-local-dir-2"};
  const auto dirs = fork_local_dirs(conf);
  ASSERT_THAT(dirs, SizeIs(2));
  EXPECT_EQ(dirs[0].volume, (Volume{"spark-local-dir-0-test-local-dir-1", "emptyDir", "", {}}));
  EXPECT_EQ(dirs[0].mount.path, "/tmp/test-local-dir-1");
  EXPECT_EQ(dirs[1].volume, (Volume{"spark-local-dir-1-test-local-dir-2", "emptyDir", "", {}}));
  EXPECT_EQ(dirs[1].mount.path, "/tmp/test-local-dir-2");
}

TEST(ForkPod, AShuffleServiceInTheExecutorsPodSharesItsEmptyDirs) {
  ForkConf conf;
  conf.shuffle_service = true;
  conf.local_dirs = {"/tmp/spark-local"};
  conf.sidecar.emplace();
  conf.sidecar->name = "shuffle-service";
  const ForkPodFactory factory(conf, {}, std::make_shared<const Pod>(driver_pod()), fork_local_dirs(conf), {});
  const Pod pod = *factory.build(1, {}).value();
  ASSERT_THAT(pod.tmpl->containers, SizeIs(2));
  EXPECT_EQ(pod.tmpl->containers[0].name, "executor");
  EXPECT_EQ(pod.tmpl->containers[1].name, "shuffle-service");
  EXPECT_THAT(pod.tmpl->containers[1].mounts,
              ElementsAre(VolumeMount{"spark-local-dir-0-spark-local", "/tmp/spark-local", "", false}));
  EXPECT_THAT(pod.tmpl->volumes, Contains(Volume{"spark-local-dir-0-spark-local", "emptyDir", "", {}}));
}

// --- 01 3.1-3.3 ----------------------------------------------------------------------------------------------------

std::string memory_limit(const std::string& memory) {
  const Pod pod = Fixture({{"spark.executor.memory", memory}}).build();
  EXPECT_EQ(main_container(pod).requests.memory_bytes, parse_bytes(memory.substr(0, memory.size() - 1) + "Mi").value());
  return format_bytes(main_container(pod).limits.memory_bytes.value_or(0));
}

TEST(ForkPod, MemoryLimitsAreHeapAndOverhead) {
  EXPECT_EQ(memory_limit("512m"), "896Mi");
  EXPECT_EQ(memory_limit("1024m"), "1408Mi");
  EXPECT_EQ(memory_limit("4096m"), "4505Mi");
  EXPECT_EQ(memory_limit("8192m"), "9011Mi");
}

TEST(ForkPod, CoresMayBeAFractionAndTheLimitIsVerbatim) {
  const Pod pod =
      Fixture({{"spark.executor.cores", "1.5"}, {"spark.kubernetes.executor.limit.cores", "1700m"}}).build();
  EXPECT_EQ(main_container(pod).requests.cpu_milli, 1500);
  EXPECT_EQ(main_container(pod).limits.cpu_milli, 1700);
  EXPECT_THAT(environment(pod), Contains(Pair("SPARK_EXECUTOR_CORES", "2")));
  EXPECT_FALSE(read_fork_conf({{"spark.executor.cores", "100m"}}).conf.has_value());
}

TEST(ForkPod, TheEnvironmentHasTheForksOrder) {
  const Pod pod = Fixture({{"spark.executor.extraJavaOptions", "-Da=1 -Db=2"},
                           {"spark.executor.extraClassPath", "/jars"},
                           {"spark.executorEnv.A", "1"}})
                      .build();
  std::vector<std::string> names;
  for (const EnvVar& env : main_container(pod).env) names.push_back(env.name);
  EXPECT_THAT(names,
              ElementsAre("SPARK_EXECUTOR_PORT", "SPARK_DRIVER_URL", "SPARK_EXECUTOR_CORES", "SPARK_EXECUTOR_MEMORY",
                          "SPARK_APPLICATION_ID", "SPARK_MOUNTED_CLASSPATH", "A", "SPARK_EXECUTOR_POD_IP",
                          "SPARK_JAVA_OPT_0", "SPARK_JAVA_OPT_1", "SPARK_EXECUTOR_EXTRA_CLASSPATH"));
}

TEST(ForkPod, CustomLabelsWinButTheIdsAreReserved) {
  const Pod pod = Fixture(StringMap{{"spark.kubernetes.executor.label.spark-role", "mine"}}).build();
  EXPECT_EQ(*pod.label("spark-role"), "mine");
  EXPECT_FALSE(read_fork_conf({{"spark.kubernetes.executor.label.spark-exec-id", "1"}}).conf.has_value());
  EXPECT_FALSE(read_fork_conf({{"spark.kubernetes.executor.label.spark-app-selector", "1"}}).conf.has_value());
}

// --- 01 2.4 and 9.6.9 ----------------------------------------------------------------------------------------------

TEST(ForkPod, F_96_9_NodeAffinityWeights) {
  EXPECT_THAT(affinity_weights({{"a", 3}, {"b", 1}}, {}),
              ElementsAre(WeightedNodes{67, {"a"}}, WeightedNodes{1, {"b"}}));
  EXPECT_THAT(affinity_weights({{"a", 10}, {"b", 10}, {"c", 5}}, {}),
              ElementsAre(WeightedNodes{38, {"a", "b"}}, WeightedNodes{17, {"c"}}));
  EXPECT_THAT(affinity_weights({}, {}), IsEmpty());
}

TEST(ForkPod, Q17_OneTaskGivesAWeightOfZeroAndTheCureGivesALegalOneInTheRealField) {
  EXPECT_THAT(affinity_weights({{"a", 1}}, {}), ElementsAre(WeightedNodes{0, {"a"}}));
  EXPECT_THAT(affinity_weights({{"a", 1}}, {Fix::q17}), ElementsAre(WeightedNodes{1, {"a"}}));
  Fixture fixture;
  fixture.hints = {{"a", 3}, {"b", 1}};
  const Pod faithful = fixture.build();
  EXPECT_EQ(faithful.own_annotations.at("scheduler.alpha.kubernetes.io/affinity"),
            R"({"nodeAffinity":{"preferredDuringSchedulingIgnoredDuringExecution":[)"
            R"({"weight":67,"preference":{"matchExpressions":[{"key":"kubernetes.io/hostname","operator":"In",)"
            R"("values":["a"]}]}},)"
            R"({"weight":1,"preference":{"matchExpressions":[{"key":"kubernetes.io/hostname","operator":"In",)"
            R"("values":["b"]}]}}]}})");
  fixture.fixes = {Fix::q17};
  const Pod cured = fixture.build();
  EXPECT_THAT(cured.own_annotations, IsEmpty());
  EXPECT_THAT(cured.tmpl->placement.preferred_nodes,
              ElementsAre(NodePreference{67, {{{"kubernetes.io/hostname", SelectorOp::in, {"a"}}}, {}}},
                          NodePreference{1, {{{"kubernetes.io/hostname", SelectorOp::in, {"b"}}}, {}}}));
}

// 01 1.7: the first name that is there goes.
TEST(ForkPod, NodesThatHostOneOfOurPodsAreNoHintAnyMore) {
  PodsByIp running;
  running.put("10.0.0.1", {"pod1", "u1", "kube-node1", "192.168.1.4"});
  running.put("10.0.1.1", {"pod2", "u2", "kube-node2", "192.168.1.5"});
  const NodeDirectory nodes{{}, {{"192.168.1.5", "kube-node2.mydomain.com"}}, {}};
  const std::map<std::string, std::int64_t> hints{
      {"kube-node1", 3}, {"192.168.1.4", 2}, {"kube-node2.mydomain.com", 5}, {"kube-node3", 1}};
  EXPECT_THAT(without_occupied(hints, running, nodes, true, {}).tasks,
              UnorderedElementsAre(Pair("192.168.1.4", 2), Pair("kube-node3", 1)));
  EXPECT_THAT(without_occupied(hints, running, nodes, false, {Fix::q13}).tasks,
              UnorderedElementsAre(Pair("192.168.1.4", 2), Pair("kube-node2.mydomain.com", 5), Pair("kube-node3", 1)));
}

TEST(ForkPod, Q13_NodesThatHostAPodAreLookedUpByNameEachTimeAndTheCureHonoursTheFlag) {
  const NodeDirectory names{{{"n1", "196.0.0.1"}, {"n2", "196.0.0.2"}}, {{"196.0.0.2", "n2.domain"}}, {}};
  PodsByIp running;
  for (const auto& [ip, node] : StringMap{{"10.0.0.1", "n1"}, {"10.0.0.2", "n2"}, {"10.0.0.3", "n2"}}) {
    running.put(ip, {"app-exec-1", "uid-1", node, names.ip_of.at(node)});
  }
  const std::map<std::string, std::int64_t> hints{{"n1", 1}, {"n2.domain", 2}, {"n3", 3}};
  const OpenHints faithful = without_occupied(hints, running, names, false, {});
  EXPECT_THAT(faithful.tasks, ElementsAre(Pair("n3", 3)));
  EXPECT_EQ(faithful.lookups, 2);  // the flag says no
  const OpenHints cured = without_occupied(hints, running, names, false, {Fix::q13});
  EXPECT_THAT(cured.tasks, ElementsAre(Pair("n2.domain", 2), Pair("n3", 3)));
  EXPECT_EQ(cured.lookups, 0);
  const OpenHints allowed = without_occupied(hints, running, names, true, {Fix::q13});
  EXPECT_THAT(allowed.tasks, ElementsAre(Pair("n3", 3)));
  EXPECT_EQ(allowed.lookups, 1);
  EXPECT_THAT(without_occupied({{"196.0.0.1", 4}}, running, names, false, {}).tasks, IsEmpty());
}

// --- quirks of the pod ---------------------------------------------------------------------------------------------

TEST(ForkPod, Q24_TheRequestLeavesTheOverheadOutAndTheCureAsksForTheLimit) {
  Fixture fixture;
  EXPECT_EQ(format_bytes(main_container(fixture.build()).requests.memory_bytes.value_or(0)), "1Gi");
  fixture.fixes = {Fix::q24};
  EXPECT_EQ(format_bytes(main_container(fixture.build()).requests.memory_bytes.value_or(0)), "1408Mi");
}

TEST(ForkPod, Q25_AHostnameMayBeginWithAHyphenAndTheCureMakesItALabel) {
  Fixture fixture;
  fixture.prefix = "a-" + std::string(55, 'b');  // "-" is the 63rd character from the end of the name
  EXPECT_EQ(fixture.build().hostname.size(), 63U);
  EXPECT_EQ(fixture.build().hostname.front(), '-');
  fixture.fixes = {Fix::q25};
  EXPECT_EQ(fixture.build().hostname, std::string(55, 'b') + "-exec-1");
  fixture.fixes = {};
  fixture.prefix = "my_App";
  EXPECT_EQ(fixture.build().name, "my_App-exec-1");
  fixture.fixes = {Fix::q25};
  EXPECT_EQ(fixture.build().name, "my-app-exec-1");
}

int declared_port(const Pod& pod) { return main_container(pod).ports.at(1).port; }

TEST(ForkPod, Q48_TheBlockManagersPortIsReadFromAnotherSpellingAndTheCureReadsSparksOwn) {
  Fixture fixture(StringMap{{"spark.blockManager.port", "7100"}});
  EXPECT_EQ(declared_port(fixture.build()), 7079);
  fixture.fixes = {Fix::q48};
  EXPECT_EQ(declared_port(fixture.build()), 7100);
  Fixture lower(StringMap{{"spark.blockmanager.port", "7200"}});
  EXPECT_EQ(declared_port(lower.build()), 7200);
}

}  // namespace
}  // namespace podramp::backend::fork_pod_test
