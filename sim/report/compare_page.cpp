// Two runs side by side: podramp report A B.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "sim/report/first_decision.h"
#include "sim/report/html.h"
#include "sim/report/page.h"
#include "sim/report/run_charts.h"
#include "sim/report/run_page.h"
#include "sim/report/run_parts.h"
#include "sim/report/scale.h"

namespace podramp::sim {
namespace {

constexpr std::size_t kSettingsShown = 12;
constexpr std::size_t kLineShown = 1500;

// Registered executors and targets of both, in one picture.
Chart both_curves(const RunRecord& a, const RunRecord& b, const Window& window) {
  Chart chart;
  chart.id = "both";
  chart.title = "Registered executors of both runs, and their targets";
  chart.unit = "executors";
  chart.window = window;
  const auto add = [&](const RunRecord& run, const std::string& name, const char* color) {
    const Chart counts = counts_chart(run, "", window);
    chart.lines.push_back({name + " target", color, counts.lines.front().steps, true});
    chart.lines.push_back({name + " registered", color, counts.lines.back().steps, false});
    chart.says += fmt::format("{}: {}. ", name, reached_target(run).headline);
  };
  add(a, "A", "a");
  add(b, "B", "b");
  return chart;
}

Chart both_pending(const RunRecord& a, const RunRecord& b, const Window& window) {
  Chart chart;
  chart.id = "both-pending";
  chart.title = "Pending executors of both runs";
  chart.unit = "executors";
  chart.window = window;
  chart.says = "Two lines over time.";
  chart.lines.push_back({"A pending", "a", counts_chart(a, "", window).lines[2].steps, false});
  chart.lines.push_back({"B pending", "b", counts_chart(b, "", window).lines[2].steps, false});
  return chart;
}

std::string sides(const std::string& a, const std::string& b) {
  return "<div class=\"sides\"><div>" + a + "</div><div>" + b + "</div></div>\n";
}

std::string run_title(const char* letter, const RunRecord& run) {
  return fmt::format("<h3>{}: {}</h3>\n<p class=\"meta\">{}</p>\n", letter,
                     escaped(run.scenario.empty() ? run.path : run.scenario), escaped(run.path)) +
         about_line(run) + missing_note(run);
}

std::string waiting_side(const RunRecord& run, const char* letter, Chart chart, double top) {
  chart.id = fmt::format("waiting-{}", letter);
  chart.title = fmt::format("{}: what the missing executors waited for", letter);
  chart.top = top;
  return chart_html(chart) + limits_card(run, "", fmt::format("What limited {}?", letter));
}

TableRow kpi_row(const std::string& name, const Kpis& a, const Kpis& b) {
  const auto in_a = a.find(name);
  const auto in_b = b.find(name);
  TableRow row{text_cell(name), number_cell(in_a == a.end() ? "" : kpi_text(name, in_a->second)),
               number_cell(in_b == b.end() ? "" : kpi_text(name, in_b->second)), number_cell("")};
  const bool is_time = name.ends_with("_ms");
  if (in_a == a.end() || in_b == b.end() || (is_time && (in_a->second < 0 || in_b->second < 0))) return row;
  const std::int64_t by = in_b->second - in_a->second;
  std::string text = by == 0 ? "0" : (by > 0 ? "+" : "-") + kpi_text(name, by > 0 ? by : -by);
  if (by != 0 && in_a->second > 0) {
    text += fmt::format(" ({:+.1f} %)", 100.0 * static_cast<double>(by) / static_cast<double>(in_a->second));
  }
  row.back() = number_cell(text);
  return row;
}

std::string kpi_tables(const Comparison& c) {
  static constexpr std::array kFirst{"time_to_50_ms", "time_to_90_ms", "time_to_100_ms", "registered_max",
                                     "pending_max",   "requests",      "creates_refused"};
  const std::vector<std::string> heads{"KPI", "A", "B", "B - A"};
  std::vector<TableRow> first;
  for (const char* name : kFirst) first.push_back(kpi_row(name, c.a.kpis, c.b.kpis));
  std::vector<TableRow> differing;
  for (const std::string& name : c.differing) differing.push_back(kpi_row(name, c.a.kpis, c.b.kpis));
  std::string out = table_html("The most important numbers", heads, first);
  if (differing.empty()) return out + paragraph_html("All KPIs are equal.");
  return out + details_html(fmt::format("All {} KPIs that differ", differing.size()),
                            table_html("KPIs that differ", heads, differing));
}

std::string settings_table(const RunRecord& a, const RunRecord& b) {
  const auto differences = setting_differences(a.header.scenario_json, b.header.scenario_json);
  if (differences.empty() && a.header.seed == b.header.seed) {
    return paragraph_html("Their scenarios are the same, seed included.");
  }
  std::vector<TableRow> rows;
  for (const SettingDifference& d : differences) {
    if (rows.size() == kSettingsShown) break;
    rows.push_back(
        {text_cell(d.path), text_cell(d.a.empty() ? "not set" : d.a), text_cell(d.b.empty() ? "not set" : d.b)});
  }
  std::string out = table_html("What their scenarios say differently", {"setting", "A", "B"}, rows);
  if (differences.size() > kSettingsShown) {
    out += paragraph_html(fmt::format("{} more settings differ.", differences.size() - kSettingsShown));
  }
  return out;
}

std::string two_lines(const std::string& a, const std::string& b) {
  const auto line = [](const std::string& text) {
    if (text.empty()) return std::string("(ended)");
    return text.size() > kLineShown ? text.substr(0, kLineShown) + "..." : text;
  };
  return "<pre tabindex=\"0\">A  " + escaped(line(a)) + "\nB  " + escaped(line(b)) + "</pre>\n";
}

std::string difference_section(const Comparison& c, const FirstDecision& decision) {
  std::string out = heading_html(2, "difference-h", "First difference");
  if (c.first_difference == 0) return out + paragraph_html("The logs are the same after their headers.");
  if (decision.differs()) {
    out += paragraph_html(
        fmt::format("The drivers decide the same {} times, their times aside. Then:", count_text(decision.same)));
    out += table_html("First decision that differs", {"run", "decision"},
                      {{text_cell("A"), text_cell(decision_text(decision.a))},
                       {text_cell("B"), text_cell(decision_text(decision.b))}});
    out += details_html("These two lines",
                        two_lines(decision.a ? decision.a->text : "", decision.b ? decision.b->text : ""));
  } else {
    out += paragraph_html(fmt::format("The drivers decide the same throughout ({} decisions), their times aside.",
                                      count_text(decision.same)));
  }
  out += paragraph_html(fmt::format("The logs part at line {}:", c.first_difference));
  return out + two_lines(c.line_a, c.line_b);
}

}  // namespace

std::string compare_page(const RunRecord& a, const RunRecord& b, const Comparison& comparison,
                         const FirstDecision& decision) {
  const Window window_a = busy_window(a);
  const Window window_b = busy_window(b);
  const Window window{0, std::max(window_a.to_us, window_b.to_us)};
  std::string body = heading_html(1, "", "Two runs side by side");
  body += sides(run_title("A", a), run_title("B", b));
  body += "<div class=\"cards\">\n" + reached_card(reached_target(a), "A: did it reach its target?") +
          reached_card(reached_target(b), "B: did it reach its target?") + "</div>\n";
  body += settings_table(a, b) + chart_html(both_curves(a, b, window));
  body += heading_html(2, "kpis-h", "Numbers") + kpi_tables(comparison);
  const Chart of_a = waiting_chart(a, "", window);
  const Chart of_b = waiting_chart(b, "", window);
  const double top = std::max(chart_top(of_a), chart_top(of_b));
  body += heading_html(2, "limits-h", "What limited them");
  body += sides(waiting_side(a, "A", of_a, top), waiting_side(b, "B", of_b, top));
  body += heading_html(2, "pending-h", "Pending") + chart_html(both_pending(a, b, window));
  body += heading_html(2, "wrong-h", "What went wrong");
  body += "<div class=\"cards\">\n" + troubles_card(a, "A") + troubles_card(b, "B") + "</div>\n";
  body += difference_section(comparison, decision);
  return page_html("Two runs - podramp report", body);
}

}  // namespace podramp::sim
