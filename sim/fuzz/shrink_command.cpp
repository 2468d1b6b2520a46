// podramp shrink: the smallest scenario that still breaks the property that a scenario or a fuzzed seed breaks.
#include <fmt/format.h>

#include <filesystem>
#include <optional>

#include "sim/fuzz/commands.h"
#include "sim/fuzz/shrink.h"
#include "sim/fuzz/swarm.h"
#include "sim/fuzz/trial.h"
#include "sim/option_parser.h"
#include "sim/results.h"

namespace podramp::sim {
namespace {

constexpr std::int64_t kTriesMax = 100'000;
constexpr std::int64_t kDefaultTries = 3'000;

const std::vector<OptionSpec>& shrink_option_specs() {
  static const std::vector<OptionSpec> kSpecs{
      {"fuzz", "SEED", "the scenario that podramp fuzz draws for this seed"},
      {"seed", "N", "run SCENARIO with this seed (default: its own)"},
      {"ties", "fixed|shuffled", "as for run (default fixed; of --fuzz: as the seed has it)"},
      {"tries", "N", "at most so many runs (default 3000)"},
      {"out", "FILE", "where the small scenario goes (default results/shrunk/<name>.json)"},
  };
  return kSpecs;
}

struct Task {
  SwarmRun run;
  std::string name;
  std::string of;  // "seed 7 of podramp fuzz"
};

// The file as it stands when it needs no other file, else all of it resolved.
Result<std::string> whole_scenario(const std::string& file) {
  const auto text = read_file(file);
  if (!text) return tl::unexpected(text.error());
  if (load_scenario({file, *text}, {}, {})) return *text;
  auto loaded = load_scenario({file, *text}, read_file, {});
  if (loaded) return to_json(loaded->scenario);
  return tl::unexpected(Error{fmt::format("{} is no valid scenario; see podramp check", file)});
}

Result<Task> read_task(const ParsedOptions& options) {
  const auto fuzz = whole_number(options, "fuzz", 0, INT64_MAX);
  if (!fuzz) return tl::unexpected(fuzz.error());
  const auto seed = whole_number(options, "seed", 0, INT64_MAX);
  if (!seed) return tl::unexpected(seed.error());
  if (*fuzz && (*seed || !options.positional().empty())) {
    return tl::unexpected(Error{"shrink takes a scenario (with --seed) or --fuzz, not both"});
  }
  if (*fuzz) {
    return Task{swarm_run(static_cast<std::uint64_t>(**fuzz)), fmt::format("fuzz-{}", **fuzz),
                fmt::format("seed {} of podramp fuzz", **fuzz)};
  }
  if (options.positional().size() != 1) return tl::unexpected(Error{"shrink takes one scenario, or --fuzz SEED"});
  const std::string& file = options.positional().front();
  auto text = whole_scenario(file);
  if (text && *seed) text = with_seed(*text, static_cast<std::uint64_t>(**seed));
  if (!text) return tl::unexpected(text.error());
  const std::string stem = std::filesystem::path(file).stem().string();
  return Task{{*text, options.value("ties") == "shuffled"}, stem, fmt::format("scenario {}", stem)};
}

// A CHECK is known by where it stands, not by the numbers in it.
std::string signature(const Trial& trial) {
  if (trial.property != kNoCrash) return trial.property;
  return trial.property + trial.detail.substr(0, trial.detail.find(" does not hold"));
}

}  // namespace

int shrink_command(const Arguments& arguments) {
  const auto options = parse_options(arguments, shrink_option_specs());
  if (!options) return complain(options.error().message);
  if (options->help()) {
    fmt::print("{}", help_text("podramp shrink SCENARIO.json [--seed N] | podramp shrink --fuzz SEED",
                               "Leaves out all that a failure does not need; docs/fuzz.md.", shrink_option_specs(),
                               "podramp shrink --fuzz 1234"));
    return kExitFine;
  }
  const auto task = read_task(*options);
  if (!task) return complain(task.error().message);
  const auto tries = whole_number(*options, "tries", 1, kTriesMax);
  if (!tries) return complain(tries.error().message);
  catch_interrupts();
  const Trial first = isolated(task->run);
  if (!first.failed()) return complain(fmt::format("{} breaks no property: there is nothing to shrink", task->of));
  if (first.property == kReadable) return complain(first.detail);
  const std::string wanted = signature(first);
  ProgressLine progress("shrink");
  std::int64_t run = 0;
  Trial last = first;
  const auto fails = [&](const SwarmRun& candidate) {
    progress.show(++run, kDefaultTries);
    if (interrupted()) return false;
    Trial trial = isolated(candidate);
    if (signature(trial) != wanted) return false;
    last = std::move(trial);
    return true;
  };
  const auto shrunk = shrink(task->run, fails, tries->value_or(kDefaultTries));
  if (!shrunk) return complain(shrunk.error().message);
  const std::string ties = shrunk->run.ties_shuffled ? " --ties shuffled" : "";
  const std::string file = options->value("out").value_or(fmt::format("results/shrunk/{}.json", task->name));
  std::error_code ignored;
  std::filesystem::create_directories(std::filesystem::path(file).parent_path(), ignored);
  const std::string about = fmt::format("Shrunk from {}. It breaks {}: {}. podramp run --engine fluid{} shows it.",
                                        task->of, last.property, last.detail, ties);
  if (auto written = write_file(file, with_about(shrunk->run.scenario, about)); !written) {
    return complain(written.error().message);
  }
  fmt::print("{}: {}\n", last.property, last.detail);
  fmt::print("{} timeline entries and faults are left after {} runs{}\n", shrunk->entries, shrunk->tries,
             shrunk->minimal ? "; nothing more can go" : ", and more may go");
  fmt::print("run it: podramp run {} --engine fluid{}\n", file, ties);
  return interrupted() ? 130 : kExitFine;
}

}  // namespace podramp::sim
