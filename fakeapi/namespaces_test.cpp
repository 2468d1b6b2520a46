#include "fakeapi/namespaces.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakeapi/test_cluster_world.h"

namespace podramp::fakeapi::namespaces_test {
namespace {

ClusterConfig with_namespaces() {
  ClusterConfig config = steady_cluster(1);
  config.records_events = true;
  for (const char* name : {"default", "ns"}) {
    auto ns = std::make_shared<Manifest>();
    ns->kind = Kind::name_space;
    ns->name = name;
    config.objects.push_back(ns);
  }
  return config;
}

ApiRequest of_namespace(Verb verb) {
  ApiRequest request = request_of(verb, Kind::name_space, "ns");
  request.ns.clear();
  return request;
}

TEST(Namespaces, ANewOneGetsItsServiceAccount) {
  World world(with_namespaces());
  world.run_until(kSecondUs);
  EXPECT_NE(world.object(Kind::service_account, "default"), nullptr);
}

TEST(Namespaces, ADeletedOneEndsWhenEverythingInItHasEnded) {
  World world(with_namespaces());
  world.ask(create_of(make_pod("a", share(small_template()))));
  world.ask(create_of(config_map("conf")));
  world.run_until(kMinuteUs);
  const ApiReply going = world.ask(of_namespace(Verb::remove));
  EXPECT_TRUE(going.manifest->deletion_us.has_value());
  world.run_until(kMinuteUs + kSecondUs / 10);
  EXPECT_EQ(world.object(Kind::config_map, "conf"), nullptr);
  EXPECT_NE(world.pod("a"), nullptr);  // its processes take their time
  const ApiReply refused = world.ask(create_of(config_map("late")));
  EXPECT_EQ(refused.code, 403);
  EXPECT_THAT(refused.message, testing::HasSubstr("because it is being terminated"));
  world.run_until(3 * kMinuteUs);
  EXPECT_EQ(world.pod("a"), nullptr);
  EXPECT_EQ(world.ask(of_namespace(Verb::get)).code, 404);
  EXPECT_TRUE(world.folds());
}

TEST(Namespaces, AnEmptyOneGoesAtOnce) {
  World world(with_namespaces());
  world.run_until(kSecondUs);
  world.ask(of_namespace(Verb::remove));
  world.run_until(2 * kSecondUs);
  EXPECT_EQ(world.ask(of_namespace(Verb::get)).code, 404);
}

}  // namespace
}  // namespace podramp::fakeapi::namespaces_test
