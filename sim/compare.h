// Two runs side by side: the KPIs that differ, and the first line where their logs part.
#pragma once

#include <string>
#include <vector>

#include "backend/live/event_log.h"
#include "sim/kpis.h"
#include "sim/observed_pods.h"

namespace podramp::sim {

// One run as its log tells it.
struct ComparedRun {
  std::string path;
  std::string scenario_json;
  std::string level;  // of its log: below "all" the KPIs of pods are not known
  Kpis kpis;
  std::map<std::string, Kpis> applications;
  Observed observed;  // by its drivers, at any level but "none"
};

struct Comparison {
  ComparedRun a;
  ComparedRun b;
  std::vector<std::string> differing_applications;  // of those in both runs
  std::vector<std::string> differing;               // names of KPIs of the run that are not equal
  int first_difference = 0;  // line number from 1 (the header is line 1); 0: the same after the header
  std::string line_a;        // "" where a log has ended
  std::string line_b;
};

// a, b: result folders or events.jsonl files.
Result<Comparison> compare_runs(const std::string& a, const std::string& b);
// The log inside a result folder, or the path itself.
std::string log_of(const std::string& path);
// A log's run as KPIs, from its events (as many as its level kept).
Result<ComparedRun> read_run(const std::string& path);
// The same of a projection that has seen the whole log.
ComparedRun summed_up(const std::string& path, const LogHeader& header, const Projection& projection, TimeUs end_us);

}  // namespace podramp::sim
