// Dynamic allocation against 02 7.5, S-E7, S-E18..S-E23, S-E27, S-E28, S-E36, S-E37: idle executors go.
#include <gtest/gtest.h>

#include "backend/test_dynamic.h"

namespace podramp::backend::dynamic_removal_test {
namespace {

using Ids = std::set<ExecutorId>;
using List = std::vector<ExecutorId>;

// The executors 1 to 5, all pending removal, go; the news of two of them comes twice, which is harmless.
void five_go(DynamicWorld& world) {
  EXPECT_EQ(world.pending(), (Ids{1, 2, 3, 4, 5}));
  world.removed(1);
  EXPECT_EQ(world.pending(), (Ids{2, 3, 4, 5}));
  world.removed(2);
  world.removed(3);
  EXPECT_EQ(world.pending(), (Ids{4, 5}));
  world.removed(2);
  world.removed(3);
  EXPECT_EQ(world.pending(), (Ids{4, 5}));
  world.removed(4);
  world.removed(5);
  EXPECT_EQ(world.pending(), Ids{});
}

TEST(DynamicRemoval, S_E7_each_profile_keeps_its_own_floor_of_5) {
  DynamicAllocationSettings settings = dynamic_settings(5, 10, 5);
  settings.slots[1] = 4;
  settings.slots[2] = 1;
  DynamicWorld world(settings);
  world.stage(1, 10, 1);
  world.stage(2, 10, 2);
  world.added(1, 10, 1);
  world.added(11, 20, 2);
  world.added(21, 30, kDefaultProfile);

  EXPECT_EQ(world.pending(), Ids{});
  EXPECT_TRUE(world.remove_one(1, 1));
  EXPECT_EQ(world.pending(), Ids{1});
  EXPECT_TRUE(world.remove_one(11, 2));
  EXPECT_TRUE(world.remove_one(2, 1));
  EXPECT_EQ(world.pending(), (Ids{1, 2, 11}));
  EXPECT_TRUE(world.remove_one(21));
  EXPECT_TRUE(world.remove_one(3, 1));
  EXPECT_TRUE(world.remove_one(4, 1));
  EXPECT_EQ(world.pending(), (Ids{1, 2, 3, 4, 11, 21}));
  EXPECT_TRUE(world.remove_one(5, 1));
  EXPECT_FALSE(world.remove_one(6, 1));
  EXPECT_EQ(world.pending(), (Ids{1, 2, 3, 4, 5, 11, 21}));

  world.removed(1);
  EXPECT_EQ(world.pending(), (Ids{2, 3, 4, 5, 11, 21}));
  for (const ExecutorId id : {2, 3, 2, 3}) world.removed(id);  // the second news is harmless
  EXPECT_EQ(world.pending(), (Ids{4, 5, 11, 21}));
  for (const ExecutorId id : {4, 5}) world.removed(id);
  EXPECT_EQ(world.pending(), (Ids{11, 21}));
  EXPECT_FALSE(world.remove_one(7, 1));
  EXPECT_FALSE(world.remove_one(8, 1));
  EXPECT_EQ(world.pending(), (Ids{11, 21}));

  for (const ExecutorId id : {12, 13, 14, 15}) EXPECT_TRUE(world.remove_one(id, 2));
  EXPECT_FALSE(world.remove_one(16, 2));
  EXPECT_EQ(world.pending(), (Ids{11, 12, 13, 14, 15, 21}));
  for (ExecutorId id = 11; id <= 15; ++id) world.removed(id);
  EXPECT_EQ(world.pending(), Ids{21});
}

TEST(DynamicRemoval, S_E18_removal_stops_at_the_minimum_of_5) {
  DynamicWorld world(dynamic_settings(5, 10, 5));
  world.added(1, 10, kDefaultProfile);
  EXPECT_EQ(world.pending(), Ids{});
  EXPECT_TRUE(world.remove_one(1));
  EXPECT_EQ(world.pending(), Ids{1});
  EXPECT_TRUE(world.remove_one(2));
  EXPECT_TRUE(world.remove_one(3));
  EXPECT_EQ(world.pending(), (Ids{1, 2, 3}));
  EXPECT_TRUE(world.remove_one(4));
  EXPECT_TRUE(world.remove_one(5));
  EXPECT_FALSE(world.remove_one(6));

  five_go(world);
  EXPECT_FALSE(world.remove_one(7));
  EXPECT_FALSE(world.remove_one(8));
  EXPECT_EQ(world.pending(), Ids{});
}

TEST(DynamicRemoval, S_E19_executors_killed_by_the_driver_are_told_from_those_that_went_by_themselves) {
  DynamicWorld world(dynamic_settings(3, 5, 3));
  world.added(1, 5, kDefaultProfile);
  EXPECT_EQ(world.remove({1, 2}), (List{1, 2}));
  EXPECT_EQ(world.pending(), (Ids{1, 2}));
  world.removed(1, "driver requested exit");
  EXPECT_EQ(world.manager.monitor().removals(), (RemovalCounts{0, 0, 1, 0}));
  world.removed(2, "another driver requested exit");
  EXPECT_EQ(world.manager.monitor().removals(), (RemovalCounts{0, 0, 2, 0}));
  world.removed(3, "this will be an unexpected exit");
  EXPECT_EQ(world.manager.monitor().removals(), (RemovalCounts{0, 0, 2, 1}));
}

TEST(DynamicRemoval, S_E20_decommissioned_ones_are_counted_as_graceful_unfinished_or_unexpected) {
  DynamicAllocationSettings settings = dynamic_settings(3, 5, 3);
  settings.decommission = true;
  DynamicWorld world(settings);
  world.added(1, 5, kDefaultProfile);
  EXPECT_EQ(world.pending(), Ids{});
  EXPECT_EQ(world.remove({1, 2}), (List{1, 2}));
  EXPECT_EQ(world.decommissioning(), (Ids{1, 2}));
  EXPECT_EQ(world.pending(), Ids{});
  world.removed(1, "Finished decommission");
  EXPECT_EQ(world.manager.monitor().removals(), (RemovalCounts{1, 0, 0, 0}));
  world.removed(2, "stopped before gracefully finished");
  EXPECT_EQ(world.manager.monitor().removals(), (RemovalCounts{1, 1, 0, 0}));
  world.removed(3, "this will be an unexpected exit");
  EXPECT_EQ(world.manager.monitor().removals(), (RemovalCounts{1, 1, 0, 1}));
}

TEST(DynamicRemoval, S_E21_batched_removals_stop_at_the_minimum_likewise) {
  DynamicWorld world(dynamic_settings(5, 10, 5));
  world.added(1, 10, kDefaultProfile);
  EXPECT_EQ(world.remove({1}), List{1});
  EXPECT_EQ(world.pending(), Ids{1});
  EXPECT_EQ(world.remove({2, 3}), (List{2, 3}));
  EXPECT_EQ(world.pending(), (Ids{1, 2, 3}));
  EXPECT_TRUE(world.remove_one(4));
  EXPECT_EQ(world.remove({5}), List{5});
  EXPECT_FALSE(world.remove_one(6));
  five_go(world);
  EXPECT_FALSE(world.remove_one(7));
  EXPECT_EQ(world.remove({8}), List{});
  EXPECT_EQ(world.pending(), Ids{});

  DynamicWorld batch(dynamic_settings(5, 10, 5));
  batch.added(1, 10, kDefaultProfile);
  EXPECT_EQ(batch.remove({1, 2, 3, 4, 5, 6, 7}), (List{1, 2, 3, 4, 5})) << "the batch is cut at the minimum";
}

TEST(DynamicRemoval, S_E22_nobody_goes_while_the_live_are_the_target_and_some_when_it_is_lower) {
  DynamicWorld world(dynamic_settings(5, 12, 5));
  world.stage(0, 8);
  EXPECT_EQ(world.grow(), 1);
  EXPECT_EQ(world.grow(), 2);
  world.added(1, 8, kDefaultProfile);
  for (int i = 1; i <= 8; ++i) world.start(0, i, i);
  EXPECT_EQ(world.live(), 8);
  EXPECT_EQ(world.target(), 8);
  EXPECT_EQ(world.needed(), 8);
  EXPECT_FALSE(world.remove_one(1));

  for (int i = 1; i <= 3; ++i) world.end(0, i, i);
  world.adjust();
  EXPECT_EQ(world.live(), 8);
  EXPECT_EQ(world.target(), 5);
  EXPECT_EQ(world.needed(), 5);
  EXPECT_TRUE(world.remove_one(1));
  EXPECT_EQ(world.remove({2, 3}), (List{2, 3}));
  for (const ExecutorId id : {1, 2, 3}) world.removed(id);

  world.end(0, 4, 4);
  EXPECT_EQ(world.live(), 5);
  EXPECT_EQ(world.target(), 5);
  EXPECT_EQ(world.needed(), 4);
  EXPECT_FALSE(world.remove_one(4)) << "the minimum";
  world.advance(10 * kSecondUs);
  EXPECT_EQ(world.adjust(), 0) << "at its need nothing grows";
}

TEST(DynamicRemoval, S_E23_interleaved_adds_and_removals_keep_the_bounds_5_and_12) {
  DynamicWorld world(dynamic_settings(5, 12, 5));
  world.stage(0, 1000);
  EXPECT_EQ(world.grow(), 1);
  EXPECT_EQ(world.grow(), 2);
  world.added(1, 8, kDefaultProfile);
  EXPECT_EQ(world.live(), 8);
  EXPECT_EQ(world.target(), 8);
  EXPECT_FALSE(world.remove_one(1));
  EXPECT_EQ(world.remove({2, 3}), List{});

  world.added(9, 12, kDefaultProfile);
  EXPECT_EQ(world.live(), 12);
  EXPECT_EQ(world.target(), 8);
  EXPECT_TRUE(world.remove_one(1));
  EXPECT_EQ(world.remove({2, 3, 4}), (List{2, 3, 4}));
  EXPECT_FALSE(world.remove_one(5));
  EXPECT_FALSE(world.remove_one(6));
  for (ExecutorId id = 1; id <= 4; ++id) world.removed(id);
  EXPECT_EQ(world.live(), 8);

  EXPECT_FALSE(world.remove_one(7));
  EXPECT_EQ(world.remove({8}), List{});
  world.added(13, 16, kDefaultProfile);
  EXPECT_EQ(world.live(), 12);
  EXPECT_EQ(world.remove({5, 6, 7}), (List{5, 6, 7}));
  EXPECT_TRUE(world.remove_one(8));
  EXPECT_EQ(world.live(), 12);
  world.removed(5);
  world.removed(6);
  EXPECT_EQ(world.live(), 10);
  EXPECT_EQ(world.step(), 4);
  world.removed(9);
  world.removed(10);
  EXPECT_EQ(world.grow(), 4) << "to the upper limit in one go";
  world.added(17, 18, kDefaultProfile);
  EXPECT_EQ(world.live(), 10);
  EXPECT_EQ(world.grow(), 0);
  world.added(19, 20, kDefaultProfile);
  EXPECT_EQ(world.live(), 12);
  EXPECT_EQ(world.target(), 12);
}

class IdleTicks : public testing::Test {
 protected:
  // S-E27 and S-E28: how many are on their way out at each step.
  void run(bool decommission) {
    DynamicAllocationSettings settings = dynamic_settings(1, 20, 1);
    settings.decommission = decommission;
    DynamicWorld world(settings);
    const auto leaving = [&] { return decommission ? world.decommissioning() : world.pending(); };
    const auto others = [&] { return decommission ? world.pending() : world.decommissioning(); };
    world.now = 2020 * kMillisecondUs;
    world.added(1, 3, kDefaultProfile);
    EXPECT_EQ(leaving(), Ids{});

    world.advance(1500 * kMillisecondUs);
    world.tick();
    EXPECT_EQ(world.manager.monitor().candidates().size(), 0U);
    EXPECT_EQ(leaving(), Ids{});
    world.advance(3 * kSecondUs);
    EXPECT_EQ(world.manager.monitor().timed_out(world.now).size(), 3U);
    world.tick();
    EXPECT_EQ(leaving(), (Ids{1, 2})) << "one has to stay";

    world.added(4, 7, kDefaultProfile);
    EXPECT_EQ(world.live(), 7);
    EXPECT_EQ(leaving().size(), 2U);
    for (const ExecutorId id : {4, 5, 6}) world.start(1, 1, id, false, 1);
    world.tick();
    EXPECT_EQ(leaving(), (Ids{1, 2, 3})) << "there are new ones now";

    world.advance(3 * kSecondUs);
    world.tick();
    EXPECT_EQ(leaving(), (Ids{1, 2, 3, 7})) << "4, 5 and 6 are busy";
    for (const ExecutorId id : {4, 5, 6}) world.end(1, 1, id, TaskEnd::success, false, 1);
    world.tick();
    EXPECT_EQ(leaving().size(), 4U);
    world.advance(3 * kSecondUs);
    world.tick();
    EXPECT_EQ(leaving(), (Ids{1, 2, 3, 4, 5, 7})) << "one remains";
    EXPECT_EQ(others(), Ids{});
    for (const Removal& removal : world.removals) EXPECT_EQ(removal.decommission, decommission);
  }
};

TEST_F(IdleTicks, S_E27_ticks_remove_what_is_idle_until_one_remains) { run(false); }

TEST_F(IdleTicks, S_E28_and_the_same_through_decommissioning) { run(true); }

TEST(DynamicRemoval, S_E36_killing_idle_executors_does_not_lower_the_target) {
  DynamicWorld world(dynamic_settings(1, 2, 1));
  EXPECT_EQ(world.target(), 1);
  world.added(1);
  world.stage(0, 2);
  world.advance(kSecondUs);
  world.adjust();
  EXPECT_EQ(world.target(), 2);
  world.start(0, 0, 1);
  world.added(2);
  world.start(0, 1, 2);
  EXPECT_EQ(world.target(), 2);

  world.end(0, 0, 1);
  EXPECT_EQ(world.needed(), 1);
  EXPECT_EQ(world.target(), 2);
  world.advance(kSecondUs);
  world.adjust();
  EXPECT_EQ(world.target(), 1);
  EXPECT_EQ(world.pending(), Ids{});

  world.advance(3 * kSecondUs);
  world.tick();
  EXPECT_EQ(world.needed(), 1);
  EXPECT_EQ(world.target(), 1);
  EXPECT_EQ(world.pending(), Ids{1});
  ASSERT_EQ(world.removals.size(), 1U);
  EXPECT_FALSE(world.removals[0].adjust_target);
  EXPECT_EQ(world.requests.back().targets, (std::map<ProfileId, std::int64_t>{{0, 1}})) << "sent again after the kill";
}

TEST(DynamicRemoval, S_E37_when_all_idle_out_the_target_falls_to_the_minimum_in_the_same_tick) {
  DynamicWorld world(dynamic_settings(1, 5, 3));
  world.now = 10 * kSecondUs;
  EXPECT_EQ(world.target(), 3);
  world.added(1, 3, kDefaultProfile);
  world.advance(3 * kSecondUs);
  world.tick();
  EXPECT_EQ(world.target(), 1);
  EXPECT_EQ(world.pending(), (Ids{1, 2}));
}

// --- what the suite does not ask -----------------------------------------------------------------------------------

TEST(DynamicRemoval, ARefusedKillIsTriedAgainAtEveryTickAndTheTargetsAreSentEachTime) {
  DynamicWorld world(dynamic_settings(0, 5, 0));
  world.refuses = {1};
  world.added(1);
  world.added(2);
  world.advance(3 * kSecondUs);
  world.tick();
  EXPECT_EQ(world.pending(), Ids{2});
  EXPECT_EQ(world.manager.next_tick(world.now), world.now + kDynamicTickUs);
  for (int i = 0; i < 3; ++i) {
    world.advance(kDynamicTickUs);
    world.tick();
  }
  EXPECT_EQ(world.pending(), Ids{2});
  EXPECT_EQ(world.removals.size(), 4U);
  EXPECT_EQ(world.requests.size(), 5U);
  world.refuses = {};
  world.advance(kDynamicTickUs);
  world.tick();
  EXPECT_EQ(world.pending(), (Ids{1, 2}));
}

TEST(DynamicRemoval, CandidatesThatMayNotGoSendNothing) {
  DynamicWorld world(dynamic_settings(2, 5, 2));
  world.added(1);
  world.added(2);
  world.advance(3 * kSecondUs);
  world.tick();
  EXPECT_EQ(world.removals.size(), 0U);
  EXPECT_EQ(world.requests.size(), 1U);
  EXPECT_EQ(world.manager.next_tick(world.now), kNever) << "and no tick is needed until something happens";
}

TEST(DynamicRemoval, AnExecutorOfTheUnknownProfileStays) {
  DynamicWorld world(dynamic_settings(0, 5, 0));
  world.start(1, 0, 1);
  world.end(1, 0, 1);
  world.advance(3 * kSecondUs);
  world.tick();
  EXPECT_EQ(world.manager.monitor().candidates(), (std::vector<IdleExecutor>{{1, kUnknownProfile}}));
  EXPECT_EQ(world.removals.size(), 0U);
}

}  // namespace
}  // namespace podramp::backend::dynamic_removal_test
