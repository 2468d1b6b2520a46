// podramp report: one HTML file about a run, or about two.
#include <fmt/format.h>

#include <filesystem>

#include "sim/option_parser.h"
#include "sim/report/commands.h"
#include "sim/report/html.h"
#include "sim/report/page_file.h"
#include "sim/report/run_page.h"
#include "sim/report/study_page.h"
#include "sim/results.h"

namespace podramp::sim {
namespace {

namespace fs = std::filesystem;

// In the results folder; beside a log; of two runs in the current folder.
std::string default_output(const std::vector<std::string>& runs) {
  if (runs.size() == 2) return "comparison.html";
  std::error_code code;
  if (fs::is_directory(runs.front(), code)) return (fs::path(runs.front()) / "report.html").string();
  return fs::path(runs.front()).replace_extension(".html").string();
}

Result<std::string> make_page(const std::vector<std::string>& runs) {
  if (runs.size() == 1 && is_study(runs.front())) {
    const auto study = read_study_record(runs.front());
    if (!study) return tl::unexpected(study.error());
    return study_page(*study);
  }
  if (runs.size() == 1) {
    const auto run = read_record(runs.front(), kSlowestExplained);
    if (!run) return tl::unexpected(run.error());
    return run_page(*run);
  }
  const auto comparison = compare_runs(runs.front(), runs.back());
  if (!comparison) return tl::unexpected(comparison.error());
  return page_of_two(runs.front(), runs.back(), *comparison);
}

}  // namespace

int report_command(const Arguments& arguments) {
  const std::vector<OptionSpec> specs{
      {"out", "FILE", "where to (default: RESULT/report.html, LOG.html, comparison.html)"},
      {"force", "", "replace the file if it is there"},
      {"json", "", "say where it is and how large as JSON"}};
  const auto options = parse_options(arguments, specs);
  if (!options) return complain(options.error().message);
  if (options->help()) {
    fmt::print("{}", help_text("podramp report RESULT [RESULT2]",
                               "One HTML file about a run, about two side by side, or about a study: what was "
                               "reached, what limited it, what went wrong.",
                               specs, "podramp report results/ramp_500-1"));
    return kExitFine;
  }
  const auto& runs = options->positional();
  if (runs.empty() || runs.size() > 2)
    return complain("report takes one or two results folders or logs; see podramp report --help");
  const std::string out = options->value("out").value_or(default_output(runs));
  if (const auto free = may_write_page(out, options->has("force")); !free) return complain(free.error().message);
  const auto page = make_page(runs);
  if (!page) return complain(page.error().message);
  if (const auto written = write_file(out, *page); !written) return complain(written.error().message);
  if (options->has("json")) {
    fmt::print("{{\"report\":{},\"bytes\":{}}}\n", json_quoted(out), page->size());
  } else {
    fmt::print("{} ({} kB)\n", out, (page->size() + 999) / 1000);
  }
  return kExitFine;
}

const std::vector<Command>& report_commands() {
  static const std::vector<Command> kCommands{
      {"report", "a run, two side by side, or a study, as one HTML file", report_command},
      {"compare", "two runs side by side, and where they part", compare_command},
      {"export", "a log for other tools: perfetto, csv, prometheus, paje", export_command},
  };
  return kCommands;
}

}  // namespace podramp::sim
