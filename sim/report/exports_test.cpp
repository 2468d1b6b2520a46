// What other tools get: the trace-event format by its own rules, counts that come back, Prometheus' and Paje's grammar.
#include "sim/report/exports.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <sstream>

#include "sim/report/commands.h"
#include "sim/report/life_phases.h"
#include "sim/report/test_reports.h"
#include "sim/results.h"

namespace podramp::sim::exports_test {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

// A run with refusals, lost nodes and restarts of pulls; and one with faults.
const std::vector<std::string> kScenarios{"node_failure_wave.json", "api_throttled.json",
                                          "quota_shared_by_three_apps.json", "flapping_and_crashing.json"};

// The rules of the trace-event format that its readers need: keys by kind of event, no negative durations, slices of a
// thread one after the other.
void check_trace_event(const json& e) {
  ASSERT_TRUE(e.is_object());
  for (const char* key : {"ph", "name", "pid", "tid", "ts"}) ASSERT_TRUE(e.contains(key)) << e;
  ASSERT_TRUE(e["ts"].is_number_integer());
  EXPECT_GE(e["ts"].get<std::int64_t>(), 0);
  const std::string ph = e["ph"];
  if (ph == "X") {
    ASSERT_TRUE(e.contains("dur") && e.contains("cat")) << e;
    EXPECT_GE(e["dur"].get<std::int64_t>(), 0) << e;
  } else if (ph == "C") {
    ASSERT_TRUE(e["args"].is_object() && !e["args"].empty()) << e;
    for (const auto& [name, value] : e["args"].items()) EXPECT_TRUE(value.is_number()) << e;
  } else if (ph == "i") {
    EXPECT_EQ(e["s"], "g") << e;
  } else {
    ASSERT_EQ(ph, "M") << e;
    EXPECT_TRUE(e["args"].contains("name") || e["args"].contains("sort_index")) << e;
  }
}

TEST(Perfetto, IsInTheTraceEventFormatAndItsCountsAreTheLogs) {
  for (const std::string& name : kScenarios) {
    SCOPED_TRACE(name);
    const ReportedRun run = reported(shipped_scenario(name));
    const auto events = read_events(run.path);
    const json trace = json::parse(perfetto_trace(run.record));
    std::map<std::pair<int, int>, std::vector<std::pair<std::int64_t, std::int64_t>>> slices;
    std::map<std::pair<int, int>, std::string> threads;
    std::set<int> processes;
    std::set<std::string> pods;
    std::size_t faults = 0;
    for (const json& e : trace.at("traceEvents")) {
      check_trace_event(e);
      const std::pair at{e["pid"].get<int>(), e["tid"].get<int>()};
      if (e["name"] == "process_name") processes.insert(at.first);
      if (e["name"] == "thread_name") {
        EXPECT_TRUE(threads.emplace(at, e["args"]["name"].get<std::string>()).second);
      }
      if (e["ph"] == "X") {
        slices[at].emplace_back(e["ts"].get<std::int64_t>(), e["dur"].get<std::int64_t>());
        pods.insert(e["args"]["pod"].get<std::string>());
      }
      if (e["ph"] == "i" && e["cat"] == "fault") ++faults;
    }
    std::size_t executors = 0;
    for (const auto& [at, thread] : threads) {
      EXPECT_TRUE(processes.contains(at.first));
      executors += thread.find(" executor ") != std::string::npos ? 1U : 0U;
    }
    for (const auto& [at, all] : slices) {
      EXPECT_TRUE(threads.contains(at));
      for (std::size_t i = 1; i < all.size(); ++i) {
        EXPECT_GE(all[i].first, all[i - 1].first + all[i - 1].second) << threads[at];
      }
    }
    std::size_t rows = 0;
    for (const ApplicationView& app : run.record.projection.applications()) rows += app.executors.size();
    EXPECT_EQ(executors, rows);
    EXPECT_EQ(faults, all<fault::Fired>(events).size());
    const auto created = all<fact::PodCreated>(events);
    EXPECT_EQ(trace["otherData"]["pods"], std::to_string(created.size()));
    for (const auto& [t, fact] : created) {
      EXPECT_TRUE(pods.contains(pod_key(*fact.pod))) << pod_key(*fact.pod);
    }
  }
}

TEST(Perfetto, PhasesOfAnExecutorFollowEachOtherFromItsCreateToItsEnd) {
  const ReportedRun run = reported(shipped_scenario("image_pull_storm.json"));
  const ApplicationView& app = run.record.projection.applications().front();
  for (const ExecutorRow& row : app.executors) {
    const auto phases = phases_of(row, run.record.end_us);
    ASSERT_FALSE(phases.empty());
    EXPECT_EQ(phases.front().from_us, row.asked_us);
    for (std::size_t i = 1; i < phases.size(); ++i) EXPECT_EQ(phases[i].from_us, phases[i - 1].to_us);
    if (row.registered_us) {
      const auto serving = std::ranges::find(phases, std::string_view("serving"), &Phase::name);
      ASSERT_NE(serving, phases.end());
      EXPECT_EQ(serving->from_us, *row.registered_us);
    }
  }
}

TEST(Prometheus, EveryFamilyHasHelpAndTypeOnceAndSamplesFollowTheGrammar) {
  static const std::regex kSample(
      R"re(([a-zA-Z_:][a-zA-Z0-9_:]*)\{([a-zA-Z_][a-zA-Z0-9_]*="([^"\\\n]|\\["\\n])*",?)*\} -?[0-9.e+]+)re");
  const ReportedRun run = reported(shipped_scenario("quota_shared_by_three_apps.json"));
  std::istringstream lines(prometheus_text(run.record));
  std::string family;
  std::set<std::string> families;
  std::set<std::string> series;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("# HELP ")) {
      family = line.substr(7, line.find(' ', 7) - 7);
      EXPECT_TRUE(families.insert(family).second) << line;
      ASSERT_TRUE(std::getline(lines, line));
      EXPECT_EQ(line, "# TYPE " + family + " gauge");
      continue;
    }
    std::smatch match;
    ASSERT_TRUE(std::regex_match(line, match, kSample)) << line;
    EXPECT_EQ(match[1], family);
    EXPECT_TRUE(series.insert(line.substr(0, line.rfind(' '))).second) << line;
  }
  const std::string text = prometheus_text(run.record);
  EXPECT_THAT(text, Not(HasSubstr("_per_s_max{"))) << "promtool wants units in full";
  EXPECT_THAT(text, HasSubstr("podramp_registered_max{scenario=\"quota_shared_by_three_apps\",seed=\"4\"} 100\n"));
  EXPECT_THAT(text, HasSubstr("podramp_application_time_to_100_seconds{scenario=\"quota_shared_by_three_apps\",seed="
                              "\"4\",application=\"first\"} 10.125\n"));
  EXPECT_EQ(count_in(text, "podramp_application_time_to_100_seconds{"), 2U);  // the third never got there
}

TEST(Paje, EventsRiseInTimeAndNameWhatWasDefined) {
  for (const std::string& name : kScenarios) {
    SCOPED_TRACE(name);
    const ReportedRun run = reported(shipped_scenario(name));
    std::istringstream lines(paje_trace(run.record));
    std::set<std::string> containers{"0"};
    std::set<std::string> values;
    double last = 0;
    std::size_t pods = 0;
    for (std::string line; std::getline(lines, line);) {
      std::istringstream words(line);
      std::string id;
      words >> id;
      if (id == "4") {
        std::string alias;
        words >> alias;
        values.insert(alias);
      }
      if (id.size() != 1 || id < "5") continue;
      double t = -1;
      std::string a;
      std::string b;
      std::string c;
      words >> t >> a >> b >> c;
      EXPECT_GE(t, last) << line;
      last = t;
      if (id == "5") {
        EXPECT_TRUE(containers.contains(c)) << line;
        EXPECT_TRUE(containers.insert(a).second) << line;
        pods += b == "P" ? 1U : 0U;
      } else if (id == "6") {
        EXPECT_EQ(containers.erase(b), 1U) << line;
      } else {
        EXPECT_TRUE(containers.contains(b)) << line;
        EXPECT_TRUE(id == "8" || values.contains(c)) << line;
      }
    }
    EXPECT_GT(pods, 0U);
  }
}

TEST(ExportCommand, CsvIsTheResultsFoldersAndUnknownFormatsAreNamed) {
  const ReportedRun run = reported(scenario_of(tiny_text(3)));
  testing::internal::CaptureStdout();
  EXPECT_EQ(export_command({run.path, "--to", "csv"}), 0);
  std::fflush(stdout);
  EXPECT_EQ(testing::internal::GetCapturedStdout(), executors_csv(run.record.projection));
  const std::string out = run.path + ".csv";
  EXPECT_EQ(export_command({run.path, "--to", "csv-timeline", "--out", out, "--force"}), 0);
  EXPECT_EQ(read_bytes(out), timeline_csv(run.record.projection));
  testing::internal::CaptureStderr();
  EXPECT_EQ(export_command({run.path, "--to", "csv", "--out", out}), 2);
  EXPECT_EQ(export_command({run.path, "--to", "excel"}), 2);
  EXPECT_EQ(export_command({"--to", "csv"}), 2);
  const std::string err = testing::internal::GetCapturedStderr();
  EXPECT_THAT(err, HasSubstr("exists already"));
  EXPECT_THAT(err, HasSubstr("--to \"excel\": perfetto, csv, csv-timeline, prometheus or paje is expected"));
}

}  // namespace
}  // namespace podramp::sim::exports_test
