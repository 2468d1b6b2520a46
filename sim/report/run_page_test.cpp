// Reports of real runs: what they say, that nothing in them asks for anything or breaks out, and how large they are.
#include "sim/report/run_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <regex>

#include "sim/report/chart.h"
#include "sim/report/commands.h"
#include "sim/report/html.h"
#include "sim/report/page.h"
#include "sim/report/run_charts.h"
#include "sim/report/test_reports.h"
#include "sim/results.h"

namespace podramp::sim::run_page_test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

// What stands outside of scripts and styles.
std::string without_code(const std::string& page) {
  std::string out;
  for (std::size_t at = 0; at < page.size();) {
    const std::size_t open = std::min(page.find("<script", at), page.find("<style", at));
    if (open == std::string::npos) return out + page.substr(at);
    const char* end = page.compare(open, 7, "<script") == 0 ? "</script>" : "</style>";
    out += page.substr(at, open - at);
    at = page.find(end, open);
    if (at == std::string::npos) break;
    at += std::string_view(end).size();
  }
  return out;
}

// Every element that is opened is closed again, in order.
std::string first_unbalanced(const std::string& html) {
  static const std::regex kTag("<(/?)([a-zA-Z][a-zA-Z0-9]*)((\"[^\"]*\"|[^<>\"])*)>");
  std::vector<std::string> open;
  for (auto it = std::sregex_iterator(html.begin(), html.end(), kTag); it != std::sregex_iterator(); ++it) {
    const std::string name = (*it)[2];
    const std::string rest = (*it)[3];
    if (name == "meta" || (!rest.empty() && rest.back() == '/')) continue;
    if ((*it)[1].length() == 0) {
      open.push_back(name);
    } else if (open.empty() || open.back() != name) {
      return "</" + name + "> after <" + (open.empty() ? "" : open.back()) + ">";
    } else {
      open.pop_back();
    }
  }
  return open.empty() ? "" : "<" + open.back() + "> is never closed";
}

TEST(RunPage, FirstScreenSaysWhatWasReachedWhatLimitedItAndWhatWentWrong) {
  const ReportedRun run = reported(shipped_scenario("ramp_500.json"));
  const std::string page = run_page(run.record);
  const std::string text = without_code(page);
  const std::size_t first = text.find("<nav ");
  const std::string screen = text.substr(0, first);
  EXPECT_THAT(screen, HasSubstr("<p class=\"big\">500 of 500 executors in 58.691s</p>"));
  EXPECT_THAT(screen, HasSubstr("<p class=\"big\">batch: 78 % of the waiting</p>"));
  EXPECT_THAT(screen, HasSubstr("What went wrong?"));
  EXPECT_THAT(screen, HasSubstr("role=\"img\" aria-labelledby=\"waiting-t waiting-d\""));
  EXPECT_EQ(count_in(text, "<svg "), 5U);  // waiting, counts, answers, nodes, timeline
  for (const char* heading :
       {"Counts", "Requests to the API server", "Quota", "Nodes", "The slowest executors, and why",
        "Timeline of nodes and executors", "All KPIs", "The resolved scenario"}) {
    EXPECT_THAT(text, HasSubstr(std::string(">") + heading + "</h2>"));
  }
  EXPECT_EQ(count_in(text, "<div class=\"strip\""), 1U + kSlowestExplained);
  EXPECT_EQ(first_unbalanced(text), "");
  EXPECT_LT(page.size(), 700'000U);
}

TEST(RunPage, NothingInItAsksForAnything) {
  const ReportedRun run = reported(shipped_scenario("quota_shared_by_three_apps.json"));
  const std::string page = run_page(run.record);
  EXPECT_THAT(page, HasSubstr("default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'\">"));
  const std::string text = without_code(page);
  for (const char* word : {" src=", "<link", "@import", "<img", "<iframe", "<object", "url(", "xlink:href"}) {
    EXPECT_THAT(text, Not(HasSubstr(word)));
  }
  EXPECT_EQ(count_in(text, "href="), count_in(text, "href=\"#"));
  EXPECT_THAT(std::string(page_style()) + std::string(dygraphs_style()), Not(HasSubstr("url(")));
  EXPECT_EQ(first_unbalanced(text), "");
  EXPECT_LT(page.size(), 1'500'000U);
}

TEST(RunPage, SectionsOfEachApplicationAndTheQuotaThatLimitedThem) {
  const ReportedRun run = reported(shipped_scenario("quota_shared_by_three_apps.json"));
  const std::string text = without_code(run_page(run.record));
  EXPECT_THAT(text, HasSubstr("100 of 120 executors, never all of them"));
  EXPECT_THAT(text, HasSubstr("quota: 97 % of the waiting"));
  EXPECT_THAT(text, HasSubstr("third: 20 executors are missing; at the end it waits for: refused"));
  for (const char* name : {"first", "second", "third"}) {
    EXPECT_THAT(text, HasSubstr(std::string("<summary>") + name + "</summary>"));
  }
  EXPECT_THAT(text, HasSubstr("<figure id=\"waiting-2\">"));
  EXPECT_THAT(text, HasSubstr("<figure id=\"quota-0\">"));
}

TEST(RunPage, WhatComesFromLogsAndScenariosIsText) {
  const std::string evil = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'&";
  std::string quoted_evil;
  for (const char c : evil) quoted_evil += c == '"' ? std::string("\\\"") : std::string(1, c);
  const std::string text = "{\"about\":\"" + quoted_evil + "\"," + tiny_text(3).substr(1);
  const ReportedRun run = reported(scenario_of(text));
  RunRecord record = run.record;
  record.scenario = evil;
  record.header.engine = evil;
  record.violations.emplace_back(0, evil);
  record.answers[evil] = {1};
  record.quotas.push_back({evil, {{evil, {{0, 2}}}}, {{evil, {{0, 1}}}}});
  record.faults.push_back({0, evil, evil, {}});
  record.verdict = {{evil}, {evil}, {evil}};
  record.nodes.front().name = evil;
  ASSERT_FALSE(record.explanation.slowest.empty());
  record.explanation.slowest.front().said.push_back(evil);
  for (ExecutorWait& wait : record.explanation.waits) {
    wait.application = evil;
    wait.row.pod = evil;
    wait.row.node = evil;
  }
  const Comparison comparison{{}, {}, {}, {}, 3, evil, evil};
  const FirstDecision decision{1, LoggedDecision{2, 0, evil, evil, evil}, {}};
  for (const std::string& page : {run_page(record), compare_page(record, run.record, comparison, decision)}) {
    EXPECT_THAT(page, Not(HasSubstr("<script>alert")));
    EXPECT_THAT(page, Not(HasSubstr("</script><script>alert")));
    EXPECT_THAT(page, Not(HasSubstr("<img")));
    EXPECT_THAT(page, HasSubstr("&lt;/script&gt;&lt;script&gt;alert(1)&lt;/script&gt;&lt;img src=x"));
    EXPECT_EQ(first_unbalanced(without_code(page)), "");
  }
}

TEST(RunPage, EmbeddedCodeCannotEndItsElement) {
  EXPECT_EQ(escaped("<a href=\"x\">'&"), "&lt;a href=&quot;x&quot;&gt;&#39;&amp;");
  EXPECT_EQ(json_quoted("</script>\n\"\\"), "\"\\u003c/script\\u003e\\u000a\\\"\\\\\"");
  EXPECT_EQ(script_safe("s='</SCRIPT>'+/</g+'<!--'+'<script'"), "s='<\\/SCRIPT>'+/</g+'<\\!--'+'\\x3cscript'");
  EXPECT_THAT(std::string(dygraphs_script()), HasSubstr("Dygraph"));
  EXPECT_GT(dygraphs_script().size(), 100'000U);
}

TEST(RunPage, AreasOfThePictureAddUpToTheTarget) {
  const ReportedRun run = reported(shipped_scenario("ramp_500.json"));
  const Chart chart = waiting_chart(run.record, "", busy_window(run.record));
  EXPECT_EQ(chart.areas.front().name, "registered");
  for (std::size_t i = 2; i + 2 < chart.areas.front().steps.size(); ++i) {  // ends are averaged with nothing
    double sum = 0;
    for (const Curve& area : chart.areas) sum += area.steps[i].value;
    EXPECT_NEAR(sum, 500, 1e-6) << i;
  }
}

TEST(RunPage, BelowLevelAllItSaysWhatIsMissing) {
  const Scenario scenario = scenario_of(tiny_text(4));
  const std::string decisions = run_page(reported(scenario, LogLevel::decisions).record);
  EXPECT_THAT(decisions, HasSubstr("it has no facts. Pods, nodes, quotas"));
  EXPECT_THAT(decisions, HasSubstr("4 of 4 executors in"));
  EXPECT_THAT(decisions, HasSubstr("The log has no facts about nodes."));
  const std::string none = run_page(reported(scenario, LogLevel::none).record);
  EXPECT_THAT(none, HasSubstr("it has no events, so that nothing can be shown"));
  EXPECT_EQ(first_unbalanced(without_code(none)), "");
}

TEST(RunPage, ALogThatWasCutOffIsReportedAsSuch) {
  const ReportedRun run = reported(scenario_of(tiny_text(4)));
  const std::string whole = read_bytes(run.path);
  write_bytes(run.path, whole.substr(0, whole.size() * 2 / 3));
  const auto record = read_record(run.path, 10);
  ASSERT_TRUE(record);
  EXPECT_THAT(run_page(*record), HasSubstr("The log has no footer: the run was cut off at "));
}

TEST(RunPage, LongRunsAreDrawnWithFewPoints) {
  Chart chart;
  chart.id = "long";
  chart.window = {0, 100'000 * kSecondUs};
  Curve line{"registered", "registered", {}, false};
  for (int i = 0; i < 100'000; ++i) line.steps.push_back({i * kSecondUs, static_cast<double>(i * 7919 % 5000)});
  chart.lines.push_back(line);
  EXPECT_LT(chart_html(chart).size(), 60'000U);
}

TEST(ComparePage, ShowsBothCurvesTheNumbersAndWhereTheLogsPart) {
  const std::string setting = "applications.0.conf.spark.kubernetes.allocation.batch.size";
  const ReportedRun a = reported(shipped_scenario("ramp_500.json"));
  const ReportedRun b = reported(shipped_scenario("ramp_500.json", {setting + "=50"}), LogLevel::all, "other");
  const auto comparison = compare_runs(a.path, b.path);
  ASSERT_TRUE(comparison);
  const auto decision = first_different_decision(a.path, b.path);
  ASSERT_TRUE(decision);
  const std::string text = without_code(compare_page(a.record, b.record, *comparison, *decision));
  EXPECT_THAT(text, HasSubstr("500 of 500 executors in 58.691s"));
  EXPECT_THAT(text, HasSubstr("500 of 500 executors in 20.599s"));
  EXPECT_THAT(text, HasSubstr("-38.092s (-64.9 %)"));
  EXPECT_THAT(text, HasSubstr("The logs part at line 158:"));
  EXPECT_THAT(
      text,
      HasSubstr("<th scope=\"row\">applications.0.conf.spark.kubernetes.allocation.batch.size</th><td>not set</td>"
                "<td>50</td>"));
  EXPECT_EQ(count_in(text, "<svg "), 4U);
  EXPECT_EQ(first_unbalanced(text), "");
}

TEST(ReportCommand, WritesBesideTheRunAndReplacesOnlyWhenForced) {
  const ReportedRun run = reported(scenario_of(tiny_text(2)));
  const std::string html = fs::path(run.path).replace_extension(".html").string();
  fs::remove(html);
  testing::internal::CaptureStdout();
  EXPECT_EQ(report_command({run.path}), 0);
  EXPECT_THAT(testing::internal::GetCapturedStdout(), HasSubstr(html + " ("));
  EXPECT_THAT(read_bytes(html), HasSubstr("2 of 2 executors in"));
  testing::internal::CaptureStderr();
  EXPECT_EQ(report_command({run.path}), 2);
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("exists already"));
  testing::internal::CaptureStdout();
  EXPECT_EQ(report_command({run.path, "--force", "--json"}), 0);
  EXPECT_THAT(testing::internal::GetCapturedStdout(), HasSubstr("{\"report\":\""));
  testing::internal::CaptureStderr();
  EXPECT_EQ(report_command({}), 2);
  EXPECT_EQ(report_command({"/no/such"}), 2);
  EXPECT_EQ(report_command({"a", "b", "c"}), 2);
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("/no/such"));
}

TEST(ReportCommand, HelpFitsOneScreenAndShowsAnExample) {
  for (const Command& command : report_commands()) {
    testing::internal::CaptureStdout();
    EXPECT_EQ(command.run({"--help"}), 0);
    std::fflush(stdout);
    const std::string help = testing::internal::GetCapturedStdout();
    EXPECT_LE(count_in(help, "\n"), 24U);
    EXPECT_THAT(help, HasSubstr("\nexample: podramp " + std::string(command.name)));
  }
}

}  // namespace
}  // namespace podramp::sim::run_page_test
