#include "sim/live_plan.h"

#include <fmt/format.h>

#include <algorithm>

#include "backend/port/overloaded.h"
#include "sim/experiment.h"

namespace podramp::sim {
namespace {

// What the scenario plans for this application, since its start.
std::vector<live::PlannedInput> planned_of(const ApplicationSpec& spec, const std::vector<TimelineEntry>& timeline) {
  std::vector<live::PlannedInput> planned;
  for (const DemandStep& step : spec.demand) {
    planned.push_back({step.at_us, in::TargetSet{{{step.profile, step.executors}}}});
  }
  for (const TimelineEntry& entry : timeline) {
    const DurationUs after = entry.at_us - spec.start_us;
    if (const auto* kill = std::get_if<ExecutorKill>(&entry.action);
        kill != nullptr && kill->application == spec.name) {
      planned.push_back({after, in::KillRequested{kill->executors, kill->replace, kill->force}});
    }
    const auto* leaving = std::get_if<ExecutorDecommission>(&entry.action);
    if (leaving != nullptr && leaving->application == spec.name) {
      planned.push_back(
          {after, in::DecommissionRequested{leaving->executors, leaving->adjust_target, leaving->by_executor}});
    }
    const auto* change = std::get_if<ConfChange>(&entry.action);
    if (change != nullptr && change->application == spec.name) {
      planned.push_back({after, in::ConfChanged{change->conf}});
    }
  }
  if (spec.stop_us) planned.push_back({*spec.stop_us - spec.start_us, in::Stopped{}});
  std::ranges::stable_sort(planned, {}, &live::PlannedInput::after_us);
  return planned;
}

std::vector<std::string> notes_of(const Loaded& loaded) {
  std::vector<std::string> notes;
  for (const Warning& warning : loaded.warnings) {
    if (warning.changes_decisions) notes.push_back(fmt::format("{}: {}", warning.subject, warning.text));
  }
  const auto simulated = std::ranges::count_if(loaded.scenario.timeline, [](const TimelineEntry& entry) {
    return std::holds_alternative<WorldAction>(entry.action) || std::holds_alternative<ExecutorExit>(entry.action);
  });
  if (simulated > 0 || !loaded.scenario.cluster.faults.empty()) {
    notes.push_back(
        "passed over, because the cluster is real: faults, and what the timeline does to nodes and processes");
  }
  return notes;
}

}  // namespace

tl::expected<live::LivePlan, FieldErrors> live_plan_of(Loaded loaded, const live::PlanRequest& request) {
  FieldErrors errors;
  const auto refuse = [&](std::size_t i, const std::string& why) {
    errors.push_back({request.file, 0, fmt::format("applications ({})", loaded.scenario.applications[i].name), why});
  };
  Scenario& scenario = loaded.scenario;
  live::LivePlan plan;
  plan.name = scenario.name;
  plan.seed = scenario.seed;
  plan.end_us = scenario.end_us;
  plan.until_quiet = scenario.until_quiet;
  plan.live = scenario.live.value_or(live::LiveSpec{});
  plan.notes = notes_of(loaded);
  std::vector<std::string> namespaces;
  for (const ApplicationSpec& spec : scenario.applications) namespaces.push_back(spec.ns);
  const auto ns = live::one_namespace(request, namespaces);
  if (!ns) return tl::unexpected(FieldErrors{{"", 0, "", ns.error().message}});
  plan.ns = *ns;
  for (std::size_t i = 0; i < scenario.applications.size(); ++i) {
    ApplicationSpec& spec = scenario.applications[i];
    spec.ns = plan.ns;
    if (spec.workload) refuse(i, "has a workload, and a live run has no Spark that could work: leave it out");
    live::put_into_run(request, plan.live, spec.name, spec.conf);
    auto made = make_application(spec, scenario);
    if (!made) {
      refuse(i, made.error().message);
      continue;
    }
    if (!made->conf.local_master.empty()) refuse(i, "has a local master, and so no executors");
    live::name_in_run(request, i, *made);
    plan.applications.push_back({std::move(*made), i, spec.start_us, planned_of(spec, scenario.timeline)});
  }
  if (!errors.empty()) return tl::unexpected(std::move(errors));
  plan.scenario_json = to_json_line(scenario);
  return plan;
}

}  // namespace podramp::sim
