#include "sim/summary_text.h"

#include <fmt/format.h>

#include <algorithm>

namespace podramp::sim {
namespace {

std::string since(std::int64_t ms) { return ms < 0 ? "never" : format_time(ms * kMillisecondUs); }

std::string count_of(std::int64_t n, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", n, n == 1 ? one : many);
}

std::string target_line(const RunSummary& s) {
  const auto kpi = [&](std::string_view name) { return s.kpis.find(name)->second; };
  const std::string who = s.applications.size() == 1 ? s.applications.begin()->first + " wants"
                                                     : fmt::format("{} applications want", s.applications.size());
  std::string line = fmt::format("target    {} {}: 50 % after {}, 90 % after {}, all after {}", who,
                                 count_of(kpi("target_max"), "executor", "executors"), since(kpi("time_to_50_ms")),
                                 since(kpi("time_to_90_ms")), since(kpi("time_to_100_ms")));
  if (s.applications.size() > 1) line += " (the slowest)";
  if (kpi("time_to_100_ms") < 0) line += fmt::format("; at most {} registered", kpi("registered_max"));
  return line;
}

// The largest waits, with their share; those below one percent of the whole are noise.
std::string limits_line(const RunSummary& s) {
  std::vector<std::pair<std::int64_t, std::string>> waits;
  std::int64_t total = 0;
  for (const auto& [name, value] : s.kpis) {
    if (!name.starts_with("wait_") || value <= 0) continue;
    waits.emplace_back(value, name.substr(5, name.size() - 8));
    total += value;
  }
  if (waits.empty()) return "limited   by nothing";
  std::ranges::sort(
      waits, [](const auto& a, const auto& b) { return a.first != b.first ? a.first > b.first : a.second < b.second; });
  std::string line = "limited   by ";
  const std::size_t shown = std::min<std::size_t>(4, waits.size());
  for (std::size_t i = 0; i < shown && (i == 0 || waits[i].first * 100 >= total); ++i) {
    line += fmt::format("{}{} {} ({} %)", i == 0 ? "" : ", ", waits[i].second, since(waits[i].first),
                        waits[i].first * 100 / total);
  }
  if (s.applications.size() > 1) line += " of application time";
  return line;
}

std::string most_common_unschedulable(const Projection& projection) {
  std::map<std::string, std::int64_t> messages;
  for (const ApplicationView& app : projection.applications()) {
    for (const ExecutorRow& r : app.executors) {
      if (r.unschedulable_us) ++messages[r.unschedulable_message.substr(0, r.unschedulable_message.find(". "))];
    }
  }
  const auto most = std::ranges::max_element(messages, {}, [](const auto& m) { return m.second; });
  return most == messages.end() ? "" : most->first;
}

// Short clauses, worst first; "nothing" when there are none.
std::vector<std::string> wrongs(const RunSummary& s, const Projection& projection) {
  const auto kpi = [&](std::string_view name) { return s.kpis.find(name)->second; };
  std::vector<std::string> all;
  for (const auto& [what, count] : s.refusals) all.push_back(fmt::format("{} x {}", count, what));
  std::int64_t unschedulable = 0;
  for (const ApplicationView& app : projection.applications()) {
    unschedulable +=
        std::ranges::count_if(app.executors, [](const ExecutorRow& r) { return r.unschedulable_us.has_value(); });
  }
  if (unschedulable > 0) {
    all.push_back(fmt::format("{} unschedulable for a time ({})", count_of(unschedulable, "pod", "pods"),
                              most_common_unschedulable(projection)));
  }
  if (projection.nodes_lost() > 0) all.push_back(count_of(projection.nodes_lost(), "node lost", "nodes lost"));
  if (kpi("lost") > 0) {
    all.push_back(fmt::format(
        "{} lost with their nodes, Spark noticed {}{}", count_of(kpi("lost"), "executor", "executors"),
        kpi("lost_noticed"),
        kpi("lost_noticed") == 0
            ? ""
            : fmt::format(" (after {} to {})", since(kpi("first_noticed_ms")), since(kpi("last_noticed_ms")))));
  }
  if (kpi("rounds_aborted") > 0) all.push_back(count_of(kpi("rounds_aborted"), "round aborted", "rounds aborted"));
  if (kpi("creation_timeouts") > 0)
    all.push_back(count_of(kpi("creation_timeouts"), "creation time-out", "creation time-outs"));
  if (kpi("creates_wasted") > 0)
    all.push_back(count_of(kpi("creates_wasted"), "pod created for nothing", "pods created for nothing"));
  if (kpi("leaked_pods") > 0) all.push_back(count_of(kpi("leaked_pods"), "pod leaked", "pods leaked"));
  if (!s.shuffle_left.empty()) {
    std::int64_t bytes = 0;
    for (const auto& [node, left] : s.shuffle_left) bytes += left;
    all.push_back(fmt::format("{} of shuffle files left on {}", format_bytes(bytes),
                              count_of(static_cast<std::int64_t>(s.shuffle_left.size()), "node", "nodes")));
  }
  for (const ApplicationView& app : projection.applications()) {
    if (app.exited_us && app.exit_code != 0) {
      all.push_back(
          fmt::format("driver {} ended with code {} at {}", app.name, app.exit_code, format_time(*app.exited_us)));
    }
  }
  return all;
}

std::string joined(const std::vector<std::string>& parts, std::size_t max) {
  std::string text;
  for (std::size_t i = 0; i < std::min(parts.size(), max); ++i) text += (i == 0 ? "" : "; ") + parts[i];
  if (parts.size() > max) text += fmt::format("; and {} more in summary.json", parts.size() - max);
  return text;
}

// Names everything that makes this run decide otherwise than Spark would, settings first; the words are in
// summary.json.
std::string warning_line(const std::vector<Warning>& warnings) {
  std::vector<std::string> settings;
  std::vector<std::string> others;
  for (const Warning& w : warnings) {
    if (!w.changes_decisions) continue;
    std::vector<std::string>& list = w.subject.starts_with("spark.") ? settings : others;
    if (std::ranges::find(list, w.subject) == list.end()) list.push_back(w.subject);
  }
  if (settings.empty() && others.empty()) return "";
  settings.insert(settings.end(), others.begin(), others.end());
  return "WARNING   not modelled, decisions may differ: " + joined(settings, 6);
}

}  // namespace

std::vector<std::string> summary_lines(const RunSummary& s, const Projection& projection,
                                       const std::string& results_path) {
  const auto kpi = [&](std::string_view name) { return s.kpis.find(name)->second; };
  std::vector<std::string> lines;
  if (const std::string loud = warning_line(s.warnings); !loud.empty()) lines.push_back(loud);
  lines.push_back(target_line(s));
  lines.push_back(limits_line(s));
  const auto wrong = wrongs(s, projection);
  lines.push_back("wrong     " + (wrong.empty() ? "nothing" : joined(wrong, 5)));
  lines.push_back(fmt::format(
      "api       {} requests, {} failed, {} retried; {} creates for {} executors; peak {} pending", kpi("requests"),
      kpi("requests_failed"), kpi("retries"), kpi("creates"), kpi("executors_registered"), kpi("pending_max")));
  if (!s.waiting.empty() && kpi("time_to_100_ms") < 0) lines.push_back("waiting   " + joined(s.waiting, 3));
  if (!s.violations.empty()) {
    const Violation& v = s.violations.front();
    lines.push_back(fmt::format("VIOLATED  {} at {} (event {}): {}", v.property, format_time(v.t), v.seq, v.detail));
  }
  std::vector<std::string> failed = s.broken_budgets;
  for (const std::string& type : s.never_seen) failed.push_back(fmt::format("{} was never seen", type));
  if (!failed.empty()) lines.push_back("FAILED    " + joined(failed, 3));
  lines.push_back(fmt::format("ended     {} at {}, {} events, seed {}", to_text(s.ending), format_time(s.t),
                              s.footer.events, s.seed));
  if (!results_path.empty()) lines.push_back("results   " + results_path);
  return lines;
}

}  // namespace podramp::sim
