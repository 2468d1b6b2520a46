#include "fakeapi/latency.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

namespace podramp::fakeapi::latency_test {
namespace {

std::vector<DurationUs> draws(const LatencyModel& model, std::uint64_t count) {
  std::vector<DurationUs> values;
  for (std::uint64_t i = 0; i < count; ++i) values.push_back(model.sample(Draw(1, "test", "entity", i)));
  std::ranges::sort(values);
  return values;
}

TEST(Latency, ConstantIsTheValueItself) { EXPECT_EQ(LatencyModel::constant(750).sample(Draw(1, "s", "k")), 750); }

TEST(Latency, TheSameDrawGivesTheSameSampleAndAnotherOrdinalAnother) {
  const LatencyModel model = LatencyModel::lognormal(8'000, 600);
  EXPECT_EQ(model.sample(Draw(7, "cluster.write", "etl", 3)), model.sample(Draw(7, "cluster.write", "etl", 3)));
  EXPECT_NE(model.sample(Draw(7, "cluster.write", "etl", 3)), model.sample(Draw(7, "cluster.write", "etl", 4)));
}

TEST(Latency, LognormalHasItsMedianAndKeepsItsCap) {
  const auto values = draws(LatencyModel::lognormal(8'000, 600, 20'000), 10'001);
  EXPECT_NEAR(static_cast<double>(values[5'000]), 8'000, 300);
  EXPECT_NEAR(static_cast<double>(values[1'587]), 4'390, 300);  // one sigma below: 8000 / e^0.6
  EXPECT_EQ(values.back(), 20'000);
  EXPECT_GT(values.front(), 0);
}

TEST(Latency, UniformStaysWithinItsEnds) {
  LatencyModel model;
  model.kind = LatencyKind::uniform;
  model.base_us = 10;
  model.high_us = 12;
  const auto values = draws(model, 1'000);
  EXPECT_EQ(values.front(), 10);
  EXPECT_EQ(values[500], 11);
  EXPECT_EQ(values.back(), 12);
}

TEST(Latency, QuantilesInterpolateAndAreFlatBeyondTheTable) {
  LatencyModel model;
  model.kind = LatencyKind::quantiles;
  model.points = {{100, 1'000}, {500, 5'000}, {900, 9'000}};
  const auto values = draws(model, 10'000);
  EXPECT_EQ(values.front(), 1'000);
  EXPECT_EQ(values[900], 1'000);
  EXPECT_NEAR(static_cast<double>(values[5'000]), 5'000, 150);
  EXPECT_NEAR(static_cast<double>(values[3'000]), 3'000, 150);
  EXPECT_EQ(values[9'200], 9'000);
  EXPECT_EQ(values.back(), 9'000);
}

TEST(Latency, EveryMemberHasItsName) {
  Latencies latencies;
  for (const auto& [name, member] : Latencies::kByName) latencies.*member = LatencyModel::constant(1);
  EXPECT_EQ(latencies.quota, LatencyModel::constant(1));
  EXPECT_EQ(latencies.request, LatencyModel::constant(1));
}

TEST(LatencyModel, AnExponentialOneHasItsMeanAndManyShortValues) {
  const LatencyModel model{LatencyKind::exponential, 10'000, 0, 0, {}, {}};
  std::int64_t sum = 0;
  int below_median = 0;
  for (std::uint64_t i = 0; i < 10'000; ++i) {
    const DurationUs us = model.sample(Draw(1, "test", "exponential", i));
    ASSERT_GE(us, 0);
    sum += us;
    below_median += us < 6'931 ? 1 : 0;  // ln 2 of the mean
  }
  EXPECT_NEAR(static_cast<double>(sum) / 10'000, 10'000, 300);
  EXPECT_NEAR(below_median, 5'000, 200);
}

TEST(LatencyModel, AnEmpiricalOneGivesMeasuredValuesEachAsLikely) {
  const LatencyModel model{LatencyKind::empirical, 0, 0, 0, {}, {5, 7, 100}};
  std::map<DurationUs, int> seen;
  for (std::uint64_t i = 0; i < 3'000; ++i) ++seen[model.sample(Draw(1, "test", "empirical", i))];
  ASSERT_EQ(seen.size(), 3U);
  for (const DurationUs us : {5, 7, 100}) EXPECT_NEAR(seen[us], 1000, 120);
}

}  // namespace
}  // namespace podramp::fakeapi::latency_test
