// Dynamic allocation against 02 7.5, S-E2..S-E9, S-E24..S-E26, S-E29..S-E35: targets and the backlog timer. The other
// lines: dynamic_unschedulable_test.cpp, dynamic_speculation_test.cpp, dynamic_removal_test.cpp, scaling_conf_test.cpp.
#include "backend/dynamic_allocation.h"

#include <gtest/gtest.h>

#include "backend/test_dynamic.h"

namespace podramp::backend::dynamic_allocation_test {
namespace {

using Ids = std::set<ExecutorId>;

std::vector<std::string> faults(const DynamicAllocationSettings& settings) {
  std::vector<std::string> paths;
  for (const FieldError& error : check(settings)) paths.push_back(error.path);
  return paths;
}

TEST(DynamicAllocation, S_E2_negative_limits_and_min_above_max_are_refused_and_equal_ones_are_not) {
  using Paths = std::vector<std::string>;
  EXPECT_EQ(faults(dynamic_settings(-1, 5, 1)), Paths{"spark.dynamicAllocation.minExecutors"});
  EXPECT_EQ(faults(dynamic_settings(1, -1, 1)), Paths{"spark.dynamicAllocation.maxExecutors"});
  EXPECT_EQ(faults(dynamic_settings(0, 0, 0)), Paths{"spark.dynamicAllocation.maxExecutors"});
  EXPECT_EQ(faults(dynamic_settings(2, 1, 2)), Paths{"spark.dynamicAllocation.minExecutors"});
  EXPECT_EQ(check(dynamic_settings(2, 1, 2)).front().message, "must be <= maxExecutors = 1 (got 2)");
  EXPECT_EQ(faults(dynamic_settings(1, 1, 1)), Paths{});
  EXPECT_EQ(faults(dynamic_settings(1, 2, 1)), Paths{});
}

TEST(DynamicAllocation, S_E2_time_outs_and_the_ratio_have_their_ranges) {
  DynamicAllocationSettings settings = dynamic_settings(0, 1, 0);
  settings.backlog_timeout_us = 0;
  settings.sustained_backlog_timeout_us = 0;
  settings.ratio = 0.0;
  EXPECT_EQ(faults(settings), (std::vector<std::string>{"spark.dynamicAllocation.schedulerBacklogTimeout",
                                                        "spark.dynamicAllocation.sustainedSchedulerBacklogTimeout",
                                                        "spark.dynamicAllocation.executorAllocationRatio"}));
  settings = dynamic_settings(0, 1, 0);
  settings.ratio = 1.0;
  EXPECT_EQ(faults(settings), std::vector<std::string>{});
  settings.ratio = 1.01;
  EXPECT_EQ(faults(settings), std::vector<std::string>{"spark.dynamicAllocation.executorAllocationRatio"});
}

TEST(DynamicAllocation, S_E2_shuffle_data_must_outlive_executors_in_one_of_four_ways) {
  DynamicAllocationSettings settings = dynamic_settings(0, 1, 0);
  settings.monitor.shuffle_service = false;
  settings.monitor.shuffle_tracking = false;
  EXPECT_EQ(faults(settings), std::vector<std::string>{"spark.dynamicAllocation.enabled"});
  DynamicAllocationSettings service = settings;
  service.monitor.shuffle_service = true;
  EXPECT_EQ(faults(service), std::vector<std::string>{});
  DynamicAllocationSettings tracking = settings;
  tracking.monitor.shuffle_tracking = true;
  EXPECT_EQ(faults(tracking), std::vector<std::string>{});
  DynamicAllocationSettings decommission = settings;
  decommission.decommission = true;
  EXPECT_EQ(faults(decommission), std::vector<std::string>{});
  decommission.decommission_shuffle_blocks = false;
  EXPECT_EQ(faults(decommission), std::vector<std::string>{"spark.dynamicAllocation.enabled"});
  DynamicAllocationSettings storage = settings;
  storage.reliable_shuffle_storage = true;
  EXPECT_EQ(faults(storage), std::vector<std::string>{});
}

TEST(DynamicAllocation, S_E3_at_the_start_the_target_is_the_initial_one_and_nothing_is_under_way) {
  const DynamicWorld world(dynamic_settings(1, 5, 1));
  EXPECT_EQ(world.target(), 1);
  EXPECT_EQ(world.pending(), Ids{});
  EXPECT_FALSE(world.manager.add_time_us().has_value());
  ASSERT_EQ(world.requests.size(), 1U);
  EXPECT_EQ(world.requests[0].targets, (std::map<ProfileId, std::int64_t>{{0, 1}}));
}

TEST(DynamicAllocation, S_E4_the_default_profile_grows_by_1_2_4_then_to_its_limit_of_10) {
  DynamicWorld world(dynamic_settings(1, 10, 1));
  world.stage(0, 1000);
  EXPECT_EQ(world.target(), 1);
  EXPECT_EQ(world.step(), 1);
  const std::vector<std::array<std::int64_t, 3>> expected{{1, 2, 2}, {2, 4, 4}, {4, 8, 8}, {2, 10, 1}, {0, 10, 1}};
  for (const auto& [delta, target, step] : expected) {
    EXPECT_EQ(world.grow(), delta);
    EXPECT_EQ(world.target(), target);
    EXPECT_EQ(world.step(), step);
  }
  for (const ExecutorId id : {1, 2, 3, 4, 1, 2}) {  // the last two register again
    world.added(id);
    EXPECT_EQ(world.target(), 10);
  }
  EXPECT_EQ(world.live(), 4);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(world.grow(), 0);
    EXPECT_EQ(world.target(), 10);
    EXPECT_EQ(world.step(), 1);
  }
}

TEST(DynamicAllocation, S_E5_two_profiles_grow_independently_with_the_same_limits_and_steps) {
  DynamicAllocationSettings settings = dynamic_settings(1, 10, 1);
  settings.slots[1] = 4;
  DynamicWorld world(settings);
  world.stage(0, 1000);
  world.stage(1, 1000, 1);
  EXPECT_EQ(world.target(0), 1);
  EXPECT_EQ(world.target(1), 1);
  const std::vector<std::array<std::int64_t, 3>> expected{{1, 2, 2}, {2, 4, 4}, {4, 8, 8}, {2, 10, 1}, {0, 10, 1}};
  for (const auto& [delta, target, step] : expected) {
    EXPECT_EQ(world.grow(), delta);
    for (const ProfileId profile : {0, 1}) {
      EXPECT_EQ(world.target(profile), target);
      EXPECT_EQ(world.step(profile), step);
    }
  }
  for (const ExecutorId id : {1, 2, 3, 4, 1, 2}) world.added(id, 0);
  for (const ExecutorId id : {11, 12, 13, 14, 11, 12}) world.added(id, 1);
  EXPECT_EQ(world.live(), 8);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(world.grow(), 0);
    for (const ProfileId profile : {0, 1}) {
      EXPECT_EQ(world.target(profile), 10);
      EXPECT_EQ(world.step(profile), 1);
    }
  }
}

TEST(DynamicAllocation, S_E6_a_new_profile_asks_for_its_initial_number_when_its_stage_is_submitted) {
  DynamicAllocationSettings settings = dynamic_settings(0, 10, 2);
  settings.slots[1] = 2;
  DynamicWorld world(settings);
  world.stage(1, 4, 1);
  EXPECT_EQ(world.requests.size(), 2U);
  EXPECT_EQ(world.target(1), 2);
  EXPECT_EQ(world.needed(1), 2);
  EXPECT_EQ(world.requests[1].targets, (std::map<ProfileId, std::int64_t>{{0, 2}, {1, 2}}));
}

TEST(DynamicAllocation, S_E8_the_allocation_ratio_scales_what_is_needed) {
  struct Row {
    std::int64_t cores;
    double ratio;
    std::int64_t expected;
  };
  for (const Row& row : {Row{1, 0.5, 10}, Row{1, 1.0 / 3.0, 7}, Row{2, 1.0 / 3.0, 4}, Row{1, 0.385, 8}, Row{1, 1.0, 15},
                         Row{4, 1.0 / 3.0, 3}}) {
    DynamicAllocationSettings settings = dynamic_settings(3, 15, 3, row.cores);
    settings.ratio = row.ratio;
    DynamicWorld world(settings);
    world.stage(0, 20);
    for (int i = 0; i <= 5; ++i) world.grow();
    EXPECT_EQ(world.target(), row.expected) << row.cores << " cores, ratio " << row.ratio;
  }
}

TEST(DynamicAllocation, S_E9_growth_is_capped_by_the_tasks_there_are) {
  DynamicWorld world(dynamic_settings(0, 10, 0));
  world.stage(0, 5);
  EXPECT_EQ(world.target(), 0);
  EXPECT_EQ(world.step(), 1);
  EXPECT_EQ(world.grow(), 1);
  EXPECT_EQ(world.step(), 2);
  EXPECT_EQ(world.grow(), 2);
  EXPECT_EQ(world.step(), 4);
  EXPECT_EQ(world.grow(), 2);
  EXPECT_EQ(world.target(), 5);
  EXPECT_EQ(world.step(), 1);

  // A running task changes nothing; more stages add 1, 2, ...
  world.stage(1, 3);
  world.added(1);
  world.start(1, 0, 1);
  EXPECT_EQ(world.target(), 5);
  EXPECT_EQ(world.grow(), 1);
  EXPECT_EQ(world.target(), 6);
  EXPECT_EQ(world.step(), 2);
  EXPECT_EQ(world.grow(), 2);
  EXPECT_EQ(world.target(), 8);
  EXPECT_EQ(world.step(), 4);
  EXPECT_EQ(world.grow(), 0);
  EXPECT_EQ(world.target(), 8);
  EXPECT_EQ(world.step(), 1);

  // A task that runs again inflates nothing.
  world.stage(2, 3);
  world.start(2, 0, 1);
  world.start(2, 0, 1);
  EXPECT_EQ(world.grow(), 1);
  EXPECT_EQ(world.target(), 9);
  EXPECT_EQ(world.step(), 2);
  EXPECT_EQ(world.grow(), 1);
  EXPECT_EQ(world.target(), 10);
  EXPECT_EQ(world.step(), 1);
  world.start(2, 1, 1);
  EXPECT_EQ(world.grow(), 0);
  EXPECT_EQ(world.target(), 10);
}

TEST(DynamicAllocation, S_E24_the_add_deadline_is_set_once_cleared_on_an_empty_queue_and_set_anew) {
  DynamicWorld world(dynamic_settings(2, 10, 2));
  world.now = 8888 * kMillisecondUs;
  EXPECT_FALSE(world.manager.add_time_us().has_value());
  world.stage(0, 1);
  const std::optional<TimeUs> first = world.manager.add_time_us();
  EXPECT_EQ(first, world.now + kSecondUs);
  world.advance(100 * kMillisecondUs);
  world.stage(1, 1);
  EXPECT_EQ(world.manager.add_time_us(), first);
  world.advance(200 * kMillisecondUs);
  world.speculate(1, 0);
  EXPECT_EQ(world.manager.add_time_us(), first);
  for (const StageId stage : {0, 1}) world.stage_done(stage);
  EXPECT_EQ(world.manager.add_time_us(), std::nullopt);

  world.advance(kSecondUs);
  EXPECT_EQ(world.manager.add_time_us(), std::nullopt);
  world.stage(2, 1);
  const std::optional<TimeUs> second = world.manager.add_time_us();
  EXPECT_EQ(second, world.now + kSecondUs);
  world.advance(100 * kMillisecondUs);
  world.stage(3, 1);
  EXPECT_EQ(world.manager.add_time_us(), second);
  EXPECT_NE(first, second);
}

TEST(DynamicAllocation, S_E25_ticks_without_events_change_nothing) {
  DynamicWorld world(dynamic_settings(0, 20, 0));
  for (const DurationUs ms : {0, 100, 1000, 10000}) {
    world.advance(ms * kMillisecondUs);
    world.tick();
    EXPECT_EQ(world.target(), 0);
    EXPECT_EQ(world.pending(), Ids{});
  }
  EXPECT_EQ(world.requests.size(), 1U);
}

TEST(DynamicAllocation, S_E26_ticks_ramp_up_1_3_7_stop_with_the_queue_and_start_anew_up_to_20) {
  DynamicWorld world(dynamic_settings(0, 20, 0));
  world.stage(0, 1000);
  const auto after = [&](DurationUs ms) {
    world.advance(ms * kMillisecondUs);
    world.tick();
    return world.target();
  };
  EXPECT_EQ(after(500), 0);
  EXPECT_EQ(after(1000), 1);
  EXPECT_EQ(after(1000), 1);
  EXPECT_EQ(after(2000), 1 + 2);
  EXPECT_EQ(after(2000), 1 + 2 + 4);

  for (int i = 0; i < 1000; ++i) world.start(0, i, 1);  // the queue is drained, the need stays
  EXPECT_EQ(after(2000), 7);
  EXPECT_EQ(after(2000), 7);

  world.stage(1, 1000);
  EXPECT_EQ(after(1000), 7 + 1);
  EXPECT_EQ(after(2000), 7 + 1 + 2);
  EXPECT_EQ(after(2000), 7 + 1 + 2 + 4);
  EXPECT_EQ(after(2000), 20);
}

TEST(DynamicAllocation, S_E29_stages_arm_the_timer_and_only_the_last_task_start_disarms_it) {
  DynamicWorld world(dynamic_settings(1, 20, 1));
  const auto is_armed = [&] { return world.manager.add_time_us().has_value(); };
  EXPECT_FALSE(is_armed());
  world.stage(0, 10);
  EXPECT_TRUE(is_armed());
  for (int i = 1; i < 10; ++i) world.start(0, i, 1);
  EXPECT_TRUE(is_armed());
  world.start(0, 0, 1);
  EXPECT_FALSE(is_armed());

  world.stage(1, 10);
  world.stage(2, 10);
  EXPECT_TRUE(is_armed());
  for (int i = 0; i < 10; ++i) world.start(1, i, 1);
  EXPECT_TRUE(is_armed());
  for (int i = 0; i < 10; ++i) world.start(2, i, 1);
  EXPECT_FALSE(is_armed());
}

TEST(DynamicAllocation, S_E30_growth_from_a_target_below_the_live_ones_starts_at_their_count) {
  DynamicWorld world(dynamic_settings(0, 100000, 0));
  world.stage(0, 1000);
  for (const std::int64_t delta : {1, 2, 4, 8}) EXPECT_EQ(world.grow(), delta);
  EXPECT_EQ(world.target(), 15);
  world.added(0, 14, kDefaultProfile);
  EXPECT_EQ(world.live(), 15);
  world.stage_done(0);
  world.adjust();
  EXPECT_EQ(world.target(), 0);
  world.stage(1, 1000);
  world.grow();
  EXPECT_EQ(world.target(), 16);
}

TEST(DynamicAllocation, S_E31_initial_executors_are_kept_until_the_first_stage) {
  DynamicWorld world(dynamic_settings(2, 5, 3));
  EXPECT_EQ(world.target(), 3);
  world.tick();
  EXPECT_EQ(world.target(), 3);
  world.stage(1, 2);
  world.advance(100 * kMillisecondUs);
  EXPECT_EQ(world.needed(), 2);
  world.tick();
  EXPECT_EQ(world.target(), 2);
}

TEST(DynamicAllocation, S_E32_or_until_an_executor_idles_out) {
  DynamicWorld world(dynamic_settings(2, 5, 3));
  EXPECT_EQ(world.target(), 3);
  world.tick();
  EXPECT_EQ(world.target(), 3);
  world.added(0, 2, kDefaultProfile);
  world.advance(3 * kSecondUs);
  EXPECT_EQ(world.needed(), 0);
  world.tick();
  EXPECT_EQ(world.target(), 2);
}

TEST(DynamicAllocation, S_E33_tasks_with_preferences_are_counted_by_host) {
  DynamicWorld world(dynamic_settings(2, 5, 3));
  using Hosts = std::map<std::string, std::int64_t>;
  world.manager.stage_submitted(
      0, {1, 0}, 5, kDefaultProfile,
      locality_hints({{"host1", "host2", "host3"}, {"host1", "host2", "host4"}, {"host2", "host3", "host4"}, {}, {}}));
  EXPECT_EQ(world.manager.hints(kDefaultProfile),
            (LocalityHints{3, Hosts{{"host1", 2}, {"host2", 3}, {"host3", 2}, {"host4", 2}}}));
  world.manager.stage_submitted(0, {2, 0}, 3, kDefaultProfile,
                                locality_hints({{"host2", "host3", "host5"}, {"host3", "host4", "host5"}, {}}));
  EXPECT_EQ(world.manager.hints(kDefaultProfile),
            (LocalityHints{5, Hosts{{"host1", 2}, {"host2", 4}, {"host3", 4}, {"host4", 3}, {"host5", 2}}}));
  world.stage_done(1);
  EXPECT_EQ(world.manager.hints(kDefaultProfile),
            (LocalityHints{2, Hosts{{"host2", 1}, {"host3", 2}, {"host4", 1}, {"host5", 2}}}));
}

TEST(DynamicAllocation, S_E34_a_failed_task_counts_as_pending_again) {
  DynamicWorld world(dynamic_settings(1, 5, 1));
  EXPECT_EQ(world.needed(), 0);
  world.stage(0, 1);
  EXPECT_EQ(world.needed(), 1);
  world.start(0, 1, 1);
  EXPECT_EQ(world.needed(), 1);
  EXPECT_EQ(world.manager.backlog().pending(kDefaultProfile), 0);
  EXPECT_FALSE(world.manager.add_time_us().has_value());
  world.end(0, 1, 1, TaskEnd::failed);
  EXPECT_EQ(world.needed(), 1);
  EXPECT_EQ(world.manager.backlog().pending(kDefaultProfile), 1);
  EXPECT_TRUE(world.manager.add_time_us().has_value());
}

TEST(DynamicAllocation, S_E35_a_reset_restores_initial_targets_and_empties_the_monitor) {
  DynamicWorld world(dynamic_settings(1, 5, 1));
  const auto is_as_new = [&] { return world.target() == 1 && world.step() == 1 && world.live() == 0; };
  EXPECT_TRUE(is_as_new());
  world.stage(0, 10);
  EXPECT_EQ(world.grow(), 1);
  EXPECT_EQ(world.target(), 2);
  EXPECT_EQ(world.grow(), 2);
  EXPECT_EQ(world.target(), 4);
  EXPECT_EQ(world.grow(), 1);
  EXPECT_EQ(world.target(), 5);
  world.manager.reset();
  EXPECT_TRUE(is_as_new());

  world.stage(0, 10);
  for (int i = 0; i < 3; ++i) world.grow();
  EXPECT_EQ(world.target(), 5);
  world.added(1, 5, kDefaultProfile);
  EXPECT_EQ(world.live(), 5);
  for (ExecutorId id = 1; id <= 5; ++id) world.removed(id);
  world.manager.reset();
  EXPECT_TRUE(is_as_new());

  for (int i = 0; i < 3; ++i) world.grow();
  EXPECT_EQ(world.target(), 5);
  world.added(1, 8, kDefaultProfile);
  EXPECT_EQ(world.live(), 8);
  EXPECT_TRUE(world.remove_one(1));
  EXPECT_EQ(world.remove({2, 3}), (std::vector<ExecutorId>{2, 3}));
  EXPECT_EQ(world.pending(), (Ids{1, 2, 3}));
  EXPECT_EQ(world.live(), 8);
  for (ExecutorId id = 1; id <= 5; ++id) world.removed(id);
  world.manager.reset();
  EXPECT_TRUE(is_as_new());
  EXPECT_EQ(world.pending(), Ids{});
}

// --- what the suite does not ask -----------------------------------------------------------------------------------

TEST(DynamicAllocation, WithoutAnAcknowledgementTheTargetAndTheStepStayAndEveryTickTriesAgain) {
  DynamicWorld world(dynamic_settings(0, 10, 0));
  world.acknowledges = false;
  world.stage(0, 100);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(world.grow(), 0);
    EXPECT_EQ(world.step(), 1);
    EXPECT_EQ(world.now, kSecondUs + 100 * kMillisecondUs * i);
  }
  EXPECT_EQ(world.requests.size(), 4U);
  world.acknowledges = true;
  EXPECT_EQ(world.grow(), 1);
  EXPECT_EQ(world.manager.add_time_us(), world.now + 2 * kSecondUs);
}

TEST(DynamicAllocation, ADeadlineThatBroughtNothingStaysInThePastSoNewDemandIsSeenAtTheNextTick) {
  DynamicWorld world(dynamic_settings(0, 10, 0));
  world.stage(0, 1);
  EXPECT_EQ(world.grow(), 1);
  EXPECT_EQ(world.grow(), 0);
  const std::optional<TimeUs> past = world.manager.add_time_us();
  EXPECT_EQ(past, world.now);
  world.advance(10 * kSecondUs);
  EXPECT_EQ(world.adjust(), 0);
  EXPECT_EQ(world.manager.add_time_us(), past);
  world.stage(1, 50);
  world.advance(100 * kMillisecondUs);
  EXPECT_EQ(world.adjust(), 1);
}

TEST(DynamicAllocation, ALateTaskStartLowersThePendingSumOfItsProfileForGood) {
  DynamicWorld world(dynamic_settings(0, 10, 0));
  world.stage(0, 2);
  world.start(0, 0, 1);
  world.stage_done(0);   // zombie: index 0 still runs
  world.start(0, 1, 1);  // late
  EXPECT_EQ(world.manager.backlog().pending(kDefaultProfile), -1);
  EXPECT_EQ(world.manager.backlog().running(kDefaultProfile), 2);
  EXPECT_EQ(world.needed(), 1);
  world.end(0, 0, 1);
  world.end(0, 1, 1);
  EXPECT_EQ(world.manager.backlog().pending(kDefaultProfile), -1);
  world.stage(1, 3);
  EXPECT_EQ(world.needed(), 2) << "one executor too few from now on";
}

}  // namespace
}  // namespace podramp::backend::dynamic_allocation_test
