// The executor monitor against 02 7.6, S-F1..S-F15: idle 60 s, cached 120 s, shuffle 240 s.
#include "backend/executor_monitor.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace podramp::backend::executor_monitor_test {
namespace {

constexpr ShuffleId kNoShuffle = -1;

MonitorSettings with_service() {
  MonitorSettings settings;
  settings.idle_timeout_us = 60 * kSecondUs;
  settings.cached_idle_timeout_us = 120 * kSecondUs;
  settings.shuffle_timeout_us = 240 * kSecondUs;
  settings.shuffle_service = true;
  return settings;
}

MonitorSettings with_tracking() {
  MonitorSettings settings = with_service();
  settings.shuffle_service = false;
  settings.shuffle_tracking = true;
  return settings;
}

using Ids = std::vector<ExecutorId>;
using Idle = std::vector<IdleExecutor>;

class MonitorTest : public testing::Test {
 protected:
  ExecutorMonitor monitor{with_service()};
  TimeUs now = 0;

  void added(ExecutorId id, ProfileId profile = kDefaultProfile) { monitor.executor_added(now, id, profile); }
  void task_started(ExecutorId id, bool active = true) { monitor.task_started(now, id, active); }
  void task_ended(ExecutorId id, StageId stage = 1, bool success = true) {
    monitor.task_ended(now, stage, id, success);
  }
  void in_memory(ExecutorId id, int rdd, int split) { monitor.block_updated(id, rdd, split, true, false, true); }
  void on_disk(ExecutorId id, int rdd, int split) { monitor.block_updated(id, rdd, split, false, true, true); }
  void dropped(ExecutorId id, int rdd, int split) { monitor.block_updated(id, rdd, split, false, false, true); }
  void job_started(JobId job, const std::vector<std::pair<StageId, ShuffleId>>& stages) {
    std::vector<StageShuffle> all;
    for (const auto& [stage, shuffle] : stages) {
      all.push_back({stage, shuffle == kNoShuffle ? std::nullopt : std::optional(shuffle)});
    }
    monitor.job_started(job, all);
  }

  // Who would have timed out just after an idle, cached or shuffle time-out that begins now.
  Ids after_idle() const { return monitor.would_time_out(now + 60 * kSecondUs + 1); }
  Ids after_cached() const { return monitor.would_time_out(now + 120 * kSecondUs + 1); }
  Ids after_shuffle() const { return monitor.would_time_out(now + 240 * kSecondUs + 1); }
};

TEST_F(MonitorTest, S_F1_an_executor_is_idle_from_its_registration_and_times_out_after_idle) {
  added(1);
  EXPECT_EQ(monitor.count(), 1);
  EXPECT_TRUE(monitor.is_idle(1));
  EXPECT_EQ(monitor.deadline_us(1), 60 * kSecondUs);
  EXPECT_EQ(after_idle(), Ids{1});
  EXPECT_EQ(monitor.count(kDefaultProfile), 1);
  EXPECT_EQ(monitor.profile_of(1), kDefaultProfile);
  EXPECT_EQ(monitor.timed_out(60 * kSecondUs - 1), Idle{});
  EXPECT_EQ(monitor.timed_out(60 * kSecondUs), (Idle{{1, kDefaultProfile}}));
}

TEST_F(MonitorTest, S_F2_a_task_start_before_registration_makes_an_entry_of_the_unknown_profile) {
  task_started(1);
  EXPECT_EQ(monitor.count(), 1);
  EXPECT_EQ(monitor.count(kUnknownProfile), 1);
  added(1);
  EXPECT_EQ(monitor.count(), 1);
  EXPECT_EQ(monitor.count(kUnknownProfile), 0);
  EXPECT_EQ(monitor.count(kDefaultProfile), 1);
  EXPECT_EQ(monitor.profile_of(1), kDefaultProfile);
  EXPECT_FALSE(monitor.is_idle(1)) << "its task is still running";

  added(2);
  EXPECT_EQ(monitor.count(), 2);
  EXPECT_EQ(monitor.count(kDefaultProfile), 2);
  EXPECT_EQ(monitor.profile_of(2), kDefaultProfile);
  monitor.executor_removed(2, "");
  EXPECT_EQ(monitor.count(), 1);
  EXPECT_EQ(monitor.count(kDefaultProfile), 1);

  task_started(2, false);  // late: the executor is gone
  EXPECT_EQ(monitor.count(), 1);
  EXPECT_EQ(monitor.count(kDefaultProfile), 1);
  EXPECT_EQ(monitor.count(kUnknownProfile), 0);
  monitor.executor_removed(1, "");
  EXPECT_EQ(monitor.count(), 0);
  EXPECT_EQ(monitor.count(kDefaultProfile), 0);
}

TEST_F(MonitorTest, S_F3_with_overlapping_tasks_it_is_idle_only_after_the_last_has_ended) {
  added(1);
  task_started(1);
  EXPECT_FALSE(monitor.is_idle(1));
  for (int i = 2; i <= 10; ++i) {
    task_started(1);
    EXPECT_FALSE(monitor.is_idle(1));
    task_ended(1);
    EXPECT_FALSE(monitor.is_idle(1));
  }
  task_ended(1);
  EXPECT_TRUE(monitor.is_idle(1));
  EXPECT_EQ(monitor.would_time_out(now), Ids{});
  EXPECT_EQ(after_idle(), Ids{1});
}

TEST_F(MonitorTest, S_F4_a_cached_block_brings_the_cached_time_out_and_its_drop_the_idle_one_again) {
  added(1);
  EXPECT_EQ(after_idle(), Ids{1});
  in_memory(1, 1, 0);
  EXPECT_TRUE(monitor.is_idle(1));
  EXPECT_EQ(after_idle(), Ids{});
  EXPECT_EQ(after_cached(), Ids{1});
  dropped(1, 1, 0);
  EXPECT_TRUE(monitor.is_idle(1));
  EXPECT_EQ(after_idle(), Ids{1});

  task_started(1);
  EXPECT_FALSE(monitor.is_idle(1));
  in_memory(1, 1, 0);
  EXPECT_FALSE(monitor.is_idle(1));
  dropped(1, 1, 0);
  EXPECT_FALSE(monitor.is_idle(1));
}

TEST_F(MonitorTest, S_F5_blocks_count_by_rdd_and_split_and_unpersist_goes_back_to_the_original_idle_start) {
  added(1);
  const auto is_cached = [&] { return after_idle().empty() && after_cached() == Ids{1}; };
  in_memory(1, 1, 0);
  EXPECT_TRUE(is_cached());
  in_memory(1, 1, 1);
  EXPECT_TRUE(is_cached());
  in_memory(1, 2, 0);
  EXPECT_TRUE(is_cached());
  dropped(1, 1, 1);
  EXPECT_TRUE(is_cached());
  monitor.rdd_unpersisted(1);
  EXPECT_TRUE(is_cached());

  now = 60 * kSecondUs + 1;
  monitor.rdd_unpersisted(2);
  EXPECT_EQ(monitor.would_time_out(now), Ids{1});
  EXPECT_EQ(monitor.deadline_us(1), 60 * kSecondUs);
  EXPECT_EQ(monitor.timed_out(now), (Idle{{1, kDefaultProfile}}));
}

TEST_F(MonitorTest, S_F6_three_executors_with_mixed_deadlines) {
  added(1);  // at 0 s: times out at 60 s
  now = 30 * kSecondUs;
  added(2);  // with a block at 30 s: times out at 150 s
  in_memory(2, 1, 0);
  EXPECT_TRUE(monitor.is_idle(2));
  EXPECT_EQ(monitor.deadline_us(2), 150 * kSecondUs);
  EXPECT_EQ(after_idle(), Ids{1});
  now = 60 * kSecondUs;
  added(3);  // at 60 s: times out at 120 s
  EXPECT_EQ(monitor.would_time_out(now), Ids{1});
  EXPECT_EQ(monitor.timed_out(now), (Idle{{1, kDefaultProfile}}));
  in_memory(3, 1, 0);  // now at 180 s
  EXPECT_TRUE(monitor.is_idle(3));
  EXPECT_EQ(after_idle(), Ids{1});
  now = 140 * kSecondUs;
  dropped(3, 1, 0);  // times out at once
  EXPECT_EQ(monitor.would_time_out(now), (Ids{1, 3}));
  EXPECT_EQ(monitor.timed_out(now), (Idle{{1, kDefaultProfile}, {3, kDefaultProfile}}));
  now = 150 * kSecondUs;
  EXPECT_EQ(monitor.would_time_out(now), (Ids{1, 2, 3}));
  EXPECT_EQ(monitor.timed_out(now), (Idle{{1, kDefaultProfile}, {2, kDefaultProfile}, {3, kDefaultProfile}}));
}

TEST_F(MonitorTest, S_F7_the_result_is_ordered_by_id_as_text) {
  for (const ExecutorId id : {3, 1, 2}) added(id);
  Ids order;
  for (const IdleExecutor& idle : monitor.timed_out(150 * kSecondUs)) order.push_back(idle.executor);
  EXPECT_EQ(order, (Ids{1, 2, 3}));

  now = 150 * kSecondUs;
  for (const ExecutorId id : {10, 21, 9, 100}) added(id);
  order.clear();
  for (const IdleExecutor& idle : monitor.timed_out(300 * kSecondUs)) order.push_back(idle.executor);
  EXPECT_EQ(order, (Ids{1, 10, 100, 2, 21, 3, 9}));
}

TEST_F(MonitorTest, S_F8_blocks_on_disk_do_not_count_when_the_external_service_serves_them) {
  added(1);
  on_disk(1, 1, 0);
  EXPECT_EQ(after_idle(), Ids{}) << "the service does not fetch RDD blocks here";
  EXPECT_EQ(after_cached(), Ids{1});

  MonitorSettings settings = with_service();
  settings.service_fetches_blocks = true;
  monitor = ExecutorMonitor(settings);
  added(1);
  in_memory(1, 1, 0);
  in_memory(1, 1, 1);
  EXPECT_EQ(after_idle(), Ids{});
  EXPECT_EQ(after_cached(), Ids{1});
  on_disk(1, 1, 0);
  EXPECT_EQ(after_idle(), Ids{});
  EXPECT_EQ(after_cached(), Ids{1});
  on_disk(1, 1, 1);
  EXPECT_EQ(after_idle(), Ids{1});
  monitor.block_updated(1, 1, 1, true, true, true);  // in memory and on disk
  EXPECT_EQ(after_idle(), Ids{1});
}

TEST_F(MonitorTest, S_F9_only_confirmed_kills_are_pending_and_a_task_start_withdraws_candidacy) {
  added(1);
  added(2);
  added(3, 1);
  now = 60 * kSecondUs + 1;
  EXPECT_EQ(monitor.timed_out(now), (Idle{{1, 0}, {2, 0}, {3, 1}}));
  EXPECT_EQ(monitor.pending_removal().size(), 0U);

  monitor.killed({1});  // the backend has refused the others
  EXPECT_EQ(monitor.timed_out(now), (Idle{{2, 0}, {3, 1}}));
  EXPECT_EQ(monitor.pending_removal(), (std::set<ExecutorId>{1}));
  EXPECT_EQ(monitor.timed_out(now), (Idle{{2, 0}, {3, 1}})) << "they are not lost when nothing happens";

  task_started(2);
  EXPECT_EQ(monitor.timed_out(now), (Idle{{3, 1}}));
  monitor.killed({3});
  EXPECT_EQ(monitor.pending_removal().size(), 2U);
  task_ended(2);
  EXPECT_EQ(monitor.timed_out(now), Idle{});
  now += 60 * kSecondUs + 1;
  EXPECT_EQ(monitor.timed_out(now), (Idle{{2, 0}}));
}

TEST_F(MonitorTest, S_F10_shuffle_tracking_pins_executors_while_a_job_needs_their_data) {
  monitor = ExecutorMonitor(with_tracking());
  // Jobs 2 and 3 share shuffle 1, job 1 has shuffle 0.
  job_started(1, {{1, 0}, {2, kNoShuffle}});
  job_started(2, {{3, 1}, {4, kNoShuffle}});
  added(1);
  EXPECT_EQ(after_idle(), Ids{1});
  task_started(1);
  task_ended(1, 1, false);
  EXPECT_EQ(after_idle(), Ids{1}) << "a failed task does not count";
  task_started(1);
  task_ended(1, 1);
  EXPECT_EQ(after_idle(), Ids{});
  task_started(1);
  task_ended(1, 3);
  EXPECT_EQ(after_idle(), Ids{});

  monitor.job_ended(1);
  EXPECT_FALSE(monitor.is_idle(1));
  monitor.job_ended(2);
  EXPECT_TRUE(monitor.is_idle(1));
  EXPECT_EQ(after_idle(), Ids{});
  EXPECT_EQ(after_cached(), Ids{});
  EXPECT_EQ(after_shuffle(), Ids{1});

  job_started(3, {{5, 1}, {6, kNoShuffle}});
  EXPECT_FALSE(monitor.is_idle(1)) << "pinned again although no task runs";
  EXPECT_EQ(after_shuffle(), Ids{});
  monitor.job_ended(3);
  EXPECT_EQ(after_idle(), Ids{});
  EXPECT_EQ(after_shuffle(), Ids{1});

  monitor.shuffle_cleaned(0);
  EXPECT_EQ(after_idle(), Ids{});
  monitor.shuffle_cleaned(1);
  EXPECT_EQ(after_idle(), Ids{1});
}

TEST_F(MonitorTest, S_F10_the_list_of_candidates_follows_the_pins) {
  monitor = ExecutorMonitor(with_tracking());
  job_started(1, {{1, 0}});
  added(1);
  task_started(1);
  task_ended(1, 1);
  EXPECT_EQ(monitor.timed_out(10'000 * kSecondUs), Idle{}) << "an active job exempts it from every time-out";
  monitor.job_ended(1);
  EXPECT_EQ(monitor.timed_out(240 * kSecondUs - 1), Idle{});
  EXPECT_EQ(monitor.timed_out(240 * kSecondUs), (Idle{{1, 0}}));
  job_started(2, {{2, 0}});
  EXPECT_EQ(monitor.timed_out(240 * kSecondUs), Idle{});
}

TEST_F(MonitorTest, S_F11_with_the_external_service_the_cleaner_changes_nothing) {
  added(1);
  const TimeUs next_look = monitor.next_look_us();
  monitor.shuffle_cleaned(0);
  EXPECT_EQ(monitor.next_look_us(), next_look);
  EXPECT_EQ(after_idle(), Ids{1});
}

TEST_F(MonitorTest, S_F12_concurrent_jobs_pin_only_their_own_executors) {
  monitor = ExecutorMonitor(with_tracking());
  added(1);
  added(2);
  job_started(1, {{1, 0}, {2, kNoShuffle}});
  job_started(2, {{3, 1}, {4, kNoShuffle}});
  task_started(1);
  task_ended(1, 1);
  EXPECT_EQ(after_idle(), Ids{2});
  task_started(2);
  task_ended(2, 3);
  EXPECT_EQ(after_idle(), Ids{});
  monitor.job_ended(1);
  EXPECT_TRUE(monitor.is_idle(1));
  EXPECT_FALSE(monitor.is_idle(2));
  monitor.job_ended(2);
  EXPECT_TRUE(monitor.is_idle(2));
  EXPECT_EQ(after_idle(), Ids{});
  monitor.shuffle_cleaned(0);
  monitor.shuffle_cleaned(1);
  EXPECT_EQ(after_idle(), (Ids{1, 2}));
}

TEST_F(MonitorTest, S_F13_infinite_time_outs_do_not_overflow) {
  MonitorSettings settings = with_tracking();
  settings.shuffle_timeout_us = kNever;
  monitor = ExecutorMonitor(settings);
  job_started(1, {{1, 0}});
  now = kSecondUs;
  added(1);
  task_started(1);
  task_ended(1, 1);
  monitor.job_ended(1);
  EXPECT_TRUE(monitor.is_idle(1));
  EXPECT_EQ(monitor.deadline_us(1), kNever);
  EXPECT_EQ(after_idle(), Ids{});
  EXPECT_EQ(monitor.timed_out(kNever - 1), Idle{});
}

TEST_F(MonitorTest, S_F14_a_block_update_for_a_removed_executor_does_not_revive_it) {
  MonitorSettings settings = with_tracking();
  settings.shuffle_timeout_us = kNever;
  monitor = ExecutorMonitor(settings);
  added(1);
  monitor.executor_removed(1, "heartbeats timeout");
  monitor.block_updated(1, 1, 1, true, true, false);
  EXPECT_EQ(monitor.count(), 0);
  monitor.shuffle_block_stored(1, 0, false);
  EXPECT_EQ(monitor.count(), 0);
}

class DeadlineOfBoth : public MonitorTest {
 protected:
  void run(bool tracking) {
    MonitorSettings settings = with_tracking();
    settings.shuffle_tracking = tracking;
    monitor = ExecutorMonitor(settings);
    added(1);
    job_started(1, {{1, 0}});
    in_memory(1, 1, 0);
    task_started(1);
    task_ended(1, 1);
    monitor.job_ended(1);
  }
};

TEST_F(DeadlineOfBoth, S_F15_the_deadline_is_the_later_of_cached_and_shuffle_when_tracking_is_on) {
  run(true);
  EXPECT_EQ(after_cached(), Ids{});
  EXPECT_EQ(after_shuffle(), Ids{1});
  EXPECT_EQ(monitor.deadline_us(1), 240 * kSecondUs);
}

TEST_F(DeadlineOfBoth, S_F15_the_deadline_is_that_of_the_cache_when_tracking_is_off) {
  run(false);
  EXPECT_EQ(after_idle(), Ids{});
  EXPECT_EQ(after_cached(), Ids{1});
  EXPECT_EQ(monitor.deadline_us(1), 120 * kSecondUs);
}

// --- what the suite does not ask -----------------------------------------------------------------------------------

TEST_F(MonitorTest, ASecondRegistrationStartsTheIdleTimeAnew) {
  added(1);
  now = 30 * kSecondUs;
  added(1);
  EXPECT_EQ(monitor.count(), 1);
  EXPECT_EQ(monitor.deadline_us(1), 90 * kSecondUs);
}

TEST_F(MonitorTest, ShuffleDataThatMovesInDoesNotTakeACandidateOffTheList) {
  monitor = ExecutorMonitor(with_tracking());
  added(1);
  EXPECT_EQ(monitor.timed_out(60 * kSecondUs), (Idle{{1, 0}}));
  monitor.shuffle_block_stored(1, 0, true);
  EXPECT_FALSE(monitor.is_idle(1));
  EXPECT_EQ(monitor.timed_out(60 * kSecondUs), (Idle{{1, 0}})) << "the list is not made anew";
}

TEST_F(MonitorTest, OneThatIsPendingRemovalAndDecommissioningCountsTwiceAgainstTheLive) {
  added(1);
  added(2);
  monitor.killed({1});
  EXPECT_EQ(monitor.remaining(kDefaultProfile), 1);
  monitor.decommissioned({1});
  EXPECT_EQ(monitor.remaining(kDefaultProfile), 0);
  monitor.executor_removed(1, "");
  EXPECT_EQ(monitor.remaining(kDefaultProfile), 1);
}

TEST_F(MonitorTest, AResetForgetsExecutorsButNotJobs) {
  monitor = ExecutorMonitor(with_tracking());
  job_started(1, {{1, 0}});
  added(1);
  monitor.reset();
  EXPECT_EQ(monitor.count(), 0);
  EXPECT_EQ(monitor.next_look_us(), kNever);
  added(2);
  task_started(2);
  task_ended(2, 1);
  EXPECT_FALSE(monitor.is_idle(2)) << "job 1 still needs shuffle 0";
}

}  // namespace
}  // namespace podramp::backend::executor_monitor_test
