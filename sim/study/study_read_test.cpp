// Specs: what is read, every mistake with its line, and that a resolved spec reads back as the same study.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "sim/study/study.h"
#include "sim/study/variants.h"
#include "sim/test_lines.h"

namespace podramp::sim::study_read_test {
namespace {

using testing::ElementsAre;

std::string spec_with(const std::string& dimensions, const std::string& more = "") {
  return R"({"schema": "podramp/study/v1", "scenario": "base.json",
  "objectives": [{"kpi": "time_to_95_ms"}],
  "dimensions": [)" +
         dimensions + "]" + more + "}";
}

std::string mistakes(const std::string& text) {
  const auto study = read_study({"spec.json", text});
  std::string all;
  if (study) return all;
  for (const FieldError& error : study.error()) all += to_string(error) + "\n";
  return all;
}

Study read(const std::string& text) {
  auto study = read_study({"spec.json", text});
  EXPECT_EQ(mistakes(text), "");
  CHECK(study);
  return std::move(*study);
}

std::vector<Variant> unfold(const Study& study) {
  auto variants = variants_of(study);
  CHECK(variants);
  return std::move(*variants);
}

TEST(StudySpec, EveryMistakeIsToldAtOnceWithLinePathAndTheNearestWord) {
  EXPECT_EQ(mistakes(R"({
  "schema": "podramp/study/v2",
  "scenari": "base.json",
  "replicates": 0,
  "dimensions": [
    {"path": "a", "values": [1, 1]},
    {"path": "b", "range": {"from": "5s", "to": "1m", "step": "1s"}},
    {"path": "c", "values": [true], "when": {"d": [1]}},
    {"path": "a", "values": [[1]]},
    {"name": "e"}
  ],
  "objectives": [{"kpi": "time_to_96_ms", "goal": "minimise", "statistic": "avg"}],
  "constraints": [{"kpi": "pending_max"}],
  "search": {"kind": "gird"}
})"),
            R"(spec.json:1: scenario: is missing
spec.json:2: schema: must be "podramp/study/v1" (got "podramp/study/v2")
spec.json:3: scenari: unknown key (did you mean "scenario"?)
spec.json:4: replicates: must be between 1 and 10000 (got 0)
spec.json:6: dimensions[0].values[1]: is in the list already
spec.json:7: dimensions[1].range.to: must have the unit of from, "s" (got "m")
spec.json:8: dimensions[2].when.d: "d" is no dimension before this one
spec.json:9: dimensions[3].values[0]: must be a string, a number, true or false (got a list)
spec.json:9: dimensions[3].values: must not be empty
spec.json:9: dimensions[3].name: "a" is the name of another dimension already
spec.json:10: dimensions[4].path: is missing
spec.json:10: dimensions[4].values: needs one of values, range and log_range
spec.json:12: objectives[0].kpi: unknown KPI "time_to_96_ms" (did you mean "time_to_90_ms"?)
spec.json:12: objectives[0].statistic: must be mean, median, min, max or a percentile such as p99 (got "avg")
spec.json:12: objectives[0].goal: must be one of minimize, maximize (got "minimise") (did you mean "minimize"?)
spec.json:13: constraints[0]: needs at_most or at_least
spec.json:14: search.kind: must be one of grid, sample, halving (got "gird") (did you mean "grid"?)
)");
}

TEST(StudySpec, RangesStepAndLogarithmicRangesKeepTheirRatio) {
  const Study study = read(spec_with(R"(
    {"path": "a", "range": {"from": "1s", "to": "6s", "step": "2s"}},
    {"path": "b", "log_range": {"from": 1, "to": 1000, "count": 4}},
    {"path": "c", "log_range": {"from": 1, "to": 3, "count": 5}})"));
  EXPECT_THAT(study.dimensions[0].values, ElementsAre("1s", "3s", "5s"));
  EXPECT_THAT(study.dimensions[1].values, ElementsAre("1", "10", "100", "1000"));
  EXPECT_THAT(study.dimensions[2].values, ElementsAre("1", "2", "3"));  // those that round to the same are one
}

TEST(StudySpec, ADimensionIsNamedByItsSparkKey) {
  const Study study =
      read(spec_with(R"({"path": "applications.0.conf.spark.kubernetes.allocation.batch.size", "values": [5]},
                                        {"path": "cluster.nodes.0.count", "values": [5]})"));
  EXPECT_EQ(study.dimensions[0].name, "allocation.batch.size");
  EXPECT_EQ(study.dimensions[1].name, "cluster.nodes.0.count");
}

TEST(StudySpec, BoundsOfTimesMayBeDurations) {
  const Study study =
      read(spec_with(R"({"path": "a", "values": [1]})",
                     R"(, "constraints": [{"kpi": "time_to_95_ms", "statistic": "p99.9", "at_most": "2m"},
                           {"kpi": "creates", "at_least": 3}])"));
  EXPECT_EQ(study.constraints[0].at_most, 120'000);
  EXPECT_EQ(study.constraints[0].figure.statistic.permille, 999);
  EXPECT_EQ(study.constraints[1].at_least, 3);
}

TEST(StudySpec, TheResolvedSpecReadsBackAsTheSameStudy) {
  const std::string text = spec_with(
      R"({"path": "a", "values": [1, 2]}, {"path": "b", "range": {"from": 1, "to": 3, "step": 1}, "when": {"a": 2}})",
      R"(, "name": "n", "about": "why", "seed": 7, "replicates": 4, "engine": "fluid", "log": "decisions",
         "set": {"x.y": "z"}, "constraints": [{"kpi": "creates", "at_most": 9}],
         "search": {"kind": "halving", "points": 5, "first_replicates": 2, "keep_one_in": 3})");
  const std::string resolved = to_json_line(read(text));
  EXPECT_EQ(to_json_line(read(resolved)), resolved);
  EXPECT_EQ(resolved,
            R"({"schema":"podramp/study/v1","name":"n","about":"why","scenario":"base.json","seed":7,"replicates":4,)"
            R"("engine":"fluid","log":"decisions","set":{"x.y":"z"},"dimensions":[)"
            R"({"name":"a","path":"a","values":["1","2"]},)"
            R"({"name":"b","path":"b","values":["1","2","3"],"when":{"a":["2"]}}],)"
            R"("objectives":[{"kpi":"time_to_95_ms","statistic":"median","goal":"minimize"}],)"
            R"("constraints":[{"kpi":"creates","statistic":"median","at_most":9}],)"
            R"("search":{"kind":"halving","points":5,"first_replicates":2,"keep_one_in":3}})");
}

TEST(Variants, AGridChangesItsLastDimensionFastestAndSkipsWhatDoesNotApply) {
  const Study study = read(spec_with(R"({"path": "a", "values": ["x", "y"]},
    {"path": "b", "values": [1, 2], "when": {"a": ["y"]}}, {"path": "c", "values": [7, 8]})"));
  std::vector<std::vector<std::string>> all;
  for (const Variant& variant : unfold(study)) all.push_back(variant.values);
  EXPECT_THAT(all, ElementsAre(ElementsAre("x", "", "7"), ElementsAre("x", "", "8"), ElementsAre("y", "1", "7"),
                               ElementsAre("y", "1", "8"), ElementsAre("y", "2", "7"), ElementsAre("y", "2", "8")));
  EXPECT_THAT(sets_of(study, unfold(study)[0]), ElementsAre("a=x", "c=7"));
}

TEST(Variants, ASampleIsSpreadEvenlyHasNoRepetitionsAndMovesWithTheSeed) {
  const std::string dimensions = R"({"path": "a", "range": {"from": 0, "to": 31, "step": 1}},
                                    {"path": "b", "range": {"from": 0, "to": 26, "step": 1}})";
  const auto points = [&](int seed) {
    return unfold(read(spec_with(
        dimensions, R"(, "seed": )" + std::to_string(seed) + R"(, "search": {"kind": "sample", "points": 64})")));
  };
  const std::vector<Variant> first = points(1);
  ASSERT_EQ(first.size(), 64U);
  std::set<std::vector<std::string>> different;
  int low = 0;  // in the lower half of a: a point more or less than half of them
  for (const Variant& variant : first) {
    different.insert(variant.values);
    low += std::stoi(variant.values[0]) < 16 ? 1 : 0;
  }
  EXPECT_EQ(different.size(), 64U);
  EXPECT_NEAR(low, 32, 2);
  EXPECT_EQ(points(1), first);
  EXPECT_NE(points(2), first);
}

TEST(Variants, ASampleOfMoreThanThereIsGivesAllThereIs) {
  const Study study =
      read(spec_with(R"({"path": "a", "values": [1, 2, 3]})", R"(, "search": {"kind": "sample", "points": 50})"));
  EXPECT_EQ(unfold(study).size(), 3U);
}

TEST(Variants, TooManyAreRefused) {
  const std::string one = R"("range": {"from": 1, "to": 1000, "step": 1}})";
  const Study study = read(spec_with(R"({"path": "a", )" + one + R"(, {"path": "b", )" + one));
  EXPECT_EQ(variants_of(study).error().message, "more than 100000 variants: take a sample, or fewer values");
}

TEST(Variants, EveryRunIsInExactlyOneShard) {
  const Study study = read(spec_with(R"({"path": "a", "values": [1, 2, 3]})", R"(, "replicates": 4)"));
  std::vector<RunKey> together;
  for (std::int64_t index = 1; index <= 5; ++index) {
    for (const RunKey& key : runs_of(study, 3, {index, 5})) together.push_back(key);
  }
  std::ranges::sort(together);
  EXPECT_EQ(together, runs_of(study, 3, {}));
  EXPECT_EQ(together.size(), 12U);
}

TEST(Variants, SeedsAreDifferentAndBelongToTheBaseSeed) {
  const Study study = read(spec_with(R"({"path": "a", "values": [1]})", R"(, "replicates": 1000)"));
  const std::vector<std::uint64_t> seeds = seeds_of(study);
  EXPECT_EQ(std::set<std::uint64_t>(seeds.begin(), seeds.end()).size(), 1000U);
  Study other = study;
  other.seed = 2;
  EXPECT_NE(seeds_of(other), seeds);
  other = study;
  other.replicates = 3;  // the first ones stay: more replicates of the same study add to what is there
  EXPECT_EQ(seeds_of(other), std::vector<std::uint64_t>(seeds.begin(), seeds.begin() + 3));
}

TEST(Variants, RungsHalveTheVariantsAndDoubleTheSeeds) {
  const Study study = read(spec_with(R"({"path": "a", "values": [1]})",
                                     R"(, "replicates": 8, "search": {"kind": "halving", "first_replicates": 2})"));
  EXPECT_THAT(rungs_of(study, 10), ElementsAre(Rung{10, 2}, Rung{5, 4}, Rung{3, 8}));
  EXPECT_THAT(rungs_of(study, 2), ElementsAre(Rung{2, 2}, Rung{1, 8}));
  EXPECT_THAT(rungs_of(study, 1), ElementsAre(Rung{1, 8}));
}

}  // namespace
}  // namespace podramp::sim::study_read_test
