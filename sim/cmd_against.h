// podramp compare RUN --against AUDIT.log, and what it found as JSON.
#pragma once

#include <string>
#include <vector>

#include "sim/against.h"
#include "sim/scenario_json.h"

namespace podramp::sim {

// Our side at one compat level, and how it compares.
struct AgainstLevel {
  std::string level;
  std::vector<DriverCall> calls;
  DurationUs delay_us = 0;  // allocation.batch.delay
  Verdict verdict;
};

// run: a log, a results folder, or a scenario (NAME.json), which is then run at every level. pods: prefix of the
// driver's pods, "" for the only driver's. Exit code 0: some level decides as the driver did; 3: none.
int compare_against(const std::string& run, const std::string& audit, const std::string& pods, const Overrides& set,
                    bool as_json);

std::string against_json(const std::vector<AgainstLevel>& levels, const std::vector<DriverCall>& theirs);

}  // namespace podramp::sim
