#include "sim/json_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "sim/field_reader.h"

namespace podramp::sim::json_tree_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Parsed parse(std::string_view text) { return parse_json("f.json", text, {}); }

TEST(JsonTree, KnowsTheLineOfEveryKeyAndListItem) {
  const Parsed parsed = parse("{\n\"a\": 1,\n\n\"b\":\n  {\"c\": [\n1\n,\n\"x\",\n{}, true]}}");
  ASSERT_TRUE(parsed.usable);
  EXPECT_EQ(parsed.root.line, 1);
  EXPECT_EQ(parsed.root.find("a")->line, 2);
  EXPECT_EQ(parsed.root.find("b")->line, 4);
  const JsonValue* list = parsed.root.find("b")->find("c");
  ASSERT_EQ(list->items.size(), 4U);
  EXPECT_EQ(list->line, 5);
  EXPECT_EQ(list->items[0].line, 6) << "a number that ends its line";
  EXPECT_EQ(list->items[1].line, 8);
  EXPECT_EQ(list->items[2].line, 9);
  EXPECT_EQ(list->items[3].line, 9);
}

TEST(JsonTree, KeepsNumbersAsTheyWereWritten) {
  const Parsed parsed = parse("[18446744073709551615, -3, 1.50, 1e3, true, null]");
  ASSERT_TRUE(parsed.usable);
  std::vector<std::string> texts;
  for (const JsonValue& item : parsed.root.items) texts.push_back(item.text);
  EXPECT_THAT(texts, ElementsAre("18446744073709551615", "-3", "1.50", "1e3", "true", "null"));
}

TEST(JsonTree, AllowsBothKindsOfComments) {
  EXPECT_TRUE(parse("// one\n{/* two\nlines */ \"a\": 1}").usable);
  EXPECT_EQ(parse("// one\n{/* two\nlines */ \"a\": 1}").root.find("a")->line, 3);
}

TEST(JsonTree, ReportsEveryDuplicateKeyWithBothLinesAndKeepsTheFirst) {
  const Parsed parsed = parse("{\"l\": [{}, {\"a\": 1,\n\"a\": 2,\n\"a\": 3}],\n\"l\": 4}");
  ASSERT_TRUE(parsed.usable);
  EXPECT_THAT(parsed.errors, ElementsAre(FieldError{"f.json", 2, "l[1].a", "duplicate key; it is also on line 1"},
                                         FieldError{"f.json", 3, "l[1].a", "duplicate key; it is also on line 1"},
                                         FieldError{"f.json", 4, "l", "duplicate key; it is also on line 1"}));
  EXPECT_EQ(parsed.root.find("l")->items[1].find("a")->text, "1");
}

TEST(JsonTree, GivesLineAndColumnOfASyntaxError) {
  const Parsed parsed = parse("{\n  \"a\": 1\n  \"b\": 2\n}");
  EXPECT_FALSE(parsed.usable);
  ASSERT_EQ(parsed.errors.size(), 1U);
  EXPECT_EQ(parsed.errors[0].line, 3);
  EXPECT_THAT(parsed.errors[0].message, HasSubstr("not JSON: column 5: syntax error"));
}

TEST(JsonTree, RefusesWhatIsNestedTooDeepInsteadOfRunningOutOfStack) {
  const std::string deep = std::string(1'000'000, '[');
  const Parsed parsed = parse(deep);
  EXPECT_FALSE(parsed.usable);
  EXPECT_THAT(parsed.errors.at(0).message, HasSubstr("nested deeper than 32 levels"));
}

TEST(JsonTree, LeavesOutMembersThatNobodyReads) {
  ParseOptions options;
  options.skip = {"managedFields"};
  const Parsed parsed = parse_json("f.json", R"({"a": {"managedFields": [{"x": 1}], "b": 2}})", options);
  ASSERT_TRUE(parsed.usable);
  EXPECT_EQ(parsed.root.find("a")->items.size(), 1U);
}

// ------------------------------------------------------------------------------------------------------ field_reader

JsonValue value_of(std::string_view text) { return parse(text).root; }

TEST(FieldReader, OffersTheNearestNameAndNothingWhenAllAreFar) {
  const std::vector<std::string> known{"seed", "applications", "cluster"};
  EXPECT_EQ(nearest("sede", known), "seed");
  EXPECT_EQ(nearest("aplication", known), "applications");
  EXPECT_EQ(nearest("xylophone", known), "");
}

TEST(FieldReader, ReadsBandwidthInBitsAndInBytes) {
  EXPECT_EQ(*as_bandwidth(value_of("\"10Gbps\"")), 1'250'000'000);
  EXPECT_EQ(*as_bandwidth(value_of("\"125M/s\"")), 125'000'000);
  EXPECT_EQ(*as_bandwidth(value_of("\"1Ki/s\"")), 1024);
  EXPECT_FALSE(as_bandwidth(value_of("\"10G\"")));
  EXPECT_FALSE(as_bandwidth(value_of("125000000")));
  for (const std::int64_t bytes : {1, 1000, 1024, 125'000'000, 1'250'000'000, 7}) {
    JsonValue text;
    text.kind = JsonKind::string;
    text.text = format_bandwidth(bytes);
    EXPECT_EQ(*as_bandwidth(text), bytes) << text.text;
  }
}

TEST(FieldReader, ReadsRatiosBetweenZeroAndOne) {
  EXPECT_EQ(as_ratio(value_of("\"3/100\""))->denominator, 100);
  EXPECT_EQ(as_ratio(value_of("\"1\""))->numerator, 1);
  for (const char* bad : {"\"4/3\"", "\"1/0\"", "\"-1/2\"", "\"1/2/3\"", "\"\"", "0.5"}) {
    EXPECT_FALSE(as_ratio(value_of(bad))) << bad;
  }
}

TEST(FieldReader, NamesFollowDns1123) {
  EXPECT_EQ(why_not_dns_label("etl-3"), "");
  EXPECT_EQ(why_not_dns_subdomain("a.b-c.9"), "");
  EXPECT_NE(why_not_dns_label("a.b"), "");
  EXPECT_NE(why_not_dns_label("-a"), "");
  EXPECT_NE(why_not_dns_label("A"), "");
  EXPECT_NE(why_not_dns_label(""), "");
  EXPECT_EQ(why_not_dns_label(std::string(63, 'x')), "");
  EXPECT_NE(why_not_dns_label(std::string(64, 'x')), "");
}

TEST(FieldReader, SaysWhatWasFoundInsteadOfWhatIsNeeded) {
  EXPECT_EQ(as_duration(value_of("5")).error().message,
            "must be a duration with a unit, such as \"250ms\" (got the number 5)");
  EXPECT_EQ(as_text(value_of("[1]")).error().message, "must be a string (got a list)");
  EXPECT_EQ(as_flag(value_of("null")).error().message, "must be true or false (got null)");
  EXPECT_EQ(whole_between(1, 9)(value_of("10")).error().message, "must be between 1 and 9 (got 10)");
  EXPECT_EQ(whole_between(1, 9)(value_of("\"5\"")).error().message, "must be a whole number (got the string \"5\")");
  EXPECT_EQ(whole_between(1, 9)(value_of("99999999999999999999999")).error().message,
            "must be between 1 and 9 (got 99999999999999999999999)");
}

TEST(FieldReader, KnowsOnlyTheKeysThatWereAskedFor) {
  Reading reading;
  reading.add_source("f.json", SourceKind::scenario);
  const JsonValue object = value_of("{\"name\": \"a\",\n\"cuont\": 2}");
  ObjectReader reader(reading, object, "x[0]");
  std::string name;
  EXPECT_TRUE(reader.read("name", name, as_text));
  std::int64_t count = 7;
  EXPECT_FALSE(reader.read("count", count, whole_between(0, 9)));
  reader.finish();
  EXPECT_EQ(count, 7);
  EXPECT_THAT(reading.errors,
              ElementsAre(FieldError{"f.json", 2, "x[0].cuont", "unknown key (did you mean \"count\"?)"}));
}

}  // namespace
}  // namespace podramp::sim::json_tree_test
