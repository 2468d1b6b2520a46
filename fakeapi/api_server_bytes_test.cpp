// Lists of pods that go through the API server's link.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakeapi/test_world.h"

namespace podramp::fakeapi::api_server_bytes_test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

// Ten pods are there, each of 10 KiB in a list; the clock stands at one second.
class ApiServerBytes : public testing::Test {
 protected:
  static ClusterConfig config(std::int64_t bytes_per_s) {
    ClusterConfig config = test_config();
    config.api_server.bytes_per_s = bytes_per_s;
    return config;
  }
  void use(const ClusterConfig& config) {
    world.emplace(config);
    for (int i = 0; i < 10; ++i) world->ask(create_of(make_pod(fmt::format("p{}", i), tmpl)));
    world->run_until(kSecondUs);
  }
  void SetUp() override { use(config(1'000'000)); }
  static ApiRequest list(DurationUs timeout_us = 10 * kSecondUs) {
    ApiRequest request = request_of(Verb::list);
    request.timeout_us = timeout_us;
    return request;
  }

  TemplatePtr tmpl = share(small_template());
  std::optional<TestWorld> world;
};

TEST_F(ApiServerBytes, AListIsAnsweredWhenItsLastByteHasLeft) {
  const std::uint64_t id = world->call(list());
  world->run_until(3 * kSecondUs);
  ASSERT_THAT(world->sent, SizeIs(1));
  EXPECT_EQ(world->sent[0].bytes, 10 * 10'240);
  EXPECT_FALSE(world->answers.contains(id));
  EXPECT_TRUE(world->api.reply_sent(world->sent[0].reply));
  world->run_until(4 * kSecondUs);
  EXPECT_EQ(world->answers.at(id).at, 3 * kSecondUs + kReplyUs);
  EXPECT_THAT(world->answers.at(id).reply.list->items, SizeIs(10));
}

TEST_F(ApiServerBytes, WhatIsNotAListOfPodsDoesNotWaitForTheLink) {
  EXPECT_EQ(world->ask(request_of(Verb::get, "p1")).code, 200);
  ApiRequest nothing = list();
  nothing.ns = "elsewhere";
  EXPECT_THAT(world->ask(nothing).list->items, IsEmpty());
  ApiRequest claims = list();
  claims.kind = Kind::persistent_volume_claim;
  EXPECT_EQ(world->ask(claims).code, 200);
  EXPECT_THAT(world->sent, IsEmpty());
}

TEST_F(ApiServerBytes, WithoutABandwidthSizeCostsNothing) {
  use(config(0));
  const std::uint64_t id = world->call(list());
  world->run_until(2 * kSecondUs);
  EXPECT_EQ(world->answers.at(id).at, kSecondUs + kReadUs + kReplyUs);
  EXPECT_THAT(world->sent, IsEmpty());
}

TEST_F(ApiServerBytes, AListKeepsItsSeatWhileItIsSent) {  // K89, K93
  ClusterConfig one = config(1'000'000);
  one.profile.max_requests_inflight = 1;
  one.profile.max_mutating_inflight = 0;
  use(one);
  world->call(list());
  world->run_until(2 * kSecondUs);
  const std::uint64_t second = world->call(request_of(Verb::get, "p1"));
  world->run_until(3 * kSecondUs);
  EXPECT_FALSE(world->answers.contains(second));
  world->api.reply_sent(world->sent.at(0).reply);
  world->run_until(4 * kSecondUs);
  EXPECT_EQ(world->answers.at(second).at, 3 * kSecondUs + kReadUs + kReplyUs);
}

TEST_F(ApiServerBytes, AClientThatHasWaitedLongEnoughHangsUp) {  // K85
  const std::uint64_t id = world->call(list());
  world->run_until(20 * kSecondUs);
  EXPECT_EQ(world->answers.at(id).at, 11 * kSecondUs);
  EXPECT_EQ(world->answers.at(id).reply.transport, Transport::timed_out);
  EXPECT_THAT(world->cancelled, ElementsAre(world->sent.at(0).reply));
  EXPECT_TRUE(world->api.reply_sent(world->sent[0].reply));  // too late: nothing comes of it
  EXPECT_TRUE(world->idle());
}

TEST_F(ApiServerBytes, AfterAMinuteTheServerCutsTheConnection) {  // K9: it has said 200 already
  const std::uint64_t id = world->call(list(120 * kSecondUs));
  world->run_until(100 * kSecondUs);
  EXPECT_EQ(world->answers.at(id).at, 61 * kSecondUs + kReplyUs);
  EXPECT_EQ(world->answers.at(id).reply.transport, Transport::reset);
  EXPECT_THAT(world->cancelled, SizeIs(1));
}

TEST_F(ApiServerBytes, PullsAndDownloadsAreNotAnswers) {
  EXPECT_FALSE(world->api.reply_sent(1));
  EXPECT_FALSE(world->api.reply_sent(PullId{1} << 60U));
}

}  // namespace
}  // namespace podramp::fakeapi::api_server_bytes_test
