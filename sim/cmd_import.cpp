// podramp import: a scenario from real data.
#include <fmt/format.h>

#include "sim/command_line.h"
#include "sim/import_openb.h"
#include "sim/option_parser.h"
#include "sim/results.h"

namespace podramp::sim {
namespace {

const std::vector<OptionSpec>& import_option_specs() {
  static const std::vector<OptionSpec> kSpecs{{"out", "FILE", "write the scenario there instead of to stdout"}};
  return kSpecs;
}

}  // namespace

int import_command(const Arguments& arguments) {
  const auto options = parse_options(arguments, import_option_specs());
  if (!options) return complain(options.error().message);
  if (options->help()) {
    fmt::print("{}", help_text("podramp import openb PODS.csv [NODES.csv] [--out FILE]",
                               "A scenario from a public openb pod trace; what cannot be carried over is listed.",
                               import_option_specs(),
                               "podramp import openb openb_pod_list_default.csv --out scenarios/openb.json"));
    return kExitFine;
  }
  const std::vector<std::string>& words = options->positional();
  if (words.size() < 2 || words.size() > 3 || words.front() != "openb") {
    return complain("import takes: openb PODS.csv [NODES.csv]; see podramp import --help");
  }
  const auto pods = read_file(words[1]);
  if (!pods) return complain(pods.error().message);
  NamedText nodes;
  if (words.size() == 3) {
    const auto text = read_file(words[2]);
    if (!text) return complain(text.error().message);
    nodes = {words[2], *text};
  }
  const auto imported = import_openb({words[1], *pods}, nodes);
  if (!imported) {
    complain(imported.error());
    return kExitBadInput;
  }
  for (const std::string& note : imported->notes) fmt::print(stderr, "podramp: note: {}\n", note);
  if (const auto file = options->value("out")) {
    if (const auto written = write_file(*file, imported->json); !written) return complain(written.error().message);
  } else {
    fmt::print("{}", imported->json);
  }
  return kExitFine;
}

}  // namespace podramp::sim
