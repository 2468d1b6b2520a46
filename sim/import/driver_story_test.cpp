// Driver logs and audit logs into timelines.
#include "sim/import/driver_story.h"

#include "sim/import/log_line.h"
#include "sim/import/test_imports.h"

namespace podramp::sim::driver_story_test {
namespace {

using nlohmann::json;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

class DriverStories : public ImportFolder {
 protected:
  ImportedScenario log(const std::string& text) const { return must(import_driver_log(put("driver.log", text), {})); }
  ImportedScenario audit(const std::string& text) const { return must(import_audit(put("audit.log", text), "", {})); }
};

json timeline(const ImportedScenario& imported) { return json::parse(imported.json)["timeline"]; }

TEST(LogLine, TheUsualTimesAreRead) {
  const auto spark = read_log_line("26/11/27 13:06:13 INFO ExecutorPodsAllocator: Going to request 5");
  ASSERT_TRUE(spark);
  EXPECT_EQ(spark->unix_us, 1'795'784'773 * kSecondUs);
  EXPECT_EQ(spark->source, "ExecutorPodsAllocator");
  EXPECT_EQ(spark->message, "Going to request 5");
  const auto iso = read_log_line("2026-11-27 13:06:13,250 WARN  [main] org.apache.spark.SparkContext: a: b");
  ASSERT_TRUE(iso);
  EXPECT_EQ(iso->unix_us, 1'795'784'773'250'000);
  EXPECT_EQ(iso->source, "SparkContext");
  EXPECT_EQ(iso->message, "a: b");
  const auto plain = read_log_line("11:24:30.050 WARN main Utils: Your hostname");
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->unix_us, (11 * 3600 + 24 * 60 + 30) * kSecondUs + 50'000);
  EXPECT_EQ(plain->source, "Utils");
  const auto kubectl = read_log_line("2026-11-27T13:06:13.5Z 26/11/27 13:06:13 INFO SparkEnv: x");
  ASSERT_TRUE(kubectl);
  EXPECT_EQ(kubectl->unix_us, 1'795'784'773'500'000);
  const auto structured = read_log_line(
      R"({"ts":"2026-11-27T13:06:13.250Z","level":"INFO","msg":"Hello","logger":"org.apache.spark.SparkContext"})");
  ASSERT_TRUE(structured);
  EXPECT_EQ(structured->source, "SparkContext");
  EXPECT_EQ(structured->message, "Hello");
  EXPECT_FALSE(read_log_line("\tat java.base/java.lang.Thread.run(Thread.java:840)"));
  EXPECT_FALSE(read_log_line("Setting default log level to \"WARN\"."));
  EXPECT_FALSE(read_log_line(""));
}

const std::string kLog = read_test_file(shipped("real/driver.log")).value();

TEST_F(DriverStories, ADriversLogIsATimeline) {
  const ImportedScenario imported = log(kLog);
  EXPECT_EQ(timeline(imported), json::parse(R"([
    {"at": "5s", "do": "set_target", "application": "nightly-load", "executors": 3},
    {"at": "40s", "do": "set_target", "application": "nightly-load", "executors": 6},
    {"at": "70s", "do": "executor_exit", "application": "nightly-load", "executors": [2], "exit_code": 137},
    {"at": "2m", "do": "kill_executors", "application": "nightly-load", "executors": [1, 3], "replace": true},
    {"at": "3m", "do": "stop_application", "application": "nightly-load"}])"))
      << timeline(imported).dump(1);
  EXPECT_EQ(json::parse(imported.json)["faults"], json::parse(R"([{"point": "api.answer",
    "application": "nightly-load", "verb": "create", "from": "40s", "until": "44s", "code": 403}])"));
  const json application = application_of(imported);
  EXPECT_EQ(application["compat"], "spark-3.5");
  EXPECT_EQ(application["start"], "5s");
  EXPECT_EQ(application["conf"]["spark.executor.instances"], "3");
  EXPECT_EQ(application["conf"]["spark.executor.cores"], "2");
  EXPECT_EQ(application["conf"]["spark.executor.memory"], "2048m");
}

TEST_F(DriverStories, LinesThatSayNothingAreCountedByTheirSource) {
  const auto notes = lines_of(log(kLog).notes);
  EXPECT_THAT(notes, Contains("left out: line of BlockManagerMasterEndpoint: says nothing that a timeline can hold"));
  EXPECT_THAT(notes, Contains(HasSubstr("left out: line without a time: stack traces")));
}

TEST_F(DriverStories, TheTimelineOfADriversLogRuns) {
  const auto events = run_and_read(text_scenario(log(kLog).json));
  std::int64_t refused = 0;
  for (const auto& [at, replied] : all<in::Replied>(events)) refused += replied.reply.code == 403 ? 1 : 0;
  EXPECT_GT(refused, 0);
  EXPECT_GE(all<fact::PodCreated>(events).size(), 7U) << "six wanted, one lost and replaced";
  ASSERT_EQ(all<in::Stopped>(events).size(), 1U);
  EXPECT_EQ(all<in::Stopped>(events)[0].first, 3 * kMinuteUs);
}

TEST_F(DriverStories, ExecutorsThatNeverRegisteredAreLostToo) {
  const ImportedScenario imported = log(
      "23:59:58.000 INFO main ExecutorPodsAllocator: Going to request 2 executors from Kubernetes for ResourceProfile "
      "Id: 0, target: 2, known: 0, sharedSlotFromPendingPods: 5.\n"
      "00:00:05.500 INFO x KubernetesDriverEndpoint: Asked to remove non-existent executor 2\n"
      "00:00:09.000 ERROR x TaskSchedulerImpl: Lost executor 2 on 10.0.0.1: gone\n"
      "00:00:10.000 INFO x KubernetesClusterSchedulerBackend: Shutting down all executors\n"
      "00:00:11.000 ERROR x TaskSchedulerImpl: Lost executor 1 on 10.0.0.2: gone\n");
  EXPECT_EQ(timeline(imported), json::parse(R"([
    {"at": "0s", "do": "set_target", "application": "app", "executors": 2},
    {"at": "7500ms", "do": "executor_exit", "application": "app", "executors": [2], "exit_code": 1},
    {"at": "12s", "do": "stop_application", "application": "app"}])"))
      << timeline(imported).dump(1);
}

TEST_F(DriverStories, ALogWithoutTimesIsRefused) {
  EXPECT_THAT(mistake(import_driver_log(put("x", "hello\n"), {})), HasSubstr("x: no line has a time and a level"));
  EXPECT_THAT(mistake(import_driver_log(path("none"), {})), HasSubstr("none: cannot be opened"));
}

std::string call(const std::string& second, const std::string& verb, const std::string& name, int code,
                 const std::string& resource = "pods") {
  const std::string at = "2026-01-02T03:04:" + second + ".000000Z";
  return R"({"kind":"Event","apiVersion":"audit.k8s.io/v1","stage":"ResponseComplete","verb":")" + verb +
         R"(","requestURI":"/api/v1/namespaces/data/pods?labelSelector=spark-role","objectRef":{"resource":")" +
         resource + R"(","name":")" + name + R"("},"responseStatus":{"code":)" + std::to_string(code) +
         R"(},"requestReceivedTimestamp":")" + at + R"(","stageTimestamp":")" + at + "\"}\n";
}

TEST_F(DriverStories, AnAuditLogIsATimeline) {
  const std::string text = call("00", "get", "driver", 200) + call("02", "create", "etl-exec-1", 201) +
                           call("03", "create", "etl-exec-2", 201) + call("10", "create", "etl-exec-3", 403) +
                           call("11", "create", "etl-exec-4", 201) + call("20", "delete", "etl-exec-1", 200) +
                           call("50", "deletecollection", "", 200);
  const ImportedScenario imported = audit(text);
  EXPECT_EQ(timeline(imported), json::parse(R"([
    {"at": "2s", "do": "set_target", "application": "app", "executors": 2},
    {"at": "10s", "do": "set_target", "application": "app", "executors": 3},
    {"at": "20s", "do": "kill_executors", "application": "app", "executors": [1]},
    {"at": "50s", "do": "stop_application", "application": "app"}])"))
      << timeline(imported).dump(1);
  EXPECT_EQ(json::parse(imported.json)["faults"][0]["code"], 403);
  EXPECT_EQ(json::parse(imported.json)["faults"][0]["from"], "10s");
  EXPECT_THAT(lines_of(imported.notes), Contains(HasSubstr("left out: request get pods: is no create or delete")));
  EXPECT_THAT(lines_of(imported.notes), Contains(HasSubstr("assumed: deletes of executors' pods: ")));
  const auto events = run_and_read(text_scenario(imported.json));
  EXPECT_EQ(all<in::Stopped>(events).size(), 1U);
}

TEST_F(DriverStories, RequestsAreLoggedWhenTheyAreOverAndOneMayHaveBegunBeforeTheFirstLine) {
  const ImportedScenario imported =
      audit(call("05", "create", "etl-exec-2", 201) + call("03", "create", "etl-exec-1", 201));
  EXPECT_EQ(timeline(imported), json::parse(R"([
    {"at": "0s", "do": "set_target", "application": "app", "executors": 2}])"))
      << timeline(imported).dump(1);
}

TEST_F(DriverStories, AnAuditLogWithoutExecutorsIsRefused) {
  EXPECT_THAT(mistake(import_audit(put("a", call("00", "get", "driver", 200)), "", {})),
              HasSubstr("holds no create or delete of an executor's pod"));
  EXPECT_THAT(mistake(import_audit(put("b", "hello\n"), "", {})), HasSubstr("b:1: is no JSON"));
  EXPECT_THAT(mistake(import_audit(
                  put("c", call("00", "create", "a-exec-1", 201) + call("01", "create", "b-exec-1", 201)), "", {})),
              HasSubstr("several drivers (a, b): name one with --pods PREFIX"));
}

}  // namespace
}  // namespace podramp::sim::driver_story_test
