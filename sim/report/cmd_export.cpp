// podramp export: a log in the formats of other tools.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "sim/option_parser.h"
#include "sim/report/commands.h"
#include "sim/report/exports.h"
#include "sim/results.h"

namespace podramp::sim {
namespace {

struct ExportFormat {
  std::string_view name;
  std::string (*make)(const RunRecord& run);
};
constexpr std::array kExportFormats{
    ExportFormat{"perfetto", perfetto_trace},
    ExportFormat{"csv", [](const RunRecord& run) { return executors_csv(run.projection); }},
    ExportFormat{"csv-timeline", [](const RunRecord& run) { return timeline_csv(run.projection); }},
    ExportFormat{"prometheus", prometheus_text},
    ExportFormat{"paje", paje_trace},
};

}  // namespace

int export_command(const Arguments& arguments) {
  const std::vector<OptionSpec> specs{
      {"to", "FORMAT", "perfetto (or chrome://tracing), csv (a row per executor), csv-timeline, prometheus, paje"},
      {"out", "FILE", "where to (default: stdout)"},
      {"force", "", "replace the file if it is there"}};
  const auto options = parse_options(arguments, specs);
  if (!options) return complain(options.error().message);
  if (options->help()) {
    fmt::print("{}", help_text("podramp export LOG --to FORMAT",
                               "A log, or the one of a results folder, in the format of another tool.", specs,
                               "podramp export results/ramp_500-1 --to perfetto --out ramp.trace.json"));
    return kExitFine;
  }
  if (options->positional().size() != 1)
    return complain("export takes one log or results folder; see podramp export --help");
  const std::string to = options->value("to").value_or("");
  const auto format = std::ranges::find(kExportFormats, to, &ExportFormat::name);
  if (format == kExportFormats.end()) {
    return complain(fmt::format("--to \"{}\": perfetto, csv, csv-timeline, prometheus or paje is expected", to));
  }
  const auto out = options->value("out");
  std::error_code code;
  if (out && !options->has("force") && std::filesystem::is_regular_file(*out, code)) {
    return complain(fmt::format("{} exists already; give another --out, or --force to replace it", *out));
  }
  const auto run = read_record(options->positional().front(), 0);
  if (!run) return complain(run.error().message);
  const std::string text = format->make(*run);
  if (!out) {
    fmt::print("{}", text);
    return kExitFine;
  }
  if (const auto written = write_file(*out, text); !written) return complain(written.error().message);
  return kExitFine;
}

}  // namespace podramp::sim
