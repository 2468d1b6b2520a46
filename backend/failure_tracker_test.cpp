#include "backend/failure_tracker.h"

#include <gtest/gtest.h>

namespace podramp::backend::failure_tracker_test {
namespace {

constexpr TimeUs ms(std::int64_t n) { return n * kMillisecondUs; }

TEST(SparkAcceptance, S_G1_FailuresOlderThanTheWindowAreForgotten) {
  FailureTracker tracker(ms(100), 3);
  for (const std::int64_t at : {0, 10, 20, 30}) tracker.add(ms(at));
  EXPECT_EQ(tracker.count(ms(30)), 4);
  EXPECT_EQ(tracker.count(ms(100)), 4);  // not older than the window yet
  EXPECT_EQ(tracker.count(ms(101)), 3);
  EXPECT_EQ(tracker.count(ms(231)), 0);
}

TEST(SparkAcceptance, S_G2_WithoutAWindowFailuresNeverExpire) {
  FailureTracker unset(std::nullopt, 1);
  FailureTracker zero(0, 1);
  for (FailureTracker* tracker : {&unset, &zero}) {
    tracker->add(0);
    tracker->add(ms(5));
    EXPECT_EQ(tracker->count(1'000 * kHourUs), 2);
  }
}

TEST(FailureTracker, IsExceededByOneMoreThanTheLimit) {
  FailureTracker tracker(std::nullopt, 2);
  tracker.add(0);
  tracker.add(0);
  EXPECT_FALSE(tracker.too_many(0));
  tracker.add(0);
  EXPECT_TRUE(tracker.too_many(0));
}

}  // namespace
}  // namespace podramp::backend::failure_tracker_test
