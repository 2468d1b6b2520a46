// The fault points in the cluster itself: registries, images, containers, disks, clocks, clients that go away.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakeapi/test_cluster_world.h"

namespace podramp::fakeapi::fault_points_test {
namespace {

using testing::SizeIs;

FaultSpec fault(const std::string& point) {
  FaultSpec spec;
  spec.point = point;
  return spec;
}

ClusterConfig with(FaultSpec spec) {
  ClusterConfig config = steady_cluster(1);
  config.registries = {{"docker.io"}, {"mirror"}};
  config.images = {{"spark:4.0", 1'000'000, 0}, {"other:1", 1'000'000, 1}};
  config.faults.push_back(std::move(spec));
  return config;
}

PodTemplate pod_with(const std::string& image, const std::string& restart_policy = "Never") {
  PodTemplate tmpl = small_template(100, 1 << 20);
  tmpl.containers[0].image = image;
  tmpl.restart_policy = restart_policy;
  return tmpl;
}

void create(World& world, const std::string& name, const PodTemplate& tmpl) {
  world.ask(create_of(make_pod(name, share(tmpl))));
}

TEST(FaultPoints, ARegistryThatIsOutFailsThePullsFromItOnly) {
  FaultSpec out = fault("registry.outage");
  out.target = "docker.io";
  out.until_us = 5 * kMinuteUs;
  World world(with(out));
  create(world, "a", pod_with("spark:4.0"));
  create(world, "b", pod_with("other:1"));
  world.run_until(kMinuteUs);
  EXPECT_EQ(world.pod("a")->phase, PodPhase::pending);
  EXPECT_EQ(world.pod("a")->containers.front().reason, "ImagePullBackOff");
  EXPECT_EQ(world.pod("b")->phase, PodPhase::running);
  world.run_until(20 * kMinuteUs);
  EXPECT_EQ(world.pod("a")->phase, PodPhase::running);  // K61: it is tried again
}

TEST(FaultPoints, AnImageThatIsNotThereIsNeverPulled) {
  FaultSpec missing = fault("image.not_found");
  missing.target = "spark:4.0";
  World world(with(missing));
  create(world, "a", pod_with("spark:4.0"));
  create(world, "b", pod_with("other:1"));
  world.run_until(kHourUs);
  EXPECT_EQ(world.pod("a")->phase, PodPhase::pending);
  EXPECT_EQ(world.pod("b")->phase, PodPhase::running);
  EXPECT_THAT(world.facts<fact::PullFinished>(), SizeIs(1));
}

TEST(FaultPoints, ACrashingContainerFailsItsPodOrLoopsAsItsPolicySays) {
  FaultSpec crash = fault("pod.crash");
  crash.delay_us = 5 * kSecondUs;
  crash.code = 3;
  crash.target = "exec";
  World world(with(crash));
  create(world, "exec-1", pod_with("other:1"));
  create(world, "exec-2", pod_with("other:1", "Always"));
  create(world, "calm", pod_with("other:1"));
  world.run_until(kHourUs);
  EXPECT_EQ(world.pod("exec-1")->phase, PodPhase::failed);
  EXPECT_EQ(world.pod("exec-1")->containers.front().exit_code, 3);
  EXPECT_EQ(world.pod("calm")->phase, PodPhase::running);
  EXPECT_GT(world.facts<fact::ContainerExited>().size(), 10U);  // K63: 10 s, 20 s, ... 300 s
}

TEST(FaultPoints, ASlowDiskDelaysStartsOnItsNode) {
  FaultSpec slow = fault("disk.slow");
  slow.client = "n0";
  slow.delay_us = kMinuteUs;
  World world(with(slow));
  const auto started = [](World& in) {
    in.run_until(in.now() + kSecondUs);
    create(in, "a", pod_with("other:1"));
    in.run_until(kHourUs);
    const auto running = in.times<fact::PodRunning>();
    return running.empty() ? TimeUs{-1} : running.front();
  };
  ClusterConfig calm = with(slow);
  calm.faults.clear();
  World undisturbed(calm);
  EXPECT_EQ(started(world), started(undisturbed) + kMinuteUs);
}

TEST(FaultPoints, AServerWhoseClockIsAheadWritesLaterTimestamps) {
  FaultSpec skew = fault("clock.skew");
  skew.delay_us = 90 * kSecondUs;
  World world(with(skew));
  world.run_until(10 * kSecondUs);
  create(world, "a", pod_with("other:1"));
  EXPECT_EQ(world.pod("a")->created_us, 100 * kSecondUs);
  EXPECT_LT(world.times<fact::PodCreated>().front(), 11 * kSecondUs);
}

}  // namespace
}  // namespace podramp::fakeapi::fault_points_test
