#include "fakeapi/claims.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakeapi/test_cluster_world.h"

namespace podramp::fakeapi::claims_test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr DurationUs kLookUs = kSecondUs;  // the scheduler's poll for bound claims

ApiRequest create_user(const std::string& pod, const std::string& claim_name) {
  return create_of(make_pod(pod, share(claiming_template(claim_name))));
}

const std::string& phase(const World& world, const std::string& name) {
  return world.object(Kind::persistent_volume_claim, name)->claim->phase;
}

std::string why(const World& world, const std::string& pod) {
  const Condition* scheduled = world.pod(pod)->condition("PodScheduled");
  return scheduled == nullptr ? "" : scheduled->message;
}

TEST(Claims, APodThatNamesAMissingClaimIsUnschedulableUntilTheClaimIsThere) {
  World world(steady_cluster(3));
  world.ask(create_user("a", "data"));
  world.run_until(kSecondUs);
  EXPECT_EQ(why(world, "a"),
            "0/3 nodes are available: persistentvolumeclaim \"data\" not found. preemption: 0/3 nodes are available: 3 "
            "Preemption is not helpful for scheduling.");
  world.ask(create_of(claim("data")));
  world.run_until(10 * kSecondUs);
  EXPECT_NE(world.pod("a")->node, "");
  EXPECT_EQ(phase(world, "data"), "Bound");
  EXPECT_TRUE(world.folds());
}

TEST(Claims, APodsOwnVolumeStandsForTheTemplatesOfThatName) {
  World world(steady_cluster(1));
  const TemplatePtr shared = share(claiming_template("OnDemand"));
  Pod pod = *make_pod("a", shared);
  pod.own_volumes = {{shared->volumes.at(0).name, "persistentVolumeClaim", "a-pvc-0", {}}};
  world.ask(create_of(std::make_shared<const Pod>(pod)));
  world.ask(create_of(claim("a-pvc-0")));
  world.run_until(60 * kSecondUs);
  EXPECT_EQ(world.pod("a")->node, "n0");
  EXPECT_EQ(phase(world, "a-pvc-0"), "Bound");
  EXPECT_TRUE(world.folds());
}

TEST(Claims, AClaimWaitsForItsFirstConsumerAndIsThenProvisioned) {
  World world(steady_cluster(1));
  world.ask(create_of(claim("data")));
  world.run_until(60 * kSecondUs);
  EXPECT_EQ(phase(world, "data"), "Pending");
  world.ask(create_user("a", "data"));
  world.run_until(120 * kSecondUs);
  const TimeUs chosen_us = 60 * kSecondUs + kWriteUs + 3'000;
  EXPECT_THAT(world.times<fact::ObjectChanged>(), ElementsAre(chosen_us + 3'000'000));
  EXPECT_THAT(world.times<fact::PodBound>(), ElementsAre(chosen_us + 3 * kLookUs + 20'000));
  const ManifestPtr bound = world.object(Kind::persistent_volume_claim, "data");
  EXPECT_EQ(bound->claim->capacity_bytes, std::int64_t{1} << 30);
  // Seen by the kubelet, attached, started, shown.
  EXPECT_THAT(world.times<fact::PodRunning>(),
              ElementsAre(world.times<fact::PodBound>()[0] + 10'000 + 4'000'000 + 1'000'000 + 40'000));
  EXPECT_TRUE(world.folds());
}

TEST(Claims, AnImmediateClassProvisionsAtOnceAndUntilThenNoPodIsPlaced) {
  ClusterConfig config = steady_cluster(1);
  config.storage_classes = {{"now", true, true, true}};
  World world(config);
  Manifest object = claim("data");
  object.claim->storage_class = "now";
  world.ask(create_of(object));
  world.ask(create_user("a", "data"));
  world.run_until(kSecondUs);
  EXPECT_EQ(why(world, "a"),
            "0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims. preemption: 0/1 nodes are "
            "available: 1 Preemption is not helpful for scheduling.");
  world.run_until(10 * kSecondUs);
  EXPECT_THAT(world.times<fact::ObjectChanged>(), ElementsAre(kWriteUs + 3'000'000));
  EXPECT_EQ(world.pod("a")->node, "n0");
}

TEST(Claims, NobodyMakesAVolumeForTheClassWithoutAName) {
  World world(steady_cluster(1));
  Manifest object = claim("data");
  object.claim->storage_class = "";
  world.ask(create_of(object));
  world.ask(create_user("a", "data"));
  world.run_until(kHourUs);
  EXPECT_EQ(phase(world, "data"), "Pending");
  EXPECT_EQ(world.pod("a")->node, "");
}

TEST(Claims, AReadWriteOncePodClaimServesOnePodAtATime) {
  World world(steady_cluster(2));
  world.ask(create_of(claim("data", "ReadWriteOncePod")));
  world.ask(create_user("a", "data"));
  world.run_until(10 * kSecondUs);
  world.ask(create_user("b", "data"));
  world.run_until(20 * kSecondUs);
  EXPECT_EQ(why(world, "b"),
            "0/2 nodes are available: 2 node has pod using PersistentVolumeClaim with the same name and "
            "ReadWriteOncePod access mode. preemption: 0/2 nodes are available: 2 No preemption victims found for "
            "incoming pod.");
  ApiRequest remove = request_of(Verb::remove, "a");
  remove.grace_s = 0;
  world.ask(remove);
  world.run_until(30 * kSecondUs);
  EXPECT_NE(world.pod("b")->node, "");
}

TEST(Claims, TwoPodsThatAreBeingPlacedMayNotBothTakeAReadWriteOncePodClaim) {
  World world(steady_cluster(2));
  world.ask(create_of(claim("data", "ReadWriteOncePod")));
  world.call(create_user("a", "data"));
  world.call(create_user("b", "data"));
  world.run_until(60 * kSecondUs);
  EXPECT_EQ(world.times<fact::PodBound>().size(), 1U);
}

TEST(Claims, AClaimInUseIsOnlyMarkedAndGoesWithTheLastPodThatUsesIt) {
  World world(steady_cluster(1));
  world.ask(create_of(claim("data")));
  world.ask(create_user("a", "data"));
  world.run_until(10 * kSecondUs);
  const ApiReply marked = world.ask(request_of(Verb::remove, Kind::persistent_volume_claim, "data"));
  EXPECT_EQ(marked.code, 200);
  EXPECT_EQ(marked.manifest->deletion_us, 10 * kSecondUs);
  world.ask(create_user("b", "data"));
  world.run_until(20 * kSecondUs);
  EXPECT_EQ(why(world, "b"),
            "0/1 nodes are available: persistentvolumeclaim \"data\" is being deleted. preemption: 0/1 nodes are "
            "available: 1 Preemption is not helpful for scheduling.");
  ApiRequest remove = request_of(Verb::remove, "a");
  remove.grace_s = 0;
  world.ask(remove);
  world.run_until(30 * kSecondUs);
  EXPECT_EQ(world.object(Kind::persistent_volume_claim, "data"), nullptr);
  EXPECT_THAT(world.times<fact::ObjectGone>(), ElementsAre(world.times<fact::PodGone>()[0] + kWatchUs));
  EXPECT_TRUE(world.folds());
}

TEST(Claims, AClaimThatNobodyUsesGoesAtOnce) {
  World world(steady_cluster(1));
  world.ask(create_of(claim("data")));
  world.ask(request_of(Verb::remove, Kind::persistent_volume_claim, "data"));
  EXPECT_EQ(world.object(Kind::persistent_volume_claim, "data"), nullptr);
}

// 02 8.5: detach and attach take minutes, counted from when the old node lets go.
TEST(Claims, AVolumeThatMovesToAnotherNodeTakesTheTimeOfAReattachFromItsRelease) {
  World world(steady_cluster(2));
  world.ask(create_of(claim("data")));
  world.ask(create_user("a", "data"));
  world.run_until(60 * kSecondUs);
  const std::string old_node = world.pod("a")->node;
  auto placed = std::make_shared<Pod>();
  placed->name = "b";
  placed->tmpl = share(claiming_template("data"));
  placed->node = old_node == "n0" ? "n1" : "n0";
  world.ask(create_of(PodPtr(placed)));
  world.run_until(5 * kMinuteUs);
  EXPECT_EQ(world.pod("b")->containers.at(0).reason, "ContainerCreating") << "the volume is held by the other node";
  ApiRequest remove = request_of(Verb::remove, "a");
  remove.grace_s = 0;
  world.ask(remove);
  const TimeUs released_us = world.times<fact::PodGone>()[0];
  world.run_until(kHourUs);
  EXPECT_EQ(world.times<fact::PodRunning>().back(), released_us + 180'000'000 + 1'000'000 + 40'000);
}

TEST(Claims, AVolumeThatHasBeenFreeForLongHasOnlyToBeAttached) {
  World world(steady_cluster(1));
  world.ask(create_of(claim("data")));
  world.ask(create_user("a", "data"));
  world.run_until(60 * kSecondUs);
  ApiRequest remove = request_of(Verb::remove, "a");
  remove.grace_s = 0;
  world.ask(remove);
  world.run_until(kHourUs);
  world.ask(create_user("b", "data"));
  world.run_until(2 * kHourUs);
  const TimeUs bound_us = world.times<fact::PodBound>().back();
  EXPECT_EQ(world.times<fact::PodRunning>().back(), bound_us + 10'000 + 4'000'000 + 1'000'000 + 40'000);
}

TEST(Claims, SharedFileSystemsServeManyNodesAtOnceWithoutAttaching) {
  World world(steady_cluster(2));
  world.ask(create_of(claim("data", "ReadWriteMany")));
  world.ask(create_user("a", "data"));
  world.run_until(60 * kSecondUs);
  world.ask(create_user("b", "data"));
  world.run_until(120 * kSecondUs);
  EXPECT_EQ(world.times<fact::PodRunning>().back(), world.times<fact::PodBound>().back() + 10'000 + 1'000'000 + 40'000);
}

TEST(Claims, AGrownClaimHasItsCapacityOnlyAfterAWhile) {
  World world(steady_cluster(1));
  world.ask(create_of(claim("data")));
  world.ask(create_user("a", "data"));
  world.run_until(60 * kSecondUs);
  ApiRequest grow = request_of(Verb::patch, Kind::persistent_volume_claim, "data");
  grow.set_bytes = std::int64_t{2} << 30;
  EXPECT_EQ(world.ask(grow).manifest->claim->capacity_bytes, std::int64_t{1} << 30);
  world.run_until(120 * kSecondUs);
  EXPECT_EQ(world.object(Kind::persistent_volume_claim, "data")->claim->capacity_bytes, std::int64_t{2} << 30);
  EXPECT_EQ(world.times<fact::ObjectChanged>().back(), 60 * kSecondUs + kWriteUs + 3'000'000);
}

TEST(Claims, ConfiguredClaimsAreBoundFromTheStart) {
  ClusterConfig config = steady_cluster(1);
  config.claims = {{"ns", "data", {{"a", "b"}}, *claim("data").claim}};
  World world(config);
  EXPECT_EQ(phase(world, "data"), "Bound");
  world.ask(create_user("a", "data"));
  world.run_until(kMinuteUs);
  EXPECT_EQ(world.pod("a")->phase, PodPhase::running);
}

TEST(Claims, APodThatIsDeletedWhileItWaitsForItsVolumeIsForgotten) {
  World world(steady_cluster(1));
  world.ask(create_of(claim("data")));
  world.ask(create_user("a", "data"));
  world.run_until(4 * kSecondUs);  // bound, its volume is on the way
  EXPECT_EQ(world.pod("a")->containers.at(0).reason, "ContainerCreating");
  world.ask(request_of(Verb::remove, "a"));
  world.run_until(kMinuteUs);
  EXPECT_THAT(world.pods(), IsEmpty());
  world.ask(create_user("b", "data"));
  world.run_until(kHourUs);
  EXPECT_EQ(world.pod("b")->phase, PodPhase::running);
}

}  // namespace
}  // namespace podramp::fakeapi::claims_test
