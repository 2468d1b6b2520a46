#include "backend/live/live_report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace podramp::live {
namespace {

// When so much of the most that was wanted was there; "" if it never was.
std::string reached(const LiveTally& app, std::int64_t percent) {
  const auto wanted = static_cast<std::size_t>((app.target_max * percent + 99) / 100);
  if (wanted == 0 || app.reached_us.size() < wanted) return "";
  return fmt::format(", {} % after {}", percent, format_time(app.reached_us[wanted - 1]));
}

}  // namespace

bool reached_targets(const LoopResult& result) {
  return std::ranges::all_of(result.applications, [](const LiveTally& app) {
    return app.registered >= app.target && app.exit_code.value_or(0) == 0;
  });
}

std::vector<std::string> live_report(const RunOutcome& outcome, bool dry_run) {
  std::vector<std::string> lines;
  for (const LiveTally& app : outcome.loop.applications) {
    if (!dry_run) {
      lines.push_back(fmt::format("{}: {} of {} executors{}{}{}", app.name, app.reached_us.size(), app.target_max,
                                  reached(app, 50), reached(app, 95), reached(app, 100)));
    }
    std::vector<std::string> answers;
    for (const auto& [what, count] : app.answers) answers.push_back(fmt::format("{} x{}", what, count));
    lines.push_back(fmt::format("{}: {}", app.name, fmt::join(answers, ", ")));
    const bool short_of = app.registered < app.target || dry_run;
    if (short_of && !app.last_refusal.empty()) {
      lines.push_back(fmt::format("{}: the last create was refused: {}", app.name, app.last_refusal));
    }
    if (app.exit_code.value_or(0) != 0) {
      lines.push_back(fmt::format("{}: its driver ended with {}: {}", app.name, *app.exit_code, app.exit_why));
    }
  }
  if (dry_run) {
    lines.push_back(fmt::format("dry run: nothing was made; ended after {}", format_time(outcome.loop.took_us)));
  } else {
    lines.push_back(fmt::format("{} after {}; {} objects were left to sweep, {} are still there", outcome.loop.ended,
                                format_time(outcome.loop.took_us), outcome.sweep.deleted, outcome.sweep.left.size()));
  }
  lines.push_back(fmt::format("log: {}", outcome.log_path));
  return lines;
}

}  // namespace podramp::live
