#include "sim/report/run_page.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/report/html.h"
#include "sim/report/page.h"
#include "sim/report/run_charts.h"
#include "sim/report/run_parts.h"
#include "sim/report/timeline_svg.h"

namespace podramp::sim {
namespace {

constexpr std::size_t kSectionsMax = 16;  // of applications; all of them are in the table
constexpr std::size_t kScenarioBytesMax = 400'000;

std::string contents(bool many) {
  std::string out = "<nav aria-label=\"Contents\"><ul>";
  const auto item = [&](const char* id, const char* text) {
    out += fmt::format("<li><a href=\"#{}\">{}</a></li>", id, text);
  };
  item("counts-h", "Counts");
  if (many) item("applications-h", "Applications");
  item("api-h", "API");
  item("quota-h", "Quota");
  item("nodes-h", "Nodes");
  item("slowest-h", "Slowest executors");
  item("timeline-h", "Timeline");
  item("kpis-h", "All KPIs");
  item("scenario-h", "Scenario");
  return out + "</ul></nav>\n";
}

std::string first_screen(const RunRecord& run, const Window& window) {
  std::string out = heading_html(1, "", run.scenario.empty() ? run.path : run.scenario);
  if (!run.about.empty()) out += paragraph_html(run.about);
  out += about_line(run) + missing_note(run) + "<div class=\"cards\">\n";
  out += reached_card(reached_target(run), "Did it reach its target?");
  out += limits_card(run, "", "What limited it?");
  out += troubles_card(run, "What went wrong?");
  out += "</div>\n";
  if (const auto ramp = ramp_window(run)) {
    Chart chart = waiting_chart(run, "", *ramp);
    chart.id = "ramp";
    chart.title = "The ramp: executors that are registered, and what the missing ones wait for";
    out += chart_html(chart);
  }
  return out + chart_html(waiting_chart(run, "", window));
}

std::string application_sections(const RunRecord& run, const Window& window) {
  std::string out = heading_html(2, "applications-h", "Applications") + applications_table(run);
  const auto& apps = run.projection.applications();
  for (std::size_t i = 0; i < std::min(apps.size(), kSectionsMax); ++i) {
    std::string inside = "<div class=\"cards\">\n";
    inside += reached_card(reached_target(apps[i], run.applications[i]), "Did it reach its target?");
    inside += limits_card(run, apps[i].name, "What limited it?") + "</div>\n";
    inside +=
        chart_html(waiting_chart(run, apps[i].name, window)) + chart_html(counts_chart(run, apps[i].name, window));
    inside += kpis_table(run.applications[i], "KPIs of " + apps[i].name);
    out += details_html(apps[i].name, inside, i == 0);
  }
  if (apps.size() > kSectionsMax) {
    out += paragraph_html(fmt::format("{} more applications are in the table only.", apps.size() - kSectionsMax));
  }
  return out;
}

std::string quota_section(const RunRecord& run, const Window& window) {
  std::string out = heading_html(2, "quota-h", "Quota");
  if (!run.has_facts()) return out + paragraph_html("The log has no facts, so this is not known.");
  const auto charts = quota_charts(run, window);
  if (charts.empty()) return out + paragraph_html("No ResourceQuota limited anything.");
  for (const Chart& chart : charts) out += chart_html(chart);
  return out;
}

std::string nodes_section(const RunRecord& run, const Window& window) {
  const auto chart = nodes_chart(run, window);
  return heading_html(2, "nodes-h", "Nodes") +
         (chart ? chart_html(*chart) : paragraph_html("The log has no facts about nodes."));
}

std::string scenario_section(const RunRecord& run) {
  std::string text = indented_json(run.header.scenario_json);
  std::string note;
  if (text.size() > kScenarioBytesMax) {
    note = paragraph_html("It is long; the rest is in the log's first line and in scenario.json.");
    text.resize(kScenarioBytesMax);
    while (!text.empty() && (static_cast<unsigned char>(text.back()) & 0xC0U) == 0x80U) text.pop_back();
    if (!text.empty() && static_cast<unsigned char>(text.back()) >= 0xC0U) text.pop_back();
  }
  return heading_html(2, "scenario-h", "The resolved scenario") +
         details_html("Every setting of this run, defaults included",
                      "<pre tabindex=\"0\">" + escaped(text) + "</pre>\n" + note);
}

}  // namespace

std::string run_page(const RunRecord& run) {
  const Window window = busy_window(run);
  const bool many = run.projection.applications().size() > 1;
  std::string body = first_screen(run, window) + contents(many);
  if (window.to_us < run.end_us) {
    body += "<p class=\"hint\">Nothing changes from " + format_time(window.to_us) + " until the end at " +
            format_time(run.end_us) + ": the charts leave that out.</p>\n";
  }
  body += heading_html(2, "counts-h", "Counts") + chart_html(counts_chart(run, "", window));
  if (many) body += application_sections(run, window);
  body += heading_html(2, "api-h", "Requests to the API server");
  if (const auto answers = answers_chart(run, window)) body += chart_html(*answers);
  body += requests_table(run);
  body += quota_section(run, window) + nodes_section(run, window);
  body += heading_html(2, "slowest-h", "The slowest executors, and why") + slowest_section(run);
  body += heading_html(2, "timeline-h", "Timeline of nodes and executors") + timeline_html(run, window);
  body += heading_html(2, "kpis-h", "All KPIs") +
          details_html("The run's numbers", kpis_table(run.kpis, "KPIs of the run"));
  body += scenario_section(run);
  return page_html((run.scenario.empty() ? run.path : run.scenario) + " - podramp report", body);
}

}  // namespace podramp::sim
