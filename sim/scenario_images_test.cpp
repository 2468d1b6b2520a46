// Layers of images, image disks and mirrors as a user writes them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/scenario_json.h"
#include "sim/test_scenario_text.h"

namespace podramp::sim::scenario_images_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

const std::string kImages = R"("images": [{"name": "spark:4", "size": "600Mi"}])";

std::string errors_of(const std::string& text) {
  const auto loaded = load_scenario({"small.json", text}, {}, {});
  return loaded ? "" : all_errors(loaded.error());
}

TEST(ScenarioImages, LayersMirrorsAndDisksAreReadAndWritten) {
  std::string text = small_with(kImages, R"("images": [
      {"name": "spark:4", "layers": [{"digest": "base", "size": "400Mi"}, {"digest": "a", "size": "100Mi"}]},
      {"name": "spark:5", "layers": [{"digest": "base", "size": "400Mi"}]}],
    "registries": [{"name": "hub", "mirrors": ["near"]}, {"name": "near"}])");
  const std::string zone = R"("zone": ["a", "b"])";
  text.replace(text.find(zone), zone.size(), zone + R"(, "image_disk": "100Gi", "disk_bandwidth": "200M/s")");
  const auto loaded = load_scenario({"small.json", text}, {}, {});
  ASSERT_TRUE(loaded) << all_errors(loaded.error());
  const fakeapi::ClusterConfig& cluster = loaded->scenario.cluster;
  ASSERT_THAT(cluster.images, SizeIs(2));
  EXPECT_EQ(cluster.images[0].bytes, std::int64_t{500} << 20);
  EXPECT_THAT(cluster.images[0].layers, ElementsAre(fakeapi::LayerSpec{"base", std::int64_t{400} << 20},
                                                    fakeapi::LayerSpec{"a", std::int64_t{100} << 20}));
  EXPECT_THAT(cluster.registries[0].mirrors, ElementsAre(1));
  EXPECT_EQ(cluster.nodes[0].image_disk_bytes, std::int64_t{100} << 30);
  EXPECT_EQ(cluster.nodes[0].disk_bytes_per_s, 200'000'000);

  const auto again = load_scenario({"again.json", to_json(loaded->scenario)}, {}, {});
  ASSERT_TRUE(again) << all_errors(again.error());
  EXPECT_EQ(again->scenario.cluster, cluster);
}

TEST(ScenarioImages, MistakesAreToldAtTheirPlace) {
  EXPECT_THAT(errors_of(small_with(kImages, R"("images": [{"name": "spark:4"}])")), HasSubstr("cluster.images[0]"));
  EXPECT_THAT(errors_of(small_with(kImages, R"("images": [{"name": "spark:4", "size": "1Gi", "layers": [
      {"digest": "base", "size": "1Gi"}]}])")),
              HasSubstr("does not go together with layers"));
  EXPECT_THAT(errors_of(small_with(kImages, R"("images": [
      {"name": "spark:4", "layers": [{"digest": "base", "size": "1Gi"}]},
      {"name": "spark:5", "layers": [{"digest": "base", "size": "2Gi"}]}])")),
              HasSubstr("the layer \"base\" has the size 1Gi in another place"));
  EXPECT_THAT(errors_of(small_with(kImages, kImages + R"(,
    "registries": [{"name": "hub", "mirrors": ["hub"]}])")),
              HasSubstr("a registry is no mirror of itself"));
  EXPECT_THAT(errors_of(small_with(kImages, kImages + R"(,
    "registries": [{"name": "hub", "mirrors": ["nera"]}, {"name": "near"}])")),
              HasSubstr("unknown registry \"nera\" (did you mean \"near\"?)"));
}

}  // namespace
}  // namespace podramp::sim::scenario_images_test
