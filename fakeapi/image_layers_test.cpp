#include "fakeapi/image_layers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakeapi/testing_context.h"

namespace podramp::fakeapi::image_layers_test {
namespace {

using namespace parts;  // NOLINT: of testing_context.h
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr TimeUs kSec = kSecondUs;
constexpr TimeUs kSeenUs = kScheduleUs + kBindUs + kKubeletUs;  // of the first pod

// Two images of 500 MB that share a layer of 400 MB, and one of 300 MB in one piece. 100 MB/s.
ClusterConfig layers_config() {
  ClusterConfig config = make_config({make_node("n0", 64'000, 256)});
  config.images = {{"a:1", 500'000'000, 0, {{"base", 400'000'000}, {"a", 100'000'000}}},
                   {"b:1", 500'000'000, 0, {{"base", 400'000'000}, {"b", 100'000'000}}},
                   {"one:1", 300'000'000, 0},
                   {"tag:1", 400'000'000, 0, {{"base", 400'000'000}}}};
  return config;
}

struct Started {
  explicit Started(ClusterConfig config) : c(std::move(config)) { c.lifecycle->start(); }
  void pull(const std::string& pod, const std::string& image) { c.create(pod, make_template(1000, 1, image)); }
  std::vector<std::int64_t> moved() const {
    std::vector<std::int64_t> bytes;
    for (const auto& [t, start] : c.messages<from::StartPull>()) bytes.push_back(start.bytes);
    return bytes;
  }
  std::vector<int> asked() const {
    std::vector<int> registries;
    for (const auto& [t, start] : c.messages<from::StartPull>()) registries.push_back(start.registry);
    return registries;
  }
  TestCluster c;
};

TEST(ImageLayers, a_layer_counts_once_on_a_disk) {
  const ClusterConfig config = layers_config();
  const ImageLayers layers(config);
  EXPECT_EQ(layers.size("a:1"), 500'000'000);
  EXPECT_EQ(layers.size("unlisted:1"), 0);
  EXPECT_EQ(layers.on_disk({"a:1", "b:1", "one:1", "unlisted:1"}), 900'000'000);
  EXPECT_EQ(layers.missing("b:1", {"a:1", "one:1"}), 100'000'000);
  EXPECT_EQ(layers.missing("tag:1", {"b:1"}), 0);
  EXPECT_EQ(layers.missing("one:1", {"a:1"}), 300'000'000);
}

TEST(ImageLayers, a_pull_moves_only_what_the_node_lacks) {
  Started s(layers_config());
  s.pull("p", "a:1");
  s.c.run_until(kMinuteUs);
  s.pull("q", "b:1");
  s.c.run_until(2 * kMinuteUs);
  EXPECT_THAT(s.moved(), ElementsAre(500'000'000, 100'000'000));
  EXPECT_EQ(s.c.facts<fact::PullStarted>()[1].second.bytes, 100'000'000);
  EXPECT_THAT(s.c.times<fact::PullFinished>(), ElementsAre(kSeenUs + 5 * kSec, kMinuteUs + kSeenUs + kSec));
}

TEST(ImageLayers, an_image_whose_layers_are_all_there_costs_a_question_to_the_registry) {
  Started s(layers_config());
  s.pull("p", "a:1");
  s.c.run_until(kMinuteUs);
  s.pull("q", "tag:1");
  s.c.run_until(2 * kMinuteUs);
  EXPECT_EQ(s.moved().size(), 1U);
  EXPECT_THAT(s.c.times<fact::PullFinished>(), ElementsAre(kSeenUs + 5 * kSec, kMinuteUs + kSeenUs + kLookUs));
  EXPECT_TRUE(s.c.state().find_node("n0")->images.contains("tag:1"));
}

// --- the node's disk -------------------------------------------------------------------------------------------

TEST(ImageLayers, what_was_pulled_is_unpacked_at_the_speed_of_the_disk) {
  ClusterConfig config = layers_config();
  config.nodes[0].disk_bytes_per_s = 50'000'000;
  Started s(config);
  s.pull("p", "one:1");
  s.c.run_until(kMinuteUs);
  EXPECT_THAT(s.c.times<fact::PullFinished>(), ElementsAre(kSeenUs + 3 * kSec + 6 * kSec));
  EXPECT_THAT(s.c.times<fact::PodRunning>(), ElementsAre(kSeenUs + 9 * kSec + kStartUs + kStatusUs));
}

TEST(ImageLayers, parallel_pulls_are_unpacked_one_after_the_other) {
  ClusterConfig config = layers_config();
  config.nodes[0].disk_bytes_per_s = 50'000'000;
  config.parallel_pulls = true;
  Started s(config);
  s.pull("p", "one:1");
  s.pull("q", "tag:1");
  s.c.run_until(kMinuteUs);
  const auto ends = s.c.times<fact::PullFinished>();
  ASSERT_EQ(ends.size(), 2U);
  EXPECT_EQ(ends[0], kSeenUs + 9 * kSec);
  EXPECT_EQ(ends[1], ends[0] + 8 * kSec);
}

TEST(ImageLayers, unpacking_that_nobody_waits_for_is_given_up) {
  ClusterConfig config = layers_config();
  config.nodes[0].disk_bytes_per_s = 50'000'000;
  Started s(config);
  const PodId p = s.c.create("p", make_template(1000, 1, "one:1"));
  s.c.run_until(5 * kSec);
  std::vector<std::string> lines;
  s.c.pulls->waiting(lines);
  EXPECT_THAT(lines, ElementsAre("image one:1 on node n0 waits for: the node's disk"));
  s.c.deletion->remove(p, std::nullopt, "api", "apiserver", 0);
  s.c.run_until(kMinuteUs);
  EXPECT_THAT(s.c.facts<fact::PullFinished>(), IsEmpty());
  EXPECT_EQ(s.c.facts<fact::PullFailed>().size(), 1U);
  EXPECT_THAT(s.c.messages<from::CancelPull>(), IsEmpty());
}

TEST(ImageLayers, a_node_that_goes_off_while_it_unpacks_pulls_anew) {
  ClusterConfig config = layers_config();
  config.nodes[0].disk_bytes_per_s = 50'000'000;
  Started s(config);
  s.pull("p", "one:1");
  s.c.run_until(5 * kSec);
  s.c.lifecycle->nodes_down({{"n0"}, false}, 0);
  s.c.run_until(7 * kSec);
  s.c.lifecycle->nodes_up({{"n0"}}, 0);
  s.c.run_until(kMinuteUs);
  EXPECT_EQ(s.moved().size(), 2U);
  EXPECT_EQ(s.c.facts<fact::PullFinished>().size(), 1U);
  EXPECT_EQ(s.c.pod("p")->phase, PodPhase::running);
}

// --- mirrors ---------------------------------------------------------------------------------------------------

ClusterConfig mirrored_config() {
  ClusterConfig config = layers_config();
  config.registries = {{"hub"}, {"near"}, {"far"}};
  config.registries[0].mirrors = {1, 2};
  return config;
}

TEST(ImageLayers, the_first_mirror_is_asked_first) {
  Started s(mirrored_config());
  s.pull("p", "one:1");
  s.c.run_until(kMinuteUs);
  EXPECT_THAT(s.asked(), ElementsAre(1));
}

TEST(ImageLayers, a_mirror_that_fails_is_passed_over_within_the_attempt) {
  Started s(mirrored_config());
  s.c.pulls->set_fail_hook([](std::string_view, std::string_view, int registry, int) { return registry != 0; });
  s.pull("p", "one:1");
  s.c.run_until(kMinuteUs);
  EXPECT_THAT(s.asked(), ElementsAre(0));
  EXPECT_THAT(s.c.times<fact::PullStarted>(), ElementsAre(kSeenUs));
  EXPECT_THAT(s.c.facts<fact::PullFailed>(), IsEmpty());
}

TEST(ImageLayers, a_mirror_in_the_nodes_own_zone_is_asked_before_the_others) {
  ClusterConfig config = mirrored_config();
  config.registries[1].zone = "b";
  config.registries[2].zone = "a";
  config.nodes[0].node.labels[std::string(kZoneLabel)] = "a";
  Started s(config);
  s.pull("p", "one:1");
  s.c.run_until(kMinuteUs);
  EXPECT_THAT(s.asked(), ElementsAre(2));
}

TEST(ImageLayers, another_zones_mirror_still_comes_before_the_registry) {
  ClusterConfig config = mirrored_config();
  config.registries[0].zone = "a";  // the registry is asked last, wherever it stands
  config.registries[1].zone = "b";
  config.registries[2].zone = "a";
  config.nodes[0].node.labels[std::string(kZoneLabel)] = "a";
  Started s(config);
  s.c.pulls->set_fail_hook([](std::string_view, std::string_view, int registry, int) { return registry == 2; });
  s.pull("p", "one:1");
  s.c.run_until(kMinuteUs);
  EXPECT_THAT(s.asked(), ElementsAre(1));
}

TEST(ImageLayers, the_attempt_fails_when_mirrors_and_registry_do) {
  Started s(mirrored_config());
  s.c.pulls->set_fail_hook([](std::string_view, std::string_view, int, int attempt) { return attempt == 1; });
  s.pull("p", "one:1");
  s.c.run_until(kMinuteUs);
  EXPECT_EQ(s.c.facts<fact::PullFailed>().size(), 1U);
  EXPECT_THAT(s.asked(), ElementsAre(1));
}

}  // namespace
}  // namespace podramp::fakeapi::image_layers_test
