#include "backend/key_hints.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace podramp::backend::key_hints_test {
namespace {

using testing::HasSubstr;

TEST(EditDistance, CountsInsertionsDeletionsAndReplacements) {
  EXPECT_EQ(edit_distance("", "", 9), 0U);
  EXPECT_EQ(edit_distance("kitten", "sitting", 9), 3U);
  EXPECT_EQ(edit_distance("abc", "", 9), 3U);
  EXPECT_EQ(edit_distance("ab", "ba", 9), 2U);
}

TEST(EditDistance, StopsAtItsLimit) {
  EXPECT_EQ(edit_distance("kitten", "sitting", 2), 3U);
  EXPECT_EQ(edit_distance("a", "aaaaaaaaaa", 2), 3U);
}

TEST(NearestKey, FindsSlipsOfTheFinger) {
  EXPECT_EQ(nearest_key("spark.kubernetes.allocation.batch.sise"), "spark.kubernetes.allocation.batch.size");
  EXPECT_EQ(nearest_key("spark.kubernetes.alocation.batch.delay"), "spark.kubernetes.allocation.batch.delay");
  EXPECT_EQ(nearest_key("spark.executor.core"), "spark.executor.cores");
  EXPECT_EQ(nearest_key("spark.kubernetes.executor.lable.team"), "spark.kubernetes.executor.label.");
}

TEST(NearestKey, IgnoresCaseAndPunctuation) {
  EXPECT_EQ(nearest_key("spark.kubernetes.allocation.batchSize"), "spark.kubernetes.allocation.batch.size");
  EXPECT_EQ(nearest_key("spark.kubernetes.allocation.max-pending-pods"), "spark.kubernetes.allocation.maxPendingPods");
  EXPECT_EQ(nearest_key("spark.kubernetes.executor.deleteontermination"),
            "spark.kubernetes.executor.deleteOnTermination");
}

TEST(NearestKey, FindsTheRightWordInTheWrongPlace) {
  EXPECT_EQ(nearest_key("spark.kubernetes.maxPendingPods"), "spark.kubernetes.allocation.maxPendingPods");
  EXPECT_EQ(nearest_key("spark.kubernetes.executor.memory"), "spark.executor.memory");
  EXPECT_EQ(nearest_key("spark.kubernetes.dynamicAllocation.enabled"), "spark.dynamicAllocation.enabled");
  EXPECT_EQ(nearest_key("spark.dynamicAllocation.deleteGracePeriod"),
            "spark.kubernetes.dynamicAllocation.deleteGracePeriod");
}

TEST(NearestKey, FindsNothingForWhatIsFarAway) {
  EXPECT_EQ(nearest_key("spark.sql.shuffle.partitions"), "");
  EXPECT_EQ(nearest_key("spark.eventLog.enabled"), "");
  EXPECT_EQ(nearest_key("spark.kubernetes.weather.in.spring"), "");
}

TEST(Hints, FamousInventionsAreExplained) {
  EXPECT_THAT(hint_for_unknown_key("spark.kubernetes.allocation.batch.concurrency"), HasSubstr("apache/spark#54688"));
  EXPECT_THAT(hint_for_unknown_key("spark.kubernetes.executor.pod.snapshotSources"), HasSubstr("apache/spark#51396"));
  EXPECT_THAT(hint_for_unknown_key("spark.executor.failureTracker.keepaliveOnMinLiveExecutors"), HasSubstr("#43746"));
  EXPECT_THAT(hint_for_unknown_key("spark.kubernetes.executor.lostCheck.maxAttempts"), HasSubstr("only Spark 2.3"));
  EXPECT_THAT(hint_for_unknown_key("spark.kubernetes.executor.podPendingTimeout"),
              HasSubstr("Spark has no time-out for Pending pods"));
  EXPECT_THAT(hint_for_unknown_key("spark.kubernetes.allocation.pod.pending.timeout"), HasSubstr("no time-out"));
}

TEST(Hints, OtherwiseTheNearestKeyIsOffered) {
  EXPECT_EQ(hint_for_unknown_key("spark.kubernetes.namespaces"), "did you mean spark.kubernetes.namespace?");
  EXPECT_EQ(hint_for_unknown_key("spark.eventLog.dir"), "");
}

}  // namespace
}  // namespace podramp::backend::key_hints_test
