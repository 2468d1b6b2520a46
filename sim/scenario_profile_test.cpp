#include "sim/scenario_profile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/test_runs.h"
#include "sim/test_stream.h"

namespace podramp::sim::scenario_profile_test {
namespace {

using testing::HasSubstr;

tl::expected<Loaded, FieldErrors> with_profile(const std::string& file, const std::string& kubernetes,
                                               const std::string& more = "") {
  const ReadFile read = [&](const std::string& name) -> Result<std::string> {
    if (name == "mine.json") return file;
    return tl::unexpected(Error{"there is no file " + name});
  };
  return load_scenario({"test.json", tiny_text(6, "16", R"(,"kubernetes":)" + kubernetes + more)}, read, {});
}

TEST(ScenarioProfile, ACopyOfABuiltInProfileIsThatProfile) {
  for (const std::string_view name : fakeapi::kProfileNames) {
    const auto loaded = with_profile(profile_document(name), R"("mine.json")");
    ASSERT_TRUE(loaded.has_value()) << name << ": " << to_string(loaded.error().front());
    EXPECT_EQ(loaded->scenario.cluster.profile, *fakeapi::find_profile(name)) << name;
    EXPECT_EQ(loaded->scenario.cluster.latency, fakeapi::Latencies{}) << name;
  }
}

TEST(ScenarioProfile, TheShippedFilesAreWhatTheCommandPrints) {
  for (const std::string_view name : fakeapi::kProfileNames) {
    EXPECT_EQ(read_bytes(shipped("profiles/" + std::string(name) + ".json")), profile_document(name)) << name;
  }
}

TEST(ScenarioProfile, WhatTheScenarioSaysWins) {
  const std::string file =
      R"({"schema":"podramp/profile-v1","kubernetes":{"profile":"k8s-1.31","scheduler_qps":7,"scheduler_burst":9},
          "latency":{"start":{"constant":"2s"},"stop":{"constant":"3s"}}})";
  const auto loaded = with_profile(file, R"({"profile":"mine.json","scheduler_qps":8})", R"(,"end":"1h")");
  ASSERT_TRUE(loaded.has_value()) << to_string(loaded.error().front());
  const fakeapi::ClusterConfig& cluster = loaded->scenario.cluster;
  EXPECT_EQ(cluster.profile.name, "k8s-1.31");
  EXPECT_EQ(cluster.profile.scheduler_qps, 8);
  EXPECT_EQ(cluster.profile.scheduler_burst, 9);
  EXPECT_EQ(cluster.latency.start, fakeapi::LatencyModel::constant(2 * kSecondUs));
  EXPECT_EQ(cluster.latency.stop, fakeapi::LatencyModel::constant(3 * kSecondUs));
}

TEST(ScenarioProfile, MistakesInTheFileAreToldAsItsOwn) {
  const auto bad =
      with_profile(R"({"schema":"podramp/profile-v1","kubernetes":{"scheduler_qsp":7}})", R"("mine.json")");
  ASSERT_FALSE(bad.has_value());
  EXPECT_THAT(to_string(bad.error().front()), HasSubstr("mine.json:1: kubernetes.scheduler_qsp"));
  const auto other = with_profile(R"({"schema":"podramp/v1"})", R"("mine.json")");
  ASSERT_FALSE(other.has_value());
  EXPECT_THAT(to_string(other.error().front()), HasSubstr(R"(must be "podramp/profile-v1")"));
  const auto missing = with_profile("", R"("nowhere.json")");
  ASSERT_FALSE(missing.has_value());
  EXPECT_THAT(to_string(missing.error().front()),
              HasSubstr("could not read the profile: there is no file nowhere.json"));
}

}  // namespace
}  // namespace podramp::sim::scenario_profile_test
