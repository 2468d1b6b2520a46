// The roll plugin in a driver, and the summaries it chooses from.
#include "backend/roll_side.h"

#include <gtest/gtest.h>

#include "backend/test_pods.h"

namespace podramp::backend::roll_side_test {
namespace {

TaskResult result(TaskEnd end, DurationUs gc_us = 0, std::int64_t written = 0) {
  TaskResult one;
  one.end = end;
  one.gc_us = gc_us;
  one.shuffle_write_bytes = written;
  return one;
}

TEST(ExecutorStats, SumsUpWhatTheDriverSawOfTheTasks) {
  ExecutorStats stats;
  stats.executor_added(7 * kSecondUs, 1);
  for (int i = 0; i < 4; ++i) stats.task_started(1);
  stats.task_ended(10 * kSecondUs, 1, 8 * kSecondUs, result(TaskEnd::success, 1500 * kMillisecondUs, 10));
  stats.task_ended(11 * kSecondUs, 1, 8 * kSecondUs, result(TaskEnd::failed, 0, 5));
  stats.task_ended(12 * kSecondUs, 1, 8 * kSecondUs, result(TaskEnd::killed));
  stats.block_updated(1, 3, 0, 100);
  stats.block_updated(1, 3, 1, 50);
  stats.block_updated(1, 3, 0, 0);
  stats.peak_memory(1, 9, 4);
  stats.peak_memory(1, 8, 5);
  ASSERT_EQ(stats.summaries().size(), 1U);
  const ExecutorSummary summary = stats.summaries()[0];
  EXPECT_EQ(summary.executor, 1);
  EXPECT_EQ(summary.added_us, 7 * kSecondUs);
  EXPECT_EQ(summary.total_tasks, 4) << "the one that still runs too";
  EXPECT_EQ(summary.failed_tasks, 1);
  EXPECT_EQ(summary.total_duration_ms, 9000);
  EXPECT_EQ(summary.total_gc_ms, 1500);
  EXPECT_EQ(summary.shuffle_write_bytes, 15);
  EXPECT_EQ(summary.disk_used_bytes, 50);
  EXPECT_EQ(summary.peak_onheap_bytes, 9);
  EXPECT_EQ(summary.peak_offheap_bytes, 5);
  stats.executor_removed(1);
  stats.task_ended(12 * kSecondUs, 1, 8 * kSecondUs, result(TaskEnd::success));
  EXPECT_EQ(stats.summaries().size(), 0U);
}

TEST(RollSide, DecommissionsOneExecutorEveryIntervalFirstAfterOne) {
  std::vector<std::string> rolled;
  RollSide side({10 * kMinuteUs, RollPolicy::id, 0}, [&](TimeUs now, ExecutorId id, const std::string& why, Outbox&) {
    rolled.push_back(format_time(now) + " " + std::to_string(id) + ": " + why);
  });
  Outbox out;
  const auto armed = [&] {
    const auto timers = only<out::TimerSet>(out.take());
    return timers.empty() ? kNever : timers.back().at_us;
  };
  side.start(0, out);
  EXPECT_EQ(armed(), 10 * kMinuteUs);
  side.due(10 * kMinuteUs, false, out);
  EXPECT_EQ(armed(), 20 * kMinuteUs);
  side.stats().executor_added(0, 2);
  side.stats().executor_added(0, 1);
  side.due(20 * kMinuteUs, true, out);
  EXPECT_EQ(armed(), 30 * kMinuteUs);
  side.stats().executor_removed(1);
  side.stats().executor_removed(2);
  side.due(30 * kMinuteUs, true, out);
  EXPECT_EQ(only<out::Noted>(out.effects()).back().text, "there is no executor to roll");
  EXPECT_EQ(rolled, std::vector<std::string>{"20m00.000s 1: Rolling via ID at 20m00.000s"});
  out.take();
  side.stop(out);
  EXPECT_EQ(only<out::TimerCancelled>(out.take()).size(), 1U);
  side.due(40 * kMinuteUs, true, out);
  EXPECT_EQ(out.take().size(), 0U);
}

}  // namespace
}  // namespace podramp::backend::roll_side_test
