#include "fakeapi/pod_lists.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakeapi/test_world.h"

namespace podramp::fakeapi::pod_lists_test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class PodListsTest : public testing::Test {
 protected:
  void use(const ClusterConfig& config) { world.emplace(config); }
  void SetUp() override { use(test_config()); }
  void create(const std::string& name) { ASSERT_EQ(world->ask(create_of(make_pod(name, tmpl))).code, 201); }
  void remove(const std::string& name) { world->deletion.remove(world->id_of("ns/" + name), 0, "api", "apiserver", 0); }
  ApiReply list(std::optional<std::int64_t> limit = std::nullopt, const std::string& token = "",
                const std::string& rv = "", const std::string& labels = "") {
    ApiRequest request = request_of(Verb::list);
    request.limit = limit;
    request.continue_token = token;
    request.resource_version = rv;
    request.label_selector = *parse_label_selector(labels);
    return world->ask(request);
  }
  static std::vector<std::string> names(const ApiReply& reply) {
    std::vector<std::string> all;
    for (const PodPtr& pod : reply.list->items) all.push_back(pod->name);
    return all;
  }

  std::optional<TestWorld> world;
  TemplatePtr tmpl = share(small_template());
};

TEST_F(PodListsTest, K15_PagesShowTheSnapshotOfTheFirst) {
  for (const char* name : {"a", "b", "c", "d", "e"}) create(name);
  const ApiReply first = list(2);
  EXPECT_THAT(names(first), ElementsAre("a", "b"));
  EXPECT_EQ(first.remaining, 3);
  remove("d");
  create("cc");
  const ApiReply second = list(2, first.continue_token);
  EXPECT_THAT(names(second), ElementsAre("c", "d"));
  EXPECT_EQ(second.resource_version, first.resource_version);
  const ApiReply third = list(2, second.continue_token);
  EXPECT_THAT(names(third), ElementsAre("e"));
  EXPECT_EQ(third.continue_token, "");
  EXPECT_FALSE(third.remaining.has_value());
}

TEST_F(PodListsTest, K15_ASelectorHidesHowMuchIsLeft) {
  for (const char* name : {"a", "b", "c"}) create(name);
  const ApiReply first = list(1, "", "", "app=etl");
  EXPECT_NE(first.continue_token, "");
  EXPECT_FALSE(first.remaining.has_value());
}

TEST_F(PodListsTest, K15_ATokenThatIsTooOldAnswers410WithOneThatGoesOnWithTheNewest) {
  for (const char* name : {"a", "b", "c"}) create(name);
  const ApiReply first = list(1);
  world->run_until(10 * kMinuteUs);  // two compactions later
  create("bb");
  const ApiReply late = list(5, first.continue_token);
  EXPECT_EQ(late.code, 410);
  EXPECT_EQ(late.reason, "Expired");
  EXPECT_THAT(names(list(5, late.continue_token)), ElementsAre("b", "bb", "c"));
}

TEST_F(PodListsTest, K15_ATokenLivesForAtLeastOneCompactionPeriod) {
  for (const char* name : {"a", "b"}) create(name);
  const ApiReply first = list(1);
  world->run_until(9 * kMinuteUs);
  EXPECT_EQ(list(1, first.continue_token).code, 200);
}

TEST_F(PodListsTest, K15_ATokenAndAVersionDoNotGoTogether) {
  for (const char* name : {"a", "b"}) create(name);
  EXPECT_EQ(list(1, list(1).continue_token, "2").code, 400);
  EXPECT_EQ(list(1, "nonsense").code, 400);
  EXPECT_EQ(list(1, "x/ns/a").code, 400);
}

TEST_F(PodListsTest, K15_AVersionWithALimitIsExact) {
  create("a");
  create("b");
  remove("a");
  EXPECT_THAT(names(list(10, "", "2")), ElementsAre("a", "b"));
  EXPECT_THAT(names(list(10, "", "3")), ElementsAre("a", "b")) << "its grace is over, it is not gone";
  EXPECT_THAT(names(list(10, "", "4")), ElementsAre("b"));
}

TEST_F(PodListsTest, K15_WithoutALimitItIsALowerBound) {
  create("a");
  create("b");
  EXPECT_THAT(names(list(std::nullopt, "", "1")), ElementsAre("a", "b"));
}

TEST_F(PodListsTest, K15_TheCacheDoesNotPage) {
  for (const char* name : {"a", "b", "c"}) create(name);
  const ApiReply all = list(1, "", "0");
  EXPECT_THAT(names(all), ElementsAre("a", "b", "c"));
  EXPECT_EQ(all.continue_token, "");
}

TEST_F(PodListsTest, K14_ReadsOfAnyVersionMayBeStale) {
  ClusterConfig config = test_config();
  FaultSpec stale;
  stale.point = "api.stale";
  stale.delay_us = 10 * kSecondUs;
  config.faults.push_back(stale);
  use(config);
  create("a");
  world->run_until(20 * kSecondUs);
  create("b");
  remove("a");
  world->run_until(25 * kSecondUs);
  const ApiReply any = list(std::nullopt, "", "0");
  EXPECT_THAT(names(any), ElementsAre("a"));
  EXPECT_EQ(any.resource_version, 1U);
  EXPECT_THAT(names(list()), ElementsAre("b"));  // unset is the newest, always
  ApiRequest get = request_of(Verb::get, "a");
  get.resource_version = "0";
  EXPECT_EQ(world->ask(get).code, 200);
  get.resource_version = "";
  EXPECT_EQ(world->ask(get).code, 404);
}

TEST_F(PodListsTest, K17_AWatchOfAnyVersionStartsFromTheStaleStateAndCatchesUp) {
  ClusterConfig config = test_config();
  FaultSpec stale;
  stale.point = "api.stale";
  stale.delay_us = 10 * kSecondUs;
  config.faults.push_back(stale);
  use(config);
  create("a");
  world->run_until(20 * kSecondUs);
  create("b");
  remove("a");
  ApiRequest watch = request_of(Verb::watch);
  watch.resource_version = "0";
  const std::uint64_t id = world->call(watch);
  world->run_until(30 * kSecondUs);
  EXPECT_EQ(world->seen(id), "ADDED a, ADDED b, MODIFIED a, DELETED a");
}

TEST_F(PodListsTest, K31_ADeleteMayInsistOnAVersion) {
  create("a");
  ApiRequest request = request_of(Verb::remove, "a");
  request.version_precondition = "7";
  const ApiReply refused = world->ask(request);
  EXPECT_EQ(refused.code, 409);
  EXPECT_EQ(refused.reason, "Conflict");
  request.version_precondition = "1";
  EXPECT_EQ(world->ask(request).code, 200);
  EXPECT_THAT(names(list()), IsEmpty());
}

}  // namespace
}  // namespace podramp::fakeapi::pod_lists_test
