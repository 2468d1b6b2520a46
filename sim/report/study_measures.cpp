#include "sim/report/study_measures.h"

#include <algorithm>

#include "sim/report/scale.h"

namespace podramp::sim {
namespace {

bool is_time_measure(const std::string& column) { return column.substr(0, column.find('.')).ends_with("_ms"); }

}  // namespace

std::string measure_name(const std::string& column, bool with_unit) {
  const std::size_t dot = column.find('.');
  std::string kpi = column.substr(0, dot);
  const bool is_time = kpi.ends_with("_ms");
  if (is_time) kpi.resize(kpi.size() - 3);
  return (dot == std::string::npos ? "" : column.substr(dot + 1) + " of ") + kpi + (is_time && with_unit ? " (s)" : "");
}

std::optional<double> number_of(const StudyVariant& variant, const std::string& column) {
  const auto it = variant.numbers.find(column);
  if (it == variant.numbers.end() || (is_time_measure(column) && it->second < 0)) return std::nullopt;
  return is_time_measure(column) ? it->second / 1000 : it->second;
}

std::string number_or_never(const StudyVariant& variant, const std::string& column) {
  const auto value = number_of(variant, column);
  return value ? number_text(*value) : "never";
}

std::string settings_text(const StudyRecord& study, const StudyVariant& variant) {
  std::string text;
  for (std::size_t i = 0; i < study.dimensions.size(); ++i) {
    if (variant.values[i].empty()) continue;
    text += (text.empty() ? "" : ", ") + study.dimensions[i].name + "=" + variant.values[i];
  }
  return text;
}

std::vector<std::string> measure_columns(const StudyRecord& study) {
  std::vector<std::string> columns;
  for (const auto* measures : {&study.objectives, &study.constraints}) {
    for (const StudyMeasure& m : *measures) {
      if (std::ranges::find(columns, m.column) == columns.end()) columns.push_back(m.column);
    }
  }
  return columns;
}

}  // namespace podramp::sim
