// Scheduler backend, 02 4.2 and acceptance lines S-D1 to S-D8: start and stop with the driver's own objects, kills,
// decommissioning, ids for pods of sets. The rules of registration and loss: scheduler_rules_test.cpp.
#include "backend/scheduler_backend.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "backend/test_living.h"
#include "backend/wiring.h"

namespace podramp::backend::scheduler_backend_test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

constexpr TimeUs ms(std::int64_t n) { return n * kMillisecondUs; }
constexpr TimeUs s(std::int64_t n) { return n * kSecondUs; }

// --- start and stop ----------------------------------------------------------------------------------------------

TEST(SchedulerBackend, S_D1_StartsEveryComponentAsksForThreeExecutorsAndCreatesTheConfigMap) {
  LivingApp app(owning_application(3));
  app.add_driver();
  app.world.run(ms(100));
  EXPECT_THAT(app.calls_since(0), ElementsAre("get driver-0", "list persistentvolumeclaims", "watch",
                                              "create configmaps spark-exec-app-1-conf-map", "create app-exec-1",
                                              "create app-exec-2", "create app-exec-3"));
  EXPECT_EQ(app.backend->books().profiles.at(0).target, 3);
  std::vector<TimerKind> timers;
  for (const auto& [when, timer] : app.world.all<out::TimerSet>()) timers.push_back(timer.timer);
  EXPECT_THAT(timers, ElementsAre(TimerKind::ready_wait, TimerKind::allocator_tick, TimerKind::lifecycle_tick,
                                  TimerKind::poll));
  const ManifestPtr map = app.world.objects().at({Kind::config_map, "spark-exec-app-1-conf-map"});
  EXPECT_EQ(map->labels, (StringMap{{"spark-app-selector", "app-1"}, {"spark-role", "executor"}}));
  EXPECT_EQ(map->owners, (std::vector<OwnerReference>{{"Pod", "driver-0", "uid-driver", true}}));
  EXPECT_TRUE(map->immutable);
  EXPECT_EQ(map->data.at("spark.kubernetes.namespace"), "default");
  EXPECT_EQ(app.world.pods().at("app-exec-1")->tmpl->volumes.at(0).source, map->name);
}

TEST(SchedulerBackend, CreatesNoConfigMapWhenItIsDisabledNorForALogThatKnewNone) {
  Application disabled = owning_application(1);
  disabled.conf.config_map = false;
  Application old = owning_application(1);
  old.revision = kFirstRevision;
  for (const Application& application : {disabled, old}) {
    LivingApp app(application);
    app.add_driver();
    app.world.run(ms(100));
    EXPECT_THAT(app.calls_since(0),
                ElementsAre("get driver-0", "list persistentvolumeclaims", "watch", "create app-exec-1"));
  }
}

TEST(SchedulerBackend, AConfigMapThatCannotBeCreatedEndsTheDriver) {
  LivingApp app(owning_application(1));
  app.add_driver();
  app.world.fault = [](const ApiRequest& request) -> std::optional<ApiReply> {
    if (request.kind != Kind::config_map || request.verb != Verb::create) return std::nullopt;
    return reply_error(403, "Forbidden");
  };
  app.world.run(s(1));
  const auto exited = app.world.all<out::Exited>();
  ASSERT_THAT(exited, SizeIs(1));
  EXPECT_EQ(exited[0].second.code, 1);
  EXPECT_EQ(exited[0].second.why, "creating the executors' config map: 403 Forbidden: as the server says");
  EXPECT_THAT(app.world.pods(), SizeIs(1)) << "only the driver is left";
}

TEST(SchedulerBackend, S_D2_StopStopsAllAndDeletesWhatIsTheApplications) {
  LivingApp app(owning_application(3));
  app.add_driver();
  app.world.run(ms(500));
  app.world.at(ms(500), in::Stopped{});
  app.world.run(s(1));
  EXPECT_THAT(app.calls_since(ms(500)),
              ElementsAre("deletecollection services", "deletecollection persistentvolumeclaims", "deletecollection",
                          "deletecollection configmaps"));
  const auto requests = app.requests_since(ms(500));
  EXPECT_EQ(to_string(requests[0].label_selector), "spark-app-selector=app-1");
  EXPECT_EQ(to_string(requests[1].label_selector), "spark-app-selector=app-1");
  EXPECT_EQ(to_string(requests[2].label_selector), "spark-app-selector=app-1,spark-role=executor");
  EXPECT_EQ(to_string(requests[3].label_selector), "spark-app-selector=app-1,spark-role=executor");
  EXPECT_THAT(app.world.all<out::WatchReleased>(), SizeIs(1));
  std::vector<TimerKind> cancelled;
  for (const auto& [when, timer] : app.world.all<out::TimerCancelled>()) cancelled.push_back(timer.timer);
  EXPECT_THAT(cancelled, ElementsAre(TimerKind::ready_wait, TimerKind::allocator_tick, TimerKind::lifecycle_tick,
                                     TimerKind::poll));
  const auto exited = app.world.all<out::Exited>();
  ASSERT_THAT(exited, SizeIs(1));
  EXPECT_EQ(exited[0].second.code, 0);
  EXPECT_THAT(app.world.objects(), IsEmpty());
}

TEST(SchedulerBackend, S_D3_StopGoesOnAndEndsTheClientEvenIfEachStepFails) {
  LivingApp app(owning_application(3));
  app.add_driver();
  app.world.run(ms(500));
  app.world.fault = [](const ApiRequest& /*request*/) { return reply_error(403, "Forbidden"); };
  app.world.at(ms(500), in::Stopped{});
  app.world.run(s(1));
  EXPECT_THAT(app.calls_since(ms(500)), SizeIs(4));
  std::vector<std::string> errors;
  for (const auto& [when, noted] : app.world.all<out::Noted>()) errors.push_back(noted.text);
  EXPECT_THAT(errors, ElementsAre("deleting the services: 403 Forbidden: as the server says",
                                  "deleting the claims: 403 Forbidden: as the server says",
                                  "deleting the executors: 403 Forbidden: as the server says",
                                  "deleting the executors' config maps: 403 Forbidden: as the server says"));
  ASSERT_THAT(app.world.all<out::Exited>(), SizeIs(1));
  EXPECT_EQ(app.world.all<out::Exited>()[0].second.code, 0);
}

TEST(SchedulerBackend, StopDeletesByTheConf) {
  Application kept = owning_application(0);
  kept.conf.delete_on_termination = false;
  kept.conf.own_claims = false;
  LivingApp app(kept);
  app.add_driver();
  app.world.at(ms(500), in::Stopped{});
  app.world.run(s(1));
  EXPECT_THAT(app.calls_since(ms(500)), ElementsAre("deletecollection services"));
}

TEST(SchedulerBackend, StopWaitsForRunsAsLongAsItsKeySays) {
  Application application = test_application(1);
  application.conf.subscribers_grace_us = s(3);
  LivingApp app(application);
  app.world.run(0);  // a create is under way
  app.world.silent = true;
  app.world.answer_us = s(100);
  app.world.at(ms(5), in::Stopped{});
  app.world.run(ms(6));
  EXPECT_EQ(app.world.all<out::TimerSet>().back().second.timer, TimerKind::stop_grace);
  EXPECT_EQ(app.world.all<out::TimerSet>().back().second.at_us, s(3) + ms(5));
}

// --- kill --------------------------------------------------------------------------------------------------------

// `n` executors, registered; their pods are Running from 300 ms on when asked for.
struct Fleet : LivingApp {
  Fleet(Application application, std::int64_t n, PodPhase phase) : LivingApp(std::move(application)) {
    world.run(ms(300));
    for (ExecutorId id = 1; id <= n; ++id) {
      if (phase != PodPhase::pending) world.set_phase("app-exec-" + std::to_string(id), phase);
      world.at(ms(310), in::Registered{id, "n" + std::to_string(id)});
    }
    world.run(ms(400));
  }
  std::vector<ExecutorId> stopped() const {
    std::vector<ExecutorId> ids;
    for (const auto& [when, one] : world.all<out::ExecutorStopped>()) ids.push_back(one.executor);
    return ids;
  }
  std::vector<std::pair<ExecutorId, std::string>> removed() const {
    std::vector<std::pair<ExecutorId, std::string>> all;
    for (const auto& [when, one] : world.all<out::ExecutorRemoved>()) all.emplace_back(one.executor, one.reason);
    return all;
  }
};

TEST(SchedulerBackend, S_D4_RemovingAnExecutorSendsItsRemoval) {
  ExecutorTable table;
  ApiCalls calls{RetryPolicy{}};
  Maintenance maintenance("default", "app-1", calls);
  SchedulerBackend backend({}, {[](TimeUs, const ExecutorTargets&, Outbox&) {}, [](ExecutorId) { return false; }},
                           table, maintenance);
  Outbox out;
  backend.start(0, out);
  backend.launch(out);
  backend.register_executor(0, {1, "n"}, out);
  (void)out.take();
  backend.remove(ms(1), {1, -1, false, "killed"}, out);
  const std::vector<Effect> effects = out.take();
  ASSERT_THAT(effects, SizeIs(2));
  EXPECT_EQ(std::get<out::ExecutorStopped>(effects[0]).executor, 1);
  EXPECT_EQ(std::get<out::ExecutorRemoved>(effects[1]).executor, 1);
  EXPECT_EQ(std::get<out::ExecutorRemoved>(effects[1]).reason, "killed");
  EXPECT_FALSE(table.contains(1));
  backend.remove(ms(2), {1, -1, false, "killed"}, out);  // unknown: nobody is told to stop, listeners hear of it
  EXPECT_THAT(out.take(), SizeIs(1));
}

TEST(SchedulerBackend, S_D5_KillLabelsThePodsAndDeletesNothingWhenNoneIsRunning) {
  Application application = test_application(2);
  application.conf.decommission_label = "soLong";
  application.conf.decommission_label_value = "cruelWorld";
  Fleet app(application, 2, PodPhase::pending);
  app.world.at(ms(500), in::KillRequested{{1, 2}, true, true});
  app.world.run(ms(600));
  EXPECT_THAT(app.calls_since(ms(500)), ElementsAre("list", "patch app-exec-1", "patch app-exec-2"));
  const auto requests = app.requests_since(ms(500));
  EXPECT_EQ(to_string(requests[0].label_selector),
            "spark-app-selector=app-1,spark-role=executor,spark-exec-id in (1,2)");
  EXPECT_EQ(requests[1].set_labels, (StringMap{{"soLong", "cruelWorld"}}));
  EXPECT_THAT(app.stopped(), ElementsAre(1, 2));
  EXPECT_THAT(app.removed(), ElementsAre(Pair(1, "killed"), Pair(2, "killed")));
  app.world.run(ms(5'499));
  EXPECT_THAT(app.calls_since(ms(600)), IsEmpty());
  app.world.run(ms(5'600));
  EXPECT_THAT(app.calls_since(ms(600)), ElementsAre("list"));
}

TEST(SchedulerBackend, S_D5_KillDeletesPodsThatStillRunAfterTheGracePeriodWhateverDeleteOnTerminationSays) {
  Application application = test_application(2);
  application.conf.delete_on_termination = false;
  Fleet app(application, 2, PodPhase::running);
  app.world.at(ms(500), in::KillRequested{{1, 2}, true, true});
  app.world.run(ms(5'600));
  EXPECT_THAT(app.calls_since(ms(500)), ElementsAre("list", "deletecollection"))
      << "without a label nothing is patched";
  for (const ApiRequest& request : app.requests_since(ms(500))) {
    EXPECT_EQ(to_string(request.label_selector), "spark-app-selector=app-1,spark-role=executor,spark-exec-id in (1,2)");
    EXPECT_EQ(to_string(request.field_selector), "status.phase=Running");
  }
  EXPECT_THAT(app.world.pods(), IsEmpty());
}

TEST(SchedulerBackend, ALabelWithoutAValueIsEmpty) {
  Application application = test_application(1);
  application.conf.decommission_label = "going";
  Fleet app(application, 1, PodPhase::running);
  app.world.at(ms(500), in::KillRequested{{1}, true, true});
  app.world.run(ms(600));
  EXPECT_EQ(app.requests_since(ms(500)).at(1).set_labels, (StringMap{{"going", ""}}));
}

TEST(SchedulerBackend, S_D6_TheDeletionCostIsOfTheDeploymentAllocatorAlone) {
  Application application = test_application(1);
  application.conf.pod_deletion_cost = -5;
  for (const auto& [allocator, cost] : {std::pair{PodsAllocator::deployment, std::optional<std::int64_t>(-5)},
                                        {PodsAllocator::direct, std::nullopt},
                                        {PodsAllocator::stateful_set, std::nullopt}}) {
    application.conf.pods_allocator = allocator;
    EXPECT_EQ(scheduler_settings(application).deletion_cost, cost);
  }
  application.conf.pods_allocator = PodsAllocator::direct;
  for (const bool kill : {true, false}) {
    Fleet app(application, 1, PodPhase::running);
    app.world.at(ms(500), kill ? Input{in::KillRequested{{1}, true, false}} : Input{in::DecommissionRequested{{1}}});
    app.world.run(ms(2'000));
    for (const ApiRequest& request : app.requests_since(ms(500))) EXPECT_THAT(request.set_annotations, IsEmpty());
  }
}

TEST(SchedulerBackend, S_D6_DeletionCostIsPatchedOnKillAndOnDecommissionWithTheDeploymentAllocator) {
  for (const bool kill : {true, false}) {
    ExecutorTable table;
    ApiCalls calls{RetryPolicy{}};
    Maintenance maintenance("default", "app-1", calls);
    SchedulerSettings settings;
    settings.deletion_cost = -5;
    SchedulerBackend backend(settings,
                             {[](TimeUs, const ExecutorTargets&, Outbox&) {}, [](ExecutorId) { return false; }}, table,
                             maintenance);
    Outbox out;
    backend.start(0, out);
    backend.launch(out);
    backend.register_executor(0, {1, "n"}, out);
    (void)out.take();
    if (kill) {
      backend.kill(0, {1}, {.adjust_target = false}, out);
    } else {
      backend.decommission(0, {1}, false, false, "why", out);
    }
    const auto listing = only<out::Called>(out.take());
    ASSERT_THAT(listing, SizeIs(1));
    EXPECT_EQ(listing[0].request.verb, Verb::list);
    ApiReply found = reply_ok();
    found.list = PodList{{stored(executor_pod(1, PodPhase::running))}};
    maintenance.resume(*calls.on_reply(0, {listing[0].call, found}, out), out);
    const auto patch = only<out::Called>(out.take());
    ASSERT_THAT(patch, SizeIs(1));
    EXPECT_EQ(patch[0].request.verb, Verb::patch);
    EXPECT_EQ(patch[0].request.name, "app-exec-1");
    EXPECT_EQ(patch[0].request.set_annotations, (StringMap{{"controller.kubernetes.io/pod-deletion-cost", "-5"}}));
  }
}

TEST(SchedulerBackend, S_D7_ARegistrationIsIgnoredWhenTheContextIsStopped) {
  LivingApp app(test_application(1));
  app.world.run(ms(5));
  app.world.at(ms(6), in::Stopped{});
  app.world.at(ms(7), in::Registered{1, "n"});
  app.world.run(ms(8));
  EXPECT_THAT(app.world.all<out::RegistrationAccepted>(), IsEmpty());
  EXPECT_THAT(app.world.all<out::RegistrationRefused>(), IsEmpty());
  EXPECT_EQ(app.backend->books().registered, 0);
}

TEST(SchedulerBackend, S_D8_TheFirstIdThatIsGivenIsOneAndThePodIsLabelledWithIt) {
  LivingApp app(test_application(0));
  app.world.put(executor_pod(7, PodPhase::running));  // app-exec-7, of a set
  app.world.at(ms(10), in::ExecutorIdAsked{"app-exec-7"});
  app.world.at(ms(11), in::ExecutorIdAsked{"gone"});
  app.world.run(ms(200));
  const auto given = app.world.all<out::ExecutorIdGiven>();
  ASSERT_THAT(given, SizeIs(2));
  EXPECT_EQ(given[0].second.pod, "app-exec-7");
  EXPECT_EQ(given[0].second.executor, 1);
  EXPECT_EQ(given[1].second.executor, 2);
  EXPECT_THAT(app.calls_since(ms(10)), ElementsAre("patch app-exec-7", "patch gone"));
  EXPECT_EQ(*app.world.pods().at("app-exec-7")->label("spark-exec-id"), "1");
  EXPECT_EQ(app.backend->books().next_executor_id, 1) << "the allocator's counter is another one";
}

TEST(SchedulerBackend, AStopWaitsForKillsInTheirGracePeriod) {
  Fleet app(test_application(1), 1, PodPhase::running);
  app.world.at(ms(500), in::KillRequested{{1}, true, true});
  app.world.at(ms(1'000), in::Stopped{});
  app.world.run(ms(5'499));
  EXPECT_THAT(app.world.all<out::Exited>(), IsEmpty());
  app.world.run(ms(5'600));
  ASSERT_THAT(app.world.all<out::Exited>(), SizeIs(1));
  EXPECT_EQ(app.world.all<out::Exited>()[0].first, ms(5'510)) << "after the list that finds nothing";
}

TEST(SchedulerBackend, AStopCutsTheMaintenanceThreadAfterThirtySeconds) {
  Application application = test_application(1);
  application.conf.delete_grace_period_us = kHourUs;
  Fleet app(application, 1, PodPhase::running);
  app.world.at(ms(500), in::KillRequested{{1}, true, true});
  app.world.at(ms(1'000), in::Stopped{});
  app.world.run(kMinuteUs);
  ASSERT_THAT(app.world.all<out::Exited>(), SizeIs(1));
  EXPECT_EQ(app.world.all<out::Exited>()[0].first, s(31) + ms(10)) << "30 s after the pods were deleted";
}

}  // namespace
}  // namespace podramp::backend::scheduler_backend_test
