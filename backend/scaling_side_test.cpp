// Dynamic allocation in a driver: one timer instead of ten ticks a second, and the order of what goes out.
#include "backend/scaling_side.h"

#include <gtest/gtest.h>

#include "backend/test_dynamic.h"
#include "backend/test_pods.h"

namespace podramp::backend::scaling_side_test {
namespace {

using Targets = std::map<ProfileId, std::int64_t>;
using Ids = std::set<ExecutorId>;

// A scheduler backend that tells of a removal at once, as a kill in this process does.
class FakeBackend final : public ScalingClient {
 public:
  ScalingSide* side = nullptr;
  std::vector<Targets> totals;
  std::vector<Removal> removals;

  bool request_total(TimeUs, const Targets& targets, Outbox&) override {
    totals.push_back(targets);
    return true;
  }
  std::vector<ExecutorId> remove(TimeUs, const Removal& removal, Outbox&) override {
    removals.push_back(removal);
    for (const ExecutorId id : removal.executors) side->executor_removed(id, "killed");
    return removal.executors;
  }
  bool is_active(ExecutorId) const override { return true; }
};

class ScalingSideTest : public testing::Test {
 protected:
  ScalingSideTest() {
    backend.side = &side;
    side.start(0, out);
    take();
  }
  // Runs the timer until `until`; gives when it was due.
  std::vector<TimeUs> run(TimeUs until) {
    std::vector<TimeUs> due;
    while (timer && *timer <= until) {
      const TimeUs now = *timer;
      timer.reset();
      due.push_back(now);
      side.tick_due(now, out);
      take();
    }
    return due;
  }
  void settle(TimeUs now) {
    side.settle(now, out);
    take();
  }
  void take() {
    for (const Effect& effect : out.take()) {
      if (const auto* set = std::get_if<out::TimerSet>(&effect)) timer = set->at_us;
      if (std::holds_alternative<out::TimerCancelled>(effect)) timer.reset();
      if (const auto* request = std::get_if<out::TargetsRequested>(&effect)) requests.push_back(*request);
    }
  }

  FakeBackend backend;
  ScalingSide side{dynamic_settings(0, 10, 0), backend};
  Outbox out;
  std::optional<TimeUs> timer;
  std::vector<out::TargetsRequested> requests;
};

TEST_F(ScalingSideTest, TheStartSendsTheInitialTargetsAndNeedsNoTick) {
  EXPECT_EQ(backend.totals, (std::vector<Targets>{{{0, 0}}}));
  EXPECT_FALSE(timer.has_value());
  ASSERT_EQ(requests.size(), 1U);
  EXPECT_EQ(requests[0].why, "dynamic allocation starts");
}

TEST_F(ScalingSideTest, ABacklogIsTickedAtItsDeadlinesOnly) {
  side.stage_submitted(50 * kMillisecondUs, {0, 0}, 5, kDefaultProfile, {});
  settle(50 * kMillisecondUs);
  EXPECT_EQ(run(60 * kSecondUs),
            (std::vector<TimeUs>{1100 * kMillisecondUs, 3100 * kMillisecondUs, 5100 * kMillisecondUs}));
  EXPECT_EQ(backend.totals, (std::vector<Targets>{{{0, 0}}, {{0, 1}}, {{0, 3}}, {{0, 5}}}));
  EXPECT_EQ(requests.back().needed, (Targets{{0, 5}}));
  EXPECT_EQ(requests.back().why, "backlog");
}

TEST_F(ScalingSideTest, IdleExecutorsAreKilledThenTheTargetsAreSentAgainAndTheKillIsNotTakenForALoss) {
  side.executor_added(0, 1, kDefaultProfile);
  side.executor_added(0, 2, kDefaultProfile);
  settle(0);
  EXPECT_EQ(run(60 * kSecondUs).front(), 3 * kSecondUs);
  ASSERT_EQ(backend.removals.size(), 1U);
  EXPECT_EQ(backend.removals[0].executors, (std::vector<ExecutorId>{1, 2}));
  EXPECT_EQ(backend.totals.size(), 2U);
  EXPECT_EQ(side.manager().monitor().removals(), (RemovalCounts{0, 0, 2, 0}));
  EXPECT_EQ(side.manager().monitor().count(), 0);
  EXPECT_FALSE(timer.has_value());
}

TEST(ScalingSideShuffles, AJobThatStillRunsPinsTheExecutorsThatHoldItsShuffleData) {
  FakeBackend backend;
  DynamicAllocationSettings settings = dynamic_settings(0, 10, 0);
  settings.monitor.shuffle_service = false;
  settings.monitor.shuffle_timeout_us = 5 * kSecondUs;
  ScalingSide side(settings, backend);
  backend.side = &side;
  Outbox out;
  side.start(0, out);
  JobPlan job;
  job.job = 1;
  job.stages.resize(2);
  job.stages[0].stage = 4;
  job.stages[0].writes_shuffle = true;
  job.stages[1].stage = 5;
  side.job_started(job);
  side.executor_added(0, 1, kDefaultProfile);
  side.task_started(0, {4, 0}, 0, false, 1);
  side.task_ended(0, {4, 0}, 0, false, 1, TaskEnd::success);
  for (TimeUs now = 0; now <= 60 * kSecondUs; now += kSecondUs) side.tick_due(now, out);
  EXPECT_EQ(backend.removals.size(), 0U);
  side.job_ended(1);
  side.tick_due(61 * kSecondUs, out);
  EXPECT_EQ(backend.removals.size(), 1U);
}

TEST_F(ScalingSideTest, AfterAStopNothingCounts) {
  side.stage_submitted(0, {0, 0}, 5, kDefaultProfile, {});
  settle(0);
  EXPECT_TRUE(timer.has_value());
  side.stop(out);
  take();
  EXPECT_FALSE(timer.has_value());
  side.stage_submitted(kSecondUs, {1, 0}, 5, kDefaultProfile, {});
  settle(kSecondUs);
  EXPECT_FALSE(timer.has_value());
  EXPECT_EQ(backend.totals.size(), 1U);
  EXPECT_EQ(side.describe(), std::vector<std::string>{});
}

TEST(ScalingSideProfiles, ANewProfilesInitialExecutorsAreAskedForWhenTheStepIsOver) {
  FakeBackend backend;
  DynamicAllocationSettings settings = dynamic_settings(0, 10, 2);
  settings.slots[1] = 1;
  ScalingSide side(settings, backend);
  Outbox out;
  side.start(0, out);
  side.stage_submitted(0, {0, 0}, 4, 1, {});
  EXPECT_EQ(backend.totals.size(), 1U);
  side.settle(0, out);
  EXPECT_EQ(backend.totals, (std::vector<Targets>{{{0, 2}}, {{0, 2}, {1, 2}}}));
  EXPECT_EQ(side.describe(), (std::vector<std::string>{
                                 "dynamic allocation, profile 0: target 2, needed 0, next step 1",
                                 "dynamic allocation, profile 1: target 2, needed 4, next step 1",
                                 "backlog deadline: 1.000s",
                             }));
}

}  // namespace
}  // namespace podramp::backend::scaling_side_test
