#include "fakeapi/set_status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakeapi/test_cluster_world.h"

namespace podramp::fakeapi::set_status_test {
namespace {

std::string counts(const World& world, Kind kind, const std::string& name) {
  const StringMap& data = world.object(kind, name)->data;
  return data.at("replicas") + " pods, " + data.at("ready") + " ready";
}

ClusterConfig watched_by_people() {
  ClusterConfig config = steady_cluster(2);
  config.records_events = true;
  return config;
}

TEST(SetStatus, ASetsAndItsDeploymentsPodsAreCountedAsTheyComeAndGo) {
  World world(watched_by_people());
  world.ask(create_of(set_of(Kind::deployment, "web", 2)));
  world.run_until(kMinuteUs);
  EXPECT_EQ(counts(world, Kind::deployment, "web"), "2 pods, 2 ready");
  ApiRequest scale = request_of(Verb::patch, Kind::deployment, "web");
  scale.replicas = 1;
  world.ask(scale);
  world.run_until(3 * kMinuteUs);
  EXPECT_EQ(counts(world, Kind::deployment, "web"), "1 pods, 1 ready");
  EXPECT_TRUE(world.folds());
}

TEST(SetStatus, ItIsTheServersOwnAndAnUpdateKeepsIt) {
  World world(watched_by_people());
  world.ask(create_of(set_of(Kind::stateful_set, "web", 1)));
  world.run_until(kMinuteUs);
  Manifest next = *world.object(Kind::stateful_set, "web");
  next.data.clear();
  next.labels["a"] = "b";
  ApiRequest update = request_of(Verb::update, Kind::stateful_set, "web");
  update.manifest = std::make_shared<const Manifest>(next);
  EXPECT_EQ(world.ask(update).code, 200);
  EXPECT_EQ(counts(world, Kind::stateful_set, "web"), "1 pods, 1 ready");
}

}  // namespace
}  // namespace podramp::fakeapi::set_status_test
