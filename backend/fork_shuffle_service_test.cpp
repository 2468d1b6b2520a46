#include "backend/fork_shuffle_service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "backend/test_fork.h"

namespace podramp::backend::fork_shuffle_service_test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

// A service whose watch is open; the requests it has sent.
class Service {
 public:
  explicit Service(const Fixes& fixes = {}, ForkShuffleService::Registrations known = {})
      : service("default", fixes, std::move(known)) {
    Outbox out;
    service.start(out);
    keep(out);
    answer(200);
  }
  std::vector<ForkShuffleService::Removal> step(const Input& input, TimeUs now = 0) {
    Outbox out;
    auto removals = service.step(now, input, out);
    keep(out);
    return removals;
  }
  void answer(int code) {
    ApiReply reply;
    reply.code = code;
    step(in::Replied{requests.back().call, reply});
  }
  std::vector<ForkShuffleService::Removal> see(WatchEventType type, const std::string& ns = "default") {
    Pod pod = driver_pod();
    pod.ns = ns;
    return step(in::Watched{requests.back().call, {{type, std::make_shared<const Pod>(pod)}}});
  }

  ForkShuffleService service;
  std::vector<out::Called> requests;
  std::vector<out::TimerSet> timers;

 private:
  void keep(const Outbox& out) {
    for (const Effect& effect : out.effects()) {
      if (const auto* called = std::get_if<out::Called>(&effect)) requests.push_back(*called);
      if (const auto* timer = std::get_if<out::TimerSet>(&effect)) timers.push_back(*timer);
    }
  }
};

TEST(ForkShuffleService, ItWatchesTheDriversOfItsOwnNamespaceAndWithQ30CuredOfAll) {
  for (const bool cured : {false, true}) {
    const Service one(cured ? Fixes{Fix::q30} : Fixes{});
    ASSERT_THAT(one.requests, SizeIs(1));
    EXPECT_EQ(one.requests[0].request.verb, Verb::watch);
    EXPECT_EQ(one.requests[0].request.ns, cured ? "" : "default");
    EXPECT_EQ(to_string(one.requests[0].request.label_selector), "spark-role=driver");
  }
}

TEST(ForkShuffleService, ItServesExecutorsThatHaveRegistered) {
  Service one;
  EXPECT_FALSE(one.service.knows("app-1", 3));
  one.service.register_executor("app-1", 3);
  EXPECT_TRUE(one.service.knows("app-1", 3));
  EXPECT_FALSE(one.service.knows("app-2", 3));
}

TEST(ForkShuffleService, ADriverPodThatIsDeletedTakesTheExecutorsOfItsApplicationAlong) {
  Service one;
  one.service.register_driver("app-1");
  one.service.register_executor("app-1", 3);
  one.service.register_executor("app-2", 4);
  EXPECT_THAT(one.see(WatchEventType::modified), IsEmpty());
  const auto removals = one.see(WatchEventType::deleted);
  ASSERT_THAT(removals, SizeIs(1));
  EXPECT_EQ(removals[0].app_id, "app-1");
  EXPECT_THAT(removals[0].executors, ElementsAre(3));
  EXPECT_FALSE(one.service.knows("app-1", 3));
  EXPECT_TRUE(one.service.knows("app-2", 4));
}

TEST(ForkShuffleService, AnApplicationWhoseDriverHasNotRegisteredIsNeverCleanedUp) {
  Service one;
  one.service.register_executor("app-1", 3);
  EXPECT_THAT(one.see(WatchEventType::deleted), IsEmpty());
  EXPECT_TRUE(one.service.knows("app-1", 3));
}

TEST(ForkShuffleService, ACutWatchIsOpenedAgainAndAFirstOneThatFailsIsNot) {
  Service one;
  one.step(in::WatchClosed{one.requests.back().call, 0, "closed"}, 5 * kS);
  ASSERT_THAT(one.timers, SizeIs(1));
  EXPECT_EQ(one.timers[0].at_us, 6 * kS);
  one.step(in::TimerDue{TimerKind::watch_reconnect, 0}, 6 * kS);
  EXPECT_THAT(one.requests, SizeIs(2));

  ForkShuffleService other("default", {});
  Outbox out;
  other.start(out);
  ApiReply refused;
  refused.code = 403;
  Outbox after;
  other.step(0, in::Replied{std::get<out::Called>(out.effects().front()).call, refused}, after);
  EXPECT_THAT(after.effects(), IsEmpty());
}

TEST(ForkShuffleService, WhatARestartedOneIsHandedItServesAndCleansUp) {
  ForkShuffleService::Registrations known;
  known.drivers = {"app-1"};
  known.executors["app-1"] = {7};
  Service one({Fix::q31}, known);
  EXPECT_TRUE(one.service.knows("app-1", 7));
  const auto removals = one.see(WatchEventType::deleted);
  ASSERT_THAT(removals, SizeIs(1));
  EXPECT_THAT(removals[0].executors, ElementsAre(7));
}

}  // namespace
}  // namespace podramp::backend::fork_shuffle_service_test
