#include "sim/import/openb.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "sim/test_runs.h"

namespace podramp::sim::openb_test {
namespace {

using nlohmann::json;
using testing::Contains;
using testing::HasSubstr;

const std::string kHead =
    "name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos,pod_phase,creation_time,deletion_time,scheduled_time\n";
const std::string kPods = kHead +
                          "p-0,12000,16384,1,1000,V100M16,LS,Running,100,400,130\n"
                          "p-1,6000,12288,1,460,,BE,Running,160,200,160\n"
                          "p-2,8000,30517,0,0,V100M16|V100M32,BE,Pending,170,190,\n";
const std::string kNodes =
    "sn,cpu_milli,memory_mib,gpu,model\nn-0,96000,786432,8,V100M16\nn-1,96000,786432,8,V100M16\nn-2,32000,262144,0,\n";

OpenbScenario imported(const std::string& pods, const std::string& nodes = "") {
  auto result = import_openb({"pods.csv", pods}, nodes.empty() ? NamedText{} : NamedText{"nodes.csv", nodes});
  if (!result) ADD_FAILURE() << to_string(result.error().front());
  return result ? *result : OpenbScenario{};
}

std::string mistakes(const std::string& pods) {
  const auto result = import_openb({"pods.csv", pods}, {});
  return result ? "" : to_string(result.error().front());
}

TEST(ImportOpenb, PodsBecomeATraceThatBeginsAtZero) {
  const json root = json::parse(imported(kPods, kNodes).json);
  const json& trace = root["background_load"][0]["trace"];
  ASSERT_EQ(trace.size(), 3U);
  EXPECT_EQ(trace[0]["at"], "0s");
  EXPECT_EQ(trace[0]["lifetime"], "270s");  // from its start to its deletion
  EXPECT_EQ(trace[0]["cpu"], "12000m");
  EXPECT_EQ(trace[0]["memory"], "16384Mi");
  EXPECT_EQ(trace[0]["resources"]["nvidia.com/gpu"], 1);
  EXPECT_EQ(trace[0]["node_selector"]["nvidia.com/gpu.product"], "V100M16");
  EXPECT_EQ(trace[1]["at"], "60s");
  EXPECT_FALSE(trace[2].contains("node_selector"));
  EXPECT_FALSE(trace[2].contains("resources"));
}

TEST(ImportOpenb, EqualNodesAreOneGroup) {
  const json nodes = json::parse(imported(kPods, kNodes).json)["cluster"]["nodes"];
  ASSERT_EQ(nodes.size(), 2U);
  EXPECT_EQ(nodes[0]["count"].get<int>() + nodes[1]["count"].get<int>(), 3);
}

TEST(ImportOpenb, WhatCannotBeSaidIsListed) {
  const OpenbScenario scenario = imported(kPods);
  EXPECT_THAT(scenario.notes, Contains(HasSubstr("1 pods share a GPU")));
  EXPECT_THAT(scenario.notes, Contains(HasSubstr("1 pods name several GPU models")));
  EXPECT_THAT(scenario.notes, Contains(HasSubstr("1 pods never ran there")));
  EXPECT_THAT(scenario.notes, Contains(HasSubstr("no node list was given")));
}

TEST(ImportOpenb, TheScenarioRuns) {
  const Scenario scenario = text_scenario(imported(kPods, kNodes).json, {"end=10m"});
  const auto events = run_and_read(scenario);
  EXPECT_EQ(all<fact::PodRunning>(events).size(), 3U);
  EXPECT_EQ(all<fact::PodFinished>(events).size(), 3U);
}

TEST(ImportOpenb, TheSampleThatShipsRuns) {
  const std::string sample = read_bytes(shipped("real/openb_sample.csv"));
  const auto events = run_and_read(text_scenario(imported(sample).json, {"end=2h"}));
  EXPECT_GT(all<fact::PodRunning>(events).size(), 50U);
}

TEST(ImportOpenb, MistakesAreToldWithTheirLine) {
  EXPECT_THAT(mistakes("name,cpu_milli\np,1\n"), HasSubstr("pods.csv:1: there is no column memory_mib"));
  EXPECT_THAT(mistakes(kHead + "p,many,1,0,0,,LS,Running,0,1,0\n"),
              HasSubstr("pods.csv:2: cpu_milli: \"many\" is not a number that is at least 0"));
  EXPECT_THAT(mistakes(kHead), HasSubstr("there are no pods in it"));
  EXPECT_THAT(mistakes(kHead + "p,-1,1,0,0,,LS,Running,0,1,0\n"), HasSubstr("at least 0"));
}

}  // namespace
}  // namespace podramp::sim::openb_test
