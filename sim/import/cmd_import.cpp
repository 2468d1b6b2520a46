// podramp import: a scenario from real data.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "sim/import/cluster_import.h"
#include "sim/import/commands.h"
#include "sim/import/driver_story.h"
#include "sim/import/manifest.h"
#include "sim/import/openb.h"
#include "sim/import/spark_scenario.h"
#include "sim/option_parser.h"
#include "sim/results.h"

namespace podramp::sim {
namespace {

using Imported = tl::expected<ImportedScenario, FieldErrors>;

const std::vector<OptionSpec>& import_option_specs() {
  static const std::vector<OptionSpec> kSpecs{{"base", "SCENARIO", "the rest from that scenario: the cluster, mostly"},
                                              {"pods", "PREFIX", "of an audit log: of the driver's executors' names"},
                                              {"out", "FILE", "write the scenario there instead of to stdout"},
                                              {"json", "", "notes as JSON, and without --out the scenario"}};
  return kSpecs;
}

struct Request {
  std::vector<std::string> files;
  std::optional<Scenario> base;
  std::string pods;
  std::optional<std::string> base_file;
};

FieldErrors one_message(std::string message) { return {{"", 0, "", std::move(message)}}; }

// A way to make a scenario: `podramp import NAME FILES`.
struct Way {
  std::string_view name;
  std::string_view files;
  std::string_view what;
  std::size_t files_max;
  Imported (*import)(const Request& request);
};

Imported from_cluster(const Request& request) {
  auto text = read_file(request.files.front());
  if (!text) return tl::unexpected(one_message(text.error().message));
  return import_cluster_scenario({request.files.front(), std::move(*text)}, request.base_file);
}

Imported from_openb(const Request& request) {
  if (request.base) return tl::unexpected(one_message("--base: openb takes the cluster from NODES.csv"));
  std::vector<NamedText> texts(2);
  for (std::size_t i = 0; i < request.files.size(); ++i) {
    auto text = read_file(request.files[i]);
    if (!text) return tl::unexpected(one_message(text.error().message));
    texts[i] = {request.files[i], std::move(*text)};
  }
  auto imported = import_openb(texts[0], texts[1]);
  if (!imported) return tl::unexpected(std::move(imported.error()));
  ImportedScenario scenario{std::move(imported->json), {}};
  for (std::string& note : imported->notes) scenario.notes.left_out("openb", note);
  return scenario;
}

Imported from_manifest(const Request& request) {
  const auto text = read_file(request.files.front());
  if (!text) return tl::unexpected(one_message(text.error().message));
  return import_spark_application({request.files.front(), *text}, request.base);
}

Imported from_events(const Request& request) { return import_spark_events(request.files.front(), request.base); }

Imported from_audit(const Request& request) { return import_audit(request.files.front(), request.pods, request.base); }

Imported from_driver_log(const Request& request) { return import_driver_log(request.files.front(), request.base); }

constexpr std::array kWays{
    Way{"cluster", "CLUSTER.json", "kubectl get nodes,pods,... -A -o json", 1, from_cluster},
    Way{"spark-events", "FILE|FOLDER", "event log of a Spark application", 1, from_events},
    Way{"spark-application", "MANIFEST.yaml", "SparkApplication of the operator", 1, from_manifest},
    Way{"audit", "AUDIT.log", "the API server's audit log", 1, from_audit},
    Way{"driver-log", "DRIVER.log", "log4j text of a driver", 1, from_driver_log},
    Way{"openb", "PODS.csv [NODES.csv]", "public openb pod trace", 2, from_openb},
};

std::string import_help() {
  std::string about = "A scenario from real data; what cannot be carried over is listed on stderr.\n";
  for (const Way& way : kWays)
    about += fmt::format("\n  {:<34} {}", fmt::format("{} {}", way.name, way.files), way.what);
  return help_text("podramp import WHAT FILE... [--base SCENARIO] [--out FILE] [--json]", about, import_option_specs(),
                   "podramp import spark-events eventlog_v2_spark-4f2a --out mine.json");
}

// Notes that say the same of several subjects are one line.
void print_notes(const ImportNotes& notes) {
  std::vector<ImportNote> lines;
  for (const ImportNote& note : notes.all()) {
    const auto same = std::ranges::find_if(
        lines, [&](const ImportNote& line) { return line.kind == note.kind && line.text == note.text; });
    if (same == lines.end()) {
      lines.push_back(note);
      continue;
    }
    const auto counted = [](const ImportNote& one) {
      return one.count == 1 ? one.subject : fmt::format("{} ({} times)", one.subject, one.count);
    };
    same->subject = fmt::format("{}, {}", counted(*same), counted(note));
    same->count = 1;
  }
  for (const ImportNote& line : lines) fmt::print(stderr, "podramp: {}\n", to_string(line));
}

}  // namespace

int import_command(const Arguments& arguments) {
  const auto options = parse_options(arguments, import_option_specs());
  if (!options) return complain(options.error().message);
  if (options->help()) {
    fmt::print("{}", import_help());
    return kExitFine;
  }
  const std::vector<std::string>& words = options->positional();
  const auto* const way =
      std::ranges::find_if(kWays, [&](const Way& one) { return !words.empty() && one.name == words.front(); });
  if (way == kWays.end())
    return complain(
        "import what? cluster, spark-events, spark-application, audit, driver-log or openb; see podramp import --help");
  if (words.size() < 2 || words.size() > 1 + way->files_max) {
    return complain(fmt::format("import {} takes: {}; see podramp import --help", way->name, way->files));
  }
  Request request{{words.begin() + 1, words.end()}, {}, options->value("pods").value_or(""), options->value("base")};
  if (const auto file = options->value("base")) {
    auto loaded = load_or_complain(*file, {});
    if (!loaded) return kExitBadInput;
    request.base = std::move(loaded->scenario);
  }
  const Imported imported = way->import(request);
  if (!imported) return complain(imported.error());
  print_notes(imported->notes);
  const auto file = options->value("out");
  if (file) {
    if (const auto written = write_file(*file, imported->json); !written) return complain(written.error().message);
  }
  if (options->has("json")) {
    fmt::print("{}", import_json(*imported, !file));
  } else if (!file) {
    fmt::print("{}", imported->json);
  }
  return kExitFine;
}

const std::vector<Command>& import_commands() {
  static const std::vector<Command> kCommands{
      {"import", "a scenario from an event log, a manifest or other people's data", import_command},
  };
  return kCommands;
}

}  // namespace podramp::sim
