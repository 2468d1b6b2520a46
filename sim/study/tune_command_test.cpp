// tune and merge as a user calls them: tables, resuming, refusals, shards, rungs, errors that are rows.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <regex>

#include "sim/study/journal.h"
#include "sim/study/test_studies.h"

namespace podramp::sim::tune_command_test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

class Tune : public StudyTest {};

std::size_t lines_of(const std::string& text) { return static_cast<std::size_t>(std::ranges::count(text, '\n')); }

TEST_F(Tune, RecommendsWhatTheSharedSeedsSayAndTellsHowSureThatIs) {
  spec(R"(, "constraints": [{"kpi": "requests_per_s_max", "statistic": "max", "at_most": 9}])");
  const CommandOutput result = tune("r");
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_LE(lines_of(result.out), 10U);
  EXPECT_THAT(result.out, HasSubstr("spec: 3 of 3 variants, 12 runs, 0 failed\n"));
  EXPECT_THAT(result.out, HasSubstr("recommended: v002: allocation.batch.size=2\n"));
  EXPECT_THAT(result.out, HasSubstr("better on 4 of 4 shared seeds"));
  const std::string conf = get("r/recommended.conf");
  EXPECT_THAT(conf, HasSubstr("\nspark.kubernetes.allocation.batch.size 2\n"));
  EXPECT_THAT(conf, HasSubstr("sign test p = 0.125"));
  EXPECT_THAT(conf,
              HasSubstr("# These seeds do not tell it apart (sign test, 5 %) from: v001. 4 seeds cannot; six can.\n"));
  EXPECT_EQ(lines_of(get("r/runs.csv")), 13U);
  EXPECT_EQ(lines_of(get("r/variants.csv")), 4U);
  const json study = json::parse(get("r/study.json"));
  EXPECT_EQ(study["recommended"]["variant"], "v002");
  EXPECT_EQ(study["runs"], 12);
  EXPECT_EQ(study["seeds"].size(), 4U);
  EXPECT_EQ(study["sensitivity"][0]["dimension"], "allocation.batch.size");
}

TEST_F(Tune, NothingFeasibleIsExitOneAndSaidInTheConf) {
  spec(R"(, "constraints": [{"kpi": "creates", "at_most": 1}])");
  const CommandOutput result = tune("r");
  EXPECT_EQ(result.code, 1);
  EXPECT_THAT(result.out, HasSubstr("recommended: none, no variant is feasible"));
  EXPECT_THAT(get("r/recommended.conf"), HasSubstr("# No variant is feasible"));
}

TEST_F(Tune, TheNumberOfProcessesAndAResumeChangeNoByte) {
  spec();
  ASSERT_EQ(tune("whole").code, 0);
  ASSERT_EQ(call_command(tune_command, {path("spec.json"), "--out", path("one"), "--jobs", "1"}).code, 0);
  // As an interrupt leaves it: half of the runs, in whatever order, the last line cut off.
  const std::string journal = get("whole/" + std::string("study-journal.jsonl"));
  std::filesystem::create_directories(path("again"));
  std::size_t cut = 0;
  for (int line = 0; line < 7; ++line) cut = journal.find('\n', cut) + 1;
  put("again/study-journal.jsonl", journal.substr(0, cut + 40));
  ASSERT_EQ(tune("again").code, 0);
  for (const char* name : kTableNames) {
    EXPECT_EQ(get("one/" + std::string(name)), get("whole/" + std::string(name))) << name;
    EXPECT_EQ(get("again/" + std::string(name)), get("whole/" + std::string(name))) << name;
  }
  EXPECT_EQ(lines_of(get("again/study-journal.jsonl")), 13U);  // and no run was made twice
}

TEST_F(Tune, AFolderOfAnotherStudyIsRefusedUnlessForced) {
  spec();
  ASSERT_EQ(tune("r").code, 0);
  spec(R"(, "seed": 2)");
  const CommandOutput refused = tune("r");
  EXPECT_EQ(refused.code, 2);
  EXPECT_THAT(refused.err, HasSubstr("holds another study"));
  EXPECT_EQ(tune("r", {"--force"}).code, 0);
  put("base.json", get("base.json") + " ");  // the scenario's text belongs to the study
  EXPECT_EQ(tune("r").code, 2);
}

TEST_F(Tune, AnySplitMergesToTheSameBytes) {
  spec();
  ASSERT_EQ(tune("whole").code, 0);
  for (const int shards : {1, 2, 5, 20}) {
    const std::string parts = "parts" + std::to_string(shards);
    for (int i = shards; i >= 1; --i) {
      const CommandOutput part = tune(parts, {"--shard", std::to_string(i) + "/" + std::to_string(shards)});
      ASSERT_EQ(part.code, 0) << part.err;
    }
    const CommandOutput merged = merge(parts, "merged" + std::to_string(shards));
    ASSERT_EQ(merged.code, 0) << merged.err;
    for (const char* name : kTableNames) {
      EXPECT_EQ(get("merged" + std::to_string(shards) + "/" + name), get("whole/" + std::string(name))) << name;
    }
  }
}

TEST_F(Tune, AFinishedShardIsNotRunAgain) {
  spec();
  ASSERT_EQ(tune("p", {"--shard", "1/2"}).code, 0);
  const CommandOutput again = tune("p", {"--shard", "1/2"});
  EXPECT_EQ(again.code, 0);
  EXPECT_THAT(again.out, HasSubstr("shard 1/2 (--shard): finished before"));
}

TEST_F(Tune, MergeNamesWhatIsMissingAndRefusesWhatIsForeignTwiceOrDamaged) {
  spec();
  for (const char* shard : {"1/3", "2/3", "3/3"}) ASSERT_EQ(tune("p", {"--shard", shard}).code, 0);
  std::filesystem::rename(path("p/part-2-of-3"), path("aside"));
  EXPECT_THAT(merge("p", "m").err,
              HasSubstr("podramp: shard 2/3 is missing: 4 runs, v001/2, v002/1, v002/4, v003/3\n"));

  std::filesystem::create_directories(path("p/part-2-of-3"));
  std::filesystem::copy(path("aside/study-journal.jsonl"), path("p/part-2-of-3/study-journal.jsonl"));
  EXPECT_THAT(merge("p", "m").err, HasSubstr("shard 2/3 is not finished"));

  std::filesystem::copy(path("aside/part.jsonl"), path("p/part-2-of-3/part.jsonl"));
  ASSERT_EQ(tune("p", {"--shard", "1/2"}).code, 0);
  const CommandOutput twice = merge("p", "m");
  EXPECT_EQ(twice.code, 2);
  EXPECT_THAT(twice.err, HasSubstr("is in "));
  std::filesystem::remove_all(path("p/part-1-of-2"));
  EXPECT_EQ(merge("p", "m").code, 0);

  const std::string whole = get("p/part-2-of-3/part.jsonl");
  put("p/part-2-of-3/part.jsonl", whole.substr(0, whole.size() / 2));
  EXPECT_THAT(merge("p", "m").err, HasSubstr("is no finished part of a study"));

  std::filesystem::remove_all(path("p/part-2-of-3"));
  spec(R"(, "seed": 9)");
  ASSERT_EQ(tune("p", {"--shard", "2/3"}).code, 0);
  const CommandOutput foreign = merge("p", "m");
  EXPECT_EQ(foreign.code, 2);
  EXPECT_THAT(foreign.err, HasSubstr("is of another study than"));
  EXPECT_EQ(call_command(merge_command, {path("nowhere")}).code, 2);
}

TEST_F(Tune, ARunThatFailsIsARowAndNotTheEnd) {
  // Each value is fine with some other; only the last variant asks for more executors than it allows.
  put("spec.json", R"({"schema": "podramp/study/v1", "scenario": "base.json", "replicates": 2, "engine": "fluid",
      "dimensions": [
        {"name": "low", "path": "applications.0.conf.spark.dynamicAllocation.minExecutors", "values": [1, 9]},
        {"name": "high", "path": "applications.0.conf.spark.dynamicAllocation.maxExecutors", "values": [9, 1]}],
      "set": {"applications.0.conf.spark.dynamicAllocation.enabled": "true",
              "applications.0.conf.spark.dynamicAllocation.shuffleTracking.enabled": "true",
              "applications.0.conf.spark.executor.instances": "1"},
      "objectives": [{"kpi": "time_to_50_ms"}]})");
  const CommandOutput result = tune("r");
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("8 runs, 2 failed\n"));
  EXPECT_THAT(get("r/runs.csv"), HasSubstr("\nv004,1,"));
  EXPECT_THAT(get("r/variants.csv"), HasSubstr("\nv004,9,1,2,2,0,0,4,inf"));
}

TEST_F(Tune, SuccessiveHalvingRunsItsRungsAndOnlyTheLastOneDecides) {
  spec(R"(, "search": {"kind": "halving", "first_replicates": 1})");
  const CommandOutput result = tune("r");
  EXPECT_EQ(result.code, 0) << result.err;
  // The head; 3 variants on the first seed, 2 of them on one more, 1 on two more.
  EXPECT_EQ(lines_of(get("r/runs.csv")), 8U);
  EXPECT_EQ(json::parse(get("r/study.json"))["recommended"]["variant"], "v003");
  ASSERT_EQ(tune("r").code, 0);  // nothing is left to do
  const CommandOutput split = tune("s", {"--shard", "1/2"});
  EXPECT_EQ(split.code, 2);
  EXPECT_THAT(split.err, HasSubstr("successive halving decides after each rung what is run next"));
}

TEST_F(Tune, ThePlanCountsRunsAndTimesOne) {
  spec(R"(, "search": {"kind": "halving", "first_replicates": 1})");
  const CommandOutput people = tune("r", {"--plan"});
  EXPECT_EQ(people.code, 0);
  EXPECT_THAT(
      people.out,
      HasSubstr("search: halving: 3 variants on 1 seeds, then 2 variants on 2 seeds, then 1 variants on 4 seeds\n"));
  EXPECT_FALSE(std::filesystem::exists(path("r")));
  spec();
  const json plan = json::parse(tune("r", {"--plan", "--json", "--shard", "2/5"}).out);
  EXPECT_EQ(plan["runs"], 3);  // the second, seventh and twelfth of twelve
  EXPECT_EQ(plan["variants"], 3);
  EXPECT_EQ(plan["shard"], (json{2, 5}));
}

TEST_F(Tune, PathsAndValuesThatTheScenarioDoesNotHaveAreMistakesBeforeAnythingRuns) {
  put("spec.json", R"({"schema": "podramp/study/v1", "scenario": "base.json",
      "dimensions": [{"path": "applications.0.conf.spark.kubernetes.allocation.batch.sise", "values": [1]},
                     {"path": "applications.7.count", "values": [1]},
                     {"path": "end", "values": ["1m", "soon"]}],
      "objectives": [{"kpi": "elt/time_to_95_ms"}]})");
  const CommandOutput result = tune("r");
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.err, HasSubstr("batch.sise"));
  EXPECT_THAT(result.err, HasSubstr("--set applications.7.count=1"));
  EXPECT_THAT(result.err, HasSubstr("--set end=soon"));
  EXPECT_THAT(result.err, HasSubstr("the scenario has no application \"elt\" (did you mean \"etl\"?)"));
  EXPECT_FALSE(std::filesystem::exists(path("r")));
  EXPECT_THAT(call_command(tune_command, {path("none.json")}).err, HasSubstr("none.json"));
  EXPECT_EQ(call_command(tune_command, {}).code, 2);
  EXPECT_EQ(call_command(merge_command, {}).code, 2);
}

TEST_F(Tune, HelpFitsOneScreenAndShowsAnExample) {
  for (const Command& command : study_commands()) {
    const CommandOutput help = call_command(command.run, {"--help"});
    EXPECT_EQ(help.code, 0);
    EXPECT_LE(lines_of(help.out), 24U);
    EXPECT_THAT(help.out, HasSubstr("usage: podramp " + std::string(command.name)));
    EXPECT_THAT(help.out, HasSubstr("\nexample: podramp " + std::string(command.name)));
    EXPECT_THAT(help.out, HasSubstr("--json"));
  }
}

TEST_F(Tune, CtrlCKeepsWhatIsDoneAndTheSameCommandGoesOn) {
  spec(R"(, "name": "long")");
  put("spec.json", std::regex_replace(get("spec.json"), std::regex("\"replicates\": 4"), "\"replicates\": 80"));
  std::fflush(nullptr);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) std::_Exit(tune_command({path("spec.json"), "--out", path("r"), "--jobs", "1"}));
  const auto done = [&] { return lines_of(read_file(path("r/study-journal.jsonl")).value_or("")); };
  for (int i = 0; i < 1000 && done() < 10; ++i) ::usleep(5000);
  ASSERT_EQ(::kill(child, SIGINT), 0);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 130);
  const std::size_t kept = done();
  EXPECT_GE(kept, 10U);
  EXPECT_LT(kept, 241U);
  EXPECT_FALSE(std::filesystem::exists(path("r/runs.csv")));
  ASSERT_EQ(tune("r").code, 0);
  EXPECT_EQ(done(), 241U);  // the head, and each run once
  EXPECT_EQ(lines_of(get("r/runs.csv")), 241U);
}

TEST_F(Tune, TheShippedStudyRecommendsAMiddlingBatch) {
  const CommandOutput result = call_command(
      tune_command, {std::string(PODRAMP_SOURCE_DIR) + "/scenarios/studies/batch_settings.json", "--out", path("r")});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("batch_settings: 8 of 8 variants, 48 runs, 0 failed\n"));
  EXPECT_THAT(result.out, HasSubstr("recommended: v006: allocation.batch.size=50 allocation.batch.delay=5s\n"));
}

TEST_F(Tune, AJournalIsOfOneProcessAtATime) {
  const auto first = Journal::open(path("j"), "plan", false);
  ASSERT_TRUE(first);
  EXPECT_THAT(Journal::open(path("j"), "plan", false).error().message, HasSubstr("is in use"));
}

}  // namespace
}  // namespace podramp::sim::tune_command_test
