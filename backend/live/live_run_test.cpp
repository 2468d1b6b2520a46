// Whole live runs against the small API server: they reach their targets, obey their rails and leave nothing behind.
#include "backend/live/live_run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "backend/live/live_report.h"
#include "backend/live/test_live_world.h"

namespace podramp::live::live_run_test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr const char* kPods = "POST /api/v1/namespaces/spark/pods";

http::Response status(int code, const std::string& reason) {
  return {code, {}, fmt::format(R"({{"kind":"Status","code":{},"reason":"{}","message":"injected"}})", code, reason)};
}

TEST(LiveRun, ReachesItsTargetAndLeavesNothing) {
  LiveWorld world(live_scenario(3));
  const RunOutcome outcome = world.run();
  EXPECT_THAT(outcome.missing, IsEmpty());
  EXPECT_EQ(outcome.loop.ended, "quiet");
  ASSERT_EQ(outcome.loop.applications.size(), 1U);
  const LiveTally& etl = outcome.loop.applications.front();
  EXPECT_EQ(etl.registered, 3);
  EXPECT_EQ(etl.answers.at("create pods 201"), 3);
  EXPECT_EQ(etl.exit_code, 0);
  EXPECT_TRUE(reached_targets(outcome.loop));
  EXPECT_THAT(world.server.objects(), IsEmpty());
  EXPECT_THAT(outcome.sweep.left, IsEmpty());
  EXPECT_THAT(outcome.sweep.errors, IsEmpty());
  EXPECT_THAT(live_report(outcome, false).front(), testing::StartsWith("etl: 3 of 3 executors, 50 % after "));
  EXPECT_THAT(live_report_json(outcome),
              testing::AllOf(HasSubstr(R"("ended":"quiet")"), HasSubstr(R"("registered":3)"),
                             HasSubstr(R"("create pods 201":3)"), HasSubstr(R"("left":[])")));
}

TEST(LiveRun, ItsLogIsWholeAndHoldsNoSecret) {
  LiveWorld world(live_scenario(1, R"("spark.hadoop.fs.s3a.secret.key":"canary-conf",)"));
  world.run();
  const std::string log = world.log();
  EXPECT_THAT(log, testing::StartsWith(R"({"podramp":"log","schema":1,)"));
  EXPECT_THAT(
      log, HasSubstr(fmt::format(R"("live":{{"run":"r-1","server":"{}","namespace":"spark"}})", world.server.url())));
  EXPECT_THAT(log, HasSubstr(R"("type":"in.registered")"));
  EXPECT_THAT(log, HasSubstr(R"({"footer":{"ended":"quiet")"));
  EXPECT_THAT(log + world.said, Not(HasSubstr("canary")));
  const auto origin = log_origin(world.settings.log_path);
  ASSERT_TRUE(origin.has_value());
  EXPECT_EQ(origin->run + " " + origin->ns, "r-1 spark");
}

TEST(LiveRun, EveryPodIsAStandInWithTheRunsLabel) {
  LiveWorld world(live_scenario(2, "", R"(,"live":{"image":"stand-in:1"})"));
  std::vector<Pod> seen;
  world.settings.loop.interrupts = [&] {
    if (world.server.pods().size() == 2) seen = world.server.pods();
    return 0;
  };
  world.run();
  ASSERT_EQ(seen.size(), 2U);
  for (const Pod& pod : seen) {
    EXPECT_EQ(pod.tmpl->containers.front().image, "stand-in:1");
    EXPECT_EQ(*pod.label(kRunLabel), "r-1");
    EXPECT_EQ(pod.tmpl->containers.front().requests.cpu_milli, 1000);
  }
}

TEST(LiveRun, ADriverPodOwnsTheExecutors) {
  LiveWorld world(live_scenario(1, "", R"(,"live":{"driver_pod":true})"));
  std::vector<OwnerReference> owners;
  world.settings.loop.interrupts = [&] {
    for (const Pod& pod : world.server.pods()) {
      if (*pod.label("spark-role") == "executor") owners = pod.tmpl->owners;
    }
    return 0;
  };
  const RunOutcome outcome = world.run();
  EXPECT_EQ(outcome.loop.ended, "quiet") << outcome.error;
  ASSERT_EQ(owners.size(), 1U);
  EXPECT_EQ(owners.front().name, "etl-r-1-driver");
  EXPECT_EQ(owners.front().uid, "uid-1");
  EXPECT_THAT(world.server.objects(), IsEmpty());
}

// --- rails ---------------------------------------------------------------------------------------------------------

TEST(LiveRun, MissingRightsEndItBeforeTheFirstCreate) {
  LiveWorld world(live_scenario(1));
  world.server.answer_reviews([](const std::string& body) {
    return body.find(R"("verb":"watch")") == std::string::npos && body.find("configmaps") == std::string::npos;
  });
  const RunOutcome outcome = world.run();
  EXPECT_THAT(outcome.missing,
              ElementsAre("rights in namespace spark: list configmaps, create configmaps, delete configmaps, "
                          "deletecollection configmaps, watch pods (scenarios/live/role.yaml has all that is needed)"));
  EXPECT_FALSE(outcome.began);
  EXPECT_EQ(world.requests_that_start_with(kPods), 0U);
  EXPECT_EQ(world.log(), "");
}

TEST(LiveRun, AQuotaWithoutRoomIsMissingToo) {
  LiveWorld world(live_scenario(4));
  world.server.put_quota(R"({"items":[{"metadata":{"name":"q"},"status":{"hard":{"pods":"5","requests.cpu":"100"},
    "used":{"pods":"3","requests.cpu":"500m"}}}]})");
  EXPECT_THAT(world.run().missing, ElementsAre("room in quota q: 3 of 5 pods are used, and the run wants 4 more"));
  world.settings.ignore_quota = true;
  EXPECT_EQ(world.run().loop.ended, "quiet");
}

TEST(LiveRun, ObjectsOfAnotherRunAreInTheWay) {
  LiveWorld world(live_scenario(1));
  StandIns other({}, "r-0", false);
  EXPECT_TRUE(world.client
                  ->ask(other.dressed(create_driver_pod({[] {
                    backend::Application app;
                    app.conf.ns = "spark";
                    app.conf.driver_pod_name = "left";
                    return app;
                  }()})))
                  .ok());
  EXPECT_THAT(world.run().missing, ElementsAre(HasSubstr("pods/spark/left (run r-0) is there from another run")));
}

TEST(LiveRun, WhereNobodyCanSayWhetherThereAreSuchObjectsNothingIsStarted) {
  LiveWorld world(live_scenario(1));
  world.server.interfere([](const http::Request& request) -> std::optional<http::Response> {
    if (request.method != "GET" || request.target.find("/pods") == std::string::npos) return std::nullopt;
    return status(500, "InternalError");
  });
  EXPECT_THAT(world.run().missing, ElementsAre("a look for objects of other runs: pods in namespace spark cannot be "
                                               "listed: injected"));
  EXPECT_EQ(world.requests_that_start_with(kPods), 0U);
}

TEST(LiveRun, ANamespaceThatIsNotThereIsMissing) {
  LiveWorld world(live_scenario(1));
  world.server.interfere([](const http::Request& request) -> std::optional<http::Response> {
    if (!request.target.ends_with("/namespaces/spark")) return std::nullopt;
    return status(404, "NotFound");
  });
  EXPECT_THAT(world.run().missing, ElementsAre("the namespace spark: kubectl create namespace spark"));
}

TEST(LiveRun, AServerThatCannotBeReachedOrDoesNotKnowUsIsSaidSo) {
  LiveWorld world(live_scenario(1));
  world.server.interfere([](const http::Request&) { return status(401, "Unauthorized"); });
  EXPECT_THAT(world.run().missing, ElementsAre(HasSubstr("does not know us: the credentials of")));
  world.server.end();
  EXPECT_THAT(world.run().missing, ElementsAre(HasSubstr("cannot be reached: Failed to connect")));
}

TEST(LiveRun, MaxPodsIsNeverExceededAndSaysSo) {
  LiveWorld world(live_scenario(5));
  world.settings.loop.max_pods = 2;
  std::size_t most = 0;
  world.settings.loop.interrupts = [&] {
    most = std::max(most, world.server.pods().size());
    return 0;
  };
  const RunOutcome outcome = world.run();
  EXPECT_EQ(outcome.loop.ended, "stuck");
  EXPECT_EQ(most, 2U);
  EXPECT_EQ(world.requests_that_start_with(kPods), 2U);
  EXPECT_THAT(outcome.loop.applications.front().last_refusal, HasSubstr("podramp's own --max-pods=2"));
  EXPECT_FALSE(reached_targets(outcome.loop));
  EXPECT_THAT(world.server.objects(), IsEmpty());
}

TEST(LiveRun, TheDefaultOfMaxPodsIsNotInTheWaySilently) {
  LiveWorld world(live_scenario(101));
  world.settings.loop.max_pods = 100;
  world.settings.max_pods_by_default = true;
  EXPECT_THAT(world.run().missing,
              ElementsAre("leave for 101 executors at once: --max-pods is 100 unless you raise it"));
}

TEST(LiveRun, ADryRunAsksAndMakesNothing) {
  LiveWorld world(live_scenario(3), true);
  const RunOutcome outcome = world.run();
  EXPECT_EQ(outcome.loop.ended, "quiet");
  EXPECT_GT(world.requests_that_start_with(std::string(kPods) + "?dryRun=All"), 0U);
  EXPECT_EQ(world.requests_that_start_with(kPods), world.requests_that_start_with(std::string(kPods) + "?dryRun=All"));
  EXPECT_THAT(world.server.objects(), IsEmpty());
  EXPECT_THAT(live_report(outcome, true), Contains(testing::StartsWith("dry run: nothing was made")));
}

// --- trouble -------------------------------------------------------------------------------------------------------

TEST(LiveRun, AnInterruptEndsItAndASecondOneTheWait) {
  LiveWorld world(live_scenario(2));
  int asked = 0;
  world.settings.loop.interrupts = [&] {
    if (world.server.pods().size() == 2) ++asked;
    return std::min(asked, 2);
  };
  const RunOutcome outcome = world.run();
  EXPECT_EQ(outcome.loop.ended, "interrupted");
  EXPECT_THAT(world.server.objects(), IsEmpty());
  EXPECT_THAT(world.log(), HasSubstr(R"({"footer":{"ended":"interrupted")"));
}

TEST(LiveRun, FaultsOfTheServerAreOvercome) {
  LiveWorld world(live_scenario(3));
  int creates = 0;
  world.server.interfere([&](const http::Request& request) -> std::optional<http::Response> {
    const bool create = request.method == "POST" && request.target.ends_with("/namespaces/spark/pods");
    if (!create) return std::nullopt;
    switch (++creates) {
      case 1: return http::Response{429, {{"Retry-After", "1"}}, R"({"kind":"Status","code":429})"};
      case 2: return status(500, "InternalError");
      case 4: return status(503, "ServiceUnavailable");
      default: return std::nullopt;
    }
  });
  world.settings.loop.stuck_us = 30 * kSecondUs;
  const RunOutcome outcome = world.run();
  EXPECT_EQ(outcome.loop.ended, "quiet");
  EXPECT_EQ(outcome.loop.applications.front().registered, 3);
  EXPECT_GE(creates, 6);
  EXPECT_THAT(world.server.objects(), IsEmpty());
}

TEST(LiveRun, AWatchThatIsCutIsOpenedAgain) {
  LiveWorld world(live_scenario(3));
  bool cut = false;
  world.settings.loop.interrupts = [&] {
    if (!cut && world.server.pods().size() == 3) {
      cut = true;
      world.server.cut_watches();
      world.server.delete_pod(world.server.pods().front().name);
    }
    return 0;
  };
  world.settings.loop.hold_us = 3 * kSecondUs;
  world.settings.loop.stuck_us = 30 * kSecondUs;
  const RunOutcome outcome = world.run();
  EXPECT_EQ(outcome.loop.ended, "quiet");
  EXPECT_GE(outcome.loop.applications.front().answers.at("watch pods 200"), 2);
  EXPECT_THAT(world.server.objects(), IsEmpty());
}

TEST(LiveRun, ACreateWhoseAnswerWasCutIsNeitherLostNorDoubled) {  // K10
  LiveWorld world(live_scenario(3));
  world.settings.loop.stuck_us = 30 * kSecondUs;
  world.server.cut_answers(2);
  std::size_t most = 0;
  world.settings.loop.interrupts = [&] {
    most = std::max(most, world.server.pods().size());
    return 0;
  };
  const RunOutcome outcome = world.run();
  EXPECT_EQ(outcome.loop.ended, "quiet");
  EXPECT_EQ(outcome.loop.applications.front().registered, 3);
  EXPECT_GE(outcome.loop.applications.front().answers.at("create configmaps maybe_committed"), 1);
  EXPECT_EQ(most, 3U);
  EXPECT_THAT(world.server.objects(), IsEmpty());
}

TEST(LiveRun, AWatchThatIsGoneLeavesThePolls) {  // 02 2.2: 410 ends it for good
  LiveWorld world(live_scenario(2, R"("spark.kubernetes.executor.apiPollingInterval":"1s",)"));
  world.server.interfere([](const http::Request& request) -> std::optional<http::Response> {
    if (request.target.find("watch=true") == std::string::npos) return std::nullopt;
    return status(410, "Expired");
  });
  world.settings.loop.stuck_us = 20 * kSecondUs;
  const RunOutcome outcome = world.run();
  EXPECT_EQ(outcome.loop.ended, "quiet");
  EXPECT_EQ(outcome.loop.applications.front().registered, 2);
  EXPECT_THAT(world.server.objects(), IsEmpty());
}

TEST(LiveRun, AServerThatRestartsForgetsWatchesAndIsFoundAgain) {
  for (const int down_ms : {0, 2'500}) {
    LiveWorld world(live_scenario(3, R"("spark.kubernetes.executor.apiPollingInterval":"1s",)"));
    bool restarted = false;
    world.settings.loop.interrupts = [&] {
      if (!restarted && world.server.pods().size() == 3) {
        restarted = true;
        world.server.restart(std::chrono::milliseconds(down_ms));
        world.server.delete_pod(world.server.pods().front().name);
      }
      return 0;
    };
    world.settings.loop.hold_us = 4 * kSecondUs;
    world.settings.loop.stuck_us = 30 * kSecondUs;
    const RunOutcome outcome = world.run();
    EXPECT_TRUE(restarted);
    EXPECT_EQ(outcome.loop.ended, "quiet");
    // The lost one was made good; Spark takes it for lost itself only half a minute later.
    EXPECT_GE(outcome.loop.applications.front().registered, 3);
    EXPECT_GE(outcome.loop.applications.front().answers.at("create pods 201"), 4);
    EXPECT_THAT(world.server.objects(), IsEmpty());
    EXPECT_THAT(outcome.sweep.errors, IsEmpty());
  }
}

TEST(LiveRun, AServerThatDoesNotComeBackIsTheReasonItGives) {
  LiveWorld world(live_scenario(3));
  world.settings.loop.interrupts = [&] {
    if (world.server.pods().size() == 2) world.server.end();
    return 0;
  };
  world.settings.loop.stop_us = kSecondUs;
  world.settings.patience_us = kSecondUs;
  const RunOutcome outcome = world.run();
  EXPECT_EQ(outcome.loop.ended, "stuck");
  EXPECT_THAT(outcome.loop.applications.front().last_refusal, HasSubstr("Failed to connect"));
  EXPECT_THAT(outcome.sweep.errors, Contains(HasSubstr("pods in namespace spark cannot be listed: Failed to connect")));
}

TEST(LiveRun, AServerThatAnswersFromOldStateGetsNoPodTooMany) {  // K14: lists of version "0" come from a cache
  LiveWorld world(live_scenario(3, R"("spark.kubernetes.executor.apiPollingInterval":"1s",)"));
  std::size_t most = 0;
  world.server.answer_from_old_state(true);  // that there are no pods
  world.settings.loop.interrupts = [&] {
    most = std::max(most, world.server.pods().size());
    return 0;
  };
  world.settings.loop.hold_us = 3 * kSecondUs;
  world.settings.loop.stuck_us = 30 * kSecondUs;
  const RunOutcome outcome = world.run();
  EXPECT_EQ(outcome.loop.ended, "quiet");
  EXPECT_EQ(outcome.loop.applications.front().registered, 3);
  EXPECT_EQ(most, 3U);
  EXPECT_THAT(world.server.objects(), IsEmpty());
}

TEST(LiveRun, AQuotaThatRefusesIsTheReasonItGives) {
  LiveWorld world(live_scenario(3));
  int creates = 0;
  world.server.interfere([&](const http::Request& request) -> std::optional<http::Response> {
    if (request.method != "POST" || !request.target.ends_with("/namespaces/spark/pods") || ++creates == 1)
      return std::nullopt;
    return http::Response{
        403, {}, R"({"kind":"Status","code":403,"reason":"Forbidden","message":"exceeded quota: q"})"};
  });
  const RunOutcome outcome = world.run();
  EXPECT_EQ(outcome.loop.ended, "stuck");
  EXPECT_EQ(outcome.loop.applications.front().last_refusal, "403 Forbidden: exceeded quota: q");
  EXPECT_THAT(live_report(outcome, false),
              Contains("etl: the last create was refused: 403 Forbidden: exceeded quota: q"));
  EXPECT_THAT(world.server.objects(), IsEmpty());
}

TEST(LiveRun, ALogThatCannotBeWrittenStopsIt) {
  LiveWorld world(live_scenario(2));
  world.settings.log_path = "/dev/full";
  const RunOutcome outcome = world.run();
  EXPECT_FALSE(outcome.began);
  EXPECT_THAT(outcome.error, HasSubstr("cannot write /dev/full: No space left on device"));
  EXPECT_EQ(world.requests_that_start_with(kPods), 0U);
}

// --- afterwards ----------------------------------------------------------------------------------------------------

TEST(CleanUp, SweepsOneRunOnlyAndTellsWhatStays) {
  LiveWorld world(live_scenario(1));
  for (const char* run : {"r-1", "r-2"}) {
    StandIns stand_ins({}, run, false);
    backend::Application app;
    app.conf.ns = "spark";
    app.conf.driver_pod_name = std::string("pod-of-") + run;
    ASSERT_TRUE(world.client->ask(stand_ins.dressed(create_driver_pod({app}))).ok());
  }
  SweepSettings settings;
  settings.ns = "spark";
  settings.run = "r-1";
  settings.pause_us = kMillisecondUs;
  Sweep swept = sweep(*world.client, world.clock, settings);
  EXPECT_EQ(swept.deleted, 1);
  EXPECT_THAT(swept.left, IsEmpty());
  EXPECT_THAT(world.server.objects(), ElementsAre("pods/pod-of-r-2"));
  world.server.interfere([](const http::Request& request) -> std::optional<http::Response> {
    if (request.method != "DELETE") return std::nullopt;
    return status(403, "Forbidden");
  });
  settings.run = "r-2";
  settings.patience_us = 10 * kMillisecondUs;
  swept = sweep(*world.client, world.clock, settings);
  EXPECT_THAT(swept.left, ElementsAre("pods/spark/pod-of-r-2"));
}

TEST(CleanUp, ADeleteThatIsRefusedForAWhileIsAskedForAgain) {
  LiveWorld world(live_scenario(1));
  StandIns stand_ins({}, "r-1", false);
  backend::Application app;
  app.conf.ns = "spark";
  app.conf.driver_pod_name = "left";
  ASSERT_TRUE(world.client->ask(stand_ins.dressed(create_driver_pod({app}))).ok());
  int deletes = 0;
  world.server.interfere([&](const http::Request& request) -> std::optional<http::Response> {
    if (request.method != "DELETE" || ++deletes > 3) return std::nullopt;
    return status(deletes == 1 ? 429 : 500, "TryAgain");
  });
  SweepSettings settings;
  settings.ns = "spark";
  settings.run = "r-1";
  settings.pause_us = kMillisecondUs;
  const Sweep swept = sweep(*world.client, world.clock, settings);
  EXPECT_EQ(deletes, 4);
  EXPECT_EQ(swept.deleted, 1);
  EXPECT_THAT(swept.left, IsEmpty());
  EXPECT_THAT(swept.errors, IsEmpty());
  EXPECT_THAT(world.server.objects(), IsEmpty());
}

TEST(CleanUp, ACreateThatIsDoneLateIsMetWhileItWaits) {
  LiveWorld world(live_scenario(1));
  int looks = 0;
  world.server.interfere([&](const http::Request& request) -> std::optional<http::Response> {
    if (request.method != "GET" || ++looks > 1) return std::nullopt;
    return http::Response{200, {}, R"({"kind":"PodList","apiVersion":"v1","metadata":{},"items":[]})"};
  });
  StandIns stand_ins({}, "r-1", false);
  backend::Application app;
  app.conf.ns = "spark";
  app.conf.driver_pod_name = "late";
  ASSERT_TRUE(world.client->ask(stand_ins.dressed(create_driver_pod({app}))).ok());
  SweepSettings settings;
  settings.ns = "spark";
  settings.run = "r-1";
  settings.kinds = {Kind::pod};
  settings.pause_us = 10 * kMillisecondUs;
  settings.settle_us = 100 * kMillisecondUs;
  EXPECT_EQ(sweep(*world.client, world.clock, settings).deleted, 1);
  EXPECT_THAT(world.server.objects(), IsEmpty());
}

TEST(CleanUp, KindsThatMayNotBeListedWereNeverMadeButPodsMustBeSeen) {
  LiveWorld world(live_scenario(1));
  world.server.interfere([](const http::Request& request) -> std::optional<http::Response> {
    if (request.target.find("/pods") != std::string::npos) return std::nullopt;
    return status(403, "Forbidden");
  });
  SweepSettings settings;
  settings.ns = "spark";
  settings.run = "r-1";
  settings.patience_us = 0;
  EXPECT_THAT(sweep(*world.client, world.clock, settings).errors, IsEmpty());
  world.server.interfere([](const http::Request&) { return status(403, "Forbidden"); });
  EXPECT_THAT(sweep(*world.client, world.clock, settings).errors,
              ElementsAre("pods in namespace spark cannot be listed: injected"));
}

TEST(CleanUp, ALogsFirstLineIsEnoughAndOthersAreRefused) {
  const http::TestFolder folder;
  const auto told = [&](const std::string& text) { return log_origin(folder.write("log", text)).error().message; };
  const auto origin =
      log_origin(folder.write("log", R"({"podramp":"log","live":{"run":"r-9","server":"https://x","namespace":"n"}})"
                                     "\n"
                                     R"({"seq":1,"t)"));
  ASSERT_TRUE(origin.has_value());
  EXPECT_EQ(origin->run + origin->server + origin->ns, "r-9https://xn");
  EXPECT_THAT(told(R"({"podramp":"log"})"), HasSubstr("of a simulation, which leaves nothing"));
  EXPECT_THAT(told("hello"), HasSubstr("its first line is no log header"));
  EXPECT_THAT(log_origin(folder.path() + "/none").error().message, HasSubstr("cannot be read"));
}

TEST(Preflight, ImageNamesAreCheckedBeforeACreate) {
  for (const char* fine : {"pause", "registry.k8s.io/pause:3.10", "localhost:5000/b/c@sha256:00", "a/b/c:1.2_3"}) {
    EXPECT_EQ(why_no_image(fine), "") << fine;
  }
  EXPECT_EQ(why_no_image(""), "it is empty");
  EXPECT_EQ(why_no_image("a b"), "it has the character ' '");
  EXPECT_EQ(why_no_image("-a"), "it must begin with a letter or a digit");
  EXPECT_EQ(why_no_image("host/Pause:1"), "a repository's name has no capital letters");
}

}  // namespace
}  // namespace podramp::live::live_run_test
