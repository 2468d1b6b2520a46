// The allocator and PersistentVolumeClaims (02 1.4, T9): which claims are taken again, which are created, what a
// failure costs, and when rounds wait for a claim. Default: 4.0, claims owned by the driver and reused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "backend/test_allocator_world.h"
#include "backend/wiring.h"

namespace podramp::backend::snapshot_allocator_claims_test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::int64_t kGi = std::int64_t{1} << 30;
constexpr DurationUs kAgeMin = 600 * kSecondUs;
const OwnerReference kDriver{"Pod", "driver", "uid-driver", true};

Conf conf_with_claims(int volumes) {
  Conf conf;
  conf.ns = "default";
  for (int i = 0; i < volumes; ++i) {
    ExecutorVolume volume;
    volume.volume = {"data-" + std::to_string(i),
                     "persistentVolumeClaim",
                     "OnDemand",
                     {{"storageClass", "fast"}, {"sizeLimit", "200Gi"}}};
    conf.volumes.push_back(std::move(volume));
  }
  return conf;
}

AllocatorSettings claim_settings() {
  AllocatorSettings settings = acceptance_settings();
  settings.claims.own = true;
  settings.claims.reuse = true;
  settings.claims.age_min_us = kAgeMin;
  return settings;
}

// Executors with one claim of 200Gi each (or so many), in a driver pod.
struct ClaimWorld : AllocatorWorld {
  explicit ClaimWorld(AllocatorSettings settings = claim_settings(), int volumes = 1)
      : AllocatorWorld(std::move(settings)) {
    claims.emplace(conf_with_claims(volumes), "app-1", "app");
    allocator.set_driver(kDriver);
  }
};

AllocatorWorld::Answer refuse_claims(Verb verb) {
  return [verb](const ApiRequest& request) {
    const bool hit = request.kind == Kind::persistent_volume_claim && request.verb == verb;
    return hit ? reply_error(403, "Forbidden") : reply_ok();
  };
}

TEST(SparkAcceptance, S_A20_an_old_enough_unused_claim_is_mounted_and_none_is_created) {
  ClaimWorld world;
  world.store_claim("pvc-0", 200 * kGi, kAgeMin + kSecondUs, "fast");
  world.target({{kDefaultProfile, 1}});
  EXPECT_THAT(world.created(), ElementsAre(1));
  EXPECT_THAT(world.claims_of(1), ElementsAre("pvc-0"));
  EXPECT_THAT(world.created_claims(), IsEmpty());
  EXPECT_EQ(world.allocator.claims_made(), 0);
}

TEST(SparkAcceptance, S_A22_without_permission_to_list_claims_none_is_reused_and_pods_are_made) {
  ClaimWorld world;
  world.store_claim("pvc-0", 200 * kGi, kAgeMin + kSecondUs, "fast");
  world.answer = refuse_claims(Verb::list);
  world.target({{kDefaultProfile, 1}});
  EXPECT_THAT(world.created(), ElementsAre(1));
  EXPECT_THAT(world.claims_of(1), ElementsAre("app-exec-1-pvc-0"));
  EXPECT_THAT(world.created_claims(), ElementsAre("app-exec-1-pvc-0"));
  EXPECT_THAT(world.notes(), ElementsAre("info: claims cannot be listed, so none is reused: 403 Forbidden: as the "
                                         "server says"));
  EXPECT_EQ(world.reports().back().aborted, "");
}

TEST(SparkAcceptance, S_A23_a_claim_younger_than_the_minimum_age_is_not_reused) {
  for (const DurationUs age : {kSecondUs, kAgeMin}) {
    ClaimWorld world;
    world.store_claim("pvc-0", 200 * kGi, age, "fast");
    world.target({{kDefaultProfile, 1}});
    EXPECT_THAT(world.claims_of(1), ElementsAre("app-exec-1-pvc-0")) << "the age must be more than the minimum";
    EXPECT_THAT(world.created_claims(), ElementsAre("app-exec-1-pvc-0"));
  }
}

TEST(SparkAcceptance, S_A24_with_wait_to_reuse_no_more_pods_once_the_claims_are_made_and_none_is_free) {
  AllocatorSettings settings = claim_settings();
  settings.claims.wait = true;
  settings.claims.claims_max = 2;
  ClaimWorld world(settings);
  world.target({{kDefaultProfile, 3}});
  EXPECT_THAT(world.created(), ElementsAre(1, 2));
  EXPECT_EQ(world.allocator.claims_made(), 2);
  EXPECT_EQ(world.allocator.last_id(), 2) << "no id is used up by waiting";
  EXPECT_EQ(world.reports().back().profiles.at(0).limited_by, Limit::claims);
  EXPECT_EQ(world.reports().size(), 0U);
  world.show(1, PodPhase::running);
  world.show(2, PodPhase::running);
  world.now += kAgeMin + 2 * kSecondUs;
  world.round();
  EXPECT_THAT(world.created(), IsEmpty()) << "both are mounted";
  world.list({{1, PodPhase::running}});
  world.round();
  EXPECT_THAT(world.created(), ElementsAre(3));
  EXPECT_THAT(world.claims_of(3), ElementsAre("app-exec-2-pvc-0"));
  EXPECT_EQ(world.allocator.claims_made(), 2);
}

TEST(SparkAcceptance, S_A25_a_claim_that_cannot_be_created_costs_the_pod_and_the_round) {
  ClaimWorld world;
  world.answer = refuse_claims(Verb::create);
  world.target({{kDefaultProfile, 1}});
  EXPECT_THAT(world.created(), ElementsAre(1));
  EXPECT_THAT(world.deleted_pods(), ElementsAre("app-exec-1"));
  EXPECT_EQ(world.reports().back().aborted,
            "creating claim app-exec-1-pvc-0 of executor 1: 403 Forbidden: as the server says");
  EXPECT_EQ(world.allocator.claims_made(), 0);
  EXPECT_EQ(world.allocator.outstanding(), 0);
  EXPECT_THAT(world.allocator.newly_created(), IsEmpty());
  EXPECT_EQ(world.allocator.take_failed_creates(), 0);
}

TEST(SparkAcceptance, S_A26_from_4_2_a_larger_claim_than_asked_for_is_reused) {
  for (const auto& [level, larger_fits] :
       {std::pair{Compat::spark_4_0, false}, {Compat::spark_4_1, false}, {Compat::spark_4_2, true}}) {
    Application application;
    application.conf.compat = level;
    AllocatorSettings settings = claim_settings();
    settings.claims.larger_fits = allocator_settings(application).claims.larger_fits;
    EXPECT_EQ(settings.claims.larger_fits, larger_fits) << to_text(level);
    ClaimWorld world(settings);
    world.store_claim("pvc-0", 300 * kGi, kAgeMin + kSecondUs, "fast");
    world.target({{kDefaultProfile, 1}});
    EXPECT_THAT(world.claims_of(1), ElementsAre(larger_fits ? "pvc-0" : "app-exec-1-pvc-0")) << to_text(level);
    EXPECT_EQ(world.created_claims().empty(), larger_fits) << to_text(level);
  }
}

TEST(Claims, AFailureAfterThePodCountsAsAnExecutorFailureFrom42AndStillCostsTheRound) {
  AllocatorSettings settings = claim_settings();
  settings.goes_on_after_refusal = true;
  ClaimWorld world(settings);
  world.answer = refuse_claims(Verb::create);
  world.target({{kDefaultProfile, 3}, {kOther, 3}});
  EXPECT_EQ(world.allocator.last_id(), 1);
  EXPECT_THAT(world.deleted_pods(), ElementsAre("app-exec-1"));
  EXPECT_EQ(world.allocator.take_failed_creates(), 1);
  EXPECT_EQ(world.reports().back().aborted,
            "creating claim app-exec-1-pvc-0 of executor 1: 403 Forbidden: as the server says");
}

TEST(Claims, ThePodThatCannotBeDeletedAgainIsLeftBehind) {
  ClaimWorld world;
  world.answer = [](const ApiRequest& request) {
    const bool good = request.verb == Verb::list || request.body != nullptr;
    return good ? reply_ok() : reply_error(500, "InternalError");
  };
  world.target({{kDefaultProfile, 1}});
  EXPECT_THAT(world.created(), ElementsAre(1));
  EXPECT_THAT(world.deleted_pods(), IsEmpty());
  EXPECT_EQ(world.reports().back().aborted,
            "creating claim app-exec-1-pvc-0 of executor 1: 500 InternalError: as the server says");
}

TEST(Claims, EveryProfileThatWantsPodsListsThemOnceARoundAndAQuietRoundNever) {
  ClaimWorld world;
  world.target({{kDefaultProfile, 2}, {kOther, 2}});
  EXPECT_EQ(world.claim_lists(), 2);
  world.round();
  EXPECT_EQ(world.claim_lists(), 0);
}

TEST(Claims, AreListedOnlyWhenTheyAreTheDriversToReuse) {
  const auto lists = [](bool own, bool reuse, bool driver) {
    AllocatorSettings settings = claim_settings();
    settings.claims.own = own;
    settings.claims.reuse = reuse;
    ClaimWorld world(settings);
    if (!driver) world.allocator.set_driver(std::nullopt);
    world.target({{kDefaultProfile, 1}});
    return world.claim_lists();
  };
  EXPECT_EQ(lists(true, true, true), 1);
  EXPECT_EQ(lists(false, true, true), 0);
  EXPECT_EQ(lists(true, false, true), 0);
  EXPECT_EQ(lists(true, true, false), 0);
}

TEST(Claims, BelongToTheDriverIfTheConfSaysSoElseToTheExecutorsPod) {
  for (const bool own : {true, false}) {
    AllocatorSettings settings = claim_settings();
    settings.claims.own = own;
    ClaimWorld world(settings);
    std::vector<OwnerReference> owners;
    world.answer = [&](const ApiRequest& request) {
      if (request.manifest != nullptr) owners = request.manifest->owners;
      ApiReply reply = reply_ok(201);
      reply.object = request.body;
      return reply;
    };
    world.target({{kDefaultProfile, 1}});
    ASSERT_THAT(owners, SizeIs(1));
    EXPECT_EQ(owners[0].name, own ? "driver" : "app-exec-1");
    EXPECT_EQ(owners[0].uid, own ? "uid-driver" : "uid-1");
    EXPECT_EQ(owners[0].kind, "Pod");
    EXPECT_TRUE(owners[0].controller);
  }
}

TEST(Claims, SeveralOfOneExecutorAreTakenInOrderAndTheRestIsCreated) {
  ClaimWorld world(claim_settings(), 3);
  world.store_claim("a", 200 * kGi, kAgeMin + kSecondUs, "fast");
  world.store_claim("b", 200 * kGi, kAgeMin + kSecondUs, "slow");
  world.store_claim("c", 100 * kGi, kAgeMin + kSecondUs, "fast");
  world.store_claim("d", 200 * kGi, kAgeMin + kSecondUs, "fast");
  world.target({{kDefaultProfile, 2}});
  EXPECT_THAT(world.claims_of(1), ElementsAre("a", "d", "app-exec-1-pvc-2"));
  EXPECT_THAT(world.claims_of(2), ElementsAre("app-exec-2-pvc-0", "app-exec-2-pvc-1", "app-exec-2-pvc-2"));
  EXPECT_THAT(world.created_claims(),
              ElementsAre("app-exec-1-pvc-2", "app-exec-2-pvc-0", "app-exec-2-pvc-1", "app-exec-2-pvc-2"));
  EXPECT_EQ(world.allocator.claims_made(), 4);
}

TEST(Claims, ThoseMadeBeforeOneFailedStayCounted) {
  ClaimWorld world(claim_settings(), 2);
  world.answer = [](const ApiRequest& request) {
    const bool second = request.manifest != nullptr && request.manifest->name == "app-exec-1-pvc-1";
    return second ? reply_error(409, "AlreadyExists") : reply_ok();
  };
  world.target({{kDefaultProfile, 1}});
  EXPECT_THAT(world.created_claims(), ElementsAre("app-exec-1-pvc-0"));
  EXPECT_EQ(world.allocator.claims_made(), 1);
  EXPECT_THAT(world.deleted_pods(), ElementsAre("app-exec-1"));
}

TEST(Claims, OfEveryPodInTheBatchAreInUseEvenOfOneThatTheLastSnapshotHasLost) {
  ClaimWorld world;
  world.target({{kDefaultProfile, 1}});
  world.now += kAgeMin + 2 * kSecondUs;
  world.show(1, PodPhase::failed);
  world.list({});
  world.round();
  EXPECT_THAT(world.claims_of(2), ElementsAre("app-exec-2-pvc-0")) << "the batch has shown executor 1";
  world.show(2, PodPhase::running);
  world.allocator.set_targets({{kDefaultProfile, 2}});
  world.round();
  EXPECT_THAT(world.claims_of(3), ElementsAre("app-exec-1-pvc-0")) << "this one has not";
}

TEST(SparkTrap, T9_an_empty_batch_takes_the_claims_of_living_executors) {
  ClaimWorld world;
  world.target({{kDefaultProfile, 1}});
  world.show(1, PodPhase::running);
  world.round();
  world.now += kAgeMin + 2 * kSecondUs;
  world.target({{kDefaultProfile, 2}});
  EXPECT_THAT(world.created(), ElementsAre(1, 2));
  EXPECT_THAT(world.claims_of(2), ElementsAre("app-exec-1-pvc-0")) << "mounted by executor 1, which runs";
}

// Each profile lists anew, and claims in use are those of the batch: nothing tells it what another has just taken.
TEST(Claims, TwoProfilesOfOneRoundTakeTheSameClaim) {
  ClaimWorld world;
  world.store_claim("pvc-0", 200 * kGi, kAgeMin + kSecondUs, "fast");
  world.target({{kDefaultProfile, 1}, {kOther, 1}});
  EXPECT_THAT(world.claims_of(1), ElementsAre("pvc-0"));
  EXPECT_THAT(world.claims_of(2), ElementsAre("pvc-0"));
}

TEST(Claims, WithWaitToReuseARoundWithoutSnapshotsDoesNotEvenLook) {
  AllocatorSettings settings = claim_settings();
  settings.claims.wait = true;
  settings.claims.claims_max = 1;
  ClaimWorld world(settings);
  world.target({{kDefaultProfile, 1}});
  world.show(1, PodPhase::running);
  world.round();
  world.claim_lists();
  world.now += kAgeMin + 2 * kSecondUs;
  world.target({{kDefaultProfile, 2}});
  world.round();
  EXPECT_EQ(world.claim_lists(), 0) << "so T9 cannot happen here";
  EXPECT_EQ(world.reports().back().profiles.at(0).limited_by, Limit::claims);
  world.show(1, PodPhase::running);
  world.round();
  EXPECT_EQ(world.claim_lists(), 1);
  EXPECT_EQ(world.allocator.last_id(), 1);
}

TEST(Claims, ASizeThatIsNoQuantityEndsTheDriverWithCodeOne) {
  ClaimWorld world;
  Conf conf = conf_with_claims(1);
  conf.volumes[0].volume.options["sizeLimit"] = "much";
  world.claims.emplace(conf, "app-1", "app");
  world.target({{kDefaultProfile, 1}});
  ASSERT_THAT(world.exits(), SizeIs(1));
}

}  // namespace
}  // namespace podramp::backend::snapshot_allocator_claims_test
