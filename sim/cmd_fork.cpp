// podramp fork: what would have been, had a setting changed at this event? The log's own scenario is run again with the
// change as entries of its timeline, right after the event's instant; all that comes before must be the log's, line by
// line. So a fork is a run like any other: it replays, and can be forked.
#include <fmt/format.h>

#include "sim/command_line.h"
#include "sim/compare.h"
#include "sim/fork_point.h"
#include "sim/option_parser.h"
#include "sim/results.h"
#include "sim/summary_text.h"

namespace podramp::sim {
namespace {

const std::vector<OptionSpec>& fork_option_specs() {
  static const std::vector<OptionSpec> kSpecs{
      {"at", "TIME", "fork after all that happened at or before this time: 90s"},
      {"event", "SEQ", "fork after the instant of this event"},
      {"conf", "KEY=VALUE", "a Spark setting from then on; again for more", true},
      {"application", "NAME", "whose setting (default: every application's)", true},
      {"do", "JSON", "a timeline entry without \"at\"; again for more", true},
      {"out", "DIR", "results folder (default results/<scenario>-<seed>-fork)"},
      {"force", "", "replace an existing results folder"},
      {"json", "", "print summary.json instead of the summary for people"}};
  return kSpecs;
}

// What --conf, --application and --do say.
Result<ForkChange> change_of(const ParsedOptions& options, const LogHeader& header) {
  ForkChange change;
  for (const std::string& setting : options.values("conf")) {
    const std::size_t equals = setting.find('=');
    if (equals == 0 || equals == std::string::npos) {
      return tl::unexpected(Error{fmt::format("--conf {}: must be KEY=VALUE", setting)});
    }
    change.conf[setting.substr(0, equals)] = setting.substr(equals + 1);
  }
  change.applications = options.values("application");
  if (change.applications.empty()) {
    for (const HeaderApplication& application : header.applications) change.applications.push_back(application.by);
  }
  change.entries = options.values("do");
  if (change.conf.empty() && change.entries.empty()) {
    return tl::unexpected(Error{"fork needs something to change: --conf or --do"});
  }
  return change;
}

Result<RunResult> run(const Scenario& scenario, const LogHeader& header, const std::string& log_path) {
  ProgressLine progress(scenario.name);
  RunOptions options;
  options.level = header.level;
  options.engine = header.engine == "simgrid" ? EngineKind::simgrid : EngineKind::fluid;
  options.ties_shuffled = header.ties == "shuffled";
  options.log_path = log_path;
  options.poll = [&](TimeUs now) {
    progress.show(now, scenario.end_us);
    return interrupted();
  };
  options.before_run = catch_interrupts;
  return run_experiment(scenario, options);
}

int fork_at(const ParsedOptions& options, const std::string& log, const ForkPoint& point) {
  const auto change = change_of(options, point.header);
  if (!change) return complain(change.error().message);
  const auto text = changed_scenario(point, *change);
  if (!text) return complain(text.error().message);
  const auto loaded = load_scenario({"the forked scenario", *text}, {}, {});
  if (!loaded) return complain(loaded.error());
  const Scenario& scenario = loaded->scenario;
  const std::string path =
      options.value("out").value_or(fmt::format("results/{}-{}-fork", scenario.name, scenario.seed));
  auto folder = ResultFolder::create(path, options.has("force"));
  if (!folder) return complain(folder.error().message);
  auto result = run(scenario, point.header, folder->log_path());
  if (!result) return complain(result.error().message);
  if (result->summary.ending != Ending::interrupted) {
    if (const auto same = same_until(log, folder->log_path(), point.t); !same) {
      return complain(same.error().message, kExitDivergence);
    }
  }
  result->summary.warnings = loaded->warnings;
  if (auto finished = folder->finish(scenario, *result); !finished) return complain(finished.error().message);
  if (options.has("json")) {
    fmt::print("{}", summary_json(result->summary));
  } else {
    fmt::print("forked    after {} (event {}); {} events before are the log's own\n", format_time(point.t), point.last,
               point.events);
    for (const std::string& line : summary_lines(result->summary, result->projection, path)) fmt::print("{}\n", line);
    fmt::print("compare   podramp compare {} {}\n", log, path);
  }
  if (result->summary.ending == Ending::interrupted) return 130;
  return result->summary.failed() ? kExitFailed : kExitFine;
}

}  // namespace

int fork_command(const Arguments& arguments) {
  const auto options = parse_options(arguments, fork_option_specs());
  if (!options) return complain(options.error().message);
  if (options->help()) {
    fmt::print("{}", help_text("podramp fork LOG|RUN --at TIME|--event SEQ --conf KEY=VALUE|--do JSON",
                               "Continues a run from one of its events with something changed.", fork_option_specs(),
                               "podramp fork results/ramp_500-1 --at 20s --conf "
                               "spark.kubernetes.allocation.batch.size=50"));
    return kExitFine;
  }
  if (options->positional().size() != 1) {
    return complain("fork takes one log or results folder; see podramp fork --help");
  }
  if (options->has("at") == options->has("event")) return complain("fork needs --at or --event, and not both");
  const auto seq = whole_number(*options, "event", 1, INT64_MAX);
  if (!seq) return complain(seq.error().message);
  std::optional<TimeUs> at;
  if (const auto text = options->value("at")) {
    const auto parsed = parse_duration(*text);
    if (!parsed) return complain(fmt::format("--at {}: {}", *text, parsed.error().message));
    at = *parsed;
  }
  const std::string log = log_of(options->positional().front());
  const auto point = find_fork_point(log, at, *seq ? std::optional<Seq>(static_cast<Seq>(**seq)) : std::nullopt);
  if (!point) return complain(point.error().message);
  return fork_at(*options, log, *point);
}

}  // namespace podramp::sim
