// What an allocation round gives up and deletes: creation time-outs and excess (02 1.3 steps 4 and 9), T2 and T6.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "backend/test_allocator_world.h"

namespace podramp::backend::snapshot_allocator_removal_test {
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

// --- time-outs (1.3 step 4), T2 ----------------------------------------------------------------------------------

TEST(AllocatorTrap, T2_ACreatedPodTimesOutOneMicrosecondAfterTheTimeOutAndNotAtIt) {
  AllocatorWorld world;
  world.target({{kDefaultProfile, 1}});
  world.created();
  world.now += kCreationTimeout;
  world.round();
  EXPECT_THAT(world.deleted(), IsEmpty());
  EXPECT_THAT(ids_of(world.allocator.newly_created()), ElementsAre(1));
  world.now += 1;
  world.round();
  EXPECT_THAT(world.deleted(), ElementsAre(Deleted{{1}, false}));
  EXPECT_THAT(world.created(), ElementsAre(2));
}

TEST(AllocatorTimeOut, AllThatTimedOutGoInOneCallOverAllProfilesAndMayStillRegister) {
  AllocatorWorld world;
  world.target({{kDefaultProfile, 2}, {kOther, 1}});
  world.created();
  world.now += kCreationTimeout + 1;
  world.round();
  EXPECT_THAT(world.deleted(), ElementsAre(Deleted{{1, 2, 3}, false}));
  EXPECT_THAT(world.created(), ElementsAre(4, 5, 6));
  EXPECT_EQ(world.reports().back().timed_out, 3);
  for (const ExecutorId id : {1, 2, 3}) EXPECT_FALSE(world.allocator.is_deleted(id)) << id;
}

TEST(AllocatorTimeOut, AFailedDeleteIsSwallowedAndTheRoundGoesOn) {
  AllocatorWorld world;
  world.target({{kDefaultProfile, 1}});
  world.created();
  world.now += kCreationTimeout + 1;
  world.answer = [](const ApiRequest& request) {
    return request.verb == Verb::create ? reply_ok(201) : reply_error(403, "Forbidden");
  };
  world.round();
  EXPECT_THAT(world.created(), ElementsAre(2));
  EXPECT_EQ(world.reports().back().aborted, "");
  EXPECT_THAT(world.notes(),
              ElementsAre("warn: executors 1 were in no snapshot 10m00.000s after their creation: given up",
                          "warn: deleting executors that timed out failed: 403 Forbidden: as "
                          "the server says"));
}

TEST(AllocatorTimeOut, WithoutDeleteOnTerminationThePodIsReplacedAndLeftAlone) {
  AllocatorSettings settings = acceptance_settings();
  settings.delete_on_termination = false;
  AllocatorWorld world(settings);
  world.target({{kDefaultProfile, 1}});
  world.created();
  world.now += kCreationTimeout + 1;
  world.round();
  EXPECT_THAT(world.deleted(), IsEmpty());
  EXPECT_THAT(world.created(), ElementsAre(2));
  EXPECT_EQ(world.reports().back().timed_out, 1);
}

// --- excess (1.3 step 9), T2, T6 ---------------------------------------------------------------------------------

TEST(AllocatorTrap, T2_AnUnacknowledgedRequestIsIdleOneMicrosecondAfterTheIdleTimeAndNotAtIt) {
  AllocatorWorld world;
  world.target({{kDefaultProfile, 1}});
  world.target({{kDefaultProfile, 0}});
  world.now += kIdle;
  world.round();
  EXPECT_THAT(world.deleted(), IsEmpty());
  world.now += 1;
  world.round();
  EXPECT_THAT(world.deleted(), ElementsAre(Deleted{{1}, true}));
}

TEST(AllocatorTrap, T2_APendingPodIsIdleOneMicrosecondAfterTheIdleTimeCountedFromItsCreationTimestamp) {
  AllocatorWorld world;
  world.now += 700 * kMillisecondUs;  // the timestamp is that of the whole second before
  world.target({{kDefaultProfile, 1}});
  world.show(1, PodPhase::pending);
  world.round();
  world.target({{kDefaultProfile, 0}});
  world.now = whole_second(world.now) + kIdle;
  world.round();
  EXPECT_THAT(world.deleted(), IsEmpty());
  world.now += 1;
  world.round();
  EXPECT_THAT(world.deleted(), ElementsAre(Deleted{{1}, true}));
}

TEST(AllocatorExcess, UnacknowledgedRequestsGoFirstTheOldestFirst) {
  AllocatorWorld world;
  world.target({{kDefaultProfile, 5}});
  world.show(1, PodPhase::pending);
  world.show(4, PodPhase::pending);
  world.round();
  world.target({{kDefaultProfile, 3}});
  world.now += kIdle + kSecondUs;
  world.round();
  EXPECT_THAT(world.deleted(), ElementsAre(Deleted{{2, 3}, true}));
}

TEST(AllocatorExcess, PendingPodsAreChosenInScalasHashOrder) {
  AllocatorSettings settings = acceptance_settings();
  settings.batch_size = 20;
  AllocatorWorld world(settings);
  world.target({{kDefaultProfile, 17}});
  for (ExecutorId id = 1; id <= 13; ++id) world.show(id, PodPhase::running);
  for (ExecutorId id = 14; id <= 17; ++id) world.show(id, PodPhase::pending);
  world.round();
  world.now += 2 * kIdle;
  world.target({{kDefaultProfile, 15}});
  world.round();
  EXPECT_THAT(world.deleted(), ElementsAre(Deleted{{16, 17}, true}));
}

TEST(AllocatorExcess, PendingPodsThatAreNotIdleDoNotTakePartInTheChoice) {
  AllocatorSettings settings = acceptance_settings();
  AllocatorWorld world(settings);
  for (const ExecutorId id : {14, 15}) world.show(id, PodPhase::pending, world.now - 2 * kIdle, "0");
  for (const ExecutorId id : {16, 17}) world.show(id, PodPhase::pending, world.now - kIdle, "0");
  world.target({{kDefaultProfile, 2}});
  EXPECT_THAT(world.deleted(), ElementsAre(Deleted{{14, 15}, true}));
}

TEST(AllocatorTrap, T6_AnExcessPodThatRunsAllTheSameIsNotCountedAndMayNotRegisterUntilItIsGone) {
  AllocatorWorld world;
  world.target({{kDefaultProfile, 1}});
  world.created();
  world.show(1, PodPhase::pending);
  world.round();
  world.target({{kDefaultProfile, 0}});
  world.now += 2 * kIdle;
  world.round();
  EXPECT_TRUE(world.allocator.is_deleted(1));
  world.show(1, PodPhase::running);
  world.target({{kDefaultProfile, 1}});
  EXPECT_THAT(world.created(), ElementsAre(2));
  EXPECT_TRUE(world.allocator.is_deleted(1));
  EXPECT_EQ(world.reports().back().profiles.at(0).running, 0);
  world.round();
  EXPECT_TRUE(world.allocator.is_deleted(1)) << "an empty batch forgets nothing";
  world.list({{2, PodPhase::running}});
  world.round();
  EXPECT_FALSE(world.allocator.is_deleted(1));
}

TEST(AllocatorExcess, AFailedDeleteKeepsTheIdsOutOfTheNextRoundsButNotOutOfThisOnesBooks) {
  AllocatorSettings settings = acceptance_settings();
  settings.max_pending_pods = 3;
  AllocatorWorld world(settings);
  world.target({{kDefaultProfile, 2}, {kOther, 1}});
  for (const ExecutorId id : {1, 3}) world.show(id, PodPhase::pending);
  world.round();
  world.created();
  world.now += 2 * kIdle;
  world.target({{kDefaultProfile, 0}, {kOther, 2}});
  world.answer = [](const ApiRequest&) { return reply_error(500, "InternalError"); };
  world.round();
  EXPECT_THAT(world.created(), IsEmpty()) << "no slot is free by the books";
  EXPECT_EQ(world.allocator.outstanding(), 3);
  EXPECT_TRUE(world.allocator.is_deleted(1));
  EXPECT_TRUE(world.allocator.is_deleted(2)) << "although no call reached it";
  EXPECT_THAT(ids_of(world.allocator.newly_created()), ElementsAre(2));
  const auto report = world.reports().back();
  EXPECT_EQ(report.aborted, "");
  EXPECT_EQ(report.slots, 0);
  EXPECT_EQ(report.profiles.at(0).have, 2);
  EXPECT_EQ(report.profiles.at(0).excess_deleted, 0);
  EXPECT_EQ(report.profiles.at(1).limited_by, Limit::pending_cap);
  world.answer = nullptr;
  world.round();
  EXPECT_EQ(world.allocator.profiles().at(0).have, 0) << "1 is left out, 2 is deleted again";
  EXPECT_THAT(world.deleted(), ElementsAre(Deleted{{2}, true}));
}

}  // namespace
}  // namespace podramp::backend::snapshot_allocator_removal_test
