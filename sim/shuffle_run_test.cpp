// Whole runs with external shuffle services: what is lost with an executor, a shuffle pod and a node, executors that
// find no service, and files that are left behind.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "sim/explain.h"
#include "sim/replay.h"
#include "sim/test_runs.h"

namespace podramp::sim::shuffle_run_test {
namespace {

using testing::HasSubstr;

struct Setting {
  std::string level = "fork-2.2";
  std::string daemon = R"("shuffle_service": true)";  // and more of it
  std::string daemon_ns = "default";
  std::string application;  // more of it
  std::string timeline;
};

std::string conf_of(const Setting& setting) {
  const std::string common = R"("spark.app.id": "spark-etl", "spark.kubernetes.driver.pod.name": "driver",
    "spark.executor.instances": "4", "spark.executor.cores": "2", "spark.executor.memory": "4g",
    "spark.shuffle.service.enabled": "true", "spark.local.dir": "/tmp/spark-local", )";
  if (setting.level != "fork-2.2") {
    return common + R"("spark.kubernetes.container.image": "s:2",
                       "spark.kubernetes.executor.node.selector.role": "work")";
  }
  return common + R"("spark.kubernetes.executor.docker.image": "s:2", "spark.kubernetes.node.selector.role": "work",
    "spark.kubernetes.shuffle.labels": "app=shuffle", "spark.kubernetes.shuffle.namespace": ")" +
         setting.daemon_ns + "\"";
}

// Two executors of two cores on each of two nodes; at 60 s a job of a map stage and two waves of a reduce stage, the
// second of which begins at 90 s. A driver pod on a node of its own.
Scenario scenario_of(const Setting& setting) {
  const std::string cluster = R"({
      "nodes": [{"names": ["control"], "cpu": "4", "memory": "16Gi"},
                {"group": "n", "count": 2, "cpu": "6", "memory": "32Gi", "labels": {"role": "work"}}],
      "images": [{"name": "s:2", "size": "1Mi"}],
      "daemon_sets": [{"name": "shuffle", "cpu": "1", "namespace": ")" +
                              setting.daemon_ns + R"(", )" + setting.daemon + "}]}";
  const std::string driver = R"({"name": "driver", "node": "control", "cpu": "1", "restart_policy": "Never",
      "labels": {"spark-app-selector": "spark-etl", "spark-role": "driver"}})";
  const std::string workload = R"({"jobs": [{"name": "sort", "start": "30s", "stages": [
        {"name": "map", "tasks": 8, "duration": {"constant": "10s"}, "shuffle_write": "16Mi"},
        {"name": "reduce", "parents": ["map"], "tasks": 16, "duration": {"constant": "20s"}}]}]})";
  return text_scenario(R"({"schema": "podramp/v1", "seed": 3, "end": "20m", "cluster": )" + cluster +
                       R"(, "background": [)" + driver + R"(], "applications": [{"name": "etl", "compat": ")" +
                       setting.level + R"(", "start": "30s", )" + setting.application + R"("conf": {)" +
                       conf_of(setting) + R"(}, "workload": )" + workload + R"(}], "timeline": [)" + setting.timeline +
                       "]}");
}

RunResult run_of(const Setting& setting, std::vector<LoggedEvent>* events = nullptr) {
  const std::string path = scratch_file("log.jsonl");
  RunResult result = run_to(path, scenario_of(setting));
  if (events != nullptr) *events = read_events(path);
  const auto replayed = replay_log(path);
  EXPECT_TRUE(replayed && !replayed->divergence);
  std::remove(path.c_str());
  return result;
}

std::int64_t kpi(const RunResult& result, const std::string& name) { return result.summary.kpis.at(name); }

std::set<std::string> fetch_errors(const std::vector<LoggedEvent>& events) {
  std::set<std::string> errors;
  for (const LoggedEvent& event : events) {
    const auto* ended = event.get<in::TaskEnded>();
    if (ended == nullptr || ended->result.end != TaskEnd::fetch_failed) continue;
    const std::string& text = ended->result.error;
    const std::size_t colon = text.find(": ");
    errors.insert(colon == std::string::npos ? "" : text.substr(colon + 2));
  }
  return errors;
}

const char* const kExecutorDies = R"({"at": "85s", "do": "executor_exit", "application": "etl", "executors": [1, 2]})";
const char* const kShufflePodDies =
    R"({"at": "85s", "do": "delete_pods", "daemon_set": "default/shuffle", "nodes": ["n-1"]})";
const char* const kNodeDies = R"({"at": "85s", "do": "nodes_down", "nodes": ["n-1"]})";
constexpr std::int64_t kMapBytes = std::int64_t{8} * 16 * 1024 * 1024;

TEST(ShuffleRun, AnExecutorThatDiesLeavesItsFilesToTheShufflePodOfItsNode) {
  Setting setting;
  setting.timeline = kExecutorDies;
  const RunResult result = run_of(setting);
  EXPECT_EQ(kpi(result, "jobs_done"), 1);
  EXPECT_EQ(kpi(result, "fetch_failures"), 0);
  EXPECT_EQ(kpi(result, "stages_recomputed"), 0);
}

TEST(ShuffleRun, Q31_AShufflePodThatDiesTakesItsNodesFilesAndWithTheCureItDoesNot) {
  Setting setting;
  setting.timeline = kShufflePodDies;
  std::vector<LoggedEvent> events;
  const RunResult damaged = run_of(setting, &events);
  EXPECT_GE(kpi(damaged, "fetch_failures"), 1);
  EXPECT_GE(kpi(damaged, "stages_recomputed"), 1);
  EXPECT_THAT(fetch_errors(events), testing::Contains("nobody listens at the address of its shuffle service"));
  setting.daemon = R"("shuffle_service": {"fixes": ["Q31"]})";
  const RunResult cured = run_of(setting);
  EXPECT_EQ(kpi(cured, "jobs_done"), 1);
  EXPECT_EQ(kpi(cured, "fetch_failures"), 0);
}

TEST(ShuffleRun, ANodeThatDiesTakesItsFilesWhateverServesThem) {
  Setting setting;
  setting.timeline = kNodeDies;
  const RunResult result = run_of(setting);
  EXPECT_GE(kpi(result, "fetch_failures"), 1);
  EXPECT_GE(kpi(result, "stages_recomputed"), 1);
}

TEST(ShuffleRun, AServiceThatStartsAgainWithItsNodeKnowsNobody) {
  Setting setting;
  setting.timeline =
      R"({"at": "82s", "do": "nodes_down", "nodes": ["n-1"]}, {"at": "84s", "do": "nodes_up", "nodes": ["n-1"]})";
  std::vector<LoggedEvent> events;
  run_of(setting, &events);
  EXPECT_THAT(fetch_errors(events), testing::Contains("its shuffle service does not know it"));
}

TEST(ShuffleRun, WithASidecarFilesDieWithTheirExecutor) {
  Setting setting;
  setting.application = R"("shuffle_sidecar": {"image": "s:2", "cpu": "100m"},)";
  setting.timeline = kExecutorDies;
  std::vector<LoggedEvent> events;
  const RunResult result = run_of(setting, &events);
  EXPECT_EQ(kpi(result, "jobs_done"), 1);
  EXPECT_GE(kpi(result, "fetch_failures"), 1);
  const auto created = std::ranges::find_if(events, [](const LoggedEvent& e) {
    const auto* pod = e.get<fact::PodCreated>();
    return pod != nullptr && pod->pod->label("spark-exec-id") != nullptr;
  });
  ASSERT_NE(created, events.end());
  EXPECT_EQ(created->get<fact::PodCreated>()->pod->tmpl->containers.size(), 2U);
}

TEST(ShuffleRun, AnExecutorOnANodeWithoutAShufflePodGetsNoConfigurationAndTheRunSaysWhy) {
  Setting setting;
  setting.daemon = R"("node_selector": {"kubernetes.io/hostname": "n-1"}, "shuffle_service": true)";
  const std::string path = scratch_file("log.jsonl");
  const RunResult result = run_to(path, scenario_of(setting));
  EXPECT_EQ(result.summary.refusals.at("unable to find shuffle pod on node n-2"), 2);
  EXPECT_EQ(kpi(result, "executors_registered"), 2);
  ExplainWhat what;
  for (ExecutorId id = 1; id <= 4; ++id) {
    what.executor = id;
    const auto explained = explain_log(path, what);
    ASSERT_TRUE(explained);
    const ExecutorWait& wait = explained->waits.at(explained->chosen->wait);
    if (wait.row.node != "n-2") continue;
    EXPECT_THAT(explain_text(*explained), HasSubstr("said      unable to find shuffle pod on node n-2"));
  }
  std::remove(path.c_str());
}

TEST(ShuffleRun, ALaterSparksExecutorEndsAfterThreeTriesWhenNobodyListensOnItsNode) {
  Setting setting;
  setting.level = "spark-4.0";
  setting.daemon = R"("node_selector": {"kubernetes.io/hostname": "n-1"}, "shuffle_service": true)";
  std::vector<LoggedEvent> events;
  const RunResult result = run_of(setting, &events);
  EXPECT_GE(result.summary.refusals.at("no shuffle service listens on node n-2"), 2);
  TimeUs accepted = 0;
  for (const LoggedEvent& event : events) {
    if (event.get<out::RegistrationAccepted>() != nullptr && accepted == 0) accepted = event.t();
    if (event.get<note::Text>() == nullptr) continue;
    EXPECT_EQ(event.event.by, "executors");
    EXPECT_GE(event.t(), accepted + 2 * kShuffleRegistrationWaitUs);
    break;
  }
}

TEST(ShuffleRun, ALaterSparksFilesAreServedByTheShufflePodToo) {
  Setting setting;
  setting.level = "spark-4.0";
  setting.timeline = kExecutorDies;
  const RunResult result = run_of(setting);
  EXPECT_EQ(kpi(result, "jobs_done"), 1);
  EXPECT_EQ(kpi(result, "fetch_failures"), 0);
  EXPECT_EQ(kpi(result, "shuffle_left_bytes"), kMapBytes) << "nobody tells the services that it has ended";
}

TEST(ShuffleRun, Q29_FilesStayAsLongAsTheDriverPodDoesAndWithTheCureUntilItHasFinished) {
  for (const bool cured : {false, true}) {
    Setting setting;
    if (cured) setting.daemon = R"("shuffle_service": {"fixes": ["Q29"]})";
    const RunResult result = run_of(setting);
    EXPECT_EQ(kpi(result, "jobs_done"), 1);
    EXPECT_EQ(kpi(result, "shuffle_left_bytes"), cured ? 0 : kMapBytes);
    EXPECT_EQ(result.summary.shuffle_left.size(), cured ? 0U : 2U) << "by node";
  }
}

TEST(ShuffleRun, FilesGoWhenTheDriverPodIsDeleted) {
  Setting setting;
  setting.timeline = R"({"at": "10m", "do": "delete_pods", "pods": ["default/driver"]})";
  std::vector<LoggedEvent> events;
  const RunResult result = run_of(setting, &events);
  EXPECT_EQ(kpi(result, "shuffle_left_bytes"), 0);
  const auto notes = std::ranges::count_if(
      events, [](const LoggedEvent& e) { return e.get<note::Text>() != nullptr && e.event.by == "shuffle-service"; });
  EXPECT_EQ(notes, 2) << "one of each node";
}

TEST(ShuffleRun, Q30_AServiceOfAnotherNamespaceNeverHearsOfTheDriverAndWithTheCureItDoes) {
  for (const bool cured : {false, true}) {
    Setting setting;
    setting.daemon_ns = "shuffle";
    if (cured) setting.daemon = R"("shuffle_service": {"fixes": ["Q30"]})";
    setting.timeline = R"({"at": "10m", "do": "delete_pods", "pods": ["default/driver"]})";
    EXPECT_EQ(kpi(run_of(setting), "shuffle_left_bytes"), cured ? 0 : kMapBytes);
  }
}

TEST(ShuffleRun, WithoutADaemonSetThatIsAServiceEveryNodeHasOneThatNeverFails) {
  Setting setting;
  setting.daemon = R"("shuffle_service": false)";
  setting.timeline = std::string(kExecutorDies) + ", " + kShufflePodDies;
  const RunResult result = run_of(setting);
  EXPECT_EQ(kpi(result, "jobs_done"), 1);
  EXPECT_EQ(kpi(result, "fetch_failures"), 0);
  EXPECT_FALSE(result.summary.kpis.contains("shuffle_left_bytes"));
}

}  // namespace
}  // namespace podramp::sim::shuffle_run_test
