#include "sim/run_options.h"

#include <fmt/format.h>

#include "sim/results.h"

namespace podramp::sim {
namespace {

template <class Value>
Result<Value> choose(const ParsedOptions& options, std::string_view name,
                     const std::vector<std::pair<std::string_view, Value>>& choices) {
  const auto text = options.value(name);
  if (!text) return choices.front().second;
  std::string known;
  for (const auto& [word, value] : choices) {
    if (*text == word) return value;
    known += fmt::format("{}{}", known.empty() ? "" : ", ", word);
  }
  return tl::unexpected(Error{fmt::format("--{} \"{}\": one of {} is expected", name, *text, known)});
}

Result<std::optional<NamedText>> named_file(const ParsedOptions& options, std::string_view name) {
  const auto path = options.value(name);
  if (!path) return std::optional<NamedText>{};
  auto text = read_file(*path);
  if (!text) return tl::unexpected(Error{fmt::format("--{}: {}", name, text.error().message)});
  return std::optional<NamedText>(NamedText{*path, std::move(*text)});
}

}  // namespace

std::vector<OptionSpec> scenario_option_specs() {
  return {
      {"seed", "N", "another seed"},
      {"set", "PATH=VALUE", "change a field; after conf. the rest is a Spark key", true},
      {"conf-file", "F", "your spark-defaults.conf, for every application"},
      {"template", "F", "pod template of all applications' executors, YAML"},
      {"cluster", "G", "kubectl get nodes,pods,resourcequotas,limitranges -A -o json"},
      {"executors", "N", "target of every application"},
      {"compat", "LEVEL", "spark-3.5, spark-4.0, ..."},
      {"namespace", "NS", "namespace of every application"},
      {"log", "LEVEL", "all (default), decisions or none"},
      {"engine", "NAME", "simgrid (default) or fluid"},
      {"ties", "HOW", "fixed (default) or shuffled: order of simultaneous inputs"},
  };
}

Result<ScenarioOptions> read_scenario_options(const ParsedOptions& options) {
  ScenarioOptions chosen;
  chosen.overrides.sets = options.values("set");
  chosen.overrides.compat = options.value("compat");
  chosen.overrides.ns = options.value("namespace");
  const auto seed = whole_number(options, "seed", 0, INT64_MAX);
  if (!seed) return tl::unexpected(seed.error());
  if (*seed) chosen.overrides.seed = static_cast<std::uint64_t>(**seed);
  const auto executors = whole_number(options, "executors", 0, INT32_MAX);
  if (!executors) return tl::unexpected(executors.error());
  chosen.overrides.executors = *executors;
  auto conf = named_file(options, "conf-file");
  if (!conf) return tl::unexpected(conf.error());
  chosen.overrides.conf_file = std::move(*conf);
  auto executor_template = named_file(options, "template");
  if (!executor_template) return tl::unexpected(executor_template.error());
  chosen.overrides.executor_template = std::move(*executor_template);
  auto cluster = named_file(options, "cluster");
  if (!cluster) return tl::unexpected(cluster.error());
  chosen.overrides.cluster_file = std::move(*cluster);
  const auto level = choose<LogLevel>(
      options, "log", {{"all", LogLevel::all}, {"decisions", LogLevel::decisions}, {"none", LogLevel::none}});
  if (!level) return tl::unexpected(level.error());
  chosen.level = *level;
  const auto engine =
      choose<EngineKind>(options, "engine", {{"simgrid", EngineKind::simgrid}, {"fluid", EngineKind::fluid}});
  if (!engine) return tl::unexpected(engine.error());
  chosen.engine = *engine;
  const auto ties = choose<bool>(options, "ties", {{"fixed", false}, {"shuffled", true}});
  if (!ties) return tl::unexpected(ties.error());
  chosen.ties_shuffled = *ties;
  return chosen;
}

}  // namespace podramp::sim
