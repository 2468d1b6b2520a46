// Zones, the zones of registries and the API server's link as a user writes them, and what the engine is told of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/platform.h"
#include "sim/scenario_json.h"
#include "sim/test_scenario_text.h"

namespace podramp::sim::scenario_zones_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const std::string kImages = R"("images": [{"name": "spark:4", "size": "600Mi"}])";

fakeapi::ClusterConfig cluster_with(const std::string& more) {
  const auto loaded = load_scenario({"small.json", small_with(kImages, kImages + more)}, {}, {});
  EXPECT_TRUE(loaded) << all_errors(loaded.error());
  if (!loaded) return {};
  const auto again = load_scenario({"again.json", to_json(loaded->scenario)}, {}, {});
  EXPECT_TRUE(again) << all_errors(again.error());
  if (again) {
    EXPECT_EQ(again->scenario.cluster, loaded->scenario.cluster);
  }
  return loaded->scenario.cluster;
}

std::string errors_of(const std::string& more) {
  const auto loaded = load_scenario({"small.json", small_with(kImages, kImages + more)}, {}, {});
  return loaded ? "" : all_errors(loaded.error());
}

TEST(ScenarioZones, ZonesAndTheirLinksAreReadAndWritten) {
  const fakeapi::ClusterConfig cluster = cluster_with(R"(,
    "registries": [{"name": "hub", "mirrors": ["near"]}, {"name": "near", "zone": "b"}],
    "zones": [{"name": "b", "bandwidth": "8Gbps"}],
    "api_server": {"bandwidth": "1Gbps", "pod_size": "4Ki"})");
  EXPECT_THAT(cluster.zones, ElementsAre(fakeapi::ZoneSpec{"b", 1'000'000'000}));
  EXPECT_EQ(cluster.registries[1].zone, "b");
  EXPECT_EQ(cluster.api_server, (fakeapi::ApiServerSpec{125'000'000, 4096}));

  const EnginePlatform platform = platform_of(cluster);  // the API server's link and its readers come last
  EXPECT_THAT(platform.zone_bytes_per_s, ElementsAre(1'000'000'000));
  EXPECT_THAT(platform.registry_zone, ElementsAre(-1, 0, -1));
  EXPECT_THAT(platform.node_zone, ElementsAre(-1, 0, -1, 0, -1, 0, -1, 0, -1, 0, -1, 0, -1));
  EXPECT_EQ(platform.registry_bytes_per_s.at(2), 125'000'000);
  EXPECT_EQ(platform.node_bytes_per_s.at(12), 125'000'000);
  EXPECT_THAT(admission_limits(cluster), ElementsAre(64, 64, 0));
  const Transfer reply = reply_transfer(cluster, 7, 1000);
  EXPECT_EQ(reply.registry, 2);
  EXPECT_EQ(reply.node, 12);
}

TEST(ScenarioZones, AScenarioWithoutThemSaysNothingOfThem) {
  const fakeapi::ClusterConfig cluster = cluster_with("");
  EXPECT_EQ(platform_of(cluster).registry_bytes_per_s.size(), 1U);
  EXPECT_THAT(platform_of(cluster).node_zone, IsEmpty());
  Scenario scenario;
  scenario.cluster = cluster;
  const std::string text = to_json(scenario);
  EXPECT_THAT(text, Not(HasSubstr("\"zones\"")));
  EXPECT_THAT(text, Not(HasSubstr("\"api_server\"")));
}

TEST(ScenarioZones, MistakesAreToldAtTheirPlace) {
  EXPECT_THAT(errors_of(R"(, "zones": [{"name": "a"}])"), HasSubstr("cluster.zones[0]"));
  EXPECT_THAT(errors_of(R"(, "zones": [{"name": "c", "bandwidth": "1Gbps"}])"),
              HasSubstr("no node is in a zone \"c\""));
  EXPECT_THAT(errors_of(R"(, "zones": [{"name": "a", "bandwidth": "1Gbps"}, {"name": "a", "bandwidth": "1Gbps"}])"),
              HasSubstr("the zone \"a\" is there already"));
  EXPECT_THAT(errors_of(R"(, "registries": [{"name": "hub", "zone": "d"}])"),
              HasSubstr("cluster.registries[0].zone: no node is in a zone \"d\""));
  EXPECT_THAT(errors_of(R"(, "api_server": {"pod_size": "4Ki"})"), HasSubstr("cluster.api_server"));
  EXPECT_THAT(errors_of(R"(, "api_server": {"bandwidth": "1Gbps", "pod_size": 0})"), HasSubstr("must be above zero"));
}

}  // namespace
}  // namespace podramp::sim::scenario_zones_test
