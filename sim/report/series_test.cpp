#include "sim/report/series.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "sim/report/scale.h"

namespace podramp::sim::series_test {
namespace {

using testing::ElementsAre;

TEST(Series, ThinningKeepsEndsAndExtremesOfEachSlice) {
  Steps steps;
  for (int i = 0; i < 100'000; ++i) steps.push_back({i, i == 5'123 ? 1e6 : i == 77'001 ? -5.0 : i % 7 + 0.0});
  const Steps thin = thinned(steps, {0, 100'000}, 50);
  EXPECT_LE(thin.size(), 200U);
  EXPECT_TRUE(std::ranges::find(thin, Point{5'123, 1e6}) != thin.end());
  EXPECT_TRUE(std::ranges::find(thin, Point{77'001, -5.0}) != thin.end());
  EXPECT_EQ(thin.front(), steps.front());
  EXPECT_EQ(thin.back(), steps.back());
  EXPECT_TRUE(std::ranges::is_sorted(thin, {}, &Point::t));
}

TEST(Series, OccupancyKeepsTheAreaHoweverShortAStayIs) {
  Occupancy occupancy({0, 1'000}, 10);
  occupancy.add(5, 15);       // a tenth of the first slice
  occupancy.add(250, 750);    // half, four, half
  occupancy.add(-100, 100);   // from before the window
  occupancy.add(990, 5'000);  // beyond it
  occupancy.add(400, 400);    // nobody
  const Steps means = occupancy.means();
  ASSERT_EQ(means.size(), 10U);
  std::vector<double> values;
  for (const Point& p : means) values.push_back(p.value);
  EXPECT_THAT(values, ElementsAre(testing::DoubleEq(1.1), 0, 0.5, 1, 1, 1, 1, 0.5, 0, testing::DoubleEq(0.1)));
}

TEST(Series, RatesAddUpToTheirEvents) {
  const Steps rate = rate_per_s({0, kSecondUs, kSecondUs + 1, 4 * kSecondUs}, {0, 4 * kSecondUs}, 4);
  EXPECT_THAT(rate, ElementsAre(Point{0, 1}, Point{kSecondUs, 2}, Point{2 * kSecondUs, 0}, Point{3 * kSecondUs, 1}));
}

TEST(Series, SumsHaveAPointWhereverOneChanges) {
  EXPECT_THAT(sum_of({{{0, 1}, {10, 3}}, {{5, 2}, {10, 0}}}), ElementsAre(Point{0, 1}, Point{5, 3}, Point{10, 3}));
  EXPECT_EQ(value_at({{5, 2}}, 4), 0);
  EXPECT_EQ(value_at({{5, 2}}, 5), 2);
}

TEST(Scale, MarksAreRoundNumbersThatReachTheTop) {
  EXPECT_THAT(value_ticks(500, 6), ElementsAre(0, 100, 200, 300, 400, 500));
  EXPECT_THAT(value_ticks(0, 6), ElementsAre(0, 1));
  EXPECT_THAT(value_ticks(3, 6), ElementsAre(0, 1, 2, 3));
  EXPECT_EQ(value_ticks(100'000, 6).back(), 100'000);
  EXPECT_THAT(time_ticks(0, 60 * kSecondUs, 6), ElementsAre(0, 10 * kSecondUs, 20 * kSecondUs, 30 * kSecondUs,
                                                            40 * kSecondUs, 50 * kSecondUs, 60 * kSecondUs));
  EXPECT_EQ(tick_text(150 * kSecondUs), "2m30s");
  EXPECT_EQ(tick_text(90 * kSecondUs), "90s");
  EXPECT_EQ(tick_text(2 * kHourUs), "2h");
  EXPECT_EQ(tick_text(250 * kMillisecondUs), "250ms");
  EXPECT_EQ(count_text(-1'234'567), "-1,234,567");
  EXPECT_EQ(number_text(0.5), "0.50");
}

}  // namespace
}  // namespace podramp::sim::series_test
