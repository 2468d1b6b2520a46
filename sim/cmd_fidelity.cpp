// podramp fidelity: what others have measured beside what we give, as a document that CI holds to the code.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "sim/command_line.h"
#include "sim/option_parser.h"
#include "sim/published.h"
#include "sim/results.h"

namespace podramp::sim {
namespace {

const std::vector<OptionSpec>& fidelity_option_specs() {
  static const std::vector<OptionSpec> kSpecs{
      {"write", "FILE", "write the document there"},
      {"check", "FILE", "exit 1 when that file is not what would be written"},
      {"json", "", "the figures as JSON"},
  };
  return kSpecs;
}

// The scenarios in a folder, by name, or the file itself.
std::vector<std::string> scenario_files(const std::string& path) {
  if (!std::filesystem::is_directory(path)) return {path};
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(path)) {
    if (entry.path().extension() == ".json") files.push_back(entry.path().string());
  }
  std::ranges::sort(files);
  return files;
}

void print_fact(const FactResult& result) {
  for (const FigureResult& row : result.figures) {
    const PublishedFigure& figure = row.figure;
    fmt::print("{:<9} {:<8} {}: {}: published {}, ours {}\n", to_text(result.fact.kind),
               row.within() ? "within" : "differs", result.scenario, figure.what,
               figure_text(figure.value_milli, figure.unit), figure_text(row.ours_milli, figure.unit));
  }
}

// Exit code 1, with a line for each, when a figure is not as its scenario says.
int judge(const std::vector<FactResult>& results) {
  int code = kExitFine;
  for (const FactResult& result : results) {
    for (const FigureResult& row : result.figures) {
      if (row.as_expected()) continue;
      code = kExitFailed;
      fmt::print(stderr, "podramp: {}: {}: ours is {}, {} the range that its source supports, {}\n", result.scenario,
                 row.figure.what, figure_text(row.ours_milli, row.figure.unit), row.within() ? "within" : "outside of",
                 row.within() ? "but it says why it differs" : "and the scenario does not say why (\"differs\")");
    }
  }
  return code;
}

}  // namespace

int fidelity_command(const Arguments& arguments) {
  const auto options = parse_options(arguments, fidelity_option_specs());
  if (!options) return complain(options.error().message);
  if (options->help()) {
    fmt::print("{}",
               help_text("podramp fidelity [DIR|SCENARIO]... [--write FILE | --check FILE]",
                         "Runs scenarios that carry a published fact, and sets what we give beside it.",
                         fidelity_option_specs(), "podramp fidelity scenarios/published --check docs/fidelity.md"));
    return kExitFine;
  }
  std::vector<std::string> paths = options->positional();
  if (paths.empty()) paths.emplace_back("scenarios/published");
  std::vector<FactResult> results;
  for (const std::string& path : paths) {
    for (const std::string& file : scenario_files(path)) {
      const auto loaded = load_or_complain(file, {});
      if (!loaded) return kExitBadInput;
      if (!loaded->scenario.published) return complain(fmt::format("{}: carries no published fact", file));
      auto result = measure_fact(loaded->scenario);
      if (!result) return complain(fmt::format("{}: {}", file, result.error().message));
      if (!options->has("json")) print_fact(*result);
      results.push_back(std::move(*result));
    }
  }
  if (options->has("json")) fmt::print("{}", fidelity_json(results));
  const std::string document = fidelity_document(results);
  if (const auto file = options->value("write")) {
    if (const auto written = write_file(*file, document); !written) return complain(written.error().message);
  }
  int code = judge(results);
  if (const auto file = options->value("check")) {
    const auto text = read_file(*file);
    if (!text) return complain(text.error().message);
    if (*text != document) {
      code = complain(fmt::format("{} is not what the scenarios give; write it anew with --write", *file), kExitFailed);
    }
  }
  return code;
}

}  // namespace podramp::sim
