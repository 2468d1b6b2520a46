#include "backend/port/time.h"

#include <gtest/gtest.h>

namespace podramp::time_test {
namespace {

TEST(Duration, IsReadWithEveryUnit) {
  EXPECT_EQ(parse_duration("10us").value(), 10);
  EXPECT_EQ(parse_duration("250ms").value(), 250'000);
  EXPECT_EQ(parse_duration("5s").value(), 5'000'000);
  EXPECT_EQ(parse_duration("2m").value(), 120'000'000);
  EXPECT_EQ(parse_duration("2min").value(), 120'000'000);
  EXPECT_EQ(parse_duration("1h").value(), 3'600'000'000);
  EXPECT_EQ(parse_duration("1d").value(), 86'400'000'000);
  EXPECT_EQ(parse_duration("0s").value(), 0);
}

TEST(Duration, IsRefusedWithAReason) {
  const auto why = [](std::string_view text) { return parse_duration(text).error().message; };
  EXPECT_NE(why("5").find("the unit is missing"), std::string::npos);
  EXPECT_NE(why("").find("must start with a whole number"), std::string::npos);
  EXPECT_NE(why("-1s").find("must not be negative"), std::string::npos);
  EXPECT_NE(why("1.5s").find("unit \".5s\" is unknown"), std::string::npos);
  EXPECT_NE(why("3 s").find("unit \" s\" is unknown"), std::string::npos);
  EXPECT_NE(why("99999999999999999999s").find("too large"), std::string::npos);
  EXPECT_NE(why("999999999999d").find("too long"), std::string::npos);
}

TEST(Time, IsShownForPeople) {
  EXPECT_EQ(format_time(0), "0.000s");
  EXPECT_EQ(format_time(12'345'678), "12.345s");
  EXPECT_EQ(format_time(125 * kSecondUs), "2m05.000s");
  EXPECT_EQ(format_time(kHourUs + 2 * kMinuteUs + 3 * kSecondUs), "1h02m03.000s");
  EXPECT_EQ(format_time(-kSecondUs), "-1.000s");
  EXPECT_EQ(format_time(kNever), "never");
}

TEST(Time, IsCutToItsSecondAsKubernetesDoes) {  // K3
  EXPECT_EQ(whole_second(1'999'999), 1'000'000);
  EXPECT_EQ(whole_second(2'000'000), 2'000'000);
  EXPECT_EQ(whole_second(-1), -1'000'000);
}

}  // namespace
}  // namespace podramp::time_test
