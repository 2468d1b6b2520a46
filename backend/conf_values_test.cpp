#include "backend/conf_values.h"

#include <gtest/gtest.h>

namespace podramp::backend::conf_values_test {
namespace {

std::int64_t ms(std::string_view text) { return parse_spark_time(text, TimeUnit::milliseconds).value().value; }
std::int64_t mib(std::string_view text) { return parse_spark_bytes(text, ByteUnit::mebibytes).value().value; }
std::string time_error(std::string_view text) {
  const auto result = parse_spark_time(text, TimeUnit::milliseconds);
  return result ? "accepted" : result.error().message;
}
std::string size_error(std::string_view text) {
  const auto result = parse_spark_bytes(text, ByteUnit::mebibytes);
  return result ? "accepted" : result.error().message;
}

TEST(SparkTime, EverySuffixCountsAsSparkDocumentsIt) {
  EXPECT_EQ(ms("1500us"), 1);
  EXPECT_EQ(ms("250ms"), 250);
  EXPECT_EQ(ms("5s"), 5'000);
  EXPECT_EQ(ms("2m"), 120'000);
  EXPECT_EQ(ms("2min"), 120'000);
  EXPECT_EQ(ms("1h"), 3'600'000);
  EXPECT_EQ(ms("1d"), 86'400'000);
}

TEST(SparkTime, ABareNumberIsInTheKeysUnit) {
  EXPECT_EQ(parse_spark_time("7", TimeUnit::milliseconds).value(), (UnitValue{7, true, false}));
  EXPECT_EQ(parse_spark_time("7", TimeUnit::seconds).value(), (UnitValue{7, true, false}));
  EXPECT_EQ(parse_spark_time("7", TimeUnit::minutes).value(), (UnitValue{7, true, false}));
}

TEST(SparkTime, CaseAndOuterSpacesDoNotMatterAndSignsAreKept) {
  EXPECT_EQ(ms("  5S "), 5'000);
  EXPECT_EQ(ms("-5s"), -5'000);
}

TEST(SparkTime, FinerUnitsAreCutTowardsZeroAndSaySo) {
  EXPECT_EQ(parse_spark_time("1999ms", TimeUnit::seconds).value(), (UnitValue{1, false, true}));
  EXPECT_EQ(parse_spark_time("2000ms", TimeUnit::seconds).value(), (UnitValue{2, false, false}));
  EXPECT_EQ(parse_spark_time("-1999ms", TimeUnit::seconds).value(), (UnitValue{-1, false, true}));
}

TEST(SparkTime, TooLongSaturates) { EXPECT_EQ(ms("9223372036854775807d"), INT64_MAX); }

TEST(SparkTime, MistakesSayWhatWasExpected) {
  EXPECT_EQ(time_error("1.5s"),
            "expected a whole number with a unit, such as 250ms, 5s, 2min or 1h (a bare number is milliseconds), got "
            "\"1.5s\": fractions are not allowed");
  EXPECT_NE(time_error("5 s").find("got \"5 s\""), std::string::npos);
  EXPECT_NE(time_error("5sec").find("the unit \"sec\" is unknown"), std::string::npos);
  EXPECT_NE(time_error("99999999999999999999s").find("too large"), std::string::npos);
  EXPECT_NE(time_error("").find("got \"\""), std::string::npos);
  EXPECT_NE(time_error("s").find("got \"s\""), std::string::npos);
}

TEST(SparkBytes, EverySuffixIsBinary) {
  EXPECT_EQ(mib("1048576b"), 1);
  EXPECT_EQ(mib("2048k"), 2);
  EXPECT_EQ(mib("2048KB"), 2);
  EXPECT_EQ(mib("3m"), 3);
  EXPECT_EQ(mib("3mb"), 3);
  EXPECT_EQ(mib("2g"), 2048);
  EXPECT_EQ(mib("2gb"), 2048);
  EXPECT_EQ(mib("1t"), 1LL << 20);
  EXPECT_EQ(mib("1tb"), 1LL << 20);
  EXPECT_EQ(mib("1p"), 1LL << 30);
  EXPECT_EQ(mib("1pb"), 1LL << 30);
  EXPECT_EQ(parse_spark_bytes("42", ByteUnit::bytes).value(), (UnitValue{42, true, false}));
  EXPECT_EQ(parse_spark_bytes("1500k", ByteUnit::mebibytes).value(), (UnitValue{1, false, true}));
}

TEST(SparkBytes, KubernetesSuffixesAreExplained) {
  EXPECT_NE(size_error("4Gi").find("write \"g\", which is binary already"), std::string::npos);
  EXPECT_NE(size_error("1.5g").find("fractions are not allowed"), std::string::npos);
  EXPECT_NE(size_error("4x").find("the suffix \"x\" is unknown"), std::string::npos);
  EXPECT_NE(size_error("9223372036854775807p").find("too large"), std::string::npos);
}

TEST(SparkNumbers, IntegersHave32BitsAndLongs64) {
  EXPECT_EQ(parse_spark_int(" 12 ").value(), 12);
  EXPECT_EQ(parse_spark_int("+12").value(), 12);
  EXPECT_EQ(parse_spark_int("-2147483648").value(), INT32_MIN);
  EXPECT_FALSE(parse_spark_int("2147483648"));
  EXPECT_FALSE(parse_spark_int("1.0"));
  EXPECT_FALSE(parse_spark_int("+-1"));
  EXPECT_FALSE(parse_spark_int(""));
  EXPECT_EQ(parse_spark_long("9223372036854775807").value(), INT64_MAX);
  EXPECT_FALSE(parse_spark_long("9223372036854775808"));
}

TEST(SparkNumbers, DoublesFollowJava) {
  EXPECT_EQ(parse_spark_double("0.385").value(), 0.385);
  EXPECT_EQ(parse_spark_double(" 1e-3 ").value(), 1e-3);
  EXPECT_EQ(parse_spark_double("1d").value(), 1.0);
  EXPECT_EQ(parse_spark_double("+.5").value(), 0.5);
  EXPECT_FALSE(parse_spark_double("inf"));
  EXPECT_FALSE(parse_spark_double("0,5"));
  EXPECT_FALSE(parse_spark_double("50%"));
  EXPECT_FALSE(parse_spark_double(""));
}

TEST(SparkNumbers, CpusOfTasksAreExactDecimals) {
  EXPECT_EQ(parse_spark_cpus("2").value(), 2 * kCpu);
  EXPECT_EQ(parse_spark_cpus(" 0.1 ").value(), kCpu / 10);
  EXPECT_EQ(parse_spark_cpus("25e-1").value(), 5 * kCpu / 2);
  EXPECT_EQ(parse_spark_cpus("1E2").value(), 100 * kCpu);
  EXPECT_EQ(parse_spark_cpus("0.0000000010").value(), 1);
  EXPECT_EQ(parse_spark_cpus("2147483647").value(), INT32_MAX * kCpu);
  for (const std::string_view wrong :
       {"0", "-1", "1e-10", "2147483648", "1e2147483647", "99999999999999999", "0.5d", "", ".", "1e", "half"}) {
    EXPECT_FALSE(parse_spark_cpus(wrong)) << wrong;
  }
}

TEST(SparkBooleans, AreTrueOrFalseAndNothingElse) {
  EXPECT_TRUE(parse_spark_boolean(" TRUE ").value());
  EXPECT_FALSE(parse_spark_boolean("False").value());
  for (const std::string_view wrong : {"yes", "1", "on", "", "t"}) {
    EXPECT_EQ(parse_spark_boolean(wrong).error().message, "expected true or false, got \"" + std::string(wrong) + "\"");
  }
}

TEST(SparkLists, ItemsAreTrimmedAndEmptyOnesDropped) {
  EXPECT_EQ(parse_spark_list(" a, b,,c ,"), (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(parse_spark_list("").size(), 0U);
}

}  // namespace
}  // namespace podramp::backend::conf_values_test
