// Runs for the tests of reports and exports. Not part of the library.
#pragma once

#include <string>

#include "sim/report/run_record.h"
#include "sim/test_runs.h"
#include "sim/test_stream.h"

namespace podramp::sim {

// A run of this test alone, with its log beside it.
struct ReportedRun {
  std::string path;
  RunRecord record;
};

inline ReportedRun reported(const Scenario& scenario, LogLevel level = LogLevel::all, const std::string& name = "log") {
  ReportedRun run{scratch_file(name + ".jsonl"), {}};
  RunOptions options = with_fluid();
  options.level = level;
  run_to(run.path, scenario, options);
  auto record = read_record(run.path, 10);
  if (!record) ADD_FAILURE() << record.error().message;
  CHECK(record);
  run.record = std::move(*record);
  return run;
}

inline std::size_t count_in(const std::string& text, const std::string& what) {
  std::size_t n = 0;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + what.size())) ++n;
  return n;
}

}  // namespace podramp::sim
