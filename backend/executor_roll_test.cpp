// The roll plugin's choice against 02 7.8, S-K1.
#include "backend/executor_roll.h"

#include <gtest/gtest.h>

namespace podramp::backend::executor_roll_test {
namespace {

using Chosen = std::optional<ExecutorId>;

struct Numbers {
  std::int64_t tasks;
  std::int64_t failed;
  std::int64_t duration_ms;
  std::int64_t gc_ms;
};

ExecutorSummary summary(ExecutorId id, TimeUs added_s, Numbers n, std::int64_t shuffle_write = 10) {
  ExecutorSummary one;
  one.executor = id;
  one.added_us = added_s * kSecondUs;
  one.total_tasks = n.tasks;
  one.failed_tasks = n.failed;
  one.total_duration_ms = n.duration_ms;
  one.total_gc_ms = n.gc_ms;
  one.shuffle_write_bytes = shuffle_write;
  one.disk_used_bytes = 10;
  return one;
}

const ExecutorSummary kDriver = summary(kDriverSummary, 0, {1, 0, 100, 1});

// 1 has the smallest id, 2 is the oldest, 3 has the most GC time, 4 the longest duration, 5 the most failures, 6 the
// longest average, 7 no tasks, 8 and 10 keep mean and deviation steady.
std::vector<ExecutorSummary> executors() {
  std::vector<ExecutorSummary> all{
      kDriver,
      summary(1, 1, {1, 0, 100, 20}),
      summary(2, 0, {1, 0, 100, 20}),
      summary(3, 2, {1, 0, 100, 40}),
      summary(4, 3, {4, 0, 400, 20}),
      summary(5, 3, {1, 5, 100, 20}),
      summary(6, 3, {2, 0, 300, 20}),
      summary(7, 1, {0, 0, 0, 0}, 0),
      summary(8, 1, {2, 4, 280, 30}),
      summary(10, 1, {2, 4, 280, 30}),
  };
  all[7].disk_used_bytes = 0;
  return all;
}

std::vector<ExecutorSummary> with(ExecutorSummary outlier) {
  std::vector<ExecutorSummary> all = executors();
  all.push_back(outlier);
  return all;
}

Chosen choose(const std::vector<ExecutorSummary>& all, RollPolicy policy, std::int64_t min_tasks = 0) {
  return choose_to_roll(all, {kSecondUs, policy, min_tasks});
}

std::vector<RollPolicy> policies() {
  std::vector<RollPolicy> all;
  for (std::size_t i = 0; i < EnumText<RollPolicy>::names.size(); ++i) all.push_back(static_cast<RollPolicy>(i));
  return all;
}

TEST(ExecutorRoll, S_K1_an_empty_list_gives_nobody) {
  for (const RollPolicy policy : policies()) EXPECT_EQ(choose({}, policy), std::nullopt) << to_text(policy);
}

TEST(ExecutorRoll, S_K1_the_driver_is_ignored) {
  for (const RollPolicy policy : policies()) EXPECT_EQ(choose({kDriver}, policy), std::nullopt) << to_text(policy);
}

TEST(ExecutorRoll, S_K1_a_single_executor_is_chosen_by_all_policies_but_outlier_no_fallback) {
  const std::vector<ExecutorSummary> single{executors()[1]};
  for (const RollPolicy policy : policies()) {
    EXPECT_EQ(choose(single, policy), policy == RollPolicy::outlier_no_fallback ? Chosen() : Chosen(1))
        << to_text(policy);
  }
}

TEST(ExecutorRoll, S_K1_executors_with_fewer_than_min_tasks_are_ignored) {
  for (const RollPolicy policy : policies()) {
    EXPECT_EQ(choose(executors(), policy, 1000), std::nullopt) << to_text(policy);
  }
  EXPECT_EQ(choose(executors(), RollPolicy::total_duration, 4), Chosen(4)) << "exactly enough is enough";
  EXPECT_EQ(choose(executors(), RollPolicy::total_duration, 5), std::nullopt);
}

TEST(ExecutorRoll, S_K1_id_is_the_smallest_number) {
  EXPECT_EQ(choose(executors(), RollPolicy::id), Chosen(1));
  std::vector<ExecutorSummary> without_1 = executors();
  without_1.erase(without_1.begin() + 1);
  EXPECT_EQ(choose(without_1, RollPolicy::id), Chosen(2)) << "not 10, which would be first as text";
}

TEST(ExecutorRoll, S_K1_add_time_is_the_earliest) { EXPECT_EQ(choose(executors(), RollPolicy::add_time), Chosen(2)); }

TEST(ExecutorRoll, S_K1_total_gc_time_is_the_largest) {
  EXPECT_EQ(choose(executors(), RollPolicy::total_gc_time), Chosen(3));
}

TEST(ExecutorRoll, S_K1_total_duration_is_the_largest) {
  EXPECT_EQ(choose(executors(), RollPolicy::total_duration), Chosen(4));
}

TEST(ExecutorRoll, S_K1_failed_tasks_is_the_largest) {
  EXPECT_EQ(choose(executors(), RollPolicy::failed_tasks), Chosen(5));
}

TEST(ExecutorRoll, S_K1_average_duration_is_the_largest) {
  EXPECT_EQ(choose(executors(), RollPolicy::average_duration), Chosen(6));
}

TEST(ExecutorRoll, S_K1_peak_memory_shuffle_write_and_disk_are_the_largest) {
  std::vector<ExecutorSummary> all = executors();
  all[1].peak_onheap_bytes = 4;
  all[2].peak_offheap_bytes = 3;
  all[3].shuffle_write_bytes = 11;
  all[4].disk_used_bytes = 12;
  EXPECT_EQ(choose(all, RollPolicy::peak_jvm_onheap_memory), Chosen(1));
  EXPECT_EQ(choose(all, RollPolicy::peak_jvm_offheap_memory), Chosen(2));
  EXPECT_EQ(choose(all, RollPolicy::total_shuffle_write), Chosen(3));
  EXPECT_EQ(choose(all, RollPolicy::disk_used), Chosen(4));
}

TEST(ExecutorRoll, S_K1_outlier_falls_back_to_total_duration) {
  EXPECT_EQ(choose(executors(), RollPolicy::outlier), choose(executors(), RollPolicy::total_duration));
  EXPECT_EQ(choose(executors(), RollPolicy::outlier), Chosen(4));
}

constexpr ExecutorId kOutlier = 9999;

TEST(ExecutorRoll, S_K1_outlier_detects_an_average_duration) {
  const auto all = with(summary(kOutlier, 1, {1, 3, 300, 20}));
  EXPECT_EQ(choose(all, RollPolicy::average_duration), Chosen(kOutlier));
  EXPECT_EQ(choose(all, RollPolicy::outlier), Chosen(kOutlier));
  EXPECT_EQ(choose(all, RollPolicy::outlier_no_fallback), Chosen(kOutlier));
}

TEST(ExecutorRoll, S_K1_outlier_detects_a_total_duration) {
  const auto all = with(summary(kOutlier, 1, {1000, 3, 1000, 0}));
  EXPECT_EQ(choose(all, RollPolicy::total_duration), Chosen(kOutlier));
  EXPECT_EQ(choose(all, RollPolicy::outlier), Chosen(kOutlier));
  EXPECT_EQ(choose(all, RollPolicy::outlier_no_fallback), Chosen(kOutlier));
}

TEST(ExecutorRoll, S_K1_outlier_detects_a_gc_time) {
  const auto all = with(summary(kOutlier, 1, {1, 3, 100, 1000}));
  EXPECT_EQ(choose(all, RollPolicy::total_gc_time), Chosen(kOutlier));
  EXPECT_EQ(choose(all, RollPolicy::outlier), Chosen(kOutlier));
  EXPECT_EQ(choose(all, RollPolicy::outlier_no_fallback), Chosen(kOutlier));
}

TEST(ExecutorRoll, S_K1_outlier_no_fallback_gives_nobody_without_an_outlier) {
  EXPECT_EQ(choose(executors(), RollPolicy::outlier_no_fallback), std::nullopt);
}

// --- 02 4.5 beyond the suite ---------------------------------------------------------------------------------------

TEST(ExecutorRoll, AmongEqualsTheLastInTheListGoes) {
  const std::vector<ExecutorSummary> equals{summary(7, 0, {1, 0, 100, 0}), summary(3, 0, {1, 0, 100, 0}),
                                            summary(5, 0, {1, 0, 100, 0})};
  EXPECT_EQ(choose(equals, RollPolicy::total_duration), Chosen(5));
  EXPECT_EQ(choose(equals, RollPolicy::average_duration), Chosen(5));
  EXPECT_EQ(choose(equals, RollPolicy::outlier), Chosen(5));
  EXPECT_EQ(choose(equals, RollPolicy::add_time), Chosen(7)) << "smallest first is not reversed";
  EXPECT_EQ(choose(equals, RollPolicy::id), Chosen(3));
}

TEST(ExecutorRoll, TwoDeviationsOfThePopulationAreNotYetAnOutlier) {
  // Four zeros and one x: mean x/5, deviation 2x/5, so x - mean = 4x/5 is exactly two deviations.
  std::vector<ExecutorSummary> all;
  for (ExecutorId id = 1; id <= 5; ++id) all.push_back(summary(id, 0, {0, 0, 0, id == 5 ? 50 : 0}, 0));
  EXPECT_EQ(choose(all, RollPolicy::outlier_no_fallback), std::nullopt);
  all.push_back(summary(6, 0, {0, 0, 0, 0}, 0));
  EXPECT_EQ(choose(all, RollPolicy::outlier_no_fallback), Chosen(5));
}

}  // namespace
}  // namespace podramp::backend::executor_roll_test
