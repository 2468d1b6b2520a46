// A live record says what a report reads from the log; a run that goes on is not judged as one that is over.
#include "sim/dashboard/live_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/dashboard/live_sections.h"
#include "sim/report/run_charts.h"
#include "sim/report/run_verdict.h"
#include "sim/report/test_reports.h"
#include "sim/report/timeline_svg.h"

namespace podramp::sim::live_record_test {
namespace {

using testing::HasSubstr;
using testing::Not;

// Hears a run, and takes its state once at a time of it.
class Watcher final : public EventSink {
 public:
  Watcher(const Scenario& scenario, TimeUs at_us) : live_(*LiveRecord::of(scenario)), at_us_(at_us) {}
  void append(const EventRef& event, PodMemory& memory) override {
    if (!halfway_ && event.t > at_us_) halfway_ = live_->at(at_us_, false);
    live_->append(event, memory);
  }
  RunRecord halfway() const { return halfway_.value_or(RunRecord{}); }
  RunRecord over(TimeUs t) { return live_->at(t, true); }

 private:
  std::unique_ptr<LiveRecord> live_;
  TimeUs at_us_;
  std::optional<RunRecord> halfway_;
};

struct Watched {
  ReportedRun report;
  RunRecord halfway;
  RunRecord over;
};

Watched watch(const std::string& scenario_file, TimeUs at_us) {
  const Scenario scenario = shipped_scenario(scenario_file);
  Watcher watcher(scenario, at_us);
  const std::string path = scratch_file("log.jsonl");
  RunOptions options = with_fluid();
  options.more_sinks = {&watcher};
  run_to(path, scenario, options);
  auto record = read_record(path, 0);
  EXPECT_TRUE(record);
  const TimeUs end_us = record->end_us;
  return {{path, std::move(*record)}, watcher.halfway(), watcher.over(end_us)};
}

TEST(LiveRecord, OfARunThatIsOverIsWhatAReportReadsFromItsLog) {
  for (const char* file : {"ramp_500.json", "quota_shared_by_three_apps.json", "node_failure_wave.json"}) {
    const Watched run = watch(file, kSecondUs);
    const RunRecord& report = run.report.record;
    EXPECT_EQ(run.over.kpis, report.kpis);
    EXPECT_EQ(run.over.applications, report.applications);
    EXPECT_EQ(reached_target(run.over).headline, reached_target(report).headline);
    const Window window = busy_window(report);
    EXPECT_EQ(chart_svg(waiting_chart(run.over, "", window)), chart_svg(waiting_chart(report, "", window)));
    EXPECT_EQ(chart_svg(counts_chart(run.over, "", window)), chart_svg(counts_chart(report, "", window)));
    EXPECT_EQ(chart_svg(*nodes_chart(run.over, window)), chart_svg(*nodes_chart(report, window)));
    EXPECT_EQ(timeline_html(run.over, window), timeline_html(report, window));
  }
}

TEST(LiveRecord, HalfwayNothingIsFinal) {
  const Watched run = watch("ramp_500.json", 30 * kSecondUs);
  const ReachedTarget reached = reached_target(run.halfway);
  EXPECT_TRUE(reached.open);
  EXPECT_THAT(reached.headline, testing::MatchesRegex("[0-9]+ of 500 executors so far"));
  EXPECT_TRUE(run.halfway.goes_on);
  EXPECT_EQ(run.halfway.end_us, 30 * kSecondUs);
  for (const Trouble& trouble : troubles(run.halfway)) EXPECT_FALSE(trouble.severe) << trouble.text;
  EXPECT_EQ(said_section(run.halfway).html.find("At least 25 percent of 500 executors are registered"), 0U);
  EXPECT_THAT(said_section(run.over).html, HasSubstr("500 of 500 executors in 58.691s. The run is over."));
}

TEST(LiveSections, HaveTheVerdictTheChartsAndTheTimeline) {
  const Watched run = watch("quota_shared_by_three_apps.json", 20 * kSecondUs);
  std::string ids;
  std::string all;
  for (const Section& section : live_sections(run.halfway, true)) {
    ids += section.id + " ";
    all += section.html;
  }
  EXPECT_EQ(ids, "head said verdict waiting counts applications api quota nodes timeline ");
  for (const char* text : {"Has it reached its target?", "What limits it?", "What goes wrong?",
                           "<figure id=\"waiting\">", "<figure id=\"counts\">", "<figure id=\"answers\">",
                           "<figure id=\"quota-0\">", "<figure id=\"nodes\">", "<figure id=\"timeline\">"}) {
    EXPECT_THAT(all, HasSubstr(text));
  }
  EXPECT_THAT(all, Not(HasSubstr("<script")));
  EXPECT_LT(all.size(), 300'000U);
  EXPECT_EQ(live_sections(run.halfway, false).size(), 9U);
}

TEST(LiveSections, WhatComesFromTheRunIsText) {
  Watched run = watch("playground.json", kSecondUs);
  const std::string evil = "</p><script>alert(1)</script><img src=x onerror=alert(2)>\"'&";
  run.over.scenario = run.over.about = evil;
  run.over.answers[evil] = {1};
  run.over.quotas.push_back({evil, {{evil, {{0, 2}}}}, {{evil, {{0, 1}}}}});
  run.over.violations.emplace_back(0, evil);
  if (!run.over.nodes.empty()) run.over.nodes.front().name = evil;
  for (const Section& section : live_sections(run.over, true)) {
    EXPECT_THAT(section.html, Not(HasSubstr("<script"))) << section.id;
    EXPECT_THAT(section.html, Not(HasSubstr("<img"))) << section.id;
  }
  EXPECT_THAT(said_section(run.over).html, HasSubstr("&lt;img"));
}

}  // namespace
}  // namespace podramp::sim::live_record_test
