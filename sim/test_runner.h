// One scenario run as a test: in a child process (a process holds one SimGrid engine), against its expected file.
#pragma once

#include <string>
#include <vector>

#include "backend/port/status.h"

namespace podramp::sim {

struct ScenarioTestOptions {
  bool update = false;
  bool ladder = false;
};

struct ScenarioTest {
  std::string file;
  std::vector<std::string> problems;  // empty: passed
  std::vector<std::string> changes;   // what --update rewrote
  int exit_code = 0;                  // of the worst problem
};

// A file, or every scenario below a folder (files that state the scenario schema), sorted.
Result<std::vector<std::string>> find_scenarios(const std::string& place);
ScenarioTest test_scenario(const std::string& file, const ScenarioTestOptions& options);

}  // namespace podramp::sim
