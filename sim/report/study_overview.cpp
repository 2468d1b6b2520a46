#include "sim/report/study_overview.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/report/html.h"
#include "sim/report/parallel.h"
#include "sim/report/scale.h"
#include "sim/report/study_measures.h"

namespace podramp::sim {
namespace {

constexpr std::size_t kLinesMax = 300;
constexpr double kHeatMost = 70;  // percent of the colour, at the highest value

std::string line_kind(const StudyRecord& study, const StudyVariant& variant) {
  if (variant.name == study.recommended) return "best";
  return !variant.feasible ? "out" : variant.on_front ? "front" : "";
}

int line_order(const ParallelLine& line) {
  return line.kind == "out" ? 0 : line.kind.empty() ? 1 : line.kind == "front" ? 2 : 3;
}

ParallelLine line_of(const StudyRecord& study, const StudyVariant& variant, const std::vector<std::string>& columns) {
  ParallelLine line{{}, variant.name + ": " + settings_text(study, variant), line_kind(study, variant)};
  for (std::size_t i = 0; i < study.dimensions.size(); ++i) {
    const auto& values = study.dimensions[i].values;
    const auto at = std::ranges::find(values, variant.values[i]);
    line.at.push_back(at == values.end() ? std::nullopt : std::optional(static_cast<double>(at - values.begin())));
  }
  for (const std::string& column : columns) {
    line.at.push_back(number_of(variant, column));
    line.label += fmt::format(", {} {}", measure_name(column, true), number_or_never(variant, column));
  }
  return line;
}

// The mean of a measure over the variants that have this value, absent when it never came about.
std::optional<double> mean_of(const StudyRecord& study, std::size_t dimension, const std::string& value,
                              const std::string& column) {
  double sum = 0;
  int n = 0;
  for (const StudyVariant& variant : study.variants) {
    const auto number = number_of(variant, column);
    if (variant.values[dimension] != value || !number) continue;
    sum += *number;
    ++n;
  }
  return n == 0 ? std::nullopt : std::optional(sum / n);
}

}  // namespace

std::string study_parallel(const StudyRecord& study) {
  const auto columns = measure_columns(study);
  Parallel parallel;
  parallel.id = "parallel";
  parallel.title = "Every variant across its settings and what came of them";
  for (const StudyDimension& dimension : study.dimensions) parallel.axes.push_back({dimension.name, dimension.values});
  for (const std::string& column : columns) parallel.axes.push_back({measure_name(column, true), {}});
  const std::size_t every = study.variants.size() / kLinesMax + 1;
  for (std::size_t i = 0; i < study.variants.size(); ++i) {
    const StudyVariant& variant = study.variants[i];
    const bool always = variant.on_front || variant.name == study.recommended;
    if (i % every == 0 || always) parallel.lines.push_back(line_of(study, variant, columns));
  }
  if (parallel.axes.size() < 2 || parallel.lines.empty()) return "";
  std::ranges::stable_sort(parallel.lines, {}, line_order);
  parallel.says = fmt::format(
      "{} lines, one for each variant, over {} settings and {} measures. The values are in the table of variants.",
      parallel.lines.size(), study.dimensions.size(), columns.size());
  std::string out = "<figure id=\"parallel\"><figcaption>" + escaped(parallel.title) + "</figcaption>\n";
  out +=
      "<ul class=\"legend\" aria-label=\"Legend\"><li><span class=\"key line thick\" style=\"--k:var(--ink)\"></span>"
      "recommended</li><li><span class=\"key line\" style=\"--k:var(--registered)\"></span>on the Pareto front</li>"
      "<li><span class=\"key line\" style=\"--k:var(--requested)\"></span>feasible</li><li><span class=\"key line "
      "dashed\" style=\"--k:var(--soft)\"></span>breaks a constraint</li></ul>\n";
  out += "<div class=\"plot wide\" tabindex=\"0\" role=\"group\" aria-label=\"Parallel coordinates, scrolls\">" +
         parallel_svg(parallel) + "</div></figure>\n";
  if (every == 1) return out;
  return out + paragraph_html(fmt::format("{} of {} variants are drawn: those on the front, and an even selection.",
                                          parallel.lines.size(), study.variants.size()));
}

std::string study_value_means(const StudyRecord& study) {
  const auto columns = measure_columns(study);
  std::vector<std::string> heads{"setting"};
  for (const std::string& column : columns) heads.push_back(measure_name(column, true));
  std::vector<TableRow> rows;
  for (std::size_t d = 0; d < study.dimensions.size(); ++d) {
    for (const std::string& value : study.dimensions[d].values) {
      rows.push_back({text_cell(study.dimensions[d].name + " = " + value)});
    }
  }
  for (const std::string& column : columns) {
    std::vector<std::optional<double>> means;
    for (std::size_t d = 0; d < study.dimensions.size(); ++d) {
      for (const std::string& value : study.dimensions[d].values) means.push_back(mean_of(study, d, value, column));
    }
    double low = 1e300;
    double high = -1e300;
    for (const auto& mean : means) {
      if (!mean) continue;
      low = std::min(low, *mean);
      high = std::max(high, *mean);
    }
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (!means[i]) {
        rows[i].push_back(number_cell("never"));
        continue;
      }
      const double share = high > low ? (*means[i] - low) / (high - low) : 0;
      rows[i].push_back({fmt::format("<span class=\"heat\" style=\"--h:{:.0f}%\">{}</span>", share * kHeatMost,
                                     number_text(*means[i])),
                         true});
    }
  }
  return table_html("Mean of each measure over all variants with this value; the deeper the colour, the higher", heads,
                    rows);
}

}  // namespace podramp::sim
