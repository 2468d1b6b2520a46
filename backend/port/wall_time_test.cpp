#include "backend/port/wall_time.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace podramp::wall_time_test {
namespace {

constexpr WallZero kEpoch{0};

TEST(WallTime, IsWrittenAsTheApiServerWritesIt) {
  EXPECT_EQ(format_wall_time(0, WallZero{}), "2026-01-01T00:00:00Z");
  EXPECT_EQ(format_wall_time(61'999'999, WallZero{}), "2026-01-01T00:01:01Z");
  EXPECT_EQ(format_wall_micros(61'000'009, WallZero{}), "2026-01-01T00:01:01.000009Z");
  EXPECT_EQ(format_wall_time(-1, WallZero{}), "2025-12-31T23:59:59Z");
  EXPECT_EQ(format_wall_time(951'782'400 * kSecondUs, kEpoch), "2000-02-29T00:00:00Z");
  EXPECT_EQ(format_wall_time(4'107'542'400 * kSecondUs, kEpoch), "2100-03-01T00:00:00Z");
}

TEST(WallTime, IsReadInAnyZoneAndWithAnyFraction) {
  EXPECT_EQ(parse_wall_time("1970-01-01T00:00:01Z", kEpoch), kSecondUs);
  EXPECT_EQ(parse_wall_time("1970-01-01T01:00:01+01:00", kEpoch), kSecondUs);
  EXPECT_EQ(parse_wall_time("1969-12-31T23:30:01-00:30", kEpoch), kSecondUs);
  EXPECT_EQ(parse_wall_time("1970-01-01T00:00:00.25Z", kEpoch), 250'000);
  EXPECT_EQ(parse_wall_time("1970-01-01T00:00:00.123456789Z", kEpoch), 123'456);
  EXPECT_EQ(parse_wall_time("0001-01-01T00:00:00Z", kEpoch), -62'135'596'800 * kSecondUs);
}

TEST(WallTime, AnythingElseIsRefused) {
  for (const char* text : {"", "now", "2026-01-01", "2026-01-01T00:00:00", "2026-02-30T00:00:00Z",
                           "2026-13-01T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:00:00.Z",
                           "2026-01-01T00:00:00Zz", "-026-01-01T00:00:00Z", "2026-01-01 00:00:00Z"}) {
    EXPECT_EQ(parse_wall_time(text, kEpoch), std::nullopt) << text;
  }
}

TEST(WallTime, WhatIsWrittenIsReadBack) {
  EXPECT_TRUE(rc::check([] {
    const TimeUs t = *rc::gen::inRange<std::int64_t>(-60'000'000'000, 250'000'000'000) * kSecondUs;
    RC_ASSERT(parse_wall_time(format_wall_time(t, kEpoch), kEpoch) == t);
    RC_ASSERT(parse_wall_time(format_wall_micros(t + 7, kEpoch), kEpoch) == t + 7);
  }));
}

}  // namespace
}  // namespace podramp::wall_time_test
