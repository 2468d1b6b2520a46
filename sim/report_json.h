// What check, test, replay, show and compare print with --json. (run prints summary.json: results.h.)
#pragma once

#include <string>
#include <vector>

#include "sim/compare.h"
#include "sim/replay.h"
#include "sim/scenario_json.h"
#include "sim/show.h"
#include "sim/test_runner.h"

namespace podramp::sim {

std::string replay_json(const ReplayReport& report);
std::string comparison_json(const Comparison& comparison);
std::string show_json(const Shown& shown);
std::string tests_json(const std::vector<ScenarioTest>& tests);

// One scenario as `podramp check` found it: errors, or what it holds and the reader's warnings.
struct CheckedFile {
  std::string file;
  tl::expected<Loaded, FieldErrors> loaded;
};
std::string checks_json(const std::vector<CheckedFile>& files);

}  // namespace podramp::sim
