#include "fakeapi/image_gc.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakeapi/test_cluster_world.h"

namespace podramp::fakeapi::image_gc_test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::int64_t kGb = 1'000'000'000;

// One node with an image disk of 100 GB. Old images of 30 GB each are on it; "used:1" is in a pod's container.
ClusterConfig disk_cluster(std::vector<std::string> present) {
  ClusterConfig config = steady_cluster(1);
  config.images = {{"old:1", 30 * kGb}, {"old:2", 30 * kGb}, {"used:1", 30 * kGb}, {"new:1", 20 * kGb}};
  config.nodes[0].image_disk_bytes = 100 * kGb;
  config.nodes[0].node.images = std::move(present);
  return config;
}

// When the node's kubelet first looks.
TimeUs first_look() { return Draw(1, "cluster.image_gc", "n0").uniform(0, 5 * kMinuteUs - 1); }

ApiRequest create(const std::string& name, const std::string& image) {
  PodTemplate tmpl = small_template();
  tmpl.containers[0].image = image;
  return create_of(make_pod(name, share(tmpl)));
}

std::vector<std::string> removed(const World& world) {
  std::vector<std::string> names;
  for (const auto& [t, fact] : world.facts<fact::ImageRemoved>()) names.push_back(fmt::format("{} {}", t, fact.image));
  return names;
}

TEST(ImageGc, a_node_that_is_85_percent_full_loses_unused_images_until_80_percent_would_do) {
  World world(disk_cluster({"old:1", "old:2", "used:1"}));  // 90 GB
  world.run_until(kHourUs);
  EXPECT_THAT(removed(world), ElementsAre(fmt::format("{} old:1", first_look())));
  EXPECT_TRUE(world.folds());
}

TEST(ImageGc, below_85_percent_nothing_goes_and_nobody_looks) {
  ClusterConfig config = disk_cluster({"old:1", "old:2"});
  config.nodes[0].image_disk_bytes = 72 * kGb;  // 84 %
  World world(config);
  world.run_until(kHourUs);
  EXPECT_THAT(removed(world), IsEmpty());
}

TEST(ImageGc, images_of_stored_pods_stay) {
  World world(disk_cluster({"old:1", "old:2", "used:1"}));
  for (const char* image : {"old:1", "used:1"}) world.call(create(image == std::string("old:1") ? "p" : "q", image));
  world.run_until(kHourUs);
  EXPECT_THAT(removed(world), ElementsAre(fmt::format("{} old:2", first_look())));
}

TEST(ImageGc, the_least_recently_used_image_goes_first) {
  World world(disk_cluster({"old:1", "old:2"}));
  world.call(create("p", "old:1"));
  world.call(create("q", "old:2"));
  const TimeUs look = first_look();
  world.run_until(look + kMinuteUs);
  world.call(request_of(Verb::remove, "q"));  // last seen in use at the first look
  world.run_until(look + 6 * kMinuteUs);
  world.call(request_of(Verb::remove, "p"));  // at the second
  world.run_until(look + 7 * kMinuteUs);
  world.call(create("r", "used:1"));
  world.run_until(kHourUs);
  EXPECT_THAT(removed(world), ElementsAre(fmt::format("{} old:2", look + 10 * kMinuteUs)));
}

TEST(ImageGc, an_image_stays_until_a_look_after_the_one_that_first_saw_it) {
  ClusterConfig config = disk_cluster({"old:1", "used:1"});
  World world(config);
  world.call(create("p", "old:1"));
  world.call(create("q", "used:1"));
  world.call(create("r", "new:1"));
  world.run_until(30 * kSecondUs);
  world.call(request_of(Verb::remove, "r"));
  world.run_until(kHourUs);
  EXPECT_THAT(removed(world), IsEmpty());  // 80 %

  config.images[3].bytes = 30 * kGb;
  World full(config);
  for (const auto& [name, image] : {std::pair{"p", "old:1"}, {"q", "used:1"}, {"r", "new:1"}}) {
    full.call(create(name, image));
  }
  full.run_until(30 * kSecondUs);
  full.call(request_of(Verb::remove, "r"));
  full.run_until(kHourUs);
  EXPECT_THAT(removed(full), ElementsAre(fmt::format("{} new:1", first_look() + 5 * kMinuteUs)));
}

TEST(ImageGc, a_removed_image_is_pulled_again_when_it_is_needed) {
  World world(disk_cluster({"old:1", "old:2", "used:1"}));
  world.run_until(kHourUs);
  world.call(create("p", "old:1"));
  world.run_until(2 * kHourUs);
  ASSERT_EQ(world.facts<fact::PullFinished>().size(), 1U);
  EXPECT_EQ(world.facts<fact::PullFinished>()[0].second.image, "old:1");
  EXPECT_EQ(removed(world).size(), 2U);  // which fills the disk again
  EXPECT_TRUE(world.folds());
}

TEST(ImageGc, a_full_disk_with_nothing_to_remove_waits_for_a_pod_to_go) {
  ClusterConfig config = disk_cluster({"old:1", "used:1"});
  config.nodes[0].image_disk_bytes = 60 * kGb;
  World full(config);
  full.call(create("p", "old:1"));
  full.call(create("q", "used:1"));
  full.run_until(10 * kHourUs);
  EXPECT_THAT(removed(full), IsEmpty());
  full.call(request_of(Verb::remove, "q"));
  full.run_until(11 * kHourUs);
  EXPECT_EQ(removed(full).size(), 1U);
}

TEST(ImageGc, without_an_image_disk_images_stay_for_ever) {
  ClusterConfig config = disk_cluster({"old:1", "old:2", "used:1"});
  config.nodes[0].image_disk_bytes = 0;
  World world(config);
  world.run_until(10 * kHourUs);
  EXPECT_THAT(removed(world), IsEmpty());
}

}  // namespace
}  // namespace podramp::fakeapi::image_gc_test
