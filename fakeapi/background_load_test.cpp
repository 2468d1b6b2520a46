#include "fakeapi/background_load.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakeapi/test_cluster_world.h"

namespace podramp::fakeapi::background_load_test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

BackgroundLoadSpec load(std::int64_t count, DurationUs every_us) {
  BackgroundLoadSpec spec;
  spec.name = "web";
  spec.ns = "ns";
  spec.every = LatencyModel::constant(every_us);
  spec.count = count;
  spec.pods.push_back({1, small_template(500, 1 << 20)});
  return spec;
}

ClusterConfig cluster_with(BackgroundLoadSpec spec) {
  ClusterConfig config = steady_cluster(4);
  config.loads.push_back(std::move(spec));
  return config;
}

TEST(BackgroundLoad, PodsComeAtTheirPaceAndStayWithoutALifetime) {
  World world(cluster_with(load(3, 10 * kSecondUs)));
  world.run_until(10 * kMinuteUs);
  EXPECT_THAT(world.pods(), ElementsAre("web-1", "web-2", "web-3"));
  EXPECT_THAT(world.times<fact::PodCreated>(), ElementsAre(10 * kSecondUs, 20 * kSecondUs, 30 * kSecondUs));
  EXPECT_EQ(world.pod("web-1")->phase, PodPhase::running);
  EXPECT_TRUE(world.folds());
}

TEST(BackgroundLoad, TheyEndAfterTheirLifetimeAndAreDeleted) {
  BackgroundLoadSpec spec = load(2, kSecondUs);
  spec.lifetime = LatencyModel::constant(kMinuteUs);
  World world(cluster_with(spec));
  world.run_until(kHourUs);
  EXPECT_THAT(world.pods(), IsEmpty());
  const auto finished = world.facts<fact::PodFinished>();
  ASSERT_THAT(finished, SizeIs(2));
  EXPECT_EQ(finished[0].second.phase, PodPhase::succeeded);
  EXPECT_GT(finished[0].first - world.times<fact::PodRunning>()[0], kMinuteUs - kSecondUs);
}

TEST(BackgroundLoad, NoPodComesAfterItsEnd) {
  BackgroundLoadSpec spec = load(0, 10 * kSecondUs);
  spec.from_us = kMinuteUs;
  spec.until_us = 2 * kMinuteUs;
  World world(cluster_with(spec));
  world.run_until(kHourUs);
  EXPECT_THAT(world.times<fact::PodCreated>(), SizeIs(5));  // 70 s to 110 s
  EXPECT_EQ(world.times<fact::PodCreated>().front(), 70 * kSecondUs);
}

TEST(BackgroundLoad, ATraceSaysWhenAndHowLong) {
  BackgroundLoadSpec spec;
  spec.name = "trace";
  spec.ns = "ns";
  spec.pods = {{1, small_template(500, 1 << 20)}, {1, small_template(2000, 1 << 20)}};
  spec.trace = {{5 * kSecondUs, kMinuteUs, 1}, {7 * kSecondUs, std::nullopt, 0}};
  World world(cluster_with(spec));
  world.run_until(kHourUs);
  EXPECT_THAT(world.times<fact::PodCreated>(), ElementsAre(5 * kSecondUs, 7 * kSecondUs));
  EXPECT_THAT(world.pods(), ElementsAre("trace-2"));
  EXPECT_EQ(pod_requests(*world.facts<fact::PodCreated>()[0].second.pod->tmpl).cpu_milli, 2000);
}

TEST(BackgroundLoad, AQuotaRefusesItsPodsAndNobodyTriesAgain) {
  ClusterConfig config = cluster_with(load(5, kSecondUs));
  config.quotas.push_back({"ns", "q", {{"pods", 2}}});
  World world(config);
  world.run_until(kHourUs);
  EXPECT_THAT(world.pods(), ElementsAre("web-1", "web-2"));
  const auto refused = world.facts<fact::RequestRefused>();
  ASSERT_THAT(refused, SizeIs(3));
  EXPECT_EQ(refused[0].second.client, "background/web");
  EXPECT_EQ(refused[0].second.code, 403);
}

TEST(BackgroundLoad, WeightsSayWhichPodsAreMany) {
  BackgroundLoadSpec spec = load(400, 100 * kMillisecondUs);
  spec.pods[0].weight = 3;
  spec.pods.push_back({1, small_template(1, 1 << 10)});
  World world(cluster_with(spec));
  world.run_until(kMinuteUs);
  int large = 0;
  for (const auto& [t, created] : world.facts<fact::PodCreated>()) {
    large += pod_requests(*created.pod->tmpl).cpu_milli == 500 ? 1 : 0;
  }
  EXPECT_NEAR(large, 300, 30);
}

TEST(BackgroundLoad, OneLoadsLuckDoesNotHangOnAnother) {
  BackgroundLoadSpec spec = load(20, 0);
  spec.every = {LatencyKind::exponential, 10 * kSecondUs, 0, 0, {}, {}};
  ClusterConfig alone = cluster_with(spec);
  ClusterConfig with_other = alone;
  BackgroundLoadSpec other = load(50, kSecondUs);
  other.name = "other";
  with_other.loads.insert(with_other.loads.begin(), other);
  const auto arrivals = [](const ClusterConfig& config) {
    World world(config);
    world.run_until(kHourUs);
    std::vector<TimeUs> times;
    for (const auto& [t, created] : world.facts<fact::PodCreated>()) {
      if (created.pod->name.starts_with("web-")) times.push_back(t);
    }
    return times;
  };
  EXPECT_EQ(arrivals(alone), arrivals(with_other));
}

}  // namespace
}  // namespace podramp::fakeapi::background_load_test
