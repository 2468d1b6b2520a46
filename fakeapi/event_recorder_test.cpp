#include "fakeapi/event_recorder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakeapi/test_node_world.h"

namespace podramp::fakeapi::event_recorder_test {
namespace {

using testing::Contains;
using testing::ElementsAre;

ClusterConfig talkative(int nodes) {
  ClusterConfig config = steady_cluster(nodes);
  config.records_events = true;
  return config;
}

// "reason from component x count" of the events about one object, as they were created.
std::vector<std::string> told(const World& world, const std::string& kind, const std::string& name) {
  std::vector<std::pair<std::uint64_t, std::string>> found;
  for (const auto& [key, object] : world.cluster.state().objects(Kind::event)) {
    const StringMap& of = object->selectable;
    if (of.at("involvedObject.kind") != kind || of.at("involvedObject.name") != name) continue;
    found.emplace_back(std::stoull(object->data.at("first_us")) * 100 + found.size(),
                       of.at("reason") + " from " + of.at("source") + " x" + object->data.at("count"));
  }
  std::ranges::sort(found);
  std::vector<std::string> lines;
  for (auto& [at, line] : found) lines.push_back(std::move(line));
  return lines;
}

TEST(EventRecorder, APodsWayToRunningIsTold) {
  ClusterConfig config = talkative(1);
  config.images = {{"spark:4.0", 100'000'000}};
  World world(config);
  world.ask(create_of(make_pod("a", share(small_template()))));
  world.run_until(kMinuteUs);
  EXPECT_THAT(told(world, "Pod", "a"),
              ElementsAre("Scheduled from default-scheduler x1", "Pulling from kubelet x1", "Pulled from kubelet x1",
                          "Created from kubelet x1", "Started from kubelet x1"));
  world.ask(request_of(Verb::remove, "a"));
  EXPECT_THAT(told(world, "Pod", "a"), Contains("Killing from kubelet x1"));
}

TEST(EventRecorder, WhatIsSaidAgainIsCountedAndEndsAnHourAfterTheLastTime) {
  World world(talkative(1));
  world.ask(create_of(make_pod("big", share(small_template(90'000)))));
  world.run_until(20 * kMinuteUs);
  const auto said = told(world, "Pod", "big");
  ASSERT_EQ(said.size(), 1U);
  EXPECT_THAT(said[0], testing::StartsWith("FailedScheduling from default-scheduler x"));
  world.ask(request_of(Verb::remove, "big"));
  world.run_until(90 * kMinuteUs);
  EXPECT_THAT(told(world, "Pod", "big"), testing::IsEmpty());
}

TEST(EventRecorder, NodesAndTaintsSpeakThroughTheirControllers) {
  ClusterConfig config = talkative(2);
  add_running(config, "a", "n0", small_template());
  World world(config);
  world.step(to::CordonNodes{{"n1"}, true});
  world.step(to::TaintNodes{{"n0"}, {"gpu", "", "NoExecute"}, false});
  world.run_until(kMinuteUs);
  EXPECT_THAT(told(world, "Node", "n1"),
              ElementsAre("RegisteredNode from node-controller x1", "NodeNotSchedulable from kubelet x1"));
  EXPECT_THAT(told(world, "Pod", "a"), Contains("TaintManagerEviction from taint-eviction-controller x1"));
  world.step(to::NodesDown{{"n1"}, false});
  world.run_until(10 * kMinuteUs);
  EXPECT_THAT(told(world, "Node", "n1"), Contains("NodeNotReady from node-controller x1"));
}

TEST(EventRecorder, WithoutReadersThereAreNoEventsAndVersionsStayAsTheyWere) {
  World world(steady_cluster(1));
  world.ask(create_of(make_pod("a", share(small_template()))));
  world.run_until(kMinuteUs);
  EXPECT_TRUE(world.cluster.state().objects(Kind::event).empty());
}

TEST(EventRecorder, WhatIsRecordedFoldsFromTheLog) {
  World world(talkative(1));
  world.ask(create_of(make_pod("a", share(small_template()))));
  world.run_until(kMinuteUs);
  EXPECT_TRUE(world.folds());
}

TEST(ConfiguredObjects, DocumentsAreThereFromTheStart) {
  ClusterConfig config = steady_cluster(1);
  auto ns = std::make_shared<Manifest>();
  ns->kind = Kind::name_space;
  ns->name = "ns";
  config.objects.push_back(ns);
  World world(config);
  EXPECT_NE(world.cluster.state().find_object(Kind::name_space, "/ns"), nullptr);
  EXPECT_EQ(world.ask(create_of(make_pod("a", share(small_template())))).code, 201);
  ApiRequest elsewhere = create_of(make_pod("a", share(small_template())));
  elsewhere.ns = "other";
  EXPECT_EQ(world.ask(elsewhere).message, "namespaces \"other\" not found");
}

}  // namespace
}  // namespace podramp::fakeapi::event_recorder_test
