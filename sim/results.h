// A run's folder (design 3.2): scenario.json, events.jsonl, summary.json, executors.csv, timeline.csv. It is written
// under a temporary name and renamed when it is complete; an existing one is replaced only when forced.
#pragma once

#include <string>

#include "sim/experiment.h"

namespace podramp::sim {

class ResultFolder {
 public:
  // Makes "<path>.partial". Errors: the path exists and force is false, or is not a results folder (force replaces
  // nothing else); it cannot be made.
  static Result<ResultFolder> create(const std::string& path, bool force);

  std::string log_path() const { return partial_ + "/events.jsonl"; }
  // Writes everything but the log, then renames. The folder stands at path() afterwards.
  Result<bool> finish(const Scenario& scenario, const RunResult& result);
  const std::string& path() const { return path_; }
  const std::string& partial_path() const { return partial_; }

 private:
  ResultFolder(std::string path, std::string partial) : path_(std::move(path)), partial_(std::move(partial)) {}

  std::string path_;
  std::string partial_;
};

// The file's whole text, or why it cannot be read.
Result<std::string> read_file(const std::string& path);
// Writes through a temporary name in the same folder; devices, pipes and links are written where they are.
Result<bool> write_file(const std::string& path, const std::string& text);

std::string executors_csv(const Projection& projection);
std::string timeline_csv(const Projection& projection);
// summary.json, two-space indented, keys in a fixed order (results_json.cpp).
std::string summary_json(const RunSummary& summary);

}  // namespace podramp::sim
