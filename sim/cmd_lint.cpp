// podramp lint: what a user's spark-defaults.conf does at one Spark version, and what changes at another.
#include <fmt/format.h>

#include "backend/conf_document.h"
#include "backend/spark_defaults.h"
#include "sim/command_line.h"
#include "sim/lint_text.h"
#include "sim/option_parser.h"
#include "sim/results.h"

namespace podramp::sim {
namespace {

const std::vector<OptionSpec>& lint_option_specs() {
  static const std::vector<OptionSpec> kSpecs{
      {"compat", "LEVEL", "the Spark version: fork-2.2 spark-3.5 spark-4.0 (default) ... spark-4.4"},
      {"against", "LEVEL", "what changes when going to this version"},
      {"strict", "", "exit 1 when anything is worth a look"},
      {"document", "", "print docs/configuration.md: every key that podramp knows"},
      {"json", "", "the findings as JSON"},
  };
  return kSpecs;
}

Result<std::optional<backend::Compat>> level_of(const ParsedOptions& options, std::string_view name) {
  const auto text = options.value(name);
  if (!text) return std::optional<backend::Compat>();
  if (const auto level = from_text<backend::Compat>(*text)) return level;
  std::string known;
  for (const std::string_view level : EnumText<backend::Compat>::names) {
    known += fmt::format("{}{}", known.empty() ? "" : ", ", level);
  }
  return tl::unexpected(Error{fmt::format("--{} \"{}\": one of {} is expected", name, *text, known)});
}

Result<backend::LintReport> lint_file(const std::string& file, backend::Compat level,
                                      std::optional<backend::Compat> against) {
  const auto text = read_file(file);
  if (!text) return tl::unexpected(text.error());
  const backend::SparkDefaults parsed = backend::read_spark_defaults(*text, file);
  backend::ConfOptions options;
  options.places = parsed.places;
  backend::LintReport report = backend::lint(parsed.conf, level, against, options);
  report.errors.insert(report.errors.begin(), parsed.errors.begin(), parsed.errors.end());
  report.warnings.insert(report.warnings.begin(), parsed.warnings.begin(), parsed.warnings.end());
  return report;
}

int exit_code(const backend::LintReport& report, bool strict) {
  if (!report.errors.empty()) return kExitBadInput;
  return strict && report.worth_a_look() > 0 ? kExitFailed : kExitFine;
}

}  // namespace

int lint_command(const Arguments& arguments) {
  const auto options = parse_options(arguments, lint_option_specs());
  if (!options) return complain(options.error().message);
  if (options->help()) {
    fmt::print("{}", help_text("podramp lint spark-defaults.conf [--compat LEVEL] [--against LEVEL]",
                               "Says what each setting does at a Spark version. Exit 2 when Spark would refuse one.",
                               lint_option_specs(),
                               "podramp lint spark-defaults.conf --compat spark-3.5 --against spark-4.2"));
    return kExitFine;
  }
  if (options->has("document")) {
    fmt::print("{}", backend::configuration_document());
    return kExitFine;
  }
  if (options->positional().size() != 1) return complain("lint takes one file; see podramp lint --help");
  const auto level = level_of(*options, "compat");
  if (!level) return complain(level.error().message);
  const auto against = level_of(*options, "against");
  if (!against) return complain(against.error().message);
  const std::string& file = options->positional().front();
  const auto report = lint_file(file, level->value_or(backend::Compat::spark_4_0), *against);
  if (!report) return complain(report.error().message);
  if (options->has("json")) {
    fmt::print("{}", lint_json(*report, file));
  } else {
    for (const std::string& line : lint_summary(*report, file)) fmt::print("{}\n", line);
    for (const std::string& line : lint_details(*report)) fmt::print("{}\n", line);
  }
  return exit_code(*report, options->has("strict"));
}

}  // namespace podramp::sim
