// Dynamic allocation of Spark 2.2 (01 4.1): what it shares with later ones, and above all where it differs.
#include "backend/early_dynamic_allocation.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include "backend/port/random.h"

namespace podramp::backend::early_dynamic_allocation_test {
namespace {

using Ids = std::set<ExecutorId>;
using List = std::vector<ExecutorId>;

EarlyDynamicSettings early_settings(std::int64_t min, std::int64_t max, std::int64_t initial) {
  EarlyDynamicSettings settings;
  settings.min = min;
  settings.max = max;
  settings.initial = initial;
  settings.shuffle_service = true;
  return settings;
}

class EarlyWorld {
 public:
  explicit EarlyWorld(const EarlyDynamicSettings& settings) : manager(settings) { manager.start(0); }
  EarlyDynamicAllocation manager;
  TimeUs now = 0;
  bool acknowledges = true;
  Ids refuses;
  std::vector<std::string> decisions;

  void tick(DurationUs after_us = 0) {
    now += after_us;
    if (const auto request = manager.tick(now)) {
      decisions.push_back(fmt::format("{} target {}", now, request->targets.at(kDefaultProfile)));
      manager.request_answered(acknowledges);
    }
    if (const auto removal = manager.removal()) {
      EXPECT_TRUE(removal->adjust_target);
      decisions.push_back(fmt::format("{} remove {}", now, removal->executors));
      List accepted;
      for (const ExecutorId id : removal->executors) {
        if (!refuses.contains(id)) accepted.push_back(id);
      }
      manager.removal_answered(accepted);
    }
  }
  void added(ExecutorId from, ExecutorId to) {
    for (ExecutorId id = from; id <= to; ++id) manager.executor_added(now, id);
  }
};

std::vector<std::string> faults(const EarlyDynamicSettings& settings) {
  std::vector<std::string> paths;
  for (const FieldError& error : check(settings)) paths.push_back(error.path);
  return paths;
}

TEST(EarlyDynamicAllocation, RefusesWhatSpark22Refuses) {
  using Paths = std::vector<std::string>;
  EXPECT_EQ(faults(early_settings(1, 1, 1)), Paths{});
  EXPECT_EQ(faults(early_settings(-1, 1, 1)), Paths{"spark.dynamicAllocation.minExecutors"});
  EXPECT_EQ(faults(early_settings(0, 0, 0)), Paths{"spark.dynamicAllocation.maxExecutors"});
  EXPECT_EQ(faults(early_settings(2, 1, 2)), Paths{"spark.dynamicAllocation.minExecutors"});
  EarlyDynamicSettings settings = early_settings(0, 1, 0);
  settings.shuffle_service = false;
  EXPECT_EQ(faults(settings), Paths{"spark.shuffle.service.enabled"});
  settings = early_settings(0, 1, 0);
  settings.idle_timeout_us = 0;
  settings.tasks_per_executor = 0;
  EXPECT_EQ(faults(settings), (Paths{"spark.dynamicAllocation.executorIdleTimeout", "spark.executor.cores"}));
}

TEST(EarlyDynamicAllocation, RampsUpBy1_2_4AndIsCutAtTheMaximum) {
  EarlyWorld world(early_settings(0, 10, 0));
  world.manager.stage_submitted(0, 0, 1000);
  for (const std::int64_t target : {1, 3, 7, 10}) {
    world.tick(kSecondUs);
    EXPECT_EQ(world.manager.target(), target);
  }
  EXPECT_EQ(world.manager.to_add(), 1);
  world.tick(kSecondUs);
  EXPECT_EQ(world.manager.target(), 10);
}

TEST(EarlyDynamicAllocation, NeedIsWholeTasksByExecutorRoundedUp) {
  EarlyDynamicSettings settings = early_settings(0, 10, 0);
  settings.tasks_per_executor = 4;
  EarlyWorld world(settings);
  world.manager.stage_submitted(0, 0, 9);
  EXPECT_EQ(world.manager.needed(), 3);
  world.manager.task_started(0, 0, 0, 0, 1);
  EXPECT_EQ(world.manager.needed(), 3);
  world.manager.task_ended(0, 0, 0, 0, 1, true);
  EXPECT_EQ(world.manager.needed(), 2);
}

TEST(EarlyDynamicAllocation, ADeadlineThatBroughtNothingMovesOn) {
  EarlyWorld world(early_settings(0, 10, 0));
  world.manager.stage_submitted(0, 0, 1);
  world.tick(kSecondUs);
  EXPECT_EQ(world.manager.target(), 1);
  world.tick(kSecondUs);
  EXPECT_EQ(world.manager.target(), 1);
  EXPECT_EQ(world.manager.add_time_us(), 3 * kSecondUs) << "later Sparks leave it in the past";
}

TEST(EarlyDynamicAllocation, WithoutAnAcknowledgementItTriesAgainOnlyAfterTheSustainedTimeOut) {
  EarlyWorld world(early_settings(0, 10, 0));
  world.acknowledges = false;
  world.manager.stage_submitted(0, 0, 100);
  world.tick(kSecondUs);
  EXPECT_EQ(world.manager.target(), 0);
  EXPECT_EQ(world.manager.to_add(), 1);
  EXPECT_EQ(world.manager.add_time_us(), 2 * kSecondUs);
  world.tick(kDynamicTickUs);
  EXPECT_EQ(world.decisions.size(), 1U);
}

TEST(EarlyDynamicAllocation, TheTargetIsFrozenUntilAStageOrAnIdleTimeOutAndThenFallsOneTickLater) {
  EarlyWorld world(early_settings(1, 5, 3));
  world.tick();
  world.added(1, 3);
  world.tick(60 * kSecondUs);
  EXPECT_EQ(world.manager.target(), 3) << "idle time-outs are looked at after the target";
  EXPECT_EQ(world.manager.pending_removal(), (Ids{1, 2}));
  EXPECT_FALSE(world.manager.initializing());
  world.tick(kDynamicTickUs);
  EXPECT_EQ(world.manager.target(), 1);
}

TEST(EarlyDynamicAllocation, AnExpiredExecutorThatMayNotGoIsForgottenUntilAnotherOneJoins) {
  EarlyWorld world(early_settings(2, 5, 2));
  world.added(1, 2);
  world.tick(60 * kSecondUs);
  EXPECT_EQ(world.manager.pending_removal(), Ids{});
  EXPECT_EQ(world.manager.remove_times().size(), 0U);
  world.tick(600 * kSecondUs);
  EXPECT_EQ(world.manager.pending_removal(), Ids{});
  world.added(3, 3);
  EXPECT_EQ(world.manager.remove_times(),
            (std::map<ExecutorId, TimeUs>{{1, 720 * kSecondUs}, {2, 720 * kSecondUs}, {3, 720 * kSecondUs}}));
  world.tick(60 * kSecondUs);
  EXPECT_EQ(world.manager.pending_removal(), Ids{1});
}

TEST(EarlyDynamicAllocation, RemovalLooksAtTheMinimumOnlyAndNotAtTheTarget) {
  EarlyWorld world(early_settings(0, 10, 0));
  world.manager.stage_submitted(0, 0, 4);
  for (int i = 0; i < 3; ++i) world.tick(kSecondUs);
  EXPECT_EQ(world.manager.target(), 4);
  world.added(1, 4);
  world.tick(60 * kSecondUs);
  EXPECT_EQ(world.manager.target(), 4);
  EXPECT_EQ(world.manager.pending_removal(), (Ids{1, 2, 3, 4})) << "although four are wanted";
}

TEST(EarlyDynamicAllocation, ARefusedKillIsNotTriedAgain) {
  EarlyWorld world(early_settings(0, 10, 0));
  world.refuses = {1};
  world.added(1, 2);
  world.tick(60 * kSecondUs);
  EXPECT_EQ(world.manager.pending_removal(), Ids{2});
  world.refuses = {};
  world.tick(600 * kSecondUs);
  EXPECT_EQ(world.manager.pending_removal(), Ids{2});
}

TEST(EarlyDynamicAllocation, CachedBlocksCountWhenAnExecutorGoesIdleAndNotLater) {
  EarlyWorld world(early_settings(0, 10, 0));
  world.manager.block_updated(1, 7, 0, true);
  world.added(1, 2);
  EXPECT_EQ(world.manager.remove_times(),
            (std::map<ExecutorId, TimeUs>{{1, INT32_MAX * kSecondUs}, {2, 60 * kSecondUs}}));
  world.manager.block_updated(1, 7, 0, false);
  world.manager.block_updated(2, 7, 0, true);
  EXPECT_EQ(world.manager.remove_times(),
            (std::map<ExecutorId, TimeUs>{{1, INT32_MAX * kSecondUs}, {2, 60 * kSecondUs}}));
}

TEST(EarlyDynamicAllocation, ATaskKilledOnPurposeCountsAsPendingAgainHere) {
  EarlyWorld world(early_settings(0, 10, 0));
  world.manager.stage_submitted(0, 0, 1);
  world.manager.task_started(0, 0, 0, 0, 1);
  EXPECT_FALSE(world.manager.add_time_us().has_value());
  world.manager.task_ended(0, 0, 0, 0, 1, false);
  EXPECT_EQ(world.manager.needed(), 1);
  EXPECT_TRUE(world.manager.add_time_us().has_value());
}

TEST(EarlyDynamicAllocation, TasksThatOutliveTheLastStageMakeTheRunningCountNegative) {
  EarlyWorld world(early_settings(0, 10, 0));
  world.manager.stage_submitted(0, 0, 2);
  world.manager.task_started(0, 0, 0, 0, 1);
  world.manager.stage_completed(0);
  EXPECT_EQ(world.manager.needed(), 0);
  world.manager.task_ended(0, 0, 0, 0, 1, true);
  world.manager.stage_submitted(0, 1, 3);
  EXPECT_EQ(world.manager.needed(), 2) << "one too few";
}

TEST(EarlyDynamicAllocation, HintsAreSummedOverTheStagesUnderWay) {
  EarlyWorld world(early_settings(0, 10, 0));
  world.manager.stage_submitted(0, 0, 2, locality_hints({{"a", "b"}, {"a"}}));
  world.manager.stage_submitted(0, 1, 2, locality_hints({{"a"}, {}}));
  EXPECT_EQ(world.manager.hints(), (LocalityHints{3, {{"a", 3}, {"b", 1}}}));
  world.manager.stage_completed(0);
  EXPECT_EQ(world.manager.hints(), (LocalityHints{1, {{"a", 1}}}));
}

// A random event at `now`; both managers are told the same.
void random_event(Draw& draw, TimeUs now, EarlyDynamicAllocation& a, EarlyDynamicAllocation& b) {
  const auto executor = static_cast<ExecutorId>(draw.uniform(1, 12));
  const auto stage = static_cast<StageId>(draw.uniform(0, 3));
  const auto index = static_cast<int>(draw.uniform(0, 9));
  const auto task = static_cast<TaskId>(draw.uniform(0, 19));
  const auto tasks = draw.uniform(1, 20);
  const bool flag = draw.chance(1, 2);
  const auto kind = draw.uniform(0, 8);
  for (EarlyDynamicAllocation* manager : {&a, &b}) {
    switch (kind) {
      case 0: manager->stage_submitted(now, stage, tasks); break;
      case 1: manager->stage_completed(stage); break;
      case 2:
      case 3: manager->task_started(now, stage, index, task, executor); break;
      case 4:
      case 5: manager->task_ended(now, stage, index, task, executor, flag); break;
      case 6: manager->executor_added(now, executor); break;
      case 7: manager->executor_removed(executor); break;
      default: manager->block_updated(executor, 1, index, flag); break;
    }
  }
}

TEST(EarlyDynamicAllocation, SkippingTicksThatCannotMatterDecidesTheSameAsTickingEvery100Ms) {
  std::int64_t ticks = 0;
  std::int64_t skipped = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    Draw draw(seed, "test.early", "history");
    EarlyDynamicSettings settings = early_settings(draw.uniform(0, 2), 0, 0);
    settings.max = settings.min + draw.uniform(1, 15);
    settings.initial = settings.min;
    settings.tasks_per_executor = draw.uniform(1, 3);
    settings.idle_timeout_us = draw.uniform(1, 5) * kSecondUs;
    settings.cached_idle_timeout_us = draw.uniform(1, 20) * kSecondUs;
    EarlyWorld every(settings);
    EarlyWorld needed(settings);
    every.refuses = needed.refuses = {3, 4};
    TimeUs armed = needed.manager.next_tick(0);
    TimeUs next_event = 0;
    for (TimeUs now = kDynamicTickUs; now <= 60 * kSecondUs; now += kDynamicTickUs) {
      every.now = needed.now = now;
      every.tick();
      ++ticks;
      if (armed == now) {
        needed.tick();
        armed = needed.manager.next_tick(now);
      } else {
        ++skipped;
      }
      for (; next_event < now + kDynamicTickUs; next_event += draw.uniform(0, 500) * kMillisecondUs) {
        const TimeUs at = std::max(now, next_event);
        random_event(draw, at, every.manager, needed.manager);
        armed = needed.manager.next_tick(at);
      }
    }
    ASSERT_EQ(every.decisions, needed.decisions) << "seed " << seed;
    ASSERT_EQ(every.manager.target(), needed.manager.target());
    ASSERT_EQ(every.manager.to_add(), needed.manager.to_add());
    ASSERT_EQ(every.manager.add_time_us(), needed.manager.add_time_us());
    ASSERT_EQ(every.manager.remove_times(), needed.manager.remove_times());
  }
  EXPECT_GT(skipped * 2, ticks);
}

}  // namespace
}  // namespace podramp::backend::early_dynamic_allocation_test
