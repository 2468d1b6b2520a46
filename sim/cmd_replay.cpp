// podramp replay: does a fresh backend, given this log's inputs, take this log's decisions?
#include <fmt/format.h>

#include "sim/command_line.h"
#include "sim/compare.h"
#include "sim/option_parser.h"
#include "sim/replay.h"
#include "sim/report_json.h"

namespace podramp::sim {
namespace {

std::string shortened(const std::string& line) {
  constexpr std::size_t kMax = 2000;
  return line.size() <= kMax ? line : line.substr(0, kMax) + fmt::format(" ... ({} characters)", line.size());
}

void print(const ReplayReport& r, const std::string& path) {
  if (r.divergence) {
    const Divergence& d = *r.divergence;
    fmt::print("{}:{}: at {}: {}\n", path, d.line, format_time(d.t), d.why);
    fmt::print("expected  {}\n", d.expected.empty() ? "(nothing)" : shortened(d.expected));
    fmt::print("actual    {}\n", d.actual.empty() ? "(nothing)" : shortened(d.actual));
    for (const std::string& cause : d.causes) fmt::print("because   {}\n", shortened(cause));
    fmt::print("again     podramp replay {}\n", path);
    return;
  }
  fmt::print("replayed  {} events: {} inputs of {} applications gave the same {} decisions\n", r.events, r.inputs,
             r.applications, r.decisions);
  if (r.checkpoints > 0) fmt::print("world     {} checkpoints equal the folded facts\n", r.checkpoints);
  if (!r.finished)
    fmt::print("note      the log was cut: no footer{}\n",
               r.torn_bytes > 0 ? fmt::format(", {} bytes of a torn line ignored", r.torn_bytes) : "");
}

}  // namespace

int replay_command(const Arguments& arguments) {
  const std::vector<OptionSpec> specs{{"json", "", "the report as JSON"}};
  const auto options = parse_options(arguments, specs);
  if (!options) return complain(options.error().message);
  if (options->help()) {
    fmt::print("{}",
               help_text("podramp replay LOG",
                         "Feeds a log's inputs to fresh backends and compares every decision; exit 3 when they differ.",
                         specs, "podramp replay results/ramp_500-1/events.jsonl"));
    return kExitFine;
  }
  if (options->positional().size() != 1)
    return complain("replay takes one log or results folder; see podramp replay --help");
  const std::string path = log_of(options->positional().front());
  const auto report = replay_log(path);
  if (!report) return complain(report.error().message);
  if (options->has("json")) {
    fmt::print("{}", replay_json(*report));
  } else {
    print(*report, path);
  }
  return report->divergence ? kExitDivergence : kExitFine;
}

}  // namespace podramp::sim
