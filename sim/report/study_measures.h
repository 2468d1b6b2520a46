// A study's columns and variants in words and units for people. For the files that make its page.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/report/study_record.h"

namespace podramp::sim {

// "time_to_95_ms.median" -> "median of time_to_95", with_unit: "median of time_to_95 (s)".
std::string measure_name(const std::string& column, bool with_unit);
// Times in seconds; absent: it never came about.
std::optional<double> number_of(const StudyVariant& variant, const std::string& column);
std::string number_or_never(const StudyVariant& variant, const std::string& column);
// "batch.size=50, delay=1s"
std::string settings_text(const StudyRecord& study, const StudyVariant& variant);
// Of the objectives, then of the constraints, each once.
std::vector<std::string> measure_columns(const StudyRecord& study);

}  // namespace podramp::sim
