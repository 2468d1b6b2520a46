// Dynamic allocation against 02 7.5, S-E11..S-E13: task sets that no executor may run, because of exclusion.
#include <gtest/gtest.h>

#include "backend/test_dynamic.h"

namespace podramp::backend::dynamic_unschedulable_test {
namespace {

TEST(DynamicUnschedulable, S_E11_one_unschedulable_stage_wants_one_more_than_the_live_ones) {
  DynamicWorld world(dynamic_settings(0, 5, 0, 2));
  world.stage(0, 2);
  EXPECT_EQ(world.grow(), 1);
  EXPECT_EQ(world.grow(), 0);
  world.added(0);
  world.start(0, 0, 0);
  world.start(0, 1, 0);
  EXPECT_EQ(world.target(), 1);
  EXPECT_EQ(world.needed(), 1);

  world.unschedulable(0);
  world.advance(kSecondUs);
  world.adjust();
  EXPECT_EQ(world.target(), 2);
  EXPECT_EQ(world.needed(), 2);

  world.added(1);
  world.schedulable(0);
  world.advance(kSecondUs);
  world.adjust();
  EXPECT_EQ(world.target(), 1);
  EXPECT_EQ(world.needed(), 1);
}

TEST(DynamicUnschedulable, S_E12_several_unschedulable_stages_target_4_then_need_5) {
  DynamicWorld world(dynamic_settings(0, 10, 0, 2));
  for (StageId stage = 0; stage <= 2; ++stage) world.stage(stage, 2);
  EXPECT_EQ(world.grow(), 1);
  EXPECT_EQ(world.grow(), 2);
  EXPECT_EQ(world.grow(), 0);
  world.added(0, 2, kDefaultProfile);
  for (StageId stage = 0; stage <= 2; ++stage) {
    world.start(stage, stage * 2 + 1, stage / 2);
    world.start(stage, stage * 2 + 2, stage / 2);
  }
  EXPECT_EQ(world.target(), 3);
  EXPECT_EQ(world.needed(), 3);

  world.end(0, 0, 0);
  world.end(0, 1, 0);
  world.stage_done(0);
  world.unschedulable(1);
  world.unschedulable(2);
  world.advance(kSecondUs);
  world.adjust();
  EXPECT_EQ(world.target(), 4);
  EXPECT_EQ(world.needed(), 4);

  world.added(3);
  world.schedulable(1);
  world.advance(kSecondUs);
  world.adjust();
  EXPECT_EQ(world.target(), 4);
  EXPECT_EQ(world.needed(), 5);
}

TEST(DynamicUnschedulable, S_E13_unschedulable_after_removals_goes_1_2_1_0) {
  DynamicWorld world(dynamic_settings(0, 6, 0, 2));
  world.stage(0, 10);
  for (const std::int64_t delta : {1, 2, 2, 0}) EXPECT_EQ(world.grow(), delta);
  world.added(0, 4, kDefaultProfile);
  for (int i = 0; i <= 9; ++i) world.start(0, i, i / 2);
  EXPECT_EQ(world.target(), 5);
  EXPECT_EQ(world.needed(), 5);
  for (int i = 0; i <= 7; ++i) world.end(0, i, i / 2);
  world.advance(kSecondUs);
  world.adjust();
  EXPECT_EQ(world.target(), 1);
  EXPECT_EQ(world.needed(), 1);
  for (ExecutorId id = 0; id <= 3; ++id) EXPECT_TRUE(world.remove_one(id));
  for (ExecutorId id = 0; id <= 3; ++id) world.removed(id);

  world.unschedulable(0);
  world.advance(kSecondUs);
  world.adjust();
  EXPECT_EQ(world.target(), 2);
  EXPECT_EQ(world.needed(), 2);
  world.added(5);
  world.schedulable(0);
  world.advance(kSecondUs);
  world.adjust();
  EXPECT_EQ(world.target(), 1);
  EXPECT_EQ(world.needed(), 1);
  world.end(0, 9, 4);
  world.end(0, 8, 5);
  world.advance(kSecondUs);
  world.adjust();
  world.stage_done(0);
  world.advance(kSecondUs);
  world.adjust();
  EXPECT_EQ(world.target(), 0);
  EXPECT_EQ(world.needed(), 0);
  EXPECT_TRUE(world.remove_one(4));
  world.removed(4);
  EXPECT_TRUE(world.remove_one(5));
  world.removed(5);
}

}  // namespace
}  // namespace podramp::backend::dynamic_unschedulable_test
