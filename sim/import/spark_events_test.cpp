// Event logs into scenarios: two real ones (scenarios/real, of Spark 3.5.1 and 4.0.1), and small ones that tests write.
#include <algorithm>
#include <sstream>

#include "sim/import/spark_scenario.h"
#include "sim/import/test_codecs.h"
#include "sim/import/test_imports.h"

namespace podramp::sim::spark_events_test {
namespace {

using nlohmann::json;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class SparkEventsImport : public ImportFolder {};

const std::string kReal351 = shipped("real/event_log_3.5.1");
const std::string kReal401 = shipped("real/event_log_4.0.1");

std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> all;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) all.push_back(line + "\n");
  return all;
}

std::string executor_added(int id, std::int64_t at) {
  return R"({"Event":"SparkListenerExecutorAdded","Timestamp":)" + std::to_string(at) + R"(,"Executor ID":")" +
         std::to_string(id) + R"(","Executor Info":{"Host":"h","Total Cores":2}})" + "\n";
}
std::string executor_removed(int id, std::int64_t at, const std::string& why) {
  return R"({"Event":"SparkListenerExecutorRemoved","Timestamp":)" + std::to_string(at) + R"(,"Executor ID":")" +
         std::to_string(id) + R"(","Removed Reason":")" + why + "\"}\n";
}

// A log of its own for each question: two executors' worth of events around some lines.
std::string small_log(const std::string& conf, const std::string& more) {
  return R"({"Event":"SparkListenerLogStart","Spark Version":"3.5.1"}
{"Event":"SparkListenerApplicationStart","App Name":"Small","App ID":"spark-1","Timestamp":1000000,"User":"u"}
{"Event":"SparkListenerEnvironmentUpdate","Spark Properties":{"spark.executor.cores":"2")" +
         conf + "}}\n" + executor_added(1, 1004000) + executor_added(2, 1005000) + more;
}
std::string stage_info(int id, int tasks, const std::string& parents, int rdd) {
  return R"({"Stage ID":)" + std::to_string(id) + R"(,"Stage Name":"count at X.scala:1","Number of Tasks":)" +
         std::to_string(tasks) + R"(,"Parent IDs":[)" + parents + R"(],"RDD Info":[{"RDD ID":)" + std::to_string(rdd) +
         R"(,"Storage Level":{"Use Disk":false,"Use Memory":false},"Number of Partitions":)" + std::to_string(tasks) +
         "}]}";
}
std::string job_start(int id, std::int64_t at, const std::string& stages) {
  return R"({"Event":"SparkListenerJobStart","Job ID":)" + std::to_string(id) + R"(,"Submission Time":)" +
         std::to_string(at) + R"(,"Stage Infos":[)" + stages + "]}\n";
}
std::string job_end(int id, std::int64_t at) {
  return R"({"Event":"SparkListenerJobEnd","Job ID":)" + std::to_string(id) + R"(,"Completion Time":)" +
         std::to_string(at) +
         R"(,"Job Result":{"Result":"JobSucceeded"}})"
         "\n";
}
std::string submitted(const std::string& info) {
  return R"({"Event":"SparkListenerStageSubmitted","Stage Info":)" + info + "}\n";
}
std::string task_end(int stage, int task, const std::string& type, int run_ms, int waited_ms = 0, int bytes = 0) {
  return R"({"Event":"SparkListenerTaskEnd","Stage ID":)" + std::to_string(stage) + R"(,"Task Type":")" + type +
         R"(","Task End Reason":{"Reason":"Success"},"Task Info":{"Index":)" + std::to_string(task) +
         R"(,"Partition ID":)" + std::to_string(task) +
         R"(,"Launch Time":0,"Finish Time":1},"Task Metrics":{"Executor Deserialize Time":5,"Executor Run Time":)" +
         std::to_string(run_ms) + R"(,"Result Serialization Time":1,"Shuffle Read Metrics":{"Fetch Wait Time":)" +
         std::to_string(waited_ms) + R"(},"Shuffle Write Metrics":{"Shuffle Bytes Written":)" + std::to_string(bytes) +
         "}}}\n";
}

// What the log itself says, counted without the importer.
struct Counted {
  std::set<std::int64_t> stages;
  std::set<std::pair<std::int64_t, std::int64_t>> tasks;
  std::set<std::int64_t> jobs;
  std::int64_t failed = 0;
};
Counted counted(const std::string& path) {
  Counted counted;
  for (const std::string& line : lines(read_bytes(path))) {
    const json event = json::parse(line);
    if (event["Event"] == "SparkListenerStageSubmitted")
      counted.stages.insert(event["Stage Info"]["Stage ID"].get<int>());
    if (event["Event"] == "SparkListenerJobStart") counted.jobs.insert(event["Job ID"].get<int>());
    if (event["Event"] != "SparkListenerTaskEnd") continue;
    if (event["Task End Reason"]["Reason"] == "Success") {
      counted.tasks.emplace(event["Stage ID"].get<int>(), event["Task Info"]["Partition ID"].get<int>());
    } else {
      ++counted.failed;
    }
  }
  return counted;
}

void runs_as_counted(const std::string& path) {
  const Counted there = counted(path);
  const ImportedScenario imported = must(import_spark_events(path, {}));
  const auto events = run_and_read(text_scenario(imported.json));
  std::int64_t tasks = 0;
  for (const auto& [at, ended] : all<in::TaskEnded>(events)) tasks += ended.result.end == TaskEnd::success ? 1 : 0;
  EXPECT_EQ(all<out::StageStarted>(events).size(), there.stages.size());
  EXPECT_EQ(tasks, std::ssize(there.tasks));
  const auto jobs = all<out::JobEnded>(events);
  EXPECT_EQ(jobs.size(), there.jobs.size());
  for (const auto& [at, job] : jobs) EXPECT_EQ(job.error, "");
  EXPECT_EQ(all<in::Stopped>(events).size(), 1U) << "the program is over";
}

TEST_F(SparkEventsImport, TheLogOfSpark351RunsWithItsStagesAndTasks) {
  EXPECT_EQ(counted(kReal351).failed, 1);
  runs_as_counted(kReal351);
}

TEST_F(SparkEventsImport, TheLogOfSpark401RunsWithItsStagesAndTasks) { runs_as_counted(kReal401); }

TEST_F(SparkEventsImport, TheShippedScenarioIsTheImportOfTheShippedLog) {
  EXPECT_EQ(read_bytes(shipped("imported_event_log.json")), must(import_spark_events(kReal401, {})).json)
      << "podramp import spark-events scenarios/real/event_log_4.0.1 --out scenarios/imported_event_log.json";
}

TEST_F(SparkEventsImport, AProfileThatTheLogDoesNotHoldIsTheDefault) {
  std::string stage = stage_info(0, 1, "", 3);
  stage.insert(1, R"("Resource Profile Id":2,)");
  const std::string known =
      R"({"Event":"SparkListenerResourceProfileAdded","Resource Profile Id":2,"Executor Resource Requests":{"cores":)"
      R"({"Amount":4},"memory":{"Amount":2048},"offHeap":{"Amount":0},"gpu":{"Amount":1,"Vendor":"nvidia.com"}},)"
      R"("Task Resource Requests":{"cpus":{"Amount":1.0},"gpu":{"Amount":0.5}}})"
      "\n";
  const std::string job = job_start(0, 1006000, stage) + submitted(stage) + task_end(0, 0, "ResultTask", 5);
  const ImportedScenario without = must(import_spark_events(put("a", small_log("", job)), {}));
  EXPECT_THAT(lines_of(without.notes), Contains(HasSubstr("left out: profile 2 of a stage")));
  const ImportedScenario with = must(import_spark_events(put("b", small_log("", known + job)), {}));
  EXPECT_EQ(application_of(with)["profiles"], json::parse(R"([{"id": 2, "cores": 4, "memory": "2Gi",
    "custom_resources": [{"name": "gpu", "amount": 1, "vendor": "nvidia.com"}]}])"));
  EXPECT_EQ(application_of(with)["workload"]["jobs"][0]["stages"][0]["profile"], 2);
  EXPECT_EQ(json::parse(with.json)["cluster"]["nodes"][0]["resources"]["nvidia.com/gpu"], 4);
  EXPECT_THAT(lines_of(with.notes), Contains(HasSubstr("left out: profile 2: gpu of a task")));
}

// Wall time of the log against virtual time of the run: from the first job to the end of the last one.
TEST_F(SparkEventsImport, TheRunTakesAboutAsLongAsTheLog) {
  const auto events = run_and_read(text_scenario(must(import_spark_events(kReal401, {})).json));
  std::int64_t first = 0;
  std::int64_t last = 0;
  for (const std::string& line : lines(read_bytes(kReal401))) {
    const json event = json::parse(line);
    if (event["Event"] == "SparkListenerJobStart" && first == 0) first = event["Submission Time"].get<std::int64_t>();
    if (event["Event"] == "SparkListenerJobEnd") last = event["Completion Time"].get<std::int64_t>();
  }
  const TimeUs ours = all<out::JobEnded>(events).back().first - all<out::StageStarted>(events).front().first;
  const double ratio = static_cast<double>(ours) / static_cast<double>((last - first) * kMillisecondUs);
  EXPECT_GT(ratio, 0.7);
  EXPECT_LT(ratio, 1.1);
}

TEST_F(SparkEventsImport, AnAdaptiveQueryIsMapStageJobsAndAJobThatReadsThem) {
  const json jobs = application_of(must(import_spark_events(kReal351, {})))["workload"]["jobs"];
  const auto map_jobs = std::ranges::count_if(jobs, [](const json& job) { return job.value("map_stage", false); });
  EXPECT_GE(map_jobs, 3);
  bool reused = false;
  for (const json& job : jobs) {
    for (const json& stage : job["stages"]) {
      for (const json& parent : stage.value("parents", json::array())) {
        reused = reused || parent.get<std::string>().starts_with("job-");
      }
    }
  }
  EXPECT_TRUE(reused) << "skipped stages are those that wrote the shuffle";
}

TEST_F(SparkEventsImport, TheConfThatPodrampKnowsStaysAndTheRestIsListed) {
  const ImportedScenario imported = must(import_spark_events(kReal401, {}));
  const json application = application_of(imported);
  EXPECT_EQ(application["name"], "orders-report");
  EXPECT_EQ(application["compat"], "spark-4.0");
  EXPECT_EQ(application["conf"]["spark.task.maxFailures"], "3");
  EXPECT_EQ(application["conf"]["spark.executor.instances"], "2");
  EXPECT_EQ(application["conf"]["spark.executor.memory"], "1g");
  EXPECT_EQ(application["conf"]["spark.kubernetes.container.image"], "apache/spark:4.0.1");
  EXPECT_FALSE(application["conf"].contains("spark.master"));
  const auto notes = lines_of(imported.notes);
  EXPECT_THAT(notes, Contains("left out: conf spark.sql.shuffle.partitions: podramp does not know it; no scaling "
                              "decision that it makes depends on it"));
  EXPECT_THAT(notes, Contains("left out: conf spark.master: here everything runs on Kubernetes"));
  EXPECT_THAT(notes, Contains("assumed: spark.executor.instances: 2, the most that were there at the same time"));
  EXPECT_THAT(notes, Contains(HasSubstr("task that ended with ExceptionFailure: attempts that failed")));
  EXPECT_THAT(notes, Contains(HasSubstr("left out: event SparkListenerSQLExecutionStart: SQL plans")));
}

TEST_F(SparkEventsImport, EveryCodecGivesTheSameScenario) {
  const std::string text = read_bytes(kReal351);
  const std::string plain = must(import_spark_events(put("local-1", text), {})).json;
  EXPECT_EQ(must(import_spark_events(put("local-1.zstd", zstd_packed(text)), {})).json, plain);
  EXPECT_EQ(must(import_spark_events(put("local-1.lz4", lz4_packed(text)), {})).json, plain);
  EXPECT_EQ(must(import_spark_events(put("local-1.snappy", snappy_packed(text)), {})).json, plain);
  EXPECT_EQ(must(import_spark_events(put("local-1.lzf", lzf_packed(text)), {})).json, plain);
  EXPECT_EQ(must(import_spark_events(put("b/local-1.zstd.inprogress", zstd_packed(text)), {})).json, plain);
}

// Twelve parts of as many lines: part 10 comes after part 9, not after part 1.
void put_parts(const SparkEventsImport& /*test*/,
               const std::function<void(const std::string&, const std::string&)>& put) {
  const auto all = lines(read_bytes(kReal401));
  std::string part;
  int number = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    part += all[i];
    if ((i + 1) % (all.size() / 11) != 0 && i + 1 < all.size()) continue;
    put("events_" + std::to_string(++number) + "_app-1.zstd", zstd_packed(part));
    part.clear();
  }
  put("appstatus_app-1", "");
}

TEST_F(SparkEventsImport, ARolledLogIsReadInTheOrderOfItsNumbers) {
  put_parts(*this, [&](const std::string& name, const std::string& text) { put("eventlog_v2_app-1/" + name, text); });
  EXPECT_EQ(must(import_spark_events(path("eventlog_v2_app-1"), {})).json,
            must(import_spark_events(kReal401, {})).json);
}

TEST_F(SparkEventsImport, AMissingPartOfARolledLogIsNamed) {
  put_parts(*this, [&](const std::string& name, const std::string& text) { put("rolled/" + name, text); });
  std::filesystem::remove(path("rolled/events_3_app-1.zstd"));
  EXPECT_THAT(mistake(import_spark_events(path("rolled"), {})), HasSubstr("part 3 is missing (events_3_...)"));
}

TEST_F(SparkEventsImport, ACompactedPartStandsForAllUpToItsNumber) {
  const auto all = lines(read_bytes(kReal401));
  std::string half;
  std::string rest;
  for (std::size_t i = 0; i < all.size(); ++i) (i < all.size() / 2 ? half : rest) += all[i];
  put("c/events_1_app-1", "this must not be read\n");
  put("c/events_2_app-1.compact", half);
  put("c/events_3_app-1", rest);
  put("c/appstatus_app-1.inprogress", "");
  const ImportedScenario imported = must(import_spark_events(path("c"), {}));
  EXPECT_EQ(imported.json, must(import_spark_events(kReal401, {})).json);
  EXPECT_THAT(lines_of(imported.notes), Contains(HasSubstr("left out: ended jobs: the log was compacted")));
  EXPECT_THAT(lines_of(imported.notes), Contains(HasSubstr("left out: the rest of the run")));
}

TEST_F(SparkEventsImport, ALastLineThatIsCutOffIsLeftOut) {
  const std::string text = read_bytes(kReal351);
  const ImportedScenario imported =
      must(import_spark_events(put("local-1.inprogress", text.substr(0, text.size() * 9 / 10)), {}));
  EXPECT_THAT(lines_of(imported.notes), Contains(HasSubstr("left out: the last line: it is cut off")));
  EXPECT_THAT(lines_of(imported.notes), Contains(HasSubstr("left out: the rest of the run")));
  std::string packed;
  for (const std::string& line : lines(text)) packed += zstd_packed(line);  // a frame at each flush
  const ImportedScenario half =
      must(import_spark_events(put("local-2.zstd.inprogress", packed.substr(0, packed.size() * 9 / 10)), {}));
  EXPECT_THAT(lines_of(half.notes), Contains(HasSubstr("left out: the last line: it is cut off")));
}

TEST_F(SparkEventsImport, WhatIsNoEventLogIsToldWithItsLine) {
  const std::string start = R"({"Event":"SparkListenerLogStart","Spark Version":"3.5.1"})"
                            "\n";
  EXPECT_THAT(mistake(import_spark_events(put("a", start + "{\"Event\":\n" + start), {})),
              HasSubstr("a:2: is no JSON; an event log has one event a line"));
  EXPECT_THAT(mistake(import_spark_events(put("b", start + "[1]\n"), {})), HasSubstr("b:2: is no Spark event"));
  EXPECT_THAT(mistake(import_spark_events(put("c", start), {})), HasSubstr("has no SparkListenerApplicationStart"));
  EXPECT_THAT(mistake(import_spark_events(put("d.zstd", start), {})), HasSubstr("does not begin as a .zstd file does"));
  EXPECT_THAT(mistake(import_spark_events(put("e", zstd_packed(start)), {})), HasSubstr("rename it to e.zstd"));
  EXPECT_THAT(mistake(import_spark_events(put("f.gz", "\x1f\x8b x"), {})), HasSubstr("gunzip it first"));
  EXPECT_THAT(mistake(import_spark_events(path("nothing"), {})), HasSubstr("there is no such file or folder"));
  put("folder/local-7.zstd", "");
  EXPECT_THAT(mistake(import_spark_events(path("folder"), {})), HasSubstr("name one of: local-7.zstd"));
}

TEST_F(SparkEventsImport, JobsKeepTheirGapsTasksTheirTimesAndShufflesTheirBytes) {
  const std::string map = stage_info(0, 2, "", 3);
  const std::string reduce = stage_info(1, 1, "0", 5);
  const std::string again = stage_info(2, 2, "", 3) + "," + stage_info(3, 1, "2", 6);
  const std::string log = small_log(
      "", job_start(0, 1006000, map + "," + reduce) + submitted(map) + task_end(0, 1, "ShuffleMapTask", 300, 0, 1500) +
              task_end(0, 0, "ShuffleMapTask", 100, 0, 500) + submitted(reduce) + task_end(1, 0, "ResultTask", 80, 30) +
              job_end(0, 1009000) + job_start(1, 1011500, again) + submitted(stage_info(3, 1, "2", 6)) +
              task_end(3, 0, "ResultTask", 7) + job_end(1, 1012000));
  const ImportedScenario imported = must(import_spark_events(put("log", log), {}));
  const json expected = json::parse(R"([
    {"name": "job-0", "start": "6s", "stages": [
      {"name": "0-count", "tasks": 2, "durations": ["106ms", "306ms"], "shuffle_write": "1000"},
      {"name": "1-count", "parents": ["0-count"], "tasks": 1, "durations": ["56ms"]}]},
    {"name": "job-1", "after": "job-0", "start": "2500ms", "stages": [
      {"name": "3-count", "parents": ["job-0/0-count"], "tasks": 1, "durations": ["13ms"]}]}])");
  EXPECT_EQ(application_of(imported)["workload"]["jobs"], expected) << application_of(imported)["workload"].dump(1);
  const auto events = run_and_read(text_scenario(imported.json));
  EXPECT_EQ(all<out::StageStarted>(events).size(), 3U);
}

TEST_F(SparkEventsImport, LostExecutorsAreLostAgainAndThoseThatWereKilledAreNot) {
  const std::string oom = "\\nThe executor with id 2 exited with exit code 137(SIGKILL, possible container OOM).\\n";
  const std::string log =
      small_log("", executor_removed(2, 1030000, oom) + executor_removed(1, 1040000, "Executor killed by driver."));
  const ImportedScenario imported = must(import_spark_events(put("log", log), {}));
  EXPECT_EQ(json::parse(imported.json)["timeline"], json::parse(R"([{"at": "30s", "do": "executor_exit",
    "application": "small", "executors": [2], "exit_code": 137}])"));
  EXPECT_THAT(lines_of(imported.notes),
              Contains(HasSubstr("executor removed on purpose: when executors go is decided anew")));
  EXPECT_EQ(application_of(imported)["conf"]["spark.executor.instances"], "2");
}

TEST_F(SparkEventsImport, WithDynamicAllocationTheWorkloadIsTheDemand) {
  const std::string stage = stage_info(0, 4, "", 3);
  std::string log = small_log(R"(,"spark.dynamicAllocation.enabled":"true","spark.dynamicAllocation.maxExecutors":"3",)"
                              R"("spark.dynamicAllocation.shuffleTracking.enabled":"true")",
                              job_start(0, 1006000, stage) + submitted(stage));
  for (int i = 0; i < 4; ++i) log += task_end(0, i, "ResultTask", 2000);
  const ImportedScenario imported = must(import_spark_events(put("log", log + job_end(0, 1009000)), {}));
  EXPECT_FALSE(application_of(imported)["conf"].contains("spark.executor.instances"));
  const auto events = run_and_read(text_scenario(imported.json));
  EXPECT_EQ(all<in::TaskEnded>(events).size(), 4U);
}

TEST_F(SparkEventsImport, WhatPodsWouldWaitForInVainIsPutInOrLeftOut) {
  const std::string log =
      small_log(R"(,"spark.kubernetes.scheduler.name":"volcano","spark.kubernetes.node.selector.disk":"ssd",)"
                R"("spark.kubernetes.executor.volumes.persistentVolumeClaim.data.options.claimName":"shared",)"
                R"("spark.kubernetes.executor.volumes.persistentVolumeClaim.data.mount.path":"/data")",
                "");
  const ImportedScenario imported = must(import_spark_events(put("log", log), {}));
  EXPECT_THAT(lines_of(imported.notes), Contains("left out: conf spark.kubernetes.scheduler.name: the cluster has no "
                                                 "scheduler \"volcano\": the default one"));
  EXPECT_THAT(lines_of(imported.notes), Contains(HasSubstr("assumed: claim shared: ")));
  EXPECT_EQ(all<fact::PodRunning>(run_and_read(text_scenario(imported.json, {"end=5m"}))).size(), 2U);
}

TEST_F(SparkEventsImport, AnUnfinishedJobKeepsTheStagesThatRan) {
  const std::string left = stage_info(0, 2, "", 3);
  const std::string right = stage_info(1, 2, "", 4);
  const std::string join = stage_info(2, 2, "0,1", 5);
  const std::string log =
      small_log("", job_start(0, 1006000, left + "," + right + "," + join) + submitted(left) + submitted(right) +
                        task_end(0, 0, "ShuffleMapTask", 100) + task_end(0, 1, "ShuffleMapTask", 100) +
                        task_end(1, 0, "ShuffleMapTask", 300));
  const ImportedScenario imported = must(import_spark_events(put("log.inprogress", log), {}));
  EXPECT_THAT(lines_of(imported.notes), Contains(HasSubstr("1 tasks had not ended: the median of their stage, or 1s")));
  const auto events = run_and_read(text_scenario(imported.json));
  EXPECT_EQ(all<out::StageStarted>(events).size(), 2U);
  EXPECT_EQ(all<in::TaskEnded>(events).size(), 4U);
}

// The parent comes later, and is the job's own last stage: no log of Spark's is so.
TEST_F(SparkEventsImport, AParentThatCannotBeIsToldAndNothingIsRead) {
  const std::string first = stage_info(0, 1, "1,7", 3);
  const std::string last = stage_info(1, 1, "1", 4);
  const std::string log = small_log("", job_start(0, 1006000, first + "," + last) + submitted(first) + submitted(last) +
                                            task_end(0, 0, "ShuffleMapTask", 1) + task_end(1, 0, "ResultTask", 1));
  const ImportedScenario imported = must(import_spark_events(put("log", log), {}));
  EXPECT_THAT(lines_of(imported.notes), Contains(HasSubstr("left out: shuffle of unknown origin (3 times): ")));
  EXPECT_EQ(all<out::StageStarted>(run_and_read(text_scenario(imported.json))).size(), 2U);
}

TEST_F(SparkEventsImport, ABaseGivesItsClusterAndImage) {
  const Scenario base = shipped_scenario("ramp_500.json");
  const ImportedScenario imported = must(import_spark_events(kReal401, base));
  const Scenario scenario = text_scenario(imported.json);
  EXPECT_EQ(scenario.cluster.nodes, base.cluster.nodes);
  EXPECT_EQ(scenario.cluster.images, base.cluster.images);
  EXPECT_EQ(scenario.applications.size(), 1U);
  EXPECT_EQ(scenario.applications[0].conf.at("spark.kubernetes.container.image"),
            base.applications[0].conf.at("spark.kubernetes.container.image"));
}

TEST_F(SparkEventsImport, NotesAreJsonToo) {
  const ImportedScenario imported = must(import_spark_events(kReal401, {}));
  const json both = json::parse(import_json(imported, true));
  EXPECT_EQ(both["scenario"], json::parse(imported.json));
  ASSERT_EQ(both["notes"].size(), imported.notes.all().size());
  EXPECT_THAT((std::vector<std::string>{"left_out", "assumed"}), Contains(both["notes"][0]["kind"].get<std::string>()));
  EXPECT_FALSE(json::parse(import_json(imported, false)).contains("scenario"));
}

}  // namespace
}  // namespace podramp::sim::spark_events_test
