// podramp check: reads scenarios and reports every mistake of every file.
#include <fmt/format.h>

#include "sim/command_line.h"
#include "sim/option_parser.h"
#include "sim/report_json.h"

namespace podramp::sim {

int check_command(const Arguments& arguments) {
  const std::vector<OptionSpec> specs{{"quiet", "", "print mistakes only"}, {"json", "", "the findings as JSON"}};
  const auto options = parse_options(arguments, specs);
  if (!options) return complain(options.error().message);
  if (options->help()) {
    fmt::print("{}", help_text("podramp check SCENARIO.json...",
                               "Reads scenarios and reports every mistake, each with file, line, path and reason.",
                               specs, "podramp check scenarios/*.json"));
    return kExitFine;
  }
  if (options->positional().empty()) return complain("check needs at least one scenario; see podramp check --help");
  int worst = kExitFine;
  std::vector<CheckedFile> files;
  for (const std::string& file : options->positional()) {
    files.push_back({file, load_file(file, {})});
    const auto& loaded = files.back().loaded;
    if (!loaded) worst = kExitBadInput;
    if (options->has("json")) continue;
    if (!loaded) complain(loaded.error());
    if (!loaded || options->has("quiet")) continue;
    fmt::print("{}: fine: {} nodes, {} applications, {} timeline entries\n", file,
               loaded->scenario.cluster.nodes.size(), loaded->scenario.applications.size(),
               loaded->scenario.timeline.size());
    for (const Warning& w : loaded->warnings) fmt::print("{}: warning: {}: {}\n", file, w.subject, w.text);
  }
  if (options->has("json")) fmt::print("{}", checks_json(files));
  return worst;
}

}  // namespace podramp::sim
