#include "fakeapi/node_scores.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace podramp::fakeapi::node_scores_test {
namespace {

using testing::ElementsAre;

constexpr std::int64_t kMi = 1LL << 20;
constexpr std::int64_t kGi = 1LL << 30;

TEST(NodeScores, a_node_is_judged_by_what_is_left_or_by_what_is_used_K49) {
  const Use quarter{4000, 1000, 16 * kGi, 4 * kGi};
  EXPECT_EQ(fit_score(quarter, false), 75);
  EXPECT_EQ(fit_score(quarter, true), 25);
  EXPECT_EQ(fit_score({4000, 5000, 16 * kGi, 4 * kGi}, false), 37);  // (0 + 75) / 2
  EXPECT_EQ(fit_score({4000, 5000, 16 * kGi, 4 * kGi}, true), 62);   // (100 + 25) / 2
  EXPECT_EQ(fit_score({0, 0, 16 * kGi, 4 * kGi}, false), 75);
  EXPECT_EQ(fit_score({}, false), 0);
}

TEST(NodeScores, unequal_shares_cost_half_their_distance_K49) {
  EXPECT_EQ(balanced_score({4000, 1000, 16 * kGi, 4 * kGi}), 100);
  EXPECT_EQ(balanced_score({4000, 3000, 16 * kGi, 4 * kGi}), 75);
  EXPECT_EQ(balanced_score({4000, 4000, 16 * kGi, 0}), 50);
  EXPECT_EQ(balanced_score({3000, 1000, 16 * kGi, 0}), 83);  // 100 - 16.67
  EXPECT_EQ(balanced_score({4000, 1000, 0, 0}), 100);
  EXPECT_EQ(balanced_score({1'000'000'000, 250'000'000, (1LL << 50) - 1, (1LL << 49)}), 87);  // beyond 64 bits
}

TEST(NodeScores, images_count_from_23_to_1000_MiB_a_container_K50) {
  EXPECT_EQ(image_score(0, 1), 0);
  EXPECT_EQ(image_score(23 * kMi, 1), 0);
  EXPECT_EQ(image_score(500 * kMi, 1), 48);  // 477 / 977
  EXPECT_EQ(image_score(5000 * kMi, 1), 100);
  EXPECT_EQ(image_score(1000 * kMi, 2), 49);  // 977 / 1977
}

TEST(NodeScores, scores_of_a_plugin_are_brought_to_one_scale) {
  std::vector<std::int64_t> scores{0, 3, 9};
  to_percent_of_highest(scores, false);
  EXPECT_THAT(scores, ElementsAre(0, 33, 100));
  scores = {0, 3, 9};
  to_percent_of_highest(scores, true);
  EXPECT_THAT(scores, ElementsAre(100, 67, 0));
  scores = {0, 0};
  to_percent_of_highest(scores, true);
  EXPECT_THAT(scores, ElementsAre(100, 100));
  scores = {-50, 0, 100};
  to_percent_of_range(scores);
  EXPECT_THAT(scores, ElementsAre(0, 33, 100));
  scores = {7, 7};
  to_percent_of_range(scores);
  EXPECT_THAT(scores, ElementsAre(0, 0));
}

TEST(NodeScores, the_logarithm_is_right_to_a_few_millionths) {
  for (const std::int64_t n : {1, 2, 3, 4, 5, 7, 10, 100, 1000, 5002, 1'000'000}) {
    EXPECT_NEAR(static_cast<double>(ln_micro(n)), std::log(static_cast<double>(n)) * 1e6, 3.0) << n;
  }
  EXPECT_EQ(ln_micro(1), 0);
}

}  // namespace
}  // namespace podramp::fakeapi::node_scores_test
