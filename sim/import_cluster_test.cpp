#include "sim/import_cluster.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "sim/test_scenario_text.h"

namespace podramp::sim::import_cluster_test {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

std::string list_of(const std::string& items) {
  return fmt::format(R"({{"apiVersion": "v1", "kind": "List", "items": [{}]}})", items);
}

std::string node_item(const std::string& name, const std::string& more = "") {
  return fmt::format(R"({{"kind": "Node", "metadata": {{"name": "{}"}}, {}
    "status": {{"allocatable": {{"cpu": "4", "memory": "8Gi", "pods": "20"}}}}}})",
                     name, more);
}

std::string pod_item(const std::string& name, const std::string& spec, const std::string& phase = "Running",
                     const std::string& metadata = "") {
  return fmt::format(R"({{"kind": "Pod", "metadata": {{"name": "{}", "namespace": "shop" {}}},
    "spec": {{{}}}, "status": {{"phase": "{}"}}}})",
                     name, metadata, spec, phase);
}

const std::string kOneCpu =
    R"("containers": [{"name": "c", "image": "app:1", "resources": {"requests": {"cpu": "1"}}}])";

ImportedCluster import(const std::string& text) {
  auto cluster = import_cluster({"c.json", text});
  EXPECT_TRUE(cluster) << all_errors(cluster ? FieldErrors{} : cluster.error());
  return cluster ? *cluster : ImportedCluster{};
}

std::string error_of(const std::string& text) {
  const auto cluster = import_cluster({"c.json", text});
  return cluster ? "" : all_errors(cluster.error());
}

TEST(ImportCluster, TheRealFileGivesExactSums) {
  const ImportedCluster cluster = import(shipped_text("real/cluster.json").text);
  std::int64_t cpu = 0;
  for (const auto& spec : cluster.nodes) cpu += *spec.node.allocatable.cpu_milli;
  EXPECT_THAT(cluster.nodes, SizeIs(29));
  EXPECT_EQ(cpu, 3 * 3'920 + 8 * 15'890 + 16 * 31'850 + 2 * 31'850);
  ASSERT_THAT(cluster.groups, SizeIs(4));
  EXPECT_THAT(cluster.groups.at("spark"), SizeIs(16));
  EXPECT_THAT(cluster.groups.at("gpu"), SizeIs(2));
  EXPECT_EQ(cluster.nodes[cluster.groups.at("gpu")[0]].node.allocatable.other.at("nvidia.com/gpu"), 4);

  std::int64_t requested_cpu = 0;
  std::int64_t requested_mib = 0;
  for (const auto& existing : cluster.existing) {
    const Resources requests = pod_requests(*existing.pod.tmpl);
    requested_cpu += requests.cpu_milli.value_or(0);
    requested_mib += requests.memory_bytes.value_or(0) >> 20;
  }
  // 29 nodes with three system pods each, 3 coredns; 12 checkout (a large init container), 6 catalogue (limits only),
  // 1 pending search, 1 terminating basket; 10 executors and a driver.
  EXPECT_THAT(cluster.existing, SizeIs(29 * 3 + 3 + 12 + 6 + 1 + 1 + 11));
  EXPECT_EQ(requested_cpu, 29 * 175 + 3 * 100 + 12 * 2000 + 6 * 1000 + 4000 + 500 + 10 * 8000 + 2000);
  EXPECT_EQ(requested_mib, 29 * 244 + 3 * 70 + 12 * 3200 + 6 * 2048 + 16'384 + 1024 + 10 * 36'864 + 6144);

  EXPECT_EQ(cluster.quotas,
            (std::vector<fakeapi::QuotaSpec>{
                {"analytics", "compute", {{"pods", 150}, {"requests.cpu", 400'000}, {"requests.memory", 1800LL << 30}}},
                {"shop", "shop-quota", {{"count/pods", 60}, {"limits.memory", 200LL << 30}}}}));
  ASSERT_THAT(cluster.limit_ranges, SizeIs(1));
  EXPECT_EQ(cluster.limit_ranges[0].default_request.cpu_milli, 500);
  EXPECT_EQ(cluster.limit_ranges[0].max.memory_bytes, 110LL << 30);
  EXPECT_THAT(cluster.silent_nodes, IsEmpty());
}

TEST(ImportCluster, TheRealFileListsWhatCouldNotBeUsed) {
  const ImportedCluster cluster = import(shipped_text("real/cluster.json").text);
  std::vector<std::string> deciding;
  for (const Warning& warning : cluster.warnings) {
    if (warning.changes_decisions) deciding.push_back(warning.subject + ": " + warning.text);
  }
  EXPECT_THAT(
      deciding,
      ElementsAre(HasSubstr("wait for the scheduler \"gang-scheduler\""),
                  HasSubstr("quota shop/besteffort: quotas with scopes are not modelled"),
                  HasSubstr("status.used says count/pods=23, but the pods that are used from the file add up to 20"),
                  HasSubstr("limit range shop/per-pod: limits of type Pod are not modelled")));
  EXPECT_THAT(cluster.warnings, Contains(Field(&Warning::text, HasSubstr("3 of them have finished"))));
  EXPECT_THAT(cluster.warnings, Not(Contains(Field(&Warning::text, HasSubstr("requests.cpu")))))
      << "the team's quota agrees with its pods";
}

TEST(ImportCluster, TheRealPairMakesAScenarioWithoutAnyOther) {
  Overrides overrides;
  overrides.conf_file = shipped_text("real/spark-defaults.conf");
  overrides.cluster_file = shipped_text("real/cluster.json");
  const auto made = make_scenario(overrides);
  ASSERT_TRUE(made) << all_errors(made.error());
  ASSERT_THAT(made->scenario.applications, SizeIs(1));
  const ApplicationSpec& application = made->scenario.applications[0];
  EXPECT_EQ(application.name, "morning-report");
  EXPECT_EQ(application.ns, "analytics");
  EXPECT_EQ(application.conf.at("spark.executor.instances"), "40");
  EXPECT_THAT(application.demand, IsEmpty());
  const std::string image = "registry.orchard.example/data/spark-py:3.5.1-17";
  // What executors run, and what the one pending pod will pull; the images of running pods do not matter any more.
  EXPECT_EQ(made->scenario.cluster.images,
            (std::vector<fakeapi::ImageSpec>{{image, 1'374'389'534, 0},
                                             {"registry.orchard.example/apps/search:1", 1LL << 30, 0}}));
  EXPECT_EQ(std::ranges::count_if(made->scenario.cluster.nodes,
                                  [&](const auto& spec) { return std::ranges::count(spec.node.images, image) == 1; }),
            11);
  EXPECT_EQ(
      std::ranges::count_if(made->scenario.cluster.nodes, [](const auto& spec) { return spec.node.unschedulable; }), 1);
  for (const char* key : {"spark.dynamicAllocation.enabled", "spark.kubernetes.executor.podTemplateFile"}) {
    EXPECT_THAT(made->warnings,
                Contains(AllOf(Field(&Warning::subject, key), Field(&Warning::changes_decisions, true))));
  }
  EXPECT_EQ(to_json(made->scenario).find("not-a-real-secret-key"), std::string::npos);
  const auto again = load_scenario({"x.json", to_json(made->scenario)}, {}, {});
  ASSERT_TRUE(again) << all_errors(again.error());
  EXPECT_TRUE(again->scenario == made->scenario);
}

TEST(ImportCluster, BothFilesAreNeededWithoutAScenario) {
  const auto made = make_scenario({});
  ASSERT_FALSE(made);
  EXPECT_THAT(made.error(),
              ElementsAre(Field(&FieldError::path, "--cluster"), Field(&FieldError::path, "--conf-file")));
}

TEST(ImportCluster, SumsContainersSidecarsInitContainersAndOverheadAsTheSchedulerDoes) {
  const ImportedCluster cluster = import(list_of(node_item("a") + "," + pod_item("p", R"("nodeName": "a",
      "containers": [{"resources": {"requests": {"cpu": "500m"}}},
                     {"resources": {"limits": {"cpu": "250m", "memory": "1Gi"}}}],
      "initContainers": [{"resources": {"requests": {"cpu": "100m", "memory": "2Gi"}}},
                         {"restartPolicy": "Always", "resources": {"requests": {"cpu": "50m"}}}],
      "overhead": {"cpu": "10m"})")));
  const Resources requests = pod_requests(*cluster.existing.at(0).pod.tmpl);
  EXPECT_EQ(requests.cpu_milli, 500 + 250 + 50 + 10);
  EXPECT_EQ(requests.memory_bytes, 2LL << 30) << "the init container needs more than the others together";
  EXPECT_EQ(pod_limits(*cluster.existing[0].pod.tmpl).memory_bytes, 1LL << 30);
}

TEST(ImportCluster, KeepsRunningPodsPlacedPendingOnesWaitingAndLeavesFinishedOnesOut) {
  const ImportedCluster cluster =
      import(list_of(node_item("a") + "," + pod_item("bound", kOneCpu + R"(, "nodeName": "a")", "Pending") + "," +
                     pod_item("done", kOneCpu + R"(, "nodeName": "a")", "Succeeded") + "," +
                     pod_item("waits", kOneCpu, "Pending") + "," +
                     pod_item("going", kOneCpu + R"(, "nodeName": "a")", "Running",
                              R"(, "deletionTimestamp": "2026-01-01T00:00:00Z", "deletionGracePeriodSeconds": 7)") +
                     "," + pod_item("lost", kOneCpu + R"(, "nodeName": "b")")));
  ASSERT_THAT(cluster.existing, SizeIs(3));
  EXPECT_EQ(cluster.existing[0].pod.name, "bound");
  EXPECT_EQ(cluster.existing[0].pod.phase, PodPhase::running);
  EXPECT_EQ(cluster.existing[0].ends_us, std::nullopt);
  EXPECT_EQ(cluster.existing[1].pod.name, "going");
  EXPECT_EQ(cluster.existing[1].ends_us, 7 * kSecondUs);
  EXPECT_EQ(cluster.existing[2].pod.name, "waits");
  EXPECT_EQ(cluster.existing[2].pod.phase, PodPhase::pending);
  EXPECT_EQ(cluster.existing[2].pod.node, "");
  EXPECT_EQ(cluster.existing[2].pod.tmpl->containers[0].image, "app:1");
  EXPECT_THAT(cluster.warnings,
              Contains(Warning{"pods", "1 of them are on nodes that are not in the file; left out (shop/lost)", true}));
}

TEST(ImportCluster, APodThatDoesNotFitBesideTheOthersIsLeftOutWithAWarning) {
  std::string items = node_item("a");
  for (int i = 0; i < 5; ++i) items += "," + pod_item(fmt::format("p{}", i), kOneCpu + R"(, "nodeName": "a")");
  const ImportedCluster cluster = import(list_of(items));
  EXPECT_THAT(cluster.existing, SizeIs(4)) << "the node has 4 cpu";
  EXPECT_THAT(
      cluster.warnings,
      Contains(Warning{"pods", "1 of them do not fit beside the others on their node; left out (shop/p4)", true}));
}

TEST(ImportCluster, NodesThatAreNotReadyAreSilentFromTheStart) {
  Overrides overrides;
  overrides.cluster_file = {"c.json", list_of(node_item("a") + R"(,{"kind": "Node", "metadata": {"name": "b"},
    "status": {"allocatable": {"cpu": "4", "memory": "8Gi", "pods": "20"},
               "conditions": [{"type": "Ready", "status": "Unknown"}]}})")};
  const auto loaded = load_scenario({"small.json", kSmallScenario}, {}, overrides);
  ASSERT_TRUE(loaded) << all_errors(loaded.error());
  ASSERT_THAT(loaded->scenario.timeline, SizeIs(1));
  const auto& down = std::get<fakeapi::to::NodesDown>(std::get<WorldAction>(loaded->scenario.timeline[0].action));
  EXPECT_THAT(down.nodes, ElementsAre("b"));
  EXPECT_TRUE(down.containers_run);
}

TEST(ImportCluster, AClusterFileReplacesNodesAndPodsOfAScenarioAndSaysSo) {
  Overrides overrides;
  overrides.cluster_file = {"c.json", list_of(node_item("a") + "," + node_item("b"))};
  const auto loaded = load_scenario({"small.json", kSmallScenario}, {}, overrides);
  ASSERT_TRUE(loaded);
  EXPECT_THAT(loaded->scenario.cluster.nodes, SizeIs(2));
  EXPECT_THAT(loaded->warnings,
              Contains(Warning{"cluster.nodes", "is replaced by the nodes of the cluster file", false}));
  EXPECT_THAT(loaded->warnings,
              Contains(Warning{"pods", "the file has none, so all of every node is free in this run", true}));
}

TEST(ImportCluster, AnImageThatNobodyKnowsIsAssumedToHaveASizeAndAKnownOneIsWarm) {
  Overrides overrides;
  overrides.sets = {"cluster.images=[]"};
  overrides.cluster_file = {"c.json", list_of(node_item("a"))};
  auto loaded = load_scenario({"small.json", kSmallScenario}, {}, overrides);
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->scenario.cluster.images, (std::vector<fakeapi::ImageSpec>{{"spark:4", 1LL << 30, 0}}));
  EXPECT_THAT(loaded->warnings, Contains(AllOf(Field(&Warning::subject, "image spark:4"),
                                               Field(&Warning::text, HasSubstr("assumed to be 1Gi")),
                                               Field(&Warning::changes_decisions, true))));
  overrides.cluster_file->text = list_of(R"({"kind": "Node", "metadata": {"name": "a"}, "status": {
    "allocatable": {"cpu": "4", "memory": "8Gi"},
    "images": [{"names": ["docker.io/library/spark:4"], "sizeBytes": 700}]}})");
  loaded = load_scenario({"small.json", kSmallScenario}, {}, overrides);
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->scenario.cluster.images, (std::vector<fakeapi::ImageSpec>{{"spark:4", 700, 0}}));
  EXPECT_THAT(loaded->scenario.cluster.nodes[0].node.images, ElementsAre("spark:4"));
}

TEST(ImportCluster, ReadsTypedListsWhoseItemsHaveNoKind) {
  const ImportedCluster cluster = import(R"({"kind": "NodeList", "items": [{"metadata": {"name": "a"},
    "status": {"allocatable": {"cpu": "4", "memory": "8Gi", "pods": "20"}}}]})");
  ASSERT_THAT(cluster.nodes, SizeIs(1));
  EXPECT_EQ(cluster.nodes[0].node.pods_max, 20);
}

TEST(ImportCluster, SaysWhichCommandWritesTheFileItNeeds) {
  const std::string command = "kubectl get nodes,pods,resourcequotas,limitranges -A -o json";
  EXPECT_THAT(error_of(""), HasSubstr(command));
  EXPECT_THAT(error_of("[]"), AllOf(HasSubstr("must be a Kubernetes List (got a list)"), HasSubstr(command)));
  EXPECT_THAT(error_of(node_item("a")), AllOf(HasSubstr("got an object of kind \"Node\""), HasSubstr(command)));
  EXPECT_THAT(error_of(list_of(node_item("a")) + "\n" + list_of(node_item("b"))),
              AllOf(HasSubstr("c.json:3: "), HasSubstr(command)));
  EXPECT_THAT(error_of(list_of(pod_item("p", kOneCpu))), AllOf(HasSubstr("has no Node"), HasSubstr(command)));
}

TEST(ImportCluster, TellsEveryMistakeWithItsPlace) {
  const std::string errors = error_of(list_of(
      R"({"kind": "Node", "metadata": {"name": "a"}, "status": {"allocatable": {"cpu": "four", "memory": "8Gi"}}},
         {"kind": "Node", "metadata": {"name": "b"}},
         {"kind": "Node", "metadata": {"name": "b"}}, {"kind": "Pod"})"));
  EXPECT_THAT(errors, HasSubstr("c.json:1: items[0].status.allocatable.cpu: \"four\" is not a Kubernetes quantity"));
  EXPECT_THAT(
      errors,
      HasSubstr("c.json:2: items[1].status.allocatable: node \"b\" does not say how much cpu and memory it has"));
  EXPECT_THAT(errors, HasSubstr("c.json:3: items[2]: a second Node named \"b\""));
  EXPECT_THAT(errors, HasSubstr("c.json:3: items[3]: is no Kubernetes object"));
}

TEST(ImportCluster, ImageNamesHaveOneLongForm) {
  EXPECT_EQ(normal_image_name("spark"), "docker.io/library/spark:latest");
  EXPECT_EQ(normal_image_name("apache/spark:4.0.0"), "docker.io/apache/spark:4.0.0");
  EXPECT_EQ(normal_image_name("localhost/x"), "localhost/x:latest");
  EXPECT_EQ(normal_image_name("reg.example:5000/x"), "reg.example:5000/x:latest");
  EXPECT_EQ(normal_image_name("reg.example/x@sha256:ab"), "reg.example/x@sha256:ab");
}

}  // namespace
}  // namespace podramp::sim::import_cluster_test
