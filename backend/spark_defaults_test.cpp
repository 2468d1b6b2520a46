#include "backend/spark_defaults.h"

#include <gtest/gtest.h>

#include "backend/port/random.h"

namespace podramp::backend::spark_defaults_test {
namespace {

SparkDefaults read(std::string_view text) { return read_spark_defaults(text, "job.conf"); }

TEST(SparkDefaultsText, KeysEndAtBlankEqualsOrColon) {
  EXPECT_EQ(read("spark.a 1\nspark.b=2\nspark.c:3\nspark.d\t4\nspark.e = 5\nspark.f  :  6\nspark.g==7\nspark.h\n").conf,
            (StringMap{{"spark.a", "1"},
                       {"spark.b", "2"},
                       {"spark.c", "3"},
                       {"spark.d", "4"},
                       {"spark.e", "5"},
                       {"spark.f", "6"},
                       {"spark.g", "=7"},
                       {"spark.h", ""}}));
}

TEST(SparkDefaultsText, CommentsAndBlankLinesAreSkippedAndValuesMayHoldMarks) {
  EXPECT_EQ(
      read("# a comment \\\n! another\n\n   \t\n  spark.a  1 # not a comment\nspark.b k8s://https://h:6443\n").conf,
      (StringMap{{"spark.a", "1 # not a comment"}, {"spark.b", "k8s://https://h:6443"}}));
}

TEST(SparkDefaultsText, TrailingBlanksAreTrimmedAndLineEndsOfAllSystemsWork) {
  EXPECT_EQ(read("spark.a 1  \t \r\nspark.b 2\rspark.c 3").conf,
            (StringMap{{"spark.a", "1"}, {"spark.b", "2"}, {"spark.c", "3"}}));
}

TEST(SparkDefaultsText, LongLinesContinueAfterABackslash) {
  const SparkDefaults d = read("spark.a one,\\\n    two,\\\n    three\nspark.b x\\\\\nspark.c y\\");
  EXPECT_EQ(d.conf, (StringMap{{"spark.a", "one,two,three"}, {"spark.b", "x\\"}, {"spark.c", "y"}}));
  EXPECT_EQ(d.places.at("spark.a").line, 1);
  EXPECT_EQ(d.places.at("spark.b").line, 4);
  EXPECT_EQ(d.places.at("spark.c").line, 5);
  EXPECT_EQ(d.places.at("spark.c").file, "job.conf");
}

TEST(SparkDefaultsText, EscapesAreJavas) {
  EXPECT_EQ(
      read("spark.a\\=b\\ c 1\nspark.t x\\ty\nspark.u \\u0041\\u00e9\\u20ac\nspark.z \\z\n").conf,
      (StringMap{{"spark.a=b c", "1"}, {"spark.t", "x\ty"}, {"spark.u", "A\xC3\xA9\xE2\x82\xAC"}, {"spark.z", "z"}}));
}

TEST(SparkDefaultsText, AnEscapedLineEndSurvivesTrimming) { EXPECT_EQ(read("spark.a \\n\n").conf.at("spark.a"), "\n"); }

TEST(SparkDefaultsText, MalformedUnicodeIsAnErrorWithItsLine) {
  const SparkDefaults d = read("spark.a 1\nspark.b \\u12x4\n");
  ASSERT_EQ(d.errors.size(), 1U);
  EXPECT_EQ(to_string(d.errors[0]), "job.conf:2: spark.b: \\u must be followed by four hexadecimal digits");
  EXPECT_EQ(d.conf, (StringMap{{"spark.a", "1"}}));
}

TEST(SparkDefaultsText, ForeignKeysAreDroppedWithAWarning) {
  const SparkDefaults d = read("spark.a 1\nhadoop.b 2\n");
  EXPECT_EQ(d.conf.size(), 1U);
  ASSERT_EQ(d.warnings.size(), 1U);
  EXPECT_EQ(to_string(d.warnings[0]), "job.conf:2: hadoop.b = 2: Spark reads only keys that begin with \"spark.\"");
  EXPECT_EQ(d.warnings[0].kind, ConfWarningKind::non_spark_key);
}

TEST(SparkDefaultsText, OfDuplicatesTheLastOneCounts) {
  const SparkDefaults d = read("spark.a 1\nspark.b 2\nspark.a 3\n");
  EXPECT_EQ(d.conf.at("spark.a"), "3");
  EXPECT_EQ(d.places.at("spark.a").line, 3);
  ASSERT_EQ(d.warnings.size(), 1U);
  EXPECT_EQ(to_string(d.warnings[0]), "job.conf:3: spark.a = 3: given in line 1 too; the last one counts");
}

TEST(SparkDefaultsText, ItsPlacesReachTheErrorsOfMakeConf) {
  const SparkDefaults d = read("\nspark.kubernetes.allocation.batch.delay 1\nspark.kubernetes.maxPendingPods 5\n");
  ConfOptions options;
  options.unknown_keys = UnknownKeys::kWarn;
  options.places = d.places;
  const ConfOutcome outcome = make_conf(d.conf, Compat::spark_4_0, options);
  ASSERT_EQ(outcome.errors.size(), 1U);
  EXPECT_EQ(
      to_string(outcome.errors[0]),
      "job.conf:2: spark.kubernetes.allocation.batch.delay: a bare number is milliseconds: 1 ms, must be > 100 ms "
      "at spark-4.0");
  EXPECT_EQ(outcome.warnings.back().line, 3);
}

// Whatever the bytes, reading ends, and what was read has known places.
TEST(SparkDefaultsText, AnyBytesAreReadWithoutHarm) {
  static constexpr std::string_view kAlphabet = "spark.a=: \\\n\r#!u0é\t\f";
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    Draw draw(seed, "test.conf", "text");
    std::string text;
    const std::int64_t length = draw.uniform(0, 60);
    for (std::int64_t i = 0; i < length; ++i) {
      text += kAlphabet[static_cast<std::size_t>(draw.uniform(0, static_cast<std::int64_t>(kAlphabet.size()) - 1))];
    }
    const SparkDefaults d = read(text);
    EXPECT_EQ(d.conf.size(), d.places.size());
    for (const auto& [key, value] : d.conf) EXPECT_GE(d.places.at(key).line, 1) << key;
    EXPECT_EQ(read(text).conf, d.conf);
  }
}

TEST(SparkDefaultsText, AnEmptyTextHasNothing) {
  EXPECT_TRUE(read("").conf.empty());
  EXPECT_TRUE(read("\\\n").conf.empty());
}

}  // namespace
}  // namespace podramp::backend::spark_defaults_test
