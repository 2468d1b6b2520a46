#include "fakeapi/owner_gc.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakeapi/test_cluster_world.h"

namespace podramp::fakeapi::owner_gc_test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

OwnerReference owner(const std::string& kind, const std::string& name, const std::string& uid) {
  return {kind, name, uid, true};
}

PodPtr owned_pod(const std::string& name, std::vector<OwnerReference> owners) {
  PodTemplate tmpl = small_template(10, 1 << 20);
  tmpl.owners = std::move(owners);
  return make_pod(name, share(std::move(tmpl)));
}

ApiRequest force(const std::string& pod) {
  ApiRequest remove = request_of(Verb::remove, pod);
  remove.grace_s = 0;
  return remove;
}

// A driver with so many executors that run.
std::string run_driver(World& world, int executors) {
  std::string uid = world.ask(create_of(make_pod("driver", share(small_template(10, 1 << 20))))).object->uid;
  for (int i = 0; i < executors; ++i) {
    world.call(create_of(owned_pod(fmt::format("exec-{:04}", i), {owner("Pod", "driver", uid)})));
    if (i % 40 == 39) world.run_until(world.now() + 100 * kMillisecondUs);  // priority and fairness (K91) takes no more
  }
  world.run_until(kMinuteUs);
  return uid;
}

TEST(OwnerGc, K33_ADriversExecutorsGoInTheBackgroundAtTheCollectorsPace) {
  World world(steady_cluster(2));
  run_driver(world, 20);
  world.ask(force("driver"));
  world.run_until(2 * kMinuteUs);
  EXPECT_THAT(world.pods(), IsEmpty());
  const TimeUs gone_us = world.times<fact::PodGone>().front();
  // Heard of, looked up, deleted; 30 calls at once are 15 pods, then 40 calls a second are 20 pods.
  const std::vector<TimeUs> deleted = world.times<fact::PodTerminating>();
  ASSERT_EQ(deleted.size(), 20U);
  const TimeUs first_us = gone_us + kWatchUs + kReadUs + kWriteUs;
  EXPECT_EQ(deleted[0], first_us);
  EXPECT_EQ(deleted[14], first_us);
  EXPECT_EQ(deleted[15], gone_us + kWatchUs + 50'000);
  EXPECT_EQ(deleted[16], gone_us + kWatchUs + 100'000);
  EXPECT_EQ(deleted[19], gone_us + kWatchUs + 250'000);
  EXPECT_EQ(world.facts<fact::PodTerminating>()[0].second.why, "gc");
  EXPECT_TRUE(world.folds());
}

TEST(OwnerGc, K33_ThousandExecutorsTakeTheirMinuteOrSo) {
  ClusterConfig config = steady_cluster(10);
  World world(config);
  run_driver(world, 1000);
  world.ask(force("driver"));
  world.run_until(kHourUs);
  EXPECT_THAT(world.pods(), IsEmpty());
  const std::vector<TimeUs> deleted = world.times<fact::PodTerminating>();
  ASSERT_EQ(deleted.size(), 1000U);
  EXPECT_EQ(deleted.back() - world.times<fact::PodGone>().front(), kWatchUs + 985 * DurationUs{50'000});
}

TEST(OwnerGc, K34_AChildOfAnOwnerThatIsGoneIsAcceptedAndCollectedSoon) {
  World world(steady_cluster(1));
  const std::string uid = run_driver(world, 0);
  world.ask(force("driver"));
  EXPECT_EQ(world.ask(create_of(owned_pod("late", {owner("Pod", "driver", uid)}))).code, 201);
  EXPECT_THAT(world.pods(), ElementsAre("late"));
  world.run_until(2 * kMinuteUs);
  EXPECT_THAT(world.pods(), IsEmpty());
}

TEST(OwnerGc, ObjectsOfOtherKindsAreCollectedToo) {
  World world(steady_cluster(1));
  const std::string uid = run_driver(world, 0);
  for (Manifest object : {config_map("conf"), claim("data")}) {
    object.owners = {owner("Pod", "driver", uid)};
    world.ask(create_of(object));
  }
  world.ask(force("driver"));
  world.run_until(2 * kMinuteUs);
  EXPECT_EQ(world.object(Kind::config_map, "conf"), nullptr);
  EXPECT_EQ(world.object(Kind::persistent_volume_claim, "data"), nullptr);
  EXPECT_TRUE(world.folds());
}

TEST(OwnerGc, AnExecutorsClaimGoesWithTheExecutor) {
  World world(steady_cluster(1));
  world.ask(create_of(claim("data")));
  const std::string uid = world.ask(create_of(make_pod("exec", share(claiming_template("data"))))).object->uid;
  Manifest own = claim("own");
  own.owners = {owner("Pod", "exec", uid)};
  world.ask(create_of(own));
  world.run_until(kMinuteUs);
  world.ask(force("exec"));
  world.run_until(2 * kMinuteUs);
  EXPECT_EQ(world.object(Kind::persistent_volume_claim, "own"), nullptr);
  EXPECT_NE(world.object(Kind::persistent_volume_claim, "data"), nullptr);
}

TEST(OwnerGc, WhatHasAnotherLivingOwnerStays) {
  World world(steady_cluster(1));
  const std::string uid = run_driver(world, 0);
  const std::string other = world.ask(create_of(config_map("keeper"))).manifest->uid;
  world.ask(create_of(owned_pod("both", {owner("Pod", "driver", uid), owner("ConfigMap", "keeper", other)})));
  world.ask(force("driver"));
  world.run_until(2 * kMinuteUs);
  EXPECT_THAT(world.pods(), ElementsAre("both"));
  world.ask(request_of(Verb::remove, Kind::config_map, "keeper"));
  world.run_until(3 * kMinuteUs);
  EXPECT_THAT(world.pods(), IsEmpty());
}

TEST(OwnerGc, AnOwnerOfWhichTheClusterNeverHeardIsTakenToLiveElsewhere) {
  World world(steady_cluster(1));
  world.ask(create_of(owned_pod("a", {owner("ReplicaSet", "web", "b3c5e2d0-1111-4222-8333-abcdefabcdef")})));
  world.run_until(kMinuteUs);
  EXPECT_THAT(world.pods(), ElementsAre("a"));
}

TEST(OwnerGc, ADeletedDeploymentTakesItsReplicaSetAndItsPodsWithIt) {
  World world(steady_cluster(2));
  world.ask(create_of(set_of(Kind::deployment, "web", 3)));
  world.run_until(kMinuteUs);
  EXPECT_EQ(world.pods().size(), 3U);
  world.ask(request_of(Verb::remove, Kind::deployment, "web"));
  world.run_until(2 * kMinuteUs);
  EXPECT_THAT(world.cluster.state().objects(Kind::replica_set), IsEmpty());
  EXPECT_THAT(world.pods(), IsEmpty());
  EXPECT_TRUE(world.folds());
}

}  // namespace
}  // namespace podramp::fakeapi::owner_gc_test
