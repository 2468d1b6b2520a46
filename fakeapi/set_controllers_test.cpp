#include "fakeapi/set_controllers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakeapi/test_cluster_world.h"

namespace podramp::fakeapi::set_controllers_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::MatchesRegex;

Manifest parallel_set(const std::string& name, std::int64_t replicas) {
  Manifest set = set_of(Kind::stateful_set, name, replicas);
  set.set->pod_management = "Parallel";
  return set;
}

ApiRequest scale(Kind kind, const std::string& name, std::int64_t replicas) {
  ApiRequest request = request_of(Verb::patch, kind, name);
  request.replicas = replicas;
  return request;
}

std::vector<std::string> created(const World& world) {
  std::vector<std::string> names;
  for (const auto& [t, fact] : world.facts<fact::PodCreated>()) names.push_back(fact.pod->name);
  return names;
}

std::vector<std::string> terminated(const World& world) {
  std::vector<std::string> names;
  for (const auto& [t, fact] : world.facts<fact::PodTerminating>()) names.push_back(fact.pod.substr(3));
  return names;
}

TEST(StatefulSets, AParallelSetMakesItsPodsInASlowStartOfOneTwoFour) {
  World world(steady_cluster(2));
  world.ask(create_of(parallel_set("spark-s-app-0", 7)));
  world.run_until(kMinuteUs);
  const TimeUs t = kWriteUs + kWatchUs;  // stored, heard of
  EXPECT_THAT(world.times<fact::PodCreated>(),
              ElementsAre(t + 10'000, t + 20'000, t + 20'000, t + 30'000, t + 30'000, t + 30'000, t + 30'000));
  EXPECT_THAT(world.pods(), ElementsAre("spark-s-app-0-0", "spark-s-app-0-1", "spark-s-app-0-2", "spark-s-app-0-3",
                                        "spark-s-app-0-4", "spark-s-app-0-5", "spark-s-app-0-6"));
  EXPECT_EQ(world.times<fact::PodRunning>().size(), 7U);
  EXPECT_TRUE(world.folds());
}

TEST(StatefulSets, APodHasItsSetsNameOwnerHostNameAndLabels) {
  World world(steady_cluster(1));
  const std::string uid = world.ask(create_of(parallel_set("web", 1))).manifest->uid;
  world.run_until(kSecondUs);
  const PodPtr pod = world.pod("web-0");
  ASSERT_NE(pod, nullptr);
  EXPECT_EQ(pod->hostname, "web-0");
  EXPECT_EQ(pod->tmpl->owners, (std::vector<OwnerReference>{{"StatefulSet", "web", uid, true}}));
  EXPECT_EQ(*pod->label("statefulset.kubernetes.io/pod-name"), "web-0");
  EXPECT_EQ(*pod->label("apps.kubernetes.io/pod-index"), "0");
  EXPECT_THAT(*pod->label("controller-revision-hash"), MatchesRegex("web-[a-z0-9]+"));
  EXPECT_EQ(*pod->label("app"), "etl");
  EXPECT_EQ(pod->tmpl->restart_policy, "Always");
}

TEST(StatefulSets, TheControllersClientSlowsDownAfterThirtyCalls) {
  World world(steady_cluster(20));
  world.ask(create_of(parallel_set("web", 60)));
  world.run_until(kMinuteUs);
  const std::vector<TimeUs> times = world.times<fact::PodCreated>();
  ASSERT_EQ(times.size(), 60U);
  // The 60th call waits for 30 tokens at 20 a second, from the first call on.
  EXPECT_EQ(times.back(), kWriteUs + kWatchUs + 1'500'000 + kWriteUs);
}

TEST(StatefulSets, ADeletedPodComesBackUnderItsNameOnceItIsGone) {
  World world(steady_cluster(1));
  world.ask(create_of(parallel_set("web", 3)));
  world.run_until(kMinuteUs);
  world.ask(request_of(Verb::remove, "web-1"));
  world.run_until(2 * kMinuteUs);
  EXPECT_THAT(created(world), ElementsAre("web-0", "web-1", "web-2", "web-1"));
  const TimeUs gone_us = world.times<fact::PodGone>().at(0);
  EXPECT_EQ(world.times<fact::PodCreated>().back(), gone_us + kWatchUs + kWriteUs);
  EXPECT_EQ(world.pod("web-1")->phase, PodPhase::running);
}

TEST(StatefulSets, ScalingDownTakesTheHighestOrdinals) {
  World world(steady_cluster(2));
  world.ask(create_of(parallel_set("web", 5)));
  world.run_until(kMinuteUs);
  world.ask(scale(Kind::stateful_set, "web", 2));
  world.run_until(2 * kMinuteUs);
  EXPECT_THAT(terminated(world), ElementsAre("web-4", "web-3", "web-2"));
  EXPECT_THAT(world.pods(), ElementsAre("web-0", "web-1"));
  world.ask(scale(Kind::stateful_set, "web", 3));
  world.run_until(3 * kMinuteUs);
  EXPECT_EQ(created(world).back(), "web-2");
}

TEST(StatefulSets, AnOrderedSetWaitsForEachPodToBeReady) {
  World world(steady_cluster(1));
  world.ask(create_of(set_of(Kind::stateful_set, "web", 3)));
  world.run_until(kMinuteUs);
  const std::vector<TimeUs> running = world.times<fact::PodRunning>();
  const std::vector<TimeUs> made = world.times<fact::PodCreated>();
  ASSERT_EQ(running.size(), 3U);
  EXPECT_EQ(made[1], running[0] + kWatchUs + kWriteUs);
  EXPECT_EQ(made[2], running[1] + kWatchUs + kWriteUs);
  world.ask(scale(Kind::stateful_set, "web", 0));
  world.run_until(3 * kMinuteUs);
  EXPECT_THAT(terminated(world), ElementsAre("web-2", "web-1", "web-0"));
  const std::vector<TimeUs> gone = world.times<fact::PodGone>();
  EXPECT_EQ(world.times<fact::PodTerminating>()[1], gone[0] + kWatchUs + kWriteUs);
}

TEST(StatefulSets, EachPodHasItsOwnClaimsWhichOutliveIt) {
  World world(steady_cluster(1));
  Manifest set = parallel_set("web", 2);
  ClaimSpec data = *claim("x").claim;
  data.name = "spark-local-dir-1";
  set.set->claims = {data};
  world.ask(create_of(set));
  world.run_until(kMinuteUs);
  const ManifestPtr made = world.object(Kind::persistent_volume_claim, "spark-local-dir-1-web-1");
  ASSERT_NE(made, nullptr);
  EXPECT_EQ(made->claim->phase, "Bound");
  EXPECT_EQ(made->labels, (StringMap{{"app", "etl"}}));
  EXPECT_THAT(made->owners, IsEmpty());
  EXPECT_EQ(world.pod("web-1")->tmpl->volumes.at(0).source, "spark-local-dir-1-web-1");
  world.ask(scale(Kind::stateful_set, "web", 0));
  world.run_until(2 * kMinuteUs);
  EXPECT_THAT(world.pods(), IsEmpty());
  EXPECT_EQ(world.cluster.state().objects(Kind::persistent_volume_claim).size(), 2U);
  world.ask(scale(Kind::stateful_set, "web", 2));
  world.run_until(10 * kMinuteUs);
  EXPECT_EQ(world.cluster.state().objects(Kind::persistent_volume_claim).size(), 2U);
  EXPECT_EQ(world.pod("web-1")->phase, PodPhase::running);
  EXPECT_TRUE(world.folds());
}

TEST(StatefulSets, AQuotaHoldsTheSetUpAndItTriesAgainWithABackOff) {
  ClusterConfig config = steady_cluster(1);
  config.quotas = {{"ns", "q", {{"pods", 1}}}};
  World world(config);
  world.ask(create_of(parallel_set("web", 3)));
  world.run_until(10 * kSecondUs);
  EXPECT_THAT(world.pods(), ElementsAre("web-0"));
  const auto waiting = world.cluster.waiting();
  EXPECT_THAT(waiting, testing::Contains(HasSubstr("statefulsets ns/web waits for: pods \"web-1\" is forbidden: "
                                                   "exceeded quota: q")));
  const auto refused = world.facts<fact::RequestRefused>();
  ASSERT_FALSE(refused.empty());
  EXPECT_EQ(refused[0].second.client, "statefulset-controller");
  EXPECT_EQ(refused[0].second.name, "ns/web-1");
  EXPECT_EQ(refused[0].second.code, 403);
  EXPECT_THAT(refused[0].second.message, HasSubstr("exceeded quota: q"));
  world.step(to::SetQuota{{"ns", "q", {{"pods", 10}}}});
  world.run_until(kMinuteUs);
  EXPECT_THAT(world.pods(), ElementsAre("web-0", "web-1", "web-2"));
}

TEST(Deployments, ADeploymentMakesAReplicaSetWhichMakesPods) {
  World world(steady_cluster(1));
  const std::string uid = world.ask(create_of(set_of(Kind::deployment, "spark-d-app-0", 3))).manifest->uid;
  world.run_until(kMinuteUs);
  const auto& sets = world.cluster.state().objects(Kind::replica_set);
  ASSERT_EQ(sets.size(), 1U);
  const Manifest& set = *sets.begin()->second;
  EXPECT_THAT(set.name, MatchesRegex("spark-d-app-0-[bcdfghjklmnpqrstvwxz2456789]+"));
  EXPECT_EQ(set.owners, (std::vector<OwnerReference>{{"Deployment", "spark-d-app-0", uid, true}}));
  const std::string hash = set.name.substr(std::string("spark-d-app-0-").size());
  EXPECT_EQ(set.set->selector, (StringMap{{"app", "etl"}, {"pod-template-hash", hash}}));
  ASSERT_EQ(world.pods().size(), 3U);
  for (const std::string& name : world.pods()) {
    EXPECT_THAT(name, MatchesRegex(set.name + "-[bcdfghjklmnpqrstvwxz2456789]+"));
    EXPECT_EQ(name.size(), set.name.size() + 6);
    EXPECT_EQ(world.pod(name)->tmpl->owners, (std::vector<OwnerReference>{{"ReplicaSet", set.name, set.uid, true}}));
    EXPECT_EQ(*world.pod(name)->label("pod-template-hash"), hash);
  }
  const TimeUs set_us = kWriteUs + kWatchUs + kWriteUs;
  const TimeUs t = set_us + kWatchUs;
  EXPECT_THAT(world.times<fact::PodCreated>(), ElementsAre(t + 10'000, t + 20'000, t + 20'000));
  EXPECT_TRUE(world.folds());
}

// Spark's executor template names the driver pod as its controller.
TEST(Deployments, OwnersInThePodTemplateDoNotReachThePods) {
  World world(steady_cluster(1));
  Manifest deployment = set_of(Kind::deployment, "spark-d-app-0", 3);
  Pod pod = *deployment.set->pod;
  PodTemplate tmpl = *pod.tmpl;
  tmpl.owners = {{"Pod", "driver", "driver-uid", true}};
  pod.tmpl = share(std::move(tmpl));
  deployment.set->pod = std::make_shared<const Pod>(std::move(pod));
  world.ask(create_of(deployment));
  world.run_until(kMinuteUs);
  ASSERT_EQ(world.pods().size(), 3U);
  const Manifest& set = *world.cluster.state().objects(Kind::replica_set).begin()->second;
  for (const std::string& name : world.pods()) {
    EXPECT_EQ(world.pod(name)->tmpl->owners, (std::vector<OwnerReference>{{"ReplicaSet", set.name, set.uid, true}}));
  }
}

TEST(Deployments, ScalingDownHonoursThePodDeletionCost) {
  World world(steady_cluster(2));
  world.ask(create_of(set_of(Kind::deployment, "web", 6)));
  world.run_until(kMinuteUs);
  const std::vector<std::string> pods = world.pods();
  for (const std::size_t i : {1U, 4U}) {
    ApiRequest patch = request_of(Verb::patch, pods[i]);
    patch.set_annotations = {{std::string(kDeletionCost), "-100"}};
    world.ask(patch);
  }
  world.ask(scale(Kind::deployment, "web", 4));
  world.run_until(2 * kMinuteUs);
  EXPECT_THAT(world.pods(), ElementsAre(pods[0], pods[2], pods[3], pods[5]));
}

TEST(Deployments, ADeletedPodIsReplacedByAnotherNameWithoutWaitingForItsEnd) {
  World world(steady_cluster(2));
  world.ask(create_of(set_of(Kind::deployment, "web", 2)));
  world.run_until(kMinuteUs);
  const std::string victim = world.pods()[0];
  world.ask(request_of(Verb::remove, victim));
  world.run_until(2 * kMinuteUs);
  EXPECT_EQ(world.pods().size(), 2U);
  EXPECT_EQ(world.pod(victim), nullptr);
  EXPECT_EQ(world.times<fact::PodCreated>().back(), world.times<fact::PodTerminating>()[0] + kWatchUs + kWriteUs);
}

TEST(Deployments, ADeletedReplicaSetIsMadeAgain) {
  World world(steady_cluster(1));
  world.ask(create_of(set_of(Kind::deployment, "web", 1)));
  world.run_until(kMinuteUs);
  const std::string name = world.cluster.state().objects(Kind::replica_set).begin()->second->name;
  world.ask(request_of(Verb::remove, Kind::replica_set, name));
  world.run_until(2 * kMinuteUs);
  EXPECT_NE(world.object(Kind::replica_set, name), nullptr);
  EXPECT_EQ(world.pods().size(), 1U);
}

}  // namespace
}  // namespace podramp::fakeapi::set_controllers_test
