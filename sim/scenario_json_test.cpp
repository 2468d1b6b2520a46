#include "sim/scenario_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "sim/test_scenario_text.h"

namespace podramp::sim::scenario_json_test {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;

Scenario load(const std::string& text, const Overrides& overrides = {}) {
  auto loaded = load_scenario({"dir/small.json", text}, {}, overrides);
  EXPECT_TRUE(loaded) << all_errors(loaded ? FieldErrors{} : loaded.error());
  return loaded ? loaded->scenario : Scenario{};
}

FieldErrors errors_of(const std::string& text, const Overrides& overrides = {}) {
  auto loaded = load_scenario({"small.json", text}, {}, overrides);
  return loaded ? FieldErrors{} : loaded.error();
}

Overrides sets(std::vector<std::string> list) {
  Overrides overrides;
  overrides.sets = std::move(list);
  return overrides;
}

TEST(Scenario, ReadsTheSmallOneIntoItsValues) {
  const Scenario scenario = load(kSmallScenario);
  EXPECT_EQ(scenario.name, "small");
  EXPECT_EQ(scenario.seed, 3U);
  EXPECT_EQ(scenario.end_us, 10 * kMinuteUs);
  ASSERT_THAT(scenario.cluster.nodes, SizeIs(12));
  EXPECT_EQ(scenario.cluster.nodes[0].node.name, "worker-01") << "zero-padded to the width of the count";
  EXPECT_EQ(scenario.cluster.nodes[11].node.name, "worker-12");
  EXPECT_EQ(node_zone(scenario.cluster.nodes[0].node), "a");
  EXPECT_EQ(node_zone(scenario.cluster.nodes[1].node), "b");
  EXPECT_EQ(node_zone(scenario.cluster.nodes[2].node), "a");
  EXPECT_EQ(scenario.cluster.nodes[3].node.allocatable.cpu_milli, 16'000);
  EXPECT_EQ(scenario.cluster.nodes[3].node.allocatable.memory_bytes, 64LL << 30);
  EXPECT_THAT(scenario.cluster.nodes[3].node.labels, AllOf(Contains(Pair("kubernetes.io/hostname", "worker-04")),
                                                           Contains(Pair("kubernetes.io/os", "linux"))));
  EXPECT_EQ(scenario.cluster.images, (std::vector<fakeapi::ImageSpec>{{"spark:4", 600LL << 20, 0}}));
  ASSERT_THAT(scenario.applications, SizeIs(1));
  EXPECT_EQ(scenario.applications[0].demand, (std::vector<DemandStep>{{kMinuteUs, 0, 20}}));
  EXPECT_EQ(scenario.applications[0].conf.at("spark.executor.instances"), "10");
}

TEST(Scenario, TellsAllMistakesAtOnceInTheOrderOfTheFile) {
  std::string text = small_with("\"seed\": 3", "\"sede\": 3");
  text.replace(text.find("\"10m\""), 5, "\"10\"");
  text.replace(text.find("\"16\""), 4, "\"16x\"");
  text.replace(text.find("\"600Mi\""), 7, "true");
  text.replace(text.find("\"10\", \"spark.kube"), 4, "\"ten\"");
  text.replace(text.find("20}"), 3, "-1}");
  std::vector<std::pair<int, std::string>> places;
  for (const FieldError& error : errors_of(text)) {
    EXPECT_EQ(error.file, "small.json");
    places.emplace_back(error.line, error.path);
  }
  EXPECT_THAT(places,
              ElementsAre(Pair(3, "sede"), Pair(4, "end"), Pair(6, "cluster.nodes[0].cpu"),
                          Pair(7, "cluster.images[0].size"), Pair(12, "applications[0].conf.spark.executor.instances"),
                          Pair(13, "applications[0].demand[0].executors")));
}

TEST(Scenario, CountAndEveryMakeStaggeredCopiesThatKeepTheirOwnEnd) {
  const Scenario scenario = load(
      small_with("\"name\": \"etl\",", R"("name": "etl", "count": 3, "every": "5s", "start": "1s", "stop": "1m",)"));
  ASSERT_THAT(scenario.applications, SizeIs(3));
  EXPECT_EQ(scenario.applications[0].name, "etl-1");
  EXPECT_EQ(scenario.applications[2].name, "etl-3");
  EXPECT_EQ(scenario.applications[2].start_us, 11 * kSecondUs);
  EXPECT_EQ(scenario.applications[2].stop_us, kMinuteUs + 10 * kSecondUs);
}

TEST(Scenario, TargetsAndStopsOfTheTimelineBecomeDemandOfTheApplication) {
  const Scenario scenario = load(small_with("\"applications\"", R"("timeline": [
    {"at": "3m", "do": "stop_application", "application": "etl"},
    {"at": "30s", "do": "set_target", "application": "etl", "executors": 5}
  ],
  "applications")"));
  EXPECT_THAT(scenario.timeline, IsEmpty());
  EXPECT_EQ(scenario.applications[0].demand, (std::vector<DemandStep>{{30 * kSecondUs, 0, 5}, {kMinuteUs, 0, 20}}));
  EXPECT_EQ(scenario.applications[0].stop_us, 3 * kMinuteUs);
}

TEST(Scenario, SelectsNodesByGroupZoneFirstAndCount) {
  const Scenario scenario = load(small_with("\"applications\"", R"("timeline": [
    {"at": "1m", "do": "nodes_down", "kind": "partition", "group": "worker", "zone": "b", "first": 2, "count": 2},
    {"at": "2m", "do": "nodes_up", "nodes": ["worker-04"]}
  ],
  "applications")"));
  ASSERT_THAT(scenario.timeline, SizeIs(2));
  const auto& down = std::get<fakeapi::to::NodesDown>(std::get<WorldAction>(scenario.timeline[0].action));
  EXPECT_THAT(down.nodes, ElementsAre("worker-04", "worker-06"));
  EXPECT_TRUE(down.containers_run);
}

TEST(Scenario, NodesThatJoinAtATimeAreAddedByTheTimeline) {
  const Scenario scenario =
      load(small_with("\"zone\": [\"a\", \"b\"]}",
                      "\"zone\": \"a\"},\n"
                      R"({"group": "late", "count": 2, "cpu": 1, "memory": "1Gi", "joins_at": "90s"})"));
  ASSERT_THAT(scenario.timeline, SizeIs(1));
  EXPECT_EQ(scenario.timeline[0].at_us, 90 * kSecondUs);
  EXPECT_THAT(std::get<fakeapi::to::AddNodes>(std::get<WorldAction>(scenario.timeline[0].action)).nodes,
              ElementsAre(12, 13));
  EXPECT_TRUE(scenario.cluster.nodes[12].joins_later);
  EXPECT_EQ(scenario.cluster.nodes[12].node.created_us, 90 * kSecondUs);
}

TEST(Scenario, WarnsOfWhatLiesBeyondTheEndAndOfQuotasForNobody) {
  const std::string text =
      small_with("\"images\"", R"("quotas": [{"namespace": "defautl", "hard": {"pods": 5}}], "images")");
  const auto loaded = load_scenario({"small.json", text}, {}, sets({"end=30s"}));
  ASSERT_TRUE(loaded);
  EXPECT_THAT(
      loaded->warnings,
      ElementsAre(Warning{"applications[0].demand[0].at",
                          "1m00.000s is after the end of the run (30.000s), so it never happens", false},
                  Warning{"quota quota",
                          "no application and no pod is in namespace \"defautl\" (did you mean \"default\"?)", false}));
}

// ---------------------------------------------------------------------------------------------------------- overrides

TEST(ScenarioOverrides, SetReachesNumbersTextsListsAndSparkKeys) {
  const Scenario scenario =
      load(kSmallScenario, sets({"seed=7", "about=42", "cluster.nodes.0.count=3", "cluster.nodes[0].cpu=2",
                                 "applications.0.conf.spark.kubernetes.allocation.batch.size=50",
                                 "kubernetes=managed-large", "cluster.latency.start={\"constant\": \"5ms\"}",
                                 "cluster.nodes.0.labels.a.b/c=x", "cluster.parallel_pulls=true", "end=2m"}));
  EXPECT_EQ(scenario.seed, 7U);
  EXPECT_EQ(scenario.about, "42");
  ASSERT_THAT(scenario.cluster.nodes, SizeIs(3));
  EXPECT_EQ(scenario.cluster.nodes[0].node.allocatable.cpu_milli, 2000);
  EXPECT_EQ(scenario.cluster.nodes[0].node.labels.at("a.b/c"), "x");
  EXPECT_EQ(scenario.applications[0].conf.at("spark.kubernetes.allocation.batch.size"), "50");
  EXPECT_EQ(scenario.cluster.profile.scheduler_qps, 500);
  EXPECT_EQ(scenario.cluster.latency.start, fakeapi::LatencyModel::constant(5000));
  EXPECT_TRUE(scenario.cluster.parallel_pulls);
  EXPECT_EQ(scenario.end_us, 2 * kMinuteUs);
}

TEST(ScenarioOverrides, SetWithAnUnknownPathOffersTheNearestAndNamesItself) {
  const auto error_of = [](const std::string& set) {
    const FieldErrors errors = errors_of(kSmallScenario, sets({set}));
    return errors.size() == 1 ? to_string(errors[0]) : all_errors(errors);
  };
  EXPECT_EQ(error_of("cluster.nodes.0.cuont=3"),
            "--set cluster.nodes.0.cuont=3: cluster.nodes[0].cuont: unknown key (did you mean \"count\"?)");
  EXPECT_EQ(
      error_of("applications.1.name=x"),
      "--set applications.1.name=x: applications: is a list, so what follows must be a number from 0 to 0 (got \"1\")");
  EXPECT_EQ(error_of("seed.x=1"), "--set seed.x=1: seed: is the number 3, so there is no \"x\" in it");
  EXPECT_EQ(error_of("seed"), "--set seed: must be PATH=VALUE, such as applications.0.conf.spark.executor.cores=4");
  EXPECT_THAT(error_of("seed=x"), HasSubstr("--set seed=x: seed: must be a whole number"));
  EXPECT_THAT(error_of("applications.0.conf.spark.kubernetes.allocation.batch.siz=5"),
              HasSubstr("applications[0].conf.spark.kubernetes.allocation.batch.siz: "));
}

TEST(ScenarioOverrides, PrecedenceIsBaseThenScenarioThenConfFileThenSet) {
  const std::string key = "spark.kubernetes.allocation.batch.size";
  const std::string base = R"({"schema": "podramp/v1", "seed": 99, "about": "base", "cluster": {"parallel_pulls": true,
      "nodes": []}, "applications": []})";
  std::string own = small_with("\"seed\": 3", "\"base\": \"base.json\", \"seed\": 3");
  std::string asked;
  const ReadFile read = [&](const std::string& name) -> Result<std::string> {
    asked = name;
    return base;
  };
  Overrides overrides;
  const auto batch = [&] {
    auto loaded = load_scenario({"dir/small.json", own}, read, overrides);
    EXPECT_TRUE(loaded) << all_errors(loaded ? FieldErrors{} : loaded.error());
    const auto& conf = loaded->scenario.applications[0].conf;
    return conf.contains(key) ? conf.at(key) : "";
  };
  auto merged = load_scenario({"dir/small.json", own}, read, overrides);
  ASSERT_TRUE(merged);
  EXPECT_EQ(asked, "dir/base.json");
  EXPECT_EQ(merged->scenario.seed, 3U) << "the scenario wins over its base";
  EXPECT_EQ(merged->scenario.about, "base");
  EXPECT_TRUE(merged->scenario.cluster.parallel_pulls) << "objects merge";
  EXPECT_THAT(merged->scenario.cluster.nodes, SizeIs(12)) << "lists replace";
  EXPECT_EQ(batch(), "");
  own.replace(own.find("{\"spark.executor.instances\""), 1, "{\"" + key + "\": \"20\", ");
  EXPECT_EQ(batch(), "20");
  overrides.conf_file = {"my.conf", key + " 30\n"};
  EXPECT_EQ(batch(), "30");
  overrides.sets = {"applications.0.conf." + key + "=40"};
  EXPECT_EQ(batch(), "40");
}

TEST(ScenarioOverrides, ABaseOfABaseIsAnErrorInTheBasesFile) {
  const auto loaded =
      load_scenario({"dir/small.json", small_with("\"seed\": 3", "\"base\": \"b.json\"")},
                    [](const std::string&) -> Result<std::string> { return "{\n\"base\": \"c.json\"}"; }, {});
  ASSERT_FALSE(loaded);
  EXPECT_THAT(loaded.error(), ElementsAre(FieldError{"dir/b.json", 2, "base", "a base has no base of its own"}));
}

TEST(ScenarioOverrides, ExecutorsCompatNamespaceAndSeedReplaceWhatTheScenarioSays) {
  Overrides overrides;
  overrides.executors = 77;
  overrides.compat = "spark-3.5";
  overrides.ns = "batch";
  overrides.seed = 18'446'744'073'709'551'615U;
  const Scenario scenario = load(kSmallScenario, overrides);
  EXPECT_EQ(scenario.applications[0].conf.at("spark.executor.instances"), "77");
  EXPECT_THAT(scenario.applications[0].demand, IsEmpty());
  EXPECT_EQ(scenario.applications[0].compat, backend::Compat::spark_3_5);
  EXPECT_EQ(scenario.applications[0].ns, "batch");
  EXPECT_EQ(scenario.seed, 18'446'744'073'709'551'615U);
}

TEST(ScenarioOverrides, AnUnknownKubernetesKeyIsAnErrorInAScenarioAndAWarningInAUsersOwnFile) {
  Overrides overrides;
  overrides.conf_file = {"my.conf", "# mine\nspark.kubernetes.allocation.maxPendingPod 5\n"};
  const auto loaded = load_scenario({"small.json", kSmallScenario}, {}, overrides);
  ASSERT_TRUE(loaded);
  EXPECT_THAT(
      loaded->warnings,
      Contains(AllOf(Field(&Warning::subject, "spark.kubernetes.allocation.maxPendingPod"),
                     Field(&Warning::text, HasSubstr("spark.kubernetes.allocation.maxPendingPods")),
                     Field(&Warning::text, HasSubstr("my.conf:2")), Field(&Warning::changes_decisions, false))));
  EXPECT_FALSE(loaded->scenario.applications[0].conf.contains("spark.kubernetes.allocation.maxPendingPod"));
  const FieldErrors errors =
      errors_of(small_with("\"spark.executor.instances\"", "\"spark.kubernetes.allocation.maxPendingPod\""));
  ASSERT_THAT(errors, SizeIs(1));
  EXPECT_EQ(errors[0].line, 12);
}

TEST(ScenarioOverrides, MistakesInAConfFileNameThatFileAndLine) {
  Overrides overrides;
  overrides.conf_file = {"my.conf", "\n\nspark.executor.cores four\n"};
  const FieldErrors errors = errors_of(kSmallScenario, overrides);
  ASSERT_THAT(errors, SizeIs(1));
  EXPECT_EQ(errors[0].file, "my.conf");
  EXPECT_EQ(errors[0].line, 3);
}

TEST(ScenarioOverrides, SecretsOfAConfFileDoNotEnterTheScenario) {
  Overrides overrides;
  overrides.conf_file = {"my.conf", "spark.hadoop.fs.s3a.secret.key hunter2\n"};
  const Scenario scenario = load(kSmallScenario, overrides);
  EXPECT_EQ(to_json(scenario).find("hunter2"), std::string::npos);
  EXPECT_TRUE(scenario.applications[0].conf.contains("spark.hadoop.fs.s3a.secret.key"));
}

// ---------------------------------------------------------------------------------------------------------- malformed

// Every file of scenarios/malformed begins with the mistake that must be told: "// expect LINE: PATH: MESSAGE".
TEST(MalformedScenarios, EachGivesItsExpectedLinePathAndMessage) {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(shipped("malformed"))) {
    const std::string file = entry.path().string();
    const std::string text = read_test_file(file).value();
    const std::string first = text.substr(0, text.find('\n'));
    const std::string_view mark = "// expect ";
    ASSERT_TRUE(first.starts_with(mark)) << file;
    const std::string expected = file + ":" + first.substr(mark.size());
    const auto loaded = load_scenario({file, text}, read_test_file, {});
    ++count;
    if (loaded) {
      ADD_FAILURE() << file << " was read without a mistake";
      continue;
    }
    EXPECT_TRUE(
        std::ranges::any_of(loaded.error(), [&](const FieldError& e) { return to_string(e).starts_with(expected); }))
        << "expected " << expected << "\ngot\n"
        << all_errors(loaded.error());
  }
  EXPECT_GE(count, 140);
}

}  // namespace
}  // namespace podramp::sim::scenario_json_test
