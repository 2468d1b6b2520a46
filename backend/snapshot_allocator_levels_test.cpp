// What the allocator does differently from one Spark version to the next (02 0.2): the cap on ids, the cap per profile,
// who counts failures, what a refused create costs. The settings come from each level's own conf.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "backend/test_allocator_world.h"
#include "backend/wiring.h"

namespace podramp::backend::snapshot_allocator_levels_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr DurationUs kIdle = 10 * kSecondUs;

// The allocator's settings of one level, with the numbers of 02 7.1: batch 5, idle 10 s.
AllocatorSettings settings_at(Compat level, StringMap conf = {}) {
  conf.emplace("spark.kubernetes.allocation.batch.size", "5");
  conf.emplace("spark.kubernetes.allocation.batch.delay", "101ms");
  conf.emplace("spark.dynamicAllocation.executorIdleTimeout", "10s");
  conf.emplace("spark.kubernetes.container.image", "spark");
  ConfOutcome outcome = make_conf(conf, level);
  for (const FieldError& error : outcome.errors) ADD_FAILURE() << to_string(error);
  Application application;
  application.app_id = "app-1";
  application.conf = std::move(outcome.conf.value());
  return allocator_settings(application);
}

AllocatorWorld::Answer refuse_creates() {
  return [](const ApiRequest& request) {
    return request.verb == Verb::create ? reply_error(403, "Forbidden") : reply_ok();
  };
}

// --- allocation.maximum, from 4.1 --------------------------------------------------------------------------------

TEST(SparkAcceptance, S_A9_with_a_maximum_of_1_the_very_first_creation_exceeds_the_limit) {
  AllocatorWorld world(settings_at(Compat::spark_4_1, {{"spark.kubernetes.allocation.maximum", "1"}}));
  world.target({{kDefaultProfile, 1}});
  EXPECT_THAT(world.created(), IsEmpty());
  const auto reports = world.reports();
  ASSERT_THAT(reports, SizeIs(1));
  EXPECT_THAT(reports[0].aborted, HasSubstr("exceeds the pod creation limit of 1"));
}

TEST(AllocationMaximum, AllowsOneExecutorLessAndIsRetriedEveryTickWithoutAnExit) {  // T12
  AllocatorWorld world(settings_at(Compat::spark_4_1, {{"spark.kubernetes.allocation.maximum", "4"}}));
  world.target({{kDefaultProfile, 10}});
  EXPECT_THAT(world.created(), ElementsAre(1, 2, 3));
  EXPECT_EQ(world.allocator.last_id(), 4) << "the id that was one too many is used up";
  for (ExecutorId id = 1; id <= 3; ++id) world.show(id, PodPhase::running);
  for (int tick = 0; tick < 10; ++tick) world.round();
  EXPECT_THAT(world.created(), IsEmpty());
  EXPECT_EQ(world.allocator.last_id(), 14);
  EXPECT_FALSE(world.allocator.exited());
  EXPECT_EQ(world.allocator.outstanding(), 0);
}

TEST(AllocationMaximum, CountsIdsEverIssuedNotExecutorsAlive) {
  AllocatorWorld world(settings_at(Compat::spark_4_2, {{"spark.kubernetes.allocation.maximum", "4"}}));
  world.target({{kDefaultProfile, 2}});
  world.show(1, PodPhase::failed);
  world.show(2, PodPhase::failed);
  world.round();
  EXPECT_THAT(world.created(), ElementsAre(1, 2, 3));
  world.show(3, PodPhase::failed);
  world.round();
  EXPECT_THAT(world.created(), IsEmpty()) << "nobody lives, and nobody will";
}

TEST(AllocationMaximum, DoesNotExistBefore41) {
  EXPECT_EQ(settings_at(Compat::spark_4_0, {{"spark.kubernetes.allocation.maximum", "4"}}).ids_max, INT32_MAX);
  EXPECT_EQ(settings_at(Compat::spark_3_5).ids_max, INT32_MAX);
  EXPECT_EQ(settings_at(Compat::spark_4_4, {{"spark.kubernetes.allocation.maximum", "4"}}).ids_max, 4);
}

// --- allocation.maxPendingPodsPerRp, from 4.1 --------------------------------------------------------------------

TEST(SparkAcceptance, S_A7_the_limit_of_2_pending_pods_per_profile_is_each_profiles_own) {
  AllocatorWorld world(settings_at(Compat::spark_4_1, {{"spark.kubernetes.allocation.maxPendingPodsPerRp", "2"}}));
  world.target({{kDefaultProfile, 2}, {kOther, 3}});
  EXPECT_THAT(world.created(), ElementsAre(1, 2, 3, 4)) << "four in total: two of each";
  EXPECT_EQ(world.allocator.outstanding(), 4);
  EXPECT_EQ(world.reports().back().profiles.at(1).limited_by, Limit::pending_cap);
  for (ExecutorId id = 1; id <= 4; ++id) world.show(id, PodPhase::pending);
  world.round();
  EXPECT_THAT(world.created(), IsEmpty()) << "pending frees nothing";
  EXPECT_EQ(world.allocator.outstanding(), 4);
  world.now += 2 * kIdle;
  world.target({{kDefaultProfile, 1}, {kOther, 3}});
  world.round();
  EXPECT_THAT(world.deleted(), SizeIs(1));
  EXPECT_THAT(world.created(), IsEmpty()) << "room in the default profile does not help the other";
  EXPECT_EQ(world.allocator.outstanding(), 3);
  world.show(3, PodPhase::running);
  world.round();
  EXPECT_THAT(world.created(), ElementsAre(5));
  EXPECT_EQ(world.allocator.newly_created().at(5).profile, kOther);
  EXPECT_EQ(world.allocator.outstanding(), 3);
}

TEST(MaxPendingPodsPerProfile, DoesNotExistBefore41) {
  const StringMap conf{{"spark.kubernetes.allocation.maxPendingPodsPerRp", "2"}};
  EXPECT_EQ(settings_at(Compat::spark_3_5, conf).max_pending_pods_per_rp, INT32_MAX);
  EXPECT_EQ(settings_at(Compat::spark_4_0, conf).max_pending_pods_per_rp, INT32_MAX);
  EXPECT_EQ(settings_at(Compat::spark_4_1, conf).max_pending_pods_per_rp, 2);
}

// --- 3.5: the allocator counts failed pods -----------------------------------------------------------------------

TEST(SparkAcceptance, S_A27_in_3_5_the_allocator_counts_failed_pods_and_the_third_beyond_a_limit_of_2_ends_the_driver) {
  AllocatorWorld world(settings_at(
      Compat::spark_3_5, {{"spark.executor.maxNumFailures", "2"}, {"spark.executor.failuresValidityInterval", "2s"}}));
  world.target({{kDefaultProfile, 1}});
  world.show(1, PodPhase::failed);
  world.round();
  world.show(2, PodPhase::failed);
  world.round();
  EXPECT_THAT(world.exits(), IsEmpty()) << "two failures are within the limit";
  world.now += 3 * kSecondUs;
  for (ExecutorId id = 3; id <= 4; ++id) {
    world.show(id, PodPhase::failed);
    world.round();
  }
  EXPECT_THAT(world.exits(), IsEmpty()) << "the window has moved past the first two";
  world.show(5, PodPhase::failed);
  world.round();
  const auto exits = world.exits();
  ASSERT_THAT(exits, SizeIs(1));
  EXPECT_EQ(exits[0].code, 11);
  EXPECT_EQ(exits[0].why, "3 executors have failed, more than the 2 that spark.executor.maxNumFailures allows");
  EXPECT_TRUE(world.allocator.exited());
}

TEST(FailuresIn35, OnlyTheLastSnapshotIsLookedAtSoPodsDeletedBetweenRoundsAreMissed) {
  AllocatorWorld world(settings_at(Compat::spark_3_5, {{"spark.executor.maxNumFailures", "1"}}));
  world.target({{kDefaultProfile, 1}});
  for (ExecutorId id = 1; id <= 20; ++id) {
    world.show(id, PodPhase::failed);
    world.list({});  // the lifecycle manager was quicker
    world.round();
  }
  EXPECT_EQ(world.allocator.last_id(), 21);
  EXPECT_THAT(world.exits(), IsEmpty());
}

TEST(FailuresIn35, OnlyProfilesWithATargetCountAndEachExecutorOnce) {
  AllocatorWorld world(settings_at(Compat::spark_3_5, {{"spark.executor.maxNumFailures", "1"}}));
  world.show(21, PodPhase::failed, 0, "2");
  world.show(22, PodPhase::failed, 0, "2");
  world.show(23, PodPhase::failed, 0, "1");
  world.allocator.set_targets({{kDefaultProfile, 0}, {kOther, 0}});
  for (int tick = 0; tick < 3; ++tick) world.round();
  EXPECT_THAT(world.exits(), IsEmpty()) << "profile 2 has no target, and 23 counts once";
  world.allocator.set_targets({{2, 0}});
  world.round();
  EXPECT_THAT(world.exits(), SizeIs(1));
}

TEST(FailuresIn35, AnAbandonedRoundCountsButIsNotChecked) {
  AllocatorWorld world(settings_at(Compat::spark_3_5, {{"spark.executor.maxNumFailures", "0"}}));
  world.allocator.set_targets({{kDefaultProfile, 1}});
  world.show(21, PodPhase::failed, 0, "0");
  world.answer = refuse_creates();
  world.round();
  EXPECT_THAT(world.exits(), IsEmpty());
  world.answer = nullptr;
  world.round();
  EXPECT_THAT(world.exits(), SizeIs(1));
}

TEST(FailuresIn35, LaterLevelsLeaveCountingToTheLifecycleManager) {
  EXPECT_TRUE(settings_at(Compat::spark_3_5).counts_failed.has_value());
  for (const Compat level : {Compat::spark_4_0, Compat::spark_4_1, Compat::spark_4_2, Compat::spark_4_4}) {
    EXPECT_FALSE(settings_at(level).counts_failed.has_value());
    Application application;
    application.conf.compat = level;
    EXPECT_TRUE(lifecycle_settings(application).counts_failed);
  }
  Application application;
  application.conf.compat = Compat::spark_3_5;
  EXPECT_FALSE(lifecycle_settings(application).counts_failed);
}

// --- 4.2: a refused create costs an id, not the round ------------------------------------------------------------

TEST(SparkAcceptance, S_A28_from_4_2_a_failed_create_is_counted_and_the_loop_goes_on_with_the_next_id) {
  AllocatorWorld world(settings_at(Compat::spark_4_2));
  world.answer = [](const ApiRequest& request) {
    return executor_id(*request.body) == 2 ? reply_error(403, "Forbidden") : reply_ok();
  };
  world.target({{kDefaultProfile, 4}, {kOther, 1}});
  EXPECT_THAT(world.created(), ElementsAre(1, 3, 4, 5));
  EXPECT_EQ(world.allocator.newly_created().at(5).profile, kOther) << "no higher profile is starved";
  EXPECT_EQ(world.allocator.take_failed_creates(), 1);
  EXPECT_EQ(world.allocator.take_failed_creates(), 0);
  EXPECT_EQ(world.allocator.outstanding(), 4) << "the round is committed";
  EXPECT_THAT(world.notes(), ElementsAre("warn: creating executor 2: 403 Forbidden: as the server says (1 failed in "
                                         "all)"));
  const auto report = world.reports().back();
  EXPECT_EQ(report.aborted, "");
  EXPECT_EQ(report.profiles.at(0).asked, 4);
  EXPECT_EQ(report.profiles.at(0).created, 3);
  EXPECT_EQ(report.profiles.at(0).limited_by, Limit::refused);
  EXPECT_EQ(report.profiles.at(1).limited_by, Limit::none);
}

TEST(FailedCreates, UpTo41CostTheRoundAndAreNoExecutorFailures) {
  for (const Compat level : {Compat::spark_3_5, Compat::spark_4_0, Compat::spark_4_1}) {
    AllocatorWorld world(settings_at(level));
    world.answer = refuse_creates();
    world.target({{kDefaultProfile, 4}});
    EXPECT_EQ(world.allocator.last_id(), 1);
    EXPECT_EQ(world.allocator.take_failed_creates(), 0);
    EXPECT_EQ(world.reports().back().aborted, "creating executor 1: 403 Forbidden: as the server says");
  }
}

TEST(FailedCreates, From42ARefusedBatchBurnsABatchOfIdsAndTheRunningTotalGrows) {
  for (const Compat level : {Compat::spark_4_2, Compat::spark_4_4}) {
    AllocatorWorld world(settings_at(level));
    world.answer = refuse_creates();
    world.target({{kDefaultProfile, 7}});
    world.round();
    EXPECT_EQ(world.allocator.last_id(), 10) << "five a round";
    EXPECT_EQ(world.allocator.take_failed_creates(), 10);
    EXPECT_THAT(world.notes().back(), HasSubstr("creating executor 10: 403 Forbidden: as the server says (10 failed"));
    EXPECT_EQ(world.allocator.outstanding(), 0);
  }
}

}  // namespace
}  // namespace podramp::backend::snapshot_allocator_levels_test
