#include "fakeapi/token_bucket.h"

#include <gtest/gtest.h>

namespace podramp::fakeapi::token_bucket_test {
namespace {

TEST(TokenBucket, a_full_bucket_lets_the_burst_go_and_then_one_each_interval) {
  TokenBucket bucket(50, 100);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(bucket.reserve(0), 0);
  for (int i = 1; i <= 10; ++i) EXPECT_EQ(bucket.reserve(0), i * 20'000);
}

TEST(TokenBucket, tokens_come_back_with_time_but_never_more_than_the_burst) {
  TokenBucket bucket(5, 2);
  EXPECT_EQ(bucket.reserve(0), 0);
  EXPECT_EQ(bucket.reserve(0), 0);
  EXPECT_EQ(bucket.reserve(200'000), 200'000);
  EXPECT_EQ(bucket.reserve(10'000'000), 10'000'000);
  EXPECT_EQ(bucket.reserve(10'000'000), 10'000'000);
  EXPECT_EQ(bucket.reserve(10'000'000), 10'200'000);
}

TEST(TokenBucket, no_fraction_of_a_token_is_lost_when_qps_does_not_divide_a_second) {
  TokenBucket bucket(3, 1);
  EXPECT_EQ(bucket.reserve(0), 0);
  EXPECT_EQ(bucket.reserve(0), 333'334);
  EXPECT_EQ(bucket.reserve(0), 666'667);
  EXPECT_EQ(bucket.reserve(0), 1'000'000);
  for (int i = 0; i < 2996; ++i) bucket.reserve(0);
  EXPECT_EQ(bucket.reserve(0), 1'000'000'000);
}

TEST(TokenBucket, try_take_takes_only_what_is_there) {
  TokenBucket bucket(5, 2);
  EXPECT_TRUE(bucket.try_take(0));
  EXPECT_TRUE(bucket.try_take(0));
  EXPECT_FALSE(bucket.try_take(0));
  EXPECT_FALSE(bucket.try_take(199'999));
  EXPECT_TRUE(bucket.try_take(200'000));
}

TEST(TokenBucket, zero_qps_is_no_limit) {
  TokenBucket bucket(0, 1);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(bucket.reserve(7), 7);
  EXPECT_TRUE(bucket.try_take(7));
}

}  // namespace
}  // namespace podramp::fakeapi::token_bucket_test
