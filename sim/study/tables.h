// The tables of a study's folder, as text: the same bytes whoever ran which part of it in which order. Columns and
// their units: docs/tune.md. Numbers that never came about are "inf" in statistics and -1 in runs.csv.
#pragma once

#include <string>
#include <vector>

#include "sim/study/sensitivity.h"

namespace podramp::sim {

// A study with everything that its tables are made of.
struct StudyResult {
  Study study;
  std::string scenario_hash;
  std::vector<Variant> variants;
  Outcomes outcomes;
  Verdict verdict;
  std::vector<Sensitivity> sensitivities;
};
StudyResult conclude(Study study, std::string scenario_hash, std::vector<Variant> variants, Outcomes outcomes);

std::string runs_csv(const StudyResult& result);         // a row per run: by variant, then replicate
std::string variants_csv(const StudyResult& result);     // a row per variant
std::string pareto_csv(const StudyResult& result);       // the front, by the first objective
std::string sensitivity_csv(const StudyResult& result);  // a row per objective and dimension
std::string effects_csv(const StudyResult& result);      // a row per objective, dimension and value
// Lines for spark-defaults.conf; comments say why, and how sure it is.
std::string recommended_conf(const StudyResult& result);
// study.json: the resolved spec, versions, hashes, the verdict (results_json.cpp).
std::string study_json(const StudyResult& result);

// What one variant is: "allocation.batch.size=50 allocation.batch.delay=1s".
std::string describe(const Study& study, const Variant& variant);
// Sentences about how the recommended variant stands against the second.
std::vector<std::string> confidence_lines(const StudyResult& result);
// Ten lines for people. folder: where the tables are.
std::vector<std::string> summary_lines(const StudyResult& result, const std::string& folder);

// Writes them all into the folder, which exists.
Result<bool> write_tables(const StudyResult& result, const std::string& folder);

}  // namespace podramp::sim
