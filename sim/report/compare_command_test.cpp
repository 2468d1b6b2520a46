// podramp compare: what it says of two runs, as text, as JSON and as a page.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "sim/report/commands.h"
#include "sim/report/page_file.h"
#include "sim/report/run_page.h"
#include "sim/report/test_reports.h"

namespace podramp::sim::compare_command_test {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::HasSubstr;

struct Said {
  int code = 0;
  std::string out;
  std::string err;
};

Said compare(const Arguments& arguments) {
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  Said said;
  said.code = compare_command(arguments);
  std::fflush(stdout);
  said.out = testing::internal::GetCapturedStdout();
  said.err = testing::internal::GetCapturedStderr();
  return said;
}

TEST(CompareCommand, SaysEqualOrWhereRunsPart) {
  const ReportedRun a = reported(scenario_of(tiny_text()), LogLevel::all, "a");
  const ReportedRun b = reported(scenario_of(tiny_text()), LogLevel::all, "b");
  const ReportedRun c = reported(scenario_of(tiny_text(4)), LogLevel::all, "c");
  const Said equal = compare({a.path, b.path});
  EXPECT_EQ(equal.code, 0);
  EXPECT_THAT(equal.out, HasSubstr("logs      the same after their headers\n"));
  const Said different = compare({a.path, c.path, "--json"});
  EXPECT_EQ(different.code, 0);
  const json j = json::parse(different.out);
  EXPECT_EQ(j["a"]["kpis"]["creates"], 6);
  EXPECT_EQ(j["b"]["kpis"]["creates"], 4);
  EXPECT_THAT(j["differing"], testing::Contains("creates"));
  EXPECT_GT(j["first_difference"]["line"], 1);
  EXPECT_EQ(j["applications"]["etl"]["b"]["creates"], 4);
  for (const auto& [name, value] : j["a"]["kpis"].items()) EXPECT_EQ(a.record.kpis.at(name), value) << name;
}

// The target of six and of four: five creates of a round are cut short after the fourth.
TEST(CompareCommand, NamesTheFirstDecisionThatDiffersWhateverTheTimes) {
  const ReportedRun six = reported(scenario_of(tiny_text(6)), LogLevel::all, "six");
  const ReportedRun four = reported(scenario_of(tiny_text(4)), LogLevel::all, "four");
  const auto first = first_different_decision(six.path, four.path);
  ASSERT_TRUE(first);
  ASSERT_TRUE(first->a && first->b);
  EXPECT_GT(first->same, 4);
  EXPECT_THAT(first->a->what, testing::MatchesRegex("out.called create .*-exec-5"));
  EXPECT_THAT(compare({six.path, four.path}).out, HasSubstr("-exec-5 at "));

  std::string later = tiny_text(6);
  later.replace(later.find("\"seed\":3"), 8, "\"seed\":4");
  const ReportedRun other = reported(scenario_of(later), LogLevel::all, "other");
  EXPECT_THAT(compare({six.path, other.path}).out, HasSubstr("decisions the same "));
  EXPECT_FALSE(first_different_decision(six.path, six.path)->differs());
}

TEST(CompareCommand, NamesTheOneApplicationThatDiffers) {
  std::string text = tiny_text(2);
  const std::size_t begin = text.find("{\"name\":\"etl\"");
  std::string other = text.substr(begin, text.rfind("]}") - begin);
  other.replace(other.find("etl"), 3, "two");
  text.insert(text.rfind("]}"), "," + other);
  const std::size_t of_two = text.rfind("spark.executor.instances\":\"") + 27;
  std::string more = text;
  more.replace(of_two, 1, "3");
  const ReportedRun a = reported(scenario_of(text), LogLevel::all, "a");
  const ReportedRun b = reported(scenario_of(more), LogLevel::all, "b");
  EXPECT_THAT(compare({a.path, b.path}).out, HasSubstr("only application two differs:\n"));
}

TEST(CompareCommand, WritesThePageOfTwoRunsThatReportWrites) {
  const ReportedRun a = reported(scenario_of(tiny_text()), LogLevel::all, "a");
  const ReportedRun c = reported(scenario_of(tiny_text(4)), LogLevel::all, "c");
  const std::string html = scratch_file("page.html");
  fs::remove(html);
  EXPECT_EQ(compare({a.path, c.path, "--html", html}).code, 0);
  const auto comparison = compare_runs(a.path, c.path);
  ASSERT_TRUE(comparison);
  const auto decision = first_different_decision(a.path, c.path);
  ASSERT_TRUE(decision);
  EXPECT_EQ(read_bytes(html), compare_page(a.record, c.record, *comparison, *decision));
  EXPECT_THAT(read_bytes(html), HasSubstr("First decision that differs"));
  EXPECT_THAT(read_bytes(html), HasSubstr("The logs part at line "));
  const Said again = compare({a.path, c.path, "--html", html});
  EXPECT_EQ(again.code, 2);
  EXPECT_THAT(again.err, HasSubstr("exists already"));
  EXPECT_EQ(compare({a.path, c.path, "--html", html, "--force"}).code, 0);
}

TEST(CompareCommand, WhatCannotBeComparedIsExitTwo) {
  const std::vector<Arguments> all{
      {"one"}, {"/no/a", "/no/b"}, {"a", "--against", "b", "--html", "c"}, {"/no/a", "/no/b", "--html", "/no/c"}};
  for (const Arguments& arguments : all) {
    const Said said = compare(arguments);
    EXPECT_EQ(said.code, 2) << testing::PrintToString(arguments);
    EXPECT_NE(said.err, "");
  }
}

}  // namespace
}  // namespace podramp::sim::compare_command_test
