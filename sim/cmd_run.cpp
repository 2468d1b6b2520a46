// podramp run: one scenario, or a user's own conf and cluster, to a results folder and ten lines.
#include <fmt/format.h>

#include "sim/command_line.h"
#include "sim/option_parser.h"
#include "sim/results.h"
#include "sim/run_options.h"
#include "sim/summary_text.h"

namespace podramp::sim {
namespace {

const std::vector<OptionSpec>& run_option_specs() {
  static const std::vector<OptionSpec> kSpecs = [] {
    std::vector<OptionSpec> all = scenario_option_specs();
    all.push_back({"out", "DIR", "results folder (default results/<scenario>-<seed>)"});
    all.push_back({"force", "", "replace an existing results folder"});
    all.push_back({"json", "", "print summary.json instead of the summary for people"});
    return all;
  }();
  return kSpecs;
}

std::optional<Loaded> load(const ParsedOptions& options, const Overrides& overrides) {
  if (!options.positional().empty()) return load_or_complain(options.positional().front(), overrides);
  auto made = make_scenario(overrides);
  if (made) return std::move(*made);
  complain(made.error());
  return std::nullopt;
}

void print(const RunResult& result, const std::string& path, bool json) {
  if (json) {
    fmt::print("{}", summary_json(result.summary));
    return;
  }
  for (const std::string& line : summary_lines(result.summary, result.projection, path)) fmt::print("{}\n", line);
}

}  // namespace

int run_command(const Arguments& arguments) {
  const auto options = parse_options(arguments, run_option_specs());
  if (!options) return complain(options.error().message);
  if (options->help()) {
    fmt::print("{}", help_text("podramp run SCENARIO.json [options] | podramp run --conf-file F --cluster G [options]",
                               "Runs a scenario in virtual time; without one, makes one from your own files.",
                               run_option_specs(), "podramp run scenarios/ramp_500.json --set seed=7"));
    return kExitFine;
  }
  if (options->positional().size() > 1) return complain("run takes one scenario; see podramp run --help");
  if (options->positional().empty() && !options->has("conf-file") && !options->has("cluster")) {
    return complain("run needs a scenario, or --conf-file and --cluster; see podramp run --help");
  }
  const auto chosen = read_scenario_options(*options);
  if (!chosen) return complain(chosen.error().message);
  const auto loaded = load(*options, chosen->overrides);
  if (!loaded) return kExitBadInput;
  const Scenario& scenario = loaded->scenario;

  const std::string path = options->value("out").value_or(fmt::format("results/{}-{}", scenario.name, scenario.seed));
  auto folder = ResultFolder::create(path, options->has("force"));
  if (!folder) return complain(folder.error().message);
  ProgressLine progress(scenario.name);
  RunOptions run;
  run.level = chosen->level;
  run.engine = chosen->engine;
  run.ties_shuffled = chosen->ties_shuffled;
  run.log_path = folder->log_path();
  run.poll = [&](TimeUs now) {
    progress.show(now, scenario.end_us);
    return interrupted();
  };
  run.before_run = catch_interrupts;
  auto result = run_experiment(scenario, run);
  if (!result) return complain(result.error().message);
  result->summary.warnings = loaded->warnings;
  if (auto finished = folder->finish(scenario, *result); !finished) return complain(finished.error().message);
  print(*result, path, options->has("json"));
  if (result->summary.ending == Ending::interrupted) return 130;
  return result->summary.failed() ? kExitFailed : kExitFine;
}

}  // namespace podramp::sim
