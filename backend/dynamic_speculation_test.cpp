// Dynamic allocation against 02 7.5, S-E10 and S-E14..S-E17: speculative copies, zombie attempts, cancelled requests.
#include <gtest/gtest.h>

#include "backend/test_dynamic.h"

namespace podramp::backend::dynamic_speculation_test {
namespace {

// 40 tasks on ten executors of four cores: targets 1, 3, 7, 10, all tasks running, four by four.
class FortyTasks : public testing::Test {
 protected:
  FortyTasks() {
    world.stage(0, 40);
    for (const std::int64_t delta : {1, 2, 4, 3}) EXPECT_EQ(world.grow(), delta);
    world.added(0, 9, kDefaultProfile);
    for (int i = 0; i < 40; ++i) world.start(0, i, i / 4);
    EXPECT_EQ(world.target(), 10);
    EXPECT_EQ(world.needed(), 10);
  }
  // A second later: the target and the need.
  void expect_target(std::int64_t expected) {
    world.advance(kSecondUs);
    world.adjust();
    EXPECT_EQ(world.target(), expected);
    EXPECT_EQ(world.needed(), expected);
  }
  void remove(ExecutorId from, ExecutorId to) {
    for (ExecutorId id = from; id <= to; ++id) EXPECT_TRUE(world.remove_one(id)) << id;
    for (ExecutorId id = from; id <= to; ++id) world.removed(id);
  }

  DynamicWorld world{dynamic_settings(0, 10, 0, 4)};
};

TEST(DynamicSpeculation, S_E10_speculative_tasks_count_once_they_are_requested_and_starting_them_changes_nothing) {
  DynamicWorld world(dynamic_settings(0, 10, 0));
  world.stage(1, 2);
  world.speculate(1, 0);
  EXPECT_EQ(world.target(), 0);
  EXPECT_EQ(world.step(), 1);
  EXPECT_EQ(world.grow(), 1);
  world.speculate(1, 1);
  world.speculate(1, 2);
  EXPECT_EQ(world.target(), 1);
  EXPECT_EQ(world.step(), 2);
  EXPECT_EQ(world.grow(), 2);
  EXPECT_EQ(world.target(), 3);
  EXPECT_EQ(world.step(), 4);
  EXPECT_EQ(world.grow(), 2);
  EXPECT_EQ(world.target(), 5);
  EXPECT_EQ(world.step(), 1);

  world.start(1, 0, 1);
  EXPECT_EQ(world.target(), 5);
  EXPECT_EQ(world.grow(), 0);
  EXPECT_EQ(world.step(), 1);
  world.start(1, 1, 2, true);
  EXPECT_EQ(world.target(), 5);
  EXPECT_EQ(world.grow(), 0);
  EXPECT_EQ(world.step(), 1);
}

TEST_F(FortyTasks, S_E14_originals_that_finish_before_their_copies_start_reduce_the_need_10_5_3_3_1) {
  for (int i = 0; i < 30; ++i) world.end(0, i, i / 4);
  for (int i = 30; i < 40; ++i) world.speculate(0, i);
  expect_target(5);
  remove(0, 4);
  for (int i = 30; i < 35; ++i) world.end(0, i, i / 4);
  expect_target(3);
  for (int i = 40; i < 45; ++i) world.start(0, i - 5, i / 4, true);
  expect_target(3);
  for (int i = 35; i < 39; ++i) world.end(0, i, i / 4);
  for (int i = 35; i < 39; ++i) world.end(0, i, (i + 5) / 4, TaskEnd::killed, true);
  expect_target(1);
}

TEST_F(FortyTasks, S_E15_a_long_speculation_goes_10_3_5_4_2_2_1_2_1_0) {
  for (int i = 0; i <= 29; ++i) world.end(0, i, i / 4);
  expect_target(3);
  remove(0, 6);

  for (int i = 30; i <= 39; ++i) world.speculate(0, i);
  EXPECT_EQ(world.grow(), 1);
  EXPECT_EQ(world.grow(), 1);
  EXPECT_EQ(world.target(), 5);
  EXPECT_EQ(world.needed(), 5);
  world.added(10, 12, kDefaultProfile);
  for (int i = 40; i <= 49; ++i) world.start(0, i - 10, i / 4, true);
  expect_target(5);

  for (int i = 40; i <= 45; ++i) world.end(0, i - 10, i / 4, TaskEnd::success, true);
  expect_target(4);
  remove(10, 10);
  for (int i = 30; i <= 35; ++i) world.end(0, i, i / 4, TaskEnd::killed);
  expect_target(2);
  remove(7, 8);

  world.end(0, 36, 9);
  world.end(0, 36, 11, TaskEnd::killed, true);
  expect_target(2);
  EXPECT_EQ(world.live(), 3);

  world.end(0, 37, 9);
  world.end(0, 37, 11, TaskEnd::success, true);
  expect_target(1);
  remove(11, 11);

  // Task 38 and the copy of 39 fail; 39 is speculated upon again: one executor more, for locality.
  world.end(0, 38, 9, TaskEnd::failed);
  world.end(0, 39, 12, TaskEnd::failed, true);
  world.speculate(0, 39);
  expect_target(2);
  world.start(0, 39, 12, true);
  expect_target(1);

  world.end(0, 39, 9);
  world.end(0, 38, 12, TaskEnd::success, true);
  world.end(0, 39, 12, TaskEnd::killed, true);
  world.stage_done(0);
  expect_target(0);
  remove(9, 9);
  remove(12, 12);
}

TEST(DynamicSpeculation, S_E16_tasks_of_a_zombie_attempt_keep_counting_and_each_end_counts_once) {
  DynamicWorld world(dynamic_settings(0, 10, 0));
  const auto running = [&] { return world.manager.backlog().running(kDefaultProfile); };
  world.stage(0, 5);
  world.start(0, 0, 1);
  world.start(0, 1, 1);
  world.stage_done(0);
  EXPECT_EQ(running(), 2);
  world.stage(0, 5, kDefaultProfile, 1);
  world.end(0, 0, 1);
  EXPECT_EQ(running(), 1);
  world.start(0, 0, 1, false, 1);
  world.start(0, 1, 1, false, 1);
  EXPECT_EQ(running(), 3);
  world.end(0, 0, 1, TaskEnd::success, false, 1);
  EXPECT_EQ(running(), 2);
  world.end(0, 1, 1);
  EXPECT_EQ(running(), 1);
  world.end(0, 1, 1, TaskEnd::success, false, 1);
  EXPECT_EQ(running(), 0);
}

TEST(DynamicSpeculation, S_E17_pending_requests_are_cancelled_when_work_ends) {
  DynamicWorld world(dynamic_settings(0, 10, 0));
  world.stage(2, 5);
  EXPECT_EQ(world.target(), 0);
  EXPECT_EQ(world.step(), 1);
  EXPECT_EQ(world.grow(), 1);
  EXPECT_EQ(world.target(), 1);
  EXPECT_EQ(world.step(), 2);
  EXPECT_EQ(world.grow(), 2);
  EXPECT_EQ(world.target(), 3);
  world.start(2, 0, 1);
  EXPECT_EQ(world.step(), 4);
  EXPECT_EQ(world.grow(), 2);
  world.start(2, 0, 1);
  world.end(2, 0, 1);
  world.end(2, 0, 1);
  EXPECT_EQ(world.adjust(), -1);
}

}  // namespace
}  // namespace podramp::backend::dynamic_speculation_test
