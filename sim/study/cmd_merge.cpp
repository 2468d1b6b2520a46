// podramp merge: the parts that tune --shard has left, to the tables that tune would have written without it.
#include <fmt/format.h>

#include "sim/option_parser.h"
#include "sim/study/commands.h"
#include "sim/study/study_folder.h"

namespace podramp::sim {

int merge_command(const Arguments& arguments) {
  const std::vector<OptionSpec> specs{{"out", "DIR", "where the tables go (default results/<name of the study>)"},
                                      {"force", "", "replace the tables of another study"},
                                      {"json", "", "print study.json instead of the summary"}};
  const auto options = parse_options(arguments, specs);
  if (!options) return complain(options.error().message);
  if (options->help()) {
    fmt::print("{}", help_text("podramp merge DIR... [options]",
                               "Puts the parts of a study together. A DIR is a part, or holds parts. Parts of another\n"
                               "study are refused; a shard that is missing is named, with its runs.",
                               specs, "podramp merge results/batch_settings --out results/batch_settings"));
    return kExitFine;
  }
  if (options->positional().empty()) return complain("merge takes the folders of parts; see podramp merge --help");
  const auto found = find_parts(options->positional());
  if (!found) return complain(found.error().message);
  auto merged = merge_parts(*found);
  if (!merged) {
    for (const std::string& why : merged.error()) complain(why);
    return kExitBadInput;
  }
  const std::string out = options->value("out").value_or("results/" + merged->study.name);
  const std::string plan = plan_hash(merged->study, merged->scenario_hash);
  if (auto ready = make_study_folder(out, plan, options->has("force")); !ready) return complain(ready.error().message);
  const StudyResult result = conclude(std::move(merged->study), std::move(merged->scenario_hash),
                                      std::move(merged->variants), std::move(merged->outcomes));
  if (auto written = write_tables(result, out); !written) return complain(written.error().message);
  if (options->has("json")) {
    fmt::print("{}", study_json(result));
  } else {
    for (const std::string& line : summary_lines(result, out)) fmt::print("{}\n", line);
  }
  return result.verdict.recommended ? kExitFine : kExitFailed;
}

}  // namespace podramp::sim
