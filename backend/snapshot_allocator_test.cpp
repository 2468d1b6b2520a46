// What an allocation round does to the letter of 02 1.2 to 1.4 and the traps of 1.9. What it gives up and deletes is in
// snapshot_allocator_removal_test.cpp, the acceptance lines of 7.1 in snapshot_allocator_acceptance_test.cpp,
// abandoned rounds and reports in snapshot_allocator_abort_test.cpp.
#include "backend/snapshot_allocator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "backend/test_allocator_world.h"

namespace podramp::backend::snapshot_allocator_test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr DurationUs kIdle = 10 * kSecondUs;
constexpr DurationUs kCreationTimeout = 600 * kSecondUs;

std::vector<ExecutorId> ids_of(const std::map<ExecutorId, SnapshotAllocator::NewlyCreated>& created) {
  std::vector<ExecutorId> ids;
  for (const auto& [id, entry] : created) ids.push_back(id);
  return ids;
}

// --- targets (1.2) -----------------------------------------------------------------------------------------------

TEST(AllocatorTargets, OverwriteTheNamedProfilesAndKeepTheOthers) {
  AllocatorWorld world;
  world.target({{kDefaultProfile, 1}, {kOther, 2}});
  world.allocator.set_targets({{kOther, -1}});
  EXPECT_EQ(world.allocator.targets(), (std::map<ProfileId, std::int64_t>{{kDefaultProfile, 1}, {kOther, -1}}));
}

TEST(AllocatorTargets, AskForANotificationOnlyWhileNothingIsOutstanding) {
  AllocatorWorld world;
  EXPECT_TRUE(world.target({{kDefaultProfile, 1}}));
  EXPECT_FALSE(world.target({{kDefaultProfile, 2}})) << "executor 1 is outstanding";
  EXPECT_THAT(world.created(), ElementsAre(1));
  world.show(1, PodPhase::running);
  world.round();
  EXPECT_THAT(world.created(), ElementsAre(2));
  EXPECT_FALSE(world.target({{kDefaultProfile, 2}}));
  world.registered({2});
  world.round();
  EXPECT_TRUE(world.target({{kDefaultProfile, 4}})) << "a pod known to the scheduler is not outstanding";
}

TEST(AllocatorTargets, ANegativeOrShrunkenTargetNeverDeletesRunningPods) {  // T5
  AllocatorWorld world;
  world.target({{kDefaultProfile, 3}});
  for (const ExecutorId id : {1, 2, 3}) world.show(id, PodPhase::running);
  world.round();
  world.now += 10 * kIdle;
  world.target({{kDefaultProfile, -1}});
  world.round();
  EXPECT_THAT(world.deleted(), IsEmpty());
  EXPECT_EQ(world.allocator.profiles().at(0).have, 3);
}

// --- creating ----------------------------------------------------------------------------------------------------

TEST(AllocatorRound, CreatesOnePodAtATimeAndStampsEachWhenItsCallIsAnswered) {
  AllocatorWorld world;
  world.call_takes = 300 * kMillisecondUs;
  const TimeUs start = world.now;
  world.allocator.set_targets({{kDefaultProfile, 3}});
  EXPECT_EQ(world.begin(), Progress::waiting);
  for (int made = 0; made < 3; ++made) {
    ASSERT_EQ(world.under_way.size(), 1U);
    EXPECT_EQ(world.allocator.creating(), made + 1);
    EXPECT_EQ(world.allocator.profiles().at(0).created, made);
    EXPECT_EQ(world.allocator.slots(), INT32_MAX);
    EXPECT_EQ(world.allocator.outstanding(), 0) << "committed only at the end";
    EXPECT_EQ(world.answer_call(), made == 2 ? Progress::done : Progress::waiting);
  }
  EXPECT_FALSE(world.allocator.round_in_flight());
  EXPECT_EQ(world.allocator.newly_created().at(1).created_us, start + 300 * kMillisecondUs);
  EXPECT_EQ(world.allocator.newly_created().at(3).created_us, start + 900 * kMillisecondUs);
  EXPECT_EQ(world.allocator.outstanding(), 3);
}

TEST(AllocatorRound, BatchSizeIsPerProfileAndNotGlobal) {
  AllocatorWorld world;
  world.target({{kDefaultProfile, 9}, {kOther, 9}});
  EXPECT_EQ(world.created().size(), 10U);
  EXPECT_EQ(world.allocator.newly_created().at(5).profile, kDefaultProfile);
  EXPECT_EQ(world.allocator.newly_created().at(6).profile, kOther);
}

TEST(AllocatorRound, AProfileThatNeedsLessThanItsShareLeavesTheRestUnused) {
  AllocatorSettings settings = acceptance_settings();
  settings.max_pending_pods = 6;
  AllocatorWorld world(settings);
  world.target({{kDefaultProfile, 1}, {kOther, 9}});
  EXPECT_EQ(world.created().size(), 4U) << "1 + its share of 3, although 6 slots are free";
}

TEST(AllocatorRound, BurstIsTheSmallerOfBatchSizeAndPendingCap) {  // T11
  AllocatorSettings settings = acceptance_settings();
  settings.batch_size = 50;
  settings.max_pending_pods = 3;
  AllocatorWorld world(settings);
  world.target({{kDefaultProfile, 100}});
  EXPECT_THAT(world.created(), ElementsAre(1, 2, 3));
  EXPECT_EQ(world.reports().back().profiles.at(0).limited_by, Limit::pending_cap);
}

TEST(AllocatorRound, PendingCapIsPerApplication) {  // T10
  AllocatorSettings settings = acceptance_settings();
  settings.max_pending_pods = 2;
  AllocatorWorld first(settings);
  AllocatorWorld second(settings);
  first.target({{kDefaultProfile, 5}});
  second.target({{kDefaultProfile, 5}});
  EXPECT_EQ(first.created().size() + second.created().size(), 4U);
}

TEST(AllocatorRound, ATargetSetWhileTheRoundCreatesWaitsForTheNextRound) {
  AllocatorWorld world;
  world.answer = [&](const ApiRequest&) {
    world.allocator.set_targets({{kDefaultProfile, 1}});
    return reply_ok();
  };
  world.target({{kDefaultProfile, 4}});
  EXPECT_THAT(world.created(), ElementsAre(1, 2, 3, 4));
}

// --- acknowledging (1.3 step 1), T1, T3 --------------------------------------------------------------------------

TEST(AllocatorAcknowledge, AnyStateInAnySnapshotOfTheBatchCounts) {
  AllocatorWorld world;
  world.target({{kDefaultProfile, 5}});
  world.created();
  world.show(1, PodPhase::failed);
  world.show(2, PodPhase::unknown);
  world.show_deleted(3);
  world.show(4, PodPhase::succeeded);
  world.list({});
  world.begin();
  EXPECT_THAT(ids_of(world.allocator.newly_created()), ElementsAre(5));
}

TEST(AllocatorAcknowledge, AFullListingInTheMiddleOfTheBatchCounts) {
  AllocatorWorld world;
  world.target({{kDefaultProfile, 3}});
  world.created();
  world.list({{1, PodPhase::pending}, {2, PodPhase::pending}});
  world.list({});
  world.round();
  EXPECT_THAT(ids_of(world.allocator.newly_created()), ElementsAre(3));
}

TEST(AllocatorAcknowledge, WhatTheLastSnapshotShowedAlreadyCountsWithTheNextSnapshotOfAnyKind) {
  AllocatorWorld world;
  world.show(1, PodPhase::running, 0, "0");  // somebody else's pod with our labels
  world.round();
  world.target({{kDefaultProfile, 2}});
  EXPECT_THAT(ids_of(world.allocator.newly_created()), ElementsAre(1));
  world.round();
  EXPECT_THAT(ids_of(world.allocator.newly_created()), ElementsAre(1)) << "no snapshot, no acknowledgement";
  world.push({});  // a snapshot equal to the one before
  world.begin();
  EXPECT_THAT(ids_of(world.allocator.newly_created()), IsEmpty());
}

TEST(AllocatorTrap, T1_OneUnacknowledgedPodBlocksItsProfileAndNoOther) {
  AllocatorWorld world;
  world.target({{kDefaultProfile, 6}, {kOther, 6}});
  world.created();
  for (const ExecutorId id : {1, 2, 3, 4, 6, 7, 8, 9, 10}) world.show(id, PodPhase::pending);
  world.round();
  EXPECT_THAT(world.created(), ElementsAre(11));
  EXPECT_EQ(world.allocator.newly_created().at(11).profile, kOther);
  const auto report = world.reports().back();
  EXPECT_EQ(report.profiles.at(0).limited_by, Limit::unacknowledged);
  EXPECT_EQ(report.profiles.at(0).asked, 0);
  EXPECT_EQ(report.profiles.at(1).limited_by, Limit::none);
}

TEST(AllocatorTrap, T1_AnExecutorThatRegistersUnblocksItsProfile) {
  AllocatorWorld world;
  world.target({{kDefaultProfile, 6}});
  world.created();
  world.registered({1, 2, 3, 4, 5});
  world.round();
  EXPECT_THAT(world.created(), ElementsAre(6));
  EXPECT_EQ(world.allocator.known_newly_created().size(), 5U);
  EXPECT_EQ(world.allocator.outstanding(), 1);
}

TEST(AllocatorTrap, T3_AnExecutorThatRegistersAndDiesBetweenSnapshotsIsCountedForEver) {
  AllocatorWorld world;
  world.target({{kDefaultProfile, 1}});
  world.created();
  world.registered({1});
  world.round();
  world.table.remove(1);
  for (int hour = 0; hour < 5; ++hour) {
    world.now += kHourUs;
    world.list({});
    world.round();
  }
  EXPECT_THAT(world.created(), IsEmpty());
  EXPECT_THAT(world.allocator.known_newly_created(), ElementsAre(::testing::Pair(1, kDefaultProfile)));
  EXPECT_EQ(world.allocator.profiles().at(0).have, 1);
  world.show(1, PodPhase::failed);
  world.round();
  EXPECT_THAT(world.created(), ElementsAre(2)) << "only a snapshot frees it";
}

TEST(AllocatorRound, RegistrationsAreSampledOnceWhenTheRoundBegins) {
  AllocatorWorld world;
  world.target({{kDefaultProfile, 2}});
  world.show(1, PodPhase::pending);
  world.round();
  world.now += kCreationTimeout + 1;
  world.answer = [&](const ApiRequest&) {
    world.registered({1});  // while the time-out's delete is under way
    return reply_ok();
  };
  world.target({{kDefaultProfile, 0}});
  world.round();
  EXPECT_THAT(world.deleted(), ElementsAre(Deleted{{2}, false}, Deleted{{1}, true}));
  EXPECT_EQ(world.allocator.outstanding(), 0);
  const ProfileReport report = world.reports().back().profiles.at(0);
  EXPECT_EQ(report.pending_known, 0);
  EXPECT_EQ(report.pending_unknown, 0) << "was 1 and has been deleted";
}

// --- counting: T4, T7, T8 ----------------------------------------------------------------------------------------

TEST(AllocatorTrap, T4_ARunningPodWithADeletionTimestampStillCountsAsRunning) {
  AllocatorWorld world;
  world.target({{kDefaultProfile, 1}});
  world.created();
  Pod pod = *shown_pod(1, PodPhase::running, world.now, "0");
  pod.deletion_us = world.now + 30 * kSecondUs;
  const PodPtr terminating = stored(pod);
  world.push({1, {classify(*terminating, {}), terminating}, nullptr, 0});
  world.round();
  EXPECT_THAT(world.created(), IsEmpty());
  EXPECT_EQ(world.allocator.profiles().at(0).running, 1);
}

TEST(AllocatorTrap, T7_PodsKnownToTheSchedulerCountAgainstTheCapAlthoughTheyAreNotOutstanding) {
  AllocatorSettings settings = acceptance_settings();
  settings.max_pending_pods = 4;
  AllocatorWorld world(settings);
  world.target({{kDefaultProfile, 3}});
  world.created();
  world.registered({1, 2, 3});
  world.show(1, PodPhase::pending);
  world.round();
  EXPECT_EQ(world.allocator.outstanding(), 0);
  world.target({{kDefaultProfile, 9}});
  EXPECT_THAT(world.created(), ElementsAre(4));
  const ProfileReport report = world.reports().back().profiles.at(0);
  EXPECT_EQ(report.pending_known, 1);
  EXPECT_EQ(report.new_known, 2);
  EXPECT_EQ(report.limited_by, Limit::pending_cap);
}

TEST(AllocatorTrap, T8_WithOneTargetLabelsDoNotMatterAndCountsJumpWhenASecondProfileAppears) {
  AllocatorWorld world;
  for (const ExecutorId id : {21, 22, 23}) world.show(id, PodPhase::running, 0, id == 21 ? "0" : "1");
  world.target({{kDefaultProfile, 3}});
  EXPECT_THAT(world.created(), IsEmpty());
  EXPECT_EQ(world.allocator.profiles().at(0).running, 3);
  world.target({{kOther, 2}});
  EXPECT_THAT(world.created(), ElementsAre(1, 2)) << "the default profile has lost two";
  EXPECT_EQ(world.allocator.profiles().at(0).running, 1);
  EXPECT_EQ(world.allocator.profiles().at(1).running, 2);
}

TEST(AllocatorTrap, T8_ALoneTargetOfAnotherProfileSeesNoPodsBecauseTheyAreAllUnderProfileZero) {
  AllocatorWorld world;
  for (const ExecutorId id : {21, 22}) world.show(id, PodPhase::running, 0, "1");
  world.target({{kOther, 2}});
  EXPECT_THAT(world.created(), ElementsAre(1, 2));
}

TEST(AllocatorRound, FinishedUnknownAndDeletedPodsCountAsNothing) {
  AllocatorWorld world;
  world.show(21, PodPhase::succeeded, 0, "0");
  world.show(22, PodPhase::failed, 0, "0");
  world.show(23, PodPhase::unknown, 0, "0");
  world.show_deleted(24);
  world.target({{kDefaultProfile, 2}});
  EXPECT_THAT(world.created(), ElementsAre(1, 2));
}

TEST(AllocatorRound, PodsOfAProfileWithoutATargetAreIgnored) {
  AllocatorWorld world;
  for (ExecutorId id = 21; id <= 24; ++id) world.show(id, PodPhase::pending, 0, "7");
  world.target({{kDefaultProfile, 1}, {kOther, 1}});
  EXPECT_THAT(world.created(), ElementsAre(1, 2));
  EXPECT_EQ(world.allocator.outstanding(), 2);
  EXPECT_EQ(world.allocator.slots(), INT32_MAX);
}

TEST(AllocatorRound, WithoutAFreeSlotTheCapLimitsEveryProfileThatWantsPods) {
  AllocatorSettings settings = acceptance_settings();
  settings.max_pending_pods = 2;
  AllocatorWorld world(settings);
  world.target({{kDefaultProfile, 4}, {kOther, 4}});
  EXPECT_THAT(world.created(), ElementsAre(1, 2));
  world.show(1, PodPhase::pending);
  world.show(2, PodPhase::pending);
  world.round();
  EXPECT_THAT(world.created(), IsEmpty());
  const auto report = world.reports().back();
  EXPECT_EQ(report.slots, 0);
  for (const ProfileReport& profile : report.profiles) {
    EXPECT_EQ(profile.limited_by, Limit::pending_cap);
    EXPECT_EQ(profile.asked, 0);
  }
}

TEST(AllocatorRound, RoomOfAProfileBoundsItsCreates) {
  AllocatorSettings settings = acceptance_settings();
  settings.max_pending_pods_per_rp = 2;
  AllocatorWorld world(settings);
  world.target({{kDefaultProfile, 4}, {kOther, 1}});
  EXPECT_THAT(world.created(), ElementsAre(1, 2, 3));
  for (const ExecutorId id : {1, 2, 3}) world.show(id, PodPhase::pending);
  world.round();
  EXPECT_THAT(world.created(), IsEmpty());
  EXPECT_EQ(world.reports().back().profiles.at(0).limited_by, Limit::pending_cap);
}

TEST(AllocatorRequests, CreateCarriesTheBuiltPodAndDeletesNameTheirExecutorsAscending) {
  AllocatorWorld world;
  world.target({{kDefaultProfile, 1}});
  EXPECT_EQ(to_string(delete_executors("default", "app-1", {3, 21, 100}).label_selector),
            "spark-app-selector=app-1,spark-role=executor,spark-exec-id in (3,21,100)");
  world.show(1, PodPhase::running);
  world.round();
  world.allocator.set_targets({{kDefaultProfile, 2}});
  world.begin();
  ASSERT_EQ(world.under_way.size(), 1U);
  const ApiRequest& create = world.under_way[0].request;
  EXPECT_EQ(create.verb, Verb::create);
  EXPECT_EQ(create.ns, "default");
  EXPECT_EQ(create.body->name, "app-exec-2");
  world.answer_call();
}

}  // namespace
}  // namespace podramp::backend::snapshot_allocator_test
