#include "sim/report/run_verdict.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "sim/report/scale.h"

namespace podramp::sim {
namespace {

constexpr std::size_t kTextsShown = 5;  // of a kind
constexpr std::size_t kTextLength = 90;

std::int64_t kpi(const Kpis& kpis, std::string_view name) {
  const auto it = kpis.find(name);
  return it == kpis.end() ? 0 : it->second;
}

std::string span_text(std::int64_t ms) { return format_time(ms * kMillisecondUs); }

ReachedTarget judge(std::int64_t registered, std::int64_t target, const Kpis& kpis, bool goes_on = false) {
  ReachedTarget out;
  const std::int64_t all_ms = kpi(kpis, "time_to_100_ms");
  out.reached = target > 0 && all_ms >= 0;
  out.open = goes_on && !out.reached;
  if (target == 0) {
    out.headline = goes_on ? "No executors are asked for yet" : "No executors were asked for";
    return out;
  }
  out.headline = fmt::format("{} of {} executors", count_text(registered), count_text(target));
  out.headline += out.reached ? " in " + span_text(all_ms) : goes_on ? " so far" : ", never all of them";
  std::vector<std::string> parts;
  if (out.open) parts.push_back(fmt::format("{} are missing", count_text(target - registered)));
  for (const auto& [name, percent] : {std::pair{"time_to_50_ms", 50}, std::pair{"time_to_90_ms", 90}}) {
    const std::int64_t ms = kpi(kpis, name);
    if (ms >= 0) parts.push_back(fmt::format("{} % after {}", percent, span_text(ms)));
  }
  if (const std::int64_t ms = kpi(kpis, "time_to_ready_ms"); ms >= 0) {
    parts.push_back(fmt::format("the driver could schedule tasks {} after its start", span_text(ms)));
  }
  for (const std::string& part : parts) out.says += (out.says.empty() ? "" : "; ") + part;
  return out;
}

class Troubles {
 public:
  explicit Troubles(const RunRecord& run) : run_(run) {}

  std::vector<Trouble> list() {
    endings();
    for (const auto& [t, text] : run_.violations) severe(fmt::format("At {}: {}", format_time(t), text));
    for (const std::string& text : run_.verdict.broken_budgets) severe("Budget: " + text);
    for (const std::string& text : run_.verdict.never_seen) severe("Expected and never seen: " + text);
    applications();
    refusals();
    cluster();
    faults();
    for (const std::string& text : run_.verdict.warnings) mild("Warning: " + text);
    std::ranges::stable_sort(found_, [](const Trouble& a, const Trouble& b) { return a.severe && !b.severe; });
    return std::move(found_);
  }

 private:
  void severe(std::string text) { found_.push_back({true, std::move(text)}); }
  void mild(std::string text) { found_.push_back({false, std::move(text)}); }

  void endings() {
    if (run_.goes_on) return;
    if (!run_.footer) {
      severe(fmt::format("The log has no footer: the run was cut off at {}{}", format_time(run_.end_us),
                         run_.torn_bytes > 0 ? ", inside a line" : ""));
    } else if (run_.footer->ended != "end" && run_.footer->ended != "quiet") {
      severe(fmt::format("The run ended at {}: {}", format_time(run_.end_us), run_.footer->ended));
    }
  }
  void applications() {
    std::string impatient;
    std::string aborted;
    for (const ApplicationView& app : run_.projection.applications()) {
      if (app.exited_us && app.exit_code != 0) {
        severe(fmt::format("The driver of {} exited with code {} at {}", app.name, app.exit_code,
                           format_time(*app.exited_us)));
      }
      if (!run_.goes_on && app.target_max > 0 && app.registered_max < app.target_max) {
        severe(
            fmt::format("{}: {} executors are missing{}", app.name, count_text(app.target_max - app.registered_max),
                        app.wait == Wait::none ? "" : fmt::format("; at the end it waits for: {}", to_text(app.wait))));
      }
      if (app.ready_timed_out) impatient += (impatient.empty() ? "" : ", ") + app.name;
      if (!app.last_abort.empty()) aborted = app.name + ": " + app.last_abort;
    }
    if (const std::int64_t n = kpi(run_.kpis, "rounds_aborted"); n > 0) {
      if (aborted.size() > kTextLength) aborted = aborted.substr(0, aborted.find(' ', kTextLength)) + " ...";
      mild(fmt::format("{} allocation rounds aborted; the last one of {}", count_text(n), aborted));
    }
    if (impatient.size() > kTextLength) impatient = impatient.substr(0, impatient.find(',', kTextLength)) + ", ...";
    if (!impatient.empty()) {
      mild("Began to schedule tasks with fewer executors than it wanted to wait for: " + impatient);
    }
    count("creation_timeouts", "executors given up because no pod of theirs was seen in time");
    count("registrations_refused", "registrations turned away by the driver");
    count("creates_wasted", "pods ended without ever having registered");
    count("excess_deleted", "executors deleted because they were more than the target");
    count("retries", "requests sent again");
  }
  void refusals() {
    std::vector<std::pair<std::int64_t, std::string>> all;
    for (const auto& [text, n] : run_.projection.refusals()) all.emplace_back(n, text);
    std::ranges::stable_sort(all, [](const auto& a, const auto& b) { return a.first > b.first; });
    for (std::size_t i = 0; i < std::min(all.size(), kTextsShown); ++i) {
      mild(fmt::format("Refused {} times: {}", count_text(all[i].first), all[i].second));
    }
  }
  void cluster() {
    if (const std::int64_t lost = run_.projection.nodes_lost(); lost > 0) {
      std::string text = fmt::format("{} {} lost", count_text(lost), lost == 1 ? "node was" : "nodes were");
      if (const std::int64_t executors = kpi(run_.kpis, "lost"); executors > 0) {
        text += fmt::format(", {} executors with them; the driver noticed {}", count_text(executors),
                            count_text(kpi(run_.kpis, "lost_noticed")));
        if (const std::int64_t ms = kpi(run_.kpis, "last_noticed_ms"); ms >= 0) {
          text += fmt::format(", the last after {}", span_text(ms));
        }
      }
      mild(text);
    }
    std::map<std::string, std::int64_t> messages;
    for (const ExecutorWait& wait : run_.explanation.waits) {
      if (wait.row.unschedulable_us) ++messages[wait.row.unschedulable_message];
    }
    std::vector<std::pair<std::int64_t, std::string>> all;
    for (const auto& [text, n] : messages) all.emplace_back(n, text);
    std::ranges::stable_sort(all, [](const auto& a, const auto& b) { return a.first > b.first; });
    if (!all.empty()) {
      mild(fmt::format("{} executors found no node at first. Said to most of them: {}",
                       count_text(std::accumulate(all.begin(), all.end(), std::int64_t{0},
                                                  [](std::int64_t sum, const auto& one) { return sum + one.first; })),
                       all.front().second));
    }
  }
  void faults() {
    std::map<std::string, std::int64_t> fired;
    for (const FaultMark& fault : run_.faults) {
      if (!fault.target.empty()) ++fired[fault.point];
    }
    for (const auto& [point, n] : fired) mild(fmt::format("Fault {} struck {} times", point, count_text(n)));
    std::size_t windows = 0;
    for (const FaultMark& fault : run_.faults) {
      if (!fault.target.empty() || windows++ >= kTextsShown) continue;
      mild(fmt::format("Fault {} was on from {} {}", fault.point, format_time(fault.t),
                       fault.closed_us ? "to " + format_time(*fault.closed_us) : "until the end"));
    }
  }
  void count(std::string_view name, std::string_view what) {
    if (const std::int64_t n = kpi(run_.kpis, name); n > 0) mild(fmt::format("{} {}", count_text(n), what));
  }

  const RunRecord& run_;
  std::vector<Trouble> found_;
};

}  // namespace

ReachedTarget reached_target(const ApplicationView& app, const Kpis& kpis) {
  return judge(app.registered_max, app.target_max, kpis);
}

ReachedTarget reached_target(const RunRecord& run) {
  return judge(kpi(run.kpis, "registered_max"), kpi(run.kpis, "target_max"), run.kpis, run.goes_on);
}

std::vector<LimitShare> limits(const RunRecord& run, const std::string& application) {
  std::map<WaitReason, DurationUs> times;
  DurationUs all = 0;
  for (const ExecutorWait& wait : run.explanation.waits) {
    if (wait.end == WaitEnd::refused || (!application.empty() && wait.application != application)) continue;
    for (const auto& [reason, time] : sum(wait.slices)) {
      times[reason] += time;
      all += time;
    }
  }
  std::vector<LimitShare> shares;
  for (const auto& [reason, time] : times) {
    const auto percent = (static_cast<__int128>(time) * 100 + all / 2) / std::max<DurationUs>(all, 1);
    shares.push_back({reason, time, static_cast<int>(percent)});
  }
  std::ranges::stable_sort(shares, [](const LimitShare& a, const LimitShare& b) { return a.time_us > b.time_us; });
  return shares;
}

bool of_sets(const RunRecord& run) {
  return !run.explanation.waits.empty() &&
         std::ranges::all_of(run.explanation.waits, [](const ExecutorWait& wait) { return wait.row.of_set; });
}

std::vector<Trouble> troubles(const RunRecord& run) { return Troubles(run).list(); }

}  // namespace podramp::sim
