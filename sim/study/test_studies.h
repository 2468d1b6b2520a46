// Studies for tests: a tiny scenario, specs about it, and the commands called as a user calls them. Not part of the
// library.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "sim/results.h"
#include "sim/study/commands.h"

namespace podramp::sim {

struct CommandOutput {
  int code = 0;
  std::string out;
  std::string err;
};

inline CommandOutput call_command(int (*command)(const Arguments&), const Arguments& arguments) {
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  CommandOutput result;
  result.code = command(arguments);
  std::fflush(stdout);
  result.out = testing::internal::GetCapturedStdout();
  result.err = testing::internal::GetCapturedStderr();
  return result;
}

// Eight executors on two nodes; fast, and different from seed to seed.
inline constexpr std::string_view kTinyScenario = R"({
  "schema": "podramp/v1", "about": "Eight executors.", "end": "5m",
  "cluster": {"nodes": [{"group": "w", "count": 2, "cpu": "16", "memory": "64Gi", "images": ["spark:4"]}],
              "images": [{"name": "spark:4", "size": "100Mi"}]},
  "applications": [{"name": "etl", "compat": "spark-4.0", "conf": {
    "spark.executor.instances": "8", "spark.executor.cores": "1", "spark.executor.memory": "1g",
    "spark.kubernetes.container.image": "spark:4"}}]})";

// A folder of its own for each test, with that scenario as base.json.
class StudyTest : public testing::Test {
 protected:
  StudyTest()
      : dir_(testing::TempDir() + "/podramp_study_" +
             testing::UnitTest::GetInstance()->current_test_info()->test_suite_name() + "_" +
             testing::UnitTest::GetInstance()->current_test_info()->name() + "_" + std::to_string(::getpid())) {
    std::filesystem::remove_all(dir_);
    std::filesystem::create_directories(dir_);
    put("base.json", std::string(kTinyScenario));
  }
  void TearDown() override { std::filesystem::remove_all(dir_); }
  std::string path(const std::string& name) const { return dir_ + "/" + name; }
  std::string put(const std::string& name, const std::string& text) const {
    EXPECT_TRUE(write_file(path(name), text));
    return path(name);
  }
  std::string get(const std::string& name) const {
    const auto text = read_file(path(name));
    EXPECT_TRUE(text) << name;
    return text.value_or("");
  }
  // Batch sizes 1, 2 and 8 on four seeds, and whatever else: `more` are members of the spec.
  std::string spec(const std::string& more = "") const {
    return put("spec.json", R"({"schema": "podramp/study/v1", "scenario": "base.json", "replicates": 4,
      "engine": "fluid",
      "dimensions": [{"path": "applications.0.conf.spark.kubernetes.allocation.batch.size", "values": [1, 2, 8]}],
      "objectives": [{"kpi": "time_to_95_ms"}])" +
                                more + "}");
  }
  CommandOutput tune(const std::string& out, Arguments more = {}, const std::string& spec_file = "spec.json") const {
    Arguments arguments{path(spec_file), "--out", path(out), "--jobs", "2"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return call_command(tune_command, arguments);
  }
  CommandOutput merge(const std::string& from, const std::string& to) const {
    return call_command(merge_command, {path(from), "--out", path(to)});
  }

 private:
  std::string dir_;
};

inline constexpr const char* kTableNames[] = {"runs.csv",    "variants.csv",     "pareto.csv", "sensitivity.csv",
                                              "effects.csv", "recommended.conf", "study.json"};

}  // namespace podramp::sim
