#include "fakeapi/watch_hub.h"

#include <gtest/gtest.h>

#include "fakeapi/test_world.h"

namespace podramp::fakeapi::watch_hub_test {
namespace {

class WatchHubTest : public testing::Test {
 protected:
  void use(const ClusterConfig& config) { world.emplace(config); }
  void SetUp() override { use(test_config()); }
  void create(const std::string& name, StringMap labels = {}) {
    ASSERT_EQ(world->ask(create_of(make_pod(name, tmpl, std::move(labels)))).code, 201);
  }
  std::uint64_t watch(const std::string& labels, const std::string& rv = "", const std::string& fields = "") {
    ApiRequest request = request_of(Verb::watch);
    request.label_selector = *parse_label_selector(labels);
    request.field_selector = *parse_field_selector(fields);
    request.resource_version = rv;
    const std::uint64_t id = world->call(request);
    world->run_until(world->now() + kReadUs + kReplyUs + kWatchUs);
    return id;
  }
  std::string seen(std::uint64_t id) {
    world->run_until(world->now() + kSecondUs);
    return world->seen(id);
  }
  void label(const std::string& name, const std::string& key, const std::string& value) {
    world->emit("apiserver", 0, fact::PodLabelled{name, world->next_rv(), {{key, value}}});
  }

  std::optional<TestWorld> world;
  TemplatePtr tmpl = share(small_template());
};

TEST_F(WatchHubTest, WithoutAVersionBeginsWithWhatIsThere) {  // K17
  create("b");
  create("a");
  const std::uint64_t unset = watch("app=etl");
  const std::uint64_t zero = watch("app=etl", "0");
  create("c");
  EXPECT_EQ(seen(unset), "ADDED a, ADDED b | ADDED c");
  EXPECT_EQ(seen(zero), "ADDED a, ADDED b | ADDED c");
  EXPECT_EQ(world->answers.at(unset).reply.resource_version, 2U);
}

TEST_F(WatchHubTest, WithAVersionBeginsAfterIt) {  // K17
  create("a");
  const std::uint64_t from_now = watch("app=etl", "1");
  create("b");
  world->bind("ns/a", "n1");
  world->deletion.remove(2, 0, "api", "apiserver", 0);
  EXPECT_EQ(seen(from_now), "ADDED b | MODIFIED a, MODIFIED b, DELETED b");
  const std::uint64_t resumed = watch("app=etl", "2");
  EXPECT_EQ(seen(resumed), "MODIFIED a, MODIFIED b, DELETED b");
  EXPECT_EQ(world->delivered.back().events.back().object->resource_version, 5U);
}

TEST_F(WatchHubTest, EventsArriveAfterTheAnswerAndTheLatency) {
  create("a");
  const std::uint64_t id = watch("app=etl");
  EXPECT_EQ(world->delivered.at(0).at, world->answers.at(id).at + kWatchUs);
  const TimeUs before = world->now();
  create("b");
  EXPECT_EQ(seen(id), "ADDED a | ADDED b");
  EXPECT_EQ(world->delivered.at(1).at, before + kWriteUs + kWatchUs);
}

TEST_F(WatchHubTest, ADeletedPodIsShownInItsLastStateWithANewVersion) {  // K26, K28
  create("a");
  world->bind("ns/a", "n1");
  const std::uint64_t id = watch("app=etl", "2");
  world->deletion.remove(1, 0, "api", "apiserver", 0);
  EXPECT_EQ(seen(id), "MODIFIED a, DELETED a");
  const Pod& last = *world->delivered.back().events.back().object;
  EXPECT_EQ(last.node, "n1");
  EXPECT_EQ(last.resource_version, 4U);
  EXPECT_TRUE(last.deletion_us);
  EXPECT_EQ(last.deletion_grace_s, 0);
}

TEST_F(WatchHubTest, SelectorTransitionsAreAddedAndDeleted) {  // K23
  create("a", {{"state", "off"}});
  const std::uint64_t id = watch("state=on", "1");
  label("ns/a", "state", "on");
  label("ns/a", "more", "1");
  label("ns/a", "state", "off");
  label("ns/a", "more", "2");
  EXPECT_EQ(seen(id), "ADDED a, MODIFIED a, DELETED a");
  const Pod& last = *world->delivered.back().events.back().object;
  EXPECT_EQ(*last.label("state"), "on");
  EXPECT_EQ(*last.label("more"), "1");
  EXPECT_EQ(last.resource_version, 4U);
}

TEST_F(WatchHubTest, FieldSelectorsSeePhasesComeAndGo) {  // K23, K24
  create("a");
  const std::uint64_t id = watch("", "1", "status.phase=Running");
  world->bind("ns/a", "n1");
  world->start_pod("ns/a");
  world->finish_pod("ns/a");
  EXPECT_EQ(seen(id), "ADDED a, DELETED a");
}

TEST_F(WatchHubTest, OnlyTheWatchedNamespaceAndLabelsAreShown) {
  const std::uint64_t id = watch("app=etl,exec");
  create("a");
  create("b", {{"exec", "1"}});
  create("c", {{"exec", "2"}, {"app", "other"}});
  ApiRequest elsewhere = create_of(make_pod("d", tmpl, {{"exec", "3"}}));
  elsewhere.ns = "other";
  world->ask(elsewhere);
  EXPECT_EQ(seen(id), "ADDED b");
}

TEST_F(WatchHubTest, OrderHoldsThoughLatenciesDiffer) {
  ClusterConfig config = test_config();
  config.latency.watch = LatencyModel::lognormal(50'000, 1'500);
  use(config);
  const std::uint64_t id = watch("app=etl");
  world->run_until(kMinuteUs);
  for (int i = 0; i < 50; ++i) create("p" + std::to_string(100 + i));
  world->run_until(kHourUs / 2 - 1);
  std::string names;
  std::size_t messages = 0;
  TimeUs last = 0;
  for (const auto& d : world->delivered) {
    if (d.watch != id) continue;
    EXPECT_GT(d.at, last);  // one message per instant
    last = d.at;
    ++messages;
    for (const WatchEvent& e : d.events) names += e.object->name;
  }
  std::string expected;
  for (int i = 0; i < 50; ++i) expected += "p" + std::to_string(100 + i);
  EXPECT_EQ(names, expected);
  EXPECT_LT(messages, 50U);  // some came together
}

TEST_F(WatchHubTest, AReleasedWatchIsSilent) {
  const std::uint64_t open = watch("app=etl");
  create("a");
  world->api.release({0, {open}});
  EXPECT_EQ(seen(open), "");
  ApiRequest request = request_of(Verb::watch);
  const std::uint64_t early = world->call(request);
  world->api.release({0, {early}});
  EXPECT_EQ(seen(early), "");
  EXPECT_FALSE(world->answers.contains(early));
  EXPECT_EQ(world->watches.open_watches(), 0U);
  world->run_until(2 * kHourUs);
  EXPECT_TRUE(world->closed.empty());
}

TEST_F(WatchHubTest, AWatchEndsCleanlyBetweenHalfAnHourAndAnHour) {  // K21
  const std::uint64_t id = watch("app=etl");
  world->run_until(1800 * kSecondUs);
  EXPECT_TRUE(world->closed.empty());
  world->run_until(3601 * kSecondUs);
  ASSERT_EQ(world->closed.size(), 1U);
  EXPECT_EQ(world->closed[0].watch, id);
  EXPECT_EQ(world->closed[0].code, 0);
}

TEST_F(WatchHubTest, AVersionOutsideTheWindowIs410) {  // K18, K19
  ClusterConfig config = test_config();
  config.profile.watch_history_max = 100;
  use(config);
  for (int i = 0; i < 150; ++i) create("p" + std::to_string(i));
  ApiRequest request = request_of(Verb::watch);
  request.resource_version = "49";
  const ApiReply reply = world->ask(request);
  EXPECT_EQ(reply.code, 410);
  EXPECT_EQ(reply.reason, "Expired");
  EXPECT_EQ(reply.message, "too old resource version: 49 (50)");
  EXPECT_EQ(world->facts_of<fact::HistoryTrimmed>().at(0).rv, 50U);
  EXPECT_EQ(world->state().history_trimmed(), 50U);
  request.resource_version = "50";
  EXPECT_EQ(world->ask(request).code, 200);
  EXPECT_EQ(world->facts_of<fact::HistoryTrimmed>().size(), 1U);
}

TEST_F(WatchHubTest, OldHistoryIsForgottenButNotTheLastHundredEvents) {  // K19
  for (int i = 0; i < 150; ++i) create("p" + std::to_string(i));
  world->run_until(kHourUs);
  create("q");  // 151 events, of which 100 stay
  ApiRequest request = request_of(Verb::watch);
  request.resource_version = "50";
  EXPECT_EQ(world->ask(request).message, "too old resource version: 50 (51)");
  request.resource_version = "51";
  EXPECT_EQ(world->ask(request).code, 200);
}

TEST_F(WatchHubTest, ExpiryEndsRunningWatchesWith410InTheStream) {  // K18
  ClusterConfig config = test_config();
  FaultSpec spec;
  spec.point = "watch.expire";
  spec.from_us = kSecondUs;
  spec.client = "etl";
  config.faults.push_back(spec);
  use(config);
  const std::uint64_t hit = watch("app=etl");
  const std::uint64_t spared = world->call(request_of(Verb::watch), 1);
  world->run_until(kSecondUs);
  ASSERT_EQ(world->closed.size(), 1U);
  EXPECT_EQ(world->closed[0].watch, hit);
  EXPECT_EQ(world->closed[0].code, 410);
  EXPECT_EQ(world->closed[0].reason, "Expired");
  EXPECT_EQ(world->closed[0].at, kSecondUs);
  create("a");
  EXPECT_EQ(seen(hit), "");
  EXPECT_EQ(seen(spared), "ADDED a");
}

TEST_F(WatchHubTest, EventsUnderWayArriveBeforeTheEnd) {
  ClusterConfig config = test_config();
  config.latency.watch = LatencyModel::constant(5 * kSecondUs);
  FaultSpec spec;
  spec.point = "watch.expire";
  spec.from_us = 2 * kSecondUs;
  config.faults.push_back(spec);
  use(config);
  const std::uint64_t id = watch("app=etl");
  create("a");
  const TimeUs created_us = world->facts.back().at;
  world->run_until(kMinuteUs);
  EXPECT_EQ(world->seen(id), "ADDED a");
  ASSERT_EQ(world->closed.size(), 1U);
  EXPECT_EQ(world->closed[0].at, created_us + 5 * kSecondUs);
}

TEST_F(WatchHubTest, DelayAndDropFaultsHitEvents) {
  ClusterConfig config = test_config();
  FaultSpec delay;
  delay.point = "watch.delay";
  delay.until_us = kSecondUs;
  delay.delay_us = 5 * kSecondUs;
  config.faults.push_back(delay);
  FaultSpec drop;
  drop.point = "watch.drop";
  drop.from_us = kMinuteUs;
  drop.until_us = 2 * kMinuteUs;
  config.faults.push_back(drop);
  use(config);
  const std::uint64_t id = watch("app=etl");
  create("a");
  const TimeUs created_us = world->facts.back().at;
  world->run_until(kMinuteUs);
  EXPECT_EQ(world->delivered.at(0).at, created_us + kWatchUs + 5 * kSecondUs);
  create("lost");
  world->run_until(2 * kMinuteUs);
  create("c");
  EXPECT_EQ(seen(id), "ADDED a | ADDED c");
}

TEST_F(WatchHubTest, K20_BookmarksComeOnceAMinuteAndBeforeTheEnd) {
  create("a");
  ApiRequest request = request_of(Verb::watch);
  request.allow_bookmarks = true;
  request.watch_s = 150;
  const std::uint64_t id = world->call(request);
  world->run_until(10 * kSecondUs);
  create("b");
  world->run_until(kHourUs);
  const TimeUs opened = kWriteUs + kReplyUs + kReadUs;
  std::vector<TimeUs> bookmarks;
  for (const TestWorld::Delivered& d : world->delivered) {
    for (const WatchEvent& event : d.events) {
      if (event.type != WatchEventType::bookmark) continue;
      bookmarks.push_back(d.at - kWatchUs);
      EXPECT_EQ(event.object->resource_version, 2U);
      EXPECT_FALSE(event.initial_end);
    }
  }
  EXPECT_EQ(bookmarks,
            (std::vector<TimeUs>{opened + 60 * kSecondUs, opened + 120 * kSecondUs, opened + 148 * kSecondUs}));
  ASSERT_EQ(world->closed.size(), 1U);  // K21: the client's own time-out
  EXPECT_EQ(world->closed[0].at, opened + 150 * kSecondUs);
  EXPECT_EQ(world->closed[0].code, 0);
  EXPECT_EQ(world->closed[0].watch, id);
}

TEST_F(WatchHubTest, K20_NobodyGetsBookmarksWithoutAskingForThem) {
  create("a");
  const std::uint64_t id = watch("app=etl");
  world->run_until(10 * kMinuteUs);
  EXPECT_EQ(world->seen(id), "ADDED a");
}

TEST_F(WatchHubTest, K25_AStreamingListEndsWithABookmarkThatSaysSo) {
  create("a");
  create("b");
  ApiRequest request = request_of(Verb::watch);
  request.allow_bookmarks = true;
  request.initial_events = true;
  request.resource_version = "1";
  const std::uint64_t id = world->call(request);
  world->run_until(kSecondUs);
  EXPECT_EQ(world->seen(id), "ADDED a, ADDED b, BOOKMARK ");
  EXPECT_TRUE(world->delivered.back().events.back().initial_end);
  EXPECT_EQ(world->delivered.back().events.back().object->resource_version, 2U);
}

TEST_F(WatchHubTest, K22_AWatcherThatDoesNotReadIsHungUpOnBehindItsBuffer) {
  ClusterConfig config = test_config();
  config.profile.watch_buffer = 2;
  FaultSpec stall;
  stall.point = "watch.stall";
  stall.from_us = kSecondUs;
  stall.until_us = kMinuteUs;
  config.faults.push_back(stall);
  use(config);
  const std::uint64_t id = watch("app=etl");
  world->run_until(2 * kSecondUs);
  for (const char* name : {"a", "b", "c", "d"}) create(name);
  world->run_until(30 * kSecondUs);
  EXPECT_EQ(world->seen(id), "");
  world->run_until(2 * kMinuteUs);
  EXPECT_EQ(world->seen(id), "ADDED a | ADDED b");
  ASSERT_EQ(world->closed.size(), 1U);
  EXPECT_EQ(world->closed[0].at, kMinuteUs);
  EXPECT_EQ(world->closed[0].code, 0);  // a plain end: the client resumes from what it has read
}

TEST_F(WatchHubTest, K22_OneThatReadsOnInTimeLosesNothing) {
  ClusterConfig config = test_config();
  FaultSpec stall;
  stall.point = "watch.stall";
  stall.from_us = kSecondUs;
  stall.until_us = kMinuteUs;
  config.faults.push_back(stall);
  use(config);
  const std::uint64_t id = watch("app=etl");
  world->run_until(2 * kSecondUs);
  for (const char* name : {"a", "b"}) create(name);
  world->run_until(2 * kMinuteUs);
  EXPECT_EQ(world->seen(id), "ADDED a | ADDED b");
  EXPECT_TRUE(world->closed.empty());
}

TEST_F(WatchHubTest, AFaultShowsAnEventTwice) {
  ClusterConfig config = test_config();
  FaultSpec twice;
  twice.point = "watch.duplicate";
  config.faults.push_back(twice);
  use(config);
  const std::uint64_t id = watch("app=etl");
  create("a");
  EXPECT_EQ(seen(id), "ADDED a, ADDED a");
}

}  // namespace
}  // namespace podramp::fakeapi::watch_hub_test
