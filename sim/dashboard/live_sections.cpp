#include "sim/dashboard/live_sections.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/report/html.h"
#include "sim/report/run_charts.h"
#include "sim/report/run_parts.h"
#include "sim/report/scale.h"
#include "sim/report/timeline_svg.h"

namespace podramp::sim {
namespace {

Sample sample_now(const RunRecord& run) {
  Sample sum;
  for (const ApplicationView& app : run.projection.applications()) {
    if (app.samples.empty()) continue;
    const Sample& now = app.samples.back();
    sum.target += now.target;
    sum.pending += now.pending;
    sum.running += now.running;
    sum.registered += now.registered;
  }
  return sum;
}

std::string plain_chart(Chart chart) {
  chart.zooms = false;
  return chart_html(chart);
}

std::string waiting_html(const RunRecord& run, const Window& window) {
  std::string out;
  if (const auto ramp = ramp_window(run)) {
    Chart chart = waiting_chart(run, "", *ramp);
    chart.id = "ramp";
    chart.title = "The ramp: executors that are registered, and what the missing ones wait for";
    out += plain_chart(std::move(chart));
  }
  Chart chart = waiting_chart(run, "", window);
  if (run.goes_on) chart.title = "Executors: registered, and what the missing ones wait for";
  return out + plain_chart(std::move(chart));
}

std::string quota_html(const RunRecord& run, const Window& window) {
  std::string out;
  for (const Chart& chart : quota_charts(run, window)) out += plain_chart(chart);
  return out.empty() ? paragraph_html("No ResourceQuota limits anything.") : out;
}

std::string api_html(const RunRecord& run, const Window& window) {
  const auto answers = answers_chart(run, window);
  if (!answers) return paragraph_html("No driver has had an answer yet.");
  return plain_chart(*answers) + requests_table(run);
}

std::string verdict_html(const RunRecord& run) {
  const bool on = run.goes_on;
  return "<div class=\"cards\">\n" +
         reached_card(reached_target(run), on ? "Has it reached its target?" : "Did it reach its target?") +
         limits_card(run, "", on ? "What limits it?" : "What limited it?") +
         troubles_card(run, on ? "What goes wrong?" : "What went wrong?") + "</div>\n";
}

}  // namespace

Section head_section(const RunRecord& run) {
  std::string html = heading_html(1, "", run.scenario);
  if (!run.about.empty()) html += paragraph_html(run.about);
  const std::size_t n = run.header.applications.size();
  return {"head", html + fmt::format("<p class=\"meta\">seed {}, {} application{}</p>\n", run.header.seed, n,
                                     n == 1 ? "" : "s")};
}

std::string counts_text(const RunRecord& run) {
  const Sample now = sample_now(run);
  std::string text = fmt::format("target {}; {} registered, {} running, {} pending", count_text(now.target),
                                 count_text(now.registered), count_text(now.running), count_text(now.pending));
  const auto there = std::ranges::count_if(run.nodes, [](const NodeLife& node) { return !node.gone_us; });
  if (there > 0) text += fmt::format("; {} nodes", count_text(there));
  return text;
}

Section clock_section(const std::string& counts, TimeUs now, bool over) {
  return {"clock", escaped(fmt::format("At {} of the run's time: {}.{}", tick_text(now - now % kSecondUs), counts,
                                       over ? " The run is over." : ""))};
}

Section said_section(const RunRecord& run) {
  const ReachedTarget reached = reached_target(run);
  const std::int64_t target = run.kpis.at("target_max");
  std::string text = reached.headline;
  if (run.goes_on && !reached.reached && target > 0) {
    text = fmt::format("At least {} percent of {} executors are registered",
                       run.kpis.at("registered_max") * 4 / target * 25, count_text(target));
  }
  const auto all = troubles(run);
  const auto severe = std::ranges::count_if(all, &Trouble::severe);
  if (severe > 0) text += fmt::format(". {} severe problem{}: {}", severe, severe == 1 ? "" : "s", all.front().text);
  return {"said", escaped(text + (run.goes_on ? "." : ". The run is over."))};
}

std::vector<Section> live_sections(RunRecord run, bool timeline) {
  const Window window = busy_window(run);
  std::vector<Section> sections{head_section(run),
                                said_section(run),
                                {"verdict", verdict_html(run)},
                                {"waiting", waiting_html(run, window)},
                                {"counts", plain_chart(counts_chart(run, "", window))},
                                {"applications", applications_table(run)},
                                {"api", api_html(run, window)},
                                {"quota", quota_html(run, window)}};
  const auto nodes = nodes_chart(run, window);
  sections.push_back({"nodes", nodes ? plain_chart(*nodes) : paragraph_html("There are no nodes.")});
  if (timeline) {
    run.end_us = std::min(run.end_us, window.to_us);  // phases that go on end with the picture, or they always changed
    sections.push_back({"timeline", timeline_html(run, window)});
  }
  return sections;
}

}  // namespace podramp::sim
