#include "sim/projection.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "sim/kpis.h"
#include "sim/leftovers.h"
#include "sim/test_stream.h"

namespace podramp::sim::projection_test {
namespace {

constexpr TimeUs kS = kSecondUs;

out::RoundDone round_done(std::int64_t target, std::int64_t have, std::int64_t created, Limit limit,
                          const std::string& aborted = "") {
  out::RoundDone round;
  ProfileReport report;
  report.target = target;
  report.have = have;
  report.created = created;
  report.limited_by = limit;
  round.profiles.push_back(report);
  round.aborted = aborted;
  return round;
}

// A projection of one application that wants `target` executors from second 1 on.
class ProjectionTest : public testing::Test {
 protected:
  void start(std::int64_t target) {
    projection.add_application("etl", "app-1", target);
    stream.at(1 * kS).add(in::Started{"app-1"});
  }
  // Executor `id` is asked for, stored, bound and running at these seconds, and registers.
  void bring_up(ExecutorId id, std::array<std::int64_t, 5> s, const std::string& node = "n1") {
    stream.at(s[0] * kS).create(id);
    stream.at(s[1] * kS).add(fact::PodCreated{stream_pod(id)}).answer(id, 201);
    stream.at(s[2] * kS).add(fact::PodBound{stream_key(id), 1, node});
    stream.at(s[3] * kS).add(fact::PodRunning{stream_key(id), 2, "10.0.0.1"});
    stream.at(s[4] * kS).add(out::RegistrationAccepted{id});
  }
  Kpis kpis(TimeUs end) {
    projection.finish(end);
    return application_kpis(app(), end);
  }
  const ApplicationView& app() const { return projection.applications()[0]; }
  std::map<std::string, std::int64_t> waits(const Kpis& all) const {
    std::map<std::string, std::int64_t> waits;
    for (const auto& [name, value] : all) {
      if (name.starts_with("wait_") && value != 0) waits[name] = value;
    }
    return waits;
  }

  Projection projection;
  Stream stream{projection};
};

using Waits = std::map<std::string, std::int64_t>;

TEST_F(ProjectionTest, TimesToPartsOfTheTargetAreExact) {
  start(10);
  for (int i = 1; i <= 10; ++i) bring_up(i, {i, i, i, i, i});
  const Kpis k = kpis(60 * kS);
  EXPECT_EQ(k.at("time_to_50_ms"), 4000);  // the fifth at second 5, the target stands since second 1
  EXPECT_EQ(k.at("time_to_90_ms"), 8000);
  EXPECT_EQ(k.at("time_to_95_ms"), 9000);  // 9.5 means ten
  EXPECT_EQ(k.at("time_to_100_ms"), 9000);
  EXPECT_EQ(k.at("registered_max"), 10);
  EXPECT_EQ(k.at("target_max"), 10);
  EXPECT_EQ(k.at("creates"), 10);
  EXPECT_EQ(k.at("executors_registered"), 10);
  EXPECT_EQ(k.at("creates_per_1000_registered"), 1000);
}

TEST(RequestRateTest, CountsWithinOneSecondWhereverItBegins) {
  RequestRate rate;
  for (const TimeUs t : {0L, 500'000L, 999'999L}) rate.note(t);
  EXPECT_EQ(rate.per_s_max, 3);
  rate.note(1'000'000);  // the first is a second ago
  EXPECT_EQ(rate.per_s_max, 3);
  rate.note(1'000'000);
  EXPECT_EQ(rate.per_s_max, 4);
  rate.note(9'000'000);
  EXPECT_EQ(rate.per_s_max, 4);
}

TEST_F(ProjectionTest, FractionsOfTheTargetRoundUp) {
  start(3);
  for (int i = 1; i <= 2; ++i) bring_up(i, {i, i, i, i, i});
  const Kpis k = kpis(60 * kS);
  EXPECT_EQ(k.at("time_to_50_ms"), 1000);  // two of three
  EXPECT_EQ(k.at("time_to_90_ms"), -1);    // 2.7 means three
  EXPECT_EQ(k.at("time_to_100_ms"), -1);
}

TEST_F(ProjectionTest, TimesCountFromWhenTheTargetWasLargest) {
  start(1);
  bring_up(1, {1, 1, 1, 1, 5});
  stream.at(20 * kS).add(in::TargetSet{{{0, 2}}});
  bring_up(2, {21, 21, 21, 21, 24});
  stream.at(30 * kS).add(in::TargetSet{{{0, 1}}});
  const Kpis k = kpis(60 * kS);
  EXPECT_EQ(k.at("target_max"), 2);
  EXPECT_EQ(k.at("time_to_50_ms"), 0);  // it had one before it wanted two
  EXPECT_EQ(k.at("time_to_100_ms"), 4000);
}

TEST_F(ProjectionTest, EveryWaitHasItsReasonAndTheySumToTheWholeTime) {
  start(1);
  stream.at(2 * kS).create(1);                                                                 // 1..2 allocator
  stream.at(4 * kS).add(fact::PodCreated{stream_pod(1)});                                      // 2..4 api
  stream.at(7 * kS).add(fact::PodUnschedulable{stream_key(1), 1, "0/1 nodes are available"});  // 4..7 scheduler
  stream.at(12 * kS).add(fact::PodBound{stream_key(1), 2, "n1"});                              // 7..12 unschedulable
  stream.at(13 * kS).add(fact::PullStarted{"n1", "spark:4", stream_key(1), 100, 1});           // 12..13 kubelet
  stream.at(30 * kS).add(fact::PullFinished{"n1", "spark:4"});                                 // 13..30 image_pull
  stream.at(32 * kS).add(fact::PodRunning{stream_key(1), 3, "10.0.0.1"});                      // 30..32 start
  stream.at(36 * kS).add(out::RegistrationAccepted{1});                                        // 32..36 registration
  const Waits all = waits(kpis(100 * kS));
  EXPECT_EQ(all, (Waits{{"wait_allocator_ms", 1000},
                        {"wait_api_ms", 2000},
                        {"wait_scheduler_ms", 3000},
                        {"wait_unschedulable_ms", 5000},
                        {"wait_kubelet_ms", 1000},
                        {"wait_image_pull_ms", 17000},
                        {"wait_start_ms", 2000},
                        {"wait_registration_ms", 4000}}));
  const std::int64_t sum =
      std::accumulate(all.begin(), all.end(), std::int64_t{0}, [](auto n, const auto& w) { return n + w.second; });
  EXPECT_EQ(sum, 35000);
  const ExecutorRow& row = app().executors[0];
  EXPECT_EQ(row.pull_started_us, 13 * kS);
  EXPECT_EQ(row.pulled_us, 30 * kS);
}

TEST_F(ProjectionTest, ALimitOfTheAllocatorComesBeforeWhatPodsDo) {
  start(3);
  bring_up(1, {2, 2, 2, 2, 2});
  stream.add(round_done(3, 0, 1, Limit::batch_size));
  bring_up(2, {5, 5, 5, 5, 5});
  stream.add(round_done(3, 1, 1, Limit::refused, "403 Forbidden"));
  bring_up(3, {9, 9, 9, 9, 9});
  const Kpis k = kpis(20 * kS);
  EXPECT_EQ(waits(k), (Waits{{"wait_allocator_ms", 1000}, {"wait_batch_size_ms", 3000}, {"wait_refused_ms", 4000}}));
  EXPECT_EQ(k.at("rounds"), 2);
  EXPECT_EQ(k.at("rounds_aborted"), 1);
}

TEST_F(ProjectionTest, NothingIsWaitedForAfterTheStop) {
  start(5);
  stream.at(4 * kS).add(in::Stopped{});
  stream.at(6 * kS).add(out::Exited{0, ""});
  const Kpis k = kpis(50 * kS);
  EXPECT_EQ(waits(k), (Waits{{"wait_allocator_ms", 3000}}));
  EXPECT_EQ(app().exit_code, 0);
  EXPECT_EQ(app().exited_us, 6 * kS);
}

TEST_F(ProjectionTest, IntegralsCountRequestedPendingAndIdleOnce) {
  start(2);
  stream.at(10 * kS).create(1, 1, 4000).add(fact::PodCreated{stream_pod(1, 4000)});
  stream.add(fact::PodBound{stream_key(1), 1, "n1"});
  stream.at(15 * kS).add(fact::PodRunning{stream_key(1), 2, ""});
  stream.at(18 * kS).add(out::RegistrationAccepted{1});
  stream.at(30 * kS).add(fact::PodFinished{stream_key(1), 3, PodPhase::failed, 1, "Error", "", ""});
  stream.at(40 * kS).add(fact::PodGone{stream_key(1), 4, "api"});
  stream.at(50 * kS).create(2, 1, 500).add(fact::PodCreated{stream_pod(2, 500)});  // never gets a node
  const Kpis k = kpis(100 * kS);
  EXPECT_EQ(k.at("executor_seconds_requested"), 20 + 50);
  EXPECT_EQ(k.at("executor_seconds_pending"), 5 + 50);
  EXPECT_EQ(k.at("executor_seconds_idle"), 3);
  EXPECT_EQ(k.at("core_seconds_requested"), 20 * 4 + 25);
  EXPECT_EQ(k.at("core_seconds_pending"), 5 * 4 + 25);
  EXPECT_EQ(k.at("core_seconds_idle"), 12);
  EXPECT_EQ(k.at("pending_max"), 1);
  EXPECT_EQ(k.at("creates_wasted"), 0);
}

TEST_F(ProjectionTest, ARunningExecutorThatNeverRegistersIsIdleAndWasted) {
  start(1);
  stream.at(10 * kS).create(1).add(fact::PodCreated{stream_pod(1)});
  stream.at(12 * kS).add(fact::PodRunning{stream_key(1), 2, ""});
  EXPECT_EQ(kpis(20 * kS).at("executor_seconds_idle"), 8);  // still open
  stream.at(25 * kS).add(out::RegistrationRefused{1, "unknown"}).add(fact::PodGone{stream_key(1), 3, "api"});
  const Kpis k = kpis(30 * kS);
  EXPECT_EQ(k.at("executor_seconds_idle"), 13);
  EXPECT_EQ(k.at("creates_wasted"), 1);
  EXPECT_EQ(k.at("registrations_refused"), 1);
  EXPECT_EQ(k.at("creates_per_1000_registered"), -1);
}

TEST_F(ProjectionTest, LossesCountFromSilenceToRemoval) {
  start(3);
  bring_up(1, {2, 2, 2, 2, 2}, "n1");
  bring_up(2, {3, 3, 3, 3, 3}, "n1");
  bring_up(3, {4, 4, 4, 4, 4}, "n2");
  stream.at(100 * kS).add(fact::NodeSilent{"n1", false});
  stream.at(150 * kS).add(out::ExecutorRemoved{1, 1, false, "lost"});
  stream.at(180 * kS).add(out::ExecutorRemoved{2, 1, false, "lost"});
  const Kpis k = kpis(200 * kS);
  EXPECT_EQ(k.at("lost"), 2);
  EXPECT_EQ(k.at("lost_noticed"), 2);
  EXPECT_EQ(k.at("first_noticed_ms"), 50000);
  EXPECT_EQ(k.at("last_noticed_ms"), 80000);
  EXPECT_EQ(k.at("executors_removed"), 2);
  // 4 s until all had registered; one unnoticed until 180, then nothing on its way.
  EXPECT_EQ(waits(k), (Waits{{"wait_allocator_ms", 23000}, {"wait_not_noticed_ms", 80000}}));
  stream.add(fact::ScaleDown{"w", "w-1", "empty"}).add(fact::NodeSilent{"w-1", false});  // an autoscaler lets it go
  EXPECT_EQ(projection.nodes_lost(), 1);
  EXPECT_EQ(app().registered, 1);
  EXPECT_EQ(app().serving, 1);
}

TEST_F(ProjectionTest, APartitionThatHealsInTimeLosesNothingAPowerCutDoes) {
  start(2);
  bring_up(1, {2, 2, 2, 2, 2}, "n1");
  bring_up(2, {2, 2, 2, 2, 2}, "n2");
  stream.at(10 * kS).add(fact::NodeSilent{"n1", true}).add(fact::NodeSilent{"n2", false});
  EXPECT_EQ(app().serving, 0);
  stream.at(20 * kS).add(fact::NodeReturned{"n1"}).add(fact::NodeReturned{"n2"});
  EXPECT_EQ(app().serving, 1);
  EXPECT_FALSE(app().executors[0].lost_us.has_value());
  EXPECT_EQ(app().executors[1].lost_us, 10 * kS);
  EXPECT_EQ(kpis(30 * kS).at("lost"), 1);
}

TEST_F(ProjectionTest, RequestsAreCountedByVerbAndAnswer) {
  start(3);
  stream.create(1).answer(1, 201).create(2).answer(2, 403);
  stream.create(3).answer(3, 0, Transport::timed_out).create(3, 2).answer(3, 500).create(3, 3).answer(3, 201);
  ApiRequest list;
  list.verb = Verb::list;
  stream.add(out::Called{CallId{50}, 1, list}).answer(50, 200);
  ApiRequest remove;
  remove.verb = Verb::remove_collection;
  stream.add(out::Called{CallId{51}, 1, remove}).answer(51, 200);
  EXPECT_EQ(app().requests, (std::map<std::string, std::int64_t>{{"create 201", 2},
                                                                 {"create 403", 1},
                                                                 {"create 500", 1},
                                                                 {"create timed_out", 1},
                                                                 {"deletecollection 200", 1},
                                                                 {"list 200", 1}}));
  const Kpis k = kpis(10 * kS);
  EXPECT_EQ(k.at("requests"), 7);
  EXPECT_EQ(k.at("requests_failed"), 3);
  EXPECT_EQ(k.at("retries"), 2);
  EXPECT_EQ(k.at("creates"), 2);
  EXPECT_EQ(k.at("creates_refused"), 1);
  EXPECT_EQ(app().executors.size(), 3U);
  EXPECT_EQ(app().executors[1].stage, Stage::ended);
  EXPECT_EQ(app().executors[1].create_code, 403);
  EXPECT_EQ(app().executors[2].create_code, 201);
}

TEST_F(ProjectionTest, ACreateThatWasGivenUpIsNoLongerWaitedForButMayComeTrue) {
  start(1);
  stream.at(2 * kS).create(1);
  stream.at(12 * kS).answer(1, 0, Transport::timed_out).add(round_done(1, 0, 0, Limit::none, "timed out"));
  EXPECT_EQ(app().executors[0].stage, Stage::ended);
  EXPECT_EQ(app().executors[0].create_transport, Transport::timed_out);
  EXPECT_EQ(app().wait, Wait::allocator);
  stream.at(15 * kS).add(fact::PodCreated{stream_pod(1)});
  EXPECT_EQ(app().executors[0].stage, Stage::stored);
  const Kpis k = kpis(20 * kS);
  EXPECT_EQ(waits(k), (Waits{{"wait_allocator_ms", 4000}, {"wait_api_ms", 10000}, {"wait_scheduler_ms", 5000}}));
  EXPECT_EQ(k.at("executor_seconds_pending"), 5);
}

TEST_F(ProjectionTest, OnlyPodsThatUseAnImagePullIt) {
  start(1);
  stream.create(1).add(fact::PodCreated{stream_pod(1)}).add(fact::PodBound{stream_key(1), 1, "n1"});
  stream.at(3 * kS).add(fact::PullStarted{"n1", "other:1", "ns/x", 5, 1});
  EXPECT_EQ(app().executors[0].stage, Stage::bound);
  stream.at(4 * kS).add(fact::PullStarted{"n2", "spark:4", "ns/x", 5, 1});
  EXPECT_EQ(app().executors[0].stage, Stage::bound);
  stream.at(5 * kS).add(fact::PullStarted{"n1", "spark:4", stream_key(1), 5, 1});
  EXPECT_EQ(app().executors[0].stage, Stage::pulling);
  stream.at(6 * kS).add(fact::PullFinished{"n1", "other:1"});
  EXPECT_EQ(app().executors[0].stage, Stage::pulling);
  stream.at(7 * kS).create(2).add(fact::PodCreated{stream_pod(2)}).add(fact::PodBound{stream_key(2), 1, "n1"});
  EXPECT_EQ(app().executors[1].stage, Stage::pulling) << "it joins the pull that is under way";
  stream.at(9 * kS).add(fact::PullFinished{"n1", "spark:4"});
  EXPECT_EQ(app().executors[0].stage, Stage::starting);
  EXPECT_EQ(app().executors[1].stage, Stage::starting);
}

TEST_F(ProjectionTest, PeakPendingOfTheRunIsNotTheSumOfPeaks) {
  start(1);
  projection.add_application("report", "app-2", 1);
  stream.add(in::Started{"app-2"}, "report");
  bring_up(1, {2, 2, 2, 5, 5});
  Pod other = *stream_pod(1);
  other.name = "report-exec-1";
  const auto body = std::make_shared<const Pod>(other);
  ApiRequest request;
  request.verb = Verb::create;
  request.body = body;
  stream.at(6 * kS).add(out::Called{CallId{1}, 1, request}, "report").add(fact::PodCreated{body});
  projection.finish(10 * kS);
  std::vector<Kpis> all;
  for (const ApplicationView& a : projection.applications()) all.push_back(application_kpis(a, 10 * kS));
  EXPECT_EQ(all[0].at("pending_max") + all[1].at("pending_max"), 2);
  const Kpis run = run_kpis(all, {projection.pending_max(), projection.requests_per_s_max()}, 0);
  EXPECT_EQ(run.at("pending_max"), 1);
  EXPECT_EQ(run.at("target_max"), 2);
}

TEST_F(ProjectionTest, SamplesAreTakenEachSecondThatDiffers) {
  start(1);
  bring_up(1, {2, 2, 2, 4, 6});
  projection.finish(10 * kS);
  std::vector<std::tuple<TimeUs, std::int64_t, std::int64_t, std::int64_t>> seen;
  for (const Sample& s : app().samples) seen.emplace_back(s.t / kS, s.pending, s.running, s.registered);
  using S = decltype(seen);
  EXPECT_EQ(seen, (S{{0, 0, 0, 0}, {2, 0, 0, 0}, {3, 1, 0, 0}, {5, 0, 1, 0}, {7, 0, 1, 1}, {10, 0, 1, 1}}));
}

TEST_F(ProjectionTest, RefusalsAreCountedByWhatRefused) {
  start(1);
  fact::RequestRefused refused{"etl",
                               Verb::create,
                               "",
                               "x",
                               403,
                               "Forbidden",
                               "pods \"x\" is forbidden: exceeded quota: team, requested: pods=1, used: pods=2"};
  stream.add(refused, "apiserver").add(refused, "apiserver");
  refused.message = "the server is busy";
  refused.reason = "TooManyRequests";
  stream.add(refused, "apiserver");
  refused.reason = "";
  stream.add(refused, "apiserver");
  EXPECT_EQ(projection.refusals(), (std::map<std::string, std::int64_t>{
                                       {"TooManyRequests", 1}, {"exceeded quota: team", 2}, {"transport", 1}}));
  EXPECT_EQ(projection.count("fact.request_refused"), 4U);
  EXPECT_EQ(projection.count("no.such_event"), 0U);
}

// --- kpis ----------------------------------------------------------------------------------------------------------

Kpis some_kpis(std::int64_t time_to_100, std::int64_t first_noticed, std::int64_t last_noticed, std::int64_t creates) {
  Kpis k = application_kpis({}, 0);
  k["target_max"] = 5;
  k["time_to_50_ms"] = 1;
  k["time_to_100_ms"] = time_to_100;
  k["first_noticed_ms"] = first_noticed;
  k["last_noticed_ms"] = last_noticed;
  k["creates"] = creates;
  k["executors_registered"] = 4;
  return k;
}

TEST(Kpis, ARunIsAsSlowAsItsSlowestApplicationAndElseASum) {
  const Kpis run =
      run_kpis({some_kpis(100, -1, -1, 4), some_kpis(300, 20, 50, 6), some_kpis(200, 10, 30, 7)}, {9, 0}, 2);
  EXPECT_EQ(run.at("time_to_100_ms"), 300);
  EXPECT_EQ(run.at("first_noticed_ms"), 10);
  EXPECT_EQ(run.at("last_noticed_ms"), 50);
  EXPECT_EQ(run.at("creates"), 17);
  EXPECT_EQ(run.at("creates_per_1000_registered"), 1416);
  EXPECT_EQ(run.at("pending_max"), 9);
  EXPECT_EQ(run.at("leaked_pods"), 2);
}

TEST(Kpis, OneApplicationThatNeverGetsThereMakesTheRunNever) {
  EXPECT_EQ(run_kpis({some_kpis(100, -1, -1, 0), some_kpis(-1, -1, -1, 0)}, {}, 0).at("time_to_100_ms"), -1);
  Kpis idle = some_kpis(-1, -1, -1, 0);
  idle["target_max"] = 0;  // it wants nothing
  EXPECT_EQ(run_kpis({some_kpis(100, -1, -1, 0), idle}, {}, 0).at("time_to_100_ms"), 100);
}

TEST(Kpis, EveryNameOfTheListIsInARun) {
  ApplicationView with_all;
  with_all.tasks.jobs = 1;              // those of tasks are there only with a workload,
  with_all.sets[kDefaultProfile] = {};  // and the wait for controllers only with sets
  Kpis kpis = application_kpis(with_all, 0);
  kpis["shuffle_left_bytes"] = 0;  // only with shuffle services
  const Kpis run = run_kpis({kpis}, {}, 0);
  std::vector<std::string> names;
  for (const auto& [name, value] : run) names.push_back(name);
  EXPECT_EQ(names, kpi_names());
  EXPECT_EQ(std::ranges::count_if(names, [](const std::string& n) { return n.starts_with("wait_"); }), 16);
}

TEST(Kpis, BudgetsSayWhatIsBroken) {
  const Kpis run = some_kpis(-1, -1, -1, 7);
  const std::map<std::string, Kpis> applications{{"etl", some_kpis(81000, -1, -1, 3)}};
  const std::vector<Budget> budgets{{"creates", 7, 7},
                                    {"creates", std::nullopt, 6},
                                    {"creates", 8, std::nullopt},
                                    {"time_to_100_ms", std::nullopt, 60000},
                                    {"time_to_100_ms", 5, std::nullopt},
                                    {"etl/time_to_100_ms", std::nullopt, 60000},
                                    {"etl/creates", 3, 3},
                                    {"nobody/creates", 3, 3},
                                    {"no_such_kpi", 1, 1}};
  EXPECT_EQ(
      broken_budgets(budgets, run, applications),
      (std::vector<std::string>{"creates is 7, the budget is at most 6", "creates is 7, the budget is at least 8",
                                "time_to_100_ms is never, the budget is at most 60000",
                                "time_to_100_ms is never, the budget is at least 5",
                                "etl/time_to_100_ms is 81000, the budget is at most 60000",
                                "there is no application named \"nobody\"", "there is no KPI named \"no_such_kpi\""}));
}

// --- leftovers -----------------------------------------------------------------------------------------------------

class LeftoversTest : public testing::Test {
 protected:
  LeftoversTest() {
    app.name = "etl";
    app.stopped_us = 50 * kS;
    app.exited_us = 60 * kS;
    ExecutorRow& row = app.executors.emplace_back();
    row.id = 1;
    row.pod = stream_key(1);
    row.stored_us = 10 * kS;
  }
  void store(std::optional<TimeUs> deletion_us, const std::string& node) {
    Pod pod = *stream_pod(1);
    pod.uid = "00000000-0000-4000-8000-000000000001";
    pod.deletion_us = deletion_us;
    pod.node = node;
    cluster.apply(fact::PodCreated{std::make_shared<const Pod>(pod)});
  }
  std::vector<Leftover> left() { return leftovers(app, conf, cluster, 100 * kS); }

  ApplicationView app;
  StringMap conf;
  fakeapi::ClusterState cluster;
};

TEST_F(LeftoversTest, NothingExplainsAPodThatIsSimplyThere) {
  store(std::nullopt, "");
  ASSERT_EQ(left().size(), 1U);
  EXPECT_EQ(left()[0].pod, "ns/etl-exec-1");
  EXPECT_EQ(left()[0].why, "");
  EXPECT_TRUE(left()[0].leaked);
}

TEST_F(LeftoversTest, ARunningApplicationAndAGonePodLeaveNothing) {
  EXPECT_TRUE(left().empty()) << "the cluster does not have the pod";
  store(std::nullopt, "");
  app.exited_us.reset();
  EXPECT_TRUE(left().empty());
  app.exited_us = 60 * kS;
  app.executors[0].gone_us = 70 * kS;
  EXPECT_TRUE(left().empty());
}

TEST_F(LeftoversTest, KeptByConfigurationIsNoLeak) {
  store(std::nullopt, "");
  conf["spark.kubernetes.executor.deleteOnTermination"] = "false";
  EXPECT_EQ(left()[0].why, "kept: spark.kubernetes.executor.deleteOnTermination is false");
  EXPECT_FALSE(left()[0].leaked);
}

TEST_F(LeftoversTest, TerminatingOnANodeThatIsDownIsNoLeak) {
  store(90 * kS, "n9");  // no such node any more
  EXPECT_EQ(left()[0].why, "Terminating on node n9, which is down");
  EXPECT_FALSE(left()[0].leaked);
}

TEST_F(LeftoversTest, LeaksAreExplained) {
  store(std::nullopt, "");
  app.requests["deletecollection 500"] = 1;
  EXPECT_EQ(left()[0].why, "the clean-up request was answered 500");
  app.executors[0].create_transport = Transport::maybe_committed;
  EXPECT_EQ(left()[0].why, "its create was carried out, but the driver heard only of a failure");
  app.executors[0].stored_us = 55 * kS;
  EXPECT_EQ(left()[0].why, "its create was under way when the application stopped");
  app.exit_code = 11;
  EXPECT_EQ(left()[0].why, "the driver ended with code 11 and cleaned nothing up");
  EXPECT_TRUE(left()[0].leaked);
}

}  // namespace
}  // namespace podramp::sim::projection_test
