#include "sim/report/study_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "sim/report/html.h"
#include "sim/report/page.h"
#include "sim/report/scale.h"
#include "sim/report/scatter.h"
#include "sim/report/study_measures.h"
#include "sim/report/study_overview.h"

namespace podramp::sim {
namespace {

constexpr std::size_t kVariantsShown = 100;
constexpr std::size_t kDotsMax = 4000;
constexpr std::size_t kCellsMax = 24;  // of a heat map, in each direction

const StudyVariant* recommended_variant(const StudyRecord& study) {
  const auto it = std::ranges::find(study.variants, study.recommended, &StudyVariant::name);
  return study.recommended.empty() || it == study.variants.end() ? nullptr : &*it;
}

std::string study_card(std::string_view kind, std::string_view title, const std::string& inside) {
  return fmt::format("<section class=\"card {}\"><h2>{}</h2>\n{}</section>\n", kind, escaped(title), inside);
}

std::string cards(const StudyRecord& study) {
  std::string out = "<div class=\"cards\">\n";
  if (const StudyVariant* best = recommended_variant(study)) {
    std::string inside = "<p class=\"big\">" + escaped(settings_text(study, *best)) + "</p><ul>";
    for (const auto* measures : {&study.objectives, &study.constraints}) {
      for (const StudyMeasure& m : *measures) {
        inside += fmt::format("<li>{}: {}{}</li>", escaped(measure_name(m.column, true)),
                              number_or_never(*best, m.column), m.bound.empty() ? "" : " (" + escaped(m.bound) + ")");
      }
    }
    out += study_card("good", "Take this", inside + "</ul>");
  } else {
    out += study_card("bad", "Take this", "<p class=\"big\">No variant meets every constraint</p>");
  }
  std::string sure;
  std::size_t comments = 0;
  for (std::size_t at = 0; at < study.recommended_conf.size();) {
    const std::size_t end = std::min(study.recommended_conf.find('\n', at), study.recommended_conf.size());
    const std::string line = study.recommended_conf.substr(at, end - at);
    if (line.starts_with("# ") && ++comments > 2) sure += paragraph_html(line.substr(2));  // after what it is and does
    at = end + 1;
  }
  if (study.recommended_conf.empty()) sure = paragraph_html("The folder lacks recommended.conf, which says it.");
  out += study_card("", "How sure is that?", sure.empty() ? paragraph_html("Nothing to compare it with.") : sure);
  const auto feasible = std::ranges::count_if(study.variants, &StudyVariant::feasible);
  std::string all = fmt::format("<p class=\"big\">{} of {} variants are feasible</p>", feasible, study.variants.size());
  all += paragraph_html(
      fmt::format("{} runs, {} failed, {} seeds.", count_text(study.runs), count_text(study.failed), study.seeds));
  return out + study_card(study.failed > 0 ? "warn" : "", "What was tried?", all) + "</div>\n";
}

// The first objective against the second, or against the first constraint.
std::string trade_off(const StudyRecord& study) {
  const std::string& x = study.objectives.front().column;
  const std::string y = study.objectives.size() > 1 ? study.objectives[1].column
                        : study.constraints.empty() ? ""
                                                    : study.constraints.front().column;
  if (y.empty() || y == x) return "";
  Scatter scatter{"pareto",
                  "Every variant: " + measure_name(x, false) + " against " + measure_name(y, false),
                  "",
                  measure_name(x, true),
                  measure_name(y, true),
                  {}};
  std::size_t left_out = 0;
  const std::size_t every = study.variants.size() / kDotsMax + 1;
  for (std::size_t i = 0; i < study.variants.size(); ++i) {
    const StudyVariant& variant = study.variants[i];
    const auto at_x = number_of(variant, x);
    const auto at_y = number_of(variant, y);
    const bool marked = variant.name == study.recommended;
    if (!at_x || !at_y || (i % every != 0 && !variant.on_front && !marked)) {
      ++left_out;
      continue;
    }
    scatter.dots.push_back({*at_x, *at_y, settings_text(study, variant),
                            !variant.feasible  ? "dot out"
                            : variant.on_front ? "dot front"
                                               : "dot",
                            marked});
  }
  std::ranges::stable_sort(scatter.dots, {}, [](const Dot& d) {
    return d.kind == "dot out" ? 0 : d.kind == "dot" ? 1 : 2;
  });
  scatter.says =
      fmt::format("{} points, one for each variant. The values are in the table of variants.", scatter.dots.size());
  std::string out = "<figure id=\"pareto\"><figcaption>" + escaped(scatter.title) + "</figcaption>\n";
  out +=
      "<ul class=\"legend\" aria-label=\"Legend\"><li><span class=\"key\" style=\"--k:var(--registered)\"></span>on "
      "the "
      "Pareto front</li><li><span class=\"key\" style=\"--k:var(--requested)\"></span>feasible</li><li><span "
      "class=\"key hollow\"></span>breaks a constraint</li></ul>\n";
  out += "<div class=\"plot\">" + scatter_svg(scatter) + "</div></figure>\n";
  if (left_out > 0)
    out += paragraph_html(
        fmt::format("{} variants are not in the picture: they never got there, or there are too many.", left_out));
  return out;
}

std::string sensitivity_bars(const StudyRecord& study) {
  std::vector<TableRow> rows;
  for (const StudyShare& share : study.shares) {
    const double percent = static_cast<double>(share.permille) / 10;
    rows.push_back(
        {text_cell(share.dimension),
         text_cell(share.objective),
         number_cell(fmt::format("{:.1f} %", percent)),
         {fmt::format("<span class=\"bar wide\" style=\"--k:var(--requested);--w:{:.1f}%\"></span>", percent), false}});
  }
  if (rows.empty()) return paragraph_html("There was nothing to compare.");
  return table_html("Share of the variance over all variants that each setting explains by itself",
                    {"setting", "objective", "share", ""}, rows);
}

// The two settings that matter most for the first objective, and its mean over the variants of each cell.
std::string heat_map(const StudyRecord& study) {
  std::vector<std::pair<std::int64_t, std::size_t>> order;
  for (std::size_t i = 0; i < study.dimensions.size(); ++i) {
    std::int64_t share = -1;
    for (const StudyShare& s : study.shares) {  // those of the first objective come first
      if (s.dimension == study.dimensions[i].name && share < 0) share = s.permille;
    }
    if (study.dimensions[i].values.size() <= kCellsMax) order.emplace_back(-share, i);
  }
  std::ranges::sort(order);
  if (order.size() < 2) return "";
  const std::size_t down = order[0].second;
  const std::size_t across = order[1].second;
  const std::string& column = study.objectives.front().column;
  struct CellSum {
    double sum = 0;
    int n = 0;
    bool feasible = false;
  };
  std::map<std::pair<std::string, std::string>, CellSum> cells;
  for (const StudyVariant& variant : study.variants) {
    const auto value = number_of(variant, column);
    if (!value) continue;
    CellSum& cell = cells[{variant.values[down], variant.values[across]}];
    cell.sum += *value;
    ++cell.n;
    cell.feasible = cell.feasible || variant.feasible;
  }
  double low = 1e300;
  double high = -1e300;
  for (const auto& [at, cell] : cells) {
    low = std::min(low, cell.sum / cell.n);
    high = std::max(high, cell.sum / cell.n);
  }
  std::vector<std::string> heads{study.dimensions[down].name + " \\ " + study.dimensions[across].name};
  heads.insert(heads.end(), study.dimensions[across].values.begin(), study.dimensions[across].values.end());
  std::vector<TableRow> rows;
  for (const std::string& value : study.dimensions[down].values) {
    TableRow row{text_cell(value)};
    for (const std::string& other : study.dimensions[across].values) {
      const auto it = cells.find({value, other});
      if (it == cells.end()) {
        row.push_back(number_cell(""));
        continue;
      }
      const double mean = it->second.sum / it->second.n;
      const double share = high > low ? (mean - low) / (high - low) : 0;
      row.push_back({fmt::format("<span class=\"heat\" style=\"--h:{:.0f}%\">{}{}</span>", share * 70,
                                 number_text(mean), it->second.feasible ? "" : " &#215;"),
                     true});
    }
    rows.push_back(std::move(row));
  }
  return heading_html(2, "heat-h", "The two settings that matter most") +
         table_html("Mean of " + measure_name(column, true) +
                        " over the variants of each cell; \xC3\x97: none of them is "
                        "feasible",
                    heads, rows);
}

std::string variants_table(const StudyRecord& study) {
  std::vector<const StudyVariant*> order;
  for (const StudyVariant& variant : study.variants) order.push_back(&variant);
  std::ranges::stable_sort(order, {}, [](const StudyVariant* v) { return v->rank > 0 ? v->rank : INT64_MAX; });
  std::vector<std::string> heads{"variant"};
  for (const StudyDimension& d : study.dimensions) heads.push_back(d.name);
  const std::vector<std::string> columns = measure_columns(study);
  for (const std::string& column : columns) heads.push_back(measure_name(column, true));
  heads.emplace_back("feasible");
  std::vector<TableRow> rows;
  for (std::size_t i = 0; i < std::min(order.size(), kVariantsShown); ++i) {
    TableRow row{text_cell(order[i]->name)};
    for (const std::string& value : order[i]->values) row.push_back(text_cell(value));
    for (const std::string& column : columns) row.push_back(number_cell(number_or_never(*order[i], column)));
    row.push_back(text_cell(order[i]->feasible ? (order[i]->on_front ? "yes, on the front" : "yes") : "no"));
    rows.push_back(std::move(row));
  }
  std::string out = table_html("Variants, the best first", heads, rows);
  if (order.size() > kVariantsShown) {
    out += paragraph_html(fmt::format("{} more are in variants.csv.", order.size() - kVariantsShown));
  }
  return out;
}

}  // namespace

std::string study_page(const StudyRecord& study) {
  std::string body = heading_html(1, "", "Study: " + (study.name.empty() ? study.path : study.name));
  if (!study.about.empty()) body += paragraph_html(study.about);
  body += cards(study) + trade_off(study) + study_parallel(study);
  if (!study.recommended_conf.empty()) {
    body += heading_html(2, "conf-h", "For spark-defaults.conf");
    body += "<pre tabindex=\"0\">" + escaped(study.recommended_conf) + "</pre>\n";
  }
  body += heading_html(2, "sensitivity-h", "How much each setting matters") + sensitivity_bars(study);
  body += heading_html(2, "values-h", "What each value comes to") + study_value_means(study);
  body += heat_map(study);
  body += heading_html(2, "variants-h", "Variants") + variants_table(study);
  return page_html("Study " + study.name + " - podramp report", body);
}

}  // namespace podramp::sim
