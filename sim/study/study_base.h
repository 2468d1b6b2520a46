// A study's scenario: its files are read once, each run takes it from here with the variant's settings and the
// replicate's seed. Knows nothing of processes (run_pool.h) and files of results.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "sim/experiment.h"
#include "sim/study/outcome.h"

namespace podramp::sim {

class StudyBase {
 public:
  // Reads the scenario and every file that it names, and loads it once with each value of each dimension, so that an
  // unknown path or a bad value is a mistake now and not of a hundred runs. read: read_file, or a test's.
  static tl::expected<StudyBase, FieldErrors> open(const Study& study, const std::vector<Variant>& variants,
                                                   const ReadFile& read);

  // Runs it in this process, so once with SimGrid. Nothing is written; the scenario's budgets are not looked at.
  // before_run: RunOptions::before_run.
  Outcome run(const Study& study, const Variant& variant, std::uint64_t seed,
              const std::function<void()>& before_run = {}) const;

  const std::string& hash() const { return hash_; }       // of all texts and of the scenario as it was read
  const Scenario& scenario() const { return scenario_; }  // with the study's own settings
  const std::vector<Warning>& warnings() const { return warnings_; }

 private:
  tl::expected<Loaded, FieldErrors> load(std::vector<std::string> sets, std::uint64_t seed) const;

  std::string file_;
  std::map<std::string, std::string> texts_;  // by file
  Scenario scenario_;
  std::vector<Warning> warnings_;
  std::string hash_;
};

// Version, scenario and spec: two journals or parts with the same one may be put together.
std::string plan_hash(const Study& study, const std::string& scenario_hash);

}  // namespace podramp::sim
