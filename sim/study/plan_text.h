// What tune --plan says: how much there is to run, and how long that takes by one run that was timed.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/study/shard.h"
#include "sim/study/study_runner.h"

namespace podramp::sim {

struct Plan {
  std::string study;
  std::string scenario;
  std::string hash;
  std::string search;  // "grid", "sample of 40 points", "halving: 64 x 1, 32 x 2"
  std::vector<std::pair<std::string, std::size_t>> dimensions;  // and how many values each has
  std::size_t variants = 0;
  std::int64_t replicates = 0;
  std::int64_t runs = 0;  // of the shard, if it is one
  std::optional<FoundShard> shard;
  std::int64_t jobs = 1;
  TimedRun timed;
  std::int64_t estimate_ms = 0;
};

Plan plan_of(const Prepared& prepared, const std::optional<FoundShard>& shard, std::int64_t jobs);
std::vector<std::string> plan_lines(const Plan& plan);
std::string plan_json(const Plan& plan);  // results_json.cpp

}  // namespace podramp::sim
