// podramp tune: runs a study's variants with the same seeds, all processors busy, and writes its tables.
#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>

#include "sim/option_parser.h"
#include "sim/results.h"
#include "sim/study/commands.h"
#include "sim/study/plan_text.h"
#include "sim/study/study_folder.h"

namespace podramp::sim {
namespace {

const std::vector<OptionSpec>& tune_specs() {
  static const std::vector<OptionSpec> kSpecs{
      {"out", "DIR", "folder of the study (default results/<name>)"},
      {"jobs", "N", "simulations at a time (default: every processor)"},
      {"plan", "", "say what would be run and how long it takes; times one run"},
      {"shard", "I/N", "only that part, into DIR/part-I-of-N; put together by merge"},
      {"shards", "N", "of an Indexed Job, which does not tell how many it has"},
      {"force", "", "begin anew where another study, or another state of it, is"},
      {"json", "", "print study.json (--plan: the plan) instead of the summary"},
  };
  return kSpecs;
}

struct TuneChoice {
  std::string out;
  std::int64_t jobs = 1;
  std::optional<FoundShard> shard;
  bool force = false;
  bool json = false;
};

int finish_whole(const Prepared& prepared, const TuneChoice& choice, Performed performed) {
  const StudyResult result =
      conclude(prepared.study, prepared.base.hash(), prepared.variants, std::move(performed.outcomes));
  if (auto written = write_tables(result, choice.out); !written) return complain(written.error().message);
  if (choice.json) {
    fmt::print("{}", study_json(result));
  } else {
    for (const std::string& line : summary_lines(result, choice.out)) fmt::print("{}\n", line);
  }
  return result.verdict.recommended ? kExitFine : kExitFailed;
}

int finish_part(const Prepared& prepared, const TuneChoice& choice, const std::string& folder, Performed performed) {
  const Part part = part_of(prepared, choice.shard->shard, std::move(performed.outcomes));
  const std::string file = fmt::format("{}/{}", folder, kPartFile);
  if (auto written = write_file(file, part_text(part)); !written) return complain(written.error().message);
  fmt::print("shard {} ({}): {} runs in {}\n", shard_text(choice.shard->shard), choice.shard->from,
             part.outcomes.size(), file);
  return kExitFine;
}

int tune(const Prepared& prepared, const TuneChoice& choice) {
  const Shard shard = choice.shard ? choice.shard->shard : Shard{};
  const std::string folder = choice.shard ? fmt::format("{}/{}", choice.out, part_folder(shard)) : choice.out;
  if (choice.shard && is_finished_part(folder, prepared.plan)) {
    fmt::print("shard {} ({}): finished before, in {}\n", shard_text(shard), choice.shard->from, folder);
    return kExitFine;
  }
  if (auto ready = make_study_folder(folder, prepared.plan, choice.force); !ready) {
    return complain(ready.error().message);
  }
  auto journal = Journal::open(fmt::format("{}/{}", folder, kJournalFile), prepared.plan, choice.force);
  if (!journal) return complain(journal.error().message);
  catch_interrupts();
  auto performed = perform(prepared, shard, choice.jobs, *journal, interrupted);
  if (!performed) return complain(performed.error().message);
  if (!performed->complete) {
    complain(fmt::format("interrupted: {} runs are kept in {}; the same command goes on from there",
                         performed->outcomes.size(), folder));
    return 130;
  }
  return choice.shard ? finish_part(prepared, choice, folder, std::move(*performed))
                      : finish_whole(prepared, choice, std::move(*performed));
}

Result<TuneChoice> read_choice(const ParsedOptions& options, const Study& study) {
  TuneChoice choice;
  const auto jobs = whole_number(options, "jobs", 1, 4096);
  if (!jobs) return tl::unexpected(jobs.error());
  choice.jobs = jobs->value_or(processors());
  const auto shards = whole_number(options, "shards", 1, 1'000'000);
  if (!shards) return tl::unexpected(shards.error());
  auto shard = find_shard(options.value("shard"), *shards, [](const char* name) { return std::getenv(name); });
  if (!shard) return tl::unexpected(shard.error());
  choice.shard = std::move(*shard);
  if (choice.shard && study.search.kind == SearchKind::halving) {
    return tl::unexpected(
        Error{fmt::format("shard {} ({}): successive halving decides after each rung what is run next, so it cannot be "
                          "split; run it in one place, or search a grid or a sample",
                          shard_text(choice.shard->shard), choice.shard->from)});
  }
  choice.out = options.value("out").value_or("results/" + study.name);
  choice.force = options.has("force");
  choice.json = options.has("json");
  return choice;
}

}  // namespace

int tune_command(const Arguments& arguments) {
  const auto options = parse_options(arguments, tune_specs());
  if (!options) return complain(options.error().message);
  if (options->help()) {
    fmt::print("{}", help_text("podramp tune SPEC.json [options]",
                               "Runs every variant of a study on the same seeds and says which settings to take, and\n"
                               "how sure that is. Run again, it goes on where it was. docs/tune.md has the details.",
                               tune_specs(), "podramp tune scenarios/studies/batch_settings.json"));
    return kExitFine;
  }
  if (options->positional().size() != 1) return complain("tune takes one study's spec; see podramp tune --help");
  const auto prepared = prepare(options->positional().front());
  if (!prepared) return complain(prepared.error());
  for (const Warning& warning : prepared->base.warnings()) {
    if (warning.changes_decisions) complain(fmt::format("{} {}", warning.subject, warning.text));
  }
  const auto choice = read_choice(*options, prepared->study);
  if (!choice) return complain(choice.error().message);
  if (!options->has("plan")) return tune(*prepared, *choice);
  const Plan plan = plan_of(*prepared, choice->shard, choice->jobs);
  if (choice->json) {
    fmt::print("{}", plan_json(plan));
  } else {
    for (const std::string& line : plan_lines(plan)) fmt::print("{}\n", line);
  }
  return kExitFine;
}

const std::vector<Command>& study_commands() {
  static const std::vector<Command> kCommands{
      {"tune", "vary settings over many runs, recommend some", tune_command},
      {"merge", "put the parts of a study together", merge_command},
  };
  return kCommands;
}

}  // namespace podramp::sim
