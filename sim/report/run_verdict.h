// The three questions of a report's first screen, answered in sentences: when was the target reached, what limited it,
// what went wrong.
#pragma once

#include <string>
#include <vector>

#include "sim/report/run_record.h"

namespace podramp::sim {

struct ReachedTarget {
  bool reached = false;
  bool open = false;     // it may still be, the run goes on
  std::string headline;  // "500 of 500 executors in 55.2s"
  std::string says;      // "half of them after 27s, 90 % after 49s"
};
ReachedTarget reached_target(const ApplicationView& app, const Kpis& kpis);
// Of the run: its applications together.
ReachedTarget reached_target(const RunRecord& run);

struct LimitShare {
  WaitReason reason = WaitReason::unknown;
  DurationUs time_us = 0;  // executor time
  int percent = 0;
};
// What executors waited for, most first. application: "" for all.
std::vector<LimitShare> limits(const RunRecord& run, const std::string& application);
// Whether the executors' pods come from StatefulSets or Deployments.
bool of_sets(const RunRecord& run);

struct Trouble {
  bool severe = false;  // it fails the run, or the target was not reached
  std::string text;
};
// Severe ones first. Empty: nothing went wrong.
std::vector<Trouble> troubles(const RunRecord& run);

}  // namespace podramp::sim
