#include "sim/compare.h"

#include <filesystem>
#include <fstream>

#include "sim/experiment.h"
#include "sim/log_reader.h"

namespace podramp::sim {
namespace {

void find_first_difference(Comparison& c) {
  std::ifstream a(log_of(c.a.path), std::ios::binary);
  std::ifstream b(log_of(c.b.path), std::ios::binary);
  std::string line_a;
  std::string line_b;
  for (int line = 1;; ++line) {
    const bool more_a = static_cast<bool>(std::getline(a, line_a));
    const bool more_b = static_cast<bool>(std::getline(b, line_b));
    if (!more_a && !more_b) return;
    if (line == 1 || (more_a && more_b && line_a == line_b)) continue;
    c.first_difference = line;
    c.line_a = more_a ? line_a : "";
    c.line_b = more_b ? line_b : "";
    return;
  }
}

}  // namespace

std::string log_of(const std::string& path) {
  std::error_code code;
  return std::filesystem::is_directory(path, code) ? path + "/events.jsonl" : path;
}

Result<ComparedRun> read_run(const std::string& path) {
  auto log = LogReader::open(log_of(path));
  if (!log) return tl::unexpected(log.error());
  const auto logged = logged_applications(log->header());
  if (!logged) return tl::unexpected(Error{path + ": " + logged.error().message});
  Projection projection;
  for (const auto& [by, app] : *logged) projection.add_application(by, app.app_id, app.conf.initial_executors);
  ObservedPods pods;
  PodMemory memory(false);
  TimeUs end_us = 0;
  for (;;) {
    auto event = log->next();
    if (!event) return tl::unexpected(event.error());
    if (!*event) break;
    end_us = (*event)->t;
    projection.append((*event)->ref(), memory);
    pods.append((*event)->ref(), memory);
  }
  if (log->footer()) end_us = log->footer()->t;
  projection.finish(end_us);
  ComparedRun run = summed_up(path, log->header(), projection, end_us);
  run.observed = pods.observed();
  return run;
}

ComparedRun summed_up(const std::string& path, const LogHeader& header, const Projection& projection, TimeUs end_us) {
  ComparedRun run{path, header.scenario_json, std::string(to_text(header.level)), {}, {}, {}};
  std::vector<Kpis> all;
  for (const ApplicationView& app : projection.applications()) {
    all.push_back(application_kpis(app, end_us));
    all.back()["leaked_pods"] = 0;
    run.applications[app.name] = all.back();
  }
  run.kpis = run_kpis(all, {projection.pending_max(), projection.requests_per_s_max()}, 0);
  run.kpis.erase("leaked_pods");  // known at the run's end only; summary.json has it
  return run;
}

Result<Comparison> compare_runs(const std::string& a, const std::string& b) {
  auto run_a = read_run(a);
  if (!run_a) return tl::unexpected(run_a.error());
  auto run_b = read_run(b);
  if (!run_b) return tl::unexpected(run_b.error());
  Comparison c;
  c.a = std::move(*run_a);
  c.b = std::move(*run_b);
  for (const auto& [name, kpis] : c.a.applications) {
    const auto other = c.b.applications.find(name);
    if (other != c.b.applications.end() && other->second != kpis) c.differing_applications.push_back(name);
  }
  for (const auto& [name, value] : c.a.kpis) {
    const auto other = c.b.kpis.find(name);
    if (other == c.b.kpis.end() || other->second != value) c.differing.push_back(name);
  }
  for (const auto& [name, value] : c.b.kpis) {  // those of a workload are there only with one
    if (!c.a.kpis.contains(name)) c.differing.push_back(name);
  }
  find_first_difference(c);
  return c;
}

}  // namespace podramp::sim
