// The StatefulSet and Deployment allocators, 02 4.4 and acceptance lines S-D9 to S-D19.
#include "backend/controller_allocators.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "backend/local_driver.h"
#include "backend/pods_allocator_kind.h"
#include "backend/test_living.h"

namespace podramp::backend::controller_allocators_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr TimeUs ms(std::int64_t n) { return n * kMillisecondUs; }
constexpr const char* kAllocator = "spark.kubernetes.allocation.pods.allocator";
constexpr const char* kCost = "controller.kubernetes.io/pod-deletion-cost";

Application set_application(PodsAllocator allocator, std::int64_t executors) {
  Application application = driven_application(executors);
  application.conf.compat = Compat::spark_4_2;
  application.conf.pods_allocator = allocator;
  ResourceProfile other;
  other.id = 3;
  other.cores = 4;
  application.profiles = {other};
  return application;
}

ExecutorVolume claim_volume(const std::string& name, const std::string& claim, bool generated) {
  ExecutorVolume v;
  v.volume = {name, "persistentVolumeClaim", claim, {}};
  if (generated) v.volume.options = {{"storageClass", "gp3"}, {"sizeLimit", "10Gi"}};
  v.mount = {name, "/data", "", false};
  return v;
}

const Manifest& set_of(const LivingApp& app, Kind kind, const std::string& name) {
  return *app.world.objects().at({kind, name});
}

struct SetApp : LivingApp {
  explicit SetApp(Application application) : LivingApp(std::move(application)) {
    add_driver();
    world.run(ms(200));
  }
};

ConfOutcome conf_of(StringMap raw, Compat compat) {
  raw["spark.kubernetes.container.image"] = "spark:4";
  return make_conf(raw, compat);
}

// --- which allocator ---------------------------------------------------------------------------------------------

TEST(PodsAllocators, S_D9_EachKindIsConstructedByItsConfValue) {
  const std::string package = "org.apache.spark.scheduler.cluster.k8s.";
  const std::vector<std::pair<std::string, PodsAllocator>> kinds{
      {"direct", PodsAllocator::direct},
      {"statefulset", PodsAllocator::stateful_set},
      {"deployment", PodsAllocator::deployment},
      {package + "ExecutorPodsAllocator", PodsAllocator::direct},
      {package + "StatefulSetPodsAllocator", PodsAllocator::stateful_set},
      {package + "DeploymentPodsAllocator", PodsAllocator::deployment}};
  for (const auto& [text, kind] : kinds) {
    const ConfOutcome outcome = conf_of({{kAllocator, text}}, Compat::spark_4_2);
    ASSERT_TRUE(outcome.conf) << text;
    EXPECT_EQ(outcome.conf->pods_allocator, kind) << text;
    EXPECT_THAT(outcome.warnings, IsEmpty()) << text;
  }
  const std::vector<std::pair<PodsAllocator, std::string>> words{
      {PodsAllocator::direct, "allocator: idle"},
      {PodsAllocator::stateful_set, "allocator: statefulsets"},
      {PodsAllocator::deployment, "allocator: deployments"}};
  for (const auto& [kind, word] : words) {
    EXPECT_THAT(Backend(set_application(kind, 1)).describe(), HasSubstr(word + "\n"));
  }
}

TEST(PodsAllocators, S_D9_AClassOfTheUsersIsAnErrorThatSaysSo) {
  const ConfOutcome outcome = conf_of({{kAllocator, "com.example.Mine"}}, Compat::spark_4_0);
  ASSERT_THAT(outcome.errors, SizeIs(1));
  EXPECT_EQ(outcome.errors[0].message,
            "\"com.example.Mine\" names a class that Spark would load; podramp cannot run user classes: use direct, "
            "statefulset");
  const ConfOutcome early = conf_of({{kAllocator, "deployment"}}, Compat::spark_4_1);
  ASSERT_THAT(early.errors, SizeIs(1));
  EXPECT_EQ(early.errors[0].message,
            "the deployment allocator exists from spark-4.2 on; at spark-4.1 it would be the name of a class");
}

TEST(PodsAllocators, S_D10_AnApplicationInLocalModeHasTheUsersIdOrALocalOneAndNoExecutors) {
  ConfOutcome outcome =
      conf_of({{"spark.kubernetes.driver.master", "local[2]"}, {"spark.executor.instances", "5"}}, Compat::spark_4_0);
  ASSERT_TRUE(outcome.conf);
  EXPECT_EQ(outcome.conf->local_master, "local[2]");
  EXPECT_EQ(local_app_id(*outcome.conf, 1234), "local-1234");
  outcome =
      conf_of({{"spark.kubernetes.driver.master", "local[2]"}, {"spark.app.id", "user-app-id"}}, Compat::spark_4_0);
  ASSERT_TRUE(outcome.conf);
  EXPECT_EQ(local_app_id(*outcome.conf, 1234), "user-app-id");

  Application application = test_application(5);
  application.conf.local_master = "local[2]";
  LivingApp app(application);
  app.world.at(ms(10), in::TargetSet{{{0, 7}}});
  app.world.run(kMinuteUs);
  EXPECT_THAT(app.world.calls(), IsEmpty());
  ASSERT_THAT(app.world.all<out::ReadyToSchedule>(), SizeIs(1));
  EXPECT_EQ(app.world.all<out::ReadyToSchedule>()[0].first, 0);
  app.world.at(kMinuteUs, in::Stopped{});
  app.world.run(kMinuteUs);
  EXPECT_EQ(app.world.all<out::Exited>().at(0).second.code, 0);
}

TEST(PodsAllocators, S_D11_DeploymentWithDynamicAllocationNeedsADeletionCost) {
  const ConfOutcome outcome =
      conf_of({{kAllocator, "deployment"}, {"spark.dynamicAllocation.enabled", "true"}}, Compat::spark_4_2);
  EXPECT_FALSE(outcome.conf);
  ASSERT_THAT(outcome.errors, SizeIs(1));
  EXPECT_EQ(outcome.errors[0].path, "spark.kubernetes.executor.podDeletionCost");
}

TEST(PodsAllocators, S_D12_WithADeletionCostItWorks) {
  const ConfOutcome outcome = conf_of({{kAllocator, "deployment"},
                                       {"spark.dynamicAllocation.enabled", "true"},
                                       {"spark.kubernetes.executor.podDeletionCost", "-100"}},
                                      Compat::spark_4_2);
  ASSERT_TRUE(outcome.conf);
  EXPECT_EQ(outcome.conf->pod_deletion_cost, -100);
}

// --- deployments -------------------------------------------------------------------------------------------------

TEST(DeploymentAllocator, S_D13_MakesOneDeploymentForEachProfileWithDeletionCostZero) {
  SetApp app(set_application(PodsAllocator::deployment, 2));
  app.world.at(ms(300), in::TargetSet{{{3, 4}}});
  app.world.run(ms(400));
  EXPECT_THAT(app.world.objects(), SizeIs(2));
  const Manifest& first = set_of(app, Kind::deployment, "spark-d-app-1-0");
  const Manifest& second = set_of(app, Kind::deployment, "spark-d-app-1-3");
  EXPECT_EQ(first.set->replicas, 2);
  EXPECT_EQ(second.set->replicas, 4);
  EXPECT_EQ(first.owners, (std::vector<OwnerReference>{{"Pod", "driver-0", "uid-driver", true}}));
  EXPECT_EQ(
      second.set->selector,
      (StringMap{{"spark-app-selector", "app-1"}, {"spark-role", "executor"}, {"spark-exec-resourceprofile-id", "3"}}));
  EXPECT_EQ(first.set->pod_management, "");
  const Pod& pod = *first.set->pod;
  EXPECT_EQ(pod.name, "");
  EXPECT_EQ(pod.tmpl->annotations, (StringMap{{kCost, "0"}}));
  EXPECT_EQ(pod.tmpl->restart_policy, "Always");
  EXPECT_EQ(pod.tmpl->labels.at("spark-exec-id"), "EXECID");
  EXPECT_EQ(pod.hostname, "app-exec-execid");
  const auto& env = pod.tmpl->containers.at(0).env;
  EXPECT_TRUE(std::ranges::any_of(
      env, [](const EnvVar& one) { return one.name == "SPARK_EXECUTOR_ID" && one.value == "EXECID"; }));
  EXPECT_THAT(app.world.pods(), SizeIs(1)) << "no pod is created directly";
}

TEST(DeploymentAllocator, S_D13_KeepsADeletionCostThatTheUserAnnotated) {
  Application application = set_application(PodsAllocator::deployment, 1);
  application.conf.executor_annotations = {{kCost, "7"}};
  SetApp app(application);
  EXPECT_EQ(set_of(app, Kind::deployment, "spark-d-app-1-0").set->pod->tmpl->annotations.at(kCost), "7");
}

TEST(DeploymentAllocator, S_D14_ScalesItsDeploymentWhenTheTargetChanges) {
  SetApp app(set_application(PodsAllocator::deployment, 2));
  app.world.at(ms(300), in::TargetSet{{{0, 9}}});
  app.world.run(ms(400));
  EXPECT_THAT(app.calls_since(ms(300)), ElementsAre("patch deployments spark-d-app-1-0"));
  EXPECT_EQ(app.requests_since(ms(300)).at(0).replicas, 9);
  EXPECT_EQ(set_of(app, Kind::deployment, "spark-d-app-1-0").set->replicas, 9);
}

TEST(DeploymentAllocator, S_D15_RefusesAGeneratedClaim) {
  Application application = set_application(PodsAllocator::deployment, 1);
  application.conf.volumes = {claim_volume("data", "OnDemand", true)};
  SetApp app(application);
  ASSERT_THAT(app.world.all<out::Exited>(), SizeIs(1));
  EXPECT_EQ(app.world.all<out::Exited>()[0].second.code, 1);
  EXPECT_THAT(app.world.all<out::Exited>()[0].second.why,
              HasSubstr("the deployment allocator does not support claims"));
  EXPECT_THAT(app.world.objects(), IsEmpty());
}

TEST(DeploymentAllocator, S_D16_RefusesAClaimThatExistsAlready) {
  Application application = set_application(PodsAllocator::deployment, 1);
  application.conf.volumes = {claim_volume("data", "shared-data", false)};
  SetApp app(application);
  ASSERT_THAT(app.world.all<out::Exited>(), SizeIs(1));
  EXPECT_THAT(app.world.all<out::Exited>()[0].second.why,
              HasSubstr("the deployment allocator does not support claims"));
  EXPECT_THAT(app.world.objects(), IsEmpty());
}

TEST(DeploymentAllocator, S_D17_DeletesItsDeploymentsOnStop) {
  SetApp app(set_application(PodsAllocator::deployment, 2));
  app.world.at(ms(300), in::TargetSet{{{3, 4}}});
  app.world.at(ms(500), in::Stopped{});
  app.world.run(ms(700));
  EXPECT_THAT(app.calls_since(ms(500)),
              ElementsAre("delete deployments spark-d-app-1-0", "delete deployments spark-d-app-1-3"));
  EXPECT_THAT(app.world.objects(), IsEmpty());
  EXPECT_EQ(app.world.all<out::Exited>().at(0).second.code, 0);
}

// --- stateful sets -----------------------------------------------------------------------------------------------

TEST(StatefulSetAllocator, S_D18_CreatesTheSetsOfTwoProfilesAndDeletesThem) {
  SetApp app(set_application(PodsAllocator::stateful_set, 2));
  app.world.at(ms(300), in::TargetSet{{{3, 4}}});
  app.world.run(ms(400));
  EXPECT_EQ(set_of(app, Kind::stateful_set, "spark-s-app-1-0").set->replicas, 2);
  EXPECT_EQ(set_of(app, Kind::stateful_set, "spark-s-app-1-3").set->replicas, 4);
  app.world.at(ms(500), in::Stopped{});
  app.world.run(ms(700));
  EXPECT_THAT(app.calls_since(ms(500)),
              ElementsAre("delete statefulsets spark-s-app-1-0", "delete statefulsets spark-s-app-1-3"));
  EXPECT_THAT(app.world.objects(), IsEmpty());
}

TEST(StatefulSetAllocator, S_D19_CreatesTenReplicasInParallelWithoutAPodOfItsOwnAndThenScales) {
  SetApp app(set_application(PodsAllocator::stateful_set, 10));
  EXPECT_THAT(app.calls_since(0), ElementsAre("get driver-0", "create statefulsets spark-s-app-1-0", "watch"));
  const Manifest set = set_of(app, Kind::stateful_set, "spark-s-app-1-0");
  EXPECT_EQ(set.set->replicas, 10);
  EXPECT_EQ(set.set->pod_management, "Parallel");
  EXPECT_EQ(set.set->pod->tmpl->restart_policy, "Always");
  EXPECT_EQ(set.set->pod->tmpl->annotations, StringMap{});
  app.world.at(ms(300), in::TargetSet{{{0, 20}}});
  app.world.run(ms(400));
  EXPECT_THAT(app.calls_since(ms(300)), ElementsAre("patch statefulsets spark-s-app-1-0"));
  EXPECT_EQ(set_of(app, Kind::stateful_set, "spark-s-app-1-0").set->replicas, 20);
}

TEST(StatefulSetAllocator, TurnsGeneratedClaimsIntoTemplatesNamedAsTheirVolumesAndKeepsOthers) {
  Application application = set_application(PodsAllocator::stateful_set, 1);
  application.conf.volumes = {claim_volume("spark-local-dir-1", "OnDemand", true),
                              claim_volume("shared", "shared-data", false)};
  application.conf.volumes[1].mount.path = "/shared";
  SetApp app(application);
  const SetSpec& set = *set_of(app, Kind::stateful_set, "spark-s-app-1-0").set;
  ASSERT_THAT(set.claims, SizeIs(1));
  EXPECT_EQ(set.claims[0].name, "spark-local-dir-1");
  EXPECT_EQ(set.claims[0].storage_class, "gp3");
  EXPECT_EQ(set.claims[0].request_bytes, 10LL << 30);
  EXPECT_THAT(set.claims[0].access_modes, ElementsAre("ReadWriteOncePod"));
  std::vector<std::string> volumes;
  for (const Volume& volume : set.pod->tmpl->volumes) volumes.push_back(volume.name);
  EXPECT_THAT(volumes, ElementsAre("shared"));
}

TEST(StatefulSetAllocator, NeedsADriverPod) {
  Application application = set_application(PodsAllocator::stateful_set, 1);
  application.conf.driver_pod_name.clear();
  LivingApp app(application);
  app.world.run(ms(100));
  ASSERT_THAT(app.world.all<out::Exited>(), SizeIs(1));
  EXPECT_EQ(app.world.all<out::Exited>()[0].second.code, 1);
  EXPECT_THAT(app.world.all<out::Exited>()[0].second.why, HasSubstr("statefulsets of executors need a driver pod"));
}

TEST(StatefulSetAllocator, ARefusedFirstSetEndsTheDriverALaterOneDoesNot) {
  for (const bool first : {true, false}) {
    LivingApp app(set_application(PodsAllocator::stateful_set, 1));
    app.add_driver();
    app.world.fault = [&](const ApiRequest& request) -> std::optional<ApiReply> {
      if (request.kind != Kind::stateful_set || request.verb != Verb::create) return std::nullopt;
      const bool is_first = request.manifest->name.ends_with("-0");
      if (is_first != first) return std::nullopt;
      return reply_error(403, "Forbidden");
    };
    app.world.at(ms(300), in::TargetSet{{{3, 4}}});
    app.world.run(ms(500));
    EXPECT_THAT(app.world.all<out::Exited>(), SizeIs(first ? 1 : 0));
    if (first) continue;
    EXPECT_EQ(app.world.all<out::Noted>().back().second.text,
              "requesting executors: creating spark-s-app-1-3 with 4 replicas: 403 Forbidden: as the server says");
    app.world.fault = nullptr;
    app.world.at(ms(600), in::TargetSet{{{3, 5}}});
    app.world.run(ms(700));
    EXPECT_EQ(set_of(app, Kind::stateful_set, "spark-s-app-1-3").set->replicas, 5) << "it is created after all";
  }
}

TEST(StatefulSetAllocator, BatchesAndLimitsDoNotApplyAndOneCallIsMadeAtATime) {
  Application application = set_application(PodsAllocator::stateful_set, 500);
  application.conf.batch_size = 1;
  application.conf.max_pending_pods = 1;
  SetApp app(application);
  EXPECT_EQ(set_of(app, Kind::stateful_set, "spark-s-app-1-0").set->replicas, 500);
  app.world.at(ms(300), in::TargetSet{{{0, 1}, {3, 1}}});
  app.world.run(ms(300));
  EXPECT_THAT(app.calls_since(ms(300)), SizeIs(1));
  app.world.run(ms(400));
  EXPECT_THAT(app.calls_since(ms(300)),
              ElementsAre("patch statefulsets spark-s-app-1-0", "create statefulsets spark-s-app-1-3"));
}

TEST(StatefulSetAllocator, AnExecutorRegistersWithTheIdItWasGiven) {
  SetApp app(set_application(PodsAllocator::stateful_set, 1));
  Pod pod = executor_pod(1, PodPhase::running);
  pod.name = "spark-s-app-1-0-0";
  pod.own_labels["spark-exec-id"] = "EXECID";
  app.world.put(pod, WatchEventType::added);
  app.world.at(ms(300), in::ExecutorIdAsked{"spark-s-app-1-0-0"});
  app.world.at(ms(310), in::Registered{1, "n"});
  app.world.run(ms(400));
  EXPECT_THAT(app.world.all<out::RegistrationAccepted>(), SizeIs(1));
  EXPECT_EQ(*app.world.pods().at("spark-s-app-1-0-0")->label("spark-exec-id"), "1");
  EXPECT_EQ(app.backend->books().registered, 1);
}

}  // namespace
}  // namespace podramp::backend::controller_allocators_test
