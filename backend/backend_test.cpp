#include "backend/backend.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "backend/test_world.h"

namespace podramp::backend::backend_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

constexpr TimeUs ms(std::int64_t n) { return n * kMillisecondUs; }

// One line per effect, as far as these tests care.
struct Line {
  std::string operator()(const out::Called& e) const {
    const std::string name = e.request.body != nullptr ? e.request.body->name : e.request.name;
    return fmt::format("{}{}{}", to_text(e.request.verb), name.empty() ? "" : " ", name);
  }
  std::string operator()(const out::WatchReleased& e) const { return fmt::format("release {}", e.watch.value); }
  std::string operator()(const out::TimerSet& e) const { return fmt::format("{} at {}", to_text(e.timer), e.at_us); }
  std::string operator()(const out::TimerCancelled& e) const { return fmt::format("cancel {}", to_text(e.timer)); }
  std::string operator()(const out::RegistrationAccepted& e) const { return fmt::format("accept {}", e.executor); }
  std::string operator()(const out::RegistrationRefused& e) const {
    return fmt::format("refuse {}: {}", e.executor, e.reason);
  }
  std::string operator()(const out::ExecutorRemoved& e) const {
    return fmt::format("removed {} {}", e.executor, e.exit_code);
  }
  std::string operator()(const out::ReadyToSchedule& e) const {
    return fmt::format("ready {}/{}{}", e.registered, e.expected, e.timed_out ? " timed out" : "");
  }
  std::string operator()(const out::RoundDone& e) const { return fmt::format("round {}", e.round); }
  template <class E>
  std::string operator()(const E& /*effect*/) const {
    return std::string(E::kType);
  }
  std::string operator()(const out::Noted& e) const { return e.level + ": " + e.text; }
  std::string operator()(const out::Exited& e) const { return fmt::format("exit {}: {}", e.code, e.why); }
};
std::string line(const Effect& effect) { return std::visit(Line{}, effect); }

// A backend and the lines of one step at a time.
struct Rig {
  explicit Rig(Application application) : backend(std::make_unique<Backend>(std::move(application))) {}
  std::vector<std::string> step(TimeUs now, const Input& input) {
    Outbox out;
    backend->step(now, input, out);
    std::vector<std::string> lines;
    for (const Effect& effect : out.take()) {
      if (std::holds_alternative<out::RoundDone>(effect)) continue;
      if (const auto* called = std::get_if<out::Called>(&effect)) last = called->call;
      lines.push_back(line(effect));
    }
    return lines;
  }
  std::vector<std::string> reply(TimeUs now, const ApiReply& answer) { return step(now, in::Replied{last, answer}); }

  std::unique_ptr<Backend> backend;
  CallId last;
};

struct Living {
  explicit Living(Application application)
      : backend(std::make_unique<Backend>(std::move(application))), world([this](TimeUs now, const Input& input) {
          Outbox out;
          backend->step(now, input, out);
          return out.take();
        }) {
    world.at(0, in::Started{"app-1"});
  }
  std::unique_ptr<Backend> backend;
  TestWorld world;
};

Application with_driver(std::int64_t executors) {
  Application application = test_application(executors);
  application.conf.driver_pod_name = "driver-0";
  application.conf.own_claims = true;
  return application;
}

PodPtr driver_pod(bool ready) {
  Pod pod;
  pod.name = "driver-0";
  pod.ns = "default";
  pod.uid = "uid-driver";
  pod.resource_version = 7;
  pod.tmpl = share({});
  pod.phase = PodPhase::running;
  if (ready) pod.conditions.push_back({"Ready", Truth::yes, "", "", 0});
  return stored(pod);
}

ApiReply no_answer() {
  ApiReply reply;
  reply.transport = Transport::refused;
  return reply;
}

// --- start -------------------------------------------------------------------------------------------------------

TEST(BackendStart, FollowsSparksOrderWithoutADriverPod) {
  Rig rig(test_application(2));
  EXPECT_THAT(rig.step(0, in::Started{"app-1"}),
              ElementsAre("ready_wait at 30000000",     // from construction
                          "allocator_tick at 1000000",  // its first run saw no target
                          "create app-exec-1",          // then the initial target
                          "lifecycle_tick at 1000000", "watch", "poll at 30000000"));
}

TEST(BackendStart, LooksUpTheDriverPodFirstAndGoesOnAtOnceWhenItIsReady) {
  Rig rig(with_driver(1));
  EXPECT_THAT(rig.step(0, in::Started{"app-1"}), ElementsAre("ready_wait at 30000000", "get driver-0"));
  EXPECT_THAT(rig.reply(ms(20), reply_with(driver_pod(true))),
              ElementsAre("allocator_tick at 1020000",
                          "list",  // claims that could be reused (02 1.4), whether there are volumes for them or not
                          "lifecycle_tick at 1020000", "watch", "poll at 30020000"));
}

TEST(BackendStart, S_A21_ExitsWhenTheDriverPodDoesNotExist) {
  Rig rig(with_driver(1));
  rig.step(0, in::Started{"app-1"});
  const auto lines = rig.reply(ms(20), reply_error(404, "NotFound"));
  ASSERT_THAT(lines, SizeIs(2));
  EXPECT_EQ(lines[0], "cancel ready_wait");
  EXPECT_THAT(lines[1], HasSubstr("exit 1: driver pod driver-0 does not exist in namespace default"));
  EXPECT_THAT(rig.step(ms(30), in::TargetSet{{{0, 5}}}), IsEmpty());
}

TEST(BackendStart, ExitsWhenTheDriverPodMayNotBeRead) {
  Rig rig(with_driver(1));
  rig.step(0, in::Started{"app-1"});
  EXPECT_THAT(rig.reply(0, reply_error(403, "Forbidden")),
              ElementsAre("cancel ready_wait",
                          "exit 1: driver pod driver-0 in namespace default cannot be looked up: 403 Forbidden: as the "
                          "server says"));
}

TEST(BackendStart, WaitsForTheDriverPodUntilItIsReady) {
  Rig rig(with_driver(0));
  rig.step(0, in::Started{"app-1"});
  EXPECT_THAT(rig.reply(0, reply_with(driver_pod(false))), ElementsAre("watch", "driver_ready at 1000000"));
  EXPECT_THAT(rig.reply(0, reply_ok()), IsEmpty());
  const CallId watch = rig.last;
  EXPECT_THAT(rig.step(ms(1), in::Watched{watch, {{WatchEventType::added, driver_pod(false)}}}), IsEmpty());
  EXPECT_THAT(rig.step(ms(300), in::Watched{watch, {{WatchEventType::modified, driver_pod(true)}}}),
              ElementsAre("cancel driver_ready", fmt::format("release {}", watch.value), "allocator_tick at 1300000",
                          "lifecycle_tick at 1300000", "watch", "poll at 30300000", "cancel ready_wait", "ready 0/0"));
}

TEST(BackendStart, WaitsForTheDriverPodNoLongerThanTheReadinessTimeout) {
  Rig rig(with_driver(1));
  rig.step(0, in::Started{"app-1"});
  rig.reply(0, reply_with(driver_pod(false)));
  rig.reply(0, reply_ok());
  const auto lines = rig.step(kSecondUs, in::TimerDue{TimerKind::driver_ready, 0});
  ASSERT_THAT(lines, SizeIs(7));
  EXPECT_EQ(lines[0], "warn: the driver pod is not ready yet; going on without waiting any longer");
  EXPECT_EQ(lines[1], "release 2");
  EXPECT_EQ(lines[3], "list");
}

TEST(BackendStart, IgnoresThatTheDriverPodCannotBeWatched) {
  Rig rig(with_driver(1));
  rig.step(0, in::Started{"app-1"});
  rig.reply(0, reply_with(driver_pod(false)));
  const auto lines = rig.reply(ms(5), reply_error(403, "Forbidden"));
  ASSERT_THAT(lines, SizeIs(7));
  EXPECT_EQ(lines[1], "cancel driver_ready");
  EXPECT_EQ(lines[3], "list");
}

TEST(BackendStart, AppliesTargetsThatCameBeforeTheAllocatorStarted) {
  Rig rig(with_driver(0));
  rig.step(0, in::Started{"app-1"});
  EXPECT_THAT(rig.step(ms(1), in::TargetSet{{{0, 3}}}), IsEmpty());
  EXPECT_THAT(rig.reply(ms(2), reply_with(driver_pod(true))),
              ElementsAre("allocator_tick at 1002000", "lifecycle_tick at 1002000", "watch", "poll at 30002000", "list",
                          "cancel ready_wait", "ready 0/0"));
}

// --- targets and runs --------------------------------------------------------------------------------------------

TEST(BackendTargets, ANewTargetRunsBothSubscribersAtOnceWhenNothingIsOutstanding) {
  Application application = test_application(0);
  application.conf.max_executor_failures = 0;
  Rig rig(application);
  rig.step(0, in::Started{"app-1"});
  const CallId watch = rig.last;
  rig.reply(0, reply_ok());
  Pod failed = executor_pod(70, PodPhase::failed);
  EXPECT_THAT(rig.step(ms(10), in::Watched{watch, {{WatchEventType::added, stored(failed)}}}), IsEmpty());
  EXPECT_THAT(rig.step(ms(20), in::TargetSet{{{0, 1}}}),
              ElementsAre("create app-exec-1", "removed 70 -1", "get app-exec-70"));
}

TEST(BackendTargets, ANewTargetWaitsForTheNextTickWhileSomethingIsOutstanding) {
  Living app(test_application(2));
  app.world.watch_us = ms(5);
  app.world.run(ms(500));  // both created and pending
  EXPECT_THAT(app.world.calls(), SizeIs(3));
  EXPECT_EQ(app.backend->books().outstanding, 2);
  app.world.at(ms(600), in::TargetSet{{{0, 4}}});
  app.world.run(ms(999));
  EXPECT_THAT(app.world.calls(), SizeIs(3));
  app.world.run(ms(1'100));
  EXPECT_THAT(app.world.calls(),
              ElementsAre(Pair(0, "create app-exec-1"), Pair(0, "watch"), Pair(ms(10), "create app-exec-2"),
                          Pair(ms(1'000), "create app-exec-3"), Pair(ms(1'010), "create app-exec-4")));
}

TEST(BackendRuns, TheLifecycleManagerGoesOnWhileTheAllocatorWaitsForItsCall) {
  Rig rig(test_application(2));
  rig.step(0, in::Started{"app-1"});
  const CallId watch = rig.last;
  rig.step(0, in::Replied{watch, reply_ok()});
  rig.step(ms(10), in::Watched{watch, {{WatchEventType::added, stored(executor_pod(70, PodPhase::failed))}}});
  EXPECT_THAT(rig.step(kSecondUs, in::TimerDue{TimerKind::allocator_tick, 0}),
              ElementsAre("allocator_tick at 2000000"));
  EXPECT_THAT(rig.step(kSecondUs, in::TimerDue{TimerKind::lifecycle_tick, 0}),
              ElementsAre("removed 70 -1", "get app-exec-70"));
  EXPECT_THAT(rig.reply(kSecondUs + 5, reply_error(404, "NotFound")), ElementsAre("lifecycle_tick at 2000005"));
}

TEST(BackendScript, TwelveExecutorsInBatchesOfFiveTakeThreeRounds) {
  Living app(test_application(12));
  app.world.run(ms(5'000));
  std::vector<std::pair<TimeUs, TimeUs>> rounds;  // started, ended
  std::vector<std::int64_t> created;
  for (const auto& [when, round] : app.world.all<out::RoundDone>()) {
    if (round.profiles.empty() || round.profiles[0].created == 0) continue;
    rounds.emplace_back(round.started_us, when);
    created.push_back(round.profiles[0].created);
  }
  // The tick that the empty first run armed comes 1 s after the start; the later ones 1 s after the round before.
  EXPECT_THAT(created, ElementsAre(5, 5, 2));
  EXPECT_THAT(rounds, ElementsAre(Pair(0, 50'000), Pair(1'000'000, 1'050'000), Pair(2'050'000, 2'070'000)));
  std::vector<std::pair<TimeUs, std::string>> creates = app.world.calls();
  std::erase_if(creates, [](const auto& call) { return call.second == "watch"; });
  ASSERT_THAT(creates, SizeIs(12));
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(creates[i], std::pair(ms(10 * static_cast<std::int64_t>(i)), fmt::format("create app-exec-{}", i + 1)));
    EXPECT_EQ(creates[i + 5].first, ms(1'000 + 10 * static_cast<std::int64_t>(i)));
  }
  EXPECT_EQ(creates[10].first, 2'050'000);
  EXPECT_EQ(creates[11].first, 2'060'000);
  EXPECT_EQ(app.world.pods().size(), 12U);
}

TEST(BackendScript, ASlowWatchHoldsTheNextBatchBack) {
  Living app(test_application(6));
  app.world.watch_us = ms(5'000);  // the fifth create at 50 ms is seen at 5 050 ms
  app.world.run(ms(8'000));
  const auto creates = app.world.calls();
  ASSERT_THAT(creates, SizeIs(7));
  // Ticks are every second after their runs of no length: the first one that knows all five is at 6 s.
  EXPECT_EQ(creates[6], std::pair(ms(6'000), std::string("create app-exec-6")));
}

TEST(BackendScript, AFailedExecutorIsRemovedDeletedAndReplaced) {
  Living app(test_application(1));
  app.world.run(ms(100));
  app.world.set_phase("app-exec-1", PodPhase::failed);
  app.world.run(ms(1'500));
  EXPECT_THAT(app.world.calls(), ElementsAre(Pair(0, "create app-exec-1"), Pair(0, "watch"),
                                             Pair(ms(1'000), "create app-exec-2"), Pair(ms(1'000), "get app-exec-1"),
                                             Pair(ms(1'010), "delete app-exec-1")));
  EXPECT_THAT(app.world.all<out::ExecutorRemoved>(), SizeIs(1));
}

TEST(BackendScript, APollFindsWhatALostWatchMissed) {
  Living app(test_application(1));
  app.world.watch_us = kHourUs;  // as good as lost
  app.world.run(ms(29'999));
  EXPECT_EQ(app.backend->books().profiles.at(0).new_unknown, 1);
  app.world.run(ms(31'500));
  EXPECT_EQ(app.backend->books().profiles.at(0).new_unknown, 0);
  EXPECT_EQ(app.backend->books().profiles.at(0).pending_unknown, 1);
  EXPECT_EQ(app.backend->books().outstanding, 1);
}

TEST(BackendScript, RequestsCarryTheConfiguredTimeout) {
  Application application = test_application(1);
  application.conf.request_timeout_us = 3 * kSecondUs;
  Living app(application);
  app.world.run(0);
  const auto called = app.world.all<out::Called>();
  ASSERT_THAT(called, SizeIs(2));
  EXPECT_EQ(called[0].second.request.timeout_us, 3 * kSecondUs);
}

// --- registration ------------------------------------------------------------------------------------------------

TEST(BackendRegistration, RefusesAnExecutorThatHasRegisteredAlready) {
  Rig rig(test_application(5));
  rig.step(0, in::Started{"app-1"});
  EXPECT_THAT(rig.step(ms(1), in::Registered{1, "n"}), ElementsAre("accept 1"));
  EXPECT_THAT(rig.step(ms(2), in::Registered{1, "n"}), ElementsAre("refuse 1: executor 1 has registered already"));
  EXPECT_THAT(rig.step(ms(3), in::Disconnected{1}), IsEmpty());  // disabled, not removed
  EXPECT_THAT(rig.step(ms(4), in::Registered{1, "n"}), ElementsAre("refuse 1: executor 1 has registered already"));
  EXPECT_THAT(rig.backend->describe(), HasSubstr("executor 1: registered at 0.001s on n, disconnected\n"));
  EXPECT_EQ(rig.backend->books().registered, 1);
}

TEST(BackendRegistration, RefusesAnExecutorThatWasDeletedAsExcess) {
  Living app(test_application(1));
  app.world.run(ms(500));
  app.world.at(ms(12'000), in::TargetSet{{{0, 0}}});
  app.world.fault = [](const ApiRequest& request) -> std::optional<ApiReply> {
    if (request.verb == Verb::remove_collection) return reply_ok();  // the pod stays listed
    return std::nullopt;
  };
  app.world.at(ms(14'000), in::Registered{1, "n"});
  app.world.run(ms(15'000));
  const auto refused = app.world.all<out::RegistrationRefused>();
  ASSERT_THAT(refused, SizeIs(1));
  EXPECT_EQ(refused[0].second.reason, "executor 1 has been deleted as excess");
  EXPECT_THAT(app.backend->describe(), HasSubstr("executor 1: deleted as excess\n"));
}

TEST(BackendRegistration, IsReadyToScheduleAtTheRegisteredRatioOnce) {
  Rig rig(test_application(5));
  rig.step(0, in::Started{"app-1"});
  for (const ExecutorId id : {1, 2, 3}) {
    EXPECT_THAT(rig.step(ms(1), in::Registered{id, "n"}), ElementsAre(fmt::format("accept {}", id)));
  }
  EXPECT_THAT(rig.step(ms(2), in::Registered{4, "n"}), ElementsAre("accept 4", "cancel ready_wait", "ready 4/5"));
  EXPECT_THAT(rig.step(ms(3), in::Registered{5, "n"}), ElementsAre("accept 5"));
}

TEST(BackendRegistration, IsReadyToScheduleWhenItHasWaitedLongEnough) {
  Rig rig(test_application(5));
  rig.step(0, in::Started{"app-1"});
  rig.step(ms(1), in::Registered{1, "n"});
  EXPECT_THAT(rig.step(ms(30'000), in::TimerDue{TimerKind::ready_wait, 0}), ElementsAre("ready 1/5 timed out"));
}

// --- stop --------------------------------------------------------------------------------------------------------

TEST(BackendStop, FollowsSparksOrder) {
  Rig rig(test_application(0));
  rig.step(0, in::Started{"app-1"});
  const CallId watch = rig.last;
  rig.reply(0, reply_ok());
  EXPECT_THAT(rig.step(ms(500), in::Stopped{}),
              ElementsAre("cancel allocator_tick", "cancel lifecycle_tick", fmt::format("release {}", watch.value),
                          "cancel poll", "deletecollection"));
  EXPECT_THAT(rig.step(ms(501), in::Registered{1, "n"}), IsEmpty());
  EXPECT_THAT(rig.step(ms(502), in::Stopped{}), IsEmpty());
  EXPECT_THAT(rig.reply(ms(510), reply_ok()), ElementsAre("exit 0: stopped"));
  EXPECT_THAT(rig.step(ms(511), in::Registered{1, "n"}), IsEmpty());
  EXPECT_THAT(rig.step(ms(512), in::Stopped{}), IsEmpty());
}

TEST(BackendStop, S_A12_DeletesAllPodsOfTheApplicationThatAreExecutors) {
  Living app(test_application(2));
  app.world.run(ms(500));
  app.world.at(ms(500), in::Stopped{});
  app.world.run(ms(600));
  const auto called = app.world.all<out::Called>();
  EXPECT_EQ(called.back().second.request.verb, Verb::remove_collection);
  EXPECT_EQ(to_string(called.back().second.request.label_selector), "spark-app-selector=app-1,spark-role=executor");
  EXPECT_THAT(app.world.pods(), IsEmpty());
  EXPECT_EQ(app.world.log().back().first, ms(510));
  EXPECT_EQ(line(app.world.log().back().second), "exit 0: stopped");
}

TEST(BackendStop, LeavesThePodsWhenTheyAreToBeKept) {
  Application application = test_application(0);
  application.conf.delete_on_termination = false;
  Rig rig(application);
  rig.step(0, in::Started{"app-1"});
  rig.reply(0, reply_ok());
  EXPECT_THAT(rig.step(ms(500), in::Stopped{}), ElementsAre("cancel allocator_tick", "cancel lifecycle_tick",
                                                            "release 1", "cancel poll", "exit 0: stopped"));
}

TEST(BackendStop, RetriesTheDeletionAndEndsCleanlyEvenWhenItFails) {
  Living app(test_application(0));
  app.world.fault = [](const ApiRequest& request) -> std::optional<ApiReply> {
    if (request.verb != Verb::remove_collection) return std::nullopt;
    return reply_error(503, "ServiceUnavailable");
  };
  app.world.at(kSecondUs, in::Stopped{});
  app.world.run(kMinuteUs);
  const auto exited = app.world.all<out::Exited>();
  ASSERT_THAT(exited, SizeIs(1));
  EXPECT_EQ(exited[0].second.code, 0);
  EXPECT_EQ(exited[0].first, kSecondUs + 19'100'000 + 11 * app.world.answer_us);
  const auto noted = app.world.all<out::Noted>();
  ASSERT_FALSE(noted.empty());
  EXPECT_EQ(noted.back().second.text, "deleting the executors: 503 ServiceUnavailable: as the server says");
}

TEST(BackendStop, LetsARoundInProgressEndFirst) {
  Living app(test_application(5));
  app.world.at(ms(25), in::Stopped{});
  app.world.run(kSecondUs);
  EXPECT_THAT(app.world.calls(),
              ElementsAre(Pair(0, "create app-exec-1"), Pair(0, "watch"), Pair(ms(10), "create app-exec-2"),
                          Pair(ms(20), "create app-exec-3"), Pair(ms(30), "create app-exec-4"),
                          Pair(ms(40), "create app-exec-5"), Pair(ms(50), "deletecollection")));
  EXPECT_EQ(line(app.world.log().back().second), "exit 0: stopped");
  EXPECT_THAT(app.world.pods(), IsEmpty());
}

TEST(BackendStop, CutsARoundThatOutlastsTheGracePeriod) {
  Rig rig(test_application(1));
  rig.step(0, in::Started{"app-1"});
  rig.step(0, in::Replied{rig.last, reply_ok()});
  EXPECT_THAT(rig.step(kSecondUs, in::Stopped{}), ElementsAre("cancel ready_wait", "cancel allocator_tick",
                                                              "cancel lifecycle_tick", "stop_grace at 21000000"));
  EXPECT_THAT(rig.step(21 * kSecondUs, in::TimerDue{TimerKind::stop_grace, 0}),
              ElementsAre("release 2", "cancel poll", "deletecollection"));
  EXPECT_THAT(rig.step(22 * kSecondUs, in::Replied{CallId{1}, reply_ok(201)}), IsEmpty());  // the cut create
  EXPECT_THAT(rig.reply(23 * kSecondUs, reply_ok()), ElementsAre("exit 0: stopped"));
}

TEST(BackendStop, WhileItStillWaitsForTheDriverPod) {
  Rig rig(with_driver(1));
  rig.step(0, in::Started{"app-1"});
  EXPECT_THAT(rig.step(ms(1), in::Stopped{}), ElementsAre("cancel ready_wait", "deletecollection"));
}

TEST(BackendExit, TooManyFailedExecutorsCleanUpAndExitWithEleven) {
  Application application = test_application(0);
  application.conf.max_executor_failures = 1;
  Rig rig(application);
  rig.step(0, in::Started{"app-1"});
  const CallId watch = rig.last;
  rig.reply(0, reply_ok());
  Pod first = executor_pod(1, PodPhase::failed);
  Pod second = executor_pod(2, PodPhase::failed);
  rig.step(ms(5),
           in::Watched{watch, {{WatchEventType::added, stored(first)}, {WatchEventType::added, stored(second)}}});
  rig.step(ms(1'000), in::TimerDue{TimerKind::lifecycle_tick, 0});
  std::vector<std::string> lines;
  for (int i = 0; i < 3; ++i) lines = rig.reply(ms(1'001), reply_error(404, "NotFound"));
  ASSERT_THAT(lines, SizeIs(5));
  EXPECT_THAT(lines[0], HasSubstr("error: 2 executors have failed, more than the 1 "));
  EXPECT_EQ(lines[1], "cancel allocator_tick");
  EXPECT_EQ(lines[4], "deletecollection");
  const auto last = rig.reply(ms(1'010), reply_ok());
  ASSERT_THAT(last, SizeIs(1));
  EXPECT_THAT(last[0], HasSubstr("exit 11: 2 executors have failed"));
  EXPECT_THAT(rig.step(ms(2'000), in::TimerDue{TimerKind::allocator_tick, 0}), IsEmpty());
}

TEST(BackendExit, APodThatCannotBeBuiltCleansUpAndExitsWithOne) {
  Application application = test_application(0);
  application.pod_name_prefix = "No_Prefix";
  Rig rig(application);
  rig.step(0, in::Started{"app-1"});
  rig.reply(0, reply_ok());
  const auto lines = rig.step(ms(5), in::TargetSet{{{0, 1}}});
  ASSERT_FALSE(lines.empty());
  EXPECT_EQ(lines.back(), "deletecollection");
  for (const std::string& one : lines) EXPECT_THAT(one, ::testing::Not(HasSubstr("exit ")));
  const auto last = rig.reply(ms(10), no_answer());
  EXPECT_THAT(last, ElementsAre("call_retry at 110000"));
  rig.step(ms(110), in::TimerDue{TimerKind::call_retry, 2});
  const auto end = rig.reply(ms(120), reply_ok());
  ASSERT_THAT(end, SizeIs(1));
  EXPECT_THAT(end[0], HasSubstr("exit 1: "));
}

}  // namespace
}  // namespace podramp::backend::backend_test
