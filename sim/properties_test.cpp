#include "sim/properties.h"

#include <gtest/gtest.h>

#include "sim/log_reader.h"
#include "sim/test_stream.h"

namespace podramp::sim::properties_test {
namespace {

using backend::Backend;

std::vector<std::string> broken(const Properties& properties) {
  std::vector<std::string> names;
  for (const Violation& v : properties.violations()) names.push_back(v.property);
  return names;
}

using Names = std::vector<std::string>;

Backend::Books books(std::int64_t target, std::int64_t have, std::int64_t created, std::int64_t pending) {
  Backend::Books b;
  ProfileReport report;
  report.target = target;
  report.have = have;
  report.created = created;
  report.pending_known = pending;
  b.profiles.push_back(report);
  return b;
}

Node node(const std::string& name, std::int64_t cpu_milli, std::int64_t pods = 110) {
  Node n;
  n.name = name;
  n.allocatable.cpu_milli = cpu_milli;
  n.allocatable.memory_bytes = 1 << 30;
  n.pods_max = pods;
  return n;
}

// Runs the tiny scenario with events that nothing caused, and tells whether the run failed as a run must.
void expect_run_fails(std::vector<std::pair<std::string, EventData>> forged, std::string_view property) {
  RunOptions options;
  for (auto& event : forged) options.forged.emplace_back(2 * kSecondUs, std::move(event));
  options.log_path = testing::TempDir() + "/podramp_property_" + std::string(property) + ".jsonl";
  const RunResult run = run_tiny(tiny_text(), options);
  EXPECT_TRUE(run.summary.failed());
  EXPECT_EQ(run.summary.ending, Ending::property_failed);
  EXPECT_EQ(run.summary.t, 2 * kSecondUs);
  ASSERT_EQ(run.summary.violations.size(), 1U);
  EXPECT_EQ(run.summary.violations[0].property, property);
  EXPECT_EQ(run.summary.footer.ended, "property failed");
  EXPECT_EQ(run.summary.footer.by_type.at("check.failed"), 1U);
  auto log = LogReader::open(options.log_path);
  ASSERT_TRUE(log);
  std::optional<Event> last;
  for (auto event = log->next(); event && *event; event = log->next()) {
    if (std::holds_alternative<check::Failed>((*event)->data)) last = **event;
  }
  ASSERT_TRUE(last);
  EXPECT_EQ(std::get<check::Failed>(last->data).property, property);
  EXPECT_EQ(last->cause, run.summary.violations[0].seq);
}

TEST(Properties, ACreateBelowTargetAndCapIsFine) {
  Properties properties({});
  properties.check_create("etl", 0, books(10, 5, 4, 3), 8, 1, 0);
  EXPECT_FALSE(properties.failed());
}

TEST(Properties, ACreateAtTheTargetBreaksCreateWithinTarget) {
  Properties properties({});
  properties.check_create("etl", 0, books(10, 6, 4, 0), 100, 7, 9);
  ASSERT_EQ(broken(properties), Names{"create_within_target"});
  const Violation& v = properties.violations()[0];
  EXPECT_EQ(v.detail, "etl creates an executor of profile 0 while it has 6 and has created 4 of a target of 10");
  EXPECT_EQ(v.seq, 7U);
  EXPECT_EQ(v.t, 9);
}

TEST(Properties, AnotherProfilesTargetDoesNotMatter) {
  Properties properties({});
  properties.check_create("etl", 3, books(10, 10, 0, 0), 100, 7, 9);
  EXPECT_FALSE(properties.failed());
}

TEST(Properties, ACreateAtTheCapBreaksCreateWithinCaps) {
  Properties properties({});
  properties.check_create("etl", 0, books(100, 50, 3, 5), 8, 7, 9);  // 5 pending and 3 created are 8 of 8
  ASSERT_EQ(broken(properties), Names{"create_within_caps"});
  EXPECT_EQ(properties.violations()[0].detail, "etl creates an executor while 8 are not running; maxPendingPods is 8");
}

TEST(Properties, CapsCountTheNotRunningOfEveryProfile) {
  Properties properties({});
  Backend::Books b = books(100, 50, 1, 2);
  ProfileReport other;
  other.profile = 1;
  other.target = 100;
  other.pending_unknown = 1;
  other.new_unknown = 2;
  other.new_known = 1;
  b.profiles.push_back(other);
  properties.check_create("etl", 0, b, 8, 1, 0);
  EXPECT_FALSE(properties.failed());
  properties.check_create("etl", 0, b, 7, 1, 0);
  EXPECT_EQ(broken(properties), Names{"create_within_caps"});
}

TEST(Properties, AnIdThatDoesNotRiseBreaksIdsNeverReused) {
  Properties properties({});
  Stream stream(properties);
  stream.create(1).create(2).create(2, 2);  // the second attempt of a call is the same create
  EXPECT_FALSE(properties.failed());
  stream.at(5).create(2);
  ASSERT_EQ(broken(properties), Names{"ids_never_reused"});
  EXPECT_EQ(properties.violations()[0].detail, "etl creates executor 2 after executor 2");
  EXPECT_EQ(properties.violations()[0].seq, stream.last());
}

TEST(Properties, ApplicationsHaveIdsOfTheirOwn) {
  Properties properties({});
  Stream stream(properties);
  ApiRequest request;
  request.verb = Verb::create;
  request.body = stream_pod(1);
  stream.create(1).add(out::Called{CallId{1}, 1, request}, "report");
  EXPECT_FALSE(properties.failed());
}

TEST(Properties, AReusedIdFailsTheRun) {
  ApiRequest request;
  request.verb = Verb::create;
  request.body = stream_pod(1);
  expect_run_fails({{"etl", out::Called{CallId{9999}, 1, request}}}, kIdsNeverReused);
}

TEST(Properties, AChargeAboveTheLimitBreaksQuotaNeverExceeded) {
  Properties properties({});
  Stream stream(properties);
  stream.add(fact::QuotaSet{"ns/q", {{"pods", 2}, {"requests.cpu", 5000}}});
  stream.add(fact::QuotaCharged{"ns/q", "ns/a", {{"pods", 2}, {"requests.cpu", 5000}}});
  EXPECT_FALSE(properties.failed());
  stream.add(fact::QuotaCharged{"ns/q", "ns/b", {{"pods", 3}, {"requests.cpu", 5000}}});
  ASSERT_EQ(broken(properties), Names{"quota_never_exceeded"});
  EXPECT_EQ(properties.violations()[0].detail,
            "ns/b was admitted although quota ns/q then has 3 of pods in use; its limit is 2");
}

TEST(Properties, ALoweredLimitIsNoBreachUntilMoreIsCharged) {
  Properties properties({});
  Stream stream(properties);
  stream.add(fact::QuotaSet{"ns/q", {{"pods", 5}}}).add(fact::QuotaRecounted{"ns/q", {{"pods", 4}}});
  stream.add(fact::QuotaSet{"ns/q", {{"pods", 2}}});
  stream.add(fact::QuotaCharged{"ns/q", "ns/a", {{"pods", 4}}});  // nothing added to what is over the limit
  EXPECT_FALSE(properties.failed());
  stream.add(fact::QuotaCharged{"ns/q", "ns/a", {{"pods", 5}}});
  EXPECT_EQ(broken(properties), Names{"quota_never_exceeded"});
}

TEST(Properties, AnExceededQuotaFailsTheRun) {
  expect_run_fails({{"apiserver", fact::QuotaSet{"default/q", {{"pods", 1}}}},
                    {"apiserver", fact::QuotaCharged{"default/q", "default/x", {{"pods", 2}}}}},
                   kQuotaNeverExceeded);
}

TEST(Properties, MoreCpuThanANodeHasBreaksNodeNeverOvercommitted) {
  Properties properties({});
  Stream stream(properties);
  stream.add(fact::NodeAdded{node("n1", 2000)});
  for (const ExecutorId id : {1, 2, 3}) stream.add(fact::PodCreated{stream_pod(id)});
  stream.add(fact::PodBound{stream_key(1), 1, "n1"}).add(fact::PodBound{stream_key(2), 2, "n1"});
  EXPECT_FALSE(properties.failed());
  stream.add(fact::PodBound{stream_key(3), 3, "n1"});
  ASSERT_EQ(broken(properties), Names{"node_never_overcommitted"});
  EXPECT_EQ(properties.violations()[0].detail,
            "node n1 now has 3 pods asking for 3 cpu and 3Mi of memory; it offers 110 pods, 2 and 1Gi");
}

// Two schedulers may give one room away twice; the kubelet rejects the second pod (K59), and nothing is broken.
TEST(Properties, WhereSeveralBindOnlyAdmittedPodsTakeRoom) {
  Properties properties({}, Binders::several);
  Stream stream(properties);
  stream.add(fact::NodeAdded{node("n1", 1000)});
  for (const ExecutorId id : {1, 2, 3}) stream.add(fact::PodCreated{stream_pod(id)});
  stream.add(fact::PodBound{stream_key(1), 1, "n1"}).add(fact::PodBound{stream_key(2), 2, "n1"});
  stream.add(fact::PodWaiting{stream_key(1), 3, "ContainerCreating", ""});
  stream.add(fact::PodFinished{stream_key(2), 4, PodPhase::failed, 0, "", "OutOfcpu", ""});
  stream.add(fact::PodRunning{stream_key(1), 5, ""});
  EXPECT_FALSE(properties.failed());
  stream.add(fact::PodBound{stream_key(3), 6, "n1"});
  EXPECT_FALSE(properties.failed());
  stream.add(fact::PodRunning{stream_key(3), 7, ""});
  EXPECT_EQ(broken(properties), Names{"node_never_overcommitted"});
}

TEST(Properties, FinishedAndGonePodsLeaveTheirRoomOnce) {
  Properties properties({});
  Stream stream(properties);
  stream.add(fact::NodeAdded{node("n1", 1000)});
  for (const ExecutorId id : {1, 2, 3}) stream.add(fact::PodCreated{stream_pod(id)});
  stream.add(fact::PodBound{stream_key(1), 1, "n1"});
  stream.add(fact::PodFinished{stream_key(1), 2, PodPhase::failed, 1, "Error", "", ""});
  stream.add(fact::PodGone{stream_key(1), 3, "api"});
  stream.add(fact::PodBound{stream_key(2), 4, "n1"});
  EXPECT_FALSE(properties.failed());
  stream.add(fact::PodBound{stream_key(3), 5, "n1"});
  EXPECT_EQ(broken(properties), Names{"node_never_overcommitted"});
}

TEST(Properties, PodCountAndExtendedResourcesAreRoomToo) {
  Properties properties({});
  Stream stream(properties);
  stream.add(fact::NodeAdded{node("n1", 64000, 1)}).add(fact::PodCreated{stream_pod(1, 1, 1, "n1")});
  EXPECT_FALSE(properties.failed());
  stream.add(fact::PodCreated{stream_pod(2, 1, 1, "n1")});
  EXPECT_EQ(broken(properties), Names{"node_never_overcommitted"});

  Properties gpus({});
  Stream other(gpus);
  Node gpu_node = node("n2", 64000);
  gpu_node.allocatable.other["nvidia.com/gpu"] = 1;
  PodTemplate tmpl;
  tmpl.containers.emplace_back();
  tmpl.containers[0].requests.other["nvidia.com/gpu"] = 1;
  Pod pod;
  pod.ns = "ns";
  pod.node = "n2";
  pod.tmpl = share(tmpl);
  pod.name = "a";
  other.add(fact::NodeAdded{gpu_node}).add(fact::PodCreated{std::make_shared<const Pod>(pod)});
  EXPECT_FALSE(gpus.failed());
  pod.name = "b";
  other.add(fact::PodCreated{std::make_shared<const Pod>(pod)});
  ASSERT_EQ(broken(gpus), Names{"node_never_overcommitted"});
  EXPECT_EQ(gpus.violations()[0].detail, "pods on node n2 now ask for 2 of nvidia.com/gpu; it offers 1");
}

TEST(Properties, AnOvercommittedNodeFailsTheRun) {
  expect_run_fails({{"scheduler", fact::PodCreated{stream_pod(77, 99'000, 1, "worker-1")}}}, kNodeNeverOvercommitted);
}

TEST(Properties, AnUnexplainedLeftoverFailsTheRun) {
  RunOptions options;
  options.leftovers = [](const ApplicationView&, const StringMap&, const fakeapi::ClusterState&, TimeUs) {
    return std::vector<Leftover>{{"default/explained", "its create was under way when the application stopped", true},
                                 {"default/etl-exec-1", "", true}};
  };
  const RunResult run = run_tiny(tiny_text(), options);
  EXPECT_TRUE(run.summary.failed());
  EXPECT_EQ(run.summary.ending, Ending::property_failed);
  EXPECT_EQ(run.summary.footer.ended, "property failed");
  EXPECT_EQ(run.summary.footer.by_type.at("check.failed"), 1U);
  ASSERT_EQ(run.summary.violations.size(), 1U);
  EXPECT_EQ(run.summary.violations[0].property, "nothing_left_after_stop");
  EXPECT_EQ(run.summary.violations[0].detail, "pod default/etl-exec-1 was left behind, and nothing explains it");
  EXPECT_EQ(run.summary.kpis.at("leaked_pods"), 2);
}

TEST(Properties, AStoppedApplicationLeavesNothing) {
  const RunResult run =
      run_tiny(tiny_text(6, "16", R"(,"timeline":[{"at":"1m","do":"stop_application","application":"etl"}])"));
  EXPECT_FALSE(run.summary.failed());
  EXPECT_TRUE(run.summary.leftovers.empty());
  EXPECT_EQ(run.summary.kpis.at("leaked_pods"), 0);
  EXPECT_EQ(run.summary.ending, Ending::quiet);
}

TEST(Properties, ASkippedPropertyDoesNotFailTheRun) {
  RunOptions options;
  options.forged.emplace_back(2 * kSecondUs, std::pair<std::string, EventData>{
                                                 "scheduler", fact::PodCreated{stream_pod(77, 99'000, 1, "worker-1")}});
  const RunResult run = run_tiny(tiny_text(6, "16", R"(,"expect":{"skip":["node_never_overcommitted"]})"), options);
  EXPECT_FALSE(run.summary.failed());
  EXPECT_EQ(run.summary.ending, Ending::quiet);
}

TEST(Properties, APodsLifeGoesOneWay) {
  const auto first = [](auto... facts) {
    Properties properties({});
    Stream stream(properties);
    stream.add(fact::PodCreated{stream_pod(1)});
    (stream.add(facts), ...);
    return properties.violations().empty() ? "" : properties.violations().front().detail;
  };
  const std::string key = stream_key(1);
  const fact::PodBound bound{key, 2, "worker-1"};
  const fact::PodRunning running{key, 3, "10.0.0.1"};
  const fact::PodFinished finished{key, 4, PodPhase::succeeded, 0, "Completed", "", ""};
  const fact::PodGone gone{key, 5, "api"};
  EXPECT_EQ(first(running), "pod ns/etl-exec-1 runs without a node");
  EXPECT_EQ(first(gone, gone), "pod ns/etl-exec-1 goes, but is not stored");
  EXPECT_EQ(first(finished, running), "pod ns/etl-exec-1 runs after it has finished");
  EXPECT_EQ(first(finished, finished), "pod ns/etl-exec-1 finishes after it has finished");
  EXPECT_EQ(first(fact::PodCreated{stream_pod(1)}), "pod ns/etl-exec-1 is created twice");
  EXPECT_EQ(first(gone, fact::PodTerminating{key, 6, 0, 30, "api"}), "pod ns/etl-exec-1 is deleted, but is not stored");
}

TEST(Properties, AQuotaThatForgetsALivingPodIsAViolation) {
  fakeapi::ClusterState state;
  Pod pod = *stream_pod(1);
  pod.uid = fakeapi::uid_text(1);
  state.apply(fact::PodCreated{std::make_shared<const Pod>(pod)});
  state.apply(fact::QuotaSet{"ns/q", {{"pods", 10}}});
  Properties properties({});
  properties.check_quotas(state, 5 * kMinuteUs, kHourUs);
  ASSERT_EQ(broken(properties), Names{"quota_counts_live_pods"});
  EXPECT_EQ(properties.violations().front().detail, "quota ns/q says 0 of pods is used; the pods that live use 1");
}

TEST(Properties, ALeakIsNoViolationBeforeItCanHaveBeenCounted) {
  fakeapi::ClusterState state;
  state.apply(fact::QuotaSet{"ns/q", {{"pods", 10}}});
  state.apply(fact::QuotaCharged{"ns/q", "ns/a", {{"pods", 1}}});
  Properties soon({});
  soon.check_quotas(state, 5 * kMinuteUs, kMinuteUs);
  EXPECT_FALSE(soon.failed());
  Properties late({});
  late.check_quotas(state, 5 * kMinuteUs, kHourUs);
  EXPECT_TRUE(late.failed());
}

}  // namespace
}  // namespace podramp::sim::properties_test
