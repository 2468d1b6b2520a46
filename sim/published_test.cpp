#include "sim/published.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/measures.h"
#include "sim/test_runs.h"
#include "sim/test_stream.h"

namespace podramp::sim::published_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string fact_text(const std::string& members, const std::string& more = "") {
  return tiny_text(
      6, "16", R"(,"published":{"source":"somebody","says":"something","kind":"predicted",)" + members + "}" + more);
}

const std::string kFigures = R"("figures":[{"what":"pods","measure":{"kind":"count","event":"fact.pod_created"},)"
                             R"("value":"6","low":"6","high":"6"}])";

std::string first_error(const std::string& text) {
  const auto loaded = load_scenario({"test.json", text}, {}, {});
  return loaded ? "" : to_string(loaded.error().front());
}

// --- measures ------------------------------------------------------------------------------------------------------

Measure measure(MeasureKind kind, const std::string& event = "", const std::string& to = "") {
  Measure one;
  one.kind = kind;
  one.event = event;
  one.to = to;
  return one;
}

TEST(Measures, CountTimesAndRatesOfEvents) {
  Measure last = measure(MeasureKind::between, "fact.pod_created", "fact.pod_gone");
  last.last = true;
  Measurer measurer(
      {measure(MeasureKind::count, "fact.pod_gone"), measure(MeasureKind::between, "fact.pod_created", "fact.pod_gone"),
       last, measure(MeasureKind::rate, "fact.pod_gone"), measure(MeasureKind::count, "fact.node_gone"),
       measure(MeasureKind::rate, "fact.node_gone"), measure(MeasureKind::between, "fact.node_gone", "fact.pod_gone")});
  Stream stream(measurer);
  stream.at(kSecondUs).add(fact::PodCreated{stream_pod(1)});
  for (TimeUs t : {3, 4, 5}) stream.at(t * kSecondUs).add(fact::PodGone{stream_key(1), 7, "api"});
  const auto value = [&](std::size_t i) { return measurer.value_milli(i, {}, {}); };
  EXPECT_EQ(value(0), 3000);
  EXPECT_EQ(value(1), 2000);
  EXPECT_EQ(value(2), 4000);
  EXPECT_EQ(value(3), 1000);
  EXPECT_EQ(value(4), 0);
  EXPECT_EQ(value(5), std::nullopt);
  EXPECT_EQ(value(6), std::nullopt);
}

TEST(Measures, AKpiInMillisecondsIsGivenInSeconds) {
  Measure time = measure(MeasureKind::kpi);
  time.kpi = "time_to_100_ms";
  Measure creates = measure(MeasureKind::kpi);
  creates.kpi = "etl/creates";
  Measurer measurer({time, creates});
  const Kpis run{{"time_to_100_ms", 1500}};
  EXPECT_EQ(measurer.value_milli(0, run, {}), 1500);
  EXPECT_EQ(measurer.value_milli(1, run, {{"etl", {{"creates", 7}}}}), 7000);
  EXPECT_EQ(measurer.value_milli(0, {{"time_to_100_ms", -1}}, {}), std::nullopt);
}

// --- facts ---------------------------------------------------------------------------------------------------------

TEST(Published, AScenarioCarriesItsFactThroughItsResolvedText) {
  const Scenario scenario = scenario_of(fact_text(kFigures));
  ASSERT_TRUE(scenario.published.has_value());
  EXPECT_EQ(scenario_of(to_json(scenario)).published, scenario.published);
}

TEST(Published, ALatencyThatTheSourceDoesNotStateIsAnError) {
  const std::string faster = R"(,"kubernetes":{"scheduler_qps":5000,"pod_gc_period":"1s"})";
  EXPECT_THAT(first_error(fact_text(kFigures, faster)),
              HasSubstr("kubernetes.pod_gc_period differs from the profile's default"));
  const std::string stated =
      R"("stated":{"kubernetes.scheduler_qps":"its client had so many","kubernetes.pod_gc_period":"so it said"},)";
  EXPECT_EQ(first_error(fact_text(stated + kFigures, faster)), "");
}

TEST(Published, EveryKindOfDefaultIsLookedAt) {
  Scenario scenario = scenario_of(tiny_text());
  EXPECT_TRUE(overridden_defaults(scenario).empty());
  scenario.cluster.latency.start = fakeapi::LatencyModel::constant(1);
  scenario.cluster.profile.toleration_s = 1;
  scenario.cluster.profile.queue_length = 1;
  scenario.cluster.profile.queue_wait_us = 1;
  scenario.cluster.parallel_pulls = true;
  scenario.cluster.registries.front().bytes_per_s = 1;
  scenario.cluster.nodes.front().bytes_per_s = 1;
  EXPECT_THAT(
      overridden_defaults(scenario),
      ElementsAre("cluster.latency.start", "cluster.nodes.bandwidth", "cluster.parallel_pulls", "cluster.registry",
                  "kubernetes.queue_length", "kubernetes.queue_wait", "kubernetes.toleration"));
}

TEST(Published, AFigureOutsideItsRangeNeedsAReasonAndOneInsideMustHaveNone) {
  const auto result = measure_fact(scenario_of(fact_text(kFigures)));
  ASSERT_TRUE(result.has_value());
  ASSERT_EQ(result->figures.size(), 1U);
  FigureResult row = result->figures.front();
  EXPECT_EQ(row.ours_milli, 6000);
  EXPECT_TRUE(row.within());
  EXPECT_TRUE(row.as_expected());
  row.figure.differs = "because";
  EXPECT_FALSE(row.as_expected());
  row.ours_milli = 7000;
  EXPECT_TRUE(row.as_expected());
  row.figure.differs = "";
  EXPECT_FALSE(row.as_expected());
}

TEST(Published, TheDocumentSaysWhatIsFittedWhatWeGiveAndWhereWeDiffer) {
  FactResult result = *measure_fact(scenario_of(fact_text(kFigures)));
  result.figures[0].figure.high_milli = 5500;
  result.figures[0].figure.low_milli = 5000;
  result.figures[0].figure.differs = "the source rounds";
  const std::string text = fidelity_document({result});
  EXPECT_THAT(text, HasSubstr("1 facts, 1 of them predicted; 0 of the predicted lie within"));
  EXPECT_THAT(text, HasSubstr("| pods | 6 | 5 to 5.5 | 6 | **differs**: the source rounds |"));
}

TEST(Published, FiguresAreWrittenWithoutNeedlessZeros) {
  EXPECT_EQ(figure_text(1290, "s"), "1.29 s");
  EXPECT_EQ(figure_text(50'000, "/s"), "50 /s");
  EXPECT_EQ(figure_text(0, ""), "0");
  EXPECT_EQ(figure_text(std::nullopt, "s"), "never");
}

TEST(Published, AFactWithoutFiguresOrKindIsAnError) {
  EXPECT_THAT(first_error(fact_text(R"("figures":[])")), HasSubstr("needs at least one figure"));
  EXPECT_THAT(first_error(tiny_text(6, "16", R"(,"published":{"source":"a","says":"b",)" + kFigures + "}")),
              HasSubstr("is missing: predicted or fitted"));
}

}  // namespace
}  // namespace podramp::sim::published_test
