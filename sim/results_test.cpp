#include "sim/results.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "sim/summary_text.h"
#include "sim/test_stream.h"

namespace podramp::sim::results_test {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

std::string fresh(const std::string& name) {
  std::string path = testing::TempDir() + "/podramp_results_" + name;
  fs::remove_all(path);
  fs::remove_all(path + ".partial");
  return path;
}

// A whole run into `path`.
RunResult run_into(ResultFolder& folder, const std::string& text) {
  RunOptions options;
  options.log_path = folder.log_path();
  RunResult result = run_tiny(text, options);
  EXPECT_TRUE(folder.finish(scenario_of(text), result));
  return result;
}

TEST(Results, AFolderIsPartialUntilItIsComplete) {
  const std::string path = fresh("complete");
  auto folder = ResultFolder::create(path, false);
  ASSERT_TRUE(folder);
  EXPECT_TRUE(fs::exists(path + ".partial"));
  EXPECT_FALSE(fs::exists(path));
  run_into(*folder, tiny_text());
  EXPECT_FALSE(fs::exists(path + ".partial"));
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(path)) names.push_back(entry.path().filename().string());
  EXPECT_THAT(names, testing::UnorderedElementsAre("scenario.json", "events.jsonl", "summary.json", "executors.csv",
                                                   "timeline.csv"));
  EXPECT_EQ(read_file(path + "/scenario.json").value(), to_json(scenario_of(tiny_text())));
}

TEST(Results, AnExistingFolderIsReplacedOnlyWhenForced) {
  const std::string path = fresh("existing");
  auto first = ResultFolder::create(path, false);
  run_into(*first, tiny_text(2));
  const auto again = ResultFolder::create(path, false);
  ASSERT_FALSE(again);
  EXPECT_THAT(again.error().message, HasSubstr("exists already; give another --out, or --force to replace it"));
  auto forced = ResultFolder::create(path + "/", true);  // a slash at the end does not matter
  ASSERT_TRUE(forced);
  EXPECT_EQ(forced->path(), path);
  EXPECT_TRUE(fs::exists(path + "/summary.json")) << "the old one stays until the new one is complete";
  run_into(*forced, tiny_text(3));
  EXPECT_THAT(read_file(path + "/summary.json").value(), HasSubstr("\"target_max\": 3"));
}

TEST(Results, ForceRemovesNothingThatIsNotAResultsFolder) {
  const std::string path = fresh("home");
  fs::create_directories(path);
  ASSERT_TRUE(write_file(path + "/thesis.txt", "years of work"));
  const auto folder = ResultFolder::create(path, true);
  ASSERT_FALSE(folder);
  EXPECT_THAT(folder.error().message, HasSubstr("is not a results folder"));
  EXPECT_EQ(read_file(path + "/thesis.txt").value(), "years of work");
  EXPECT_FALSE(ResultFolder::create("", true));
  EXPECT_FALSE(ResultFolder::create("/", true));
}

TEST(Results, APlaceThatCannotBeWrittenIsAnError) {
  const auto folder = ResultFolder::create("/proc/nothing/here", false);
  ASSERT_FALSE(folder);
  EXPECT_THAT(folder.error().message, StartsWith("cannot make the folder /proc/nothing/here.partial: "));
  const auto file = write_file("/proc/nothing", "x");
  ASSERT_FALSE(file);
  EXPECT_THAT(file.error().message, StartsWith("cannot write /proc/nothing: "));
}

TEST(Results, AFullDiskIsAnErrorAndDevicesAreNotReplaced) {
  const auto file = write_file("/dev/full", "x");
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().message, "cannot write /dev/full: No space left on device");
  EXPECT_TRUE(fs::is_character_file("/dev/full"));
  RunOptions options;
  options.engine = EngineKind::fluid;
  options.log_path = "/dev/full";
  const auto run = run_experiment(scenario_of(tiny_text()), options);
  ASSERT_FALSE(run);
  EXPECT_EQ(run.error().message, "cannot write /dev/full: No space left on device");
}

TEST(Results, ReadingSaysWhyItCannot) {
  EXPECT_THAT(read_file(testing::TempDir()).error().message, HasSubstr("it is a folder"));
  EXPECT_THAT(read_file("/no/such/file").error().message, HasSubstr("No such file or directory"));
}

TEST(Results, SummaryJsonHoldsWhatTheKpisSay) {
  const RunResult run = run_tiny(tiny_text(6, "16", R"(,"expect":{"kpis":{"creates":{"max":5}}})"));
  const auto j = nlohmann::json::parse(summary_json(run.summary));
  EXPECT_EQ(j["schema"], "podramp/summary/v1");
  EXPECT_EQ(j["scenario"], "tiny");
  EXPECT_EQ(j["seed"], 3);
  EXPECT_EQ(j["ended"], "quiet");
  EXPECT_EQ(j["passed"], false);
  EXPECT_EQ(j["broken_budgets"], nlohmann::json::array({"creates is 6, the budget is at most 5"}));
  EXPECT_EQ((j["kpis"].get<std::map<std::string, std::int64_t, std::less<>>>()), run.summary.kpis);
  EXPECT_EQ((j["applications"]["etl"].get<std::map<std::string, std::int64_t, std::less<>>>()),
            run.summary.applications.at("etl"));
  EXPECT_EQ(j["leftovers"], nlohmann::json::array());
  EXPECT_EQ(j["refusals"], nlohmann::json::object());
  EXPECT_EQ(j["fingerprints"]["decisions"], run.summary.footer.fingerprints.decisions);
}

TEST(Results, CsvRowsHaveAsManyCellsAsTheirHeader) {
  const RunResult run = run_tiny(tiny_text(3));
  const auto cells = [](const std::string& csv) {
    std::vector<std::ptrdiff_t> counts;
    for (std::size_t start = 0; start < csv.size();) {
      const std::size_t end = csv.find('\n', start);
      const std::string line = csv.substr(start, end - start);
      counts.push_back(1 + std::ranges::count(line, ','));
      start = end + 1;
    }
    return counts;
  };
  EXPECT_THAT(cells(executors_csv(run.projection)), ElementsAre(24, 24, 24, 24));
  EXPECT_THAT(cells(timeline_csv(run.projection)), testing::Each(8));
}

TEST(Results, AnExecutorsPhasesAreItsTimes) {
  Projection projection;
  projection.add_application("a,b", "app", 1);
  Stream stream(projection);
  stream.at(kSecondUs).add(in::Started{"app"}, "a,b");
  ApiRequest request;
  request.verb = Verb::create;
  request.body = stream_pod(1);
  stream.at(2 * kSecondUs).add(out::Called{CallId{1}, 1, request}, "a,b");
  stream.at(3 * kSecondUs).add(fact::PodCreated{stream_pod(1)});
  stream.at(5 * kSecondUs).add(fact::PodUnschedulable{stream_key(1), 1, "no \"room\""});
  stream.at(7 * kSecondUs).add(fact::PodBound{stream_key(1), 1, "n1"});
  stream.at(8 * kSecondUs).add(fact::PullStarted{"n1", "spark:4", stream_key(1), 5, 1});
  stream.at(14 * kSecondUs).add(fact::PullFinished{"n1", "spark:4"});
  stream.at(15 * kSecondUs).add(fact::PodRunning{stream_key(1), 2, ""});
  stream.at(18 * kSecondUs).add(out::RegistrationAccepted{1}, "a,b");
  const std::string csv = executors_csv(projection);
  EXPECT_EQ(csv.substr(csv.find('\n') + 1),
            "\"a,b\",1,0,ns/etl-exec-1,n1,registered,2000,3000,7000,15000,18000,,,,,1000,4000,1000,6000,1000,3000,0,0,"
            "\"no \"\"room\"\"\"\n");
}

// --- the summary for people ----------------------------------------------------------------------------------------

RunSummary plain_summary(const std::vector<std::string>& applications = {"etl"}) {
  RunSummary s;
  s.kpis = run_kpis({application_kpis({}, 0)}, {}, 0);
  for (const std::string& name : applications) s.applications[name] = s.kpis;
  s.kpis["target_max"] = 10;
  s.kpis["time_to_50_ms"] = 1000;
  s.kpis["time_to_90_ms"] = 2000;
  s.kpis["time_to_100_ms"] = 3000;
  s.ending = Ending::quiet;
  s.t = kMinuteUs;
  s.seed = 5;
  s.footer.events = 77;
  return s;
}

TEST(SummaryText, AQuietRunIsSixLines) {
  RunSummary s = plain_summary();
  s.kpis["wait_batch_size_ms"] = 9000;
  s.kpis["wait_start_ms"] = 900;
  s.kpis["wait_api_ms"] = 53;  // half a percent is noise
  EXPECT_THAT(summary_lines(s, Projection{}, "results/x"),
              ElementsAre("target    etl wants 10 executors: 50 % after 1.000s, 90 % after 2.000s, all after 3.000s",
                          "limited   by batch_size 9.000s (90 %), start 0.900s (9 %)", "wrong     nothing",
                          "api       0 requests, 0 failed, 0 retried; 0 creates for 0 executors; peak 0 pending",
                          "ended     quiet at 1m00.000s, 77 events, seed 5", "results   results/x"));
}

TEST(SummaryText, OneAndManyReadWell) {
  RunSummary s = plain_summary({"a", "b", "c"});
  s.kpis["wait_api_ms"] = 1000;
  s.kpis["rounds_aborted"] = 1;
  s.kpis["leaked_pods"] = 2;
  s.kpis["lost"] = 1;
  s.kpis["lost_noticed"] = 1;
  s.kpis["first_noticed_ms"] = 500;
  s.kpis["last_noticed_ms"] = 500;
  const auto lines = summary_lines(s, Projection{}, "");
  EXPECT_THAT(lines[0], StartsWith("target    3 applications want 10 executors: "));
  EXPECT_THAT(lines[0], HasSubstr("(the slowest)"));
  EXPECT_EQ(lines[1], "limited   by api 1.000s (100 %) of application time");
  EXPECT_EQ(lines[2],
            "wrong     1 executor lost with their nodes, Spark noticed 1 (after 0.500s to 0.500s); 1 round aborted; "
            "2 pods leaked");
}

TEST(SummaryText, IsTenLinesAtMostWhateverGoesWrong) {
  RunSummary s = plain_summary();
  s.kpis["time_to_100_ms"] = -1;
  s.kpis["registered_max"] = 4;
  for (int i = 0; i < 8; ++i) {
    s.warnings.push_back({"spark.key" + std::to_string(i), "it is not modelled", true});
    s.waiting.emplace_back("somebody waits");
    s.violations.push_back({"ids_never_reused", "detail", 9, kSecondUs});
    s.broken_budgets.emplace_back("creates is 6, the budget is at most 5");
    s.never_seen.emplace_back("fact.pull_failed");
    s.refusals["refusal " + std::to_string(i)] = 3;
  }
  s.kpis["rounds_aborted"] = 7;
  const auto lines = summary_lines(s, Projection{}, "results/x");
  ASSERT_EQ(lines.size(), 10U);
  std::vector<std::string> heads;
  for (const std::string& line : lines) {
    heads.push_back(line.substr(0, line.find(' ')));
    EXPECT_EQ(line.find('\n'), std::string::npos);
    EXPECT_LT(line.size(), 250U) << line;
  }
  EXPECT_THAT(heads, ElementsAre("WARNING", "target", "limited", "wrong", "api", "waiting", "VIOLATED", "FAILED",
                                 "ended", "results"));
  EXPECT_THAT(lines[0], HasSubstr("; and 2 more in summary.json"));
  EXPECT_THAT(lines[1], HasSubstr("all after never; at most 4 registered"));
  EXPECT_EQ(lines[6], "VIOLATED  ids_never_reused at 1.000s (event 9): detail");
  EXPECT_THAT(lines[7], HasSubstr(" more in summary.json"));
}

TEST(SummaryText, AnEventThatWasNeverSeenIsNamed) {
  RunSummary s = plain_summary();
  s.never_seen = {"fact.pull_failed"};
  EXPECT_THAT(summary_lines(s, Projection{}, ""), testing::Contains("FAILED    fact.pull_failed was never seen"));
}

}  // namespace
}  // namespace podramp::sim::results_test
