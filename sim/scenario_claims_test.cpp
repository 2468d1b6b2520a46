// Tests of scenario_claims.cpp: storage classes and claims of a scenario. What claims do: fakeapi/claims_test.cpp.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/scenario_json.h"
#include "sim/test_scenario_text.h"

namespace podramp::sim::scenario_claims_test {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

const std::string& with_claims() {
  static const std::string kText = small_with("\"images\"", R"("storage_classes": [
      {"name": "fixed", "binding": "immediate", "expandable": false}],
    "claims": [
      {"name": "data", "size": "10Gi", "storage_class": "fixed", "access_modes": ["ReadWriteMany"],
       "labels": {"team": "etl"}},
      {"namespace": "other", "name": "data", "size": "1Gi"}],
    "images")");
  return kText;
}

TEST(ScenarioClaims, AreReadWithTheirDefaults) {
  const auto loaded = load_scenario({"small.json", with_claims()}, {}, {});
  ASSERT_TRUE(loaded) << all_errors(loaded.error());
  const fakeapi::ClusterConfig& cluster = loaded->scenario.cluster;
  ASSERT_THAT(cluster.storage_classes, SizeIs(1));
  EXPECT_EQ(cluster.storage_classes[0], (fakeapi::StorageClassSpec{"fixed", true, false, true}));
  ASSERT_THAT(cluster.claims, SizeIs(2));
  EXPECT_EQ(cluster.claims[0].ns, "default");
  EXPECT_EQ(cluster.claims[0].spec.request_bytes, std::int64_t{10} << 30);
  EXPECT_EQ(cluster.claims[0].spec.storage_class, "fixed");
  EXPECT_EQ(cluster.claims[0].spec.access_modes, std::vector<std::string>{"ReadWriteMany"});
  EXPECT_EQ(cluster.claims[0].labels, (StringMap{{"team", "etl"}}));
  EXPECT_EQ(cluster.claims[1].ns, "other");
  EXPECT_EQ(cluster.claims[1].spec.storage_class, std::nullopt);
}

TEST(ScenarioClaims, AreWrittenAsTheyAreRead) {
  const auto loaded = load_scenario({"small.json", with_claims()}, {}, {});
  ASSERT_TRUE(loaded);
  const auto again = load_scenario({"again.json", to_json(loaded->scenario)}, {}, {});
  ASSERT_TRUE(again) << all_errors(again.error());
  EXPECT_TRUE(again->scenario == loaded->scenario) << to_json(loaded->scenario);
}

TEST(ScenarioClaims, AnUnknownModeAndASecondClaimOfOneNameAreErrors) {
  const auto loaded = load_scenario(
      {"small.json", small_with("\"images\"", R"("claims": [{"name": "data", "size": "1Gi", "access_modes": ["RWO"]},
                                                 {"name": "data", "size": "1Gi"}], "images")")},
      {}, {});
  ASSERT_FALSE(loaded);
  EXPECT_THAT(all_errors(loaded.error()), HasSubstr("\"RWO\" is not one of ReadWriteOnce, ReadWriteOncePod"));
  EXPECT_THAT(all_errors(loaded.error()), HasSubstr("namespace \"default\" has a claim \"data\" already"));
}

}  // namespace
}  // namespace podramp::sim::scenario_claims_test
