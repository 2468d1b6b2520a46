#include "fakeapi/manifest_lists.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakeapi/test_cluster_world.h"

namespace podramp::fakeapi::manifest_lists_test {
namespace {

using testing::ElementsAre;

std::vector<std::string> names(const ApiReply& reply) {
  std::vector<std::string> found;
  for (const ManifestPtr& object : reply.manifests) found.push_back(object->name);
  return found;
}

ApiRequest list_of(std::int64_t limit = 0) {
  ApiRequest request = request_of(Verb::list, Kind::config_map);
  if (limit > 0) request.limit = limit;
  return request;
}

TEST(ManifestLists, PagesAreOfTheFirstPagesVersionAndSayHowManyAreLeft) {  // K15
  TestWorld world;
  for (const char* name : {"a", "b", "c", "d", "e"}) world.ask(create_of(config_map(name)));
  const ApiReply first = world.ask(list_of(2));
  EXPECT_THAT(names(first), ElementsAre("a", "b"));
  EXPECT_EQ(first.remaining, 3);
  EXPECT_EQ(first.resource_version, 5U);
  world.ask(request_of(Verb::remove, Kind::config_map, "c"));
  world.ask(create_of(config_map("bb")));
  ApiRequest more = list_of(2);
  more.continue_token = first.continue_token;
  const ApiReply second = world.ask(more);
  EXPECT_THAT(names(second), ElementsAre("c", "d"));
  EXPECT_EQ(second.resource_version, 5U);
  more.continue_token = second.continue_token;
  const ApiReply last = world.ask(more);
  EXPECT_THAT(names(last), ElementsAre("e"));
  EXPECT_EQ(last.continue_token, "");
}

TEST(ManifestLists, WithASelectorNobodyCountsWhatIsLeft) {
  TestWorld world;
  for (const char* name : {"a", "b"}) world.ask(create_of(config_map(name, {{"app", "etl"}})));
  ApiRequest list = list_of(1);
  list.label_selector = parse_label_selector("app=etl").value();
  const ApiReply page = world.ask(list);
  EXPECT_NE(page.continue_token, "");
  EXPECT_EQ(page.remaining, std::nullopt);
}

TEST(ManifestLists, ALimitWithAnExactVersionIsOfThatVersion) {  // K14
  TestWorld world;
  world.ask(create_of(config_map("a")));
  world.ask(create_of(config_map("b")));
  ApiRequest list = list_of(10);
  list.resource_version = "1";
  EXPECT_THAT(names(world.ask(list)), ElementsAre("a"));
}

TEST(ManifestLists, ATokenThatIsNoneOrTooOldIsRefused) {
  ClusterConfig config = test_config();
  config.profile.watch_history_max = 100;
  TestWorld world(config);
  ApiRequest list = list_of(1);
  list.continue_token = "nonsense";
  EXPECT_EQ(world.ask(list).code, 400);
  world.ask(create_of(config_map("a")));
  world.ask(create_of(config_map("b")));
  list.continue_token = world.ask(list_of(1)).continue_token;
  for (int i = 0; i < 200; ++i) world.ask(create_of(config_map("n" + std::to_string(i))));
  const ApiReply late = world.ask(list);
  EXPECT_EQ(late.code, 410);
  EXPECT_EQ(late.reason, "Expired");
}

TEST(ManifestLists, NodesAreListedAndSelectedByTheirFields) {
  World world(steady_cluster(2));
  ApiRequest list;
  list.verb = Verb::list;
  list.kind = Kind::node;
  EXPECT_THAT(names(world.ask(list)), ElementsAre("n0", "n1"));
  world.step(to::CordonNodes{{"n1"}, true});
  list.field_selector = parse_field_terms("spec.unschedulable=true").value();
  EXPECT_THAT(names(world.ask(list)), ElementsAre("n1"));
}

}  // namespace
}  // namespace podramp::fakeapi::manifest_lists_test
