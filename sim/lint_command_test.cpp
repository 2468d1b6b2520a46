// podramp lint: the summary, its exit codes, JSON, and docs/configuration.md against the tables.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "backend/conf_document.h"
#include "sim/command_line.h"
#include "sim/results.h"
#include "sim/test_scenario_text.h"

namespace podramp::sim::lint_command_test {
namespace {

using testing::HasSubstr;

struct Output {
  int code = 0;
  std::string out;
};

Output lint(const Arguments& arguments) {
  testing::internal::CaptureStdout();
  Output result;
  result.code = lint_command(arguments);
  std::fflush(stdout);
  result.out = testing::internal::GetCapturedStdout();
  return result;
}

std::string put(const std::string& text) {
  std::string path =
      testing::TempDir() + "/podramp_lint_" + testing::UnitTest::GetInstance()->current_test_info()->name() + ".conf";
  EXPECT_TRUE(write_file(path, text));
  return path;
}

TEST(LintCommand, ARealFileIsSummedUpInAFewLines) {
  const Output result = lint({shipped("real/spark-defaults.conf")});
  EXPECT_EQ(result.code, 0);
  EXPECT_THAT(result.out, HasSubstr("spark-defaults.conf at spark-4.0: 34 keys, 0 mistakes, 1 worth a look\n"));
  EXPECT_THAT(result.out, HasSubstr("    1 unknown, Spark ignores them: spark.kubernetes.allocation.maxPendingPod\n"));
  EXPECT_LE(std::ranges::count(result.out.substr(0, result.out.find("\n\n")), '\n'), 9);
  EXPECT_THAT(result.out, HasSubstr("did you mean spark.kubernetes.allocation.maxPendingPods?"));
  EXPECT_THAT(result.out, testing::Not(HasSubstr("not-a-real-secret-key")));
}

TEST(LintCommand, StrictMakesWhatIsWorthALookAFailure) {
  const std::string file =
      put("spark.kubernetes.allocation.batch.size 50\nspark.kubernetes.allocation.maxPendingPods 20\n");
  EXPECT_EQ(lint({file}).code, 0);
  EXPECT_EQ(lint({file, "--strict"}).code, 1);
  EXPECT_EQ(lint({put("spark.executor.cores 2\n"), "--strict"}).code, 0);
}

TEST(LintCommand, WhatSparkWouldRefuseIsExitTwo) {
  const std::string file = put("spark.executor.cores 2\nspark.kubernetes.allocation.batch.delay 1\n");
  EXPECT_EQ(lint({file, "--compat", "spark-3.5"}).code, 0);
  const Output result = lint({file, "--compat", "spark-4.0"});
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.out, HasSubstr(".conf:2: spark.kubernetes.allocation.batch.delay: a bare number is milliseconds"));
}

TEST(LintCommand, AnotherVersionIsComparedKeyByKey) {
  const Output result = lint({put("spark.executor.cores 2\n"), "--compat", "spark-3.5", "--against", "spark-4.2"});
  EXPECT_THAT(result.out, HasSubstr("against spark-4.2: "));
  EXPECT_THAT(result.out,
              HasSubstr("  spark.kubernetes.allocation.batch.size is not set: its default changes from 5 to 20\n"));
  EXPECT_THAT(result.out, HasSubstr("  from spark-4.0: Failed executors are counted by the lifecycle manager"));
}

TEST(LintCommand, JsonHoldsEveryFinding) {
  const Output result =
      lint({put("spark.executor.cores 2\nspark.kubernetes.maxPendingPods 3\n"), "--json", "--against", "spark-4.1"});
  const auto j = nlohmann::json::parse(result.out);
  EXPECT_EQ(j["compat"], "spark-4.0");
  ASSERT_EQ(j["keys"].size(), 2U);
  EXPECT_EQ(j["keys"][0]["key"], "spark.executor.cores");
  EXPECT_EQ(j["keys"][0]["effect"], "modelled");
  EXPECT_EQ(j["keys"][0]["default"], "1");
  EXPECT_EQ(j["keys"][0]["since"], "1.0");
  EXPECT_EQ(j["keys"][1]["effect"], "unknown");
  EXPECT_EQ(j["warnings"][0]["kind"], "unknown_kubernetes_key");
  EXPECT_EQ(j["warnings"][0]["line"], 2);
  EXPECT_EQ(j["against"], "spark-4.1");
  EXPECT_FALSE(j["drift"].empty());
  EXPECT_TRUE(j["errors"].empty());
}

TEST(LintCommand, TheCommittedDocumentIsWhatTheTablesSay) {
  const auto committed = read_test_file(std::string(PODRAMP_SOURCE_DIR) + "/docs/configuration.md");
  ASSERT_TRUE(committed.has_value());
  EXPECT_EQ(*committed, backend::configuration_document()) << "print it anew: podramp lint --document";
  EXPECT_EQ(lint({"--document"}).out, backend::configuration_document());
}

}  // namespace
}  // namespace podramp::sim::lint_command_test
