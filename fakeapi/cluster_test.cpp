#include "fakeapi/cluster.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "backend/port/event_json.h"
#include "fakeapi/test_cluster_world.h"
#include "fakeapi/test_world.h"

namespace podramp::fakeapi::cluster_test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const TemplatePtr& executor() {
  static const TemplatePtr kTemplate = share(small_template());
  return kTemplate;
}

TEST(Cluster, APodIsCreatedScheduledStartedAndDeletedAndAWatchSeesIt) {
  World world(small_cluster(1));
  ApiRequest watch = request_of(Verb::watch);
  watch.label_selector = *parse_label_selector("app=etl");
  EXPECT_EQ(world.ask(watch).code, 200);
  EXPECT_EQ(world.ask(create_of(make_pod("a", executor()))).code, 201);
  world.run_until(kMinuteUs);
  EXPECT_EQ(world.cluster.state().find_pod("ns/a")->pod->phase, PodPhase::running);
  EXPECT_THAT(world.cluster.waiting(), IsEmpty());
  EXPECT_EQ(world.ask(request_of(Verb::remove, "a")).code, 200);
  world.run_until(3 * kMinuteUs);
  EXPECT_EQ(world.cluster.state().find_pod("ns/a"), nullptr);
  EXPECT_EQ(world.cluster.state().find_node("n0")->requested.cpu_milli, 0);
  EXPECT_EQ(world.events.front().type, WatchEventType::added);
  EXPECT_EQ(world.events.back().type, WatchEventType::deleted);
  std::uint64_t rv = 0;
  for (const WatchEvent& e : world.events) {
    EXPECT_GT(e.object->resource_version, rv);
    rv = e.object->resource_version;
  }
}

TEST(Cluster, FoldedFactsAreTheStateAlsoWhenReadBackFromTheLog) {  // design 2.4, rung 3
  ClusterConfig config = small_cluster(3);
  config.quotas.push_back({"ns", "q", {{"pods", 10}, {"requests.cpu", 100'000}}});
  World world(config);
  for (int i = 0; i < 12; ++i) world.ask(create_of(make_pod("p" + std::to_string(i), executor())));
  world.run_until(kMinuteUs);
  world.step(to::NodesDown{{"n1"}, false});
  world.run_until(2 * kMinuteUs);
  for (int i = 0; i < 3; ++i) world.ask(request_of(Verb::remove, "p" + std::to_string(i)));
  world.step(to::DeleteNodes{{"n1"}});
  world.run_until(10 * kMinuteUs);
  EXPECT_EQ(world.sink.folded.hash(), world.cluster.state().hash());

  ClusterState read_back;
  EventReader reader;
  for (const std::string& line : world.sink.lines) {
    const auto event = reader.read(line);
    ASSERT_TRUE(event.has_value()) << event.error().message;
    std::visit(
        [&](const auto& data) {
          if constexpr (std::is_constructible_v<Fact, decltype(data)>) read_back.apply(Fact(data));
        },
        event->data);
  }
  EXPECT_EQ(read_back.hash(), world.cluster.state().hash());
}

TEST(Cluster, TheSameSeedGivesTheSameLinesAndAnotherSeedOthers) {
  const auto run = [](std::uint64_t seed) {
    World world(small_cluster(2), seed);
    for (int i = 0; i < 10; ++i) world.ask(create_of(make_pod("p" + std::to_string(i), executor())));
    world.run_until(kMinuteUs);
    return world.sink.lines;
  };
  EXPECT_EQ(run(1), run(1));
  EXPECT_NE(run(1), run(2));
}

TEST(Cluster, ExistingPodsRunFromTheStartCountAndEnd) {
  ClusterConfig config = small_cluster(1);
  config.quotas.push_back({"ns", "q", {{"pods", 10}}});
  auto pod = *make_pod("old", executor());
  pod.ns = "ns";
  pod.node = "n0";
  config.existing.push_back({pod, 30 * kSecondUs});
  World world(config);
  const PodPtr stored = world.cluster.state().find_pod("ns/old")->pod;
  EXPECT_EQ(stored->phase, PodPhase::running);
  EXPECT_EQ(stored->containers.at(0).state, ContainerStateKind::running);
  EXPECT_EQ(world.cluster.state().find_node("n0")->requested.cpu_milli, 1000);
  EXPECT_EQ(world.cluster.state().quotas().at("ns/q").used.at("pods"), 1);
  EXPECT_EQ(world.count("fact.quota_charged"), 0U);
  world.run_until(kMinuteUs);
  EXPECT_EQ(world.cluster.state().find_pod("ns/old")->pod->phase, PodPhase::succeeded);
  EXPECT_EQ(world.cluster.state().quotas().at("ns/q").used.at("pods"), 0);
}

TEST(Cluster, WaitingGroupsPodsByWhatTheSchedulerSays) {
  World world(small_cluster(1));
  for (int i = 0; i < 6; ++i) world.ask(create_of(make_pod("p" + std::to_string(i), executor())));
  world.run_until(20 * kSecondUs);
  EXPECT_THAT(world.cluster.waiting(),
              Contains(HasSubstr("and 1 more wait for: 0/1 nodes are available: 1 Insufficient cpu.")));
}

TEST(Cluster, WaitingNamesRefusingQuotas) {
  ClusterConfig config = small_cluster(1);
  config.quotas.push_back({"ns", "q", {{"pods", 0}}});
  World world(config);
  EXPECT_EQ(world.ask(create_of(make_pod("a", executor()))).code, 403);
  EXPECT_THAT(world.cluster.waiting(), ElementsAre("quota ns/q has refused 1 creates; used: pods=0, limited: pods=0"));
}

TEST(Cluster, FaultWindowsAreLoggedAtTheirDates) {
  ClusterConfig config = small_cluster(1);
  FaultSpec spec;
  spec.point = "api.throttle";
  spec.from_us = 5 * kSecondUs;
  spec.until_us = 6 * kSecondUs;
  config.faults.push_back(spec);
  World world(config);
  world.run_until(5'500'000);
  EXPECT_EQ(world.ask(create_of(make_pod("a", executor()))).code, 429);
  world.run_until(10 * kSecondUs);
  EXPECT_THAT(world.sink.lines, Contains(HasSubstr("\"t\":5000000,\"type\":\"fault.window_opened\"")));
  EXPECT_THAT(world.sink.lines, Contains(HasSubstr("\"t\":6000000,\"type\":\"fault.window_closed\"")));
  EXPECT_THAT(world.sink.lines, Contains(HasSubstr("\"type\":\"fault.fired\"")));
}

TEST(Cluster, FailingPullsAreLoggedAndTriedAgain) {
  ClusterConfig config = small_cluster(1);
  config.images.push_back({"spark:4.0", 1'000'000, 0});
  FaultSpec spec;
  spec.point = "pull.fail";
  spec.until_us = 5 * kSecondUs;
  config.faults.push_back(spec);
  World world(config);
  world.ask(create_of(make_pod("a", executor())));
  world.run_until(5 * kMinuteUs);
  EXPECT_EQ(world.count("fact.pull_failed"), 1U);
  EXPECT_EQ(world.count("\"point\":\"pull.fail\",\"target\":\"n0/spark:4.0\""), 1U);
  EXPECT_EQ(world.cluster.state().find_pod("ns/a")->pod->phase, PodPhase::running);
}

TEST(Cluster, SomebodysDeleteKeepsTheGraceRules) {
  World world(small_cluster(1));
  world.ask(create_of(make_pod("a", executor())));
  world.run_until(kMinuteUs);
  world.step(to::DeletePods{{"ns/a", "ns/none"}, 10});
  EXPECT_EQ(world.cluster.state().find_pod("ns/a")->pod->deletion_grace_s, 10);
}

TEST(Cluster, AQuotaCanBeSetWhileItRuns) {
  World world(small_cluster(1));
  world.ask(create_of(make_pod("a", executor())));
  world.step(to::SetQuota{{"ns", "late", {{"pods", 1}}}});
  world.run_until(kMinuteUs);
  EXPECT_EQ(world.cluster.state().quotas().at("ns/late").used.at("pods"), 1);
  EXPECT_EQ(world.ask(create_of(make_pod("b", executor()))).code, 403);
}

}  // namespace
}  // namespace podramp::fakeapi::cluster_test
