#include "sim/report/run_charts.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/report/run_verdict.h"
#include "sim/report/scale.h"

namespace podramp::sim {
namespace {

constexpr std::size_t kSlices = 120;     // of the window, in stacked areas
constexpr std::size_t kRateSlices = 60;  // where events are counted: a slice holds a few

std::vector<const ApplicationView*> chosen_views(const RunRecord& run, const std::string& application) {
  std::vector<const ApplicationView*> views;
  for (const ApplicationView& app : run.projection.applications()) {
    if (application.empty() || app.name == application) views.push_back(&app);
  }
  return views;
}

Steps counts_of(const RunRecord& run, const std::string& application, std::int64_t Sample::*member) {
  std::vector<Steps> all;
  for (const ApplicationView* app : chosen_views(run, application)) {
    Steps& steps = all.emplace_back();
    for (const Sample& sample : app->samples) {
      const auto value = static_cast<double>(sample.*member);
      if (steps.empty() || steps.back().value != value) steps.push_back({sample.t, value});
    }
  }
  return all.size() == 1 ? all.front() : sum_of(all);
}

std::string chart_id(std::string_view what, const RunRecord& run, const std::string& application) {
  if (application.empty()) return std::string(what);
  const auto& apps = run.projection.applications();
  const auto at = std::ranges::find(apps, application, &ApplicationView::name);
  return fmt::format("{}-{}", what, at - apps.begin());
}

// How many of something there are, from spans of single ones.
Steps count_spans(const std::vector<Span>& spans) {
  std::vector<std::pair<TimeUs, int>> changes;
  for (const Span& span : spans) {
    changes.emplace_back(span.from_us, 1);
    if (span.to_us) changes.emplace_back(*span.to_us, -1);
  }
  std::ranges::sort(changes);
  Steps steps;
  int now = 0;
  for (const auto& [t, by] : changes) {
    now += by;
    if (steps.empty() || steps.back().t != t) steps.push_back({t, 0});
    steps.back().value = now;
  }
  return steps;
}

// When an executor was no longer asked for: it ended, or the driver forgot it. A refused create never was.
std::optional<TimeUs> row_over(const ExecutorRow& row) {
  std::optional<TimeUs> over;
  for (const auto& t : {row.finished_us, row.gone_us, row.removed_us}) {
    if (t && (!over || *t < *over)) over = t;
  }
  return !over && row.stage == Stage::ended ? row.asked_us : over;
}

// 2xx, 409 and the like keep to a family of colours.
std::string answer_color(const std::string& code, std::size_t ordinal) {
  if (code.starts_with("2")) return code == "201" ? "c-created" : "c-ok";
  if (code == "429") return "c-throttled";
  if (code.starts_with("4")) return ordinal % 2 == 0 ? "c-refused" : "c-refused2";
  return code.starts_with("5") ? "c-error" : "c-lost";
}

}  // namespace

std::string reason_color(WaitReason reason) { return "r-" + std::string(to_text(reason)); }

std::string reason_name(WaitReason reason) {
  std::string name(to_text(reason));
  std::ranges::replace(name, '_', ' ');
  return name;
}

Window busy_window(const RunRecord& run) {
  TimeUs last = 0;
  for (const ApplicationView& app : run.projection.applications()) {
    const Sample* before = nullptr;
    for (const Sample& sample : app.samples) {
      if (before == nullptr || !before->same_counts(sample)) last = std::max(last, sample.t);
      before = &sample;
    }
  }
  const TimeUs shown = std::min(last + last / 12 + kSecondUs, run.end_us);
  return {0, std::max<TimeUs>(shown, kSecondUs)};
}

std::optional<Window> ramp_window(const RunRecord& run) {
  TimeUs last = 0;
  for (std::size_t i = 0; i < run.applications.size(); ++i) {
    const ApplicationView& app = run.projection.applications()[i];
    const std::int64_t ms = run.applications[i].at("time_to_100_ms");
    if (app.target_max > 0 && ms < 0) return std::nullopt;
    last = std::max(last, app.target_max_us + ms * kMillisecondUs);
  }
  const Window window{0, std::max<TimeUs>(last + last / 8, kSecondUs)};
  if (window.to_us * 3 >= busy_window(run).to_us) return std::nullopt;
  return window;
}

Chart waiting_chart(const RunRecord& run, const std::string& application, const Window& window) {
  Chart chart;
  chart.id = chart_id("waiting", run, application);
  chart.title = "Executors: registered, and what the missing ones waited for";
  chart.unit = "executors";
  chart.window = window;
  Occupancy registered(window, kSlices);
  Occupancy lost(window, kSlices);
  std::map<WaitReason, Occupancy> waiting;
  for (const ExecutorWait& wait : run.explanation.waits) {
    if (!application.empty() && wait.application != application) continue;
    if (wait.row.registered_us) {
      const TimeUs until = wait.row.removed_us.value_or(run.end_us);
      const TimeUs lost_us = std::min(wait.row.lost_us.value_or(until), until);
      registered.add(*wait.row.registered_us, lost_us);
      lost.add(lost_us, until);
    }
    if (wait.end == WaitEnd::refused) continue;
    for (const WaitSlice& slice : wait.slices) {
      waiting.try_emplace(slice.reason, window, kSlices).first->second.add(slice.from_us, slice.to_us);
    }
  }
  chart.areas.push_back({"registered", "registered", smoothed(registered.means()), false});
  chart.areas.push_back({"lost, not noticed yet", "lost", smoothed(lost.means()), false});
  for (auto it = waiting.rbegin(); it != waiting.rend(); ++it) {  // what comes last on an executor's way lies lowest
    chart.areas.push_back({reason_name(it->first), reason_color(it->first), smoothed(it->second.means()), false});
  }
  std::erase_if(chart.areas, [&](const Curve& area) {  // what does not happen within the window
    return area.name != "registered" && std::ranges::all_of(area.steps, [](const Point& p) { return p.value < 1e-9; });
  });
  chart.lines.push_back({"target", "target", counts_of(run, application, &Sample::target), true});
  const auto shares = limits(run, application);
  chart.says =
      "Stacked areas from 0 to the target: registered executors at the bottom, above them those that are "
      "missing, by what they wait for.";
  for (std::size_t i = 0; i < std::min<std::size_t>(3, shares.size()); ++i) {
    chart.says += fmt::format(" {}: {} % of the waiting time.", reason_name(shares[i].reason), shares[i].percent);
  }
  return chart;
}

Chart counts_chart(const RunRecord& run, const std::string& application, const Window& window) {
  Chart chart;
  chart.id = chart_id("counts", run, application);
  chart.title = "Requested, pending, running and registered executors against the target";
  chart.unit = "executors";
  chart.window = window;
  const auto line = [&](const char* name, const char* color, std::int64_t Sample::*member, bool dashed = false) {
    chart.lines.push_back({name, color, counts_of(run, application, member), dashed});
  };
  line("target", "target", &Sample::target, true);
  std::vector<Span> requested;
  for (const ApplicationView* app : chosen_views(run, application)) {
    for (const ExecutorRow& row : app->executors) {
      const auto over = row_over(row);
      if (!over || *over > row.asked_us) requested.push_back({row.asked_us, over});
    }
  }
  chart.lines.push_back({"requested", "requested", count_spans(requested), false});
  line("pending", "pending", &Sample::pending);
  line("running", "running", &Sample::running);
  line("registered", "registered", &Sample::registered);
  std::int64_t target = 0;
  std::int64_t registered = 0;
  for (const ApplicationView* app : chosen_views(run, application)) {
    target += app->target_max;
    registered += app->registered_max;
  }
  chart.says = fmt::format("Five lines over time. The target goes up to {}, at most {} executors are registered.",
                           count_text(target), count_text(registered));
  return chart;
}

std::optional<Chart> answers_chart(const RunRecord& run, const Window& window) {
  if (run.answers.empty()) return std::nullopt;
  Chart chart;
  chart.id = "answers";
  chart.title = "Answers of the API server to the drivers, by code";
  chart.unit = "answers a second";
  chart.window = window;
  chart.tick = 0.01;
  chart.says = "Stacked areas of answers a second.";
  std::size_t ordinal = 0;
  for (const auto& [code, times] : run.answers) {
    chart.areas.push_back(
        {code, answer_color(code, ordinal++), smoothed(rate_per_s(times, window, kRateSlices)), false});
    chart.says += fmt::format(" {}: {} in all.", code, count_text(static_cast<std::int64_t>(times.size())));
  }
  return chart;
}

std::vector<Chart> quota_charts(const RunRecord& run, const Window& window) {
  std::vector<Chart> charts;
  for (std::size_t i = 0; i < run.quotas.size(); ++i) {
    const QuotaUse& quota = run.quotas[i];
    Chart chart;
    chart.id = fmt::format("quota-{}", i);
    chart.title = fmt::format("ResourceQuota {}: use of each hard limit", quota.name);
    chart.unit = "% of the limit";
    chart.window = window;
    chart.says = "A line per resource, in percent of its limit.";
    for (const auto& [resource, used] : quota.used) {
      const auto hard = quota.hard.find(resource);
      if (hard == quota.hard.end()) continue;
      Steps percent;
      for (const Point& point : used) {
        const double limit = value_at(hard->second, point.t);
        percent.push_back({point.t, limit > 0 ? 100 * point.value / limit : 0});
      }
      chart.lines.push_back({resource, fmt::format("q-{}", chart.lines.size() % 6), std::move(percent), false});
      if (!chart.lines.back().steps.empty()) {
        chart.says +=
            fmt::format(" {}: {} % at the end.", resource, number_text(chart.lines.back().steps.back().value));
      }
    }
    if (chart.lines.empty()) continue;
    chart.lines.push_back({"hard limit", "target", {{window.from_us, 100}}, true});
    charts.push_back(std::move(chart));
  }
  return charts;
}

std::optional<Chart> nodes_chart(const RunRecord& run, const Window& window) {
  if (run.nodes.empty()) return std::nullopt;
  std::vector<Span> there;
  std::vector<Span> unready;
  std::vector<Span> silent;
  for (const NodeLife& node : run.nodes) {
    there.push_back({node.added_us, node.gone_us});
    unready.insert(unready.end(), node.unready.begin(), node.unready.end());
    silent.insert(silent.end(), node.silent.begin(), node.silent.end());
  }
  Chart chart;
  chart.id = "nodes";
  chart.title = "Nodes of the cluster";
  chart.unit = "nodes";
  chart.window = window;
  Steps less = count_spans(unready);
  for (Point& point : less) point.value = -point.value;
  const Steps all = count_spans(there);
  chart.lines.push_back({"nodes", "target", all, true});
  chart.lines.push_back({"Ready", "registered", sum_of({all, less}), false});
  if (!silent.empty()) chart.lines.push_back({"silent", "c-error", count_spans(silent), false});
  chart.says = fmt::format("Lines over time: {} nodes at the start, {} at the end of the picture, {} of them Ready.",
                           number_text(value_at(all, window.from_us)), number_text(value_at(all, window.to_us)),
                           number_text(value_at(chart.lines[1].steps, window.to_us)));
  return chart;
}

}  // namespace podramp::sim
