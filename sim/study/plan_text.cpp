#include "sim/study/plan_text.h"

#include <fmt/format.h>

#include "sim/study/progress.h"

namespace podramp::sim {
namespace {

std::string short_text(std::int64_t ms) { return ms < 1000 ? fmt::format("{} ms", ms) : duration_text(ms); }

}  // namespace

Plan plan_of(const Prepared& prepared, const std::optional<FoundShard>& shard, std::int64_t jobs) {
  const Study& study = prepared.study;
  Plan plan;
  plan.study = study.name;
  plan.scenario = study.scenario;
  plan.hash = prepared.plan;
  for (const Dimension& dimension : study.dimensions) {
    plan.dimensions.emplace_back(dimension.name, dimension.values.size());
  }
  plan.variants = prepared.variants.size();
  plan.replicates = study.replicates;
  plan.shard = shard;
  plan.jobs = jobs;
  plan.search = to_text(study.search.kind);
  if (study.search.points > 0) plan.search += fmt::format(" of {} points", study.search.points);
  if (study.search.kind == SearchKind::halving) {
    std::string steps;
    for (const Rung& rung : rungs_of(study, plan.variants)) {
      steps +=
          fmt::format("{}{} variants on {} seeds", steps.empty() ? ": " : ", then ", rung.variants, rung.replicates);
    }
    plan.search += steps;
  }
  plan.runs = planned_runs(study, plan.variants, shard ? shard->shard : Shard{});
  plan.timed = time_one_run(prepared);
  plan.estimate_ms = plan.timed.ms * plan.runs / std::max<std::int64_t>(1, std::min(jobs, plan.runs));
  return plan;
}

std::vector<std::string> plan_lines(const Plan& plan) {
  std::string dimensions;
  for (const auto& [name, values] : plan.dimensions) {
    dimensions += fmt::format("{}{} ({})", dimensions.empty() ? "" : ", ", name, values);
  }
  std::vector<std::string> lines;
  lines.push_back(fmt::format("{}: scenario {}, plan {}", plan.study, plan.scenario, plan.hash));
  lines.push_back(fmt::format("dimensions: {}", dimensions));
  lines.push_back(fmt::format("search: {}", plan.search));
  lines.push_back(
      fmt::format("{} variants, {} seeds, {} runs{}", plan.variants, plan.replicates, plan.runs,
                  plan.shard ? fmt::format(" in shard {} ({})", shard_text(plan.shard->shard), plan.shard->from) : ""));
  if (!plan.timed.outcome.error.empty()) lines.push_back("the timed run failed: " + plan.timed.outcome.error);
  lines.push_back(fmt::format("one run took {}; on {} processes about {}, if the others are like it",
                              short_text(plan.timed.ms), plan.jobs, duration_text(plan.estimate_ms)));
  return lines;
}

}  // namespace podramp::sim
