// Everything that a report or an export says about one run, folded from its log: executors and counts (Projection),
// waits (Explanation), and beside them pods, nodes, quotas, answers and what went wrong. Next: run_verdict.h,
// run_page.h.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sim/explain.h"
#include "sim/kpis.h"
#include "sim/log_reader.h"
#include "sim/report/series.h"

namespace podramp::sim {

struct Span {
  TimeUs from_us = 0;
  std::optional<TimeUs> to_us;  // absent: until the end of the log
  friend bool operator==(const Span&, const Span&) = default;
};

struct NodeLife {
  std::string name;
  TimeUs added_us = 0;
  std::optional<TimeUs> gone_us;
  std::vector<Span> silent;   // its kubelet did not talk to the API server
  std::vector<Span> unready;  // as the API server showed it
};

// A pod that was stored, an executor's or not.
struct PodLife {
  std::string name;  // "namespace/name"
  std::string node;
  TimeUs created_us = 0;
  std::optional<TimeUs> bound_us, running_us, finished_us, gone_us;
};

struct QuotaUse {
  std::string name;                                // "namespace/name"
  std::map<std::string, Steps, std::less<>> hard;  // by resource
  std::map<std::string, Steps, std::less<>> used;
};

// One fault, or a window in which a fault could strike.
struct FaultMark {
  TimeUs t = 0;
  std::string point;
  std::string target;               // "" for a window
  std::optional<TimeUs> closed_us;  // of a window
};

// What CI says of the run: from summary.json beside the log, if there is one.
struct SummaryVerdict {
  std::vector<std::string> broken_budgets;
  std::vector<std::string> never_seen;
  std::vector<std::string> warnings;
};

struct RunRecord {
  std::string path;
  std::string scenario;  // its name
  std::string about;
  LogHeader header;
  std::optional<LogFooter> footer;
  std::size_t torn_bytes = 0;
  TimeUs end_us = 0;
  bool goes_on = false;  // the run does: nothing of this is final, and end_us is now
  Projection projection{kSecondUs};
  Explanation explanation;
  Kpis kpis;
  std::vector<Kpis> applications;                      // as in the projection
  std::map<std::string, std::vector<TimeUs>> answers;  // "201", "409", "timed_out" -> when, of all applications
  std::vector<PodLife> pods;                           // as they came up
  std::vector<NodeLife> nodes;                         // likewise
  std::vector<QuotaUse> quotas;                        // by name
  std::vector<FaultMark> faults;
  std::vector<std::pair<TimeUs, std::string>> violations;
  SummaryVerdict verdict;

  bool has_facts() const { return header.level == LogLevel::all; }
};

// path: a results folder or a log. slowest: executors to be explained in detail. Errors: it cannot be read.
Result<RunRecord> read_record(const std::string& path, std::size_t slowest);

// record_json.cpp: name and about of a header's scenario; a summary.json, as far as it is one; JSON for people.
std::pair<std::string, std::string> scenario_names(const std::string& scenario_json);
SummaryVerdict summary_verdict(const std::string& summary_json);
std::string indented_json(const std::string& json);
// What two resolved scenarios say differently, by path ("applications.0.conf.spark.executor.cores"); "" where one is
// silent.
struct SettingDifference {
  std::string path, a, b;
};
std::vector<SettingDifference> setting_differences(const std::string& scenario_a, const std::string& scenario_b);

}  // namespace podramp::sim
