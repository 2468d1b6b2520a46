// podramp compare RUN --against AUDIT.log: a real driver's requests beside ours, at the run's compat level or, for a
// scenario, at every one.
#include "sim/cmd_against.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "sim/against.h"
#include "sim/command_line.h"
#include "sim/compare.h"
#include "sim/experiment.h"
#include "sim/log_reader.h"

namespace podramp::sim {
namespace {

constexpr std::array<std::string_view, 5> kLevels{"spark-3.5", "spark-4.0", "spark-4.1", "spark-4.2", "spark-4.4"};

bool is_scenario(const std::string& path) { return path.ends_with(".json"); }

Result<AgainstLevel> from_log(const std::string& path) {
  auto log = LogReader::open(log_of(path));
  if (!log) return tl::unexpected(log.error());
  const auto logged = logged_applications(log->header());
  if (!logged) return tl::unexpected(Error{path + ": " + logged.error().message});
  if (logged->empty()) return tl::unexpected(Error{path + ": a run without applications"});
  const auto& [by, app] = logged->front();
  DriverCalls calls(by);
  PodMemory memory(false);
  for (;;) {
    const auto event = log->next();
    if (!event) return tl::unexpected(event.error());
    if (!*event) break;
    calls.append((*event)->ref(), memory);
  }
  return AgainstLevel{std::string(to_text(app.conf.compat)), calls.calls(), app.conf.batch_delay_us, {}};
}

Result<AgainstLevel> from_scenario(const std::string& path, Overrides overrides, std::string_view level) {
  overrides.compat = level;
  const auto loaded = load_file(path, overrides);
  if (!loaded) {
    const FieldError& first = loaded.error().front();
    return tl::unexpected(Error{fmt::format("{}:{}: {}: {}", first.file, first.line, first.path, first.message)});
  }
  const Scenario& scenario = loaded->scenario;
  if (scenario.applications.empty()) return tl::unexpected(Error{path + ": a scenario without applications"});
  const auto app = make_application(scenario.applications.front(), scenario);
  if (!app) return tl::unexpected(app.error());
  DriverCalls calls(app->name);
  RunOptions run;
  run.engine = EngineKind::fluid;
  run.level = LogLevel::none;
  run.more_sinks = {&calls};
  const auto result = run_experiment(scenario, run);
  if (!result) return tl::unexpected(result.error());
  return AgainstLevel{std::string(level), calls.calls(), app->conf.batch_delay_us, {}};
}

std::string seconds(DurationUs us) { return fmt::format("{}.{}s", us / kSecondUs, us % kSecondUs / 100'000); }

// What is told and not judged.
std::string asides(const Verdict& verdict) {
  std::string text;
  if (verdict.our_gap_us > 0 && verdict.their_gap_us > 0) {
    text +=
        fmt::format("; between rounds {}, the driver {}", seconds(verdict.our_gap_us), seconds(verdict.their_gap_us));
  }
  if (verdict.our_repeats + verdict.their_repeats > 0) {
    text += fmt::format("; {} repeated deletes, the driver {}", verdict.our_repeats, verdict.their_repeats);
  }
  return text;
}

void print_level(const AgainstLevel& level) {
  const Verdict& verdict = level.verdict;
  if (verdict.same()) {
    std::string counts;
    for (const Aligned& part : verdict.parts) {
      counts += fmt::format("{}{} {}{}", counts.empty() ? "" : ", ", part.ours, part.what,
                            part.only_order ? " in another order" : "");
    }
    fmt::print("{:<9} the same: {}{}\n", level.level, counts, asides(verdict));
    return;
  }
  std::string subject = level.level;
  for (const Aligned& part : verdict.parts) {
    if (!part.parts_at) continue;
    fmt::print("{:<9} {} part at number {} (ours {}, the driver's {}{}): ours \"{}\", the driver's \"{}\"\n",
               std::exchange(subject, ""), part.what, *part.parts_at + 1, part.ours, part.theirs,
               part.only_order ? ", the same but for their order" : "", part.our_word, part.their_word);
  }
}

}  // namespace

int compare_against(const std::string& run, const std::string& audit, const std::string& pods, const Overrides& set,
                    bool as_json) {
  const auto theirs = read_audit(audit, pods);
  if (!theirs) return complain(theirs.error().message);
  if (theirs->empty()) return complain(audit + ": nobody created or deleted an executor's pod");
  std::vector<AgainstLevel> levels;
  if (is_scenario(run)) {
    for (const std::string_view level : kLevels) {
      auto made = from_scenario(run, set, level);
      if (!made) return complain(made.error().message);
      levels.push_back(std::move(*made));
    }
  } else {
    auto read = from_log(run);
    if (!read) return complain(read.error().message);
    levels.push_back(std::move(*read));
  }
  bool some_same = false;
  for (AgainstLevel& level : levels) {
    level.verdict = lay_against(level.calls, *theirs, level.delay_us);
    some_same = some_same || level.verdict.same();
  }
  if (as_json) {
    fmt::print("{}", against_json(levels, *theirs));
  } else {
    for (const AgainstLevel& level : levels) print_level(level);
  }
  return some_same ? kExitFine : kExitDivergence;
}

}  // namespace podramp::sim
