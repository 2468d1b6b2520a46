#include "sim/kpis.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace podramp::sim {
namespace {

std::int64_t ms(DurationUs us) { return us / kMillisecondUs; }

// When `count` executors were registered for the first time, from the moment the target was highest; -1: never.
std::int64_t time_to(const ApplicationView& app, std::int64_t count) {
  if (app.target_max <= 0) return -1;
  const auto reached =
      std::ranges::find_if(app.registered_first, [&](const auto& step) { return step.first >= count; });
  if (reached == app.registered_first.end()) return -1;
  return ms(std::max<TimeUs>(0, reached->second - app.target_max_us));
}

std::int64_t seconds(__int128 us) { return static_cast<std::int64_t>(us / kSecondUs); }
std::int64_t core_seconds(__int128 milli_us) { return static_cast<std::int64_t>(milli_us / kSecondUs / 1000); }

// Adds what executors that are still there have used up to the end.
void add_open_intervals(const ApplicationView& app, TimeUs end_us, ApplicationView& total) {
  const auto add = [&](__int128& sum, __int128& cores, TimeUs since, const ExecutorRow& row) {
    sum += end_us - since;
    cores += static_cast<__int128>(end_us - since) * row.cpu_milli;
  };
  for (const ExecutorRow& row : app.executors) {
    if (row.stage == Stage::ended || !row.stored_us) continue;
    add(total.requested_us, total.requested_core_us, *row.stored_us, row);
    if (row.stage < Stage::running) add(total.pending_us, total.pending_core_us, *row.stored_us, row);
    if (row.stage == Stage::running) add(total.idle_us, total.idle_core_us, row.running_us.value_or(end_us), row);
  }
}

// The last executor of a pod that has ended, if none of that pod has ever registered.
bool is_wasted(const ExecutorRow& row) {
  const bool over = row.stored_us && row.stage == Stage::ended && !row.restarted;
  return over && !row.registered_us && !row.pod_has_served;
}

void add_losses(const ApplicationView& app, Kpis& kpis) {
  std::int64_t lost = 0;
  std::int64_t noticed = 0;
  std::int64_t first = -1;
  std::int64_t last = -1;
  for (const ExecutorRow& row : app.executors) {
    if (!row.lost_us) continue;
    ++lost;
    if (!row.removed_us) continue;
    ++noticed;
    const std::int64_t after = ms(*row.removed_us - *row.lost_us);
    first = first < 0 ? after : std::min(first, after);
    last = std::max(last, after);
  }
  kpis["lost"] = lost;
  kpis["lost_noticed"] = noticed;
  kpis["first_noticed_ms"] = first;
  kpis["last_noticed_ms"] = last;
}

void add_requests(const ApplicationView& app, Kpis& kpis) {
  std::int64_t all = 0;
  std::int64_t failed = 0;
  std::int64_t created = 0;
  std::int64_t refused = 0;
  for (const auto& [what, count] : app.requests) {
    const std::string answer = what.substr(what.rfind(' ') + 1);
    // That a pod is gone is an answer: the lifecycle manager asks before it deletes.
    const bool fine = (answer.size() == 3 && answer.front() == '2') || what == "get 404";
    all += count;
    if (!fine) failed += count;
    if (what == "create 201") created += count;
    if (what.starts_with("create 4")) refused += count;
  }
  for (const auto& [profile, set] : app.sets) refused += set.refused;
  created += std::ranges::count_if(
      app.executors, [](const ExecutorRow& r) { return r.of_set && r.stored_us && !r.restarted; });  // pods
  kpis["requests"] = all;
  kpis["requests_failed"] = failed;
  kpis["creates"] = created;
  kpis["creates_refused"] = refused;
}

void add_tasks(const ApplicationView& app, Kpis& kpis) {
  const TaskCounts& tasks = app.tasks;
  kpis["jobs"] = tasks.jobs;
  kpis["jobs_done"] = tasks.jobs_done;
  kpis["jobs_failed"] = tasks.jobs_failed;
  kpis["jobs_ms"] = ms(tasks.jobs_us);
  const bool over = tasks.running.empty() && tasks.last_ended_us && app.started_us;
  kpis["time_to_jobs_done_ms"] = over ? ms(*tasks.last_ended_us - *app.started_us) : -1;
  kpis["stages"] = tasks.stages;
  kpis["stages_recomputed"] = tasks.stages_again;
  kpis["tasks"] = tasks.launched;
  kpis["tasks_speculative"] = tasks.speculative;
  const auto by = [](const auto& counts, auto value) { return counts.at(static_cast<std::size_t>(value)); };
  kpis["tasks_process_local"] = by(tasks.by_locality, Locality::process_local);
  kpis["tasks_node_local"] = by(tasks.by_locality, Locality::node_local);
  kpis["tasks_rack_local"] = by(tasks.by_locality, Locality::rack_local);
  kpis["tasks_any"] = by(tasks.by_locality, Locality::any);
  kpis["tasks_failed"] = by(tasks.by_end, TaskEnd::failed);
  kpis["tasks_killed"] = by(tasks.by_end, TaskEnd::killed);
  kpis["fetch_failures"] = by(tasks.by_end, TaskEnd::fetch_failed);
  kpis["task_seconds"] = tasks.run_us / kSecondUs;
}

}  // namespace

Kpis application_kpis(const ApplicationView& app, TimeUs end_us) {
  Kpis kpis;
  kpis["time_to_50_ms"] = time_to(app, (app.target_max + 1) / 2);
  kpis["time_to_90_ms"] = time_to(app, (app.target_max * 9 + 9) / 10);
  kpis["time_to_95_ms"] = time_to(app, (app.target_max * 19 + 19) / 20);
  kpis["time_to_100_ms"] = time_to(app, app.target_max);
  kpis["time_to_ready_ms"] = app.ready_us && app.started_us ? ms(*app.ready_us - *app.started_us) : -1;
  kpis["target_max"] = app.target_max;
  kpis["registered_max"] = app.registered_max;
  kpis["pending_max"] = app.pending_max;
  add_requests(app, kpis);
  const auto registered =
      std::ranges::count_if(app.executors, [](const ExecutorRow& r) { return r.registered_us.has_value(); });
  kpis["creates_wasted"] = std::ranges::count_if(app.executors, is_wasted);
  kpis["executors_registered"] = registered;
  kpis["creates_per_1000_registered"] = registered == 0 ? -1 : kpis["creates"] * 1000 / registered;
  kpis["retries"] = app.retries;
  kpis["requests_per_s_max"] = app.request_rate.per_s_max;
  kpis["rounds"] = static_cast<std::int64_t>(app.rounds.size());
  kpis["rounds_aborted"] = std::ranges::count_if(app.rounds, [](const Round& r) { return r.aborted; });
  kpis["excess_deleted"] = app.excess_deleted;
  kpis["creation_timeouts"] = app.creation_timeouts;
  kpis["executors_removed"] = app.removed;
  kpis["registrations_refused"] = app.registrations_refused;
  add_losses(app, kpis);
  ApplicationView total;
  total.requested_us = app.requested_us;
  total.requested_core_us = app.requested_core_us;
  total.pending_us = app.pending_us;
  total.pending_core_us = app.pending_core_us;
  total.idle_us = app.idle_us;
  total.idle_core_us = app.idle_core_us;
  add_open_intervals(app, end_us, total);
  kpis["executor_seconds_requested"] = seconds(total.requested_us);
  kpis["executor_seconds_pending"] = seconds(total.pending_us);
  kpis["executor_seconds_idle"] = seconds(total.idle_us);
  kpis["core_seconds_requested"] = core_seconds(total.requested_core_us);
  kpis["core_seconds_pending"] = core_seconds(total.pending_core_us);
  kpis["core_seconds_idle"] = core_seconds(total.idle_core_us);
  for (std::size_t i = 1; i < kWaits; ++i) {
    const auto wait = static_cast<Wait>(i);
    if (wait == Wait::controller && app.sets.empty()) continue;
    kpis[fmt::format("wait_{}_ms", to_text(wait))] = ms(app.waited_us[i]);
  }
  if (app.tasks.jobs > 0) add_tasks(app, kpis);
  return kpis;
}

Kpis run_kpis(const std::vector<Kpis>& applications, const RunPeaks& peaks, std::int64_t leaked_pods) {
  Kpis run;
  const Kpis of_all = application_kpis({}, 0);
  for (const std::string& name : kpi_names()) {
    if (name == "leaked_pods") continue;
    const bool slowest = name.starts_with("time_to_") || name == "last_noticed_ms";
    const bool earliest = name == "first_noticed_ms";
    std::int64_t total = slowest || earliest ? -1 : 0;
    bool never = false;
    bool known = of_all.contains(name);
    for (const Kpis& app : applications) {
      const auto kpi = app.find(name);
      if (kpi == app.end()) continue;  // only of applications with a workload, or with sets
      known = true;
      const std::int64_t value = kpi->second;
      if (earliest) {
        if (value >= 0) total = total < 0 ? value : std::min(total, value);
      } else if (slowest) {
        never = never || (value < 0 && name != "last_noticed_ms" && app.find("target_max")->second > 0);
        total = std::max(total, value);
      } else {
        total += value;
      }
    }
    if (known) run[name] = never ? -1 : total;
  }
  const std::int64_t registered = run["executors_registered"];
  run["creates_per_1000_registered"] = registered == 0 ? -1 : run["creates"] * 1000 / registered;
  run["pending_max"] = peaks.pending;
  run["requests_per_s_max"] = peaks.requests_per_s;
  run["leaked_pods"] = leaked_pods;
  return run;
}

std::vector<std::string> kpi_names() {
  std::vector<std::string> names;
  ApplicationView with_all;
  with_all.tasks.jobs = 1;
  with_all.sets[kDefaultProfile] = {};
  for (const auto& [name, value] : application_kpis(with_all, 0)) names.push_back(name);
  names.emplace_back("leaked_pods");
  names.emplace_back("shuffle_left_bytes");
  std::ranges::sort(names);
  return names;
}

std::vector<std::string> broken_budgets(const std::vector<Budget>& budgets, const Kpis& run,
                                        const std::map<std::string, Kpis>& applications) {
  std::vector<std::string> broken;
  for (const Budget& budget : budgets) {
    const Kpis* list = &run;
    std::string name = budget.kpi;
    if (const std::size_t slash = name.find('/'); slash != std::string::npos) {
      const auto app = applications.find(name.substr(0, slash));
      if (app == applications.end()) {
        broken.push_back(fmt::format("there is no application named \"{}\"", name.substr(0, slash)));
        continue;
      }
      list = &app->second;
      name = name.substr(slash + 1);
    }
    const auto kpi = list->find(name);
    if (kpi == list->end()) {
      broken.push_back(fmt::format("there is no KPI named \"{}\"", budget.kpi));
      continue;
    }
    const bool never = kpi->second < 0 && name.ends_with("_ms");
    const std::string is = never ? "never" : std::to_string(kpi->second);
    if (budget.min && kpi->second < *budget.min) {
      broken.push_back(fmt::format("{} is {}, the budget is at least {}", budget.kpi, is, *budget.min));
    }
    if (budget.max && (kpi->second > *budget.max || never)) {
      broken.push_back(fmt::format("{} is {}, the budget is at most {}", budget.kpi, is, *budget.max));
    }
  }
  return broken;
}

}  // namespace podramp::sim
