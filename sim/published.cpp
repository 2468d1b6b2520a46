#include "sim/published.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/experiment.h"
#include "sim/measures.h"
#include "sim/scenario_read.h"

namespace podramp::sim {

std::vector<std::string> overridden_defaults(const Scenario& scenario) {
  std::vector<std::string> paths;
  const fakeapi::ClusterConfig& cluster = scenario.cluster;
  const fakeapi::Latencies latencies;
  for (const auto& [name, member] : fakeapi::Latencies::kByName) {
    if (cluster.latency.*member != latencies.*member) paths.push_back(fmt::format("cluster.latency.{}", name));
  }
  const ClusterProfile defaults = fakeapi::find_profile(cluster.profile.name).value_or(ClusterProfile{});
  for (const ProfileDuration& field : kProfileDurations) {
    if (cluster.profile.*field.member != defaults.*field.member) {
      paths.push_back(fmt::format("kubernetes.{}", field.name));
    }
  }
  for (const ProfileNumber& field : kProfileNumbers) {
    if (cluster.profile.*field.member != defaults.*field.member) {
      paths.push_back(fmt::format("kubernetes.{}", field.name));
    }
  }
  if (cluster.profile.toleration_s != defaults.toleration_s) paths.emplace_back("kubernetes.toleration");
  if (cluster.parallel_pulls) paths.emplace_back("cluster.parallel_pulls");
  if (cluster.max_parallel_pulls > 0) paths.emplace_back("cluster.max_parallel_pulls");
  const auto rate_of_default = fakeapi::RegistrySpec{}.bytes_per_s;
  for (const fakeapi::RegistrySpec& registry : cluster.registries) {
    if (registry.bytes_per_s != rate_of_default) paths.emplace_back("cluster.registry");
  }
  const auto link_of_default = fakeapi::NodeSpec{}.bytes_per_s;
  const bool links = std::ranges::any_of(
      cluster.nodes, [&](const fakeapi::NodeSpec& node) { return node.bytes_per_s != link_of_default; });
  if (links) paths.emplace_back("cluster.nodes.bandwidth");
  std::ranges::sort(paths);
  paths.erase(std::unique(paths.begin(), paths.end()), paths.end());
  return paths;
}

Result<FactResult> measure_fact(const Scenario& scenario) {
  CHECK(scenario.published.has_value());
  FactResult result{scenario.name, *scenario.published, {}};
  std::vector<Measure> measures;
  for (const PublishedFigure& figure : result.fact.figures) measures.push_back(figure.measure);
  Measurer measurer(std::move(measures));
  RunOptions options;
  options.level = LogLevel::none;
  options.engine = EngineKind::fluid;  // many runs in one process; held to SimGrid's dates by tests
  options.more_sinks = {&measurer};
  const auto run = run_experiment(scenario, options);
  if (!run) return tl::unexpected(run.error());
  for (std::size_t i = 0; i < result.fact.figures.size(); ++i) {
    result.figures.push_back(
        {result.fact.figures[i], measurer.value_milli(i, run->summary.kpis, run->summary.applications)});
  }
  return result;
}

std::string figure_text(std::optional<std::int64_t> milli, const std::string& unit) {
  if (!milli) return "never";
  std::string text = fmt::format("{}.{:03}", *milli / 1000, *milli % 1000);
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return unit.empty() ? text : text + " " + unit;
}

std::string fidelity_document(const std::vector<FactResult>& results) {
  std::string text =
      "# Published facts beside ours\n\n"
      "Written by `podramp fidelity --write docs/fidelity.md scenarios/published`; CI checks that it is so. Each row "
      "is a run of "
      "a scenario in `scenarios/published/`, on the\nfluid engine, with the defaults of its profile but for what its "
      "source "
      "states. *Fitted*: a default of ours was set from this very figure, so agreement proves\nnothing. *Predicted*: "
      "it was "
      "not. Where we differ, the row says why.\n";
  std::int64_t predicted = 0;
  std::int64_t within = 0;
  for (const FactResult& result : results) {
    if (result.fact.kind != FactKind::predicted) continue;
    ++predicted;
    within += std::ranges::all_of(result.figures, &FigureResult::within) ? 1 : 0;
  }
  text += fmt::format("\n{} facts, {} of them predicted; {} of the predicted lie within what their source supports.\n",
                      results.size(), predicted, within);
  for (const FactResult& result : results) {
    const PublishedFact& fact = result.fact;
    text +=
        fmt::format("\n## {} ({})\n\n{} Source: {}.\n", result.scenario, to_text(fact.kind), fact.says, fact.source);
    for (const auto& [path, why] : fact.stated) text += fmt::format("Stated there: `{}`: {}.\n", path, why);
    text += "\n| what | published | supported range | ours | |\n|---|---|---|---|---|\n";
    for (const FigureResult& row : result.figures) {
      const PublishedFigure& figure = row.figure;
      text += fmt::format("| {} | {} | {} to {} | {} | {} |\n", figure.what,
                          figure_text(figure.value_milli, figure.unit), figure_text(figure.low_milli, ""),
                          figure_text(figure.high_milli, figure.unit), figure_text(row.ours_milli, figure.unit),
                          row.within() ? "within" : "**differs**: " + figure.differs);
    }
  }
  return text;
}

}  // namespace podramp::sim
