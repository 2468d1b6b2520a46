// podramp import through its function: help, exit codes, what is written where.
#include "sim/import/commands.h"
#include "sim/import/test_imports.h"

namespace podramp::sim::cmd_import_test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

struct Output {
  int code = 0;
  std::string out;
  std::string err;
};

Output import(const Arguments& arguments) {
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  Output result;
  result.code = import_command(arguments);
  std::fflush(stdout);
  result.out = testing::internal::GetCapturedStdout();
  result.err = testing::internal::GetCapturedStderr();
  return result;
}

class ImportCommand : public ImportFolder {};

const std::string kLog = shipped("real/event_log_4.0.1");

TEST_F(ImportCommand, HelpFitsOneScreenAndShowsAnExample) {
  const Output help = import({"--help"});
  EXPECT_EQ(help.code, 0);
  std::size_t lines = 0;
  for (std::size_t start = 0; start < help.out.size();) {
    const std::size_t end = help.out.find('\n', start);
    EXPECT_LE(end - start, 80U) << help.out.substr(start, end - start);
    ++lines;
    start = end + 1;
  }
  EXPECT_LE(lines, 24U);
  EXPECT_THAT(help.out, HasSubstr("usage: podramp import"));
  EXPECT_THAT(help.out, HasSubstr("\nexample: podramp import"));
  EXPECT_THAT(help.out, HasSubstr("--json"));
}

TEST_F(ImportCommand, AClusterAsKubectlPrintsItBecomesOneThatRuns) {
  const std::string file = path("cluster.json");
  const Output done = import({"cluster", shipped("real/cluster.json"), "--out", file});
  EXPECT_EQ(done.code, 0) << done.err;
  EXPECT_THAT(done.err, HasSubstr("podramp: assumed: applications: one of ten executors"));
  const auto loaded = load_file(file, {});
  ASSERT_TRUE(loaded) << to_string(loaded.error().front());
  EXPECT_GT(loaded->scenario.cluster.nodes.size(), 1U);
  EXPECT_FALSE(loaded->scenario.cluster.existing.empty());
  EXPECT_EQ(loaded->scenario.applications.size(), 1U);

  const Output based = import({"cluster", shipped("real/cluster.json"), "--base", shipped("ramp_500.json")});
  EXPECT_EQ(based.code, 0) << based.err;
  EXPECT_EQ(json::parse(based.out)["applications"][0]["name"], "etl");
  EXPECT_EQ(json::parse(based.out)["cluster"]["nodes"].size(),
            json::parse(read_test_file(file).value())["cluster"]["nodes"].size());
}

TEST_F(ImportCommand, TheScenarioGoesToStdoutAndTheNotesToStderr) {
  const Output done = import({"spark-events", kLog});
  EXPECT_EQ(done.code, 0);
  EXPECT_EQ(json::parse(done.out)["schema"], "podramp/v1");
  EXPECT_THAT(done.err, HasSubstr("podramp: left out: "));
  EXPECT_THAT(done.err, HasSubstr("podramp: assumed: "));
  EXPECT_THAT(done.err, HasSubstr("conf spark.sql.adaptive.enabled, conf spark.sql.artifact.isolation.enabled"))
      << "what is left out for the same reason is one line";
}

TEST_F(ImportCommand, WithAnOutFileJsonIsTheNotesAlone) {
  const Output done = import({"spark-events", kLog, "--json", "--out", path("mine.json")});
  EXPECT_EQ(done.code, 0);
  EXPECT_FALSE(json::parse(done.out).contains("scenario"));
  EXPECT_GT(json::parse(done.out)["notes"].size(), 10U);
  const auto checked = load_file(path("mine.json"), {});
  ASSERT_TRUE(checked);
  EXPECT_EQ(checked->scenario.name, "mine");
}

TEST_F(ImportCommand, ABaseIsReadAndItsMistakesAreTold) {
  EXPECT_EQ(import({"spark-events", kLog, "--base", shipped("ramp_500.json")}).code, 0);
  const Output wrong = import({"spark-events", kLog, "--base", put("base.json", "{}")});
  EXPECT_EQ(wrong.code, kExitBadInput);
  EXPECT_THAT(wrong.err, HasSubstr("base.json:"));
}

TEST_F(ImportCommand, WhatItDoesNotTakeIsToldWithWhatItTakes) {
  EXPECT_EQ(import({}).code, kExitBadInput);
  EXPECT_THAT(import({"nothing", "x"}).err,
              HasSubstr("import what? cluster, spark-events, spark-application, audit, driver-log or openb"));
  EXPECT_THAT(import({"spark-events"}).err, HasSubstr("import spark-events takes: FILE|FOLDER"));
  EXPECT_THAT(import({"audit", "a", "b"}).err, HasSubstr("import audit takes: AUDIT.log"));
  EXPECT_THAT(import({"spark-application", path("none.yaml")}).err, HasSubstr("none.yaml"));
  EXPECT_THAT(import({"openb", shipped("real/openb_sample.csv"), "--base", shipped("ramp_500.json")}).err,
              HasSubstr("openb takes the cluster from NODES.csv"));
}

TEST_F(ImportCommand, AnOpenbTraceStillIsAScenario) {
  const Output done = import({"openb", shipped("real/openb_sample.csv")});
  EXPECT_EQ(done.code, 0);
  EXPECT_THAT(done.err, HasSubstr("podramp: left out: openb: no node list was given"));
  EXPECT_THAT(done.err, HasSubstr("podramp: left out: openb: qos and pod_phase have no counterpart"));
  EXPECT_EQ(json::parse(done.out)["background_load"][0]["name"], "openb");
}

}  // namespace
}  // namespace podramp::sim::cmd_import_test
