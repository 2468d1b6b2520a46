// A study's results folder (podramp tune: study.json, variants.csv, recommended.conf; docs/tune.md) as a report needs
// it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "backend/port/status.h"

namespace podramp::sim {

struct StudyDimension {
  std::string name;
  std::vector<std::string> values;  // in the order of the spec
};

// An objective or a constraint: a column of variants.csv, "time_to_95_ms.median".
struct StudyMeasure {
  std::string column;
  std::string bound;  // "at most 200"; "" of an objective
  bool maximize = false;
};

struct StudyVariant {
  std::string name;                       // "v006"
  std::vector<std::string> values;        // by dimension; "" where it is not set
  std::map<std::string, double> numbers;  // by column; without those that never came about
  bool feasible = false;
  bool on_front = false;
  std::int64_t rank = 0;  // 0: none
};

struct StudyShare {
  std::string objective;
  std::string dimension;
  std::int64_t permille = 0;  // of the variance
};

struct StudyRecord {
  std::string path;
  std::string name;
  std::string about;
  std::int64_t runs = 0;
  std::int64_t failed = 0;
  std::int64_t seeds = 0;
  std::vector<StudyDimension> dimensions;
  std::vector<StudyMeasure> objectives;  // at least one
  std::vector<StudyMeasure> constraints;
  std::vector<StudyVariant> variants;
  std::vector<StudyShare> shares;
  std::string recommended;       // a variant's name, "": none is feasible
  std::string recommended_conf;  // the file
};

bool is_study(const std::string& path);
// Errors: a file is missing, or not what tune writes.
Result<StudyRecord> read_study_record(const std::string& path);

// Rows of a table in CSV, cells unquoted.
std::vector<std::vector<std::string>> csv_rows(const std::string& text);
// study_record_json.cpp: what study.json has. Errors: it is not one.
Result<StudyRecord> study_of_json(const std::string& json);

}  // namespace podramp::sim
