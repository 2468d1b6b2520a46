#include "fakeapi/image_pulls.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakeapi/testing_context.h"

namespace podramp::fakeapi::image_pulls_test {
namespace {

using namespace parts;  // NOLINT: of testing_context.h
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr TimeUs kSec = kSecondUs;
constexpr TimeUs kSeenUs = kScheduleUs + kBindUs + kKubeletUs;  // of the first pod

// One node, 100 MB/s: image "a:1" takes 5 s, "b:1" 3 s, "c:1" 2 s.
ClusterConfig images_config(bool parallel = false) {
  ClusterConfig config = make_config({make_node("n0", 64'000, 256), make_node("n1", 64'000, 256)});
  config.nodes[1].joins_later = true;
  config.images = {{"a:1", 500'000'000, 0}, {"b:1", 300'000'000, 0}, {"c:1", 200'000'000, 1}, {"l:latest", 100, 0}};
  config.registries = {{"r0"}, {"r1"}};
  config.parallel_pulls = parallel;
  return config;
}

std::string describe(const from::StartPull& p) {
  return fmt::format("{} {} {} {}", p.pull, p.registry, p.node, p.bytes);
}

struct Started {
  explicit Started(ClusterConfig config) : c(std::move(config)) { c.lifecycle->start(); }
  TestCluster c;
};

TEST(ImagePulls, a_missing_image_is_moved_before_the_container_is_created) {
  Started s(images_config());
  s.c.create("p", make_template(1000, 1, "c:1"));
  s.c.run_until(60 * kSec);
  const auto starts = s.c.messages<from::StartPull>();
  ASSERT_EQ(starts.size(), 1U);
  EXPECT_EQ(starts[0].first, kSeenUs);
  EXPECT_EQ(describe(starts[0].second), "1 1 0 200000000");
  const auto started = s.c.facts<fact::PullStarted>();
  ASSERT_EQ(started.size(), 1U);
  EXPECT_EQ(started[0].second.pod, "ns/p");
  EXPECT_EQ(started[0].second.bytes, 200'000'000);
  EXPECT_EQ(started[0].second.attempt, 1);
  EXPECT_THAT(s.c.times<fact::PullFinished>(), ElementsAre(kSeenUs + 2 * kSec));
  EXPECT_THAT(s.c.times<fact::PodRunning>(), ElementsAre(kSeenUs + 2 * kSec + kStartUs + kStatusUs));
  EXPECT_TRUE(s.c.state().find_node("n0")->images.contains("c:1"));
}

TEST(ImagePulls, a_present_image_is_not_pulled_again) {
  ClusterConfig config = images_config();
  config.nodes[0].node.images = {"a:1"};
  Started s(config);
  s.c.create("p", make_template(1000, 1, "a:1"));
  s.c.run_until(60 * kSec);
  EXPECT_THAT(s.c.facts<fact::PullStarted>(), IsEmpty());
  EXPECT_THAT(s.c.times<fact::PodRunning>(), ElementsAre(kToRunningUs));
}

TEST(ImagePulls, an_unlisted_image_costs_nothing) {
  Started s(images_config());
  s.c.create("p", make_template(1000, 1, "unlisted:1"));
  s.c.run_until(60 * kSec);
  EXPECT_THAT(s.c.facts<fact::PullStarted>(), IsEmpty());
  EXPECT_THAT(s.c.times<fact::PodRunning>(), ElementsAre(kToRunningUs));
}

TEST(ImagePulls, pulls_are_serial_on_a_node_in_the_order_of_the_pods_K60) {
  Started s(images_config());
  s.c.create("p1", make_template(1000, 1, "a:1"));
  s.c.create("p2", make_template(1000, 1, "b:1"));
  s.c.create("p3", make_template(1000, 1, "c:1"));
  s.c.run_until(60 * kSec);
  EXPECT_THAT(s.c.times<fact::PullStarted>(), ElementsAre(kSeenUs, kSeenUs + 5 * kSec, kSeenUs + 8 * kSec));
  EXPECT_THAT(s.c.times<fact::PullFinished>(),
              ElementsAre(kSeenUs + 5 * kSec, kSeenUs + 8 * kSec, kSeenUs + 10 * kSec));
}

TEST(ImagePulls, and_parallel_when_asked_for) {
  Started s(images_config(true));
  s.c.create("p1", make_template(1000, 1, "a:1"));
  s.c.create("p2", make_template(1000, 1, "b:1"));
  s.c.run_until(60 * kSec);
  EXPECT_THAT(s.c.times<fact::PullStarted>(), ElementsAre(kSeenUs, kSeenUs + kScheduleUs));
  EXPECT_THAT(s.c.times<fact::PullFinished>(), ElementsAre(kSeenUs + kScheduleUs + 3 * kSec, kSeenUs + 5 * kSec));
}

TEST(ImagePulls, a_cap_lets_only_so_many_run_at_a_time_K60) {
  ClusterConfig config = images_config(true);
  config.max_parallel_pulls = 2;
  Started s(config);
  s.c.create("p1", make_template(1000, 1, "a:1"));
  s.c.create("p2", make_template(1000, 1, "b:1"));
  s.c.create("p3", make_template(1000, 1, "c:1"));
  s.c.run_until(60 * kSec);
  const TimeUs b_done = kSeenUs + kScheduleUs + 3 * kSec;
  EXPECT_THAT(s.c.times<fact::PullStarted>(), ElementsAre(kSeenUs, kSeenUs + kScheduleUs, b_done));
}

TEST(ImagePulls, two_pods_of_one_image_share_one_pull) {
  Started s(images_config());
  s.c.create("p1", make_template(1000, 1, "a:1"));
  s.c.create("p2", make_template(1000, 1, "a:1"));
  s.c.run_until(60 * kSec);
  EXPECT_EQ(s.c.messages<from::StartPull>().size(), 1U);
  const TimeUs running = kSeenUs + 5 * kSec + kStartUs + kStatusUs;
  EXPECT_THAT(s.c.times<fact::PodRunning>(), ElementsAre(running, running));
}

TEST(ImagePulls, a_pod_pulls_the_images_of_its_containers_one_after_the_other) {
  Started s(images_config(true));
  PodTemplate tmpl = make_template(1000, 1, "a:1");
  tmpl.init_containers.push_back(tmpl.containers[0]);
  tmpl.init_containers[0].image = "b:1";
  s.c.create("p", tmpl);
  s.c.run_until(60 * kSec);
  const auto started = s.c.facts<fact::PullStarted>();
  ASSERT_EQ(started.size(), 2U);
  EXPECT_EQ(started[0].second.image, "b:1");
  EXPECT_EQ(started[1].second.image, "a:1");
  EXPECT_EQ(started[1].first, kSeenUs + 3 * kSec);
  EXPECT_THAT(s.c.times<fact::PodRunning>(), ElementsAre(kSeenUs + 8 * kSec + kStartUs + kStatusUs));
}

TEST(ImagePulls, policy_always_asks_the_registry_but_moves_nothing_when_the_image_is_there) {
  ClusterConfig config = images_config();
  config.nodes[0].node.images = {"a:1", "l:latest"};
  for (const auto& [image, policy] : {std::pair{"a:1", "Always"}, std::pair{"l:latest", ""}}) {
    Started s(config);
    PodTemplate tmpl = make_template(1000, 1, image);
    tmpl.containers[0].image_pull_policy = policy;
    s.c.create("p", tmpl);
    s.c.run_until(60 * kSec);
    EXPECT_THAT(s.c.facts<fact::PullStarted>(), IsEmpty()) << image;
    EXPECT_THAT(s.c.times<fact::PodRunning>(), ElementsAre(kToRunningUs + kLookUs)) << image;
  }
}

TEST(ImagePulls, policy_never_does_not_pull) {
  Started s(images_config());
  PodTemplate tmpl = make_template(1000, 1, "a:1");
  tmpl.containers[0].image_pull_policy = "Never";
  s.c.create("p", tmpl);
  EXPECT_TRUE(s.c.run_until_quiet(60 * kSec));
  EXPECT_EQ(s.c.waiting_reason("p"), "ErrImageNeverPull");
  EXPECT_THAT(s.c.facts<fact::PullStarted>(), IsEmpty());
}

TEST(ImagePulls, failures_back_off_from_10_seconds_doubling_to_300_K61) {
  Started s(images_config());
  s.c.pulls->set_fail_hook([](std::string_view, std::string_view, int, int attempt) { return attempt <= 7; });
  s.c.create("p", make_template(1000, 1, "c:1"));
  s.c.run_until(kHourUs);
  // Each attempt fails after the registry's answer; the next one starts when the back-off is over.
  std::vector<TimeUs> expected;
  TimeUs t = kSeenUs;
  for (const DurationUs wait : {10, 20, 40, 80, 160, 300, 300}) {
    expected.push_back(t);
    t += kLookUs + wait * kSec;
  }
  expected.push_back(t);
  EXPECT_EQ(s.c.times<fact::PullStarted>(), expected);
  EXPECT_EQ(s.c.facts<fact::PullFailed>().size(), 7U);
  EXPECT_EQ(s.c.facts<fact::PullStarted>().back().second.attempt, 8);
  EXPECT_THAT(s.c.times<fact::PullFinished>(), ElementsAre(t + 2 * kSec));
  EXPECT_THAT(s.c.times<fact::PodRunning>(), ElementsAre(t + 2 * kSec + kStartUs + kStatusUs));
}

TEST(ImagePulls, a_failure_shows_as_ErrImagePull_and_then_as_ImagePullBackOff_K61) {
  Started s(images_config());
  s.c.pulls->set_fail_hook([](std::string_view, std::string_view, int, int attempt) { return attempt == 1; });
  s.c.create("p", make_template(1000, 1, "c:1"));
  s.c.run_until(kMinuteUs);
  std::vector<std::string> shown;
  for (const auto& [t, f] : s.c.facts<fact::PodWaiting>()) shown.push_back(fmt::format("{} {}", t, f.reason));
  const TimeUs failed = kSeenUs + kLookUs;
  EXPECT_THAT(shown, ElementsAre(fmt::format("{} ContainerCreating", kSeenUs),
                                 fmt::format("{} ErrImagePull", failed + kStatusUs),
                                 fmt::format("{} ImagePullBackOff", failed + kSec + kStatusUs)));
  EXPECT_EQ(s.c.facts<fact::PodWaiting>()[1].second.message, "failed to pull image \"c:1\": the registry failed");
  EXPECT_EQ(s.c.facts<fact::PodWaiting>()[2].second.message, "Back-off pulling image \"c:1\"");
}

TEST(ImagePulls, a_failed_pull_lets_the_next_image_have_its_turn) {
  Started s(images_config());
  s.c.pulls->set_fail_hook([](std::string_view, std::string_view image, int, int) { return image == "a:1"; });
  s.c.create("p1", make_template(1000, 1, "a:1"));
  s.c.create("p2", make_template(1000, 1, "b:1"));
  s.c.run_until(5 * kSec);
  EXPECT_THAT(s.c.times<fact::PullFinished>(), ElementsAre(kSeenUs + kLookUs + 3 * kSec));
}

TEST(ImagePulls, the_fail_hook_reaches_unlisted_images_too) {
  Started s(images_config());
  s.c.pulls->set_fail_hook(
      [](std::string_view node, std::string_view, int, int attempt) { return node == "n0" && attempt == 1; });
  s.c.create("p", make_template(1000, 1, "unlisted:1"));
  s.c.run_until(kMinuteUs);
  EXPECT_THAT(s.c.times<fact::PullFailed>(), ElementsAre(kSeenUs + kLookUs));
  EXPECT_THAT(s.c.times<fact::PodRunning>(), ElementsAre(kSeenUs + kLookUs + 10 * kSec + kStartUs + kStatusUs));
  EXPECT_THAT(s.c.messages<from::StartPull>(), IsEmpty());
}

TEST(ImagePulls, a_hook_that_does_not_fire_leaves_unlisted_images_free) {
  Started s(images_config());
  s.c.pulls->set_fail_hook([](std::string_view, std::string_view, int, int) { return false; });
  for (int i = 0; i < 30; ++i) s.c.create(fmt::format("p{}", i), make_template(100, 1, fmt::format("u:{}", i)));
  s.c.run_until(kMinuteUs);
  EXPECT_THAT(s.c.facts<fact::PullStarted>(), IsEmpty());
  EXPECT_EQ(s.c.facts<fact::PodRunning>().size(), 30U);
}

TEST(ImagePulls, the_hook_is_asked_once_per_attempt) {
  for (const char* image : {"c:1", "unlisted:1"}) {
    Started s(images_config());
    std::vector<int> asked;
    s.c.pulls->set_fail_hook([&](std::string_view, std::string_view, int, int attempt) {
      asked.push_back(attempt);
      return attempt <= 2;
    });
    s.c.create("p", make_template(1000, 1, image));
    s.c.run_until(kHourUs);
    EXPECT_THAT(asked, ElementsAre(1, 2, 3)) << image;
  }
}

TEST(ImagePulls, more_than_the_registry_rate_is_an_error_not_a_wait_K60) {
  ClusterConfig config = images_config(true);
  config.profile.registry_qps = 5;
  config.profile.registry_burst = 2;
  for (int i = 0; i < 3; ++i) config.images.push_back({fmt::format("x:{}", i), 100'000'000, 0});
  Started s(config);
  for (int i = 0; i < 3; ++i) s.c.create(fmt::format("p{}", i), make_template(1000, 1, fmt::format("x:{}", i)));
  s.c.run_until(kMinuteUs);
  const auto failed = s.c.facts<fact::PullFailed>();
  ASSERT_EQ(failed.size(), 1U);
  EXPECT_EQ(failed[0].first, kSeenUs + 2 * kScheduleUs);
  EXPECT_EQ(failed[0].second.image, "x:2");
  EXPECT_EQ(failed[0].second.why, "pull QPS exceeded");
  EXPECT_EQ(s.c.facts<fact::PodRunning>().size(), 3U);
}

TEST(ImagePulls, a_node_that_goes_off_loses_the_transfer_and_starts_again_when_it_is_back) {
  for (const bool containers_run : {false, true}) {
    Started s(images_config());
    s.c.create("p", make_template(1000, 1, "a:1"));
    s.c.run_until(2 * kSec);
    s.c.lifecycle->nodes_down({{"n0"}, containers_run}, 0);
    s.c.run_until(20 * kSec);
    EXPECT_THAT(s.c.times<fact::PullFailed>(), ElementsAre(2 * kSec));
    EXPECT_EQ(s.c.facts<fact::PullStarted>().size(), 1U);
    s.c.lifecycle->nodes_up({{"n0"}}, 0);
    s.c.run_until(40 * kSec);
    const auto started = s.c.facts<fact::PullStarted>();
    ASSERT_EQ(started.size(), 2U);
    EXPECT_EQ(started[1].first, 20 * kSec + kKubeletUs);
    EXPECT_EQ(started[1].second.attempt, 2);
    EXPECT_THAT(s.c.times<fact::PodRunning>(), ElementsAre(20 * kSec + kKubeletUs + 5 * kSec + kStartUs + kStatusUs));
    EXPECT_EQ(s.c.facts<fact::PodWaiting>().size(), 1U) << "no ErrImagePull for a dead node";
  }
}

TEST(ImagePulls, a_queue_of_pulls_survives_its_node) {
  Started s(images_config());
  for (const char* image : {"a:1", "b:1", "c:1"}) s.c.create(image, make_template(1000, 1, image));
  s.c.run_until(6 * kSec);  // b is moving, c waits
  s.c.lifecycle->nodes_down({{"n0"}, false}, 0);
  s.c.run_until(10 * kSec);
  s.c.lifecycle->nodes_up({{"n0"}}, 0);
  EXPECT_EQ(s.c.facts<fact::PullFinished>().size(), 1U);
  s.c.run_until(kMinuteUs);
  EXPECT_EQ(s.c.facts<fact::PullFinished>().size(), 3U);
  EXPECT_EQ(s.c.times<fact::PullFinished>().back(), 10 * kSec + kKubeletUs + 5 * kSec);
}

TEST(ImagePulls, a_transfer_that_fails_by_itself_backs_off) {
  Started s(images_config());
  s.c.create("p", make_template(1000, 1, "a:1"));
  s.c.run_until(2 * kSec);
  s.c.pulls->pull_ended(1, false, 0);
  s.c.pulls->pull_ended(1, false, 0);  // said twice
  s.c.run_until(kMinuteUs);
  EXPECT_THAT(s.c.times<fact::PullStarted>(), ElementsAre(kSeenUs, 12 * kSec));
  EXPECT_EQ(s.c.facts<fact::PullFailed>()[0].second.why, "the transfer failed");
}

TEST(ImagePulls, a_pull_that_nobody_waits_for_is_given_up_and_the_next_starts) {
  Started s(images_config());
  const PodId p = s.c.create("p", make_template(1000, 1, "a:1"));
  s.c.create("q", make_template(1000, 1, "b:1"));
  s.c.run_until(2 * kSec);
  s.c.deletion->remove(p, std::nullopt, "api", "apiserver", 0);
  s.c.run_until(kMinuteUs);
  const auto cancelled = s.c.messages<from::CancelPull>();
  ASSERT_EQ(cancelled.size(), 1U);
  EXPECT_EQ(cancelled[0].first, 2 * kSec + kKubeletUs);
  EXPECT_EQ(cancelled[0].second.pull, 1U);
  EXPECT_THAT(s.c.times<fact::PullStarted>(), ElementsAre(kSeenUs, 2 * kSec + kKubeletUs));
  EXPECT_EQ(s.c.pod("p"), nullptr);
  EXPECT_EQ(s.c.pod("q")->phase, PodPhase::running);
}

TEST(ImagePulls, a_deleted_node_object_ends_its_pulls) {
  Started s(images_config());
  s.c.create("p", make_template(1000, 1, "a:1"));
  s.c.run_until(2 * kSec);
  s.c.lifecycle->delete_nodes({{"n0"}}, 0);
  s.c.run_until(kMinuteUs);
  EXPECT_EQ(s.c.messages<from::CancelPull>().size(), 1U);
  EXPECT_THAT(s.c.facts<fact::PullFinished>(), IsEmpty());
}

TEST(ImagePulls, says_what_it_waits_for) {
  Started s(images_config());
  s.c.create("p", make_template(1000, 1, "a:1"));
  s.c.create("q", make_template(1000, 1, "b:1"));
  s.c.run_until(2 * kSec);
  std::vector<std::string> lines;
  s.c.pulls->waiting(lines);
  EXPECT_THAT(lines, ElementsAre("image a:1 on node n0 waits for: the registry",
                                 "image b:1 on node n0 waits for: its turn (pulls are serial)"));
}

}  // namespace
}  // namespace podramp::fakeapi::image_pulls_test
