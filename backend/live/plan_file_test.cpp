// What podramp-live takes from its command line and its scenario.
#include "backend/live/plan_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "backend/live/live_options.h"

namespace podramp::live::plan_file_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kScenario = R"({
  // a comment, with a "quote"
  "schema": "podramp/v1", "about": "http://not.a/comment", "end": "5m",
  "cluster": {"nodes": [{"group": "w", "cpu": "4", "memory": "8Gi"}]},
  "live": {"image": "busybox:1", "command": ["sleep"], "args": ["600"], "driver_pod": true},
  "applications": [{"name": "etl", "namespace": "spark", "compat": "spark-3.5",
    "conf": {"spark.executor.instances": "3", "spark.hadoop.fs.s3a.secret.key": "canary"}, /* block */
    "demand": [{"at": "20s", "executors": 1}, {"at": "10s", "executors": 5}], "stop": "1m"}]
})";

LivePlan plan(const std::string& text, const PlanRequest& request = {"small.json", "r-1"}) {
  auto read = read_plan(text, request);
  EXPECT_TRUE(read.has_value()) << (read ? "" : to_string(read.error().front()));
  return read.value_or(LivePlan{});
}

std::string mistakes(const std::string& text, const PlanRequest& request = {"small.json", "r-1"}) {
  std::string all;
  const auto read = read_plan(text, request);
  EXPECT_FALSE(read.has_value());
  for (const FieldError& error : read ? FieldErrors{} : read.error()) all += to_string(error) + "\n";
  return all;
}

TEST(PlanFile, ApplicationsBecomePartOfThisRun) {
  const LivePlan read = plan(kScenario);
  EXPECT_EQ(read.name, "small");
  EXPECT_EQ(read.ns, "spark");
  EXPECT_EQ(read.end_us, 5 * kMinuteUs);
  EXPECT_FALSE(read.until_quiet);
  EXPECT_EQ(read.live, (LiveSpec{{"busybox:1", {"sleep"}, {"600"}}, true}));
  EXPECT_THAT(read.notes, ElementsAre("passed over, because the cluster is real: cluster"));
  ASSERT_EQ(read.applications.size(), 1U);
  const LiveApplication& app = read.applications.front();
  EXPECT_EQ(app.application.app_id, "spark-r-1-1");
  EXPECT_EQ(app.application.pod_name_prefix, "etl-r-1");
  EXPECT_EQ(app.application.conf.driver_pod_name, "etl-r-1-driver");
  EXPECT_EQ(app.application.conf.ns, "spark");
  EXPECT_EQ(app.application.conf.compat, backend::Compat::spark_3_5);
  EXPECT_EQ(app.application.conf.initial_executors, 3);
  EXPECT_FALSE(app.application.runs_jobs);
  ASSERT_EQ(app.planned.size(), 3U);
  EXPECT_EQ(app.planned[0].after_us, 10 * kSecondUs);
  EXPECT_EQ(std::get<in::TargetSet>(app.planned[0].input).targets.at(kDefaultProfile), 5);
  EXPECT_EQ(app.planned[1].after_us, 20 * kSecondUs);
  EXPECT_TRUE(std::holds_alternative<in::Stopped>(app.planned[2].input));
  EXPECT_THAT(read.scenario_json, testing::Not(HasSubstr("canary")));
  EXPECT_THAT(read.scenario_json, HasSubstr(R"("spark.kubernetes.driver.pod.name":"etl-r-1-driver")"));
}

TEST(PlanFile, TheCommandLinesNamespaceWinsAndADryRunOwnsNothing) {
  const LivePlan read = plan(kScenario, {"small.json", "r-1", "mine", true});
  EXPECT_EQ(read.ns, "mine");
  EXPECT_EQ(read.applications.front().application.conf.ns, "mine");
  EXPECT_EQ(read.applications.front().application.conf.driver_pod_name, "");
}

TEST(PlanFile, ANamespaceMustBeNamed) {
  const std::string bare = R"({"schema":"podramp/v1","applications":[{"name":"a"}]})";
  EXPECT_EQ(mistakes(bare),
            "small.json: name the namespace to run in, with --namespace or in the scenario's applications\n");
  EXPECT_EQ(plan(bare, {"small.json", "r-1", "default"}).ns, "default");
  EXPECT_THAT(mistakes(R"({"schema":"podramp/v1","applications":[{"name":"a","namespace":"x"},
                          {"name":"b","namespace":"y"}]})"),
              HasSubstr("a live run has one namespace, the scenario names x and y"));
}

TEST(PlanFile, EveryMistakeIsToldWithItsPlace) {
  const std::string told = mistakes(R"({"schema":"podramp/v2","base":"x.json",
    "applications":[{"name":"a","namespace":"n","compat":"spark-9","demand":[{"at":"soon","executors":-1}],
      "workload":{}}]})");
  EXPECT_THAT(told, HasSubstr("schema: must be \"podramp/v1\""));
  EXPECT_THAT(told, HasSubstr("small.json:1: base: is not a field that podramp-live knows"));
  EXPECT_THAT(told, HasSubstr("applications[0].compat: unknown level \"spark-9\"; known are fork-2.2"));
  EXPECT_THAT(told, HasSubstr("applications[0].demand[0].at: must be a duration"));
  EXPECT_THAT(told, HasSubstr("applications[0].demand[0].executors: must be a whole number"));
  EXPECT_THAT(told, HasSubstr("small.json:3: applications[0].workload: is not a field"));
  EXPECT_THAT(mistakes(R"({"schema":"podramp/v1","applications":[{"name":"a","namespace":"n",
    "conf":{"spark.kubernetes.allocation.batch.size":"0"}}]})"),
              HasSubstr("applications[0].conf.spark.kubernetes.allocation.batch.size"));
  EXPECT_THAT(mistakes("{"), HasSubstr("small.json"));
}

TEST(LiveOptions, AreTakenInBothForms) {
  const auto options = parse_live_options({"s.json", "--namespace", "n", "--max-pods=7", "--dry-run", "--hold", "3s",
                                           "--kubeconfig=k", "--context", "c", "--over-quota", "--out", "o", "--json"});
  ASSERT_TRUE(options.has_value());
  EXPECT_EQ(options->scenario, "s.json");
  EXPECT_EQ(options->ns, "n");
  EXPECT_EQ(options->max_pods, 7);
  EXPECT_TRUE(options->dry_run && options->ignore_quota);
  EXPECT_EQ(options->hold_us, 3 * kSecondUs);
  EXPECT_EQ(options->kubeconfig + options->context + options->out, "kco");
}

TEST(LiveOptions, MistakesSayWhatIsExpected) {
  const auto told = [](const std::vector<std::string>& words) { return parse_live_options(words).error().message; };
  EXPECT_EQ(told({}), "name a scenario, or a log with --clean-up; see --help");
  EXPECT_EQ(told({"a", "b"}), "one scenario is expected; see --help");
  EXPECT_EQ(told({"a", "--max-pods", "0"}), "--max-pods \"0\": a whole number of at least 1 is expected");
  EXPECT_EQ(told({"a", "--namespace"}), "--namespace needs a value, or is no option; see --help");
  EXPECT_EQ(told({"a", "--speed", "2"}), "there is no option --speed; see --help");
  EXPECT_THAT(told({"a", "--clean-up", "log"}), HasSubstr("name a scenario, or a log"));
  EXPECT_LE(std::ranges::count(live_help("podramp live"), '\n'), 24);
}

}  // namespace
}  // namespace podramp::live::plan_file_test
