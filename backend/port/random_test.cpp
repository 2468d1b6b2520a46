#include "backend/port/random.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

namespace podramp::random_test {
namespace {

// These values are a promise: logs and expected files of every release depend on them.
TEST(Draw, GivesTheSameValuesForEver) {
  EXPECT_EQ(Draw(1, "kubelet.start", "etl-exec-17", 0)(), 2838608878857449616U);
  EXPECT_EQ(Draw(1, "u", "k", 3).uniform(0, 999'999), 549'940);
  EXPECT_EQ(hash_text(""), 0xcbf29ce484222325U);
  EXPECT_EQ(hash_text("a"), 0xaf63dc4c8601ec8cU);
}

TEST(Draw, DependsOnEachOfItsFourNames) {
  const std::set<std::uint64_t> values{Draw(1, "s", "k", 0)(), Draw(2, "s", "k", 0)(), Draw(1, "t", "k", 0)(),
                                       Draw(1, "s", "l", 0)(), Draw(1, "s", "k", 1)()};
  EXPECT_EQ(values.size(), 5U);
}

TEST(Draw, UniformStaysInRangeAndReachesBothEnds) {
  std::set<std::int64_t> seen;
  for (std::uint64_t i = 0; i < 1000; ++i) {
    const std::int64_t v = Draw(7, "u", "k", i).uniform(-2, 2);
    ASSERT_GE(v, -2);
    ASSERT_LE(v, 2);
    seen.insert(v);
  }
  EXPECT_EQ(seen.size(), 5U);
}

TEST(Draw, ChanceIsNeverAtZeroAndAlwaysAtOne) {
  for (std::uint64_t i = 0; i < 200; ++i) {
    EXPECT_FALSE(Draw(7, "c", "k", i).chance(0, 3));
    EXPECT_TRUE(Draw(7, "c", "k", i).chance(3, 3));
  }
}

TEST(Draw, NormalHasMeanZeroAndVarianceOne) {
  double sum = 0;
  double squares = 0;
  constexpr int kDraws = 20'000;
  for (std::uint64_t i = 0; i < kDraws; ++i) {
    const double x = Draw(3, "n", "k", i).normal();
    sum += x;
    squares += x * x;
  }
  EXPECT_LT(std::abs(sum / kDraws), 0.03);
  EXPECT_LT(std::abs(squares / kDraws - 1), 0.04);
}

}  // namespace
}  // namespace podramp::random_test
